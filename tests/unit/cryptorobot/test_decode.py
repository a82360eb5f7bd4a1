"""Records of any shape become events of ours, and nothing of them gets through that should not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cryptorobot import decode
from adapters.cryptorobot.calls import STRATEGY_FIELDS, TRADER_FIELDS
from adapters.cryptorobot.frames import Frame, Heading, parse
from bot.domain.events import (
    SOMEBODY,
    Kind,
    Message,
    Origin,
    PodEvent,
    Signal,
    Strategy,
    StrategySeen,
    Stream,
    SystemEvent,
    Tick,
    Trade,
    Trader,
    TraderSeen,
    Unreadable,
)
from bot.domain.ids import StrategyId, TraderId

NOW = datetime(2024, 1, 15, 12, 0, 3, tzinfo=UTC)
CREATED = datetime(2024, 1, 15, 12, tzinfo=UTC)
CHANGED = datetime(2024, 1, 15, 12, 0, 1, 5000, tzinfo=UTC)

STAMPS = {
    "_id": "id-1",
    "userId": "user-1",
    "createdAt": "2024-01-15T12:00:00.000Z",
    "updatedAt": "2024-01-15T12:00:01.005Z",
}

TRADER = {
    **STAMPS,
    "name": "Trader 1",
    "dry_run": True,
    "dry_run_wallet": 10000,
    "stake_currency": "USDT",
    "stake_amount": "unlimited",
    "webhook": {"enabled": True, "url": "https://pods.example/CANARY"},
    "api_server": {"username": "pod", "password": "CANARY", "jwt_secret_key": "CANARY"},
    "exchangeId": "exchange-1",
    "strategyId": "strategy-1",
    "running": True,
    "status": "running",
}
"""Source: https://cryptorobot.ai/docs/guides/traders"""


def event(service: str, happening: str, record: object) -> Any:
    return decode.event(Frame(Heading(service, happening), record, 100), NOW)


def origin(kind: Kind) -> Origin:
    return Origin(kind=kind, record="id-1", at=CREATED, owner="user-1")


# What each service sends.


def test_a_trade_is_read():
    trade = event(
        "trades",
        "created",
        {
            **STAMPS,
            "side": "sell",
            "amount": "0.1",
            "symbol": "BTC/USDT",
            "price": Decimal("42400.5"),
            "profit_abs": Decimal("1.25"),
            "profit_ratio": Decimal("0.05"),
            "exit_reason": "roi",
            "traderId": {"_id": "trader-1", "api_server": {"password": "CANARY"}},
        },
    )

    assert trade == Trade(
        origin=origin(Kind.TRADE),
        side="sell",
        symbol="BTC/USDT",
        amount=Decimal("0.1"),
        price=Decimal("42400.5"),
        profit=Decimal("1.25"),
        profit_ratio=Decimal("0.05"),
        reason="roi",
        trader=TraderId("trader-1"),
        final=True,
        changed_at=datetime(2024, 1, 15, 12, 0, 1, 5000, UTC),
    )


def test_a_number_of_a_trade_is_read_or_kept_as_it_was_sent():
    trade = event(
        "trades",
        "created",
        {
            **STAMPS,
            "side": "buy",
            "symbol": "BTC/USDT",
            "amount": "1,234.5",
            "price": "42,400.10 USDT",
            "profit": "about 5",
        },
    )

    assert (trade.amount, trade.price) == (Decimal("1234.5"), Decimal("42400.10"))
    assert (trade.profit, trade.profit_sent) == (None, "about 5")


