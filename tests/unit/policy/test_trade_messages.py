"""By which ids events are one trade, and in which message its next step is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.domain.cards import Card, Severity
from bot.domain.events import Kind, Message, Origin, PodEvent, Signal, Trade
from bot.domain.ids import DeliveryId, TraderId
from bot.domain.rules import Matter, Topic
from bot.domain.trade_ids import TradeIds
from bot.policy.trade_messages import TradeMessage, continued, is_told_by_itself, trade_ids

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWLS = Matter(topic=Topic.ENTRY, bot=TraderId("owl"), pair="BTC/USDT")


def origin(kind: Kind) -> Origin:
    return Origin(kind=kind, record="r1", at=NOW)


TRADE = Trade(
    origin=origin(Kind.TRADE),
    symbol="btc/usdt",
    amount=Decimal(1),
    trade_id="7",
    order_id="o1",
    parent="r0",
    signal="s1",
)
OWLS_IDS = TradeIds(
    shared=("trade 7 BTC/USDT of owl", "order o1 BTC/USDT of owl"), parent="r0", signal="s1"
)


def test_a_trade_is_known_by_what_it_shares_with_others_of_its_bot_and_pair():
    assert trade_ids(TRADE, OWLS) == OWLS_IDS


def test_what_a_pod_tells_of_a_trade_is_known_by_the_same():
    report = PodEvent(origin=origin(Kind.POD_EVENT), trade=TRADE)

    assert trade_ids(report, replace(OWLS, pair=None, critical=True)) == OWLS_IDS


def test_without_a_bot_numbers_mean_nothing():
    assert trade_ids(TRADE, replace(OWLS, bot=None)) == TradeIds(parent="r0", signal="s1")


def test_a_signal_may_be_the_first_of_a_trade_and_words_are_not():
    assert trade_ids(Signal(origin=origin(Kind.SIGNAL)), OWLS) == TradeIds()
    assert trade_ids(PodEvent(origin=origin(Kind.POD_EVENT)), OWLS) is None
    assert trade_ids(Message(origin=origin(Kind.MESSAGE)), OWLS) is None


def message(id: int, *, of_signal: bool = False, is_grown: bool = False) -> TradeMessage:
    return TradeMessage(DeliveryId(id), str(id), of_signal, is_grown)


@pytest.mark.parametrize(
    ("found", "goes_on"),
    [
        ([], None),
        ([message(1), message(3), message(2)], 3),
        ([message(5, of_signal=True), message(1)], 1),
        ([message(5, of_signal=True)], 5),
        ([message(5, of_signal=True, is_grown=True)], None),
        ([message(1, is_grown=True)], 1),
    ],
)
def test_a_step_goes_on_with_the_last_message_of_its_trade_else_with_its_signals(
    found: list[TradeMessage], goes_on: int | None
):
    chosen = continued(found)

    assert (chosen and chosen.id) == goes_on


@pytest.mark.parametrize(
    ("matter", "card", "by_itself"),
    [
        (OWLS, Card(title="Bought"), False),
        (OWLS, Card(title="Sold", severity=Severity.WARNING), True),
        (OWLS, Card(title="Sold", severity=Severity.WARNING, sound=False), False),
        (replace(OWLS, critical=True), Card(title="Liquidated", sound=False), True),
    ],
)
def test_what_has_a_sound_or_is_critical_is_told_by_itself(
    matter: Matter, card: Card, by_itself: bool
):
    assert is_told_by_itself(matter, card) is by_itself
