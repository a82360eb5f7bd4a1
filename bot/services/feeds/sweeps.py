"""Reading again although all seems well: what it finds, the socket did not bring."""

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from bot.domain.accounts import Account
from bot.domain.events import Stream
from bot.domain.ids import Now
from bot.errors import ConnectionLost, TryLater
from bot.ports import Meter, Session
from bot.services.feeds.discovery import Discovery
from bot.services.feeds.older_trades import OlderTrades
from bot.services.feeds.reading import Reading
from bot.services.feeds.rhythm import FeedRhythm, jittered
from bot.services.feeds.silences import Silences
from bot.services.steady import Seconds, steady

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class Sweeps:
    """When a live feed is read again: every few minutes, every day, and soon what failed."""

    account: Account
    reading: Reading
    silences: Silences
    discovery: Discovery
    older_trades: OlderTrades
    meter: Meter
    now: Now
    chance: random.Random
    rhythm: FeedRhythm
    failing: tuple[str, ...] = field(init=False, default=())
    """Services that could not be read the last time."""
    _failing_rounds: int = field(init=False, default=0)
    _rested_at: Seconds = field(init=False, default=0.0)
    _next: Seconds = field(init=False)
    _next_long: Seconds = field(init=False, default=inf)
    """Endless until it is known when the last one was."""
    _spaced_until: Seconds = field(init=False, default=0.0)
    """No page of these is read before, and no command asked after."""
    _page_was_last: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._next = self._due_in(self.rhythm.sweep_every)

    async def begin(self, failing: Mapping[str, str]) -> None:
        """The feed is live from now on, and has read all but these."""
        self._rested_at = steady() + self.rhythm.sweep_rest.total_seconds()
        self._return_to(failing)
        if self._next_long == inf:
            self._next_long = await self._long_due()

    def next_at(self) -> Seconds:
        waits = max(min(self.discovery.next_at, self.older_trades.next_at), self._spaced_until)
        return max(min(self._next, self._next_long, waits), self._rested_at)

    async def mind(self, session: Session) -> None:
        """Sweep if it is time."""
        if steady() < self._rested_at:
            return
        if steady() >= self._next_long:
            self._next = self._due_in(self.rhythm.sweep_every)
            if await self._sweep(session, self.rhythm.long_sweep_overlap):
                await self.reading.note_sweep()
                self._next_long = self._due_in(self.rhythm.long_sweep_every)
            else:
                self._next_long = self._next
        elif steady() >= self._next:
            self._next = self._due_in(self.rhythm.sweep_every)
            await self._sweep(session, self.rhythm.sweep_overlap)
        elif steady() >= self._spaced_until:
            await self._go_on(session)

    async def _go_on(self, session: Session) -> None:
        """Read a page of older trades, or ask what bots can be asked: in turn where both are due,
        so that neither keeps the other waiting.
        """
        asks = steady() >= self.discovery.next_at
        reads = steady() >= self.older_trades.next_at
        self._page_was_last = reads and not (asks and self._page_was_last)
        if self._page_was_last:
            await self.older_trades.read_page(session)
        elif not asks or not await self.discovery.ask_one(session):
            return
        self._spaced_until = steady() + self.rhythm.sweep_spacing.total_seconds()

    async def _long_due(self) -> Seconds:
        """When the daily sweep is due, whichever process and session did the last one."""
        ago = self.now() - await self.reading.swept_at()
        if ago < timedelta(0):
            return steady()  # our clock was wrong then or is now
        left = jittered(self.rhythm.long_sweep_every, self.chance) - ago
        return steady() + max(0.0, left.total_seconds())

    async def _sweep(self, session: Session, overlap: timedelta) -> bool:
        """Give whether it was done; if not, the next sweep comes as soon as may be."""
        late = set(self.failing)
        try:
            caught_up = await self.reading.catch_up(session, overlap, self.rhythm.sweep_spacing)
        except ConnectionLost:
            raise
        except TryLater as failure:
            # The socket is fine: a busy platform is no reason to leave it.
            least = jittered(timedelta(minutes=1), self.chance)
            wait = max(failure.retry_after or timedelta(0), least)
            self._next = steady() + wait.total_seconds()
            log.warning("a sweep must wait", extra=self._facts(reason=str(failure)))
            return False
        self._return_to(caught_up.failing)
        if Stream.TRADES not in {*caught_up.failing, *self.reading.not_offered}:
            await self.silences.look()
        for stream, count in caught_up.found.items():
            if stream.value in late:
                continue  # it could not be read before, so there was something to find
            self.meter.found_by_sweep(stream, count)
            self.meter.alarm("found_by_sweep")
            log.error(
                "a sweep found what the socket did not bring",
                extra=self._facts(stream=stream, count=count),
            )
        return True

    def _return_to(self, failing: Mapping[str, str]) -> None:
        """Services that could not be read are read again soon."""
        self.failing = tuple(sorted(failing))
        if not failing:
            self._failing_rounds = 0
        else:
            self._failing_rounds += 1
            wait = self.rhythm.reread.step(self._failing_rounds)
            self._next = self._due_in(min(self.rhythm.sweep_every, wait))
            log.warning("some services cannot be read", extra=self._facts(**failing))

    def _due_in(self, span: timedelta) -> Seconds:
        return steady() + jittered(span, self.chance).total_seconds()

    def _facts(self, **facts: object) -> dict[str, object]:
        return {"account": self.account.id, **facts}
