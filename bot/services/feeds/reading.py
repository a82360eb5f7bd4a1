"""An account read again by `find`: from the cursor on, with an overlap, and bots compared."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.domain.accounts import Account
from bot.domain.events import (
    AHEAD,
    LOOKED,
    WHOLE,
    Cursor,
    Event,
    Kind,
    Listing,
    Origin,
    Page,
    PodEvent,
    Position,
    Strategy,
    StrategySeen,
    Stream,
    Sweep,
    Trade,
    Trader,
    TraderSeen,
    Unreadable,
)
from bot.domain.ids import Now, TraderId
from bot.domain.ingesting import IngestResult, Progress
from bot.errors import ConnectionLost, NeedsLogin, NotOffered, Refused, StoreAway, TryLater
from bot.ports import Inbox, Live, Meter, Session
from bot.services.feeds.rhythm import FeedRhythm
from bot.services.ingest import Ingest
from bot.services.steady import side_by_side

HORIZON = timedelta(days=7)
"""Nothing older is caught up (G2)."""

LEDGER_HORIZON = timedelta(days=365)
"""How far back from the link the trades are read that the ledger keeps."""

CLOCK_ERROR = timedelta(days=1)
"""How far the platform's clock may be behind ours."""

LONGEST_HANDLING = timedelta(minutes=2)
"""What one batch of events may take; the database gives up long before."""

JUST_AFTER = timedelta(milliseconds=1)
"""The platform's clock has milliseconds: what a stream began with is not read again."""

Read = TypeVar("Read")


SERVICES_AT_ONCE = 4
"""Services that are read side by side: they take turns in the account's budget, and none waits so
long there that it gives up."""

NAME_LIMIT = timedelta(seconds=1)
"""How long an event waits for the name of its bot."""

MOST_LOOKUPS = 3
"""Bots that are asked for by themselves for the events of one batch."""

ORDER: tuple[Stream | Listing, ...] = (
    Listing.TRADERS,
    Stream.TRADES,
    Stream.POD_EVENTS,
    Stream.SIGNALS,
    Stream.MESSAGES,
    Stream.SYSTEM_EVENTS,
    Listing.STRATEGIES,
)
"""What is read first: the names of bots, then what is worth most."""

