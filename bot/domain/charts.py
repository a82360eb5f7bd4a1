"""Charts, as values: what is worth a picture, before anybody draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.amounts import is_extreme
from bot.domain.events import Trade, Trader, on_paper
from bot.domain.pairs import quote_of

FEWEST = 3
"""Trades of known profit below which a picture shows no more than the list does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """From the line at zero: up for a gain, down for a loss. `label` is the value, very short."""

    value: Decimal
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars side by side. `alt` says all that they show in words."""

    title: str
    bars: tuple[Bar, ...]
    alt: str


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
