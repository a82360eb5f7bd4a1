"""What trades have earned, and the sums of a day. Pure.

Amounts of different currencies are never added up, nor are real money and paper.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.ids import TraderId
from bot.domain.timetables import DAY, at_clock


class Money(NamedTuple):
    """What a result is in. `paper` is `None` where nobody says whether the money is real."""

    currency: str
    paper: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a trade has earned, when, and for which bot."""

    record: str
    at: datetime
    trader: TraderId | None
    money: Money
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Results of an account, of a time that begins at `since`.

    `whole_from` says from when on none is missing; `None` if that is not known.
    """

    since: datetime
    entries: tuple[Result, ...] = ()
    whole_from: datetime | None = None

    def of_day(self, day: date, zone: ZoneInfo) -> tuple[Result, ...]:
        """Those of a day by the clock there, oldest first."""
        began, ended = at_clock(day, time(), zone), at_clock(day + DAY, time(), zone)
        theirs = [one for one in self.entries if began <= one.at < ended]
        return tuple(sorted(theirs, key=attrgetter("at")))

    def adding(self, result: Result) -> "Results":
        """With one that may stand in place of an earlier one of the same record."""
        others = [one for one in self.entries if one.record != result.record]
        return Results(since=self.since, entries=(*others, result), whole_from=self.whole_from)


def sums(results: Iterable[Result]) -> Mapping[Money, Decimal]:
    """What they come to, each money apart."""
    found: dict[Money, Decimal] = {}
    for one in results:
        found[one.money] = found.get(one.money, Decimal()) + one.value
    return found