SOURCES: Mapping[Kind, Stream | Listing] = {
    Kind.TRADER: Listing.TRADERS,
    Kind.TRADE: Stream.TRADES,
    Kind.POD_EVENT: Stream.POD_EVENTS,
    Kind.SIGNAL: Stream.SIGNALS,
    Kind.MESSAGE: Stream.MESSAGES,
    Kind.SYSTEM_EVENT: Stream.SYSTEM_EVENTS,
    Kind.STRATEGY: Listing.STRATEGIES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp:
    """`found` counts what was new, by stream; `failing` are services to be read again soon."""

    found: Mapping[Stream, int]
    failing: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackFilled:
    """Until when older trades are read; `whole` is what is left to be stored where that is all."""

    reached: datetime
    whole: Progress | None


@dataclass(slots=True, kw_only=True, eq=False)
class Reading:
    """What one account's session brings, live or read again, handed to ingest.

    `not_offered` names the services that the platform denies to this account.
    """

    account: Account
    inbox: Inbox
    ingest: Ingest
    meter: Meter
    now: Now
    rhythm: FeedRhythm
    not_offered: set[str] = field(init=False, default_factory=set)
    news: int = field(init=False, default=0)
    """How many facts it has brought that were new."""
    _held: dict[Stream | Listing, list[Event]] = field(init=False, default_factory=dict)
    """Live events of sources that have not been read up to them."""
    _released: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _named: set[TraderId] = field(init=False, default_factory=set)
    """Bots that are known, or were asked for in vain."""
    _listed: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    """Set while the bots are not being listed."""
    _first_look: bool = field(init=False, default=True)
    """Whether the bots have not been listed since the link."""

    def __post_init__(self) -> None:
        self._listed.set()

    async def open_trades(self) -> int:
        """How many were open with real money when the bots last said so.

        Raises:
            TryLater: the store cannot say it now.
        """
        bots = await self.inbox.traders(self.account.id)
        return sum(one.open_trades or 0 for one in bots if one.dry_run is not True)

    def hold(self) -> None:
        """From here on live events of each source wait until `catch_up` has read it."""
        self._held = {source: [] for source in ORDER}
        self._named.clear()

    async def take(self, session: Session, live: Live) -> None:
        """What came over the socket."""
        if live.unreadable:
            await self._set_aside(live.unreadable)
        ready: list[Event] = []
        for event in live.events:
            self._held.get(SOURCES[event.origin.kind], ready).append(event)
        if ready:
            await self._hand_over_named(session, ready)
        while sum(map(len, self._held.values())) >= self.rhythm.most_held:
            self._released.clear()
            await self._released.wait()

    async def catch_up(
        self, session: Session, overlap: timedelta, spacing: timedelta | None = None
    ) -> CaughtUp:
        """Bring every stream's cursor to the present, and let go of what was held for it.

        A service that is denied or broken leaves the others working.

        Args:
            spacing: read one service after the other, so far apart that requests are left for
                what is urgent; `None` to read them side by side.

        Raises:
            TryLater: the platform is away or over its limit, or every service is broken.
            StoreAway: what is read cannot be stored: nothing younger may be told before it.
            NeedsLogin: the credential is refused.
        """
        cursors = await self.inbox.cursors(self.account.id)
        failing: dict[str, str] = {}
        found: dict[Stream, int] = {}

        async def bring(source: Stream | Listing) -> None:
            cursor = cursors.get(source)
            if isinstance(source, Listing):
                await self._tolerate(source, failing, self._look_at(session, source, cursor))
                if source is Listing.TRADERS:
                    self._listed.set()
            else:
                reading = self._catch_up_with(session, source, cursor, overlap)
                if new := await self._tolerate(source, failing, reading):
                    found[source] = new
            await self._release(session, source)
            if spacing is not None:
                await asyncio.sleep(spacing.total_seconds())

        self._listed.clear()
        try:
            works = [partial(bring, source) for source in ORDER]
            await side_by_side(works, SERVICES_AT_ONCE if spacing is None else 1)
        finally:
            self._listed.set()
        if len(failing) == len(ORDER):
            raise TryLater(next(iter(failing.values())))
        return CaughtUp(found=found, failing=failing)

    async def _release(self, session: Session, source: Stream | Listing) -> None:
        """Hand over what was held, oldest first; what comes from now on need not wait."""
        while held := self._held.get(source):
            size = self.rhythm.portion
            portion, self._held[source] = held[:size], held[size:]
            await self._hand_over_named(session, portion)
        self._held.pop(source, None)
        self._released.set()

    async def _look_at(self, session: Session, listing: Listing, cursor: Cursor | None) -> None:
        first = await self._is_first(listing, cursor)
        if listing is Listing.TRADERS:
            self._first_look = first
            seen = await self._traders_seen(session)
        else:
            seen = await self._strategies_seen(session)
        looked = Progress(stream=listing, position=Position(at=self.now(), record=LOOKED))
        await self._hand_over(seen, looked, first=first)
        if listing is Listing.TRADERS:
            self._first_look = False

    async def back_fill(self, session: Session) -> BackFilled | None:
        """Bring a page of older trades to the ledger; tells nobody. `None`: it is whole.

        Raises:
            TryLater: not now, or the younger ones have not been read yet.
        """
        cursors = await self.inbox.cursors(self.account.id)
        live, reached = cursors.get(Stream.TRADES), cursors.get(Sweep.LEDGER)
        if live is None:
            raise TryLater("the latest trades come first")
        if reached is not None and reached.position.record == WHOLE:
            return None
        since = reached.position if reached else Position(at=live.began - LEDGER_HORIZON)
        page = await session.page(Stream.TRADES, since)
        last = page.last or since
        progress = Progress(stream=Sweep.LEDGER, position=last, rewinds=True)
        await self._hand_over(page.events, progress, first=True)
        ends = not page.more or last == since or last.at > live.began
        whole = Progress(stream=Sweep.LEDGER, position=replace(last, record=WHOLE), rewinds=True)
        return BackFilled(reached=last.at, whole=whole if ends else None)

    async def swept_at(self) -> datetime:
        """When everything was last read that the daily sweep reads; if it never was, the link."""
        cursor = (await self.inbox.cursors(self.account.id)).get(Sweep.DAILY)
        return self.account.created_at if cursor is None else cursor.position.at

    async def note_sweep(self) -> None:
        """The daily sweep is done: the next one is due in a day, whoever will do it."""
        position = Position(at=self.now())
        await self._hand_over((), Progress(stream=Sweep.DAILY, position=position, rewinds=True))

    async def last_answer(self) -> datetime:
        """When the platform last gave anything for the account; if it never did, the link."""
        cursors = await self.inbox.cursors(self.account.id)
        looks = [cursors[listing].position.at for listing in Listing if listing in cursors]
        event = await self.inbox.last_event_at(self.account.id) or self.account.created_at
        return max([event, self.account.created_at, *looks])

    async def _is_first(self, listing: Listing, cursor: Cursor | None) -> bool:
        """Whether nobody has looked there since the link: then nothing there is news.

        That is stored before the look: if it fails, a live event may make some bots known, and
        that would say nothing about all others.
        """
        if cursor is not None:
            return cursor.position.record != LOOKED
        if await self._known(listing):
            return False  # looked at by a version that did not note it
        await self._advance(listing, Position(at=self.account.created_at))
        return True

    async def _known(self, listing: Listing) -> Sequence[Trader | Strategy]:
        if listing is Listing.TRADERS:
            return await self.inbox.traders(self.account.id)
        return await self.inbox.strategies(self.account.id)

    async def _tolerate(
        self, service: str, failing: dict[str, str], reading: Awaitable[Read]
    ) -> Read | None:
        try:
            read = await reading
        except NotOffered:
            self.not_offered.add(service)
            return None
        except (NeedsLogin, ConnectionLost, StoreAway):
            raise
        except (Refused, TryLater) as failure:
            if isinstance(failure, TryLater) and failure.retry_after is not None:
                raise  # asked to slow down: that goes for all services
            failing[service] = str(failure)
            return None
        self.not_offered.discard(service)
        return read

    async def _catch_up_with(
        self, session: Session, stream: Stream, cursor: Cursor | None, overlap: timedelta
    ) -> int:
        if cursor is None:
            return await self._begin(session, stream)
        start = self._start_of(cursor, overlap)
        page = await session.page(stream, start)
        if cursor.position.at <= page.as_of + AHEAD:
            return await self._read_on(session, stream, start, page)
        # A record from the future has carried it there, past what nobody has read.
        start = Position(at=max(min(cursor.began + JUST_AFTER, page.as_of), page.as_of - HORIZON))
        await self._hand_over((), Progress(stream=stream, position=start, rewinds=True))
        return await self._read_on(session, stream, start)

    async def _begin(self, session: Session, stream: Stream) -> int:
        """Begin with 'now'; gives how much there is since the link, as `_read_on` does."""
        try:
            page = await session.latest(stream)
        except NotOffered:
            # Should it be offered later, it is told from the link on.
            await self._advance(stream, Position(at=self.account.created_at))
            raise
        start = self._first_position(page.last)
        await self._advance(stream, start)
        dated = [(_position(event), event) for event in page.events if event.origin.dated]
        since = [event for position, event in dated if position > start]
        if len(since) == len(dated) and page.more:
            return await self._read_on(session, stream, start)
        if not since or page.last is None:
            return 0
        progress = Progress(stream=stream, position=page.last)
        return (await self._hand_over_named(session, since, progress)).new

    async def _advance(self, stream: Stream | Listing, position: Position) -> None:
        progress = Progress(stream=stream, position=position)
        await self._hand_over((), progress)

    def _first_position(self, newest: Position | None) -> Position:
        """'Now' for an account that was just linked, by the platform's clock.

        The link's time is ours and the newest record's the platform's; the earlier of the two
        loses nothing that came after the link, whichever clock is ahead. Where there is no record
        to go by there is no old one either, so it may as well begin before the link.
        """
        linked_at = self.account.created_at
        if newest is None:
            return Position(at=linked_at - CLOCK_ERROR)
        if newest.at > linked_at:
            return Position(at=linked_at)
        return newest

    def _start_of(self, cursor: Cursor, overlap: timedelta) -> Position:
        """Go back by the overlap, but not to what was there at the link, nor past the horizon."""
        earliest = max(cursor.began + JUST_AFTER, self.now() - HORIZON)
        start = max(cursor.position.at - overlap, earliest)
        return Position(at=start) if start < cursor.position.at else cursor.position

    async def _read_on(
        self, session: Session, stream: Stream, since: Position, page: Page | None = None
    ) -> int:
        """Read from a position to the end; gives how much was news.

        Args:
            page: the first one, if it is there already.
        """
        new = 0
        while True:
            page = page or await session.page(stream, since)
            if page.unreadable:
                await self._set_aside(page.unreadable)
            if page.last is None:
                return new
            progress = Progress(stream=stream, position=page.last)
            ingested = await self._hand_over_named(session, page.events, progress)
            new += ingested.new
            if not page.more or page.last == since:
                return new
            since, page = page.last, None

    async def _traders_seen(self, session: Session) -> list[Event]:
        now = self.now()
        there = await session.traders()
        ids = {trader.id for trader in there}
        known = await self.inbox.traders(self.account.id)
        self._named.update(ids)
        gone = [trader for trader in known if trader.id not in ids]
        return [
            *(TraderSeen(origin=_origin(Kind.TRADER, one, now), trader=one) for one in there),
            *(
                TraderSeen(origin=_gone(Kind.TRADER, one.id, now), trader=one, removed=True)
                for one in gone
            ),
        ]

    async def _strategies_seen(self, session: Session) -> list[Event]:
        now = self.now()
        there = await session.strategies()
        ids = {strategy.id for strategy in there}
        known = await self.inbox.strategies(self.account.id)
        gone = [strategy for strategy in known if strategy.id not in ids]
        return [
            *(StrategySeen(origin=_origin(Kind.STRATEGY, one, now), strategy=one) for one in there),
            *(
                StrategySeen(origin=_gone(Kind.STRATEGY, one.id, now), strategy=one, removed=True)
                for one in gone
            ),
        ]

    async def _hand_over_named(
        self, session: Session, events: Sequence[Event], progress: Progress | None = None
    ) -> IngestResult:
        """Hand over events, and before them the bots of theirs that are not known yet."""
        self._named.update(event.trader.id for event in events if isinstance(event, TraderSeen))
        unknown = {
            event.trader: None
            for event in events
            if isinstance(event, Trade | PodEvent)
            and event.trader is not None
            and event.trader not in self._named
        }
        for seen in await self._looked_up(session, list(unknown)):
            await self._hand_over((seen,), first=self._first_look)
        return await self._hand_over(events, progress)

    async def _looked_up(self, session: Session, unknown: Sequence[TraderId]) -> list[TraderSeen]:
        """Bots that no list has shown yet, as far as they can be had in time."""
        seen: list[TraderSeen] = []
        if not unknown:
            return seen
        with suppress(TimeoutError):
            async with asyncio.timeout(NAME_LIMIT.total_seconds()):
                await self._listed.wait()
                for trader in [one for one in unknown if one not in self._named][:MOST_LOOKUPS]:
                    self._named.add(trader)  # asked for once
                    with suppress(Refused, TryLater):
                        bot = await session.trader(trader)
                        origin = _origin(Kind.TRADER, bot, self.now())
                        seen.append(TraderSeen(origin=origin, trader=bot))
        return seen

    async def _hand_over(
        self, events: Sequence[Event], progress: Progress | None = None, *, first: bool = False
    ) -> IngestResult:
        """Have it ingested; what hangs there is a failure like any that nobody foresaw.

        Raises:
            TimeoutError: it hung.
        """
        async with asyncio.timeout(LONGEST_HANDLING.total_seconds()):
            ingested = await self.ingest.take(self.account, events, progress, first=first)
        self.news += ingested.new
        return ingested

    async def _set_aside(self, unreadable: tuple[Unreadable, ...]) -> None:
        for one in unreadable:
            self.meter.unreadable(one.service)
        await self.inbox.set_aside(self.account.id, unreadable, self.now())


def _position(event: Event) -> Position:
    return Position(at=event.origin.at, record=event.origin.record)


def _origin(kind: Kind, seen: Trader | Strategy, now: datetime) -> Origin:
    at = seen.updated_at
    return Origin(kind=kind, record=seen.id, at=at or now, dated=at is not None)


def _gone(kind: Kind, record: str, now: datetime) -> Origin:
    return Origin(kind=kind, record=record, at=now, dated=False)
