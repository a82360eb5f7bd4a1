"""A server that says what a test tells it to, over REST and over a socket spoken by hand."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

PATIENCE = 10
"""Seconds that something which has to happen may take before a test gives up."""

OPENING = (
    '0{"sid":"one","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
)
CONNECTED = '40{"sid":"two"}'

_CALL = re.compile(r"42(\d+)(\[.*)", re.DOTALL)

Call = list[Any]
"""A call as it came over the socket: method, path, arguments."""


Rest = Callable[[web.Request], Awaitable[web.StreamResponse]]


def says(content: object, status: int = 200, **headers: str) -> Rest:
    """Answer every request with this: text as it is, anything else as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, headers=named)

    return answer


def members_only(rest: Rest) -> Rest:
    """Refuse every call without a credential as the platform does, whatever credential it is."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "Authorization" in request.headers:
            return await rest(request)
        return web.json_response({"code": 401, "message": "Not authenticated"}, status=401)

    return answer


def nothing_found(_: Call) -> str:
    """Answer a find with an empty page, and anything else with null."""
    return '[null,{"total":0,"limit":1,"skip":0,"data":[]}]'


class Server:
    """A platform in the hands of a test.

    Attributes:
        greeting: what a socket is sent after the request, and after its first message.
        answer: gives the text behind an acknowledgement's number, `None` for no answer.
        rest: answers REST requests.
        deaf: whether sockets stop reading after the next message.
        calls: what was called over sockets, oldest first.
        requests: what was asked over REST.
    """

    def __init__(self) -> None:
        self.url = ""
        self.greeting: tuple[list[str], list[str]] = [OPENING], [CONNECTED]
        self.handshake: Callable[[web.Request], web.Response | None] = lambda _: None
        self.answer: Callable[[Call], str | None] = nothing_found
        self.rest: Rest = says({"total": 0, "limit": 1, "skip": 0, "data": []})
        self.deaf = False
        self.calls: list[Call] = []
        self.requests: list[web.Request] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.called = asyncio.Event()

    async def send(self, *frames: str | bytes) -> None:
        """Send frames to the newest socket, as they are."""
        for frame in frames:
            if isinstance(frame, bytes):
                await self.sockets[-1].send_bytes(frame)
            else:
                await self.sockets[-1].send_str(frame)

    async def until_called(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.called.wait()

    def abort(self) -> None:
        """Break the newest socket's connection."""
        transport = self.sockets[-1]._req.transport  # type: ignore[union-attr]
        assert transport is not None
        transport.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/socket.io/" and "upgrade" in request.headers:
            return self.handshake(request) or await self._talk(request)
        self.requests.append(request)
        self.called.set()
        return await self.rest(request)

    async def _talk(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        await self.send(*self.greeting[0])
        greeted = False
        async for message in socket:
            if self.deaf:
                await asyncio.Event().wait()
            if message.type is not WSMsgType.TEXT:
                continue
            if not greeted:
                greeted = True
                await self.send(*self.greeting[1])
            elif found := _CALL.match(message.data):
                await self._answer(found[1], json.loads(found[2]))
        return socket

    async def _answer(self, number: str, call: Call) -> None:
        self.calls.append(call)
        answer = self.answer(call)
        if answer is not None:
            await self.send(f"43{number}{answer}")
        if call[0] == "patch" or answer is None:
            self.called.set()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = "http://{}:{}".format(*runner.addresses[0])
    try:
        yield server
    finally:
        for socket in server.sockets:
            if not socket.closed and socket._req and socket._req.transport:
                socket._req.transport.abort()
        await runner.cleanup()
