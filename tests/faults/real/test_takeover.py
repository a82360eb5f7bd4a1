"""Real processes that share a PostgreSQL: killed, stopped past the lease, with wrong clocks."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.app.sources import new_id, now
from bot.domain.deliveries import State
from storage import Store, open_store
from tests.contract.platforms import Person, Simulated, simulated
from tests.e2e.processes import Tradebell, digits_in, sign_in, tradebell
from tests.harness.databases import connected
from tests.standins.bot_api import BotApi
from tests.standins.faults import Hold

TAKEN_WITHIN = 5.0
"""Seconds from the end of the one that works to the right of the next one."""

LAG = 1.0
"""What a machine that does other things too may add."""

PATIENCE = 30.0

Start = Callable[..., AbstractAsyncContextManager[Tradebell]]


@pytest.fixture
async def platform() -> AsyncIterator[Simulated]:
    async with simulated() as served:
        yield served


@pytest.fixture
async def bot_api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
async def alice(platform: Simulated) -> Person:
    return await platform.add_user(name="Alice")


@pytest.fixture
async def store(postgres_without_rows: str, secret_key: str) -> AsyncIterator[Store]:
    async with open_store(postgres_without_rows, [secret_key], now, new_id) as opened:
        yield opened


@pytest.fixture
def process(
    tmp_path: Path,
    platform: Simulated,
    bot_api: BotApi,
    postgres_without_rows: str,
    secret_key: str,
) -> Start:
    """A process of that name, in a folder of its own, with the database of all."""

    def start(name: str, skew: int = 0) -> AbstractAsyncContextManager[Tradebell]:
        return tradebell(
            tmp_path / name,
            platform.url,
            bot_api.url,
            bot_api.token,
            None,
            ("-m", "tests.faults.real.skewed", str(skew)),
            DATABASE_URL=postgres_without_rows,
            SECRET_KEY=secret_key,
            TELEGRAM_CHAT_RATE="0",
            TELEGRAM_RATE="0",
            LOG_FORMAT="json",
        )

    return start


async def link(api: BotApi, alice: Person) -> None:
    ann = api.world.person("Ann")
    ann.types("/link")
    message = await api.world.message_where(lambda one: "/link/" in one.text, within=PATIENCE)
    address = next(word for word in message.text.split() if "/link/" in word)
    ann.types(digits_in(await sign_in(address, email=alice.email, password=alice.password)))
    await api.world.message_where(lambda one: "Linked to" in one.text, within=PATIENCE)


async def trade(platform: Simulated, number: int, alice: Person) -> None:
    bot = f"bot-{number}"  # many of one would be told in one message
    record = {"side": "buy", "symbol": "BTC/USDT", "amount": number, "price": 42400}
    await platform.add("trades", {**record, "traderId": bot}, alice.id)


def bought(api: BotApi) -> list[int]:
    """The numbers of the trades that the phone shows, as they came."""
    lines = [line for one in api.world.messages for line in one.text.splitlines()]
    return [int(line.split("Bought ")[1].split()[0]) for line in lines if "Bought" in line]


async def shows(api: BotApi, number: int) -> None:
    await api.world.until(lambda: number in bought(api), within=PATIENCE)


async def epoch(url: str) -> int:
    """How often the right to work has changed hands."""
    async with connected(url) as connection:
        return int(await connection.fetchval("SELECT epoch FROM lease WHERE name = 'work'"))


async def taken_over(url: str, before: int) -> None:
    async with asyncio.timeout(PATIENCE), connected(url) as connection:
        while True:
            asked = "SELECT epoch FROM lease WHERE name = 'work'"
            if await connection.fetchval(asked) > before:
                return
            await asyncio.sleep(0.02)


async def sent(store: Store) -> int:
    return (await store.outbox.counts())[State.SENT]


async def in_flight(url: str) -> int:
    async with connected(url) as connection:
        asked = "SELECT count(*) FROM delivery WHERE state = 'sending'"
        return int(await connection.fetchval(asked))


async def nothing_is_in_flight(url: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while await in_flight(url):  # noqa: ASYNC110 another process ends it
            await asyncio.sleep(0.05)


async def test_when_the_one_that_works_is_killed_the_next_works_within_five_seconds(
    process: Start,
    platform: Simulated,
    bot_api: BotApi,
    alice: Person,
    store: Store,
    postgres_without_rows: str,
):
    async with process("first") as first:
        await link(bot_api, alice)
        async with process("second"):
            await trade(platform, 1, alice)
            await shows(bot_api, 1)
            before = await epoch(postgres_without_rows)

            await first.kill()
            killed_at = time.monotonic()
            await trade(platform, 2, alice)
            await taken_over(postgres_without_rows, before)
            took = time.monotonic() - killed_at
            await trade(platform, 3, alice)
            await shows(bot_api, 3)

    assert took < TAKEN_WITHIN + LAG
    assert bought(bot_api) == [1, 2, 3]


@pytest.mark.fault(60)
async def test_a_process_that_is_stopped_past_its_lease_sends_and_stores_nothing_when_it_goes_on(
    process: Start,
    platform: Simulated,
    bot_api: BotApi,
    alice: Person,
    store: Store,
    postgres_without_rows: str,
):
    async with process("first") as first:
        await link(bot_api, alice)
        await trade(platform, 1, alice)
        await shows(bot_api, 1)
        async with process("second"):
            before = await epoch(postgres_without_rows)
            # A message is on its way when it is stopped, and it has others to send after that.
            on_its_way = Hold()
            bot_api.fail(on_its_way, method="sendMessage")
            for number in range(2, 6):
                await trade(platform, number, alice)
            await on_its_way.reached(within=PATIENCE)
            first.process.send_signal(signal.SIGSTOP)
            on_its_way.release()
            await taken_over(postgres_without_rows, before)
            await trade(platform, 6, alice)
            await shows(bot_api, 6)
            await nothing_is_in_flight(postgres_without_rows)
            stored = await sent(store)
            first.process.send_signal(signal.SIGCONT)
            async with asyncio.timeout(PATIENCE):
                code = await first.process.wait()
            await trade(platform, 7, alice)
            await shows(bot_api, 7)
            await nothing_is_in_flight(postgres_without_rows)
            stored_since = await sent(store) - stored

    assert code == 1
    assert bought(bot_api) == [1, 2, 2, 3, 4, 5, 6, 7]
    assert stored_since == 1


@pytest.mark.fault(61)
@pytest.mark.parametrize("minutes", [5, -5])
async def test_of_processes_whose_clocks_are_far_apart_one_works_and_the_next_after_it(
    process: Start,
    platform: Simulated,
    bot_api: BotApi,
    alice: Person,
    postgres_without_rows: str,
    minutes: int,
):
    async with process("first") as first:
        await link(bot_api, alice)
        before = await epoch(postgres_without_rows)
        async with process("second", minutes * 60):
            await trade(platform, 1, alice)
            await shows(bot_api, 1)
            await asyncio.sleep(2 * TAKEN_WITHIN)
            stood_by = await epoch(postgres_without_rows) == before

            await first.kill()
            killed_at = time.monotonic()
            await taken_over(postgres_without_rows, before)
            took = time.monotonic() - killed_at
            await trade(platform, 2, alice)
            await shows(bot_api, 2)

    assert stood_by
    assert took < TAKEN_WITHIN + LAG
    assert bought(bot_api) == [1, 2]
