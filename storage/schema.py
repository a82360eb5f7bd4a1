"""The tables as this version of the code wants them, by migration."""

from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from bot.errors import Misconfigured
from storage.tables import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"

_MIGRATION_LOCK = 0x7261_6465_6265_6C6C
"""Any number that no other program on the server takes."""


def create(connection: Connection) -> None:
    """Make all tables in an empty database that is not to be kept."""
    metadata.create_all(connection)


def newest() -> str:
    """The last step of the schema."""
    return str(ScriptDirectory(str(_MIGRATIONS)).get_current_head())


class Version(NamedTuple):
    """Which step of the schema a database has reached, `None` if none, and which is the last."""

    present: str | None
    wanted: str


def version(connection: Connection) -> Version:
    """Look at the tables' version.

    Raises:
        Misconfigured: it is newer than this code.
    """
    scripts = ScriptDirectory(str(_MIGRATIONS))
    present = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if present is not None and present not in known:
        raise Misconfigured(
            f"The database is of a newer version ({present}) than this Tradebell: run that version"
            " or a later one, or point TRADEBELL_DATABASE_URL at another database."
        )
    return Version(present, newest())


def upgrade(connection: Connection) -> Version:
    """Bring the tables up to this version, in the open transaction; gives that of before.

    Raises:
        Misconfigured: they are of a newer version.
    """
    if connection.dialect.name == "postgresql":
        # Processes that start together: the second waits, then finds the work done.
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    found = version(connection)
    if found.present != found.wanted:
        command.upgrade(_config(connection), "head")
    return found


def check(connection: Connection) -> None:
    """Change nothing.

    Raises:
        Misconfigured: the tables are not of this version.
    """
    found = version(connection)
    if found.present != found.wanted:
        raise Misconfigured(
            "The database is of an older version: run `tradebell migrate` once, while no older"
            " Tradebell runs."
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