@pytest.mark.parametrize("name", ["profit_ratio", "profit_pct", "profit"])
def test_a_profit_in_percent_is_a_ratio_under_any_name(name: str):
    trade = event("trades", "created", {**STAMPS, name: "1.2%"})

    assert (trade.profit, trade.profit_ratio) == (None, Decimal("0.012"))
    assert trade.profit_sent is None


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"error": "Too little"}, "Too little"),
        ({"message": {"code": -2010, "msg": "Too little"}}, "Too little (code -2010)"),
        ({"msg": "Failed", "reason": "Too little"}, "Failed\nToo little"),
        ({"message": "Failed: too little", "error": "too little"}, "Failed: too little"),
        ({"title": "Order failed", "description": "Too little"}, "Order failed\nToo little"),
        ({"detail": [{"msg": "Too little", "loc": ["CANARY"]}]}, "Too little"),
        ({"data": {"message": "Too little", "key": "CANARY"}}, "Too little"),
        ({"payload": {"error": {"message": "Too little"}}}, "Too little"),
        ({"errors": ["Too little", "Too late"]}, "Too little\nToo late"),
        ({"status": "RUNNING"}, "RUNNING"),
        ({"state": {"phase": "OOMKilled", "key": "CANARY"}}, "OOMKilled"),
        ({"exitCode": 137}, "exit code 137"),
        ({"message": "Too little", "code": -2010}, "Too little\ncode -2010"),
        ({"code": "TOO_LITTLE"}, "TOO_LITTLE"),
        ({"error_message": "Too little"}, "Too little"),
        ({"exception": "ValueError: x", "traceback": "Traceback"}, "ValueError: x\nTraceback"),
        ({"logs": ["one", "two"], "key": "CANARY"}, "one\ntwo"),
        ({"message": "Stopped", "body": "Too little"}, "Stopped\nToo little"),
        ({"message": {"text": {"body": "Too little"}}}, "Too little"),
        ({"event": {"message": "Too little", "key": "CANARY"}}, "Too little"),
        ({"payload": {"data": {"reason": "Too little"}}}, "Too little"),
        ({"lock_reason": "Max drawdown"}, "Max drawdown"),
        ({"message": "Order failed", "pair": "A/B", "amount": 5}, "Order failed\nA/B, amount 5"),
        ({"message": "No 5 A", "pair": "A/B", "amount": 5}, "No 5 A"),
        ({"data": "CANARY"}, None),
    ],
)
def test_the_words_of_a_report_are_read_wherever_they_are(
    record: dict[str, object], words: str | None
):
    report = event("traders/pods/events", "created", {**STAMPS, "type": "error", **record})

    assert report.message == words


@pytest.mark.parametrize("place", [None, "data", "trade", "order", "payload"])
def test_a_report_that_tells_a_trade_in_fields_has_the_trade(place: str | None):
    facts = {"pair": "ETH/USDT", "amount": 1, "close_rate": 2000, "exit_reason": "roi"}
    placed = facts if place is None else {place: facts}
    report = event("traders/pods/events", "created", {**STAMPS, "type": "exit_fill", **placed})

    assert report.message is None
    assert (report.trade.side, report.trade.symbol) == ("exit", "ETH/USDT")
    assert (report.trade.amount, report.trade.price) == (Decimal(1), Decimal(2000))


def reported(**record: object) -> Any:
    return event("traders/pods/events", "created", {**STAMPS, **record})


@pytest.mark.parametrize("place", ["message", "payload"])
def test_a_trade_may_lie_still_deeper(place: str):
    facts = {"pair": "ETH/USDT", "amount": 1, "close_rate": 2000}
    inner = facts if place == "message" else {"trade": facts}

    assert reported(type="exit_fill", **{place: inner}).trade.price == Decimal(2000)


def test_words_besides_a_trade_in_fields_hide_nothing_of_it():
    report = reported(type="exit_fill", pair="A/B", amount=1, profit=-3, message="Exit filled")

    assert (report.message, report.trade.profit) == ("Exit filled", Decimal(-3))


@pytest.mark.parametrize("kind", ["whale_alert", "order_rejected", "error", None])
def test_numbers_of_what_was_not_traded_are_no_trade(kind: str | None):
    report = reported(type=kind, pair="A/B", amount=500, message="Look")

    assert report.trade is None
    assert report.message == "Look\nA/B, amount 500"


def test_a_report_that_says_nothing_known_names_its_fields_and_no_values():
    report = reported(type="wallet", blah="CANARY", free=0, errors=[], note="")

    assert (report.message, report.unread) == (None, ("blah", "free"))
    assert reported(message="Well", blah=1).unread == ()
    assert event("messages", "created", {**STAMPS, "blah": "CANARY"}).unread == ("blah",)


@pytest.mark.parametrize(
    "record",
    [
        *({"type": {"name": "error"}}, {"type": ["error"]}, {"eventType": "error"}),
        *({"event_type": "error"}, {"kind": "error"}, {"category": "error"}),
    ],
)
@pytest.mark.parametrize("service", ["traders/pods/events", "messages", "events"])
def test_the_type_of_a_report_is_read_in_any_spelling(service: str, record: dict[str, object]):
    assert event(service, "created", {**STAMPS, "message": "x", **record}).type == "error"


