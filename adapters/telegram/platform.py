"""Telegram, as one of the chat platforms that the product opens and looks at."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from adapters.chat.exchange import NoAnswer
from adapters.telegram.bot import TelegramBot, open_telegram
from adapters.telegram.faults import REASONS
from adapters.telegram.settings import TelegramSettings
from adapters.telegram.transport import TelegramRefusal
from bot.domain.chats import Address
from bot.domain.commands import Spec
from bot.errors import Refused
from bot.ports import Handles, Journal
from bot.services.chat_platforms import Around, ChatBot, pace, wait_for_rate, wait_for_rate_of_bot
from bot.services.pace import Pace


class Telegram:
    """Implements `chats.ChatPlatform`."""

    reasons = REASONS

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings

    @property
    def exposed(self) -> str | None:
        if not self._settings.exposed:
            return None
        return "the bot's token travels unencrypted: use https in TRADEBELL_TELEGRAM_API_URL"

    @asynccontextmanager
    async def open(
        self, around: Around, journal: Journal, handles: Handles
    ) -> AsyncIterator[ChatBot]:
        its = pace(self._settings.rate, self._settings.rate_of)
        async with self._bot(around, its) as bot:
            listener = bot.listener

            async def show_menu(address: Address, specs: Sequence[Spec] | None) -> None:
                await wait_for_rate_of_bot(its)
                await bot.show_menu(address, specs)

            yield ChatBot(
                messenger=bot.messenger,
                readership=bot.readership,
                topics=bot.topics,
                pace=its,
                show_menu=show_menu,
                begin=listener.begin,
                listen=lambda hear, _: listener.listen(hear, journal),
                webhooks={listener.webhook_path: listener} if self._settings.webhook else {},
                trouble=lambda: f"Telegram: {listener.trouble}." if listener.trouble else None,
            )

    async def look(self, around: Around) -> str:
        its = pace(self._settings.rate, self._settings.rate_of)
        async with self._bot(around, its) as bot:
            await bot.listener.begin()
            try:
                await bot.listener.introduce()
            except (TelegramRefusal, NoAnswer) as failure:
                raise Refused(
                    f"{self._settings.api_url} cannot be used now ({failure}): see whether"
                    " TRADEBELL_TELEGRAM_API_URL is right and this machine has a way there."
                ) from failure
            return f"{self._settings.api_url}: the token opens bot {bot.messenger.bot}"

    def _bot(self, around: Around, its: Pace) -> AbstractAsyncContextManager[TelegramBot]:
        return open_telegram(
            self._settings,
            now=around.now,
            chance=around.chance,
            meter=around.meter,
            may_send=partial(wait_for_rate, its),
            public_url=around.public_url,
        )
