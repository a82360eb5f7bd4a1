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
        ({"side": "long", "close_rate": "1.2"}, "exit long"),
        ({"side": "buy", "exit_reason": "roi", "is_short": True}, "exit short"),
        ({"side": "close_long"}, "exit long"),
        ({"side": "exit", "direction": "Short"}, "exit short"),
        ({"action": "close_short"}, "exit short"),
        ({"side": "open_short"}, "entry short"),
        ({"is_short": True, "is_open": True}, "entry short"),
        ({"is_short": True, "is_open": False}, "exit short"),
        ({"trade_direction": "long"}, "entry long"),
        ({"side": "buy", "reduceOnly": True}, "exit short"),
        ({"side": "buy", "closePosition": "true"}, "exit short"),
        ({"side": "sell", "reduceOnly": True}, "sell"),
        ({"side": "BUY", "positionSide": "SHORT"}, "exit short"),
        ({"side": "BUY", "positionSide": "LONG"}, "BUY"),
        ({"side": "BUY", "positionSide": "BOTH"}, "BUY"),
        ({"side": "SELL", "positionSide": "SHORT"}, "entry short"),
        ({"side": "SELL", "positionSide": "LONG"}, "SELL"),
        ({"side": "sell_short"}, "entry short"),
        ({"side": "Sell short"}, "entry short"),
        ({"side": "buy to cover"}, "exit short"),
        ({"type": "BUY_TO_COVER"}, "exit short"),
        ({"side": "cover"}, "exit short"),
        ({"type": "position_closed", "side": "long"}, "exit long"),
        ({"event": "trade_closed", "direction": "short"}, "exit short"),
        ({"type": "partial_exit", "direction": "Long"}, "exit long"),
        ({"type": "order_closed", "side": "buy"}, "buy"),
        ({"tradeType": "exit", "side": "buy"}, "exit long"),
        ({"isBuyer": True}, "buy"),
        ({"isBuyer": False}, "sell"),
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
        ({"type": "limit", "status": "open"}, "placed"),
        ({"status": "已撤销"}, "已撤销"),
        ({"status": "partially_filled"}, None),
        ({"status": "open"}, None),
        ({"status": "closed"}, None),
        ({"status": "FILLED", "executedQty": "5"}, None),
        ({"status": "canceled", "filled": 2}, None),
        ({"status": "Cancelled by user"}, "cancelled"),
        ({"status": "CANCELED_BY_EXCHANGE"}, "cancelled"),
        ({"status": "PartiallyFilledCanceled"}, "cancelled"),
        ({"status": {"value": "canceled"}}, "cancelled"),
        ({"isCancelled": 1}, "cancelled"),
        ({"canceled": False}, None),
        ({"status": "failed: insufficient funds"}, "rejected"),
        ({"status": "cancelling"}, "cancelling"),
        ({"status": "open", "order_type": "limit"}, "placed"),
        ({"status": "FILLED \u2705"}, None),
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
        {"amount": 5, "filled": 2, "status": "PARTIALLY_CANCELED"},
        {"amount": {"value": 5}, "filled": {"$numberDecimal": "2"}},
        {"execQty": 5, "cumExecQty": "2"},
    ],
)
def test_a_part_that_was_filled_is_a_part(record):
    order = read(side="buy", **record)

    assert (order.amount, order.asked, order.ended) == (Decimal(2), Decimal(5), None)


def test_a_closed_trade_has_no_price_but_that_of_its_exit():
    assert read(is_open=False, open_rate="10").price is None


def test_the_currencies_of_the_pair_may_stand_beside_numbers():
    record = {"amount": "0.5 BTC", "price": "42,400.10 USDT", "filled": "0.2BTC"}
    order = order_of(Fields(record), "BTC/USDT:USDT")

    assert (order.amount, order.asked) == (Decimal("0.2"), Decimal("0.5"))
    assert order.price == Decimal("42400.10")
    assert (order.amount_sent, order.price_sent) == (None, None)


def test_what_is_no_number_is_kept_as_it_was_sent():
    order = order_of(Fields({"amount": "500 USDT", "price": "market"}), "BTC/USDT")

    assert (order.amount, order.amount_sent) == (None, "500 USDT")
    assert (order.price, order.price_sent) == (None, "market")


def test_a_price_of_nought_gives_way_to_any_other():
    market = read(side="buy", amount="0.5", price=0)
    priced = read(side="BUY", origQty="2", executedQty="2", price="0", cummulativeQuoteQty="84")

    assert (market.amount, market.price) == (Decimal("0.5"), Decimal(0))
    assert priced.price == Decimal(42)


@pytest.mark.parametrize(
    ("record", "earned", "side", "final"),
    [
        ({"side": "buy", "status": "open"}, True, "buy", False),
        ({"side": "buy", "status": "closed"}, False, "buy", False),
        ({"side": "buy", "status": "closed"}, True, "exit long", True),
        ({"side": "sell", "status": "closed"}, True, "sell", True),
        ({"side": "sell"}, False, "sell", False),
        (FREQTRADE_EXIT, False, "exit long", True),
        ({"side": "buy", "status": "liquidated"}, False, "exit long", True),
        ({"side": "buy", "status": "exited"}, False, "exit long", True),
        ({"side": "buy", "status": "stop_loss_hit"}, False, "exit long", True),
        ({"side": "buy", "status": "closed", "liquidation": True}, False, "exit long", False),
        ({"side": "buy", "status": "closed", "exit_reason": "roi"}, False, "exit long", True),
        ({"side": "buy", "status": "closed", "close_rate": "9"}, False, "exit long", True),
        ({"side": "buy", "status": "partially_closed"}, True, "exit long", False),
        ({"side": "sell", "posSide": "short"}, False, "entry short", False),
        ({"side": "buy", "status": "canceled"}, False, "buy", True),
        ({"side": "buy", "status": "canceled", "amount": 10, "filled": 3}, False, "buy", True),
        ({"side": "sell", "amount": 10, "filled": 3}, True, "sell", False),
    ],
)
def test_a_trade_is_over_when_it_was_closed_with_a_result_or_its_order_has_ended(
    record, earned, side, final
):
    order = order_of(Fields(record), earned=earned)

    assert (order.side, order.final) == (side, final)


def test_of_an_order_that_ends_half_filled_it_is_known_what_became_of_the_rest():
    order = read(side="buy", status="canceled", amount=10, filled=3)

    assert (order.amount, order.asked) == (Decimal(3), Decimal(10))
    assert (order.ended, order.rest) == (None, "cancelled")


def test_a_part_that_cannot_be_read_is_no_whole():
    order = read(side="buy", amount=10, filled="30%")

    assert (order.amount, order.amount_sent, order.asked) == (None, "30%", Decimal(10))


@pytest.mark.parametrize(
    ("record", "amount"),
    [
        ({"side": "sell", "amount": -3}, 3),
        ({"side": "buy", "amount": -3}, 3),
        ({"amount": -3}, -3),
    ],
)
def test_a_sign_that_says_what_the_side_says_is_not_told_twice(record, amount):
    assert read(**record).amount == amount


@pytest.mark.parametrize(
    ("status", "more"),
    [
        ("failed: insufficient funds", "failed: insufficient funds"),
        ("Cancelled by user", "Cancelled by user"),
        ("PARTIALLY_CANCELED", None),
        ("canceled", None),
        ("open to everybody", None),
    ],
)
def test_an_end_that_says_more_than_a_word_is_kept(status, more):
    assert read(side="buy", amount=1, status=status).says_more == more
