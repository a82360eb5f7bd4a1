"""What a person wants to be woken for: a day that goes badly. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bot.domain.ids import TraderId
from bot.domain.results import Result


class Fall(StrEnum):
    """What is measured within one day."""

    LOSS = "loss"
    """The results, added up, below nought."""
    DRAWDOWN = "drawdown"
    """The results, added up, below the best that they came to on that day, or nought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """From how much on, in which currency, of which bots; of all of them if none is named.

    `paper` money and real money are apart; what does not say which it is counts as real.
    """

    id: str
    fall: Fall
    amount: Decimal
    currency: str
    bots: tuple[TraderId, ...] = ()
    paper: bool = False

    def is_about(self, result: Result) -> bool:
        return (
            result.money.currency.upper() == self.currency.upper()
            and (result.money.paper is True) is self.paper
            and (not self.bots or result.trader in self.bots)
        )


class Standing(NamedTuple):
    """How a day stands as a guard sees it; `best` is nought or more."""

    total: Decimal
    best: Decimal
    trades: int
    by_bot: tuple[tuple[TraderId | None, Decimal], ...] = ()
    """The worst first."""

    def fallen(self, fall: Fall) -> Decimal:
        """By how much; never below nought."""
        return max(Decimal(), (self.best if fall is Fall.DRAWDOWN else Decimal()) - self.total)


def standing(guard: Guard, day: Iterable[Result]) -> Standing:
    """
    Args:
        day: the results of one day, oldest first.
    """
    total = best = Decimal()
    by_bot: dict[TraderId | None, Decimal] = {}
    trades = 0
    for one in filter(guard.is_about, day):
        total += one.value
        best = max(best, total)
        by_bot[one.trader] = by_bot.get(one.trader, Decimal()) + one.value
        trades += 1
    return Standing(total, best, trades, tuple(sorted(by_bot.items(), key=lambda one: one[1])))


def is_crossed(guard: Guard, stands: Standing) -> bool:
    return stands.fallen(guard.fall) >= guard.amount


def was_crossed(guard: Guard, day: Sequence[Result]) -> bool:
    """Whether it was at any moment of that day."""
    total = best = Decimal()
    for one in filter(guard.is_about, day):
        total += one.value
        best = max(best, total)
        if is_crossed(guard, Standing(total, best, 0)):
            return True
    return False
