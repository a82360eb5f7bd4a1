"""What an event is about, as rules see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.changes import Change
from bot.domain.events import (
    Kind,
    Message,
    Notice,
    NoticeText,
    Origin,
    PodEvent,
    Signal,
    Strategy,
    StrategySeen,
    SystemEvent,
    Trade,
    TraderSeen,
)
from bot.domain.ids import StrategyId
from bot.domain.rules import Matter, Topic
from bot.policy.matters import matter_of
from bot.texts.alerts import (
    bot_alert,
    message_alert,
    notice_alert,
    report_alert,
    signal_alert,
    strategy_alert,
    trade_alert,
)
from tests.harness.world import OWL, owl

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LIVE = owl(dry_run=False)


def origin(kind: Kind = Kind.TRADE) -> Origin:
    return Origin(kind=kind, record="r1", at=NOW)


def trade(**facts: Any) -> Matter:
    event = Trade(origin=origin(), **{"symbol": "BTC/USDT", "trader": OWL.id, **facts})
    found = matter_of(event, trade_alert(event, {OWL.id: LIVE}))
    assert found is not None
    return found


def report(**facts: Any) -> Matter:
    event = PodEvent(origin=origin(Kind.POD_EVENT), trader=OWL.id, **facts)
    found = matter_of(event, report_alert(event, {OWL.id: LIVE}))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("facts", "topic"),
    [
        ({"side": "buy"}, Topic.ENTRY),
        ({"side": "Short"}, Topic.ENTRY),
        ({"side": "entry long"}, Topic.ENTRY),
        ({"side": "sell"}, Topic.EXIT),
        ({"side": "exit short"}, Topic.EXIT),
        ({"side": "buy", "profit": Decimal(1)}, Topic.EXIT),
        ({"side": "buy", "closed_at": NOW}, Topic.EXIT),
        ({"side": "long", "reason": "liquidation"}, Topic.EXIT),
        ({}, Topic.EXIT),
        ({"side": "swap"}, Topic.EXIT),
    ],
)
def test_a_trade_is_an_entry_or_an_exit(facts: dict[str, Any], topic: Topic):
    assert trade(**facts).topic is topic


def test_a_trade_has_its_numbers():
    found = trade(
        side="sell", amount=Decimal(2), price=Decimal(100), profit=Decimal("-3"), paper=False
    )

    assert (found.result, found.currency, found.size) == (Decimal("-3"), "USDT", Decimal(200))
    assert found.ratio == Decimal("-0.015"), "of its size, where nobody says how much it is"
    assert (found.bot, found.pair, found.paper) == (OWL.id, "BTC/USDT", False)
    assert found.bad
    assert not found.critical


@pytest.mark.parametrize("strange", [Decimal("1e400"), Decimal("-1e-400")])
def test_numbers_that_nobody_can_compare_are_left_out(strange: Decimal):
    assert trade(side="sell", profit_ratio=strange).ratio is None


def test_a_liquidation_is_critical():
    assert trade(side="sell", reason="liquidation").critical


@pytest.mark.parametrize(
    ("facts", "topic", "critical"),
    [
        ({"level": "error", "message": "x"}, Topic.ERROR, True),
        ({"level": "warning", "message": "x"}, Topic.WARNING, False),
        ({"level": "info", "message": "x"}, Topic.REPORT, False),
    ],
)
def test_a_report_is_as_bad_as_it_says(facts: dict[str, Any], topic: Topic, critical: bool):
    found = report(**facts)

    assert (found.topic, found.critical, found.bot) == (topic, critical, OWL.id)


def test_a_fill_that_a_bot_reports_is_a_trade_unless_it_is_an_error():
    filled = Trade(origin=origin(), side="buy", symbol="ETH/USDT")

    assert report(trade=filled, level="info").topic is Topic.ENTRY
    assert report(trade=filled, level="error", message="x").topic is Topic.ERROR


@pytest.mark.parametrize(("sent", "percent"), [("0.85", "85"), ("85", "85"), ("1", "100")])
def test_a_signal_is_as_sure_in_percent_whatever_its_scale(sent: str, percent: str):
    event = Signal(
        origin=origin(Kind.SIGNAL), type="BUY", pair="btc/usdt", confidence=Decimal(sent)
    )

    found = matter_of(event, signal_alert(event))

    assert found is not None
    assert (found.signal, found.pair, found.confidence) == ("buy", "BTC/USDT", Decimal(percent))


@pytest.mark.parametrize(
    ("dry_run", "stops", "critical"),
    [(False, True, True), (None, True, True), (True, True, False), (False, False, False)],
)
def test_a_stop_of_real_money_that_nobody_asked_for_is_critical(
    dry_run: bool | None, stops: bool, critical: bool
):
    # The change itself does not say whose money it is.
    seen = owl(running=False, status="stopped", dry_run=None)
    event = TraderSeen(origin=origin(Kind.TRADER), trader=seen)
    alert = bot_alert(LIVE, replace(seen, dry_run=dry_run), (Change.STOPPED,), NOW)

    found = matter_of(event, alert, stops=stops)

    assert found is not None
    assert (found.topic, found.critical, found.bad) == (Topic.STATE, critical, True)
    assert found.paper is dry_run


def test_what_else_there_is_has_a_topic_and_what_tradebell_says_itself_none():
    message = Message(origin=origin(Kind.MESSAGE), title="Hello")
    system = SystemEvent(origin=origin(Kind.SYSTEM_EVENT), title="Hello")
    strategy = Strategy(id=StrategyId("s1"), name="Grid", pair="BTC/USDT")
    seen = StrategySeen(origin=origin(Kind.STRATEGY), strategy=strategy)
    notice = Notice(origin=origin(Kind.FEED), say=lambda: NoticeText("Down"), urgent=True)

    topics = [
        matter_of(message, message_alert(message)),
        matter_of(system, message_alert(system)),
        matter_of(seen, strategy_alert(None, strategy, (Change.CREATED,), NOW)),
    ]

    assert [one and one.topic for one in topics] == [Topic.MESSAGE, Topic.SYSTEM, Topic.STRATEGY]
    assert matter_of(notice, notice_alert(notice)) is None
