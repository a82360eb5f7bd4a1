"""Reports that come each day or week."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.deliveries import Priority
from bot.domain.ids import AccountId, EndpointId, LinkId, TraderId
from bot.domain.reports import DueReport
from bot.domain.uptimes import Turn


class Reports(Protocol):
    async def due(
        self, now: datetime, without: Collection[LinkId] = ()
    ) -> tuple[Sequence[DueReport], datetime | None]:
        """Some that are due now, the longest due first, and when others will be. Of several of the
        same rhythm that were missed there is one, about all of their time.

        Args:
            without: those of these links are left out.
        """

    async def owe(
        self, report: DueReport, card: Card | None, now: datetime
    ) -> Mapping[EndpointId, tuple[Address, Priority]]:
        """Owe it, once for each link, rhythm and day, by whichever process; gives where.

        Args:
            card: `None` for silence.
        """

    async def turns(self, account: AccountId, since: datetime) -> Mapping[TraderId, Sequence[Turn]]:
        """How each bot has changed since then, oldest first."""
