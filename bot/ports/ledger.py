"""What an account's trades came to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.ids import AccountId, TraderId
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
