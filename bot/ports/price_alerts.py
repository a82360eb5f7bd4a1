"""What prices people want to be rung for."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.ids import AccountId
from bot.domain.price_alerts import PriceAlert


class PriceAlerts(Protocol):
    """Those that an account has. That one rings `Inbox.ingest` stores, with what is owed of it:
    then one that rings once is gone.
    """

    async def make(self, alert: PriceAlert) -> bool:
        """Keep it; false if the account has as many as it may."""

    async def remove(self, account: AccountId, alert: str) -> bool:
        """It rings no more; false if there is none."""

    async def of(self, account: AccountId) -> Sequence[PriceAlert]:
        """The oldest first."""

    async def keep(self, alerts: Sequence[PriceAlert]) -> None:
        """What they have seen; nothing of one that is gone, or has rung meanwhile."""
