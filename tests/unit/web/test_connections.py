"""How long a connection may keep the server waiting, and who gives way: in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from adapters.web.connections import IDLE_LIMIT, READ_LIMIT, Connection, Crowd, attended, body_of
from adapters.web.server import AccessLog

HEAD = b"GET / HTTP/1.1\r\nHost: bell\r\n"
REQUEST = HEAD + b"\r\n"


class Wire(asyncio.Transport):
    """The other end of a connection: what it was sent, and since when it is cut."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.cut_at: float | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def writelines(self, list_of_data) -> None:
        self.sent += b"".join(list_of_data)

    def is_closing(self) -> bool:
        return self.cut_at is not None

    def close(self) -> None:
        """Nothing goes through to somebody who does not read."""

    def abort(self) -> None:
        if self.cut_at is None:
            loop = asyncio.get_running_loop()
            self.cut_at = loop.time()
            loop.call_soon(self.protocol.connection_lost, None)

    protocol: Connection


class Line:
    """A server without sockets, and who is connected to it."""

    def __init__(self, most: int) -> None:
        self.crowd = Crowd(most)
        self.working = asyncio.Event()
        self.working.set()
        app = web.Application()
        app.add_routes([web.get("/", self._answer), web.post("/", self._read)])
        self._runner = web.AppRunner(app)

    async def __aenter__(self) -> Line:
        await self._runner.setup()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.working.set()
        await self._runner.cleanup()

    def connect(self) -> Wire:
        assert self._runner.server is not None
        wire = Wire()
        wire.protocol = Connection(self._runner.server, self.crowd, AccessLog)
        wire.protocol.connection_made(wire)
        return wire

    async def _answer(self, request: web.Request) -> web.Response:
        with attended(request):
            await self.working.wait()
            return web.Response(text="yes")

    async def _read(self, request: web.Request) -> web.Response:
        with attended(request):
            return web.Response(body=await body_of(request, 100))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with Line(most=3) as opened:
        yield opened


def elapsed() -> float:
    return asyncio.get_running_loop().time()


async def test_who_says_nothing_is_cut_off(line):
    wire, began = line.connect(), elapsed()

    await asyncio.sleep(READ_LIMIT + 1)

    assert wire.cut_at == began + READ_LIMIT


async def test_a_head_that_comes_drop_by_drop_is_given_no_more_time(line):
    wire, began = line.connect(), elapsed()

    for byte in HEAD:
        if not wire.is_closing():
            wire.protocol.data_received(bytes([byte]))
        await asyncio.sleep(READ_LIMIT / len(HEAD) + 0.1)

    assert wire.cut_at == began + READ_LIMIT


async def test_a_body_that_comes_drop_by_drop_is_given_no_more_time(line):
    wire = line.connect()

    wire.protocol.data_received(b"POST / HTTP/1.1\r\nHost: bell\r\nContent-Length: 50\r\n\r\n")
    for _ in range(int(READ_LIMIT)):
        await asyncio.sleep(1)
        wire.protocol.data_received(b"x")
    await asyncio.sleep(0.1)

    assert wire.sent.startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_is_not_used_again_is_closed_and_one_that_is_stays(line):
    idle, used = line.connect(), line.connect()
    for wire in (idle, used):
        wire.protocol.data_received(REQUEST)
    await asyncio.sleep(IDLE_LIMIT - 1)
    answered = elapsed()
    used.protocol.data_received(REQUEST)
    await asyncio.sleep(2)

    assert idle.is_closing()
    assert not used.is_closing()
    assert used.sent.count(b"HTTP/1.1 200 OK") == 2
    await asyncio.sleep(IDLE_LIMIT)
    assert used.cut_at == answered + IDLE_LIMIT


async def test_the_second_head_of_a_connection_is_given_no_more_time_than_the_first(line):
    wire = line.connect()
    wire.protocol.data_received(REQUEST)
    await asyncio.sleep(20)

    wire.protocol.data_received(HEAD)
    began = elapsed()
    await asyncio.sleep(READ_LIMIT + 1)

    assert wire.cut_at == began + READ_LIMIT


async def test_an_answer_that_takes_long_is_waited_for(line):
    line.working.clear()
    wire = line.connect()
    wire.protocol.data_received(REQUEST)
    await asyncio.sleep(IDLE_LIMIT * 2)

    line.working.set()
    await asyncio.sleep(0)
    await asyncio.sleep(1)

    assert wire.sent.startswith(b"HTTP/1.1 200 OK")


async def test_who_has_waited_longest_makes_room(line):
    wires = []
    for _ in range(5):
        wires.append(line.connect())
        await asyncio.sleep(1)

    assert [wire.is_closing() for wire in wires] == [True, True, False, False, False]


async def test_who_is_being_answered_stays_and_nobody_else_gets_in_while_all_are(line):
    line.working.clear()
    busy = [line.connect() for _ in range(3)]
    for wire in busy:
        wire.protocol.data_received(REQUEST)
    await asyncio.sleep(1)

    late = line.connect()
    await asyncio.sleep(1)

    assert late.is_closing()
    assert not any(wire.is_closing() for wire in busy)


async def test_a_body_on_its_way_makes_room_too(line):
    slow = [line.connect() for _ in range(3)]
    for wire in slow:
        wire.protocol.data_received(b"POST / HTTP/1.1\r\nHost: bell\r\nContent-Length: 50\r\n\r\n")
    await asyncio.sleep(1)

    late = line.connect()
    late.protocol.data_received(REQUEST)
    await asyncio.sleep(1)

    assert late.sent.startswith(b"HTTP/1.1 200 OK")
    assert [wire.is_closing() for wire in slow] == [True, False, False]
