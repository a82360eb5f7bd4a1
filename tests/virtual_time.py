"""An event loop whose clock jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An hour of `asyncio.sleep` takes no time; threads and sockets have no place."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self.elapsed


class _JumpingSelector(selectors.DefaultSelector):
    """Never sleeps: tells the loop how long it would have slept."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise RuntimeError("Deadlock: every task waits and no timer is set.")
        self._loop.elapsed += timeout
        return ready


def virtual_now() -> datetime:
    """Give the running loop's time as an instant; `START` where no loop runs."""
    try:
        elapsed = asyncio.get_running_loop().time()
    except RuntimeError:
        elapsed = 0.0
    return START + timedelta(seconds=elapsed)