@pytest.mark.parametrize(
    ("record", "level"),
    [
        ({"level": "info", "severity": "critical"}, "critical"),
        ({"level": {"value": "critical"}}, "critical"),
        ({"severity": {"name": "critical"}}, "critical"),
        ({"level": ["critical"]}, "critical"),
        ({"sev": 0}, "0"),
        ({"importance": "high"}, "high"),
        ({"priority": "urgent"}, "urgent"),
        ({"priority": 1}, None),
        ({"level": "info", "priority": 5}, "info"),
    ],
)
def test_how_bad_a_report_says_it_is_is_read_at_its_worst(
    record: dict[str, object], level: str | None
):
    assert reported(message="x", **record).level == level


@pytest.mark.parametrize(
    "record",
    [
        *({"heading": "Hello"}, {"title": {"en": "Hello"}}, {"data": {"title": "Hello"}}),
        {"notification": {"title": "Hello", "key": "CANARY"}},
    ],
)
def test_the_title_of_a_message_is_read_wherever_it_is(record: dict[str, object]):
    assert event("messages", "created", {**STAMPS, **record}).title == "Hello"


def test_a_report_in_words_is_told_by_them():
    record = {**STAMPS, "message": "Bought", "pair": "ETH/USDT", "amount": 1}

    assert event("traders/pods/events", "created", record).trade is None


@pytest.mark.parametrize(
    ("sent", "running", "status"),
    [
        ({"active": "off"}, False, None),
        ({"enabled": 1}, True, None),
        ({"running": "stopped"}, None, "stopped"),
        ({"status": False}, None, "stopped"),
        ({"status": {"state": "OOMKilled", "key": "CANARY"}}, None, "OOMKilled"),
        ({"status": {"value": "stopped"}}, None, "stopped"),
        ({"state": {"current": "stopped", "key": "CANARY"}}, None, "stopped"),
        ({"status": {"code": 137, "message": "OOMKilled"}}, None, "OOMKilled"),
        ({"status": {"running": {"value": 0}}}, None, "stopped"),
        ({"status": ["stopped"]}, None, "stopped"),
        ({"status": "running", "state": "error"}, None, "error"),
        ({"status": "running", "running": True, "pod": {"status": "killed"}}, True, "killed"),
        ({"running": False, "pod": {"status": "terminated"}}, False, None),
        ({"podStatus": "OOMKilled", "running": True}, True, "OOMKilled"),
        ({"running": {"value": 0}}, False, None),
        ({"isPaused": 1}, False, None),
        ({"paused": False}, None, None),
        ({"online": "f"}, False, None),
    ],
)
def test_how_a_bot_is_doing_is_read_in_any_spelling(
    sent: dict[str, object], running: bool | None, status: str | None
):
    bot = decode.trader({"_id": "t", **sent})

    assert isinstance(bot, Trader)
    assert (bot.running, bot.status) == (running, status)


def test_a_percentage_becomes_a_ratio():
    trade = event("trades", "created", {**STAMPS, "profit_pct": 5})

    assert trade.profit_ratio == Decimal("0.05")


def test_a_signal_is_read():
    record = {**STAMPS, "type": "buy", "pair": "ETH/USDT", "confidence": 87, "modelId": "m-1"}

    signal = event("models/signals", "created", record)

    assert signal == Signal(
        origin=origin(Kind.SIGNAL),
        type="buy",
        pair="ETH/USDT",
        confidence=Decimal(87),
        model="m-1",
    )


def test_a_pod_event_is_read():
    record = {
        **STAMPS,
        "type": "trade_executed",
        "podId": "pod-123",
        "message": "Bought 0.1 BTC @ 42400",
        "trader": "trader-1",
    }

    pod_event = event("traders/pods/events", "created", record)

    assert pod_event == PodEvent(
        origin=origin(Kind.POD_EVENT),
        type="trade_executed",
        message="Bought 0.1 BTC @ 42400",
        pod="pod-123",
        trader=TraderId("trader-1"),
    )


@pytest.mark.parametrize(
    ("service", "kind", "make"),
    [("messages", Kind.MESSAGE, Message), ("events", Kind.SYSTEM_EVENT, SystemEvent)],
)
def test_what_the_platform_says_is_read_under_any_name(service: str, kind: Kind, make: Any):
    named = event(service, "created", {**STAMPS, "title": "T", "message": "M", "level": "error"})
    renamed = event(
        service, "created", {**STAMPS, "subject": "T", "body": "M", "severity": "error"}
    )

    assert named == make(origin=origin(kind), title="T", text="M", level="error")
    assert renamed == named


