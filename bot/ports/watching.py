"""What is noted for those who look after it all."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.chats import Channel, Person
from bot.domain.decisions import Course
from bot.domain.deliveries import State
from bot.domain.events import Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import AccountId
from bot.domain.trail import Trace


class Audit(Protocol):
    async def note(
        self, what: str, now: datetime, account: AccountId | None = None, **facts: str
    ) -> None:
        """Append to the hash-chained audit trail. Facts hold no secrets."""

    async def trail(
        self, account: AccountId, limit: int, skip: int = 0, by: Person | None = None
    ) -> Sequence[Trace]:
        """What was done on an account, youngest first, after the first `skip`; with `by` only what
        that person did.
        """


class Meter(Protocol):
    """Counts what an operator watches. Never fails, never waits, keeps no text of a person."""

    def delivered(
        self,
        channel: Channel,
        state: State,
        reason: str,
        delay: timedelta,
        own_delay: timedelta,
    ) -> None:
        """An attempt was settled.

        Args:
            delay: from the fact's own time to now; negative where the platform's clock is ahead.
            own_delay: the part of it that is ours, from the ingestion of the event.
        """

    def ingested(self, told: int, known: int) -> None: ...

    def decided(self, decisions: Mapping[tuple[Course, str], int]) -> None:
        """So many new items are told in this way, for this reason (`Why`)."""

    def unreadable(self, service: str) -> None: ...

    def found_by_sweep(self, stream: Stream, count: int) -> None:
        """Records that a sweep found although the feed was live: must stay 0."""

    def feed(self, account: AccountId, state: FeedState | None) -> None:
        """A feed went to this state; `None` when it ended."""

    def alarm(self, what: str) -> None:
        """Something that must not happen did (another user's record on our socket)."""
