"""Pairs that somebody is to be rung for, and of which no price comes although all is connected."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import NamedTuple

from bot.domain.ids import Now
from bot.domain.pairs import pair_key
from bot.domain.price_alerts import GAP, PriceAlert
from bot.services.feeds.notices import Notices
from bot.services.steady import Seconds, steady

TOLD_AFTER: Seconds = 600.0
"""Without a price for so long, while prices could come, it is worth a word."""

TOGETHER: Seconds = 60.0
"""Prices that come again are told once, for all pairs of which some have come by then."""

TOLD_AGAIN: Seconds = 6 * 3600.0
"""A pair that is hardly traded has gaps all day: it is told so often at most."""

TRIED_AGAIN: Seconds = 30.0
"""After a notice could not be stored."""


class _Silence(NamedTuple):
    """Of a pair: since when by the steady clock, as far as we were connected, and in truth; and
    when it was over.
    """

    pair: str
    began: Seconds
    since: datetime
    until: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class PriceGaps:
    """Tells the account once that prices stay away, and once that they are back, unless an alert
    has said so by ringing.
    """

    notices: Notices
    now: Now
    _connected_at: Seconds = field(init=False, default=0.0)
    _heard: dict[str, Seconds] = field(init=False, default_factory=dict)
    """By pair, on this connection."""
    _told: dict[str, _Silence] = field(init=False, default_factory=dict)
    """What people know of, by pair; no price has come since."""
    _back: dict[str, _Silence] = field(init=False, default_factory=dict)
    """What is over since, and not told yet."""
    _back_at: Seconds = field(init=False, default=inf)
    _not_before: dict[str, Seconds] = field(init=False, default_factory=dict)
    _tries_at: Seconds = field(init=False, default=0.0)

    def connected(self) -> None:
        """Prices can come from now on."""
        self._connected_at = steady()
        self._heard.clear()

    def hear(self, pair: str, *, rings: bool) -> None:
        """A price has come, and one of the alerts rings for it or none."""
        key = pair_key(pair)
        self._heard[key] = steady()
        silence = self._told.pop(key, None)
        if rings:
            self._back.pop(key, None)
        elif silence is not None:
            self._back_at = min(self._back_at, steady() + TOGETHER)
            self._back[key] = silence._replace(until=self.now())

    def next_at(self, alerts: Iterable[PriceAlert]) -> Seconds:
        dues = (self._due_at(key, one) for key, one in self._untold(alerts).items())
        return max(min((*dues, self._back_at)), self._tries_at)

    async def mind(self, alerts: Collection[PriceAlert]) -> None:
        """Tell what is to be told by now."""
        if steady() < self.next_at(alerts):
            return
        stored = True
        silent = self._untold(alerts)
        if any(steady() >= self._due_at(key, one) for key, one in silent.items()):
            lasting = {
                key: one
                for key, one in silent.items()
                if steady() - one.began > GAP.total_seconds()
                and steady() >= self._not_before.get(key, 0.0)
            }
            stored = await self.notices.no_prices(*_told_of(lasting.values()))
            if stored:
                self._told |= lasting
                self._not_before |= dict.fromkeys(lasting, steady() + TOLD_AGAIN)
        if stored and steady() >= self._back_at:
            stored = not self._back or await self.notices.prices_back(*_over(self._back.values()))
            if stored:
                self._back, self._back_at = {}, inf
        if not stored:
            self._tries_at = steady() + TRIED_AGAIN

    def _due_at(self, key: str, silence: _Silence) -> Seconds:
        return max(silence.began + TOLD_AFTER, self._not_before.get(key, 0.0))

    def _untold(self, alerts: Iterable[PriceAlert]) -> dict[str, _Silence]:
        """Of pairs whose prices have come: that none ever did is said when an alert is set."""
        found: dict[str, _Silence] = {}
        for alert in alerts:
            key = pair_key(alert.pair)
            if alert.seen is None or key in self._told:
                continue
            ago = (self.now() - alert.seen.at).total_seconds()
            began = self._heard.get(key, max(self._connected_at, steady() - ago))
            known = found.get(key)
            if known is None or known.since < alert.seen.at:
                found[key] = _Silence(alert.pair, began, alert.seen.at)
        return found


def _told_of(silences: Collection[_Silence]) -> tuple[list[str], datetime]:
    return sorted({one.pair for one in silences}), min(one.since for one in silences)


def _over(silences: Collection[_Silence]) -> tuple[list[str], datetime, datetime]:
    return *_told_of(silences), max(one.until or one.since for one in silences)
