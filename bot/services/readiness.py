"""Whether this process can do its work now, and if not, what an operator is to look at."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from bot.domain.deliveries import Priority
from bot.domain.feeds import FeedState, FeedStatus
from bot.domain.ids import AccountId, Now
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Outbox
from bot.texts.times import spoken

PROBE_LIMIT = timedelta(seconds=2)
"""An orchestrator asks every few seconds and gives up soon."""

URGENT_LIMIT = timedelta(minutes=5)
"""An urgent item that is owed for longer has met more than a busy moment."""

DOWN_LIMIT = timedelta(minutes=1)
"""A redial is nothing to speak of before that."""


class Readiness:
    """Looks at the database, the chats and the feeds.

    Args:
        probe: writes something to the database; raises `TryLater` or `OutcomeUnknown` if it cannot.
        feeds: the state of every feed.
        troubles: what else the process has to say.
        chats: what each chat adapter has to say; `None` if all is well there.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[object]],
        outbox: Outbox,
        feeds: Callable[[], Mapping[AccountId, FeedStatus]],
        troubles: Callable[[], Sequence[str]],
        chats: Callable[[], Sequence[str | None]],
        now: Now,
    ) -> None:
        self._probe = probe
        self._outbox = outbox
        self._feeds = feeds
        self._troubles = troubles
        self._chats = chats
        self._now = now

    async def problems(self) -> Sequence[str]:
        """What is wrong now, a sentence each; nothing if all is well."""
        chats = [trouble for trouble in self._chats() if trouble is not None]
        return [*await self._stored(), *self._troubles(), *chats, *self._fed()]

    async def works(self) -> bool:
        """Whether what happens on the platform would be told in one chat at least."""
        stopped = [*await self._stored(), *self._troubles(), *self._fed()]
        return not stopped and None in self._chats()

    async def _stored(self) -> Sequence[str]:
        try:
            async with asyncio.timeout(PROBE_LIMIT.total_seconds()):
                await self._probe()
                oldest = await self._outbox.oldest_pending(Priority.URGENT)
        except TimeoutError:
            return [f"The database does not answer within {spoken(PROBE_LIMIT)}."]
        except (TryLater, OutcomeUnknown) as failure:
            return [str(failure)]
        if oldest is None or self._now() - oldest < URGENT_LIMIT:
            return []
        return [f"An urgent alert has been owed for {spoken(self._now() - oldest)}."]

    def _fed(self) -> Sequence[str]:
        # Those that wait for a person's new login cannot be helped from here.
        states = [
            status for status in self._feeds().values() if status.state != FeedState.NEEDS_LOGIN
        ]
        since = self._now() - DOWN_LIMIT
        down = [one for one in states if one.state is FeedState.CONNECTING and one.since < since]
        if not down or len(down) < len(states):
            return []
        return [f"No account has a connection to the trading platform ({down[0].reason})."]