def test_a_bot_is_read_with_the_fields_that_may_be_shown():
    seen = event("traders", "patched", TRADER)

    assert isinstance(seen, TraderSeen)
    assert seen.trader == Trader(
        id=TraderId("id-1"),
        name="Trader 1",
        running=True,
        status="running",
        dry_run=True,
        exchange="exchange-1",
        strategy=StrategyId("strategy-1"),
        stake_currency="USDT",
        updated_at=CHANGED,
    )
    assert seen.origin.at == CHANGED
    assert seen.origin.dated
    assert not seen.removed
    assert "CANARY" not in repr(seen)


def test_a_strategy_is_read():
    record = {**STAMPS, "name": "RSI", "type": "momentum", "pair": "BTC/USDT", "interval": "1m"}

    seen = event("strategies", "created", {**record, "configured": False})

    assert isinstance(seen, StrategySeen)
    assert seen.strategy == Strategy(
        id=StrategyId("id-1"),
        name="RSI",
        type="momentum",
        pair="BTC/USDT",
        interval="1m",
        configured=False,
        updated_at=CHANGED,
    )


def test_a_populated_exchange_goes_by_its_name_and_keeps_its_keys():
    exchange = {"_id": "exchange-1", "which": "binance", "apiKey": "CANARY", "secret": "CANARY"}

    seen = event("traders", "patched", {**TRADER, "exchange": exchange})

    assert seen.trader.exchange == "binance"
    assert "CANARY" not in repr(seen)


def test_a_price_is_read():
    ticker = {"symbol": "BTC/USDT", "last": "42400.10", "timestamp": 1705320000000}

    assert decode.tick(ticker, NOW) == Tick(symbol="BTC/USDT", last=Decimal("42400.10"), at=CREATED)
    assert decode.tick({"symbol": "BTC/USDT", "last": 1}, NOW) == Tick(
        symbol="BTC/USDT", last=Decimal(1), at=NOW
    )


@pytest.mark.parametrize("record", [None, [], "x", {}, {"symbol": "BTC/USDT"}, {"last": 1}])
def test_what_is_no_price_is_none(record: object):
    assert decode.tick(record, NOW) is None


@pytest.mark.parametrize(
    "renamed",
    [
        {},
        {"exchange": {"_id": "exchange-1", "name": "My Binance"}, "strategy": {"_id": "s-2"}},
        {"status": None, "state": "paused", "podId": None, "pod": {"_id": "pod-1"}},
    ],
)
def test_a_bot_that_is_read_looks_like_the_same_bot_in_an_event(renamed: dict[str, object]):
    whole = {**TRADER, **renamed}

    selected = {name: whole[name] for name in TRADER_FIELDS if name in whole}

    assert decode.trader(selected) == decode.trader(whole)


@pytest.mark.parametrize("field", ["userId", "user", "ownerId", "owner"])
@pytest.mark.parametrize("owner", ["user-2", {"_id": "user-2", "email": "b@example.com"}])
def test_a_bot_or_strategy_that_is_read_says_whose_it_is(field: str, owner: object):
    record = {"_id": "id-1", field: owner}

    trader, strategy = decode.trader(record), decode.strategy(record)

    assert trader == Trader(id=TraderId("id-1"), owner="user-2")
    assert strategy == Strategy(id=StrategyId("id-1"), owner="user-2")
    assert field in TRADER_FIELDS
    assert field in STRATEGY_FIELDS


# A signal in other words.


@pytest.mark.parametrize(
    ("record", "confidence", "sent"),
    [
        ({"confidence": "87%"}, Decimal("0.87"), None),
        ({"probability": {"value": Decimal("0.8")}}, Decimal("0.8"), None),
        ({"confidence": "high"}, None, "high"),
        ({"confidence": None}, None, None),
    ],
)
def test_the_confidence_of_a_signal_is_read_or_kept_as_sent(
    record: dict[str, object], confidence: Decimal | None, sent: str | None
):
    signal = event("models/signals", "created", {**STAMPS, **record})

    assert (signal.confidence, signal.confidence_sent) == (confidence, sent)


def test_what_a_signal_says_besides_is_read():
    record = {"prediction": "up", "entry": 42, "take_profit": 45, "stop_loss": 40, "note": "Strong"}
    signal = event("models/signals", "created", {**STAMPS, "instrument": "A/B", **record})

    assert (signal.type, signal.pair, signal.words) == ("up", "A/B", "Strong")
    assert signal.prices == (("Price", 42), ("Target", 45), ("Stop", 40))


