"""What an account's trades came to."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.figures import Detail, Fee, Fill, Record
from bot.domain.ids import AccountId, TraderId
from bot.domain.ledger import Entry, Held
from bot.domain.results import Results


class Ledger(Protocol):
    async def results(self, account: AccountId, since: datetime) -> Results:
        """What trades that came to be since then have earned, oldest first; those of which no
        result in money is told are left out.
        """

    async def activity(
        self, account: AccountId, since: datetime
    ) -> Mapping[TraderId, Sequence[datetime]]:
        """When each bot has opened or closed something since then, oldest first."""

    async def record(
        self,
        account: AccountId,
        since: datetime,
        traders: Collection[TraderId] | None = None,
        until: datetime | None = None,
        details: Collection[Detail] = tuple(Detail),
    ) -> Record:
        """Trades that were closed since then, with the results that the platform tells.

        Args:
            traders: of these bots alone.
            until: before then alone.
            details: that are told of each: of many trades, fewer are told sooner.
        """

    async def latest(
        self,
        account: AccountId,
        limit: int,
        skip: int = 0,
        *,
        traders: Collection[TraderId] | None = None,
        pair: str | None = None,
    ) -> Sequence[Entry]:
        """Trades, the youngest first.

        Args:
            traders: of these bots alone.
            pair: of this one alone.
        """

    async def open(
        self, account: AccountId, traders: Collection[TraderId] | None = None
    ) -> Sequence[Entry]:
        """Trades that say when they were opened, and that nothing has closed, the youngest first.

        Args:
            traders: of these bots alone.
        """

    async def fills(self, account: AccountId) -> Sequence[Fill]:
        """All that was bought and sold, oldest first, where no result is told of any trade."""

    async def held(self, account: AccountId) -> Held: ...

    async def fees(self, account: AccountId, since: datetime) -> Sequence[Fee]:
        """What trades since then say that they cost, oldest first."""
