"""What a record of a trade says of its order: which way it went, and how much of it was filled."""

from dataclasses import dataclass
from decimal import Decimal

from adapters.cryptorobot.fields import Fields
from bot.domain.telling import quote_of

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
_DONE = frozenset(
    {
        *("filled", "closed", "done", "executed", "complete", "completed", "success", "settled"),
        *("open", "active", "partial", "partially filled", "partially closed", "ok"),
    }
)
"""With any of these something was filled, unless it is said how much."""
_ORDERS = ("limit", "market", "stop", "take profit", "trailing")
"""Begin the type of what is an order and no trade: it is open until it is filled."""

_CLOSED = frozenset({"closed", "exited", "finished", "settled"})
"""A trade is over, where there is a result; of an order it says that it was filled."""

_AMOUNTS = ("amount", "quantity", "origQty", "qty", "size")
_FILLED = ("filled", "executedQty", "filled_amount", "filledQty", "cumQty")
_PRICES = (
    *("price", "rate", "order_rate", "close_rate", "open_rate", "average", "avgPrice", "limit"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    Attributes:
        side: as sent, or 'entry' or 'exit' with 'long' or 'short' where that is known.
        amount: what was filled; what was asked for if nothing was.
        asked: set where only a part of it is filled.
        ended: what became of it where nothing is filled; `None` where something is.
        rest: what became of the rest where only a part is filled, if nothing more comes.
        final: nothing more comes of it.
        amount_sent, price_sent: the text in place of a number that cannot be read.
    """

    side: str | None
    amount: Decimal | None
    price: Decimal | None
    asked: Decimal | None = None
    ended: str | None = None
    rest: str | None = None
    final: bool = False
    amount_sent: str | None = None
    price_sent: str | None = None


def order_of(fields: Fields, pair: str | None = None, *, earned: bool = False) -> Order:
    """What a record says, of a pair whose currencies may stand beside its numbers.

    Args:
        earned: there is a result, as an exit has, and a trade that is followed while it is open.

    Source: freqtrade's rpc/rpc_types.py, CCXT's order structure, Binance's order object.
    """
    base, quote = (pair or "").partition("/")[0], quote_of(pair)
    kind = _word(fields.text("type", "event", "action"))
    leaving = _leaves(fields, kind) or (earned and _status(fields) in _CLOSED)
    asked = fields.number(*_AMOUNTS, unit=base)
    filled = _filled(fields, asked, base)
    price = _price(fields, leaving, filled, quote)
    ended = _ended(fields, kind, filled)
    partly = bool(filled and asked and filled < asked)
    over = ended in _ENDS
    return Order(
        side=_side(fields, kind, leaving),
        amount=filled or asked,
        price=price,
        asked=asked if partly else None,
        ended=None if filled else ended,
        rest=ended if partly and over else None,
        final=over or (not partly and ended is None and leaving and (earned or _is_closed(fields))),
        amount_sent=fields.unread(*_AMOUNTS, unit=base) if asked is None and not filled else None,
        price_sent=fields.unread(*_prices(leaving), unit=quote) if price is None else None,
    )


def _word(text: str | None) -> str:
    return " ".join((text or "").lower().replace("_", " ").replace("-", " ").split())


def _leaves(fields: Fields, kind: str) -> bool:
    side = _word(fields.text("side"))
    if kind.startswith(_ENTRIES):
        return False
    if kind.startswith(_EXITS) or side.startswith(_EXITS):
        return True
    if fields.flag("reduceOnly", "reduce_only", "is_exit") or fields.flag("is_open") is False:
        return True
    if fields.text("exit_reason", "sell_reason"):
        return True
    ends = fields.text("close_date") or fields.number("close_rate")
    # A record of freqtrade names the way of the trade; an order's own side stays what it is.
    return bool(ends) and side not in ("buy", "sell")


def _status(fields: Fields) -> str:
    return _word(fields.text("status", "order_status", "orderStatus", "state"))


def _is_closed(fields: Fields) -> bool:
    return (
        fields.flag("is_open") is False
        or fields.text("close_date") is not None
        or fields.number("close_rate") is not None
    )


def _side(fields: Fields, kind: str, leaving: bool) -> str | None:
    given = fields.text("side")
    direction = _word(fields.text("direction", "positionSide", "position_side", "trade_direction"))
    told = f"{_word(given)} {kind} {direction}".split()
    flagged = fields.flag("is_short")
    short = "short" in told or flagged is True
    known = short or "long" in told or "buy" in told or flagged is False
    way = "short" if short else "long"
    if leaving and _word(given) != "sell":
        return f"exit {way}" if known else "exit"
    if given and not _word(given).startswith(("entry", "enter", "open")):
        return given
    if given or known or kind.startswith(_ENTRIES):
        return f"entry {way}" if known else "entry"
    return fields.text("direction")


def _filled(fields: Fields, asked: Decimal | None, base: str) -> Decimal | None:
    filled = fields.number(*_FILLED, unit=base)
    remaining = fields.number("remaining", unit=base)
    if filled is None and remaining is not None and asked is not None:
        return max(asked - remaining, Decimal())
    return filled


def _ended(fields: Fields, kind: str, filled: Decimal | None) -> str | None:
    status = _status(fields)
    for end, words in _ENDS.items():
        if status in words or (end == "cancelled" and kind.endswith("cancel")):
            return end
    # A trade that is open has been entered; an order that is has not been filled.
    waits = status in _WAITING or kind in ("entry", "exit") or filled == 0
    if waits or (status == "open" and kind.startswith(_ORDERS)):
        return "placed"
    return None if not status or status in _DONE else status


def _prices(leaving: bool) -> tuple[str, ...]:
    """Where to look, the likeliest first; what a trade was opened at is no price of its exit."""
    if leaving:
        return ("close_rate", *(name for name in _PRICES if name != "open_rate"))
    return _PRICES


def _price(fields: Fields, leaving: bool, filled: Decimal | None, quote: str) -> Decimal | None:
    """Nought is what a market order has: any other says more."""
    read = (fields.number(name, unit=quote) for name in _prices(leaving))
    given = [price for price in read if price is not None]
    spent = fields.number("cummulativeQuoteQty", "cost", unit=quote)
    if spent and filled:
        given.append(spent / filled)
    return next(filter(None, given), given[0] if given else None)
