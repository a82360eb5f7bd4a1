"""What is owed when its time has come: what was put by, for a digest or over quiet hours, and what
nobody has seen yet.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NoReturn

from bot.domain.digests import Gathered
from bot.domain.ids import Now
from bot.errors import OutcomeUnknown, TryLater
from bot.services.amending import Amending
from bot.services.delivery import Delivering
from bot.services.retrying import RETRY_WAITS

Owe = Callable[[datetime], Awaitable[Gathered]]

log = logging.getLogger(__name__)

RECHECK = timedelta(minutes=10)
"""Between looks where nothing says that something may be due: after a clock was set, say."""


class Gathering:
    """Owes what becomes due.

    Args:
        owe: does so in one transaction; gives where, and when it is to be asked again.
        amending: where that changes messages, too.
    """

    def __init__(
        self, owe: Owe, delivering: Delivering, now: Now, amending: Amending | None = None
    ) -> None:
        self._owe = owe
        self._delivering = delivering
        self._now = now
        self._amending = amending
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may be due earlier than was known."""
        self._woken.set()

    async def run(self) -> NoReturn:
        """Look for what is due, until cancelled; what fell due while nobody looked comes first."""
        failures = 0
        while True:
            self._woken.clear()
            try:
                wait = await self._tell_what_is_due()
                failures = 0
            except (TryLater, OutcomeUnknown) as outage:
                # Whatever was not stored is found again.
                log.warning("what is due must wait", extra={"reason": str(outage)})
                failures += 1
                wait = RETRY_WAITS.step(failures)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait.total_seconds()):
                    await self._woken.wait()

    async def _tell_what_is_due(self) -> timedelta:
        """Gives how long until the next look."""
        now = self._now()
        gathered = await self._owe(now)
        if gathered.owed:
            self._delivering.wake(gathered.owed)
            if self._amending is not None:
                self._amending.wake()
        if gathered.due is None:
            return RECHECK
        return min(RECHECK, max(timedelta(0), gathered.due - now))
