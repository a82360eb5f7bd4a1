"""A simulated platform in virtual time, and a wire that only writes down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

import pytest

from adapters.simulator import Options, SimulatedPlatform, User, object_ids
from adapters.simulator.audience import Caller
from adapters.simulator.platform import ServiceRequest


class WrittenWire:
    """Remembers what the platform sends; `ends` tells when which login ends."""

    def __init__(self, platform: SimulatedPlatform) -> None:
        self.sent: list[tuple[str, str, Any]] = []
        self.ends: dict[str, timedelta] = {}
        self._platform = platform

    async def emit(self, socket: str, event: str, payload: Any) -> None:
        self.sent.append((socket, event, payload))

    async def send_text(self, socket: str, text: str) -> None:
        self.sent.append((socket, "text", text))

    async def disconnect(self, socket: str) -> None:
        self.abort(socket)

    def abort(self, socket: str) -> None:
        self._platform.audience.disconnected(socket)

    def expire_later(self, socket: str, wait: timedelta) -> Callable[[], None]:
        self.ends[socket] = wait

        def cancel() -> None:
            self.ends.pop(socket, None)

        return cancel

    async def stop(self) -> None:
        """Nothing listens."""

    async def start(self) -> None:
        """Nothing listens."""


class Desk:
    """A platform as a test speaks to it: sockets by name, calls by word."""

    def __init__(self, platform: SimulatedPlatform) -> None:
        self.platform = platform
        self.wire = WrittenWire(platform)
        platform.audience.wire = self.wire

    def connect(self, socket: str, user: User | None = None) -> Caller:
        credential = by_password(user) if user else None
        return self.platform.audience.connect(socket, credential)

    async def call(self, caller: Caller, method: str, service: str, **parts: Any) -> Any:
        request = ServiceRequest(method=method, service=service, **parts)
        return await self.platform.answer(caller, request)

    def heard(self, socket: str) -> list[tuple[str, Any]]:
        return [(event, what) for to, event, what in self.wire.sent if to == socket]


class OpenDesk(Protocol):
    """Makes a desk; the options are those of the platform."""

    def __call__(self, **options: Any) -> Desk: ...


@pytest.fixture
def open_desk(now: Callable[[], datetime]) -> OpenDesk:
    def opened(**options: Any) -> Desk:
        chance = Random(1)
        platform = SimulatedPlatform(Options(**options), now, object_ids(now, chance), chance)
        return Desk(platform)

    return opened


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    return open_desk()


def by_password(user: User) -> Mapping[str, str]:
    return {"strategy": "local", "email": user.email, "password": user.password}
