"""The pages of a real process attacked: rows 73 and 74 of the fault matrix."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.app.process import raise_descriptor_limit
from tests.contract.platforms import Simulated, simulated
from tests.e2e.processes import Tradebell, tradebell
from tests.faults.real.test_process import bought, link, trade
from tests.standins.bot_api import BotApi

DESCRIPTORS = 1_024
STRANGERS = 1_200

LOG_LIMIT = 100_000
"""Bytes of log that an attack may cost in a few seconds."""


@pytest.fixture
async def platform() -> AsyncIterator[Simulated]:
    async with simulated() as served:
        yield served


@pytest.fixture
async def bot_api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@asynccontextmanager
async def strangers(running: Tradebell, head: bytes) -> AsyncIterator[None]:
    """So many connections that began to say something, for as long as they are let."""
    raise_descriptor_limit()  # they are ours, too
    at = urlsplit(running.url)
    async with AsyncExitStack() as stack:
        for _ in range(STRANGERS):
            _, writer = await asyncio.open_connection(at.hostname, at.port)
            stack.callback(writer.close)
            writer.write(head)
        yield


@pytest.mark.fault(73)
@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"GET /readyz HTTP/1.1\r\nHost: b",
        b"POST /link/x HTTP/1.1\r\nHost: b\r\nContent-Length: 900\r\n\r\nemail=",
        b"nonsense\r\n\r\n",
    ],
    ids=["nothing", "half a head", "half a body", "no request"],
)
async def test_a_thousand_half_sent_requests_keep_no_alert_and_no_question_waiting(
    tmp_path: Path, platform: Simulated, bot_api: BotApi, half: bytes
):
    alice = await platform.add_user(name="Alice")
    at = platform.url, bot_api.url, bot_api.token
    async with tradebell(tmp_path / "data", *at, DESCRIPTORS) as running:
        await link(bot_api, alice)
        before = running.log.stat().st_size

        async with strangers(running, half):
            began = time.monotonic()
            await platform.add("trades", trade(1), alice.id)
            async with aiohttp.ClientSession() as http, asyncio.timeout(3):
                assert (await http.get(f"{running.url}/readyz")).status == 200
            await bot_api.world.until(lambda: bought(bot_api) == [1], within=15)
            took = time.monotonic() - began
            written = running.log.stat().st_size - before

        assert await running.stop() == 0
    assert took < 10
    assert written < LOG_LIMIT


@pytest.mark.fault(74)
async def test_compressed_bodies_cost_no_time(tmp_path: Path, platform: Simulated, bot_api: BotApi):
    bomb = gzip.compress(bytes(200_000_000), 9)
    at = platform.url, bot_api.url, bot_api.token
    async with tradebell(tmp_path / "data", *at) as running, aiohttp.ClientSession() as http:

        async def send(path: str) -> int:
            headers = {"Content-Encoding": "gzip"}
            async with http.post(f"{running.url}{path}", data=bomb, headers=headers) as answer:
                return answer.status

        used_before = processor_seconds(running)
        paths = ["/link/x", "/nowhere", "/readyz"] * 10
        async with asyncio.TaskGroup() as group:
            sent = [group.create_task(send(path)) for path in paths]
        used = processor_seconds(running) - used_before

    assert {task.result() for task in sent} == {415}
    assert used < 3  # inflating these takes more than ten


def processor_seconds(running: Tradebell) -> float:
    """Source: proc_pid_stat(5)"""
    text = Path(f"/proc/{running.process.pid}/stat").read_text()
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / 100
