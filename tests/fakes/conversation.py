"""What stands behind a chat adapter: a conversation and a journal that keep a ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.chats import Channel, Person
from bot.domain.incoming import Incoming, Place, Reply

Answer = Callable[[Incoming], Sequence[Reply]]


@dataclass(eq=False)
class Conversation:
    """Implements `ports.Hear`: answers with what `answer` gives, once `may_answer` is set."""

    answer: Answer = lambda said: ()
    seconds: float = 0.0
    """How long it thinks before each reply."""
    heard: list[Incoming] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    async def __call__(self, said: Incoming) -> AsyncIterator[Reply]:
        self.heard.append(said)
        await self.may_answer.wait()
        for reply in self.answer(said):
            await asyncio.sleep(self.seconds)
            yield reply


@dataclass(eq=False)
class Names:
    """Implements `ports.Suggest`."""

    names: Sequence[str] = ()
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def __call__(
        self, place: Place, person: Person, command: str, argument: str, typed: str
    ) -> Sequence[str]:
        self.asked.append((command, argument, typed))
        return self.names


@dataclass(eq=False)
class MemoryJournal:
    """Implements `ports.Journal`; it outlives the client, as the real one outlives the process."""

    kept: dict[int, str] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    fails: int = 0
    """How many of the next writes fail."""
    failure: Exception = field(default_factory=lambda: OSError("disk full"))

    async def keep(self, channel: Channel, bot: str, updates: Mapping[int, str]) -> Sequence[int]:
        if self.fails:
            self.fails -= 1
            raise self.failure
        new = sorted(set(updates) - set(self.kept))
        self.kept.update((number, updates[number]) for number in new)
        return new

    async def open(self, channel: Channel, bot: str) -> Mapping[int, str]:
        return {number: self.kept[number] for number in sorted(self.kept) if self.is_open(number)}

    async def done(self, channel: Channel, bot: str, update: int) -> None:
        self.finished.append(update)

    def is_open(self, number: int) -> bool:
        return number not in self.finished
