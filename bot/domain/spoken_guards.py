"""Guards as people write them: 'day loss 50 USDT', 'drawdown 30 usdt of Night Owl, on paper'."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bot.domain.amounts import is_extreme
from bot.domain.guards import Fall, Guard
from bot.domain.names import AROUND_NAMES
from bot.domain.rules import PERCENT
from bot.domain.spoken_rules import CURRENCIES, number_meant, without_names
from bot.domain.text import folded


class GuardProblem(StrEnum):
    """Why something is not understood."""

    NO_FALL = "no fall"
    BOTH_FALLS = "both falls"
    AMOUNT = "amount"
    CURRENCY = "currency"
    PERCENT = "percent"
    """Of what is not said, and cannot be known."""
    PERIOD = "period"
    """Another one than a day."""
    MONEY = "money"
    """Both paper and real money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenGuard:
    """
    Attributes:
        percent: what was said in place of an amount: how much, and of what.
        paper: `None` where it is not said.
        bots: whole names of bots.
        about: other words, which may be names of bots.
    """

    fall: Fall
    amount: Decimal
    currency: str
    percent: tuple[Decimal, Decimal] | None = None
    paper: bool | None = None
    bots: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_LOSS = _words("loss losses lose loses losing lost minus")
_DRAWDOWN = _words("drawdown drawdowns dd")
_PAPER = _words("paper dry-run dryrun dry simulated")
_REAL = _words("real live")
_PERIODS = _words("week weekly month monthly year yearly hour hourly 1h 1w")
_EVERYTHING = _words("all everything account")
_FILLERS = _words(
    "i we me tell alert wake a an the of for from in on to at and or my per by with when if is over"
    " more than max maximum limit today day days daily 1d bot bots money run watch"
    " guard best peak day's"
)
_PERCENT_WORDS = _words("% percent pct")

_AMOUNT = re.compile(
    r"(?<![\w.,])[-\u2212]?\$?(?P<number>\d[\d.,']{0,20})\s?(?P<unit>%|[A-Za-z]{2,12}\b)?"
)
_BETWEEN = re.compile(r"\s*(?:,|;|&|\band\b|\bund\b|\+)\s*", re.IGNORECASE)


def read_guard(
    text: str, names: Iterable[str] = (), currencies: Collection[str] = ()
) -> SpokenGuard | GuardProblem:
    """
    Args:
        names: of the account's bots.
        currencies: that it trades in, besides those that everybody knows.
    """
    bots, left = without_names(text, names)
    known = CURRENCIES | {*currencies}
    amounts: list[tuple[Decimal | None, str]] = []

    def take(found: re.Match[str]) -> str:
        word = found["unit"] or ""
        unit = PERCENT if word.lower() in _PERCENT_WORDS else word.upper()
        is_unit = unit in (PERCENT, *known)
        unit = unit if is_unit else ""
        amounts.append((number_meant(found["number"].rstrip(".,"), unit), unit))
        return " " if is_unit else f" {word} "

    rest = _AMOUNT.sub(take, " ".join(left))
    said = {folded(word).strip(AROUND_NAMES) for word in rest.replace(",", " ").split()}
    if said & _PERIODS:
        return GuardProblem.PERIOD
    falls = {Fall.LOSS} if said & _LOSS else set()
    if said & _DRAWDOWN:
        falls.add(Fall.DRAWDOWN)
    if len(falls) != 1:
        return GuardProblem.BOTH_FALLS if falls else GuardProblem.NO_FALL
    if said & _PAPER and said & _REAL:
        return GuardProblem.MONEY
    measured = _measured(amounts)
    if isinstance(measured, GuardProblem):
        return measured
    amount, currency, percent = measured
    return SpokenGuard(
        fall=falls.pop(),
        amount=amount,
        currency=currency,
        percent=percent,
        paper=True if said & _PAPER else False if said & _REAL else None,
        bots=tuple(bots),
        about=tuple(filter(None, map(_name_in, _BETWEEN.split(rest)))),
    )


def _measured(
    amounts: list[tuple[Decimal | None, str]],
) -> tuple[Decimal, str, tuple[Decimal, Decimal] | None] | GuardProblem:
    if not amounts or len(amounts) > 2:
        return GuardProblem.AMOUNT
    (first, unit), *more = amounts
    if first is None or first == 0 or is_extreme(first):
        return GuardProblem.AMOUNT
    if unit != PERCENT:
        if more:
            return GuardProblem.AMOUNT
        return (first, unit, None) if unit else GuardProblem.CURRENCY
    if not more:
        return GuardProblem.PERCENT
    base, currency = more[0]
    if base is None or base == 0 or is_extreme(base):
        return GuardProblem.AMOUNT
    if currency in ("", PERCENT):
        return GuardProblem.CURRENCY
    return first * base / 100, currency, (first, base)


_KNOWN_WORDS = (
    _LOSS | _DRAWDOWN | _PAPER | _REAL | _EVERYTHING | _FILLERS | _PERCENT_WORDS | frozenset({""})
)


def _name_in(words: str) -> str:
    """What is left of some words without those that mean something else around a name."""
    left = words.split()
    while left and folded(left[0]).strip(AROUND_NAMES) in _KNOWN_WORDS:
        left.pop(0)
    while left and folded(left[-1]).strip(AROUND_NAMES) in _KNOWN_WORDS:
        left.pop()
    return " ".join(left)


def guard_written(guard: Guard | SpokenGuard, *names: str) -> str:
    """As `read_guard` understands it: 'day loss 50 USDT of Night Owl, Heron'.

    Args:
        names: of its bots.
    """
    money = {True: " paper", False: " real", None: ""}[guard.paper]
    bots = f" of {', '.join(names)}" if names else ""
    return f"day {guard.fall} {guard.amount:f} {guard.currency}{money}{bots}"
