"""A price that somebody watches: what it has done since they began."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.amounts import is_extreme

LIVE_FOR = timedelta(hours=1)

MOST_LIVE = 5
"""Of an account: each takes some of what a chat platform lets us change."""


class LiveEnd(StrEnum):
    """Why it shows no new prices any more."""

    STOPPED = "stopped"
    OVER = "over"
    BELOW = "below"
    """Another message there goes on with it."""


@dataclass(slots=True, kw_only=True, eq=False)
class LivePrice:
    """
    Attributes:
        first, last: what it was at `since`, and at `at`; it may be just the same.
    """

    pair: str
    since: datetime
    first: Decimal
    at: datetime = field(init=False)
    last: Decimal = field(init=False)
    low: Decimal = field(init=False)
    high: Decimal = field(init=False)

    def __post_init__(self) -> None:
        self.at = self.since
        self.last = self.low = self.high = self.first

    def look(self, price: Decimal, at: datetime) -> None:
        if is_extreme(price) or price <= 0:
            return
        self.last, self.at = price, max(at, self.at)
        self.low, self.high = min(self.low, price), max(self.high, price)
