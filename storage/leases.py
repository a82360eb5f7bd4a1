"""Who may do what only one process may do: leased rows, counted and timed by the database."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
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
    text,
    type_coerce,
    update,
)

from bot.errors import StoreAway
from storage.engine.database import Database, each
from storage.engine.types import Instant
from storage.engine.upsert import Insert, insert_into
from storage.schema.tables import lease

_MICROSECOND = timedelta(microseconds=1)

LONGEST_PAUSE = timedelta(seconds=3)
"""How long a process may say nothing within a transaction that writes. Then the server ends it:
who takes over is not kept waiting by one that was stopped there.
"""

# The lock is shared by transactions that write, and whoever takes the right waits for it. It is not
# on the row that is renewed: a renewal waits for none of them. One round trip does both; the
# setting lasts as long as the transaction, also behind a pooler.
_HELD = text(
    f"SELECT set_config('idle_in_transaction_session_timeout',"
    f" '{LONGEST_PAUSE // timedelta(milliseconds=1)}', true)"
    " FROM lease WHERE name = :name AND owner = :owner AND epoch = :epoch FOR SHARE"
)


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

    async def guard(self, name: str, owner: str, epoch: int) -> None:
        """Store nothing of this process from now on but where nobody has had the right since.

        Returns once the transactions of earlier owners that are under way have ended: none that
        comes later is stored. SQLite lets nobody else in anyway.
        """
        if self._database.dialect == "sqlite":
            return
        held = _LeaseCall(_fence(name), owner, epoch, timedelta(0))
        await self._database.write_apart(_shut_out, held)
        known: Mapping[str, str | int] = {"name": held.name, "owner": owner, "epoch": epoch}
        self._database.guard(partial(_refuse_others, known))


@each
def _acquire(connection: Connection, wanted: _LeaseCall) -> int | None:
    now = _in(timedelta(0), connection.dialect.name)
    others = select(lease.c.epoch).where(
        lease.c.name == wanted.name, lease.c.owner != wanted.owner, lease.c.until > now
    )
    # Who stands by asks often, and what follows locks the row even where it changes nothing.
    if connection.execute(others).first() is not None:
        return None
    row = _row(wanted, connection, epoch=1)
    taken = row.on_conflict_do_update(
        index_elements=[lease.c.name],
        set_={
            "owner": row.excluded.owner,
            "epoch": lease.c.epoch + 1,
            "until": row.excluded.until,
        },
        where=(lease.c.until <= now) | (lease.c.owner == wanted.owner),
    )
    return connection.execute(taken.returning(lease.c.epoch)).scalar()


def _row(wanted: _LeaseCall, connection: Connection, epoch: int) -> Insert:
    dialect = connection.dialect.name
    return insert_into(lease, dialect).values(
        name=wanted.name, owner=wanted.owner, epoch=epoch, until=_in(wanted.life, dialect)
    )


def _fence(name: str) -> str:
    """The row that is changed by whoever takes a right, and by nobody else."""
    return f"fence of {name}"


@each
def _shut_out(connection: Connection, taken: _LeaseCall) -> None:
    row = _row(taken, connection, epoch=taken.epoch)
    connection.execute(
        row.on_conflict_do_update(
            index_elements=[lease.c.name],
            set_={"owner": row.excluded.owner, "epoch": row.excluded.epoch},
            where=lease.c.epoch < taken.epoch,
        )
    )


def _until(connection: Connection, name: str) -> datetime | None:
    return connection.execute(select(lease.c.until).where(lease.c.name == name)).scalar()


def _refuse_others(held: Mapping[str, str | int], connection: Connection) -> None:
    """
    Raises:
        StoreAway: somebody else has had the right since.
    """
    if connection.execute(_HELD, held).first() is None:
        raise StoreAway("Another process does the work now: nothing of this one is stored.")


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
