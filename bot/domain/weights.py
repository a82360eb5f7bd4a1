"""How loud and how urgent an event is told: by what happened, never by who hears it."""

import re

from bot.domain import grading
from bot.domain.cards import Severity
from bot.domain.changes import Change, condition, is_about_money, is_in_a_bad_way
from bot.domain.deliveries import Priority
from bot.domain.events import Trade, Trader

Weight = tuple[Severity, Priority]

# --- trades -------------------------------------------------------------------------------

_FORCED = re.compile(
    r"liquidat|emergency|margin ?call|bankrupt|delever|\badl\b|bust ?trade|adl ?trade",
    re.IGNORECASE,
)
_STOPPED_OUT = re.compile(r"stop ?loss|trailing ?stop|stopped ?out|\bsl\b", re.IGNORECASE)
_ENDS_AS_USUAL = ("placed", "cancelled", "expired", "cancelling", "untriggered", "triggered")


def ends_a_trade(words: str) -> bool:
    plain = parted(words)
    return bool(_FORCED.search(plain) or _STOPPED_OUT.search(plain))


def is_order(trade: Trade) -> bool:
    """Nothing has been filled: a stop that waits has not stopped anything."""
    return trade.order is not None


def parted(words: str) -> str:
    """'stop loss' of 'stop-loss', 'STOP_LOSS' and 'stopLoss'."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", words)


def is_forced(trade: Trade) -> bool:
    """Whether it was ended by nobody's will: liquidated, deleveraged."""
    return _FORCED.search(_said_of(trade)) is not None


def _said_of(trade: Trade) -> str:
    return parted(f"{trade.reason or ''} {trade.type or ''} {trade.order_type or ''}")


def trade_weight(trade: Trade) -> Weight:
    said = _said_of(trade)
    if _FORCED.search(said):
        return Severity.CRITICAL, Priority.URGENT
    alarming = trade.words is not None and grading.of_words(trade.words) is grading.URGENT
    if alarming and (trade.side or "").lower().startswith(("sell", "exit")):
        return Severity.CRITICAL, Priority.URGENT
    if alarming:
        return Severity.WARNING, Priority.NORMAL
    if trade.order is not None:
        usual = trade.order in _ENDS_AS_USUAL
        return Severity.INFO if usual else Severity.WARNING, Priority.NORMAL
    fails = trade.reason and grading.of_words(parted(trade.reason)) is grading.URGENT
    if fails or _STOPPED_OUT.search(said) or trade.rest == "rejected":
        return Severity.WARNING, Priority.NORMAL
    earned = trade.profit if trade.profit is not None else trade.profit_ratio
    if earned is None and trade.profit_sent and _MINUS.match(trade.profit_sent):
        return Severity.WARNING, Priority.NORMAL
    if earned is None or earned == 0:
        return Severity.INFO, Priority.NORMAL
    return (Severity.GOOD if earned > 0 else Severity.WARNING), Priority.NORMAL


_MINUS = re.compile(r"\W*[-\u2212(]")
"""How a loss begins that cannot be read as a number."""


# --- changes ------------------------------------------------------------------------------


def change_weight(change: Change, now: Trader) -> Weight:
    """
    Args:
        now: the bot after it.
    """
    how = condition(now)
    worse = change is Change.OTHER_STATUS and is_about_money(how.word)
    if worse or (change is Change.CREATED and is_in_a_bad_way(how)):
        return Severity.CRITICAL, Priority.URGENT
    match change:
        case Change.FAILED | Change.LOST:
            return Severity.CRITICAL, Priority.URGENT
        case Change.WENT_LIVE:
            return Severity.WARNING, Priority.URGENT
        case Change.STOPPED | Change.REMOVED | Change.OTHER_STATUS:
            return Severity.WARNING, Priority.NORMAL
        case Change.STARTED:
            return Severity.GOOD, Priority.NORMAL
        case _:
            return Severity.INFO, Priority.INFO


def worse(graded: Severity, told: Severity) -> Severity:
    """What a report is graded as, unless that is only routine or the trade itself is worse."""
    for severity in (Severity.CRITICAL, Severity.WARNING):
        if severity in (graded, told):
            return severity
    return told
