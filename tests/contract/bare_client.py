"""A Socket.IO client that adds nothing: what a test hears is what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import socketio

from tests.contract.platforms import Person

PATIENCE = 10
"""Seconds that an answer or event may take before a test gives up."""


class Socket:
    """A bare Socket.IO client that keeps what it hears."""

    def __init__(self) -> None:
        self.sio = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.heard: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        self.refusals: list[Any] = []
        self.gone = asyncio.Event()
        self.reason: str | None = None
        self.sio.on("*", lambda *event: self.heard.put_nowait(event))
        self.sio.on("connect_error", self.refusals.append)
        self.sio.on("disconnect", self._gone)

    def _gone(self, reason: str) -> None:
        self.reason = reason
        self.gone.set()

    async def call(self, method: str, *arguments: Any) -> Any:
        return await self.sio.call(method, arguments, timeout=PATIENCE)

    async def result(self, method: str, *arguments: Any) -> Any:
        """Give the data of a call that has to succeed."""
        answer = await self.call(method, *arguments)
        assert isinstance(answer, tuple), answer
        error, data = answer
        assert error is None
        return data

    async def refusal(self, method: str, *arguments: Any) -> dict[str, Any]:
        """Give the error object of a call that has to fail."""
        answer = await self.call(method, *arguments)
        assert isinstance(answer, dict), answer
        return answer

    async def log_in(self, person: Person) -> dict[str, Any]:
        answer: dict[str, Any] = await self.result("create", "authentication", local(person))
        return answer

    async def next_event(self) -> tuple[Any, ...]:
        async with asyncio.timeout(PATIENCE):
            return await self.heard.get()

    async def until_gone(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.gone.wait()


@asynccontextmanager
async def connected(url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Socket]:
    socket = Socket()
    await socket.sio.connect(url, headers=dict(headers or {}), transports=["websocket"])
    try:
        yield socket
    finally:
        await socket.sio.disconnect()


@asynccontextmanager
async def logged_in(url: str, person: Person) -> AsyncIterator[Socket]:
    async with connected(url) as socket:
        await socket.log_in(person)
        yield socket


def local(person: Person) -> dict[str, str]:
    return {"strategy": "local", "email": person.email, "password": person.password}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def by_key(person: Person) -> dict[str, str]:
    return {"Authorization": f"ApiKey {person.api_key}"}