# A trade in other words, and in other places.


def traded(**record: object) -> Any:
    return event("trades", "created", {**STAMPS, "symbol": "BTC/USDT", **record})


@pytest.mark.parametrize(
    "record",
    [
        {"profit": "-3.2"},
        {"pnl": {"value": "-3.2", "currency": "USDT"}},
        {"realizedPnl": "-3.2 USDT"},
        {"realized_profit": {"$numberDecimal": "-3.2"}},
        {"profit": {"abs": "-3.2", "key": "CANARY"}},
        {"data": {"profit_abs": Decimal("-3.2")}},
    ],
)
def test_a_loss_is_read_wherever_it_is(record: dict[str, object]):
    assert traded(**record).profit == Decimal("-3.2")


@pytest.mark.parametrize(
    "record",
    [
        *({"profit": "-3 %"}, {"roi": "-3%"}, {"profitPercentage": -3}),
        {"profit": {"ratio": Decimal("-0.03")}},
    ],
)
def test_a_loss_in_percent_is_read_wherever_it_is(record: dict[str, object]):
    assert traded(**record).profit_ratio == Decimal("-0.03")


@pytest.mark.parametrize("place", ["trade", "order", "data", "payload"])
def test_a_trade_is_read_from_inside_and_its_own_fields_come_first(place: str):
    trade = traded(side="sell", **{place: {"side": "buy", "amount": 2, "userId": "user-2"}})

    assert (trade.side, trade.amount, trade.origin.owner) == ("sell", Decimal(2), "user-1")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"closeReason": "stopLoss"}, "stopLoss"),
        ({"reason": {"code": "stop_loss"}}, "stop_loss"),
        ({"exit_reason": ["stop_loss"]}, "stop_loss"),
        ({"liquidation": True}, "liquidation"),
        ({"isLiquidation": 1, "reason": "margin"}, "liquidation: margin"),
        ({"info": {"liquidation": True, "key": "CANARY"}}, "liquidation"),
        ({"status": "failed: no funds"}, "failed: no funds"),
        ({"status": "rejected", "rejectReason": "no funds"}, "no funds"),
        ({"error": {"message": "no funds"}}, "no funds"),
        ({}, None),
    ],
)
def test_why_a_trade_or_an_order_ended_is_read_wherever_it_is(
    record: dict[str, object], reason: str | None
):
    assert traded(**record).reason == reason


def test_of_a_long_reason_the_end_is_kept():
    assert traded(error="frame\n" * 60 + "no funds").reason.endswith("no funds")


def test_what_an_open_trade_has_earned_so_far_is_no_result():
    open_one = traded(is_open=True, open_rate=95, profit_abs=Decimal("-0.5"), profit_ratio="-0.2")
    also = traded(side="buy", status="open", profit="lots")
    over = traded(is_open=False, profit_abs=Decimal("-0.5"))

    assert (open_one.profit, open_one.profit_ratio) == (None, None)
    assert (also.profit, also.profit_sent) == (None, None)
    assert over.profit == Decimal("-0.5")


def test_the_names_that_large_exchanges_use_are_read():
    of_okx = traded(side="sell", accFillSz="3", sz="3", avgPx="95", pnl="-3")
    of_kraken = traded(type="buy", vol="3", vol_exec="3", price="95")

    assert (of_okx.amount, of_okx.price, of_okx.profit) == (3, 95, -3)
    assert (of_kraken.amount, of_kraken.price) == (3, 95)


def test_a_trade_may_say_itself_that_it_is_on_paper_and_whose_it_is_by_name():
    trade = traded(isPaper="true", trader={"name": "Gamma"}, message="Well done")

    assert (trade.paper, trade.trader, trade.words) == (True, "Gamma", "Well done")


@pytest.mark.parametrize(
    "record",
    [
        {"symbol": {"value": "ETH/BTC"}},
        {"symbol": {"symbol": "ETH/BTC", "key": "CANARY"}},
        {"symbol": None, "baseAsset": "ETH", "quoteAsset": "BTC"},
        {"symbol": None, "instrument": "ETH/BTC"},
    ],
)
def test_a_pair_is_read_wherever_it_is(record: dict[str, object]):
    assert traded(**record).symbol == "ETH/BTC"


