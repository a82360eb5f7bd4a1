"""Our bot on Telegram, put together."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from adapters.chat.replies import MaySend
from adapters.telegram.answering import TelegramAnswering
from adapters.telegram.api import BotApi, TelegramChats
from adapters.telegram.commands import show_menu
from adapters.telegram.groups import Groups
from adapters.telegram.listening import TelegramListener
from adapters.telegram.messenger import TelegramMessenger
from adapters.telegram.settings import TelegramSettings
from adapters.telegram.topics import ForumTopics
from adapters.telegram.transport import BotApiRequest
from bot.domain.deliveries import ONE_MARKED_REPEAT, Repeats
from bot.domain.ids import Now
from bot.ports import Meter, ShowMenu


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramBot:
    """Our bot: what shows cards, what hears people and answers them, who reads in groups."""

    messenger: TelegramMessenger
    listener: TelegramListener
    show_menu: ShowMenu
    readership: Groups
    topics: ForumTopics


@asynccontextmanager
async def open_telegram(
    settings: TelegramSettings,
    *,
    now: Now,
    chance: random.Random,
    meter: Meter,
    may_send: MaySend,
    public_url: str = "",
) -> AsyncIterator[TelegramBot]:
    """Our bot; its listener is to be begun. For the arguments see `composed`."""
    request, polling = BotApiRequest(), BotApiRequest(connections=2)
    api = BotApi(
        settings.token,
        base_url=f"{settings.api_url}/bot",
        base_file_url=f"{settings.api_url}/file/bot",
        request=request,
        get_updates_request=polling,
    )
    async with request, polling:
        yield composed(
            api,
            settings,
            now=now,
            chance=chance,
            meter=meter,
            may_send=may_send,
            public_url=public_url,
        )


def composed(
    api: BotApi,
    settings: TelegramSettings,
    *,
    now: Now,
    chance: random.Random,
    meter: Meter,
    may_send: MaySend,
    public_url: str = "",
    repeats: Repeats = ONE_MARKED_REPEAT,
) -> TelegramBot:
    """Our bot, from its parts.

    Args:
        may_send: asked before every reply; deliveries keep their own pace.
        public_url: where the webhook is reached, if the settings want one.
    """
    chats = TelegramChats(api)
    answering = TelegramAnswering(chats, now, may_send)
    return TelegramBot(
        show_menu=partial(show_menu, api),
        messenger=TelegramMessenger(chats, settings.bot, now, repeats),
        listener=TelegramListener(api, answering, settings, chance, meter, public_url),
        readership=Groups(api, asyncio.get_running_loop().time),
        topics=ForumTopics(api),
    )
