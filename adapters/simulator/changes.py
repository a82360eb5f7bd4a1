"""Lets a test wait for what the platform's clients bring about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """Wakes who waits whenever a call arrives or a socket comes, logs in or goes."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after each change."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()