@pytest.mark.parametrize(
    ("record", "fee"),
    [
        ({"fee_open_cost": 1, "fee_close_cost": 2, "fee_open_currency": "USDT"}, (None, None)),
        (
            {
                "fee_open_cost": 1,
                "fee_close_cost": "2",
                "fee_open_currency": "USDT",
                "fee_close_currency": "USDT",
            },
            ("3", "USDT"),
        ),
        ({"fee_open_cost": "0.001", "fee_open_currency": "BTC"}, ("0.001", "BTC")),
        ({"fee": {"cost": "0.5", "currency": "BNB"}}, ("0.5", "BNB")),
        ({"commission": "0.5", "commissionAsset": "BNB"}, ("0.5", "BNB")),
        ({"fee": "0.5"}, ("0.5", None)),
        ({"fee_open": "0.001"}, (None, None)),
    ],
)
def test_a_fee_is_read_with_its_currency_and_added_up_within_one(record, fee):
    told = traded(**record)

    assert (None if told.fee is None else str(told.fee), told.fee_currency) == fee


def test_when_a_trade_was_opened_and_its_number_are_read():
    told = traded(open_date="2024-01-15 10:00:00", trade_id=17)

    assert (told.opened_at, told.number) == (datetime(2024, 1, 15, 10, tzinfo=UTC), "17")


# A trade that changes.


def test_a_changed_trade_is_dated_by_its_close_or_its_change_but_not_from_the_future():
    opened = {**STAMPS, "side": "buy", "symbol": "BTC/USDT", "status": "open"}
    closed = {**opened, "status": "closed", "profit": 12, "close_date": "2024-01-15T12:00:00.900Z"}

    def at(record: object) -> Any:
        return event("trades", "patched", record).at

    assert at(opened) == datetime(2024, 1, 15, 12, 0, 1, 5000, UTC)
    assert at(closed) == datetime(2024, 1, 15, 12, 0, 0, 900_000, UTC)
    assert at({**closed, "updatedAt": "2099-01-01T00:00:00Z", "close_date": None}) == NOW
    assert at({**opened, "updatedAt": STAMPS["createdAt"]}) == NOW


def test_a_change_of_a_trade_without_id_is_set_aside():
    assert isinstance(event("trades", "patched", {"side": "buy"}), Unreadable)


# What is worth reading.


@pytest.mark.parametrize("happening", ["created", "patched", "updated", "removed"])
def test_every_change_of_a_bot_or_strategy_is_wanted(happening: str):
    assert decode.wanted(Heading("traders", happening))
    assert decode.wanted(Heading("strategies", happening))


@pytest.mark.parametrize("service", [stream.value for stream in Stream])
def test_of_facts_only_trades_are_heard_of_again(service: str):
    assert decode.wanted(Heading(service, "created"))
    assert decode.wanted(Heading(service, "patched")) is (service == Stream.TRADES)
    assert not decode.wanted(Heading(service, "removed"))


@pytest.mark.parametrize("service", ["exchanges", "exchanges/ticker", "keys", "users", ""])
def test_other_services_are_not_wanted(service: str):
    assert not decode.wanted(Heading(service, "created"))


# Removed.


@pytest.mark.parametrize("record", [{"_id": "id-1"}, TRADER])
def test_a_bot_that_is_removed_is_gone_whatever_is_left_of_it(record: dict[str, object]):
    seen = event("traders", "removed", record)

    assert seen.removed
    assert seen.trader.id == "id-1"
    assert seen.origin.at == NOW
    assert seen.origin.revision == "removed"


def test_a_removal_that_does_not_say_of_what_is_unreadable():
    assert event("traders", "removed", None) == Unreadable(
        service="traders", reason="removed without a record", size=100
    )


# Alert two facts apart.


def test_one_change_told_twice_has_one_revision_and_the_next_another():
    first = event("traders", "patched", TRADER)
    again = event("traders", "updated", dict(reversed(TRADER.items())))
    same_moment = event("traders", "patched", {**TRADER, "status": "error"})
    later = event("traders", "patched", {**TRADER, "updatedAt": "2024-01-15T12:00:02.000Z"})

    assert first.origin.revision == again.origin.revision
    assert len({one.origin.revision for one in (first, same_moment, later)}) == 3


