"""Our bot on Discord, put together."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.chat.replies import MaySend
from adapters.discord.answering import DiscordAnswering
from adapters.discord.api import Answers, DiscordChats
from adapters.discord.handles import MessageHandles
from adapters.discord.listening import DiscordListener
from adapters.discord.messenger import DiscordMessenger
from adapters.discord.rhythm import USUAL, DiscordRhythm
from adapters.discord.servers import MayAsk, Servers
from adapters.discord.settings import DiscordSettings
from adapters.discord.topics import Threads
from adapters.discord.transport import DiscordHttp, open_http
from bot.domain.ids import Now
from bot.ports import Handles, Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordBot:
    """Our bot, in its two halves: what shows cards, and what hears people and answers them.

    `readership` tells who reads along in servers, `topics` makes threads.
    """

    messenger: DiscordMessenger
    listener: DiscordListener
    readership: Servers
    topics: Threads


async def _at_once() -> None:
    """For who keeps to no rate."""


@asynccontextmanager
async def open_discord(
    settings: DiscordSettings,
    handles: Handles,
    *,
    now: Now,
    chance: random.Random,
    meter: Meter,
    may_send: MaySend,
    may_ask: MayAsk = _at_once,
    rhythm: DiscordRhythm = USUAL,
    public_url: str = "",
) -> AsyncIterator[DiscordBot]:
    """Our bot; its listener is to be begun. For the arguments see `composed`."""
    clock = asyncio.get_running_loop().time
    async with open_http(settings.token, settings.api_url, clock) as http:
        yield composed(
            http,
            settings,
            handles,
            now=now,
            chance=chance,
            meter=meter,
            may_send=may_send,
            may_ask=may_ask,
            rhythm=rhythm,
            public_url=public_url,
        )


def composed(
    http: DiscordHttp,
    settings: DiscordSettings,
    handles: Handles,
    *,
    now: Now,
    chance: random.Random,
    meter: Meter,
    may_send: MaySend,
    may_ask: MayAsk,
    rhythm: DiscordRhythm = USUAL,
    public_url: str = "",
) -> DiscordBot:
    """Our bot, from its parts.

    Args:
        may_send: asked before every message that is no answer to an interaction; deliveries keep
            their own pace.
        may_ask: asked before each look at who is in a server.
        public_url: where Discord posts interactions, if the settings want that.
    """
    chats, answers = DiscordChats(http, settings.bot, rhythm.pages), Answers(http)
    ours = MessageHandles(handles, settings.bot, now)
    answering = DiscordAnswering(answers, chats, ours, may_send, rhythm.answer_within)
    return DiscordBot(
        messenger=DiscordMessenger(chats, answers, ours, settings.bot, now),
        listener=DiscordListener(http, answering, settings, chance, meter, rhythm, now, public_url),
        readership=Servers(http, asyncio.get_running_loop().time, may_ask, rhythm.fresh),
        topics=Threads(http, may_ask),
    )
