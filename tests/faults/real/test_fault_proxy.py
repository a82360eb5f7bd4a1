"""The proxy does to bytes what a test asks of it, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from tests.standins.fault_proxy import Connection, Cut, Delay, Drip, FaultProxy, Reset, Swallow, Way

PATIENCE = 5
"""Seconds that something which has to happen may take before a test gives up."""

A_WHILE = 0.05
"""Seconds in which something which must not happen would have happened."""


class Client:
    """A connection to a server that says back what it hears."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def says(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()

    async def hears(self, count: int) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(count)

    async def hears_to_the_end(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def hears_nothing(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(A_WHILE):
                await self.reader.read(1)
                return False
        return True


class Echo:
    """What the server saw of its connections: how each of them ended."""

    def __init__(self) -> None:
        self.ends: asyncio.Queue[str] = asyncio.Queue()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while heard := await reader.read(1024):
                writer.write(heard)
                await writer.drain()
            self.ends.put_nowait("ended")
        except ConnectionError:
            self.ends.put_nowait("broken")
        finally:
            writer.close()

    async def end(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return await self.ends.get()


Reach = Callable[[], Awaitable[Client]]
Talk = Callable[..., Awaitable[tuple[Client, Connection]]]


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with FaultProxy(f"http://127.0.0.1:{port}") as proxy:
            yield proxy


@pytest.fixture
async def reach(proxy: FaultProxy) -> AsyncIterator[Reach]:
    clients: list[Client] = []

    async def reach() -> Client:
        _, _, port = proxy.url.rpartition(":")
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", int(port))))
        return clients[-1]

    yield reach
    for client in clients:
        client.writer.transport.abort()


@pytest.fixture
def talk(proxy: FaultProxy, reach: Reach) -> Talk:
    async def talk(words: bytes = b"hello") -> tuple[Client, Connection]:
        """A connection over which something has gone there and back."""
        client = await reach()
        await client.says(words)
        assert await client.hears(len(words)) == words
        return client, proxy.open(words)[-1]

    return talk


async def test_without_a_fault_bytes_pass_both_ways_and_so_does_the_end(echo, talk):
    client, connection = await talk()

    client.writer.write_eof()

    assert await client.hears_to_the_end() == b""
    assert await echo.end() == "ended"
    assert connection.passed == {Way.UP: 5, Way.DOWN: 5}


async def test_a_cut_is_an_orderly_end_on_both_sides(echo, talk):
    client, connection = await talk()

    connection.impair(Cut())

    assert await client.hears_to_the_end() == b""
    assert await echo.end() == "ended"


async def test_a_reset_breaks_both_sides(echo, talk):
    client, connection = await talk()

    connection.impair(Reset())

    with pytest.raises(ConnectionResetError):
        await client.hears_to_the_end()
    assert await echo.end() == "broken"


async def test_a_cut_after_some_bytes_truncates_what_was_on_its_way(talk):
    client, connection = await talk()
    connection.impair(Cut(), Way.DOWN, after=4)

    await client.says(b"truncated")

    assert await client.hears_to_the_end() == b"trun"


async def test_a_reset_after_some_bytes_comes_in_the_middle_of_what_was_on_its_way(talk):
    client, connection = await talk()
    connection.impair(Reset(), Way.DOWN, after=4)

    await client.says(b"truncated")

    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await client.hears(9)
    assert connection.passed[Way.DOWN] == 5 + 4


@pytest.mark.parametrize("way", Way)
async def test_what_is_swallowed_vanishes_and_nobody_is_told(echo, way, talk):
    client, connection = await talk()
    connection.impair(Swallow(), way)

    await client.says(b"lost")

    assert await client.hears_nothing()
    assert connection.swallowed[way] == 4
    assert echo.ends.empty()


async def test_a_half_open_connection_hides_even_its_end(echo, talk):
    client, connection = await talk()
    connection.impair(Swallow())

    client.writer.transport.abort()
    await asyncio.sleep(A_WHILE)

    assert echo.ends.empty()
    assert not connection.ended


async def test_a_stream_with_a_hole_is_not_mended(proxy, talk):
    client, connection = await talk()
    connection.impair(Swallow(), Way.DOWN)
    await client.says(b"lost")
    assert await client.hears_nothing()

    proxy.heal()
    await client.says(b"lost too")

    assert await client.hears_nothing()


async def test_what_drips_arrives_whole_and_late(talk):
    client, connection = await talk()
    connection.impair(Drip(size=2, every=0.001), Way.DOWN)

    await client.says(b"drop by drop")

    assert await client.reader.read(100) == b"dr"
    assert await client.hears(10) == b"op by drop"


async def test_what_is_delayed_arrives_later_until_it_is_healed(talk):
    client, connection = await talk()
    connection.impair(Delay(2 * A_WHILE), Way.UP)

    await client.says(b"late")
    assert await client.hears_nothing()
    assert await client.hears(4) == b"late"

    connection.heal()
    await client.says(b"at once")
    async with asyncio.timeout(2 * A_WHILE):
        assert await client.hears(7) == b"at once"


async def test_new_connections_are_refused_on_demand_while_open_ones_stay(proxy, talk, reach):
    client, _ = await talk()

    async with proxy.refusing():
        with pytest.raises(ConnectionRefusedError):
            await reach()
        await client.says(b"still here")
        assert await client.hears(10) == b"still here"

    await talk()


async def test_a_fault_can_wait_until_a_client_says_something(proxy, talk, reach):
    proxy.impair(Reset(), Way.DOWN, after=2, once=b"bad")

    await talk(b"good")
    client = await reach()
    await client.says(b"a bad one")
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await client.hears(9)

    proxy.heal()
    await talk(b"a bad one")
