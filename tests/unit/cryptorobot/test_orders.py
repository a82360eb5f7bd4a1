"""Which way a trade went, and how much of its order was filled, however it is spelt."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.cryptorobot.fields import Fields
from adapters.cryptorobot.orders import Order, order_of

FREQTRADE_EXIT = {
    "type": "exit_fill",
    "direction": "Long",
    "amount": "318.5321",
    "open_rate": "0.9973",
    "close_rate": "1.0404",
    "exit_reason": "roi",
}


def read(**record: object) -> Order:
    return order_of(Fields(record))


@pytest.mark.parametrize(
    ("record", "side"),
    [
        ({"side": "buy"}, "buy"),
        ({"side": "sell", "type": "exit_fill"}, "sell"),
        ({"side": "buy", "type": "exit_fill"}, "exit long"),
        ({"side": "buy", "reduceOnly": True, "is_short": True}, "exit short"),
        ({"side": "long"}, "long"),
        ({"side": "long", "type": "close"}, "exit long"),
        ({"type": "entry_fill", "direction": "Short"}, "entry short"),
        ({"type": "exit_fill", "direction": "Short"}, "exit short"),
        ({"close_rate": "1.2", "direction": "Long"}, "exit long"),
        ({"close_rate": "1.2", "is_short": False}, "exit long"),
        ({"exit_reason": "roi"}, "exit"),
        ({}, None),
    ],
)
def test_an_exit_is_never_an_entry(record, side):
    assert read(**record).side == side


def test_an_exit_of_freqtrade_has_the_price_at_which_it_was_closed():
    order = read(**FREQTRADE_EXIT)

    assert (order.side, order.price) == ("exit long", Decimal("1.0404"))
    assert (order.ended, order.asked) == (None, None)


@pytest.mark.parametrize(
    ("record", "ended"),
    [
        ({"status": "canceled"}, "cancelled"),
        ({"status": "CANCELED", "executedQty": "0.000"}, "cancelled"),
        ({"type": "entry_cancel"}, "cancelled"),
        ({"status": "rejected"}, "rejected"),
        ({"status": "EXPIRED"}, "expired"),
        ({"status": "NEW"}, "placed"),
        ({"status": "open", "filled": 0}, "placed"),
        ({"status": "open", "remaining": 5}, "placed"),
        ({"type": "entry"}, "placed"),
        ({"status": "open"}, None),
        ({"status": "closed"}, None),
        ({"status": "FILLED", "executedQty": "5"}, None),
        ({"status": "canceled", "filled": 2}, None),
        ({}, None),
    ],
)
def test_an_order_of_which_nothing_was_filled_says_what_became_of_it(record, ended):
    assert read(side="buy", amount=5, **record).ended == ended


@pytest.mark.parametrize(
    "record",
    [
        {"amount": 5, "filled": 2, "status": "canceled"},
        {"origQty": "5", "executedQty": "2", "status": "PARTIALLY_FILLED"},
        {"amount": 5, "remaining": 3, "status": "open"},
    ],
)
def test_a_part_that_was_filled_is_a_part(record):
    order = read(side="buy", **record)

    assert (order.amount, order.asked, order.ended) == (Decimal(2), Decimal(5), None)


def test_a_price_of_nought_gives_way_to_any_other():
    market = read(side="buy", amount="0.5", price=0)
    priced = read(side="BUY", origQty="2", executedQty="2", price="0", cummulativeQuoteQty="84")

    assert (market.amount, market.price) == (Decimal("0.5"), Decimal(0))
    assert priced.price == Decimal(42)
