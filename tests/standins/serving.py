"""A server on loopback that misbehaves on request, goes away and comes back at the same port."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Self

from aiohttp import web

from tests.standins.faults import CallT, Fault, Rule, suffer


class Server(Generic[CallT]):
    """What the stand-ins have in common: their port, how they come and go, and their faults."""

    def __init__(self, port: int) -> None:
        """Take the port, 0 for any that is free."""
        self.routes: list[web.RouteDef] = []
        """Answered besides the API's."""
        self._port = port
        self._runner: web.AppRunner | None = None
        self._rules: list[Rule[CallT]] = []

    def _app(self) -> web.Application:
        """What is served, anew each time."""
        raise NotImplementedError

    def heal(self) -> None:
        """Forget all faults that are still to come."""
        self._rules.clear()

    def fault_of(self, call: CallT) -> Fault | None:
        """What a request meets that is made now."""
        return next((rule.fault for rule in self._rules if rule.takes(call)), None)

    async def _answer(
        self, request: web.Request, call: CallT, execute: Callable[[], Awaitable[web.Response]]
    ) -> web.StreamResponse:
        """Answer a request truly, or as the fault has it that it meets."""
        fault = self.fault_of(call)
        if fault is None:
            return await execute()
        true = await execute() if fault.executes else None
        spoiled = await suffer(fault, request, true)
        if spoiled is not None:
            return spoiled
        return await execute() if true is None else true

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """An outage: connections are cut, new ones refused; then it is back at the same port."""
        await self._stop()
        try:
            yield
        finally:
            await self._start()

    def hang_up(self) -> None:
        """End all connections at once, without having said so in the last answer."""
        assert self._runner is not None
        assert self._runner.server is not None
        for connection in self._runner.server.connections:
            assert connection.transport is not None
            connection.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _start(self) -> None:
        # A held request must not hold up the end of a test.
        runner = web.AppRunner(self._app(), shutdown_timeout=0.05, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def _stop(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
