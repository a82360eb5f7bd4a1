"""Shared chats in memory, and who has left them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.domain.chats import Address
from bot.domain.linking import Audience
from bot.errors import TradebellError


@dataclass(eq=False)
class FakeReadership:
    """Implements `ports.Readership`."""

    chats: dict[str, Audience] = field(default_factory=dict)
    """By chat: who reads along; our bot is in no other."""
    left: set[tuple[str, str]] = field(default_factory=set)
    """Chat and person."""
    trouble: TradebellError | None = None
    """What every call raises."""
    seconds: float = 0.0
    """How long it takes to tell whether somebody has left."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Of whom it was asked whether they have left."""

    async def of(self, address: Address) -> Audience | None:
        if self.trouble is not None:
            raise self.trouble
        return self.chats.get(address.chat)

    async def has_left(self, address: Address, person: str) -> bool:
        self.asked.append((address.chat, person))
        await asyncio.sleep(self.seconds)
        if self.trouble is not None:
            raise self.trouble
        return (address.chat, person) in self.left
