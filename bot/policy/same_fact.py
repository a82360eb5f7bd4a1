"""One fact that several services bring: by what it is known, and who has told it already.

That a record is news once, however often it is read: `storage.inbox.dedup`.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from bot.domain.cards import Severity
from bot.domain.deliveries import Draft, Priority
from bot.domain.events import Kind, Message, PodEvent, Trade, Trader
from bot.texts.alerts import Alert

SAME_FACT_WINDOW = timedelta(seconds=15)

_FILL = re.compile(
    r"^\s*(?P<side>bought|sold)\s+(?P<amount>[0-9][0-9.,]*)\s+(?P<base>[A-Z0-9]{2,12})"
    r"(?:/[A-Z0-9:]+)?\s*(?:@|at|for)\s*(?P<price>[0-9][0-9.,]*)(?:\s*[A-Z]{3,5})?\s*[.!]?\s*$",
    re.IGNORECASE,
)


def fingerprint(event: object, told: Alert, traders: Mapping[str, Trader]) -> str | None:
    """What makes two reports of different services the same fill for certain, or `None`.

    Bot, side, base currency, amount and price must all be equal, and a text say nothing besides;
    anything less is told twice rather than lost (`guarantees.md` 2.4.6). What is urgent is never
    the same as anything, nor is a report that rings by its level or type.
    """
    fill = _fill_of(event)
    rings = told.card.severity is Severity.WARNING and not isinstance(event, Trade)
    if fill is None or rings or told.priority is Priority.URGENT:
        return None
    bot = told.about.id if told.about else getattr(event, "trader", None)
    if not bot and len(traders) == 1:
        bot = next(iter(traders))
    return f"{bot or ''} {fill}".strip()


def says_more(trade: Trade) -> bool:
    """Whether a trade tells what no text does that is the same fact by its fingerprint."""
    return any(
        told is not None
        for told in (trade.profit, trade.profit_ratio, trade.profit_sent, trade.words)
    ) or bool(trade.reason)


def _fill_of(event: object) -> str | None:
    match event:
        case PodEvent(trade=Trade() as trade, message=None):
            return _fill_of(trade)
        case Trade(order=str()) | Trade(asked=Decimal()):
            return None  # not filled, or not all of it
        case Trade(side=side, symbol=symbol, amount=amount, price=price):
            if side is None or symbol is None or amount is None or price is None:
                return None
            if side.lower() not in {"buy", "sell"}:
                return None
            return _fingerprint(side.lower(), symbol.partition("/")[0], amount, price)
        case PodEvent(message=text) | Message(text=text):
            found = _FILL.match(text or "")
            if found is None:
                return None
            side = "buy" if found["side"].lower() == "bought" else "sell"
            amount, price = _number(found["amount"]), _number(found["price"])
            if amount is None or price is None:
                return None
            return _fingerprint(side, found["base"], amount, price)
        case _:
            return None


def _number(text: str) -> Decimal | None:
    """A number that can be read in one way only: '1,5' is none, it may be one and a half."""
    digits = text.rstrip(".,")
    if "," in digits and not _GROUPED.fullmatch(digits):
        return None
    digits = digits.replace(",", "")
    return Decimal(digits) if re.fullmatch(r"\d+(\.\d+)?", digits) and len(digits) < 40 else None


_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def _fingerprint(side: str, base: str, amount: Decimal, price: Decimal) -> str:
    return f"{side} {base.upper()} {amount.normalize()} {price.normalize()}"


class Report(NamedTuple):
    """One service's word for a fact, and which endpoints would hear it."""

    kind: Kind
    audience: Collection[str]


_SAME_FACT_AS = "same fact as "


def because_of(other: Kind) -> str:
    """Why a fact is not told that another kind of event has told."""
    return f"{_SAME_FACT_AS}{other}"


def told_instead(reason: str) -> Kind | None:
    """The kind of event that has told a fact, by the reason for which this one does not."""
    other = reason.removeprefix(_SAME_FACT_AS)
    return Kind(other) if other != reason and other in set(Kind) else None


def told_by(reports: Iterable[Report], kind: Kind, draft: Draft) -> Kind | None:
    """Which other kind has told that endpoint as many facts as this would make, if any."""
    counts = Counter(report.kind for report in reports if draft.endpoint in report.audience)
    nth = counts.pop(kind, 0) + 1
    return next((other for other, count in counts.items() if count >= nth), None)
