"""Trades from before the link, read for the ledger a page at a time; if it takes long, told."""

import logging
import random
from dataclasses import dataclass, field
from math import inf

from bot.domain.accounts import Account
from bot.domain.ledger import Held
from bot.errors import ConnectionLost, NeedsLogin, NotOffered, Refused, TryLater
from bot.ports import Ledger, Session
from bot.services.feeds.notices import Notices
from bot.services.feeds.reading import Reading
from bot.services.feeds.rhythm import FeedRhythm, jittered
from bot.services.steady import Seconds, steady

log = logging.getLogger(__name__)

SHORT = 5
"""Pages after which it is over before anybody has wondered: they are read in silence."""

TELL_EVERY: Seconds = 10.0


@dataclass(slots=True, kw_only=True, eq=False)
class OlderTrades:
    """Of one account. How far it has come is stored, and so is what has been told of it: a restart
    goes on with both.
    """

    account: Account
    reading: Reading
    ledger: Ledger
    notices: Notices
    chance: random.Random
    rhythm: FeedRhythm
    next_at: Seconds = field(init=False, default=0.0)
    """When the next page is due; endless once there are no more."""
    _pages: int = field(init=False, default=0)
    _told_at: Seconds = field(init=False, default=-inf)

    async def read_page(self, session: Session) -> None:
        """Read one, and tell of it if it is time.

        Raises:
            ConnectionLost, NeedsLogin: the session is at its end.
        """
        try:
            goes_on = await self._read_page(session)
            self.next_at = steady() if goes_on else inf
        except (ConnectionLost, NeedsLogin):
            raise
        except (Refused, TryLater) as failure:
            asked = failure.retry_after if isinstance(failure, TryLater) else None
            facts = {"account": self.account.id, "reason": str(failure)}
            log.warning("older trades must wait", extra=facts)
            wait = jittered(self.rhythm.sweep_every, self.chance)
            self.next_at = steady() + max(asked or wait, wait).total_seconds()

    async def _read_page(self, session: Session) -> bool:
        """Give whether there is something left to do."""
        try:
            page = await self.reading.back_fill(session)
        except NotOffered:
            return not await self.notices.older_trades_denied(await self._held())
        if page is None:
            return False
        if page.whole is not None:
            return not await self.notices.older_trades_read(await self._held(), page.whole)
        self._pages += 1
        if self._pages > SHORT and steady() >= self._told_at + TELL_EVERY:
            await self.notices.reading_older_trades(await self._held(), page.reached)
            self._told_at = steady()
        return True

    async def _held(self) -> Held:
        return await self.ledger.held(self.account.id)
