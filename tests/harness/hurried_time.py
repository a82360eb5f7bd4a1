"""An event loop in real time that can be hurried: then its clock runs many times as fast."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from bot.app import sources


class HurriedLoop(asyncio.SelectorEventLoop):
    """Sockets and threads have their place here, other than in virtual time; what they need of the
    hurried time is more of it, so hurry only while nothing is waited for but the clock.
    """

    def __init__(self) -> None:
        self.times = 1.0
        self._began = sources.now()
        self._since = time.monotonic()
        self._elapsed = 0.0
        super().__init__(_HurriedSelector(self))

    def time(self) -> float:
        return self._elapsed + (time.monotonic() - self._since) * self.times

    def now(self) -> datetime:
        """A clock that goes with it."""
        return self._began + timedelta(seconds=self.time())

    @contextmanager
    def hurried(self, times: float) -> Iterator[None]:
        """Let time pass so many times as fast."""
        self._go_on(times)
        try:
            yield
        finally:
            self._go_on(1.0)

    def _go_on(self, times: float) -> None:
        self._elapsed = self.time()
        self._since = time.monotonic()
        self.times = times


class _HurriedSelector(selectors.DefaultSelector):
    """Waits as long as it takes until the loop's time is there."""

    def __init__(self, loop: HurriedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        return super().select(timeout if timeout is None else timeout / self._loop.times)
