"""The months before: what bots bought and sold while prices wandered. Without any I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from adapters.simulator.market import PAIRS, Bot, Position, Record, bought, sold
from adapters.simulator.times import iso

STEP = timedelta(hours=4)
"""Between two prices."""

_VOLATILITY = 0.011
"""Of one step, as a ratio."""

_PULL = 0.02
_LOWEST = -0.5

_BUYS = 0.07
"""How likely a bot that holds nothing buys in a step."""

_CONTENT, _STOPPED = Decimal("0.024"), Decimal("-0.035")
"""The results, as ratios, at which it sells."""

_LONGEST = 15
"""Steps that it waits for either."""

_BY_HAND = 0.01
"""How likely its owner sells in a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sale:
    bot: Bot
    paid: Decimal
    opened_at: datetime
    price: Decimal
    at: datetime
    reason: str


def past(
    chance: Random, bots: Sequence[Bot], until: Mapping[str, datetime], span: timedelta
) -> list[tuple[Bot, Record]]:
    """Give trades, oldest first; all that was bought is sold again.

    Args:
        until: by trader, when it did its last.
        span: how long before the last of these they begin.
    """
    began = max(until.values()) - span
    prices = {bot.symbol: _prices(chance, bot.symbol, span // STEP) for bot in bots}
    sales = [
        sale
        for bot in bots
        for sale in _sales(chance, bot, prices[bot.symbol], began)
        if sale.at < until[bot.trader]
    ]
    dated: list[tuple[datetime, Bot, Record]] = []
    for number, sale in enumerate(sorted(sales, key=lambda sale: sale.opened_at), 1):
        held = Position.of(sale.bot, sale.paid, sale.opened_at, str(number))
        dated.append((held.opened_at, sale.bot, bought(sale.bot, held)))
        result = sold(sale.bot, held, sale.price, sale.reason, sale.at)
        dated.append((sale.at, sale.bot, result))
    dated.sort(key=lambda one: one[0])
    return [
        (bot, {**record, "createdAt": iso(at), "updatedAt": iso(at)}) for at, bot, record in dated
    ]


def _prices(chance: Random, symbol: str, steps: int) -> list[Decimal]:
    """Give one for each step; the last is where the market begins."""
    anchor, tick = map(Decimal, PAIRS[symbol])
    away, backwards = 0.0, []
    for _ in range(steps):
        backwards.append((anchor * Decimal(repr(1 + away))).quantize(tick))
        away = max(_LOWEST, away * (1 - _PULL) + chance.gauss(0, _VOLATILITY))
    return backwards[::-1]


def _sales(chance: Random, bot: Bot, prices: Sequence[Decimal], began: datetime) -> Iterator[_Sale]:
    held: tuple[int, Decimal, datetime] | None = None
    for step, price in enumerate(prices):
        at = began + step * STEP + chance.random() * STEP
        if held is None:
            held = (step, price, at) if chance.random() < _BUYS else None
            continue
        since, paid, opened_at = held
        by_hand = chance.random() < _BY_HAND
        reason = _reason(price / paid - 1, step - since, by_hand=by_hand)
        if reason is not None:
            yield _Sale(bot=bot, paid=paid, opened_at=opened_at, price=price, at=at, reason=reason)
            held = None


def _reason(ratio: Decimal, steps: int, *, by_hand: bool) -> str | None:
    """Give why it is sold now, if it is."""
    if ratio <= _STOPPED:
        return "stop_loss"
    if ratio >= _CONTENT:
        return "roi"
    if by_hand:
        return "force_exit"
    return "exit_signal" if steps >= _LONGEST else None
