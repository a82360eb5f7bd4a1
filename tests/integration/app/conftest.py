"""The whole product in this process, between a simulated platform and a stand-in Bot API."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.simulator import Options, SimulatedPlatform, User, object_ids, serving
from bot.app.running import run
from bot.app.sources import now
from bot.domain.ids import Now
from bot.settings import Settings, read
from tests.e2e.processes import digits_in, free_port, sign_in
from tests.standins.bot_api import BotApi, Person


@dataclass(frozen=True, slots=True)
class Simulated:
    """A platform on loopback with one account and one bot."""

    url: str
    platform: SimulatedPlatform
    alice: User
    owl: str

    async def trade(self, number: int) -> None:
        """One that is told as `Bought <number> BTC`."""
        await self.platform.add(
            "trades",
            {
                "side": "buy",
                "symbol": "BTC/USDT",
                "amount": number,
                "price": 42400,
                "traderId": self.owl,
            },
            self.alice.id,
        )

    async def alarm(self, text: str) -> None:
        """One that offers to pause the bot."""
        report = {"type": "error", "message": text, "traderId": self.owl}
        await self.platform.add("traders/pods/events", report, self.alice.id)


@pytest.fixture
async def simulated() -> AsyncIterator[Simulated]:
    chance = random.Random(1)
    platform = SimulatedPlatform(Options(), now, object_ids(now, chance), chance)
    alice = platform.add_user(name="Alice")
    owl = await platform.add("traders", {"name": "Night Owl", "running": True}, alice.id)
    async with serving(platform) as url:
        yield Simulated(url, platform, alice, str(owl["_id"]))


@pytest.fixture
async def bot_api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
def ann(bot_api: BotApi) -> Person:
    return bot_api.world.person("Ann")


@pytest.fixture
def settings(tmp_path: Path, simulated: Simulated, bot_api: BotApi) -> Callable[..., Settings]:
    """Makes settings; what is given counts more than what a test usually wants."""

    def made(**given: str) -> Settings:
        usual = {
            "DATA_DIR": str(tmp_path),
            "PLATFORM_URL": simulated.url,
            "TELEGRAM_TOKEN": bot_api.token,
            "TELEGRAM_API_URL": bot_api.url,
            "TELEGRAM_CHAT_RATE": "0",
            "LISTEN": f"127.0.0.1:{free_port()}",
            "METRICS_LISTEN": f"127.0.0.1:{free_port()}",
        }
        return read({f"TRADEBELL_{name}": value for name, value in (usual | given).items()})

    return made


@dataclass(frozen=True, slots=True)
class Running:
    """`bot.app.running.run` at work."""

    settings: Settings
    stopping: asyncio.Event
    task: asyncio.Task[None]

    async def asked(self, path: str) -> tuple[int, str]:
        """The status and text of one of our pages, or of the figures."""
        web = self.settings.web
        url = f"http://{web.metrics if path == '/metrics' else web.listen}{path}"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            return answer.status, await answer.text()

    async def becomes(
        self, path: str, wanted: Callable[[int, str], Any], within: float = 20
    ) -> str:
        """Wait until a page is as wanted."""
        async with asyncio.timeout(within):
            while True:
                status, text = await self.asked(path)
                if wanted(status, text):
                    return text
                await asyncio.sleep(0.05)

    async def stop(self, within: float = 10) -> float:
        """Ask it to end; gives how many seconds it took."""
        clock = asyncio.get_running_loop().time
        began = clock()
        self.stopping.set()
        async with asyncio.timeout(within):
            await self.task
        return clock() - began


@asynccontextmanager
async def running(settings: Settings, now: Now = now) -> AsyncIterator[Running]:
    """Run the product until the block ends."""
    stopping, ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(settings, stopping, ready=ready.set, now=now))
        async with asyncio.timeout(20):
            await ready.wait()
        try:
            yield Running(settings, stopping, task)
        finally:
            stopping.set()


async def linked(running: Running, api: BotApi, friend: Person, user: User) -> None:
    """Go through the whole linking, until the account's feed is live."""
    friend.types("/link")
    message = await api.world.message_where(lambda one: "/link/" in one.text, within=15)
    address = next(word for word in message.text.split() if "/link/" in word)
    page = await sign_in(address, email=user.email, password=user.password)
    friend.types(digits_in(page))
    await api.world.message_where(lambda one: "Linked to" in one.text, within=15)
    await running.becomes("/metrics", lambda _, text: 'tradebell_feeds{state="live"} 1.0' in text)


def bought(api: BotApi) -> list[int]:
    """The numbers of the trades that were told, in order."""
    lines = [line for message in api.world.messages for line in message.text.splitlines()]
    return [int(line.split("Bought ")[1].split()[0]) for line in lines if "Bought " in line]
