"""What a record of a trade says of its order: which way it went, and how much of it was filled."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from adapters.cryptorobot.fields import Fields
from bot.domain.pairs import quote_of

_EXITS = ("exit", "close", "sell", "reduce")
_ENTRIES = ("entry", "enter", "open", "buy")
_LEAVING = re.compile(
    r"\b(?:closed?|closing|exit(?:ed|ing)?|reduced?|liquidat\w*|to cover|cover(?:ed|ing)?)\b"
)
"""Anywhere in what a trade is called, but for an order, which is closed when it is filled."""
_ENTERING = re.compile(r"\b(?:sell|sold|buy|bought) (?:short|long|to open)\b")
_ENDS = {
    "cancelled": re.compile(r"(?:.* )?(?:filled ?)?cancell?(?:ed)?\b.*"),
    "rejected": re.compile(r"(?:.* )?(?:reject|refus|denied|fail|error)\w*\b.*"),
    "expired": re.compile(r"(?:.* )?expired\b.*|timed out\b.*"),
}
"""What ends an order, with anything before or after it: 'cancelled by user'."""
_ENDED_FLAGS = {
    "cancelled": ("cancelled", "canceled", "isCancelled", "isCanceled"),
    "rejected": ("rejected", "isRejected"),
    "expired": ("expired", "isExpired"),
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

_TRADE_ENDED = re.compile(
    r"liquidat\w*|exited|stopped out|stop ?loss\b.*|margin call\w*|delever\w*"
)
"""A status that no order has: the trade is over, and how."""

_AMOUNTS = (
    *("amount", "quantity", "origQty", "qty", "size", "baseAmount", "baseQty"),
    *("execQty", "lastQty", "tradeSize", "sz", "vol"),
)
_FILLED = (
    "filled",
    "executedQty",
    "filled_amount",
    "filledQty",
    "cumQty",
    "cumExecQty",
    "accFillSz",
    "vol_exec",
)
_PRICES = (
    *("price", "rate", "order_rate", "close_rate", "open_rate", "average", "avgPrice", "limit"),
    *(
        "averagePrice",
        "fillPrice",
        "execPrice",
        "executionPrice",
        "lastPrice",
        "avgPx",
        "fillPx",
        "px",
    ),
)

_PRICES_OF_AN_EXIT = ("close_rate", *(name for name in _PRICES if name != "open_rate"))

_KINDS = ("type", "event", "eventType", "action", "tradeType", "kind")
_ORDER_TYPES = ("orderType", "execType", "ordType")


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
        says_more: how it ended, in more than a word: 'failed: insufficient funds'.
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
    says_more: str | None = None


def order_of(fields: Fields, pair: str | None = None, *, earned: bool = False) -> Order:
    """What a record says, of a pair whose currencies may stand beside its numbers.

    Args:
        earned: there is a result, as an exit has, and a trade that is followed while it is open.

    Source: freqtrade's rpc/rpc_types.py, CCXT's order structure, Binance's order object.
    """
    base, quote = (pair or "").partition("/")[0], quote_of(pair)
    kind, status = _word(fields.text(*_KINDS)), _status(fields)
    side = fields.text("side")
    leaving = _leaves(fields, kind, status, _word(side)) or (earned and status in _CLOSED)
    asked = fields.number(*_AMOUNTS, unit=base)
    filled = _filled(fields, asked, base)
    price = _price(fields, leaving, filled, quote)
    ended = _ended(fields, kind, status, filled)
    unread_part = fields.unread(*_FILLED, unit=base) if filled is None else None
    partly = bool(filled and asked and filled < asked)
    over = ended in _ENDS
    return Order(
        side=_side(fields, side, kind, leaving),
        amount=None if unread_part else _size(filled or asked, _word(side)),
        price=price,
        asked=asked if partly or unread_part else None,
        ended=None if filled else ended,
        rest=ended if partly and over else None,
        final=over
        or (
            status not in _PARTLY_OVER
            and not partly
            and ended is None
            and leaving
            and (earned or _is_closed(fields, status))
        ),
        amount_sent=fields.unread(*_AMOUNTS, unit=base)
        if asked is None and not filled
        else unread_part,
        price_sent=fields.unread(*_prices(leaving), unit=quote) if price is None else None,
        says_more=_more_of_the_end(fields, status, over),
    )


def order_type(fields: Fields) -> str | None:
    """What is said of the order besides what happened: 'liquidation', 'stop_loss_limit'."""
    return fields.text(*_ORDER_TYPES)


@lru_cache(maxsize=256)
def _word(text: str | None) -> str:
    """'partially filled canceled' of `PartiallyFilledCanceled`; without marks around it."""
    parted = _CAMEL.sub(" ", text or "").lower().replace("_", " ").replace("-", " ")
    return " ".join(parted.split()).strip(_AROUND)


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_AROUND = " .!*\u2705\u2713\u2714\u2611\u274c\u2716\U0001f7e2\U0001f534"


def _size(amount: Decimal | None, side: str) -> Decimal | None:
    """Without the sign, where the side says the same already."""
    return abs(amount) if amount is not None and side in ("buy", "sell") else amount


def _leaves(fields: Fields, kind: str, status: str, side: str) -> bool:
    if "cover" in f"{kind} {side}".split():
        return True
    if kind.startswith(_ENTRIES) or _ENTERING.search(f"{kind}, {side}"):
        return False
    if kind.startswith(_EXITS) or (_LEAVING.search(kind) and "order" not in kind.split()):
        return True
    if _reduces(fields) or fields.flag("is_exit") or fields.flag("is_open") is False:
        return True
    if _is_over(fields, status) or status in _PARTLY_OVER:
        return True
    way = _way(fields)
    if side in ("buy", "sell") and way and not fields.text("exit_reason", "sell_reason"):
        return (side == "buy") is (way == "short")
    if side.startswith(_EXITS) or _LEAVING.search(side):
        return True
    if fields.text("exit_reason", "sell_reason"):
        return True
    ends = fields.text("close_date") or fields.number("close_rate")
    # A record of freqtrade names the way of the trade; an order's own side stays what it is.
    return bool(ends) and side not in ("buy", "sell")


def _is_over(fields: Fields, status: str) -> bool:
    """Whether a trade has ended, by what no order has, however little is told of it."""
    if _TRADE_ENDED.fullmatch(status) or fields.flag(*LIQUIDATED):
        return True
    return status in _CLOSED and bool(fields.text("close_date") or fields.number("close_rate"))


LIQUIDATED = ("liquidation", "isLiquidation", "liquidated", "isLiquidated")

_PARTLY_OVER = ("partially closed", "partly closed", "partially exited")


def _reduces(fields: Fields) -> bool:
    """An order that can only make a position smaller: its side is against the position's."""
    return fields.flag("reduceOnly", "closePosition", "isReduceOnly") is True


