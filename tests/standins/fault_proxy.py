"""Stands between a client and a server on loopback, and does to their bytes what networks do."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"

_AT_ONCE = 64 * 1024
"""Bytes that are read from one side at a time."""

_KEPT = 500
"""Bytes that are kept of each piece that a client sent."""

_NOT_LINGERING = struct.pack("ii", 1, 0)
"""`SO_LINGER` on, for no time at all: closing sends RST instead of FIN. Source: socket(7)"""


class Way(Enum):
    UP = "client to server"
    DOWN = "server to client"


@dataclass(frozen=True, slots=True)
class Delay:
    """Whatever is read goes on so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drip:
    """So many bytes go on at a time, with so many seconds between."""

    size: int = 3
    every: float = 0.001


@dataclass(frozen=True, slots=True)
class Cut:
    """Both sides see the orderly end of the connection (FIN); what else they send is dropped.

    After a number of bytes this truncates what was on its way.
    """


@dataclass(frozen=True, slots=True)
class Reset:
    """Both sides see the connection break (RST)."""


@dataclass(frozen=True, slots=True)
class Swallow:
    """Bytes vanish and nobody is told, not even of an end: the connection is half open.

    A stream with a hole in it cannot be mended: `heal` leaves it so.
    """


Fault = Delay | Drip | Cut | Reset | Swallow

Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connection:
    """One connection through the proxy.

    Attributes:
        asked: what the client sent, the beginning of each piece: a test can tell connections apart
            by it, although a client may use one for many requests.
        passed: bytes that have gone on, each way.
        swallowed: bytes that have vanished, each way.
        ended: whether it is over, on both sides.
    """

    def __init__(self, client: Side, server: Side) -> None:
        self.asked: list[bytes] = []
        self.passed = dict.fromkeys(Way, 0)
        self.swallowed = dict.fromkeys(Way, 0)
        self.ended = False
        self._readers = {Way.UP: client[0], Way.DOWN: server[0]}
        self._writers = {Way.UP: server[1], Way.DOWN: client[1]}
        self._faults: dict[Way, tuple[Fault, int]] = {}
        """With the bytes that still pass before the fault begins."""
        self._to_come: list[tuple[bytes, Fault, tuple[Way, ...], int]] = []
        self._deaf: set[Way] = set()

    def impair(self, fault: Fault, *ways: Way, after: int = 0, once: bytes = b"") -> None:
        """Let a fault begin.

        Args:
            ways: none means both, each counting its own bytes.
            after: so many more bytes pass before.
            once: not before the client sends this, counting from there.
        """
        if once:
            self._to_come.append((once, fault, ways, after))
            return
        for way in ways or Way:
            self._faults[way] = fault, after
        if after == 0:
            self._begin(fault)

    def heal(self) -> None:
        """End what can be mended: what is delayed, dripping, or has not begun yet."""
        self._to_come.clear()
        for way in self._faults.keys() - self._deaf:
            del self._faults[way]

    async def run(self) -> None:
        """Carry bytes both ways until both are at their end."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(Way.UP), name="to the server")
                group.create_task(self._carry(Way.DOWN), name="to the client")
        finally:
            self.ended = True
            for writer in self._writers.values():
                writer.close()

    async def _carry(self, way: Way) -> None:
        reader, writer = self._readers[way], self._writers[way]
        broken = False
        try:
            while read := await reader.read(_AT_ONCE):
                if way is Way.UP:
                    self._listen(read)
                while read:
                    read = await self._pass_on(way, read)
        except ConnectionError:
            broken = True
        if self._is_swallowing(way):
            self._deaf.add(way)
        elif broken:
            self._begin(Reset())
        else:
            _end(writer)

    def _listen(self, asked: bytes) -> None:
        self.asked.append(asked[:_KEPT])
        for awaited in [one for one in self._to_come if one[0] in asked]:
            self._to_come.remove(awaited)
            _, fault, ways, after = awaited
            self.impair(fault, *ways, after=after)

    async def _pass_on(self, way: Way, read: bytes) -> bytes:
        """Deal with some of it; gives the rest."""
        fault, clean = self._faults.get(way, (None, 0))
        if fault is None:
            await self._write(way, read)
            return b""
        if clean:
            passing = read[:clean]
            await self._write(way, passing)
            self._faults[way] = fault, clean - len(passing)
            if clean == len(passing):
                self._begin(fault)
            return read[clean:]
        match fault:
            case Delay(seconds=seconds):
                await asyncio.sleep(seconds)
                await self._write(way, read)
            case Drip(size=size, every=every):
                await self._write(way, read[:size])
                await asyncio.sleep(every)
                return read[size:]
            case Swallow():
                self._deaf.add(way)
                self.swallowed[way] += len(read)
            case Cut() | Reset():
                pass
        return b""

    async def _write(self, way: Way, passing: bytes) -> None:
        self._writers[way].write(passing)
        await self._writers[way].drain()
        self.passed[way] += len(passing)

    def _is_swallowing(self, way: Way) -> bool:
        fault, clean = self._faults.get(way, (None, 0))
        return isinstance(fault, Swallow) and clean == 0

    def _begin(self, fault: Fault) -> None:
        """Do what takes no further byte."""
        if not isinstance(fault, Cut | Reset):
            return
        for way, writer in self._writers.items():
            self._faults[way] = fault, 0
            if isinstance(fault, Cut):
                _end(writer)
            elif not writer.transport.is_closing():
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _NOT_LINGERING
                )
                writer.transport.abort()


def _end(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # it has just broken by itself
        writer.write_eof()


class FaultProxy:
    """A port of its own with the server behind it.

    Attributes:
        connections: all that there were, oldest first.
    """

    def __init__(self, server: str) -> None:
        """Prepare it.

        Args:
            server: its address, `http://host:port`.
        """
        self.connections: list[Connection] = []
        self._server = urlsplit(server)
        self._port = 0
        self._listening: asyncio.Server | None = None
        self._coming: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}
        self._rules: list[tuple[bytes, Fault, tuple[Way, ...], int]] = []

    @property
    def url(self) -> str:
        """What a client is given instead of the server's address."""
        return f"http://{HOST}:{self._port}"

    def asked(self, text: bytes) -> list[Connection]:
        """Those over which a client sent this, oldest first."""
        return [one for one in self.connections if any(text in piece for piece in one.asked)]

    def open(self, text: bytes = b"") -> list[Connection]:
        """Those of them that are not over."""
        return [one for one in self.asked(text) if not one.ended]

    def impair(self, fault: Fault, *ways: Way, after: int = 0, once: bytes = b"") -> None:
        """Let a fault begin on all connections, and on all to come; see `Connection.impair`."""
        self._rules.append((once, fault, ways, after))
        for connection in self.connections:
            connection.impair(fault, *ways, after=after, once=once)

    def heal(self) -> None:
        """Let new connections pass, and those that can still be mended."""
        self._rules.clear()
        for connection in self.connections:
            connection.heal()

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """Refuse new connections meanwhile; those that are open stay."""
        self._stop()
        try:
            yield
        finally:
            await self._start()

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop()
        for connection in self.connections:
            connection.impair(Reset())
        for writer in self._coming.values():
            writer.transport.abort()
        if tasks := [task for task in self._coming if task is not None]:
            await asyncio.wait(tasks)

    async def _start(self) -> None:
        self._listening = await asyncio.start_server(self._take, HOST, self._port)
        self._port = self._listening.sockets[0].getsockname()[1]

    def _stop(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._coming[task] = writer
        try:
            with suppress(OSError):
                await self._join(reader, writer)
        finally:
            del self._coming[task]
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = await asyncio.open_connection(self._server.hostname, self._server.port)
        connection = Connection((reader, writer), server)
        self.connections.append(connection)
        for once, fault, ways, after in self._rules:
            connection.impair(fault, *ways, after=after, once=once)
        await connection.run()