def test_an_event_without_id_is_named_after_its_content():
    content = {"type": "error", "podId": "pod-1", "message": "boom"}

    first = event("traders/pods/events", "created", content)
    again = event("traders/pods/events", "created", {**content, "extra": "not read"})
    other = event("traders/pods/events", "created", {**content, "message": "bang"})
    soon = decode.stored(Stream.POD_EVENTS, content, NOW + timedelta(seconds=3))
    later = decode.stored(Stream.POD_EVENTS, content, NOW + timedelta(seconds=30))

    assert first.origin.record == again.origin.record
    assert first.origin.record != other.origin.record
    assert not isinstance(soon, Unreadable)
    assert not isinstance(later, Unreadable)
    assert soon.origin.record == first.origin.record
    assert later.origin.record != first.origin.record
    assert first.origin.at == NOW
    assert not first.origin.dated


def test_a_record_without_id_keeps_its_name_when_it_is_read_again():
    content = {"message": "boom", "createdAt": "2024-01-15T12:00:00Z"}

    live = event("messages", "created", content)
    found = decode.stored(Stream.MESSAGES, content, NOW + timedelta(days=3))

    assert live == found
    assert live.origin.dated


def test_a_record_without_id_keeps_its_name_whether_its_date_is_believed_yet_or_not():
    content = {"message": "boom", "createdAt": "2024-01-16T12:00:00Z"}

    times = (NOW, NOW + timedelta(minutes=10), NOW + timedelta(days=3))
    read = [decode.stored(Stream.MESSAGES, content, at) for at in times]
    origins = [one.origin for one in read if not isinstance(one, Unreadable)]

    assert len({origin.record for origin in origins}) == 1
    assert [origin.dated for origin in origins] == [False, False, True]


@pytest.mark.parametrize("created", [None, "soon", True, "2024-01-15T12:05:00Z", {"$date": 1}])
def test_a_time_that_is_missing_or_not_believed_moves_no_cursor(created: object):
    trade = event("trades", "created", {"_id": "1", "createdAt": created})

    assert trade.origin.at == NOW
    assert not trade.origin.dated


def test_a_clock_that_is_ahead_by_less_than_the_overlap_is_believed():
    trade = event("trades", "created", {"_id": "1", "createdAt": "2024-01-15T12:00:50Z"})

    assert trade.origin.dated


@pytest.mark.fault(76)
@pytest.mark.parametrize("name", ["userId", "user_id", "user", "ownerId", "owner"])
@pytest.mark.parametrize("value", [["x"], {"$oid": "x"}, {}, [], "", " ", True, "x" * 129])
def test_an_owner_who_cannot_be_read_is_somebody_else(name: str, value: object):
    record = {"_id": "1", name: value}

    trade = event("trades", "created", record)
    seen = event("traders", "patched", record)
    read = decode.trader(record)

    assert isinstance(read, Trader)
    assert [trade.origin.owner, seen.origin.owner, read.owner] == [SOMEBODY] * 3


@pytest.mark.parametrize(
    ("fields", "owner"),
    [
        ({"userId": ["x"], "owner": "user-1"}, SOMEBODY),
        ({"userId": None, "owner": "user-1"}, "user-1"),
        ({"userId": "user-2"}, "user-2"),
        ({"user_id": 7}, "7"),
        ({"user": {"_id": "user-2", "email": "a@b"}}, "user-2"),
        ({"userId": None}, None),
        ({}, None),
    ],
)
def test_the_owner_is_kept_as_the_record_says(fields: dict[str, object], owner: str | None):
    trade = event("trades", "created", {"_id": "1", **fields})

    assert trade.origin.owner == owner


# What cannot be understood.


@pytest.mark.parametrize("record", ["x", 7, [], [{"_id": "1"}], True])
@pytest.mark.parametrize("service", ["trades", "traders", "strategies"])
def test_what_is_no_object_is_unreadable(service: str, record: object):
    assert event(service, "created", record) == Unreadable(
        service=service, reason="not an object", size=100
    )


def test_a_bot_without_id_is_set_aside_with_the_names_of_its_fields_only():
    record = {"name": "CANARY", "api_server": {"password": "CANARY"}, "\u202ex" * 90: 1}

    unreadable = event("traders", "patched", record)

    assert unreadable.reason == "no id"
    assert unreadable.fields[:2] == ("name", "api_server")
    assert len(unreadable.fields[2]) <= 40
    assert "CANARY" not in repr(unreadable)


# Laws.

