"""What a record of a trade says of its order: which way it went, and how much of it was filled."""

from dataclasses import dataclass
from decimal import Decimal

from adapters.cryptorobot.fields import Fields

_EXITS = ("exit", "close", "sell", "reduce")
_ENTRIES = ("entry", "enter", "open", "buy")
_ENDS = {
    "cancelled": frozenset({"cancelled", "canceled", "cancel", "pending cancel"}),
    "rejected": frozenset({"rejected", "refused", "denied", "failed", "error"}),
    "expired": frozenset({"expired", "expired in match", "timed out"}),
}
_WAITING = frozenset(
    {"new", "placed", "pending", "pending new", "submitted", "accepted", "unfilled"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    Attributes:
        side: as sent, or 'entry' or 'exit' with 'long' or 'short' where that is known.
        amount: what was filled; what was asked for if nothing was.
        asked: set where only a part of it is filled.
        ended: what became of it where nothing is filled; `None` where something is.
    """

    side: str | None
    amount: Decimal | None
    price: Decimal | None
    asked: Decimal | None = None
    ended: str | None = None


def order_of(fields: Fields) -> Order:
    """Source: freqtrade's rpc/rpc_types.py, CCXT's order structure, Binance's order object."""
    kind = _word(fields.text("type", "event", "action"))
    leaving = _leaves(fields, kind)
    asked = fields.number("amount", "quantity", "origQty", "qty", "size")
    filled = _filled(fields, asked)
    ended = _ended(fields, kind, filled)
    partly = bool(filled and asked and filled < asked)
    return Order(
        side=_side(fields, kind, leaving),
        amount=filled or asked,
        price=_price(fields, leaving, filled),
        asked=asked if partly else None,
        ended=None if filled else ended,
    )


def _word(text: str | None) -> str:
    return " ".join((text or "").lower().replace("_", " ").replace("-", " ").split())


def _leaves(fields: Fields, kind: str) -> bool:
    if kind.startswith(_ENTRIES):
        return False
    if kind.startswith(_EXITS) or fields.flag("reduceOnly", "reduce_only", "is_exit"):
        return True
    ends = fields.text("close_date", "exit_reason", "sell_reason") or fields.number("close_rate")
    return bool(ends) and not fields.text("side")


def _side(fields: Fields, kind: str, leaving: bool) -> str | None:
    given = fields.text("side")
    direction = _word(fields.text("direction", "positionSide", "position_side"))
    short = direction == "short" or _word(given) == "short" or fields.flag("is_short") is True
    way = "short" if short else "long"
    if leaving and _word(given) != "sell":
        known = short or direction or given or fields.flag("is_short") is False
        return f"exit {way}" if known else "exit"
    if given:
        return given
    if direction in ("long", "short") or kind.startswith(_ENTRIES):
        return f"entry {way}" if direction or short else "entry"
    return fields.text("direction")


def _filled(fields: Fields, asked: Decimal | None) -> Decimal | None:
    filled = fields.number("filled", "executedQty", "filled_amount", "filledQty", "cumQty")
    remaining = fields.number("remaining")
    if filled is None and remaining is not None and asked is not None:
        return max(asked - remaining, Decimal())
    return filled


def _ended(fields: Fields, kind: str, filled: Decimal | None) -> str | None:
    status = _word(fields.text("status", "order_status", "orderStatus", "state"))
    for end, words in _ENDS.items():
        if status in words or (end == "cancelled" and kind.endswith("cancel")):
            return end
    # A trade that is open has been entered; an order that is has not been filled.
    waits = status in _WAITING or kind in ("entry", "exit") or filled == 0
    return "placed" if waits else None


def _price(fields: Fields, leaving: bool, filled: Decimal | None) -> Decimal | None:
    """Nought is what a market order has: any other says more."""
    names = ["price", "rate", "order_rate", "close_rate", "open_rate", "average", "avgPrice"]
    if leaving:
        names.insert(0, "close_rate")
    given = [price for name in names if (price := fields.number(name)) is not None]
    spent = fields.number("cummulativeQuoteQty", "cost")
    if spent and filled:
        given.append(spent / filled)
    return next(filter(None, given), given[0] if given else None)
