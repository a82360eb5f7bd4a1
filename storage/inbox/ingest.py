"""Facts in: told once, remembered, and owed, in one transaction for all accounts that have some."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TypeVar

from sqlalchemy import Connection, and_, func, or_, select

from bot.domain.events import (
    Cursor,
    Event,
    Kind,
    Listing,
    Position,
    Strategy,
    Stream,
    Sweep,
    Trader,
    Unreadable,
)
from bot.domain.ids import AccountId, EndpointId
from bot.domain.ingesting import Decide, IngestResult, Progress
from bot.domain.told import Duplicate
from storage.engine.database import Database
from storage.engine.types import key
from storage.engine.upsert import Insert, insert_into
from storage.inbox import quarantine
from storage.inbox.cache import AccountCache, AccountCaches, remember
from storage.inbox.dedup import is_kept, keep
from storage.inbox.enqueue import enqueue
from storage.inbox.folding import Remembered
from storage.inbox.incidents import keep_incidents
from storage.inbox.recoveries import tell_recoveries
from storage.inbox.same_fact import duplicates, leave_out_duplicates
from storage.inbox.trade_stages import Stages
from storage.ledger.book import Book
from storage.outbox.amendments import close_offers, retell
from storage.outbox.claims import hand_back
from storage.price_alerts import ring
from storage.schema.codec import decode_record
from storage.schema.facts import Fact, FactKey, Tally
from storage.schema.states import KnownKind
from storage.schema.tables import cursor, inbox, known

OWN_KINDS = frozenset(
    {
        Kind.FEED,
        Kind.ACTION,
        Kind.TEST,
        Kind.GUARD,
        Kind.IDLE,
        Kind.ESCALATION,
        Kind.DRILL,
        Kind.NIGHT,
        Kind.PRICE,
        Kind.SUMMARY,
        Kind.FAREWELL,
    }
)
"""Facts about Tradebell itself: no sign of life from the platform."""

Record = TypeVar("Record", Trader, Strategy)


@dataclass(frozen=True, slots=True)
class _Call:
    """What one caller brings."""

    account: AccountId
    events: Sequence[Event]
    decide: Decide
    now: datetime
    progress: Progress | None
    idle: frozenset[EndpointId]


class SqlInbox:
    """Implements `bot.ports.Inbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._caches = AccountCaches()
        self._remembered = Remembered()

    async def ingest(
        self,
        account: AccountId,
        events: Sequence[Event],
        decide: Decide,
        now: datetime,
        progress: Progress | None = None,
        idle: frozenset[EndpointId] = frozenset(),
    ) -> IngestResult:
        call = _Call(account, events, decide, now, progress, idle)
        ingesting = self._database.submit(self._ingest, call)
        try:
            return (await ingesting).total()
        except asyncio.CancelledError:
            if not ingesting.exception() and (claimed := ingesting.result().total().preclaimed):
                await hand_back(self._database, claimed, now)
            raise

    def _ingest(self, connection: Connection, calls: Sequence[_Call]) -> Sequence[Tally]:
        accounts = {call.account for call in calls}
        caches = self._caches.take(connection, accounts, calls[0].now)
        tallies = [Tally() for _ in calls]
        facts: dict[FactKey, Fact] = {}
        stages = Stages(connection)
        book = Book(connection, caches)
        for call in calls:
            stages.look_up(call.account, call.events)
            book.look_up(call.account, call.events, call.progress, call.now)
        for call, tally in zip(calls, tallies, strict=True):
            _judge(connection, call, caches[call.account], tally, facts, stages, book)
        new = keep(connection, facts)
        book.keep()
        leave_out_duplicates(connection, new, caches)
        close_offers(connection, new)
        tell_recoveries(connection, new)
        keep_incidents(connection, new, caches)
        enqueue(connection, new, caches, self._remembered)
        remember(connection, caches)
        _advance(connection, calls)
        self._caches.put_back(connection, caches)
        return tallies

    async def cursors(self, account: AccountId) -> Mapping[Stream | Listing | Sweep, Cursor]:
        return await self._database.read(_cursors, account)

    async def set_aside(
        self, account: AccountId, unreadable: Sequence[Unreadable], now: datetime
    ) -> None:
        if unreadable:
            await self._database.write(quarantine.set_aside, (account, unreadable, now))

    async def traders(self, account: AccountId) -> tuple[Trader, ...]:
        return await self._database.read(_known_records, account, Trader)

    async def strategies(self, account: AccountId) -> tuple[Strategy, ...]:
        return await self._database.read(_known_records, account, Strategy)

    async def duplicates(
        self, account: AccountId, endpoint: EndpointId, since: datetime, most: int
    ) -> Sequence[Duplicate]:
        return await self._database.read(duplicates, account, endpoint, since, most)

    async def last_event_at(self, account: AccountId) -> datetime | None:
        return await self._database.read(_last_event_at, account)

    async def prune(self, now: datetime) -> int:
        """Forget what nobody could read and has not come again; gives how many shapes of it."""
        return await self._database.write(quarantine.prune, now)


def _judge(
    connection: Connection,
    call: _Call,
    cache: AccountCache,
    tally: Tally,
    facts: dict[FactKey, Fact],
    stages: Stages,
    book: Book,
) -> None:
    """Decide event by event: what one changes, the next is compared with."""
    state = cache.known()
    events = deque(call.events)
    while events:
        event = events.popleft()
        earned = cache.results
        verdict = call.decide(event, state if earned is None else replace(state, results=earned))
        if not verdict.news:
            cache.learn(verdict)
            book.add(call.account, verdict.entry)
            continue
        fact_key = FactKey(
            call.account, event.origin.kind, key(verdict.record), key(verdict.revision)
        )
        changes = verdict.remember is not None or verdict.forget is not None
        changes |= verdict.goes_on
        kept = fact_key in facts or (changes and is_kept(connection, fact_key))
        if verdict.goes_on and (kept or verdict.only_if_kept):
            tally.known += 1
            tally.retold += retell(connection, fact_key, verdict.drafts, call.now) if kept else 0
            continue
        if kept or not stages.is_news(fact_key, verdict):
            tally.known += 1
            continue
        if verdict.rings is not None and not ring(connection, verdict.rings):
            tally.known += 1
            continue
        cache.learn(verdict)
        book.add(call.account, verdict.entry)
        events.extendleft(reversed(verdict.follows))
        facts[fact_key] = Fact(
            key=fact_key,
            at=verdict.at or event.origin.at,
            verdict=verdict,
            drafts=verdict.drafts,
            now=call.now,
            idle=call.idle,
            tally=tally,
            comes_again=stages.has_come_before(fact_key),
        )


@cache
def _advancing(dialect: str, rewinds: bool) -> Insert:
    row = insert_into(cursor, dialect)
    later = or_(
        row.excluded.at > cursor.c.at,
        and_(row.excluded.at == cursor.c.at, row.excluded.record > cursor.c.record),
    )
    return row.on_conflict_do_update(
        index_elements=[cursor.c.account, cursor.c.stream],
        set_={"at": row.excluded.at, "record": row.excluded.record},
        where=None if rewinds else later,
    )


def _advance(connection: Connection, calls: Sequence[_Call]) -> None:
    for rewinds in (False, True):
        rows = [
            {
                "account": call.account,
                "stream": call.progress.stream.value,
                "at": call.progress.position.at,
                "record": call.progress.position.record,
                "began": call.progress.position.at,
            }
            for call in calls
            if call.progress is not None and call.progress.rewinds is rewinds
        ]
        if rows:
            connection.execute(_advancing(connection.dialect.name, rewinds), rows)


def _cursors(
    connection: Connection, account: AccountId
) -> Mapping[Stream | Listing | Sweep, Cursor]:
    rows = connection.execute(select(cursor).where(cursor.c.account == account))
    services = {service.value: service for service in (*Stream, *Listing, *Sweep)}
    return {
        services[row.stream]: Cursor(
            position=Position(at=row.at, record=row.record), began=row.began
        )
        for row in rows
        if row.stream in services
    }


def _known_records(
    connection: Connection, account: AccountId, kind: type[Record]
) -> tuple[Record, ...]:
    wanted = KnownKind.TRADER if kind is Trader else KnownKind.STRATEGY
    values = connection.execute(
        select(known.c.value)
        .where(known.c.account == account, known.c.kind == wanted)
        .order_by(known.c.record)
    )
    return tuple(decode_record(kind, value) for value in values.scalars())


def _last_event_at(connection: Connection, account: AccountId) -> datetime | None:
    latest = select(func.max(inbox.c.at)).where(
        inbox.c.account == account, inbox.c.kind.not_in(OWN_KINDS)
    )
    return connection.execute(latest).scalar()
