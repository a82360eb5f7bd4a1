"""Trades as rows, one each: what was last told of them, and the results of a time."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from bot.domain.events import WHOLE, Stream, Sweep
from bot.domain.ids import AccountId, TraderId
from bot.domain.ledger import Entry
from bot.domain.results import Money, Result, Results
from storage.engine.database import Database
from storage.engine.statements import Statement
from storage.engine.types import key
from storage.engine.upsert import Insert, insert_into
from storage.schema.tables import LEDGER_HAS_RESULT, cursor, ledger

_COLUMNS = tuple(each.name for each in fields(Entry))

_TAKEN_OVER = frozenset({"at", "as_of", "step", "currency"})
"""What each record says; of all else a newer one that does not say it changes nothing."""


def _keeping(dialect: str) -> Insert:
    row = insert_into(ledger, dialect)
    now, kept = row.excluded, ledger.c
    newer = or_(
        now.as_of > kept.as_of,
        and_(now.as_of == kept.as_of, now.step >= kept.step),
    )
    changes = {
        name: now[name] if name in _TAKEN_OVER else func.coalesce(now[name], kept[name])
        for name in _COLUMNS
        if name != "record"
    }
    return row.on_conflict_do_update(
        index_elements=[kept.account, kept.record], set_=changes, where=newer
    )


_KEEP = Statement(_keeping, *ledger.c.keys())


def keep_entries(connection: Connection, entries: Sequence[tuple[AccountId, Entry]]) -> None:
    """Store them; an older record of a trade never takes the place of a newer one."""
    rows = [
        {name: getattr(entry, name) for name in _COLUMNS}
        | {"account": account, "record": key(entry.record)}
        for account, entry in entries
    ]
    _KEEP.run(connection, *rows)


_RESULTS = Statement(
    lambda _: (
        select(
            ledger.c.record,
            ledger.c.at,
            ledger.c.trader,
            ledger.c.currency,
            ledger.c.paper,
            ledger.c.result,
        )
        .where(
            ledger.c.account == bindparam("of_account"),
            ledger.c.at >= bindparam("since"),
            LEDGER_HAS_RESULT,
        )
        .order_by(ledger.c.at)
    )
)

_WHOLE_FROM = Statement(
    lambda _: select(cursor.c.stream, cursor.c.record, cursor.c.began).where(
        cursor.c.account == bindparam("of_account"),
        or_(cursor.c.stream == Stream.TRADES.value, cursor.c.stream == Sweep.LEDGER.value),
    )
)


def results(connection: Connection, account: AccountId, since: datetime) -> Results:
    """What an account has earned since then, oldest first."""
    mine = {"of_account": account}
    read = {row.stream: row for row in _WHOLE_FROM.rows(connection, mine)}
    whole_from = read[Stream.TRADES].began if Stream.TRADES in read else None
    if Sweep.LEDGER in read and read[Sweep.LEDGER].record == WHOLE:
        whole_from = datetime.min.replace(tzinfo=UTC)
    return Results(
        since=since,
        entries=tuple(
            Result(
                record=row.record,
                at=row.at,
                trader=row.trader,
                money=Money(row.currency, row.paper),
                value=row.result,
            )
            for row in _RESULTS.rows(connection, {**mine, "since": since})
        ),
        whole_from=whole_from,
    )


_ACTIVITY = Statement(
    lambda _: select(ledger.c.trader, ledger.c.at, ledger.c.opened_at).where(
        ledger.c.account == bindparam("of_account"),
        ledger.c.at >= bindparam("since"),
        ledger.c.trader.is_not(None),
    )
)


def _activity(
    connection: Connection, account: AccountId, since: datetime
) -> Mapping[TraderId, Sequence[datetime]]:
    times: dict[TraderId, set[datetime]] = {}
    for row in _ACTIVITY.rows(connection, {"of_account": account, "since": since}):
        both = (row.at, row.opened_at)
        times.setdefault(row.trader, set()).update(at for at in both if at and at >= since)
    return {trader: sorted(them) for trader, them in times.items()}


class SqlLedger:
    """Implements `bot.ports.Ledger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def results(self, account: AccountId, since: datetime) -> Results:
        return await self._database.read(results, account, since)

    async def activity(
        self, account: AccountId, since: datetime
    ) -> Mapping[TraderId, Sequence[datetime]]:
        return await self._database.read(_activity, account, since)
