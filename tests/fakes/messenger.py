"""A chat platform in memory, with a ledger of what a person's device shows."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.cards import Card
from bot.domain.deliveries import ONE_MARKED_REPEAT, Attempt, Repeats, Sent, Unclear
from bot.domain.links import Address, Channel


@dataclass(frozen=True, slots=True)
class Shown:
    """`left` is when we began to send it, `at` when it was shown."""

    chat: str
    card: Card
    left: datetime
    at: datetime


@dataclass(eq=False)
class FakeMessenger:
    """Implements `ports.Messenger`."""

    now: Callable[[], datetime]
    channel: Channel = Channel.TELEGRAM
    bot: str = "1"
    repeats: Repeats = ONE_MARKED_REPEAT
    shown: list[Shown] = field(default_factory=list)
    outcomes: dict[str, deque[Attempt | None]] = field(default_factory=dict)
    """By chat: what the next sends come to; `None` is an ordinary success."""
    unclear_but_shown: bool = False
    """An unclear attempt did show the message."""
    seconds: float = 0.0
    """How long a call takes."""
    calls: int = 0
    tried_since: list[datetime | None] = field(default_factory=list)
    """Of each call."""
    under_way: int = 0

    async def send(
        self,
        address: Address,
        card: Card,
        after: Awaitable[None] | None = None,
        tried_since: datetime | None = None,
    ) -> Attempt:
        if after is not None:
            await after
        self.calls += 1
        self.tried_since.append(tried_since)
        self.under_way += 1
        left = self.now()
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.under_way -= 1
        waiting = self.outcomes.get(address.chat)
        outcome = waiting.popleft() if waiting else None
        if outcome is None or (isinstance(outcome, Unclear) and self.unclear_but_shown):
            self.shown.append(Shown(address.chat, card, left, self.now()))
        return outcome or Sent(message=str(self.calls))

    def script(self, chat: str, *outcomes: Attempt | None) -> None:
        self.outcomes.setdefault(chat, deque()).extend(outcomes)

    def titles(self, chat: str | None = None) -> list[str]:
        return [one.card.title for one in self.shown if chat in (None, one.chat)]
