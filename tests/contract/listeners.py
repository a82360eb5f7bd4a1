"""Bots that listen, which contract tests run against, each with two people in direct chats."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn

from adapters.discord.bot import open_discord
from adapters.discord.settings import DiscordSettings
from adapters.telegram.bot import open_telegram
from adapters.telegram.settings import TelegramSettings
from bot.domain.chats import Address, Channel
from bot.ports import Hear, Messenger
from tests.fakes.conversation import MemoryJournal, Names
from tests.fakes.handles import FakeHandles
from tests.fakes.meter import FakeMeter
from tests.standins import bot_api
from tests.standins import discord as discord_api
from tests.standins.bot_api import BotApi
from tests.standins.bot_api import faults as bot_api_faults
from tests.standins.discord import DiscordApi
from tests.standins.discord import faults as discord_faults
from tests.standins.faults import Fault

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who talks with our bot; `titles` are of our messages that show in their chat."""

    id: str
    address: Address
    types: Callable[[str], object]
    presses: Callable[[str], object]
    reacts: Callable[[], object]
    """To our last message there."""
    takes_back: Callable[[], object]
    titles: Callable[[], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A bot that can listen, and the people.

    `fail` meets the next message of ours with a fault, `slow_down` one that asks for a second;
    `requests` counts messages that were asked for, `typing` how often we showed that an answer is
    being written. `asked` are the addresses of which it was asked whether an answer may go there.
    """

    name: str
    ann: Person
    bob: Person
    messenger: Messenger
    listening: Callable[[Hear], AbstractAsyncContextManager[None]]
    ready: Callable[[], Awaitable[object]]
    """Returns once what people say can be heard."""
    fail: Callable[[Fault], None]
    slow_down: Fault
    requests: Callable[[], int]
    typing: Callable[[], int]
    begin: Callable[[], Awaitable[None]]
    down: Callable[[], AbstractAsyncContextManager[object]]
    revoke: Callable[[], object]
    """End our token, and let the platform notice."""
    trouble: Callable[[], str | None]
    meter: FakeMeter
    asked: list[Address]


@asynccontextmanager
async def telegram() -> AsyncIterator[Talk]:
    meter, asked = FakeMeter(), list[Address]()

    async def may_send(address: Address) -> None:
        asked.append(address)

    async with (
        BotApi() as api,
        open_telegram(
            TelegramSettings(token=api.token, api_url=api.url),
            now=lambda: NOW,
            chance=random.Random(1),
            meter=meter,
            may_send=may_send,
        ) as bot,
    ):
        ann, bob = api.world.person("Ann"), api.world.person("Bob")

        def revoke() -> None:
            api.revoked = True
            bob.types("hello")  # ends the poll under way

        async def ready() -> None:
            """Telegram keeps what is said until it is fetched."""

        yield Talk(
            name="Telegram",
            ann=_on_telegram(ann, bot.messenger.bot),
            bob=_on_telegram(bob, bot.messenger.bot),
            messenger=bot.messenger,
            listening=lambda hear: _running(bot.listener.listen(hear, MemoryJournal())),
            ready=ready,
            fail=partial(api.fail, method="sendMessage"),
            slow_down=bot_api_faults.too_many_requests(1),
            requests=lambda: len(api.world.calls_of("sendMessage")),
            typing=lambda: len(api.world.calls_of("sendChatAction")),
            begin=bot.listener.begin,
            down=api.down,
            revoke=revoke,
            trouble=lambda: bot.listener.trouble,
            meter=meter,
            asked=asked,
        )


def _on_telegram(person: bot_api.Person, bot: str) -> Person:
    def ours() -> list[bot_api.Message]:
        return [one for one in person.chat.shown if one.sender != person.id]

    return Person(
        id=str(person.id),
        address=Address(channel=Channel.TELEGRAM, bot=bot, chat=str(person.id)),
        types=person.types,
        presses=lambda label: person.presses(ours()[-1], label),
        reacts=lambda: person.reacts(ours()[-1]),
        takes_back=lambda: person.reacts(ours()[-1], "", before="\U0001f44d"),
        titles=lambda: [one.text for one in ours()],
    )


@asynccontextmanager
async def discord() -> AsyncIterator[Talk]:
    meter, asked = FakeMeter(), list[Address]()

    async def may_send(address: Address) -> None:
        asked.append(address)

    async with (
        DiscordApi() as api,
        open_discord(
            DiscordSettings(token=api.token, api_url=api.url),
            FakeHandles(api.clock),
            now=api.clock,
            chance=random.Random(1),
            meter=meter,
            may_send=may_send,
        ) as bot,
    ):
        ann, bob = api.world.person("Ann"), api.world.person("Bob")
        yield Talk(
            name="Discord",
            ann=_on_discord(ann, bot.messenger.bot),
            bob=_on_discord(bob, bot.messenger.bot),
            messenger=bot.messenger,
            listening=lambda hear: _running(bot.listener.listen(hear, Names())),
            ready=api.gateway.connected,
            fail=partial(api.fail, route="create_message"),
            slow_down=discord_faults.too_many_requests(1),
            requests=lambda: len(api.world.calls_of("create_message")),
            typing=lambda: len(api.world.calls_of("type")),
            begin=bot.listener.begin,
            down=api.down,
            revoke=lambda: api.gateway.close(4004),
            trouble=lambda: bot.listener.trouble,
            meter=meter,
            asked=asked,
        )


def _on_discord(person: discord_api.Person, bot: str) -> Person:
    def ours() -> list[discord_api.Message]:
        return [one for one in person.screen() if one.embeds]

    return Person(
        id=str(person.id),
        address=Address(channel=Channel.DISCORD, bot=bot, chat=str(person.dm.id)),
        types=person.types,
        presses=lambda label: person.presses(ours()[-1], label),
        reacts=lambda: person.reacts(ours()[-1]),
        takes_back=lambda: person.takes_back(ours()[-1]),
        titles=lambda: [one.embeds[0]["title"] for one in ours()],
    )


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, NoReturn]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            yield
        finally:
            task.cancel()


Listening = Callable[[], AbstractAsyncContextManager[Talk]]

ALL: list[Listening] = [telegram, discord]
