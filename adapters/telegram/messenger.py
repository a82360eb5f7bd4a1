"""Cards, shown on Telegram."""

from datetime import datetime

from adapters.chat.faults import after_part
from adapters.telegram.api import TelegramChats
from adapters.telegram.faults import MESSAGE_GONE
from adapters.telegram.render import photo, rendered
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Attempt, Declined, Repeats, Sent
from bot.domain.ids import Now


class TelegramMessenger:
    """Implements `ports.Messenger`."""

    channel = Channel.TELEGRAM

    def __init__(self, chats: TelegramChats, bot: str, now: Now, repeats: Repeats) -> None:
        self._chats = chats
        self._now = now
        self.bot = bot
        self.repeats = repeats

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        """Show a card.

        One that needs several messages is Sent once all are; when a later one fails the card
        is Unknown, since some of it shows already. Its picture comes after its words, if it can.
        """
        parts = rendered(card, self._now())
        before = int(replies_to) if replies_to is not None and replies_to.isdecimal() else None
        for number, part in enumerate(parts):
            attempt = await self._chats.show(address, part, before if number == 0 else None)
            if not isinstance(attempt, Sent):
                return after_part(attempt, number, len(parts))
        if card.picture is not None:
            await self._chats.illustrate(address, photo(card.picture))
        return attempt

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        if not message.isdecimal():
            return Declined(reason=MESSAGE_GONE)
        part = rendered(card, self._now())[-1]
        return await self._chats.amend(address, int(message), part)
