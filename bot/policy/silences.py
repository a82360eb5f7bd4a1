"""Whether a bot has been unusually quiet: by its own rhythm, hour by hour and on weekends. Pure.

An hour counts for as many trades as the bot makes in it otherwise, so a night in which it never
trades is no silence. What is measured is how many trades are overdue.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.domain.silences import Silence

HISTORY = timedelta(days=14)
"""How far back before its last trade a bot's rhythm is looked for."""

LEAST_HISTORY = timedelta(days=7)
LEAST_TRADES = 28
"""A bot of which less is known has no rhythm yet."""

LEAST_SILENCE = timedelta(hours=2)
LONGEST_SILENCE = timedelta(days=7)
"""After so long it is no news any more."""

LEAST_OVERDUE = 8.0
"""Trades: of a bot that trades at random so many are missing by chance once in three thousand."""

LONGER_THAN_EVER = 1.5
"""And so many times the trades that were overdue in its longest pause so far."""

_HOUR = timedelta(hours=1)
_SATURDAY = 5

_Hour = tuple[bool, int]
"""Whether it is on a weekend, and which one of the day."""


def silence(times: Sequence[datetime], now: datetime) -> Silence | None:
    """What is unusual about how long ago the last of these trades was; `None` for nothing.

    Args:
        times: of all its trades for three weeks or longer, oldest first.
    """
    if not times or not LEAST_SILENCE <= now - times[-1] <= LONGEST_SILENCE:
        return None
    last = times[-1]
    known = [one for one in times if one >= last - HISTORY]
    if len(known) < LEAST_TRADES or last - known[0] < LEAST_HISTORY:
        return None
    rhythm = _Rhythm(known, now)
    overdue = rhythm.between(last, now)
    longest = max(rhythm.between(earlier, later) for earlier, later in pairwise(known))
    if overdue < max(LEAST_OVERDUE, LONGER_THAN_EVER * longest):
        return None
    days = (last - known[0]) / timedelta(days=1)
    return Silence(last=last, overdue=overdue, a_day=len(known) / days)


class _Rhythm:
    """How many trades are usual within any span between the first one and now."""

    def __init__(self, times: Sequence[datetime], now: datetime) -> None:
        first, last = times[0], times[-1]
        self._hours = list(_hours(first, now))
        counts: dict[_Hour, float] = {}
        lasted: dict[_Hour, float] = {}
        for one in times:
            counts[_hour(one)] = counts.get(_hour(one), 0) + 1
        for start in self._hours:
            within = (min(start + _HOUR, last) - max(start, first)) / _HOUR
            if within > 0:
                lasted[_hour(start)] = lasted.get(_hour(start), 0) + within
        self._rates = [_rate(_hour(start), counts, lasted) for start in self._hours]
        self._until = [0.0]
        for rate in self._rates:
            self._until.append(self._until[-1] + rate)

    def between(self, earlier: datetime, later: datetime) -> float:
        return self._up_to(later) - self._up_to(earlier)

    def _up_to(self, at: datetime) -> float:
        place = bisect_right(self._hours, at) - 1
        return self._until[place] + self._rates[place] * ((at - self._hours[place]) / _HOUR)


def _rate(hour: _Hour, counts: dict[_Hour, float], lasted: dict[_Hour, float]) -> float:
    """Trades in such an hour: those around it are heard too, as few of them are known."""
    weekend, at = hour
    weighed = [((weekend, (at + beside) % 24), 2 - abs(beside)) for beside in (-1, 0, 1)]
    there = sum(lasted.get(one, 0) * weight for one, weight in weighed)
    if lasted.get(hour, 0) < 1:
        return 0.0  # nobody knows what is usual then
    return sum(counts.get(one, 0) * weight for one, weight in weighed) / there


def _hours(first: datetime, last: datetime) -> list[datetime]:
    """The beginnings of the hours that a span is in."""
    start = first.replace(minute=0, second=0, microsecond=0)
    return [start + number * _HOUR for number in range(int((last - start) / _HOUR) + 1)]


def _hour(at: datetime) -> _Hour:
    return at.weekday() >= _SATURDAY, at.hour
