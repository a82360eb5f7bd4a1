"""What only one person sees in a server: such messages change by the interaction's token alone."""

import json
import logging
from datetime import datetime, timedelta

from adapters.discord.updates import Handle
from bot.domain.chats import Channel
from bot.domain.ids import Now
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Handles

log = logging.getLogger(__name__)

HANDLE_LIFE = timedelta(minutes=15)
"""So long Discord takes changes by an interaction.

Source: https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
"""

SPARE = timedelta(minutes=1)
"""For the last change of a message to be made in time, and made again if it fails."""


class MessageHandles:
    """Messages of one bot that were shown in answer to an interaction, and can be changed by it."""

    def __init__(self, handles: Handles, bot: str, now: Now) -> None:
        self._handles = handles
        self._bot = bot
        self._now = now

    async def keep(self, message: str, handle: Handle) -> datetime:
        """Gives when the last change of the message is due."""
        until = self._now() + HANDLE_LIFE
        text = json.dumps([handle.id, handle.token, handle.application])
        try:
            await self._handles.keep(Channel.DISCORD, self._bot, message, text, until)
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("a card may not be changed later", extra={"reason": str(outage)})
        return until - SPARE

    async def find(self, message: str) -> Handle | None:
        """
        Raises:
            TryLater: the database is away.
        """
        text = await self._handles.find(Channel.DISCORD, self._bot, message)
        if text is None:
            return None
        id, token, application = json.loads(text)
        return Handle(id=id, token=token, application=application)


class NoHandles:
    """Implements `bot.ports.Handles` for a bot that answers nobody: nothing is kept, nor found."""

    async def keep(
        self, channel: Channel, bot: str, message: str, handle: str, until: datetime
    ) -> None:
        pass

    async def find(self, channel: Channel, bot: str, message: str) -> str | None:
        return None
