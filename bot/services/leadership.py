"""The right to do what only one process at a time may do."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from bot.errors import OutcomeUnknown, TradebellError, TryLater
from bot.ports import Leases
from bot.services.steady import Seconds, sleep_until, steady

log = logging.getLogger(__name__)

LEASE = "work"
LEASE_LIFE = timedelta(seconds=4.5)
"""How long the work rests after an end without a word: five seconds with a look (`RETRY_EVERY`)."""

RENEW_EVERY = timedelta(seconds=1)
"""A renewal may take three seconds more than this, and nobody takes the right."""

RETRY_EVERY = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """For how long the right is held, and how often it is asked for."""

    life: timedelta = LEASE_LIFE
    renew_every: timedelta = RENEW_EVERY
    retry_every: timedelta = RETRY_EVERY


SURE = 2 / 3
"""The part of its life for which the right is counted on: so much has to be left for a message to
leave, and whoever was stopped meanwhile finds that nothing is.
"""


class Superseded(TradebellError):
    """Another process does the work now: end, and start again as the one that stands by."""


class Leadership:
    """Follows accounts and sends for them while no other process does.

    `trouble` says so while another one does.

    Args:
        leases: `None` where the store lets nobody else in anyway.
        owner: this process's own name.
    """

    def __init__(self, leases: Leases | None, owner: str, term: Term | None = None) -> None:
        self._leases = leases
        self._owner = owner
        self._term = term or Term()
        self._epoch = 0
        self._sure_until: Seconds = 0.0
        self.trouble: str | None = None

    def is_sure(self) -> bool:
        """Whether nobody else can have the right at this moment.

        It is counted from before it was asked for, and by the steady clock: a process that was
        stopped past it is not sure any more, whatever it claimed before, until it has asked again.
        """
        return self._leases is None or steady() < self._sure_until

    async def begin(self, stop: asyncio.Event) -> bool:
        """Wait for the right; false if `stop` is set before it comes."""
        while self._leases is not None and not stop.is_set():
            if await self._is_taken(self._leases):
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout(self._term.retry_every.total_seconds()):
                    await stop.wait()
        return not stop.is_set()

    async def take(self) -> bool:
        """Take the right at once, or not at all; gives whether it was to be had."""
        return self._leases is None or await self._is_taken(self._leases)

    async def keep(self) -> None:
        """Keep the right, until cancelled.

        While the store is away nobody is sure of it; once it is back, somebody else can have taken
        it, which is asked for within `RETRY_EVERY`.

        Raises:
            Superseded: somebody has.
        """
        while self._leases is not None:
            asked_at = steady()
            try:
                kept = await self._leases.renew(LEASE, self._owner, self._epoch, self._term.life)
            except (TryLater, OutcomeUnknown):
                await asyncio.sleep(self._term.retry_every.total_seconds())
                continue
            if not kept:
                raise Superseded("Another Tradebell with this database has taken over the work.")
            self._count_from(asked_at)
            # From when it was asked for: a slow database is not asked more rarely.
            await sleep_until(asked_at + self._term.renew_every.total_seconds())

    async def end(self) -> None:
        """Let the next process begin at once."""
        if self._leases is not None:
            with suppress(TryLater, OutcomeUnknown):
                await self._leases.release(LEASE, self._owner, self._epoch)

    async def _is_taken(self, leases: Leases) -> bool:
        asked_at = steady()
        try:
            epoch = await leases.acquire(LEASE, self._owner, self._term.life)
            if epoch is not None:
                await leases.guard(LEASE, self._owner, epoch)
        except (TryLater, OutcomeUnknown):
            return False
        if epoch is not None:
            self._epoch, self.trouble = epoch, None
            self._count_from(asked_at)
            return True
        if self.trouble is None:
            self.trouble = "Another process does the work: this one stands by."
            log.info("another process does the work: standing by")
        return False

    def _count_from(self, asked_at: Seconds) -> None:
        self._sure_until = asked_at + self._term.life.total_seconds() * SURE
