"""The people of a soak: who has which chats, and which account each chat was linked to when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Span:
    """A time in which a chat was linked to a user's account.

    `asked_at` is when the person began to link, `linked_at` when it was done; `ending_at` is when
    they began to unlink, and `ended_at` when that was done.
    """

    user: str
    asked_at: datetime
    linked_at: datetime | None = None
    ending_at: datetime | None = None
    ended_at: datetime | None = None

    def allows(self, user: str, at: datetime) -> bool:
        """Whether something of this user may be sent at that time."""
        return (
            user == self.user
            and self.asked_at <= at
            and (self.ended_at is None or at <= self.ended_at)
        )

    def demands(self, user: str, at: datetime) -> bool:
        """Whether what happened to this user then must be owed here."""
        return (
            user == self.user
            and self.linked_at is not None
            and self.linked_at < at
            and self.ending_at is None
        )


@dataclass(slots=True, eq=False)
class Phone:
    """One chat with the person who has it. `chat` changes when the chat moves, `person` never."""

    person: str
    chat: str
    spans: list[Span] = field(default_factory=list)
    chats: list[str] = field(default_factory=list)
    """All addresses that it ever had."""
    push: list[str] = field(default_factory=list)
    """Where a push service ever rang it, as a chat of its own: as long as this one is linked."""
    busy: bool = False
    """Its person is about to do something, one thing at a time."""

    def __post_init__(self) -> None:
        self.chats.append(self.chat)

    @property
    def user(self) -> str | None:
        """Whose account it is linked to now, as far as its person knows."""
        last = self.spans[-1] if self.spans else None
        return last.user if last is not None and last.ending_at is None else None

    def move(self, chat: str) -> None:
        self.chat = chat
        self.chats.append(chat)
