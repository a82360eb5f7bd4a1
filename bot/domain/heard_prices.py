"""Prices that have passed of pairs that somebody waits for: as many as a picture can show."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from bot.domain.amounts import is_extreme
from bot.domain.pairs import pair_key

EVERY = timedelta(minutes=1)
"""Of each so long the last price is kept."""

HEARD_FOR = timedelta(hours=24)

MOST_PAIRS = 10
"""Of an account: the one that was heard of longest ago goes first."""


class HeardPrice(NamedTuple):
    at: datetime
    value: Decimal


@dataclass(slots=True, eq=False)
class HeardPrices:
    """Of one account, in memory: a restart begins anew."""

    _by_pair: dict[str, deque[HeardPrice]] = field(default_factory=dict)

    def hear(self, symbol: str, value: Decimal, at: datetime) -> None:
        if is_extreme(value) or value <= 0:
            return
        key = pair_key(symbol)
        heard = self._by_pair.pop(key, None)
        if heard is None:
            heard = deque(maxlen=HEARD_FOR // EVERY)
        self._by_pair[key] = heard
        if len(self._by_pair) > MOST_PAIRS:
            del self._by_pair[next(iter(self._by_pair))]
        if heard and _minute(heard[-1].at) == _minute(at):
            heard.pop()
        heard.append(HeardPrice(at, value))

    def of(self, pair: str, now: datetime) -> Sequence[HeardPrice]:
        """Oldest first, those of the last day."""
        heard = self._by_pair.get(pair_key(pair), ())
        return [one for one in heard if one.at > now - HEARD_FOR]


def _minute(at: datetime) -> float:
    return at.timestamp() // EVERY.total_seconds()
