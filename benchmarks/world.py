"""The stand-ins of one run, and the bots that live among them."""

import asyncio
import itertools
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from benchmarks.bots import naive, reader, tradebell
from benchmarks.children import Child, child
from benchmarks.people import users

ON_DISK = "/var/tmp"
"""Where the store of a run lives: `/tmp` is memory on some systems, where a commit costs nothing.

Source: https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch05s15.html
"""

START_LIMIT = 120.0
"""Seconds until all of a bot's users must be connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot under measurement, in a process of its own."""

    name: str
    process: Child
    users: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    platform: Child
    platform_url: str
    bot_api: Child
    bot_api_url: str
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(100_000))
    """Trades are told apart by their price, which has six digits."""

    async def connected(self, bot: Bot, at_least: int | None = None) -> None:
        """Wait until the platform has seen so many of a bot's users log in, or all."""
        wanted = len(bot.users) if at_least is None else at_least

        async def condition() -> bool:
            return len(set(bot.users) & set(await self.platform.ask("online"))) >= wanted

        await _until(condition, bot.process)

    async def trade(self, bot: Bot, count: int, every: float = 0.0) -> dict[int, int]:
        """Let a bot's users trade in turn; gives when each trade's frame was sent, in ns."""
        first, *_ = itertools.islice(self.numbers, count)
        sent = await self.platform.ask(
            "trade", users=bot.users, first=first, count=count, every=every
        )
        return dict(sent)

    async def shown(self, awaited: Mapping[int, int], silence: float) -> dict[int, list[int]]:
        """When each of these trades was shown, in ns; waits until all were, or none was for so
        many seconds.
        """
        shown: dict[int, list[int]] = {number: [] for number in awaited}
        clock = asyncio.get_running_loop().time
        heard = clock()
        while not all(shown.values()) and clock() - heard < silence:
            await asyncio.sleep(0.1)
            for number, _, at in await self.bot_api.ask("shown"):
                shown[number].append(at)
                heard = clock()
        return shown


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    async with (
        child("benchmarks.standins.platform") as platform,
        child("benchmarks.standins.bot_api") as bot_api,
    ):
        yield World(
            platform=platform,
            platform_url=await platform.ask("url"),
            bot_api=bot_api,
            bot_api_url=await bot_api.ask("url"),
        )


@asynccontextmanager
async def naive_bot(
    world: World, accounts: int, *, at_least: int | None = None
) -> AsyncIterator[Bot]:
    """The naive bot with so many users, of whom `at_least` so many (`None`: all) are connected."""
    arguments = (world.platform_url, world.bot_api_url, str(accounts))
    async with child(naive.__name__, *arguments) as process:
        bot = Bot(name=naive.NAME, process=process, users=users(naive.NAME, accounts))
        await world.connected(bot, at_least)
        yield bot


@asynccontextmanager
async def bare_reader(world: World) -> AsyncIterator[Bot]:
    async with child(reader.__name__, world.platform_url) as process:
        bot = Bot(name=reader.NAME, process=process, users=users(reader.NAME, 1))
        await world.connected(bot)
        yield bot


@asynccontextmanager
async def tradebell_bot(
    world: World,
    accounts: int,
    *,
    at_least: int | None = None,
    profile: bool = False,
    checkout: Path | None = None,
) -> AsyncIterator[Bot]:
    """The product as it is run, with a new database and so many linked accounts, of which
    `at_least` so many (`None`: all) are connected; if all, they have also caught up.

    Another `checkout` of it needs a world of its own: its users are called alike.
    """
    with tempfile.TemporaryDirectory(prefix="tradebell-", dir=ON_DISK) as folder:
        metrics = free_address()
        arguments = (world.platform_url, world.bot_api_url, str(accounts), folder, metrics)
        options = (tradebell.PROFILE,) if profile else ()
        async with child(tradebell.__name__, *arguments, *options, checkout=checkout) as process:
            bot = Bot(name=tradebell.NAME, process=process, users=users(tradebell.NAME, accounts))
            await world.connected(bot, at_least)
            if at_least is None:
                await _until(partial(_are_live, metrics, accounts), process)
            yield bot


async def _until(condition: Callable[[], Awaitable[bool]], process: Child) -> None:
    async with asyncio.timeout(START_LIMIT):
        while not await condition():
            process.check()
            await asyncio.sleep(0.1)


async def _are_live(metrics: str, accounts: int) -> bool:
    """Whether so many feeds have caught up, by the product's own metrics."""
    wanted = f'tradebell_feeds{{state="live"}} {float(accounts)}\n'
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://{metrics}/metrics") as response,
        ):
            return wanted in await response.text()
    except aiohttp.ClientConnectorError:
        return False  # it has not started to listen yet


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"
