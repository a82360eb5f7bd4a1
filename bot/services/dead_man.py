"""Signs of life to a watcher outside, which raises an alarm when none comes any more."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NoReturn

from bot.errors import TryLater

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)


class DeadMan:
    """Gives a sign of life every minute, only as long as alerts would arrive.

    Args:
        ping: gives one; raises `TryLater` if it did not arrive.
        works: whether what is between the platform and a chat works now.
    """

    def __init__(
        self, ping: Callable[[], Awaitable[None]], works: Callable[[], Awaitable[bool]]
    ) -> None:
        self._ping = ping
        self._works = works
        self._arrives = True

    async def run(self) -> NoReturn:
        while True:
            if await self._works():
                await self._give_sign()
            else:
                log.warning("no sign of life is given: alerts would not arrive")
            await asyncio.sleep(EVERY.total_seconds())

    async def _give_sign(self) -> None:
        try:
            await self._ping()
        except TryLater as failure:
            if self._arrives:
                log.warning(
                    "a sign of life did not arrive: see TRADEBELL_HEARTBEAT_URL",
                    extra={"reason": str(failure)},
                )
            self._arrives = False
        else:
            self._arrives = True
