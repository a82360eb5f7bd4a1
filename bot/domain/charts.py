"""Charts, as values: what is worth a picture, before anybody draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.amounts import is_extreme
from bot.domain.events import Trade, Trader, on_paper
from bot.domain.figures import Closed
from bot.domain.heard_prices import HeardPrice
from bot.domain.ledger import Entry
from bot.domain.pairs import quote_of

FEWEST = 3
"""Trades of known profit below which a picture shows no more than the list does."""

MOST_POINTS = 400
"""Of a curve: a phone shows no more, and whoever draws it knows what it costs at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A gain or a loss. `label` is the value, very short; `name` what it is of."""

    value: Decimal
    label: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Side by side, up for a gain and down for a loss. `alt` says all that they show in words."""

    title: str
    bars: tuple[Bar, ...]
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Bars below each other, to the right for a gain and to the left for a loss."""

    title: str
    bars: tuple[Bar, ...]
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`bought` says what was done there, if that is to be shown."""

    at: datetime
    value: Decimal
    bought: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A value that is written beside the curve."""

    value: Decimal
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A value over time.

    Attributes:
        points: oldest first, at most `MOST_POINTS`.
        levels: the most important first: where there is no room for all, the last are left out.
        ends: when it begins and ends, in words.
        is_result: it is measured from nought, and stays as it is until the next point.
        marks: words for what was bought and what was sold, where points say it.
    """

    title: str
    points: tuple[Point, ...]
    levels: tuple[Level, ...]
    ends: tuple[str, str]
    alt: str
    is_result: bool = False
    marks: tuple[str, str] | None = None


Chart = Bars | Ranking | Curve


FEWEST_HEARD = 5
"""Prices below which a picture of them shows no more than the last one does."""


def added_up(trades: Sequence[Closed], since: datetime) -> tuple[Point, ...]:
    """What trades have earned together after each of them.

    Args:
        trades: at least one, all of one money, oldest first.
        since: when the time began that they are of, if that is before the first.
    """
    total = Decimal()
    points = [Point(at=min(since, trades[0].at), value=total)]
    for one in trades:
        total += one.value
        points.append(Point(at=one.at, value=total))
    return _thinned(points)


def _thinned(points: Sequence[Point], most: int = MOST_POINTS) -> tuple[Point, ...]:
    """No more than can be shown; the highest and lowest stay."""
    if len(points) <= most:
        return tuple(points)
    within = points[1:-1]
    size = -(-len(within) * 2 // (most - 2))
    kept = [points[0]]
    for start in range(0, len(within), size):
        part = within[start : start + size]
        extremes = min(part, key=_value), max(part, key=_value)
        kept += sorted(dict.fromkeys(extremes), key=part.index)
    return (*kept, points[-1])


def _value(point: Point) -> Decimal:
    return point.value


def prices(entries: Sequence[Entry]) -> tuple[Point, ...] | None:
    """At what prices was bought and sold, oldest first; `None` where too few trades tell it.

    Of real money, else of trades that do not say which, else on paper: never mixed.
    """
    for paper in (False, None, True):
        told = [point for one in entries if one.paper is paper and (point := _filled(one))]
        if len(told) >= FEWEST:
            return tuple(sorted(told, key=lambda one: one.at))
    return None


def on_prices(heard: Sequence[HeardPrice], entries: Sequence[Entry]) -> tuple[Point, ...] | None:
    """The prices that were heard, oldest first, and at which of them was bought and sold since the
    first; `None` where too few were.

    Args:
        heard: oldest first.
    """
    if len(heard) < FEWEST_HEARD:
        return None
    traded: list[Point] = []
    for paper in (False, None, True):
        told = [point for one in entries if one.paper is paper and (point := _filled(one))]
        traded = traded or [one for one in told if one.at >= heard[0].at]
    line = [Point(at=at, value=value) for at, value in heard]
    points = [*_thinned(line, MOST_POINTS - len(traded)), *traded]
    return tuple(sorted(points, key=lambda one: one.at))


def _filled(entry: Entry) -> Point | None:
    side = (entry.side or "").lower()
    if entry.price is None or side not in ("buy", "sell"):
        return None
    return Point(at=entry.at, value=entry.price, bought=side == "buy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profits:
    """What closed trades earned: `bot.texts.charts` makes a chart of it.

    Attributes:
        currency: that of the values; empty where they are ratios.
        values: oldest first.
        closed: how many trades were closed, those whose profit cannot be shown among them.
        paper: whether on paper, where that is known.
    """

    currency: str
    values: tuple[Decimal, ...]
    closed: int
    paper: bool | None


def profits(trades: Sequence[Trade], traders: Mapping[str, Trader]) -> Profits | None:
    """The profit of each trade that was closed, oldest first; `None` where too few tell it.

    In percent, or in their currency where too few ratios are known and it is the same one for all.
    Of real money, else of bots that do not say which, else on paper: never mixed.
    """
    closed = sorted(
        (trade for trade in trades if trade.profit is not None or trade.profit_ratio is not None),
        key=lambda trade: (trade.origin.at, trade.origin.record),
    )
    for paper in (False, None, True):
        alike = [trade for trade in closed if _on_paper(trade, traders) is paper]
        earned = _profits(alike, paper)
        if earned is not None:
            return earned
    return None


def _on_paper(trade: Trade, traders: Mapping[str, Trader]) -> bool | None:
    return on_paper(trade, traders.get(trade.trader) if trade.trader else None)


def _profits(closed: Sequence[Trade], paper: bool | None) -> Profits | None:
    ratios = _usable([trade.profit_ratio for trade in closed])
    if len(ratios) >= FEWEST:
        return Profits(currency="", values=tuple(ratios), closed=len(closed), paper=paper)
    amounts = _usable([trade.profit for trade in closed])
    currency, *others = {
        quote_of(trade.symbol) for trade in closed if trade.profit is not None
    } or {""}
    if len(amounts) < FEWEST or others or not currency:
        return None
    return Profits(currency=currency, values=tuple(amounts), closed=len(closed), paper=paper)


def _usable(values: Sequence[Decimal | None]) -> list[Decimal]:
    return [value for value in values if value is not None and not is_extreme(value)]
