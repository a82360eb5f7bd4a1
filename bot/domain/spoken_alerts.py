"""Price alerts as people write them: 'BTC/USDT above 50k', '3% in 15m eth, every time'."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.amounts import is_extreme
from bot.domain.commands import read_span
from bot.domain.names import AROUND_NAMES
from bot.domain.price_alerts import LEVELS, LONGEST, SHORTEST, Crossing, PriceAlert
from bot.domain.rules import PERCENT
from bot.domain.spoken_rules import CURRENCIES, number_meant
from bot.domain.text import folded


class AlertProblem(StrEnum):
    """Why something is not understood."""

    PAIR = "pair"
    """None is named, or more than one."""
    SIDE = "side"
    """Above or below is not said, or both are."""
    AMOUNT = "amount"
    WITHIN = "within"
    """In which time it moves is not said."""
    TIME = "time"
    """That is too short, too long, or of a level, which has none."""
    PERCENT = "percent"
    """Of a level."""
    CURRENCY = "currency"
    """Another one than the pair's prices are in."""
    OFTEN = "often"
    """Once, and every time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenAlert:
    """
    Attributes:
        amounts: what was said; two where it may mean either.
        currency: that was named, if one was.
    """

    pair: str
    what: Crossing
    amounts: tuple[Decimal, ...]
    currency: str = ""
    within: timedelta | None = None
    repeats: bool = False


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_EVERY_TIME = re.compile(
    r"\b(?:every|each) ?time\b|\balways\b|\brepeat(?:s|ed|ing|edly)?\b|\bagain and again\b",
    re.IGNORECASE,
)
_ONCE = re.compile(r"\b(?:just |only )?(?:once|one[ -]?shot|one time)\b", re.IGNORECASE)

_ABOVE = _words("above over exceeds exceed")
_BELOW = _words("below under beneath")
_UP = _words("rises rise rising up climbs climb gains gain pumps pump higher more greater")
_DOWN = _words("falls fall falling down drops drop loses dumps dump lower less")
_EITHER = _words("moves move moved changes change changed swings swing by")
_FILLERS = _words(
    "i me us tell alert alerts ring wake notify an the of for if when whenever is are goes go gets"
    " get to at on from than price prices please pair it its comes come within in last and or"
    " percent watch"
)
_KNOWN = _ABOVE | _BELOW | _UP | _DOWN | _EITHER | _FILLERS

_WITHIN = re.compile(
    r"\b(?:in|within|over|per|during)\s+(?:the\s+)?(?:last\s+)?"
    r"(?P<span>an?\s+hour|\d{1,6}\s?(?:minutes?|mins?|hours?|hrs?|days?|[mhd]))\b",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"(?<![\w.,/])\d{1,6}\s?(?:minutes?|mins?|hours?|hrs?|days?|[mhd])\b", re.IGNORECASE
)
_AMOUNT = re.compile(
    r"(?<![\w.,/])(?P<sign>[-+\u2212\u00b1]?)[$\u20ac]?(?P<number>\d[\d.,']{0,30})(?P<k>k)?"
    r"(?:\s?(?P<unit>%|percent\b|pct\b|[A-Z]{2,6}\b))?(?![\w/]|[.,']\d)",
    re.IGNORECASE,
)
_MORE, _LESS = re.compile(r">=?|\u2265"), re.compile(r"<=?|\u2264")

_MAY_BE_TWO = re.compile(r"[1-9]\d{0,2}\.\d{3}")
"""Thousands where points group, and decimals elsewhere."""


def read_alert(text: str) -> SpokenAlert | AlertProblem:
    rest = _LESS.sub(" below ", _MORE.sub(" above ", " ".join(text.split())))
    rest, repeats = _taken(_EVERY_TIME, rest)
    rest, once = _taken(_ONCE, rest)
    if repeats and once:
        return AlertProblem.OFTEN
    rest, span = _span_in(rest)
    amounts: list[tuple[str, str, bool, str]] = []

    def take(found: re.Match[str]) -> str:
        unit = (found["unit"] or "").upper()
        unit = PERCENT if unit in ("%", "PERCENT", "PCT") else unit
        if unit and unit != PERCENT and unit not in CURRENCIES:
            amounts.append((found["sign"], found["number"], bool(found["k"]), ""))
            return f" | {found['unit']} "
        amounts.append((found["sign"], found["number"], bool(found["k"]), unit))
        return " | "

    rest = _AMOUNT.sub(take, rest)
    said = {folded(word).strip(AROUND_NAMES) for word in rest.split()}
    named = list(filter(None, map(_name_in, re.split(r"\||,(?=\s|$)", rest))))
    if len(amounts) != 1:
        return AlertProblem.AMOUNT
    [(sign, number, thousands, unit)] = amounts
    meant = _meant(number.rstrip(".,'"), unit, thousands)
    if not meant:
        return AlertProblem.AMOUNT
    if not named and unit not in ("", PERCENT):
        named, unit = [unit], ""  # '50 ETH' was an amount and a coin
    if len(named) != 1:
        return AlertProblem.PAIR
    spoken = SpokenAlert(
        pair=named[0], what=Crossing.MOVES, amounts=meant, currency=unit, repeats=repeats
    )
    if unit == PERCENT:
        return _of_move(replace(spoken, currency=""), said, sign, span)
    return _of_level(spoken, said, sign, span)


def _of_level(
    spoken: SpokenAlert, said: set[str], sign: str, span: str
) -> SpokenAlert | AlertProblem:
    above, below = bool(said & _ABOVE), bool(said & _BELOW)
    if not above and not below:
        above, below = bool(said & _UP), bool(said & _DOWN)
    if above is below or sign:
        return AlertProblem.SIDE
    if span:
        return AlertProblem.TIME
    return replace(spoken, what=Crossing.ABOVE if above else Crossing.BELOW)


def _of_move(
    spoken: SpokenAlert, said: set[str], sign: str, span: str
) -> SpokenAlert | AlertProblem:
    if said & (_ABOVE | _BELOW):
        return AlertProblem.PERCENT
    up, down = bool(said & _UP), bool(said & _DOWN)
    if sign == "+":
        up = True
    elif sign in ("-", "\u2212"):
        down = True
    if up and down:
        return AlertProblem.SIDE
    if spoken.amounts[0] >= 100 and not up:
        return AlertProblem.AMOUNT
    if not span:
        return AlertProblem.WITHIN
    within = _span_meant(span)
    if within is None or not SHORTEST <= within <= LONGEST:
        return AlertProblem.TIME
    what = Crossing.RISES if up else Crossing.FALLS if down else Crossing.MOVES
    return replace(spoken, what=what, within=within)


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, bool]:
    left, count = pattern.subn(" | ", text)
    return left, count > 0


def _span_in(text: str) -> tuple[str, str]:
    for pattern in (_WITHIN, _SPAN):
        found = pattern.search(text)
        if found is not None:
            span = found["span"] if pattern is _WITHIN else found[0]
            return f"{text[: found.start()]} | {text[found.end() :]}", span
    return text, ""


def _span_meant(span: str) -> timedelta | None:
    plain = re.sub(r"^an?\s+hour$", "1h", span.strip().lower())
    return read_span(re.sub(r"hrs?$", "h", re.sub(r"mins$", "min", plain)))


def _meant(number: str, unit: str, thousands: bool) -> tuple[Decimal, ...]:
    """What a number says: nothing, one thing, or one of two."""
    if _MAY_BE_TWO.fullmatch(number) and unit != PERCENT and not thousands:
        found = [Decimal(number), Decimal(number.replace(".", ""))]
    else:
        one = number_meant(number, unit)
        found = [] if one is None else [one * 1000 if thousands else one]
    return tuple(found) if all(one > 0 and not is_extreme(one) for one in found) else ()


def _name_in(words: str) -> str:
    """What is left of some words without those that mean something else around a name."""
    left = words.split()
    while left and folded(left[0]).strip(AROUND_NAMES) in _KNOWN | {""}:
        left.pop(0)
    while left and folded(left[-1]).strip(AROUND_NAMES) in _KNOWN | {""}:
        left.pop()
    return " ".join(left)


def alert_written(alert: PriceAlert | SpokenAlert, amount: Decimal) -> str:
    """As `read_alert` understands it: 'BTC/USDT above 50000 every time'."""
    written = f"{amount:f}"
    if _MAY_BE_TWO.fullmatch(written):
        written += "0"
    if alert.what not in LEVELS:
        assert alert.within is not None
        written += f"% in {int(alert.within.total_seconds()) // 60}m"
    return f"{alert.pair} {alert.what} {written}{' every time' if alert.repeats else ''}"
