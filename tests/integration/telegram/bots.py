"""Our bot at a stand-in Bot API, and how tests speak of it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from adapters.telegram.bot import TelegramBot, open_telegram
from adapters.telegram.settings import TelegramSettings
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.incoming import Incoming, Reply
from bot.ports import Hear
from tests.fakes.conversation import MemoryJournal
from tests.fakes.meter import FakeMeter
from tests.standins.bot_api import BotApi, Chat, Person

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)


@asynccontextmanager
async def our_bot(
    api: BotApi,
    meter: FakeMeter | None = None,
    asked: list[Address] | None = None,
    **settings: Any,
) -> AsyncIterator[TelegramBot]:
    async def may_send(address: Address) -> None:
        if asked is not None:
            asked.append(address)

    public_url = str(settings.pop("public_url", ""))
    async with open_telegram(
        TelegramSettings(token=api.token, api_url=api.url, **settings),
        now=lambda: NOW,
        chance=random.Random(1),
        meter=meter or FakeMeter(),
        may_send=may_send,
        public_url=public_url,
    ) as bot:
        await bot.listener.begin()
        yield bot


@asynccontextmanager
async def listening(bot: TelegramBot, hear: Hear, journal: MemoryJournal) -> AsyncIterator[None]:
    """The bot, answering in the background."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bot.listener.listen(hear, journal))
        try:
            yield
        finally:
            task.cancel()


def address(chat: Chat | Person, thread: int | None = None) -> Address:
    return Address(
        channel=Channel.TELEGRAM,
        bot="1234567890",
        chat=str(chat.id),
        thread=str(thread) if thread else "",
    )


def says(*titles: str) -> Callable[[Incoming], list[Reply]]:
    return lambda said: [Reply(card=Card(title=title)) for title in titles]
