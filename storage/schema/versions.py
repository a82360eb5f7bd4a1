"""The tables as this version of the code wants them, by migration."""

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, column, func, inspect, select, table

from bot.errors import Misconfigured
from storage.schema.tables import metadata

MIGRATIONS = Path(__file__).parent.parent / "migrations"

_REACHED = table("alembic_version", column("version_num"))
"""Alembic's own table. It is read without Alembic, which takes as long to load as all else here:
only who changes the tables waits for that.

Source: https://alembic.sqlalchemy.org/en/latest/tutorial.html#running-our-first-migration
"""

_MIGRATION_LOCK = 0x7261_6465_6265_6C6C
"""Any number that no other program on the server takes."""


def create(connection: Connection) -> None:
    """Make all tables in an empty database that is not to be kept."""
    metadata.create_all(connection)


def steps() -> list[str]:
    """All steps of the schema in their order, by the files that make them."""
    files = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def newest() -> str:
    """The last step of the schema."""
    return steps()[-1]


class Version(NamedTuple):
    """Which step of the schema a database has reached, `None` if none, and which is the last."""

    present: str | None
    wanted: str


def version(connection: Connection) -> Version:
    """Look at the tables' version.

    Raises:
        Misconfigured: it is newer than this code, or some of them are gone.
    """
    present = _reached(connection)
    if present is not None and present not in steps():
        raise Misconfigured(
            f"The database is of a newer version ({present}) than this Tradebell: run that version"
            " or a later one, or point TRADEBELL_DATABASE_URL at another database."
        )
    found = Version(present, newest())
    if found.present == found.wanted:
        _refuse_gaps(connection)
    return found


def _refuse_gaps(connection: Connection) -> None:
    """Somebody may have dropped a table: better no start than one that ends at the first look."""
    lost = metadata.tables.keys() - set(inspect(connection).get_table_names())
    if lost:
        raise Misconfigured(
            f"The database has lost {', '.join(sorted(lost))}: put a backup in its place, or point"
            " TRADEBELL_DATABASE_URL at another database."
        )


def _reached(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, _REACHED.name):
        return None
    return connection.scalars(select(_REACHED.c.version_num)).one_or_none()


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
        _change(connection)
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


def _change(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
