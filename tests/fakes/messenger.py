"""A chat platform in memory, with a ledger of what a person's device shows."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.cards import Card, as_shown
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import (
    ONE_MARKED_REPEAT,
    Attempt,
    Declined,
    Gone,
    Moved,
    Postponed,
    Repeats,
    Scope,
    Sent,
    TopicGone,
    Unknown,
)
from bot.texts.language import spoken_language


@dataclass(frozen=True, slots=True)
class Shown:
    """`left` is when we began to send it, `at` when it was shown; `message` is its id there."""

    chat: str
    card: Card
    left: datetime
    at: datetime
    message: str = ""
    replies_to: str | None = None
    """The message there that it is shown with, if that is there."""
    topic: str = ""


class ShownUnknown(Unknown):
    """No answer came, but the message is there."""


@dataclass(slots=True)
class Tried:
    """A call that has left us. `outcome` is `None` as long as nobody knows, or for ever."""

    chat: str
    card: Card
    left: datetime
    outcome: Attempt | None = None
    language: str = field(default_factory=spoken_language)
    """That was spoken when it left."""


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
    answer_seconds: float = 0.0
    """How long the answer takes after the message is shown."""
    closed: set[str] = field(default_factory=set)
    """Chats that are closed to us."""
    moved: dict[str, str] = field(default_factory=dict)
    """Chats that have another address now."""
    away: bool = False
    """No connection is to be had."""
    tried: list[Tried] = field(default_factory=list)
    calls: int = 0
    tried_since: list[datetime | None] = field(default_factory=list)
    """Of each call."""
    under_way: int = 0
    changed: list[Shown] = field(default_factory=list)
    """Every change of a message, with the card that it shows since."""
    change_outcomes: dict[str, deque[Attempt | None]] = field(default_factory=dict)
    """By chat: what the next changes come to; `None` is an ordinary success."""
    change_calls: int = 0
    deleted: set[str] = field(default_factory=set)
    """Messages that the person has deleted."""
    too_old: timedelta | None = None
    """So old a message can be changed no more, and still be replied to."""
    topics: dict[str, str] = field(default_factory=dict)
    """What our topics are called, by their threads."""

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        self.calls += 1
        message = str(self.calls)
        self.tried_since.append(tried_since)
        self.under_way += 1
        card = as_shown(card)
        tried = Tried(address.chat, card, self.now())
        self.tried.append(tried)
        try:
            before = replies_to if self._shows(address.chat, replies_to) else None
            tried.outcome = await self._come_to(address, card, tried.left, message, before)
        finally:
            self.under_way -= 1
        return tried.outcome

    async def _come_to(
        self, address: Address, card: Card, left: datetime, message: str, before: str | None
    ) -> Attempt:
        await asyncio.sleep(self.seconds)
        chat = address.chat
        outcome = self._refused(chat)
        if outcome is None and address.topic not in ("", *self.topics):
            outcome = TopicGone(reason="topic_closed")
        if outcome is None and (waiting := self.outcomes.get(chat)):
            outcome = waiting.popleft()
        unclear_but_shown = isinstance(outcome, Unknown) and self.unclear_but_shown
        if outcome is None or unclear_but_shown or isinstance(outcome, ShownUnknown):
            shown = Shown(chat, card, left, self.now(), message, before, address.topic)
            self.shown.append(shown)
            await asyncio.sleep(self.answer_seconds)
        return outcome or Sent(message=message)

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        left = self.now()
        self.change_calls += 1
        await asyncio.sleep(self.seconds)
        outcome = self._refused(address.chat)
        if outcome is None and (waiting := self.change_outcomes.get(address.chat)):
            outcome = waiting.popleft()
        if outcome is None or isinstance(outcome, ShownUnknown):
            if not self._shows(address.chat, message) or self._is_too_old(message):
                return Declined(reason="message to edit not found")
            self.changed.append(Shown(address.chat, as_shown(card), left, self.now(), message))
        return outcome or Sent(message=message)

    def _shows(self, chat: str, message: str | None) -> bool:
        there = any((one.chat, one.message) == (chat, message) for one in self.shown)
        return there and message not in self.deleted

    def _is_too_old(self, message: str) -> bool:
        if self.too_old is None:
            return False
        [at] = [one.at for one in self.shown if one.message == message]
        return self.now() - at >= self.too_old

    def screen(self, chat: str) -> list[Card]:
        """The cards that a chat shows now, each as it was last changed."""
        last = {(one.chat, one.message): one.card for one in self.changed}
        return [
            last.get((one.chat, one.message), one.card) for one in self.shown if one.chat == chat
        ]

    def _refused(self, chat: str) -> Attempt | None:
        if self.away:
            return Postponed(reason="no_connection", scope=Scope.CHANNEL)
        if chat in self.moved:
            return Moved(chat=self.moved[chat])
        if chat in self.closed:
            return Gone(reason="Forbidden: bot was blocked by the user")
        return None

    def script(self, chat: str, *outcomes: Attempt | None) -> None:
        self.outcomes.setdefault(chat, deque()).extend(outcomes)

    def script_change(self, chat: str, *outcomes: Attempt | None) -> None:
        self.change_outcomes.setdefault(chat, deque()).extend(outcomes)

    def titles(self, chat: str | None = None) -> list[str]:
        return [one.card.title for one in self.shown if chat in (None, one.chat)]

    def alerts(self) -> list[str]:
        """The same, without what is told again because nobody has seen it."""
        return [title for title in self.titles() if not title.startswith("Still unseen")]


@dataclass(eq=False)
class FakeTopics:
    """Implements `ports.MakeTopics` in the chats of a fake messenger."""

    messenger: FakeMessenger
    faults: deque[Exception | None] = field(default_factory=deque)
    """What the next calls come to; `None` is an ordinary success."""
    calls: list[tuple[str, ...]] = field(default_factory=list)

    async def make(self, address: Address, name: str) -> str:
        self._call("make", address.chat, name)
        thread = str(700 + len(self.calls))
        self.messenger.topics[thread] = name
        return thread

    async def rename(self, address: Address, thread: str, name: str) -> None:
        self._call("rename", address.chat, thread, name)
        self.messenger.topics[thread] = name

    def _call(self, *call: str) -> None:
        self.calls.append(call)
        if self.faults and (fault := self.faults.popleft()) is not None:
            raise fault
