"""What people are answered with on Telegram, and how it is shown."""

import asyncio
import logging
from datetime import timedelta
from functools import partial

from adapters.chat.replies import ChatLocks, MaySend, Shown, send_with_retry, typing
from adapters.telegram.api import TelegramChats
from adapters.telegram.asides import Aside
from adapters.telegram.render import TelegramMessage, photo, rendered
from bot.domain import marks
from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.deliveries import Attempt
from bot.domain.ids import Now
from bot.domain.incoming import Incoming, Reply
from bot.ports import Hear
from bot.texts.groups import alone
from bot.texts.language import speaking

log = logging.getLogger(__name__)

TOAST_WAIT = timedelta(seconds=0.3)
"""How long a press waits for words to be answered with; a spinner shows meanwhile."""

TYPING_AGAIN = timedelta(seconds=4)
"""It shows for five seconds. Source: https://core.telegram.org/bots/api#sendchataction"""


class TelegramAnswering:
    """Shows what there is to answer, in the order it comes."""

    def __init__(self, chats: TelegramChats, now: Now, may_send: MaySend) -> None:
        self._chats = chats
        self._now = now
        self._may_send = may_send
        self._locks = ChatLocks()

    async def answer_press(self, query: str, toast: "Toast") -> None:
        """Answer a press itself: with words that come in time, or else with none."""
        toast.end(await self._chats.answer(query, await toast.words(TOAST_WAIT)))

    async def reply_to(
        self,
        hear: Hear,
        said: Incoming,
        message: int | None,
        toast: "Toast | None",
        aside: Aside | None = None,
    ) -> None:
        """Answer what was said, in the chat where it was.

        Args:
            message: what a press was under.
            toast: takes the first words, if it is a press.
            aside: what was said so that nobody else reads the answer.
        """
        async with typing(partial(self._chats.type, said.place.address), TYPING_AGAIN) as stop:
            async for reply in hear(said):
                stop()
                with speaking(reply.language, reply.zone):
                    await self._reply(said, message, reply, toast, aside)

    async def _reply(
        self,
        said: Incoming,
        message: int | None,
        reply: Reply,
        toast: "Toast | None",
        aside: Aside | None,
    ) -> None:
        card, answered = reply.card, None
        if reply.toast:
            told = (
                toast is not None and toast.offer(marks.shown(reply.toast)) and await toast.told()
            )
            if not told and card is None and not reply.passing:
                # In answer to the card that was pressed: it may stand far above by now.
                card, answered = Card(title=reply.toast), message
        if card is None:
            return
        async with self._locks.of(said.place.address.chat):
            if aside is not None:
                await self._whisper(said.place.address, card, aside, replaces=reply.replaces)
                return
            replaced = message if reply.replaces else None
            shown = await self._show(said.place.address, card, replaced, answered)
        if shown is not None and reply.shown is not None:
            await reply.shown(shown)

    async def _show(
        self, asked_in: Address, card: Card, replaced: int | None, answered: int | None
    ) -> str | None:
        """Gives the id of the card's last message; `None` if it may not show."""
        shown: Shown | None = None
        for part in rendered(card, self._now()):
            show = partial(self._show_part, part, replaced, answered)
            shown = await send_with_retry(
                show, asked_in, self._may_send, freely=replaced is not None
            )
            replaced = answered = None
        if card.picture is not None and shown is not None:
            await self._may_send(shown.address)
            await self._chats.illustrate(shown.address, photo(card.picture))
        return None if shown is None else shown.message

    async def _whisper(self, address: Address, card: Card, aside: Aside, *, replaces: bool) -> None:
        """Show a card to one person alone: of it nothing stays that could be changed later."""
        for part in rendered(card, self._now()):
            show = partial(self._chats.whisper, aside=aside, message=part, replaces=replaces)
            if await send_with_retry(show, address, self._may_send, freely=replaces) is None:
                say = partial(self._chats.show, message=rendered(alone(), self._now())[0])
                await send_with_retry(say, address, self._may_send)
                return
            replaces = False

    async def _show_part(
        self, part: TelegramMessage, replaced: int | None, answered: int | None, address: Address
    ) -> Attempt:
        if replaced is None:
            return await self._chats.show(address, part, answered=answered)
        return await self._chats.change(address, replaced, part)


class Toast:
    """The words that a press is answered with, if they come in time."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._words: asyncio.Future[str] = loop.create_future()
        self._told: asyncio.Future[bool] = loop.create_future()

    def offer(self, words: str) -> bool:
        """Whether they come in time."""
        if self._words.done():
            return False
        self._words.set_result(words)
        return True

    async def words(self, within: timedelta) -> str:
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self._words
        except TimeoutError:
            return ""

    def end(self, told: bool) -> None:
        self._told.set_result(told)

    async def told(self) -> bool:
        """Whether Telegram took them: it does not when the press is some minutes old."""
        return await self._told
