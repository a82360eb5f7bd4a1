"""Asking again, just after a start, until the database is there."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from bot.domain.backoff import Backoff
from bot.errors import OutcomeUnknown, TryLater

log = logging.getLogger(__name__)

RETRY_WAITS = Backoff(first=timedelta(seconds=1), ceiling=timedelta(seconds=60))

Given = TypeVar("Given")


async def retry_until_available(ask: Callable[[], Awaitable[Given]]) -> Given:
    """Ask until the database can answer: it may be on its way up itself."""
    for failures in itertools.count(1):
        try:
            return await ask()
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("what a crash left behind waits", extra={"reason": str(outage)})
        await asyncio.sleep(RETRY_WAITS.step(failures).total_seconds())
    raise AssertionError("the count has no end")
