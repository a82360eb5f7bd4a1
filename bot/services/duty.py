"""The right to do what only one process at a time may do."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from bot.errors import TradebellError, TryLater, Unclear

log = logging.getLogger(__name__)

LEASE = "work"
LIFE = timedelta(seconds=20)
RENEW_EVERY = timedelta(seconds=4)
RETRY_EVERY = timedelta(seconds=1)


class Superseded(TradebellError):
    """Another process does the work now: end, and start again as the one that stands by."""


class Leases(Protocol):
    """Rights that one owner has at a time, for as long as it renews them; the store's clock counts.

    All raise `TryLater` or `Unclear` while the store is away.
    """

    async def acquire(self, name: str, owner: str, life: timedelta) -> int | None:
        """Take the right if nobody else has it; gives its epoch, `None` if somebody has."""

    async def renew(self, name: str, owner: str, epoch: int, life: timedelta) -> bool:
        """Keep it for so long from now on; false if somebody else has had it since."""

    async def release(self, name: str, owner: str, epoch: int) -> None:
        """Give it up, if it is still held."""


class Duty:
    """Follows accounts and sends for them while no other process does.

    `trouble` says so while another one does.

    Args:
        leases: `None` where the store lets nobody else in anyway.
        owner: this process's own name.
    """

    def __init__(self, leases: Leases | None, owner: str) -> None:
        self._leases = leases
        self._owner = owner
        self._epoch = 0
        self.trouble: str | None = None

    async def begin(self, stop: asyncio.Event) -> bool:
        """Wait for the right; false if `stop` is set before it comes."""
        while self._leases is not None and not stop.is_set():
            if await self._is_taken(self._leases):
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_EVERY.total_seconds()):
                    await stop.wait()
        return not stop.is_set()

    async def take(self) -> bool:
        """Take the right at once, or not at all; gives whether it was to be had."""
        return self._leases is None or await self._is_taken(self._leases)

    async def keep(self) -> None:
        """Keep the right, until cancelled.

        While the store is away nothing can be claimed for sending; once it is back, somebody
        else can have taken the right, which is asked for within `RETRY_EVERY`.

        Raises:
            Superseded: somebody has.
        """
        while self._leases is not None:
            wait = RENEW_EVERY
            try:
                kept = await self._leases.renew(LEASE, self._owner, self._epoch, LIFE)
            except (TryLater, Unclear):
                kept, wait = True, RETRY_EVERY
            if not kept:
                raise Superseded("Another Tradebell with this database has taken over the work.")
            await asyncio.sleep(wait.total_seconds())

    async def end(self) -> None:
        """Let the next process begin at once."""
        if self._leases is not None:
            with suppress(TryLater, Unclear):
                await self._leases.release(LEASE, self._owner, self._epoch)

    async def _is_taken(self, leases: Leases) -> bool:
        try:
            epoch = await leases.acquire(LEASE, self._owner, LIFE)
        except (TryLater, Unclear):
            return False
        if epoch is not None:
            self._epoch, self.trouble = epoch, None
            return True
        if self.trouble is None:
            self.trouble = "Another process does the work: this one stands by."
            log.info("another process does the work: standing by")
        return False
