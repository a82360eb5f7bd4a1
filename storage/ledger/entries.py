"""Trades as rows, one each: what was last told of them, and the results of a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import ColumnElement, Connection, Text, and_, bindparam, func, or_, select

from bot.domain.events import WHOLE, Stream, Sweep
from bot.domain.figures import Closed, Detail, Fee, Fill, Record
from bot.domain.ids import AccountId, TraderId
from bot.domain.ledger import Entry, Held
from bot.domain.results import Money, Result, Results
from bot.domain.spoken_times import FOREVER
from bot.domain.trade_stages import Step
from storage.engine.database import Database
from storage.engine.statements import Core, Row, Statement, among
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
        whole_from=_whole_from(connection, account),
    )


def _whole_from(connection: Connection, account: AccountId) -> datetime | None:
    """From when on no trade is missing; `None` if that is not known."""
    read = {row.stream: row for row in _WHOLE_FROM.rows(connection, {"of_account": account})}
    if Sweep.LEDGER in read and read[Sweep.LEDGER].record == WHOLE:
        return datetime.min.replace(tzinfo=UTC)
    return read[Stream.TRADES].began if Stream.TRADES in read else None


def _of_account(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(ledger.c.account == bindparam("of_account"), *conditions)


_SINCE = ledger.c.at >= bindparam("since")
_UNTIL = ledger.c.at < bindparam("until")


def _of_traders(of_some: bool, dialect: str) -> Sequence[ColumnElement[bool]]:
    return [among(ledger.c.trader, "traders", Text(), dialect)] if of_some else ()


@cache
def _closed(details: frozenset[Detail], of_some: bool) -> Statement:
    names = ("at", "currency", "paper", "result", *sorted(details))

    def build(dialect: str) -> Core:
        conditions = _SINCE, _UNTIL, LEDGER_HAS_RESULT, *_of_traders(of_some, dialect)
        columns = (ledger.c[name] for name in names)
        return select(*columns).where(_of_account(*conditions)).order_by(ledger.c.at)

    return Statement(build)


@cache
def _untold(of_some: bool) -> Statement:
    ended = and_(ledger.c.closed_at.is_not(None), ledger.c.result.is_(None))
    count = select(func.count().label("untold")).select_from(ledger)
    return Statement(
        lambda dialect: count.where(
            _of_account(_SINCE, _UNTIL, ended, *_of_traders(of_some, dialect))
        )
    )


class _Moneys(dict[tuple[str, bool | None], Money]):
    """Each is made once."""

    def __missing__(self, key: tuple[str, bool | None]) -> Money:
        return self.setdefault(key, Money(*key))


def _record(
    connection: Connection,
    account: AccountId,
    since: datetime,
    traders: Collection[TraderId] | None,
    until: datetime | None,
    details: frozenset[Detail],
) -> Record:
    asked = {"of_account": account, "since": since, "until": until or FOREVER}
    if traders is not None:
        asked["traders"] = list(traders)
    of_some = traders is not None
    at, currency, paper, result, *others = _closed(details, of_some).columns(connection, asked)
    told = dict(zip(sorted(details), others, strict=True))
    unasked = (None,) * len(at)
    opened_at, trader, pair, reason = (told.get(detail, unasked) for detail in Detail)
    money = map(_Moneys().__getitem__, zip(currency, paper, strict=True))
    columns = zip(at, opened_at, trader, pair, reason, money, result, strict=True)
    [count] = _untold(of_some).rows(connection, asked)
    return Record(
        since=since,
        trades=tuple(map(Closed._make, columns)),
        untold=count.untold,
        whole_from=_whole_from(connection, account),
    )


_YOUNGEST_FIRST = ledger.c.at.desc(), ledger.c.record.desc()


def _latest(
    connection: Connection,
    account: AccountId,
    limit: int,
    skip: int,
    traders: Collection[TraderId] | None,
    pair: str | None,
) -> Sequence[Entry]:
    asked = select(ledger).where(ledger.c.account == account, *_of(traders))
    if pair is not None:
        asked = asked.where(ledger.c.pair == pair)
    page = asked.order_by(*_YOUNGEST_FIRST).limit(limit).offset(skip)
    return [_entry(row) for row in connection.execute(page)]


def _open(
    connection: Connection, account: AccountId, traders: Collection[TraderId] | None
) -> Sequence[Entry]:
    end = ledger.alias("its_end")
    has_ended = (
        select(end.c.record)
        .where(
            end.c.account == ledger.c.account,
            end.c.number == ledger.c.number,
            func.coalesce(end.c.trader, "") == func.coalesce(ledger.c.trader, ""),
            end.c.closed_at.is_not(None),
        )
        .exists()
    )
    asked = select(ledger).where(
        ledger.c.account == account,
        ledger.c.opened_at.is_not(None),
        ledger.c.closed_at.is_(None),
        ledger.c.step < Step.ENDED,
        ~has_ended,
        *_of(traders),
    )
    return [_entry(row) for row in connection.execute(asked.order_by(*_YOUNGEST_FIRST))]


def _of(traders: Collection[TraderId] | None) -> Sequence[ColumnElement[bool]]:
    return () if traders is None else (ledger.c.trader.in_(traders),)


def _entry(row: Row) -> Entry:
    return Entry(**{name: getattr(row, name) for name in _COLUMNS})


_FILLS = Statement(
    lambda _: (
        select(ledger)
        .where(
            _of_account(
                ledger.c.result.is_(None),
                ledger.c.pair.is_not(None),
                ledger.c.price.is_not(None),
                ledger.c.amount.is_not(None),
                or_(*(func.lower(ledger.c.side) == side for side in ("buy", "sell"))),
            )
        )
        .order_by(ledger.c.at, ledger.c.record)
    )
)


_TELLS_RESULTS = Statement(
    lambda _: select(ledger.c.record).where(_of_account(LEDGER_HAS_RESULT)).limit(1)
)


def _fills(connection: Connection, account: AccountId) -> Sequence[Fill]:
    if _TELLS_RESULTS.rows(connection, {"of_account": account}):
        return ()
    return [
        Fill(
            at=row.at,
            trader=row.trader,
            pair=row.pair,
            bought=row.side.lower() == "buy",
            amount=row.amount,
            price=row.price,
            fee=row.fee if row.fee is not None and row.fee_currency == row.currency else Decimal(),
            money=Money(row.currency, row.paper),
        )
        for row in _FILLS.rows(connection, {"of_account": account})
        if row.amount > 0
    ]


_FEES = Statement(
    lambda _: (
        select(ledger.c.at, ledger.c.trader, ledger.c.fee, ledger.c.fee_currency, ledger.c.paper)
        .where(_of_account(_SINCE, ledger.c.fee.is_not(None)))
        .order_by(ledger.c.at)
    )
)


def _fees(connection: Connection, account: AccountId, since: datetime) -> Sequence[Fee]:
    asked = {"of_account": account, "since": since}
    at, trader, fee, currency, paper = _FEES.columns(connection, asked)
    known = (one or "" for one in currency)
    money = map(_Moneys().__getitem__, zip(known, paper, strict=True))
    return list(map(Fee._make, zip(at, trader, money, fee, strict=True)))


_HELD = Statement(
    lambda _: select(func.count().label("count"), func.min(ledger.c.at).label("oldest")).where(
        ledger.c.account == bindparam("of_account")
    )
)


def _held(connection: Connection, account: AccountId) -> Held:
    [row] = _HELD.rows(connection, {"of_account": account})
    return Held(count=row.count, oldest=row.oldest)


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

    async def record(
        self,
        account: AccountId,
        since: datetime,
        traders: Collection[TraderId] | None = None,
        until: datetime | None = None,
        details: Collection[Detail] = tuple(Detail),
    ) -> Record:
        asked = frozenset(details)
        return await self._database.read(_record, account, since, traders, until, asked)

    async def latest(
        self,
        account: AccountId,
        limit: int,
        skip: int = 0,
        *,
        traders: Collection[TraderId] | None = None,
        pair: str | None = None,
    ) -> Sequence[Entry]:
        return await self._database.read(_latest, account, limit, skip, traders, pair)

    async def open(
        self, account: AccountId, traders: Collection[TraderId] | None = None
    ) -> Sequence[Entry]:
        return await self._database.read(_open, account, traders)

    async def fills(self, account: AccountId) -> Sequence[Fill]:
        return await self._database.read(_fills, account)

    async def held(self, account: AccountId) -> Held:
        return await self._database.read(_held, account)

    async def fees(self, account: AccountId, since: datetime) -> Sequence[Fee]:
        return await self._database.read(_fees, account, since)