def _way(fields: Fields) -> str | None:
    """Which way the position goes, where that is said besides the order's side."""
    told = _word(fields.text(*_WAYS)).split()
    if "short" in told or fields.flag("is_short") is True:
        return "short"
    return "long" if "long" in told else None


_WAYS = ("positionSide", "posSide", "direction", "trade_direction")


def _status(fields: Fields) -> str:
    return _word(status_of(fields))


def status_of(fields: Fields) -> str | None:
    """What became of an order, as sent."""
    return fields.text("status", "order_status", "orderStatus", "state")


def is_under_way(fields: Fields, order: Order) -> bool:
    """A trade that is still open: what it has earned so far is no result."""
    opened = fields.flag("is_open") is True or _status(fields) == "open"
    return opened and not (order.side or "").lower().startswith(_EXITS)


def _is_closed(fields: Fields, status: str) -> bool:
    return (
        _TRADE_ENDED.fullmatch(status) is not None
        or (status in _CLOSED and fields.text("exit_reason", "sell_reason") is not None)
        or fields.flag("is_open") is False
        or fields.text("close_date") is not None
        or fields.number("close_rate") is not None
    )


def _side(fields: Fields, given: str | None, kind: str, leaving: bool) -> str | None:
    if given is None and (buyer := fields.flag("isBuyer")) is not None:
        given = "buy" if buyer else "sell"
    direction = _word(fields.text(*_WAYS))
    told = f"{_word(given)} {kind} {direction}".split()
    flagged = fields.flag("is_short")
    covers = "cover" in told or ("buy" in told and _reduces(fields))
    short = "short" in told or flagged is True or (covers and "long" not in told)
    known = short or "long" in told or "buy" in told or flagged is False
    way = "short" if short else "long"
    if leaving and _word(given) != "sell":
        return f"exit {way}" if known else "exit"
    if given and short and _word(given).startswith("sell") and not leaving:
        return "entry short"
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


def _ended(fields: Fields, kind: str, status: str, filled: Decimal | None) -> str | None:
    if _TRADE_ENDED.fullmatch(status):
        return None
    for end, words in _ENDS.items():
        if words.fullmatch(status) or fields.flag(*_ENDED_FLAGS[end]):
            return end
    if kind.endswith("cancel"):
        return "cancelled"
    # A trade that is open has been entered; an order that is has not been filled.
    told = _word(fields.text("type", "event", "action"))
    waits = status in _WAITING or told in ("entry", "exit") or filled == 0
    of_order = kind.startswith(_ORDERS) or _word(order_type(fields)).startswith(_ORDERS)
    if waits or (status == "open" and of_order):
        return "placed"
    return None if not status or status in (*_DONE, *_PARTLY_OVER) else status


def _more_of_the_end(fields: Fields, status: str, over: bool) -> str | None:
    if _TRADE_ENDED.fullmatch(status):
        return None if status == "exited" else status_of(fields)
    return status_of(fields) if over and _says_more(status) else None


def _says_more(status: str) -> bool:
    return any(len(word) > 2 and not _JUST_ENDED.fullmatch(word) for word in status.split())


_JUST_ENDED = re.compile(
    r"(?:cancell?ed|cancel|rejected|refused|denied|failed|error|expired|timed|out|partially|partial|"
    r"filled|order|pending|match)"
)


def _prices(leaving: bool) -> tuple[str, ...]:
    """Where to look, the likeliest first; what a trade was opened at is no price of its exit."""
    return _PRICES_OF_AN_EXIT if leaving else _PRICES


def _price(fields: Fields, leaving: bool, filled: Decimal | None, quote: str) -> Decimal | None:
    """Nought is what a market order has: any other says more."""
    given = fields.numbers(*_prices(leaving), unit=quote)
    spent = fields.number("cummulativeQuoteQty", "cost", unit=quote)
    if spent and filled:
        given.append(spent / filled)
    return next(filter(None, given), given[0] if given else None)
