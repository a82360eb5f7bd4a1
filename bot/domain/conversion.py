"""Amounts in another currency too, by prices that were heard: to show, never to store. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.domain.events import Tick
from bot.domain.pairs import pair_key, quote_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one of a currency is worth, by the price of a pair."""

    value: Decimal
    pair: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """
    Attributes:
        into: the currency that is wanted; empty if none is.
        of: by the currency of amounts.
        missing: currencies that have no rate, with the pair of which no price came; `None` if no
            pair is heard that could tell it.
        now: when it was asked.
    """

    into: str = ""
    of: Mapping[str, Rate] = field(default_factory=dict)
    missing: Mapping[str, str | None] = field(default_factory=dict)
    now: datetime | None = None


PLAIN = Rates()

COMMON = (
    *("EUR", "USD", "GBP", "CHF", "JPY", "CNY", "RUB", "BRL", "TRY", "INR", "AUD", "CAD"),
    *("USDT", "USDC", "BTC", "ETH"),
)
"""In which many people count."""


def pair_between(one: str, other: str, pairs: Iterable[str]) -> str | None:
    """The pair whose price tells what the one is worth in the other; a spot pair, since a
    perpetual's price is not quite that.
    """
    keys = {pair_key(f"{one}/{other}"), pair_key(f"{other}/{one}")}
    spot = (pair for pair in pairs if ":" not in pair and "/" in pair)
    return next((pair for pair in spot if pair_key(pair) in keys), None)


def rate_by(tick: Tick, of: str) -> Rate | None:
    """What one of a currency is worth in the other one of the pair."""
    if not tick.last.is_finite() or tick.last <= 0:
        return None
    is_quote = quote_of(tick.symbol).upper() == of.upper()
    return Rate(value=1 / tick.last if is_quote else tick.last, pair=tick.symbol, at=tick.at)


def currencies_of(pairs: Iterable[str]) -> tuple[str, ...]:
    """All that amounts could be shown in, by these pairs."""
    spot = [pair for pair in pairs if ":" not in pair and "/" in pair]
    return tuple(sorted({coin.upper() for pair in spot for coin in pair.split("/")[:2] if coin}))
