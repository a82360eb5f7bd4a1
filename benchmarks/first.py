"""The first alert after linking, after a cut and after a start, by a real FeathersJS server."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from cryptography.fernet import Fernet

from adapters.cryptorobot.client import open_platform
from adapters.cryptorobot.settings import PlatformSettings
from benchmarks.bots.tradebell import TOKEN, link
from benchmarks.children import Child, child
from benchmarks.figures import Report, median
from benchmarks.people import new_id, now
from benchmarks.world import ON_DISK, free_address
from bot.domain.accounts import Credential, CredentialKind
from storage import open_store
from tests.contract.platforms import Feathers, Person, feathers, feathers_process
from tests.fakes.messenger import FakeMessenger
from tests.harness.world import running

SERVER = Path(__file__).parents[1] / "tests" / "feathers"

ANSWER = 50
"""Milliseconds that the platform takes for each answer."""

LIMIT = 30.0
"""Seconds after which an alert that has not come is an error."""

WHOLE = 15.0
"""Seconds until an account's budget of requests is whole again."""

Seconds = float


async def measure(*, rounds: int = 7) -> Report:
    """Let a trade happen at the three moments when it is likeliest to come late.

    Each figure is the median of its rounds, each with an account of its own on the Free plan.
    """
    with feathers_process(SERVER) as process:
        async with feathers(process) as platform, child("benchmarks.standins.bot_api") as bot_api:
            await platform.answer_after(ANSWER)
            linked = [await _after_linking(platform) for _ in range(rounds)]
            cut, started = [], []
            for _ in range(rounds):
                after_start, after_cut = await _after_a_start_and_a_cut(platform, bot_api)
                started.append(after_start)
                cut.append(after_cut)
    figures = (
        f"{median(linked):.2f} s after linking, {median(cut):.2f} s after a cut,"
        f" {median(started):.2f} s after the process began"
    )
    return Report(
        line=f"first: the first alert {figures} (p50 of {rounds})",
        what=f"first alert, Free plan, a FeathersJS server that takes {ANSWER} ms an answer: p50",
        tradebell=figures,
        others="a redial's own random wait (up to 1 s) and Python's start are in it",
    )


async def _after_linking(platform: Feathers) -> Seconds:
    """From "Linked" to the call that shows a trade made then."""
    person = await platform.add_user(plan="free")
    await platform.add("traders", {"name": "Trader 1", **_READY}, person.id, announce=False)
    chat = FakeMessenger(now=now)
    with tempfile.TemporaryDirectory(prefix="tradebell-", dir=ON_DISK) as folder:
        url = f"sqlite+aiosqlite:///{folder}/tradebell.db"
        async with (
            open_store(url, (Fernet.generate_key().decode(),), now, new_id) as store,
            open_platform(PlatformSettings(url=platform.url), now) as client,
            running(store, client, chat, now) as world,
        ):
            await world.links(email=person.email, password=person.password)
            began = time.monotonic()
            await platform.add("trades", _trade(next(_NUMBERS)), person.id)
            await world.until(lambda: chat.shown, LIMIT)
            return time.monotonic() - began


async def _after_a_start_and_a_cut(platform: Feathers, bot_api: Child) -> tuple[Seconds, Seconds]:
    """From the process's birth to the request that shows what happened before, and from a cut to
    the one that shows what happened then.
    """
    person = await platform.add_user(plan="free")
    await platform.add("traders", {"name": "Trader 1", **_READY}, person.id, announce=False)
    with tempfile.TemporaryDirectory(prefix="tradebell-", dir=ON_DISK) as folder:
        environment = await _set_up(platform, bot_api, person, folder)
        async with _tradebell(environment):
            # The first look begins with 'now': only from here on something can be missed.
            number = next(_NUMBERS)
            await platform.add("trades", _trade(number), person.id)
            await _shown(bot_api, number)
        number = next(_NUMBERS)
        await platform.add("trades", _trade(number), person.id)
        began = time.monotonic_ns()
        async with _tradebell(environment):
            after_start = await _shown(bot_api, number) - began
            await asyncio.sleep(WHOLE)
            number, began = next(_NUMBERS), time.monotonic_ns()
            await platform.cut_sockets(person.id)
            await platform.add("trades", _trade(number), person.id)
            after_cut = await _shown(bot_api, number) - began
    return after_start / 1e9, after_cut / 1e9


async def _set_up(
    platform: Feathers, bot_api: Child, person: Person, folder: str
) -> dict[str, str]:
    """Link a chat of this person's, without the page; gives the settings of the process."""
    key = Fernet.generate_key().decode()
    credential = Credential(kind=CredentialKind.API_KEY, secret=person.api_key)
    url = f"sqlite+aiosqlite:///{folder}/tradebell.db"
    async with open_store(url, (key,), now, new_id) as store:
        await link(store, "first-1", person.id, credential)
    return {
        **os.environ,
        "TRADEBELL_PLATFORM_URL": platform.url,
        "TRADEBELL_TELEGRAM_API_URL": await bot_api.ask("url"),
        "TRADEBELL_TELEGRAM_TOKEN": TOKEN,
        "TRADEBELL_DATA_DIR": folder,
        "TRADEBELL_SECRET_KEY": key,
        "TRADEBELL_LISTEN": free_address(),
        "TRADEBELL_LOG_LEVEL": "error",
    }


@asynccontextmanager
async def _tradebell(environment: dict[str, str]) -> AsyncIterator[None]:
    """`tradebell run` as anybody starts it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def _shown(bot_api: Child, number: int) -> int:
    """When a trade's message was asked for, in ns."""
    async with asyncio.timeout(LIMIT):
        while True:
            for shown, _, at in await bot_api.ask("shown"):
                if shown == number:
                    return int(at)
            await asyncio.sleep(0.02)


def _trade(number: int) -> dict[str, object]:
    return {"side": "buy", "symbol": "BTC/USDT", "amount": 0.1, "price": number}


_NUMBERS = count(100_000)
"""Trades are told apart by their price, which has six digits."""

_READY = {"exchangeId": "exchange-1", "strategyId": "strategy-1", "running": True}
