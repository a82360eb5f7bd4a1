"""The simulated platform on a port: Socket.IO and REST."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NoReturn

import socketio
from aiohttp import web

from adapters.simulator.accounts import Credential
from adapters.simulator.audience import Caller
from adapters.simulator.catalogue import SERVICES
from adapters.simulator.platform import LeftUnanswered, ServiceRequest, SimulatedPlatform
from adapters.simulator.query import from_brackets
from adapters.simulator.refusals import SimulatedRefusal

_ARGUMENTS = {
    "find": ("query",),
    "get": ("id", "query"),
    "create": ("data", "query"),
    "update": ("id", "data", "query"),
    "patch": ("id", "data", "query"),
    "remove": ("id", "query"),
}
"""What follows the path when a method is called over the socket.

Source: feathersjs/feathers:packages/transport-commons/src/socket/utils.ts
"""

_GRACE_SECONDS = 0.05
"""For handlers when the server stops; nothing at all would mean for ever."""

_METHODS = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "remove"}


@asynccontextmanager
async def serving(
    platform: SimulatedPlatform, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve a platform and give its base address.

    Args:
        port: 0 takes a free one, which stays the same when the platform goes down and
            comes back.
    """
    server = _Server(platform, host, port)
    platform.audience.wire = server
    try:
        await server.start()
        yield server.url
    finally:
        await server.stop()
        platform.audience.wire = None


class _Server:
    """Carries calls in and events out; it is the `Wire` of the platform."""

    def __init__(self, platform: SimulatedPlatform, host: str, port: int) -> None:
        self._platform = platform
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._sio = self._new_sockets()
        self._callers: dict[str, Caller] = {}
        self._connections: dict[str, asyncio.Transport] = {}

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        app = web.Application()
        self._sio = self._new_sockets()
        self._sio.attach(app)
        app.router.add_route("*", "/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, shutdown_timeout=_GRACE_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is None:
            return
        for socket in list(self._connections):
            self.abort(socket)
            self._gone(socket)
        await self._runner.cleanup()
        self._runner = None

    async def emit(self, socket: str, event: str, payload: Any) -> None:
        await self._sio.emit(event, payload, to=socket)

    async def send_text(self, socket: str, text: str) -> None:
        await self._sio.eio.send(self._sio.manager.eio_sid_from_sid(socket, "/"), text)

    async def disconnect(self, socket: str) -> None:
        await self._sio.disconnect(socket)

    def abort(self, socket: str) -> None:
        connection = self._connections.get(socket)
        if connection is not None:
            connection.abort()

    def expire_later(self, socket: str, wait: timedelta) -> Callable[[], None]:
        audience = self._platform.audience
        timer = asyncio.get_running_loop().call_later(
            wait.total_seconds(),
            lambda: self._sio.start_background_task(audience.expire, socket),
        )
        return timer.cancel

    def _new_sockets(self) -> socketio.AsyncServer:
        options = self._platform.options
        sio = socketio.AsyncServer(
            async_mode="aiohttp",
            ping_interval=options.ping_interval.total_seconds(),
            ping_timeout=options.ping_timeout.total_seconds(),
            max_http_buffer_size=options.max_message,
            monitor_clients=False,
        )
        sio.on("connect", self._connect)
        sio.on("disconnect", self._disconnected)
        sio.on("*", self._called)
        return sio

    async def _connect(self, socket: str, environ: Mapping[str, Any], _auth: object) -> None:
        credential = _credential(environ.get("HTTP_AUTHORIZATION"))
        try:
            if self._platform.script.refuse_sockets:
                raise SimulatedRefusal(503, "Too many connections")
            caller = self._platform.audience.connect(socket, credential)
        except SimulatedRefusal as refusal:
            facts = [] if refusal.data is None else [refusal.data]
            raise socketio.exceptions.ConnectionRefusedError(refusal.message, *facts) from refusal
        self._callers[socket] = caller
        self._connections[socket] = environ["aiohttp.request"].transport

    async def _disconnected(self, socket: str, _reason: str) -> None:
        self._gone(socket)

    def _gone(self, socket: str) -> None:
        self._callers.pop(socket, None)
        self._connections.pop(socket, None)
        self._platform.audience.disconnected(socket)

    async def _called(self, method: str, socket: str, *arguments: Any) -> Any:
        """Answer a call: nothing and the result, or the error alone."""
        caller = self._callers.get(socket)
        if method not in _ARGUMENTS or caller is None:
            return self._sio.not_handled
        try:
            request = _request(method, arguments)
            return None, await self._platform.answer(caller, request)
        except SimulatedRefusal as refusal:
            return refusal.as_record()
        except LeftUnanswered:
            return self._sio.not_handled

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        caller = Caller(credential=_credential(request.headers.get("Authorization")))
        try:
            call = await _rest_call(request)
            result = await self._platform.answer(caller, call)
        except SimulatedRefusal as refusal:
            wait = refusal.retry_after_seconds
            return web.json_response(
                refusal.as_record(),
                status=refusal.code,
                headers={} if wait is None else {"Retry-After": str(wait)},
            )
        except LeftUnanswered:
            await _wait_for_ever()
        return web.json_response(result, status=201 if call.method == "create" else 200)


async def _wait_for_ever() -> NoReturn:
    """Wait until the client gives up or the server stops."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")


def _request(method: str, arguments: tuple[Any, ...]) -> ServiceRequest:
    """Read the arguments of a call over the socket."""
    path, *rest = arguments or (None,)
    if not isinstance(path, str):
        raise SimulatedRefusal(404, "Invalid service path")
    names = _ARGUMENTS[method]
    if len(rest) > len(names):
        raise SimulatedRefusal(400, f"Too many arguments for '{method}' method")
    given = dict(zip(names, rest, strict=False))
    record_id, query = given.get("id"), given.get("query")
    return ServiceRequest(
        method=method,
        service=path.strip("/"),
        id=None if record_id is None else str(record_id),
        data=given.get("data"),
        query=query if isinstance(query, dict) else {},
    )


async def _rest_call(request: web.Request) -> ServiceRequest:
    service, record_id = _resource(request.path)
    reading = "find" if record_id is None else "get"
    try:
        data = await request.json() if request.can_read_body else None
    except ValueError as error:
        raise SimulatedRefusal(400, "Invalid JSON") from error
    return ServiceRequest(
        method=_METHODS.get(request.method, reading),
        service=service,
        id=record_id,
        data=data,
        query=from_brackets(request.query.items()),
    )


def _resource(path: str) -> tuple[str, str | None]:
    """Split a URL's path into the service and the id."""
    service = path.strip("/")
    if service in SERVICES:
        return service, None
    service, _, record_id = service.rpartition("/")
    if service in SERVICES:
        return service, record_id
    raise SimulatedRefusal(404, f"Path {path} not found")


def _credential(header: str | None) -> Credential | None:
    """Read an `Authorization` header; one that nobody understands is as none.

    Source: feathersjs/feathers:packages/authentication/src/jwt.ts; the scheme ApiKey
    is https://cryptorobot.ai/docs/guides/api-keys
    """
    if not header:
        return None
    scheme, _, value = header.rpartition(" ")
    match scheme.strip().lower():
        case "" | "bearer" | "jwt":
            return {"strategy": "jwt", "accessToken": value}
        case "apikey":
            return {"strategy": "apiKey", "apiKey": value}
    return None
