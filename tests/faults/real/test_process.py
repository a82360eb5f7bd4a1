"""A real process under load: ended by a signal, and started without its key."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.app.sources import new_id, now
from bot.domain.deliveries import PENDING, State
from bot.settings import keys_in
from storage import Store, open_store
from tests.contract.platforms import Person, Simulated, simulated
from tests.e2e.processes import digits_in, environment, free_port, sign_in, tradebell
from tests.standins.bot_api import BotApi
from tests.standins.faults import Slow

MANY = 20


@pytest.fixture
async def platform() -> AsyncIterator[Simulated]:
    async with simulated() as served:
        yield served


@pytest.fixture
async def bot_api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


async def link(api: BotApi, alice: Person) -> None:
    """Ann links her chat to Alice's account."""
    ann = api.world.person("Ann")
    ann.types("/link")
    message = await api.world.message_where(lambda one: "/link/" in one.text, within=15)
    address = next(word for word in message.text.split() if "/link/" in word)
    ann.types(digits_in(await sign_in(address, email=alice.email, password=alice.password)))
    await api.world.message_where(lambda one: "Linked to" in one.text, within=15)


def trade(number: int) -> dict[str, object]:
    """Of a bot that makes no other, so that it is told by itself however many come."""
    bot = f"bot-{number}"
    return {"side": "buy", "symbol": "BTC/USDT", "amount": number, "price": 42400, "traderId": bot}


def bought(api: BotApi) -> list[int]:
    """The numbers of the trades that the phone shows, as they came."""
    lines = [line for one in api.world.messages for line in one.text.splitlines()]
    return [int(line.split("Bought ")[1].split()[0]) for line in lines if "Bought" in line]


def opened(data: Path) -> AbstractAsyncContextManager[Store]:
    return open_store(f"sqlite:///{data / 'tradebell.db'}", keys_in(data), now, new_id)


async def counted(data: Path) -> dict[State, int]:
    """What the database of an ended process says."""
    async with opened(data) as store:
        return {state: count for state, count in (await store.outbox.counts()).items() if count}


@pytest.mark.fault(52)
async def test_a_process_that_is_told_to_end_under_load_leaves_nothing_half_done(
    tmp_path: Path, platform: Simulated, bot_api: BotApi
):
    alice = await platform.add_user(name="Alice")
    data, settings = tmp_path / "data", {"TELEGRAM_CHAT_RATE": "0", "TELEGRAM_RATE": "0"}
    async with tradebell(data, platform.url, bot_api.url, bot_api.token, **settings) as running:
        await link(bot_api, alice)
        bot_api.fail(Slow(seconds=0.1), method="sendMessage", times=None)
        for number in range(1, MANY + 1):
            await platform.add("trades", trade(number), alice.id)
        await bot_api.world.until(lambda: len(bought(bot_api)) >= 3, within=15)

        asked_at = time.monotonic()
        code = await running.stop()
        took = time.monotonic() - asked_at

    left = await counted(data)
    shown = len(bought(bot_api))
    assert code == 0
    assert took < 10
    assert 3 <= shown < MANY
    assert left[State.SENT] == shown
    assert {state for state in left if state in PENDING} == {State.READY}

    bot_api.heal()
    async with tradebell(data, platform.url, bot_api.url, bot_api.token, **settings) as again:
        await bot_api.world.until(lambda: len(bought(bot_api)) >= MANY, within=20)
        assert await again.stop() == 0
    assert bought(bot_api) == list(range(1, MANY + 1))
    assert (await counted(data))[State.SENT] == MANY


@pytest.mark.fault(64)
async def test_a_process_whose_key_is_lost_does_not_start_and_changes_nothing(tmp_path: Path):
    async with opened(tmp_path):
        pass
    key = (tmp_path / "secret.key").read_bytes()
    (tmp_path / "secret.key").unlink()

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env=environment({"DATA_DIR": str(tmp_path), "LISTEN": f"127.0.0.1:{free_port()}"}),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        _, err = await process.communicate()

    assert process.returncode == 2
    assert err.decode().startswith(f"The secret key {tmp_path}/secret.key is missing")
    assert not (tmp_path / "secret.key").exists()
    (tmp_path / "secret.key").write_bytes(key)
    async with opened(tmp_path):
        pass
