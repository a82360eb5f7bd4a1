"""An event loop whose clock jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

PATIENCE = 60.0
"""Real seconds that something outside may take."""

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An hour of `asyncio.sleep` takes no time.

    Threads and sockets have no place, unless the clock is held while they are waited for.
    """

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.held = 0
        super().__init__(_JumpingSelector(self))

    def hold(self) -> None:
        """Let no time pass until `release`: something outside is at work."""
        self.held += 1

    def release(self) -> None:
        self.held -= 1

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        self.hold()
        try:
            yield
        finally:
            self.release()

    def time(self) -> float:
        return self.elapsed

    async def shutdown_default_executor(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 asyncio calls it so
    ) -> None:
        """Threads end in their own time."""
        with self.standing_still():
            await super().shutdown_default_executor()


class _JumpingSelector(selectors.DefaultSelector):
    """Never sleeps: tells the loop how long it would have slept. If the clock is held, it waits."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self._loop.held:
            ready = super().select(PATIENCE)
            if not ready:
                raise RuntimeError(f"Nothing has come from outside for {PATIENCE} seconds.")
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


class Clock:
    """Our wall clock, which may be wrong, or be set: the loop's time goes on all the same."""

    def __init__(
        self, true: Callable[[], datetime] = virtual_now, off: timedelta = timedelta(0)
    ) -> None:
        self._true = true
        self.off = off

    def __call__(self) -> datetime:
        return self._true() + self.off
