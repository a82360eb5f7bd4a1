"""Which menus of commands chats have been given."""

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.domain.chats import Channel
from bot.domain.menus import ChatMenu


class Menus(Protocol):
    """That a menu may have to change is stored with whatever changes it: a link or its end, another
    language, what the platform lets an account do.
    """

    async def look_at_all(self) -> None:
        """All that are not everybody's may have to change: commands are other ones now, perhaps."""

    async def due(self, without: Collection[Channel]) -> Sequence[ChatMenu]:
        """Some of those on all other channels that may have to change; none if no other does."""

    async def keep(self, menu: ChatMenu, shown: str | None) -> None:
        """That is what the chat shows now. What has changed since `menu` was read stays due."""
