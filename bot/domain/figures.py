"""Figures of closed trades: sums, shares, the worst of it, by day or by what they have in common.

Pure. Each money is counted for itself: amounts of different currencies are never added up, nor are
real money and paper.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from bot.domain.ids import TraderId
from bot.domain.results import Money
from bot.domain.timetables import DAY, at_clock

K = TypeVar("K", bound=Hashable)


class Span(StrEnum):
    """Of a calendar, by a clock: `WEEK` begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


class Detail(StrEnum):
    """What figures may need of a trade besides when it was closed, and with which result."""

    OPENED_AT = "opened_at"
    TRADER = "trader"
    PAIR = "pair"
    REASON = "reason"


class Closed(NamedTuple):
    """A trade of known result. What is not told, or was not asked, is `None`."""

    at: datetime
    opened_at: datetime | None
    trader: TraderId | None
    pair: str | None
    reason: str | None
    money: Money
    value: Decimal


class Fee(NamedTuple):
    """What a trade cost; in an unknown currency, that is empty."""

    at: datetime
    trader: TraderId | None
    money: Money
    value: Decimal


class Fill(NamedTuple):
    """What was bought or sold at a time, where no result is told."""

    at: datetime
    trader: TraderId | None
    pair: str
    bought: bool
    amount: Decimal
    price: Decimal
    fee: Decimal
    """In the money of the price; nought where it is unknown or in another."""
    money: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How results were come by: told by the platform, if `since` is `None`.

    Attributes:
        since: else they were computed of all fills from then on, first in, first out.
        unmatched: how many sales were of what had been bought before.
    """

    since: datetime | None = None
    unmatched: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the ledger has of a time that begins at `since`.

    Attributes:
        trades: oldest first.
        untold: how many trades were closed then and do not say with which result.
        whole_from: from when on nothing is missing; `None` if that is not known.
        method: how the results were come by.
    """

    since: datetime
    trades: tuple[Closed, ...] = ()
    untold: int = 0
    whole_from: datetime | None = None
    method: "Method" = field(default_factory=lambda: Method())

    def since_then(self, since: datetime) -> tuple[Closed, ...]:
        return tuple(one for one in self.trades if one.at >= since)


EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before all that there is to count."""


def began(span: Span, now: datetime, zone: ZoneInfo) -> datetime:
    """When the span began that is now, by the clock there."""
    if span is Span.ALL:
        return EVER
    return at_clock(_first_day(span, now.astimezone(zone).date()), time(), zone)


def _first_day(span: Span, day: date) -> date:
    match span:
        case Span.WEEK:
            return day - timedelta(days=day.weekday())
        case Span.MONTH:
            return day.replace(day=1)
        case Span.YEAR:
            return day.replace(month=1, day=1)
        case _:
            return day


def latest(span: Span, count: int, now: datetime, zone: ZoneInfo) -> Sequence[date]:
    """The first day of each of the last so many spans, the running one last."""
    day = _first_day(span, now.astimezone(zone).date())
    days = [day]
    while len(days) < count:
        day = _first_day(span, day - DAY)
        days.append(day)
    return days[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What trades of one money came to.

    Attributes:
        won: how many earned something; `lost`: how many cost something.
        gain: of those that won; `loss`: of those that lost, nought or less.
        drawdown: the deepest fall of the sum below the best that it had come to before, or nought.
        fell: when that began and ended; `None` where it never fell.
        longest_losses: how many losses came one after the other at most.
        held_won: how long those that won were open on average, where it is told.
    """

    count: int
    won: int
    lost: int
    gain: Decimal
    loss: Decimal
    best: Closed
    worst: Closed
    drawdown: Decimal
    fell: tuple[datetime, datetime] | None
    longest_losses: int
    held_won: timedelta | None
    held_lost: timedelta | None

    @property
    def total(self) -> Decimal:
        return self.gain + self.loss

    @property
    def expectancy(self) -> Decimal:
        """What a trade earned on average."""
        return self.total / self.count

    @property
    def share_won(self) -> Decimal:
        return Decimal(self.won) / self.count

    @property
    def average_gain(self) -> Decimal | None:
        return self.gain / self.won if self.won else None

    @property
    def average_loss(self) -> Decimal | None:
        return self.loss / self.lost if self.lost else None

    @property
    def factor(self) -> Decimal | None:
        """What was won for each unit that was lost."""
        return self.gain / -self.loss if self.loss else None


