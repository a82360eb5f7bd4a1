"""Handles that live as long as the test: a bot that is opened again finds them."""

from datetime import datetime

from bot.domain.chats import Channel
from bot.domain.ids import Now


class FakeHandles:
    """Implements `bot.ports.Handles`."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._kept: dict[tuple[Channel, str, str], tuple[str, datetime]] = {}

    async def keep(
        self, channel: Channel, bot: str, message: str, handle: str, until: datetime
    ) -> None:
        self._kept[channel, bot, message] = (handle, until)

    async def find(self, channel: Channel, bot: str, message: str) -> str | None:
        handle, until = self._kept.get((channel, bot, message), ("", self._now()))
        return handle if until > self._now() else None
