"""Who may do what only one process may do: leased rows, counted and timed by the database."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Interval,
    literal,
    literal_column,
    select,
    type_coerce,
    update,
)

from storage.engine.database import Database, each
from storage.engine.types import Instant
from storage.engine.upsert import insert_into
from storage.schema.tables import lease

_MICROSECOND = timedelta(microseconds=1)


class _LeaseCall(NamedTuple):
    name: str
    owner: str
    epoch: int
    life: timedelta


class SqlLeases:
    """Rights that one owner has at a time, for as long as it renews them.

    Only the database's clock counts: those of the processes may differ. Each new owner has a
    higher epoch, so that work of an earlier one that has slept too long can be told apart.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, name: str, owner: str, life: timedelta) -> int | None:
        """Take the right if nobody else has it; gives its epoch, `None` if somebody has."""
        return await self._database.write(_acquire, _LeaseCall(name, owner, 0, life))

    async def renew(self, name: str, owner: str, epoch: int, life: timedelta) -> bool:
        """Keep it for so long from now on; false if somebody else has had it since.

        It waits for nothing else that is to be stored: a queue may be longer than a life.
        """
        return await self._database.write_apart(_prolong, _LeaseCall(name, owner, epoch, life))

    async def until(self, name: str) -> datetime | None:
        """How long the right was last held for; `None` if nobody ever had it."""
        return await self._database.read(_until, name)

    async def release(self, name: str, owner: str, epoch: int) -> None:
        """Give it up, if it is still held."""
        await self._database.write(_prolong, _LeaseCall(name, owner, epoch, timedelta(0)))


@each
def _acquire(connection: Connection, wanted: _LeaseCall) -> int | None:
    dialect = connection.dialect.name
    row = insert_into(lease, dialect).values(
        name=wanted.name, owner=wanted.owner, epoch=1, until=_in(wanted.life, dialect)
    )
    taken = row.on_conflict_do_update(
        index_elements=[lease.c.name],
        set_={
            "owner": row.excluded.owner,
            "epoch": lease.c.epoch + 1,
            "until": row.excluded.until,
        },
        where=(lease.c.until <= _in(timedelta(0), dialect)) | (lease.c.owner == wanted.owner),
    )
    return connection.execute(taken.returning(lease.c.epoch)).scalar()


def _until(connection: Connection, name: str) -> datetime | None:
    return connection.execute(select(lease.c.until).where(lease.c.name == name)).scalar()


@each
def _prolong(connection: Connection, held: _LeaseCall) -> bool:
    prolonged = connection.execute(
        update(lease)
        .where(lease.c.name == held.name, lease.c.owner == held.owner, lease.c.epoch == held.epoch)
        .values(until=_in(held.life, connection.dialect.name))
    )
    return bool(prolonged.rowcount)


def _in(span: timedelta, dialect: str) -> ColumnElement[datetime]:
    """So long from now, by the database's clock."""
    if dialect == "sqlite":
        # The Julian day of 1970 is 2440587.5. Source: https://www.sqlite.org/lang_datefunc.html
        days = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
        later = literal_column(days, BigInteger()) + literal(span // _MICROSECOND, BigInteger())
        return type_coerce(later, Instant())
    now = literal_column("clock_timestamp()", DateTime(timezone=True))
    return type_coerce(now + literal(span, Interval()), Instant())
