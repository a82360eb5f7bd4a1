"""An account read again by `find`: from the cursor on, with an overlap, and bots compared."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bot.domain.events import (
    LOOKED,
    Cursor,
    Event,
    Kind,
    Listing,
    Origin,
    Position,
    Strategy,
    StrategySeen,
    Stream,
    Trader,
    TraderSeen,
    Unreadable,
)
from bot.domain.ids import Now
from bot.domain.links import Account
from bot.errors import ConnectionLost, NeedsLogin, NotOffered, Refused, StoreAway, TryLater
from bot.ports import Admitted, Inbox, Live, Meter, Progress, Session
from bot.services.ingest import Ingest

HORIZON = timedelta(days=7)
"""Nothing older is caught up (G2)."""

CLOCK_ERROR = timedelta(days=1)
"""How far the platform's clock may be behind ours."""

LONGEST_HANDLING = timedelta(minutes=2)
"""What one batch of events may take; the database gives up long before."""

JUST_AFTER = timedelta(milliseconds=1)
"""The platform's clock has milliseconds: what a stream began with is not read again."""

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp:
    """`found` counts what was new, by stream; `failing` are services to be read again soon."""

    found: Mapping[Stream, int]
    failing: Mapping[str, str]


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
    not_offered: set[str] = field(init=False, default_factory=set)

    async def take(self, live: Live) -> None:
        """What came over the socket."""
        if live.unreadable:
            await self._set_aside(live.unreadable)
        if live.events:
            await self._hand_over(live.events)

    async def catch_up(self, session: Session, overlap: timedelta) -> CaughtUp:
        """Bring every stream's cursor to the present.

        A service that is denied or broken leaves the others working.

        Raises:
            TryLater: the platform is away or over its limit, or every service is broken.
            StoreAway: what is read cannot be stored: nothing younger may be told before it.
            NeedsLogin: the credential is refused.
        """
        cursors = await self.inbox.cursors(self.account.id)
        failing: dict[str, str] = {}
        # Names of bots first: the events that follow mention them.
        for listing, look in (
            (Listing.TRADERS, self._traders_seen),
            (Listing.STRATEGIES, self._strategies_seen),
        ):
            first = await self._is_first(listing, cursors.get(listing))
            seen = await self._tolerate(listing.value, failing, look(session))
            if seen is not None:
                looked = Progress(stream=listing, position=Position(at=self.now(), record=LOOKED))
                await self._hand_over(seen, looked, first=first)
        found: dict[Stream, int] = {}
        for stream in Stream:
            reading = self._catch_up_with(session, stream, cursors.get(stream), overlap)
            if new := await self._tolerate(stream.value, failing, reading):
                found[stream] = new
        if len(failing) == len(Stream) + len(Listing):
            raise TryLater(next(iter(failing.values())))
        return CaughtUp(found=found, failing=failing)

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
        if cursor is not None:
            return await self._read_on(session, stream, self._start_of(cursor, overlap))
        try:
            start = await self._first_position(session, stream)
        except NotOffered:
            # Should it be offered later, it is told from the link on.
            await self._advance(stream, Position(at=self.account.created_at))
            raise
        await self._advance(stream, start)
        return await self._read_on(session, stream, start)

    async def _advance(self, stream: Stream | Listing, position: Position) -> None:
        progress = Progress(stream=stream, position=position)
        await self._hand_over((), progress)

    async def _first_position(self, session: Session, stream: Stream) -> Position:
        """'Now' for an account that was just linked, by the platform's clock.

        The link's time is ours and the newest record's the platform's; the earlier of the two
        loses nothing that came after the link, whichever clock is ahead. Where there is no record
        to go by there is no old one either, so it may as well begin before the link.
        """
        newest = await session.newest(stream)
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

    async def _read_on(self, session: Session, stream: Stream, since: Position) -> int:
        new = 0
        while True:
            page = await session.page(stream, since)
            if page.unreadable:
                await self._set_aside(page.unreadable)
            if page.last is None:
                return new
            progress = Progress(stream=stream, position=page.last)
            admitted = await self._hand_over(page.events, progress)
            new += admitted.new
            if not page.more or page.last == since:
                return new
            since = page.last

    async def _traders_seen(self, session: Session) -> list[Event]:
        now = self.now()
        there = await session.traders()
        ids = {trader.id for trader in there}
        known = await self.inbox.traders(self.account.id)
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

    async def _hand_over(
        self, events: Sequence[Event], progress: Progress | None = None, *, first: bool = False
    ) -> Admitted:
        """Have it ingested; what hangs there is a failure like any that nobody foresaw.

        Raises:
            TimeoutError: it hung.
        """
        async with asyncio.timeout(LONGEST_HANDLING.total_seconds()):
            return await self.ingest.take(self.account, events, progress, first=first)

    async def _set_aside(self, unreadable: tuple[Unreadable, ...]) -> None:
        for one in unreadable:
            self.meter.unreadable(one.service)
        await self.inbox.set_aside(self.account.id, unreadable, self.now())


def _origin(kind: Kind, seen: Trader | Strategy, now: datetime) -> Origin:
    at = seen.updated_at
    return Origin(kind=kind, record=seen.id, at=at or now, dated=at is not None)


def _gone(kind: Kind, record: str, now: datetime) -> Origin:
    return Origin(kind=kind, record=record, at=now, dated=False)
