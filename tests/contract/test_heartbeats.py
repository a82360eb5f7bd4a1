"""A session outlives heartbeats and notices a silent platform, on FeathersJS 4 as on 5."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.cryptorobot.client import CryptorobotPlatform, open_platform
from adapters.cryptorobot.session import CryptorobotSession
from adapters.cryptorobot.settings import PlatformSettings
from bot.domain.accounts import Credential, PasswordLogin
from bot.domain.events import Trade
from bot.errors import ConnectionLost, NeedsLogin, SocketRefused
from tests.contract.platforms import Feathers, FeathersProcess, Person, feathers, feathers_process

HEARTBEAT = {"pingInterval": 500, "pingTimeout": 1500}
"""Milliseconds. Without any, a connection lasts for both together."""

LIFE = 4.5
"""Seconds: more than twice that."""

PATIENCE = 20


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the platforms live in real time


@pytest.fixture(params=["node_modules", "node_modules_4"], ids=["feathers", "feathers4"])
def process(request: pytest.FixtureRequest) -> Iterator[FeathersProcess]:
    with feathers_process(request.getfixturevalue(request.param), HEARTBEAT) as process:
        yield process


@pytest.fixture
async def server(process: FeathersProcess) -> AsyncIterator[Feathers]:
    async with feathers(process) as server:
        yield server


@pytest.fixture
async def client(server: Feathers) -> AsyncIterator[CryptorobotPlatform]:
    async with open_platform(PlatformSettings(url=server.url), now) as client:
        yield client


async def token_of(client: CryptorobotPlatform, person: Person) -> Credential:
    login = PasswordLogin(email=person.email, password=person.password)
    return (await client.log_in(login)).credential


async def amounts(session: CryptorobotSession, count: int) -> list[int]:
    heard: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(heard) < count:
            live = await session.receive()
            heard += [int(one.amount or 0) for one in live.events if isinstance(one, Trade)]
    return heard


async def test_a_session_outlives_many_heartbeats_on_one_connection(
    server: Feathers, client: CryptorobotPlatform
):
    person = await server.add_user()
    session = client.session(await token_of(client, person), "pro")
    await session.connect()

    await server.add("trades", {"symbol": "BTC/USDT", "amount": 1}, person.id)
    before = await amounts(session, 1)
    await asyncio.sleep(LIFE)
    for number in (2, 3):
        await server.add("trades", {"symbol": "BTC/USDT", "amount": number}, person.id)
    after = await amounts(session, 2)
    bots = await session.traders()
    connected, connections = session.connected, await server.connections()
    await session.close()

    assert (before, after, bots) == ([1], [2, 3], ())
    assert connected
    assert connections == 1


async def test_a_platform_that_falls_silent_is_noticed(
    process: FeathersProcess, server: Feathers, client: CryptorobotPlatform
):
    person = await server.add_user()
    session = client.session(await token_of(client, person), "pro")
    await session.connect()
    began = asyncio.get_running_loop().time()

    process.signal(signal.SIGSTOP)
    try:
        with pytest.raises(ConnectionLost):
            await amounts(session, 1)
    finally:
        process.signal(signal.SIGCONT)
    lasted = asyncio.get_running_loop().time() - began
    await session.connect()
    await server.add("trades", {"symbol": "BTC/USDT", "amount": 1}, person.id)
    heard = await amounts(session, 1)
    await session.close()

    assert lasted < PATIENCE / 2
    assert heard == [1]


@pytest.mark.parametrize("process", ["node_modules_4"], indirect=True)
async def test_version_4_says_nothing_when_a_login_ends_and_refuses_what_follows(
    server: Feathers, client: CryptorobotPlatform
):
    person = await server.add_user(token_life=timedelta(seconds=2))
    session = client.session(await token_of(client, person), "pro")
    await session.connect()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.5):
            await session.receive()
    with pytest.raises(NeedsLogin):
        await session.strategies()
    with pytest.raises(NeedsLogin):
        await session.connect()
    await session.close()


@pytest.mark.parametrize("process", ["node_modules_4"], indirect=True)
async def test_version_4_refuses_a_socket_in_plain_words(
    server: Feathers, client: CryptorobotPlatform
):
    person = await server.add_user()
    session = client.session(await token_of(client, person), "pro")
    await server.refuse_sockets(True)

    with pytest.raises(SocketRefused, match="Too many connections"):
        await session.connect()
    await session.close()
