"""Prices that a person wants to be rung for: when one is crossed, and when that counts again. Pure.

What an alert has seen so far is part of it, and is stored: a restart goes on where it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

from bot.domain.amounts import is_extreme
from bot.domain.ids import AccountId

MOST_ALERTS = 50
"""Of an account."""

BACK = Decimal("0.0025")
"""How far behind its level a price must have been before it can cross it again, as a ratio: around
a level prices go to and fro, and nobody wants to be rung for each."""

GAP = timedelta(minutes=2)
"""Without a price for longer than this, nobody can say when one was crossed."""

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)
"""The time within which a price may be asked to move."""

SPANS = 12
"""So many parts of that time are told apart: of each the lowest and the highest price are kept."""


class Crossing(StrEnum):
    """What is waited for."""

    ABOVE = "above"
    BELOW = "below"
    MOVES = "moves"
    """By so many percent within a time, up or down."""
    RISES = "rises"
    FALLS = "falls"


LEVELS = frozenset({Crossing.ABOVE, Crossing.BELOW})


class PriceSeen(NamedTuple):
    """A price, and when it came, by our clock."""

    price: Decimal
    at: datetime


class Span(NamedTuple):
    """The lowest and the highest price of a part of the time."""

    low: PriceSeen
    high: PriceSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlert:
    """
    Attributes:
        amount: a price, or percent.
        within: of a move.
        repeats: it rings each time; else once, and then it is gone.
        rung: how often it has.
        armed: of a level: the price has been on the other side since it rang last.
        seen: the last price that it has looked at; `None` if none has come.
        spans: of a move, what prices were within its time, the oldest first.
    """

    id: str
    account: AccountId
    pair: str
    what: Crossing
    amount: Decimal
    within: timedelta | None = None
    repeats: bool = False
    made_at: datetime
    rung: int = 0
    armed: bool = True
    seen: PriceSeen | None = None
    spans: tuple[Span, ...] = ()

    def asks_as(self, other: "PriceAlert") -> bool:
        """Whether both ring for the same."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in ("pair", "what", "amount", "within", "repeats")
        )

    @property
    def back_at(self) -> Decimal:
        """Where a price must have been before it can cross the level again."""
        return self.amount * (1 - BACK if self.what is Crossing.ABOVE else 1 + BACK)


class Rung(NamedTuple):
    """That an alert has to ring.

    Attributes:
        since: of a move, from which price on, and when that was.
        gap: for how long no price had come, if it may have been crossed in that time.
    """

    now: PriceSeen
    since: PriceSeen | None = None
    gap: timedelta | None = None


def looked(alert: PriceAlert, price: Decimal, at: datetime) -> tuple[PriceAlert, Rung | None]:
    """What a price makes of an alert; a clock that was set back stands still for it."""
    if is_extreme(price) or price <= 0:
        return alert, None
    now = PriceSeen(price, max(at, alert.seen.at) if alert.seen else at)
    gap = now.at - alert.seen.at if alert.seen else timedelta(0)
    silent = gap if gap > GAP else None
    if alert.what in LEVELS:
        return _crossed(alert, now, silent)
    return _moved(alert, now, silent)


def _crossed(
    alert: PriceAlert, now: PriceSeen, silent: timedelta | None
) -> tuple[PriceAlert, Rung | None]:
    above = alert.what is Crossing.ABOVE
    beyond = now.price >= alert.amount if above else now.price <= alert.amount
    if alert.armed and beyond:
        return replace(alert, seen=now, armed=False, rung=alert.rung + 1), Rung(now, gap=silent)
    back = now.price <= alert.back_at if above else now.price >= alert.back_at
    return replace(alert, seen=now, armed=alert.armed or back), None


def _moved(
    alert: PriceAlert, now: PriceSeen, silent: timedelta | None
) -> tuple[PriceAlert, Rung | None]:
    """It rings at most once for a move: after that it is measured from where it rang."""
    within = alert.within or SHORTEST
    spans = _with(alert.spans, now, within)
    # What it was before nothing came may be older than its time: what came of it is told, too.
    before = [alert.seen] if silent is not None and alert.seen is not None else []
    lowest = _lowest((*before, *_since(now.at - within, [one.low for one in spans]), now))
    highest = max((*before, *_since(now.at - within, [one.high for one in spans]), now))
    share = alert.amount / 100
    since: PriceSeen | None = None
    if alert.what is not Crossing.FALLS and now.price >= lowest.price * (1 + share):
        since = lowest
    elif alert.what is not Crossing.RISES and now.price <= highest.price * (1 - share):
        since = highest
    if since is None:
        return replace(alert, seen=now, spans=spans), None
    anew = (Span(now, now),)
    rung = Rung(now, since, silent)
    return replace(alert, seen=now, spans=anew, rung=alert.rung + 1), rung


def _since(at: datetime, seen: Iterable[PriceSeen]) -> Iterable[PriceSeen]:
    return (one for one in seen if one.at >= at)


def _with(spans: tuple[Span, ...], now: PriceSeen, within: timedelta) -> tuple[Span, ...]:
    """Those that may be of its time, and this price."""
    kept = [one for one in spans if max(one.low.at, one.high.at) >= now.at - within]
    if kept and now.at < min(kept[-1].low.at, kept[-1].high.at) + within / SPANS:
        last = kept.pop()
        return (*kept, Span(_lowest((last.low, now)), max(last.high, now)))
    return (*kept, Span(now, now))


def _lowest(seen: Sequence[PriceSeen]) -> PriceSeen:
    """Of equal ones the newest, as `max` takes it: that stays within the time for longest.

    Args:
        seen: the oldest first.
    """
    return min(reversed(seen), key=itemgetter(0))


def begun(alert: PriceAlert, now: PriceSeen | None) -> PriceAlert:
    """As it is made, with the price at that time: what is beyond its level has to come back first,
    and where no price is known it rings with the first that is.
    """
    if now is None:
        return alert
    after, _rung = looked(alert, now.price, now.at)
    return replace(after, rung=0)
