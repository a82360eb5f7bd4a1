"""What may be done beforehand if nobody sees something, and what was done."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from bot.domain.actions import ActionState, Target
from bot.domain.ids import AccountId
from bot.domain.standing_orders import Deed, DueOrder, StandingOrder


class OrdersNow(NamedTuple):
    """
    Attributes:
        falling: what may become due, or is, the soonest first: one for each incident.
        lapsed: orders whose maker may not make them any more, and that are not suspended.
    """

    falling: Sequence[DueOrder]
    lapsed: Sequence[StandingOrder]


class StandingOrders(Protocol):
    async def make(self, order: StandingOrder) -> bool:
        """Keep it, once; false if the account has as many as it may."""

    async def remove(self, account: AccountId, order: str) -> bool:
        """It holds no more; false if there is none."""

    async def of(self, account: AccountId) -> Sequence[StandingOrder]:
        """The oldest first, suspended ones among them."""

    async def now(self) -> OrdersNow: ...

    async def suspend(self, order: str, now: datetime) -> None: ...

    async def begin(self, due: DueOrder, bot: Target, now: datetime) -> bool:
        """Take it, once for each incident, by whichever process: committed before anything is asked
        of the platform.

        Only as long as the order holds, whoever made it may still make it, and nobody has seen
        the incident.
        """

    async def end(self, incident: int, state: ActionState, words: str, now: datetime) -> bool:
        """What came of it; false if somebody has said so before."""

    async def untold(self) -> Sequence[Deed]:
        """Those of which nobody has been told, and those that have not ended."""

    async def told(self, incidents: Sequence[int], now: datetime) -> None: ...
