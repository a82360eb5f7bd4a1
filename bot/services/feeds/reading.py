"""An account read again by `find`: from the cursor on, with an overlap, and bots compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.events import (
    Cursor,
    Event,
    Kind,
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
from bot.errors import NotOffered
from bot.ports import Inbox, Live, Meter, Progress, Session
from bot.services.ingest import Ingest

HORIZON = timedelta(days=7)
"""Nothing older is caught up (G2)."""


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
            await self.ingest.take(self.account, live.events)

    async def catch_up(self, session: Session, overlap: timedelta) -> Mapping[Stream, int]:
        """Bring every stream's cursor to the present; gives what was new, by stream."""
        cursors = await self.inbox.cursors(self.account.id)
        first = not cursors
        # Names of bots first: the events that follow mention them.
        await self._look_at_bots(session, first=first)
        found: dict[Stream, int] = {}
        for stream in Stream:
            try:
                cursor = cursors.get(stream)
                if cursor is None:
                    start = await self._first_position(session, stream)
                    await self.ingest.take(
                        self.account, (), Progress(stream=stream, position=start)
                    )
                else:
                    start = self._start_of(cursor, overlap)
                new = await self._read_on(session, stream, start)
                self.not_offered.discard(stream.value)
            except NotOffered:
                self.not_offered.add(stream.value)
                continue
            if new:
                found[stream] = new
        return found

    async def _first_position(self, session: Session, stream: Stream) -> Position:
        """'Now' for an account that was just linked, by the platform's clock.

        The link's time is ours and the newest record's the platform's; the earlier of the two
        loses nothing that came after the link, whichever clock is ahead.
        """
        newest = await session.newest(stream)
        linked_at = self.account.created_at
        if newest is None or newest.at > linked_at:
            return Position(at=linked_at)
        return newest

    def _start_of(self, cursor: Cursor, overlap: timedelta) -> Position:
        """Go back by the overlap, but not to before the link, nor beyond the horizon."""
        start = max(cursor.position.at - overlap, cursor.began, self.now() - HORIZON)
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
            admitted = await self.ingest.take(self.account, page.events, progress)
            new += admitted.new
            if not page.more or page.last == since:
                return new
            since = page.last

    async def _look_at_bots(self, session: Session, *, first: bool) -> None:
        """Compare all bots and strategies with what was last known, deletions included."""
        seen: list[Event] = []
        try:
            seen += await self._traders_seen(session)
            self.not_offered.discard("traders")
        except NotOffered:
            self.not_offered.add("traders")
        try:
            seen += await self._strategies_seen(session)
            self.not_offered.discard("strategies")
        except NotOffered:
            self.not_offered.add("strategies")
        if seen:
            await self.ingest.take(self.account, seen, first=first)

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

    async def _set_aside(self, unreadable: tuple[Unreadable, ...]) -> None:
        for one in unreadable:
            self.meter.unreadable(one.service)
        await self.inbox.set_aside(self.account.id, unreadable, self.now())


def _origin(kind: Kind, seen: Trader | Strategy, now: datetime) -> Origin:
    at = seen.updated_at
    return Origin(kind=kind, record=seen.id, at=at or now, dated=at is not None)


def _gone(kind: Kind, record: str, now: datetime) -> Origin:
    return Origin(kind=kind, record=record, at=now, dated=False)
