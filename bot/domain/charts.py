"""Charts, as values and words: what is worth a picture, before anybody draws it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.amounts import brief, gained, is_extreme, percent
from bot.domain.events import Trade, Trader
from bot.domain.telling import on_paper, settled_in
from bot.domain.text import counted

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


def profits(trades: Sequence[Trade], traders: Mapping[str, Trader]) -> Chart | None:
    """The profit of each trade that was closed, oldest first; `None` where too few tell it.

    In percent, or in their currency where too few ratios are known and it is the same one for all.
    Of real money, else of bots that do not say which, else on paper: never mixed.
    """
    closed = sorted(
        (trade for trade in trades if trade.profit is not None or trade.profit_ratio is not None),
        key=lambda trade: (trade.origin.at, trade.origin.record),
    )
    for paper, word in ((False, "real"), (None, ""), (True, "paper")):
        alike = [trade for trade in closed if _on_paper(trade, traders) is paper]
        chart = _profits(alike, word)
        if chart is not None:
            return chart
    return None


def _on_paper(trade: Trade, traders: Mapping[str, Trader]) -> bool | None:
    return on_paper(trade, traders.get(trade.trader) if trade.trader else None)


def _profits(closed: Sequence[Trade], word: str) -> Chart | None:
    which = f"closed {word} trade" if word else "closed trade"
    ratios = _usable([trade.profit_ratio for trade in closed])
    if len(ratios) >= FEWEST:
        shown = [ratio * 100 for ratio in ratios]
        # Of different stakes, so their sum would be none.
        return _chart("%", shown, counted(len(closed), which), map(percent, ratios))
    amounts = _usable([trade.profit for trade in closed])
    currency, *others = {
        settled_in(trade.symbol) for trade in closed if trade.profit is not None
    } or {""}
    if len(amounts) < FEWEST or others or not currency:
        return None
    told = (gained(amount, currency) for amount in amounts)
    together = f" Together {gained(sum(amounts, Decimal()), currency)}."
    return _chart(currency, amounts, counted(len(closed), which), told, together)


def _usable(values: Sequence[Decimal | None]) -> list[Decimal]:
    return [value for value in values if value is not None and not is_extreme(value)]


def _chart(
    unit: str, values: Sequence[Decimal], closed: str, told: Iterable[str], together: str = ""
) -> Chart:
    """
    Args:
        closed: how many trades were closed, those whose profit cannot be shown among them.
        told: each value in words.
    """
    which = f"the latest {closed}"
    if not which.startswith(f"the latest {len(values)} "):
        which = f"{len(values)} of {which}"
    return Chart(
        title=f"Profit of {which} in {unit}",
        bars=tuple(Bar(value=value, label=brief(value)) for value in values),
        alt=f"Profit of {which}, oldest first: {', '.join(told)}.{together}",
    )
