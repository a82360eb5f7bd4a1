"""Asking again, just after a start, until the database is there."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from bot.errors import TryLater, Unclear

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=60)

Given = TypeVar("Given")


async def patiently(ask: Callable[[], Awaitable[Given]]) -> Given:
    """Ask until the database can answer: it may be on its way up itself."""
    wait = FIRST_WAIT
    while True:
        try:
            return await ask()
        except (TryLater, Unclear) as outage:
            log.warning("what a crash left behind waits", extra={"reason": str(outage)})
        await asyncio.sleep(wait.total_seconds())
        wait = min(wait * 2, LONGEST_WAIT)