some = settings(max_examples=50, deadline=None)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=30)
    | st.just("x" * 10_000)
    | st.sampled_from(["2024-01-15T12:00:00Z", "\ud800", "\x00", "9" * 500, "-1e999"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=8,
)

NAMES = (
    "_id id userId user createdAt updatedAt name running status state dry_run open_trades exchange"
    " exchangeId strategyId strategy stake_currency podId pod trader traderId type side symbol pair"
    " amount price profit_abs profit_ratio profit_pct exit_reason confidence model message title"
    " level configured interval last timestamp left right which"
)

SECRETS = (
    "api_server webhook jwt_secret_key password key secret apiKey api_key token accessToken"
    " listen_ip_address username ccxt_config url"
)

RECORDS = st.dictionaries(st.sampled_from(NAMES.split()), JSON, max_size=12)

SERVICES = st.sampled_from(["traders", "strategies", *(stream.value for stream in Stream)])


def poisoned(value: Any, name: str) -> Any:
    """The same, with a secret in every object."""
    if isinstance(value, dict):
        inner = {key: poisoned(one, name) for key, one in value.items()}
        return {**inner, name: {"value": "CANARY", name: "CANARY"}, f"x{name}": "CANARY"}
    if isinstance(value, list):
        return [poisoned(one, name) for one in value]
    return value


@some
@given(service=SERVICES, happening=st.sampled_from(["created", "patched", "removed"]), record=JSON)
def test_any_json_is_an_event_or_unreadable(service: str, happening: str, record: object):
    read = event(service, happening, record)

    assert read is not None


@pytest.mark.parametrize("service", ["traders/pods/events", "messages", "events"])
@pytest.mark.parametrize("name", ["level", "severity", "levelname", "logLevel", "levelno"])
@pytest.mark.parametrize(
    ("sent", "read"), [("critical", "critical"), (3, "3"), ({"name": "E"}, "E")]
)
def test_how_bad_a_report_says_it_is_is_read_under_any_name(
    service: str, name: str, sent: object, read: str
):
    assert event(service, "created", {**STAMPS, "message": "M", name: sent}).level == read


@pytest.mark.parametrize("service", ["traders/pods/events", "messages", "events"])
def test_of_a_very_long_report_the_end_is_kept(service: str):
    told = event(
        service, "created", {**STAMPS, "message": f"Traceback{' frame' * 9000}KeyError: 7"}
    )
    text = told.message if isinstance(told, PodEvent) else told.text

    assert str(text).startswith("Traceback frame")
    assert str(text).endswith("KeyError: 7")


@some
@given(service=SERVICES, record=RECORDS)
def test_what_is_read_is_bounded_and_can_be_stored(service: str, record: dict[str, object]):
    read = event(service, "created", record)
    tick = decode.tick(record, NOW)

    assert len(repr(read)) < 12_000
    assert len(repr(tick)) < 1000
    text = repr(read).encode().decode()
    assert "\\x00" not in text
    assert "\\ud" not in text


@some
@given(service=SERVICES, record=RECORDS, name=st.sampled_from(SECRETS.split()))
def test_no_secret_of_a_record_gets_through(service: str, record: dict[str, object], name: str):
    record = poisoned(record, name)

    told = repr((event(service, "patched", record), decode.tick(record, NOW)))

    assert "CANARY" not in told


@some
@given(service=SERVICES, record=RECORDS)
def test_reading_twice_gives_the_same(service: str, record: dict[str, object]):
    assert event(service, "created", record) == event(service, "created", dict(record))


@some
@given(record=RECORDS)
def test_what_came_over_the_wire_is_read_like_what_was_given(record: dict[str, object]):
    raw = "42" + json.dumps(["trades created", record], default=str)

    frame = parse(raw)

    assert isinstance(frame, (Frame, Unreadable))
    if isinstance(frame, Frame):
        assert decode.event(frame, NOW) is not None


@pytest.mark.parametrize(
    ("record", "ids"),
    [
        ({"tradeId": 7, "orderId": "o1"}, ("7", "o1", None, None)),
        ({"trade_id": "7", "order_id": "o1"}, ("7", "o1", None, None)),
        ({"trade": {"trade_id": 7}}, ("7", None, None, None)),
        ({"parentId": {"_id": "t0"}, "signalId": "s1"}, (None, None, "t0", "s1")),
        ({"signal": "buy"}, (None, None, None, None)),
    ],
)
def test_a_trade_names_what_it_goes_on_with(record: dict[str, object], ids: tuple[object, ...]):
    trade = traded(**record)

    assert (trade.trade_id, trade.order_id, trade.parent, trade.signal) == ids
