"""Charts, as values and words: what is worth a picture, before anybody draws it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.amounts import brief, is_extreme, percent, signed
from bot.domain.events import Trade
from bot.domain.telling import quote_of
from bot.domain.text import counted

FEWEST = 3
"""Trades of known profit below which a picture shows no more than the list does."""

Words = Callable[[Decimal], str]


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


def profits(trades: Sequence[Trade]) -> Chart | None:
    """The profit of each trade that was closed, oldest first; `None` where too few tell it.

    In percent, or in their currency where too few ratios are known and it is the same one for all.
    """
    closed = sorted(
        (trade for trade in trades if trade.profit is not None or trade.profit_ratio is not None),
        key=lambda trade: (trade.origin.at, trade.origin.record),
    )
    ratios = _usable([trade.profit_ratio for trade in closed])
    if len(ratios) >= FEWEST:
        return _chart("%", [ratio * 100 for ratio in ratios], len(closed), _in_percent)
    amounts = _usable([trade.profit for trade in closed])
    currency, *others = {
        quote_of(trade.symbol) for trade in closed if trade.profit is not None
    } or {""}
    if len(amounts) < FEWEST or others or not currency:
        return None
    return _chart(currency, amounts, len(closed), lambda amount: f"{signed(amount)} {currency}")


def _usable(values: Sequence[Decimal | None]) -> list[Decimal]:
    return [value for value in values if value is not None and not is_extreme(value)]


def _in_percent(value: Decimal) -> str:
    return percent(value / 100)


def _chart(unit: str, values: Sequence[Decimal], closed: int, words: Words) -> Chart:
    """
    Args:
        closed: how many trades were closed, those whose profit cannot be shown among them.
    """
    trades = counted(closed, "closed trade")
    which = f"the latest {trades}"
    if len(values) < closed:
        which = f"{len(values)} of {which}"
    told = ", ".join(map(words, values))
    return Chart(
        title=f"Profit of {which} in {unit}",
        bars=tuple(Bar(value=value, label=brief(value)) for value in values),
        alt=f"Profit of {which}, oldest first: {told}. Together {words(sum(values, Decimal()))}.",
    )
