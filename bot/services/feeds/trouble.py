"""When a feed is in trouble: since when, what the person was told, and when it is over."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.feeds import FeedState
from bot.domain.ids import Now
from bot.errors import TryLater
from bot.services.feeds.notices import Notices
from bot.services.feeds.rhythm import FeedRhythm
from bot.services.steady import Seconds, sleep_until, steady

TELL_AGAIN = timedelta(seconds=30)
"""When a notice that could not be stored is tried again."""


@dataclass(slots=True, kw_only=True, eq=False)
class FeedTrouble:
    """Whatever keeps a feed from being live, from its first attempt on.

    It is told once it has lasted `notice_after`, and is over once the feed has been live for as
    long: a connection that breaks sooner was a part of it.
    """

    notices: Notices
    rhythm: FeedRhythm
    now: Now
    open_trades: Callable[[], Awaitable[int]]
    """How many are known to be open, with real money."""
    failures: int = field(init=False, default=0)
    """Attempts that have failed since the feed was last well."""
    entered_at: Seconds = field(init=False)
    """When the feed's present state began."""
    _state: FeedState = field(init=False, default=FeedState.CONNECTING)
    _since: Seconds | None = field(init=False, default=None)
    """When it began, and later by what the feed was live meanwhile; `None` if all is well."""
    _incident: datetime = field(init=False)
    """When it began, as it is told and stored."""
    _told: FeedState | None = field(init=False, default=None)
    """In which state the person was told of it."""
    _alarmed: bool = field(init=False, default=False)
    """Whether it has been decided if it is worth waking for."""
    _not_told_before: Seconds = field(init=False, default=0.0)
    """Until when the store is left alone after it did not take a notice."""

    def __post_init__(self) -> None:
        self.entered_at = steady()
        self._incident = self.now()

    def enter(self, state: FeedState) -> None:
        """The feed is in this state now, and may have been before."""
        now, before = steady(), self._state
        changed = state is not before
        if self._since is None or (changed and FeedState.POLLING in (state, before)):
            # Being away and having no socket are two troubles, each told when it lasts.
            self._since, self._incident, self._alarmed = now, self.now(), False
        elif changed and before is FeedState.LIVE:
            # The same trouble goes on, and only what it was away for counts.
            self._since += now - self.entered_at
        if changed:
            self._state, self.entered_at = state, now

    async def rest(self, end: Seconds) -> None:
        """Sleep until then; tell in between if it lasts."""
        while steady() < end:
            tell_at = self._tell_at()
            if tell_at is not None and steady() >= tell_at:
                await self._tell()
            else:
                await sleep_until(end if tell_at is None else min(end, tell_at))

    def over_at(self) -> Seconds | None:
        """When it is over if the feed, now live, stays so; `None` if there is none."""
        return None if self._since is None else self._lasting(self.entered_at)

    async def end(self) -> None:
        """It is over: whoever was told of it is told this too."""
        self.failures = 0
        if self._told is not None and not await self.notices.recovery(self._incident):
            self._leave_alone()
            return
        self._since = self._told = None

    def _tell_at(self) -> Seconds | None:
        if self._since is None:
            return None
        if self._told is not self._state:
            return self._lasting(self._since)
        if self._alarmed or self._state is not FeedState.CONNECTING:
            return None
        alarm_at = self._since + self.rhythm.alarm_after.total_seconds()
        return max(alarm_at, self._not_told_before)

    def _lasting(self, began: Seconds) -> Seconds:
        """When what began then has lasted long enough to be told, and the store may be asked."""
        return max(began + self.rhythm.notice_after.total_seconds(), self._not_told_before)

    async def _tell(self) -> None:
        state = self._state
        if self._told is state:
            await self._alarm()
        elif await self.notices.trouble(state, self._incident, self.rhythm.poll_every):
            self._told = state
        else:
            self._leave_alone()

    async def _alarm(self) -> None:
        try:
            trades = await self.open_trades()
        except TryLater:
            self._leave_alone()
            return
        lasts = timedelta(seconds=steady() - (self._since or 0))
        if not trades or await self.notices.unreachable(self._incident, lasts, trades):
            self._alarmed = True
        else:
            self._leave_alone()

    def _leave_alone(self) -> None:
        self._not_told_before = steady() + TELL_AGAIN.total_seconds()