def summary(trades: Sequence[Closed]) -> Summary:
    """
    Args:
        trades: at least one, all of one money, oldest first.
    """
    total = peak = drawdown = gain = loss = Decimal()
    won = lost = run = longest = 0
    best = worst = trades[0]
    peak_at, fell = trades[0].at, None
    for one in trades:
        value = one.value
        total += value
        if value > 0:
            won, run, gain = won + 1, 0, gain + value
        elif value < 0:
            lost, run, loss = lost + 1, run + 1, loss + value
            longest = max(longest, run)
        if value > best.value:
            best = one
        if value < worst.value:
            worst = one
        if total >= peak:
            peak, peak_at = total, one.at
        elif peak - total > drawdown:
            drawdown, fell = peak - total, (peak_at, one.at)
    return Summary(
        count=len(trades),
        won=won,
        lost=lost,
        gain=gain,
        loss=loss,
        best=best,
        worst=worst,
        drawdown=drawdown,
        fell=fell,
        longest_losses=longest,
        held_won=_held(one for one in trades if one.value > 0),
        held_lost=_held(one for one in trades if one.value < 0),
    )


def _held(trades: Iterable[Closed]) -> timedelta | None:
    times = [
        one.at - one.opened_at
        for one in trades
        if one.opened_at is not None and one.opened_at <= one.at
    ]
    return sum(times, timedelta()) / len(times) if times else None


def by_money(trades: Iterable[Closed]) -> Mapping[Money, Sequence[Closed]]:
    """Real money first, then what does not say which it is, then paper; most trades first."""
    found = _grouped(trades, attrgetter("money"))
    order = {False: 0, None: 1, True: 2}
    return dict(
        sorted(found.items(), key=lambda one: (order[one[0].paper], -len(one[1]), one[0].currency))
    )


class Share(NamedTuple):
    """What trades that have something in common came to."""

    total: Decimal
    trades: int
    won: int


def shares(trades: Iterable[Closed], of: Callable[[Closed], K]) -> Mapping[K, Share]:
    """Of one money, by what they have in common; the best first."""
    found = {key: _share(them) for key, them in _grouped(trades, of).items()}
    return dict(sorted(found.items(), key=lambda one: (-one[1].total, str(one[0]))))


def by_span(trades: Iterable[Closed], days: Sequence[date], zone: ZoneInfo) -> Mapping[date, Share]:
    """Of one money, by the spans that begin on these days, the earliest first; none is left out."""
    starts = [at_clock(day, time(), zone) for day in days]
    parts: list[list[Closed]] = [[] for _ in days]
    place = 0
    for one in trades:
        if one.at < starts[0]:
            continue
        while place + 1 < len(starts) and one.at >= starts[place + 1]:
            place += 1
        parts[place].append(one)
    return {day: _share(part) for day, part in zip(days, parts, strict=True)}


def _share(trades: Sequence[Closed]) -> Share:
    total = sum((one.value for one in trades), Decimal())
    return Share(total, len(trades), sum(one.value > 0 for one in trades))


def _grouped(trades: Iterable[Closed], of: Callable[[Closed], K]) -> dict[K, list[Closed]]:
    groups: dict[K, list[Closed]] = {}
    for one in trades:
        groups.setdefault(of(one), []).append(one)
    return groups


def first_in_first_out(fills: Sequence[Fill], since: datetime) -> Record:
    """What sales since then have earned, if what is sold is what was bought first.

    Each bot and pair is counted for itself. A sale of more than was seen to be bought is left out
    as a whole: what it earned cannot be known.

    Args:
        fills: at least one, oldest first.
    """
    held: dict[Hashable, deque[_Lot]] = {}
    closed, unmatched = [], 0
    for fill in fills:
        lots = held.setdefault((fill.trader, fill.pair, fill.money), deque())
        if fill.bought:
            lots.append(_Lot(fill.at, fill.amount, fill.price + fill.fee / fill.amount))
        elif sum((lot.amount for lot in lots), Decimal()) < fill.amount:
            lots.clear()
            unmatched += fill.at >= since
        else:
            opened_at, cost = lots[0].at, _taken(lots, fill.amount)
            if fill.at >= since:
                earned = fill.amount * fill.price - fill.fee - cost
                closed.append(
                    Closed(fill.at, opened_at, fill.trader, fill.pair, None, fill.money, earned)
                )
    method = Method(since=fills[0].at, unmatched=unmatched)
    return Record(since=since, trades=tuple(closed), method=method)


class _Lot(NamedTuple):
    at: datetime
    amount: Decimal
    price: Decimal
    """With its part of the fee."""


def _taken(lots: deque[_Lot], amount: Decimal) -> Decimal:
    """What so much had cost, which is there, and is taken out."""
    cost = Decimal()
    while amount:
        lot = lots.popleft()
        taken = min(amount, lot.amount)
        cost += taken * lot.price
        amount -= taken
        if taken < lot.amount:
            lots.appendleft(lot._replace(amount=lot.amount - taken))
    return cost
