"""The rule by which things like one that rang have no sound any more, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.chats import Preferences
from bot.domain.decisions import Course, Why
from bot.domain.events import Kind
from bot.domain.ids import TraderId
from bot.domain.rules import Matter, Measure, Mode, Rule, Threshold, Topic
from bot.domain.spoken_rules import SpokenRule, as_spoken, read_rule, rule_written
from bot.domain.wishes import with_rule
from bot.policy.less_like import less_like
from bot.policy.ruling import DEFAULTS, ruling
from bot.policy.whether_sent import owed
from tests.unit.policy.test_ruling import OWL, instants, matters, wishes
from tests.unit.policy.test_whether_sent import LINK

SMALL_LOSSES = DEFAULTS[1]
LOSS = Matter(
    topic=Topic.EXIT,
    bot=OWL,
    pair="BTC/USDT",
    bad=True,
    result=Decimal("-130"),
    currency="USDT",
    ratio=Decimal("-0.013"),
)
SIGNAL = Matter(topic=Topic.SIGNAL, pair="BTC/USDT", confidence=Decimal(62))


def on(topic: Topic, **facts: Any) -> Rule:
    return Rule(id="1", mode=Mode.ON, topic=topic, **facts)


def from_usdt(least: int, measure: Measure = Measure.RESULT) -> Threshold:
    return Threshold(measure=measure, least=Decimal(least), unit="USDT")


@pytest.mark.parametrize(
    ("matter", "rule", "written"),
    [
        (LOSS, SMALL_LOSSES, "losses auto from 1.5 %"),
        (LOSS, on(Topic.EXIT), "exits on from 1.5 %"),
        (LOSS, on(Topic.EXIT, pair="BTC/USDT"), "exits on from 1.5 % of BTC/USDT"),
        (LOSS, on(Topic.EXIT, paper=True), "exits paper on from 1.5 %"),
        (LOSS, on(Topic.EXIT, threshold=from_usdt(50)), "exits on from 150 USDT"),
        (replace(LOSS, ratio=None), SMALL_LOSSES, "losses auto from 150 USDT"),
        (replace(LOSS, ratio=None, currency="COIN"), SMALL_LOSSES, "exits silent"),
        (replace(LOSS, ratio=None, result=None), SMALL_LOSSES, "exits silent"),
        (replace(LOSS, ratio=Decimal("0.04")), on(Topic.EXIT), "exits on from 5 %"),
        (replace(LOSS, ratio=Decimal("-0.00003")), on(Topic.EXIT), "exits on from 0.1 %"),
        (replace(LOSS, ratio=Decimal(0)), on(Topic.EXIT), "exits on from 0.1 %"),
        (replace(LOSS, ratio=Decimal("-0.1")), SMALL_LOSSES, "losses auto from 15 %"),
        (SIGNAL, on(Topic.SIGNAL), "signals on from 65 %"),
        (SIGNAL, on(Topic.SIGNAL, signal="buy"), "buy signals on from 65 %"),
        (replace(SIGNAL, confidence=Decimal(65)), on(Topic.SIGNAL), "signals on from 70 %"),
        (replace(SIGNAL, confidence=Decimal(100)), on(Topic.SIGNAL), "signals silent"),
        (replace(SIGNAL, confidence=None), on(Topic.SIGNAL), "signals silent"),
        (Matter(topic=Topic.WARNING, bot=OWL, bad=True), DEFAULTS[-1], "warnings silent"),
        (Matter(topic=Topic.STATE, bot=OWL), on(Topic.STATE), "starts and stops silent"),
    ],
)
def test_it_begins_at_a_round_figure_above_where_there_is_one(
    matter: Matter, rule: Rule, written: str
):
    less = less_like(matter, rule)

    assert rule_written(as_spoken(less)) == written
    assert less.bot == matter.bot


def test_it_never_covers_what_is_critical():
    covering = on(Topic.EXIT, covers_critical=True)

    assert not less_like(LOSS, covering).covers_critical


known = matters.filter(lambda one: not one.critical)
amounts = st.decimals(-1000, 1000, places=4)
measurable = st.builds(
    replace,
    known,
    result=st.none() | amounts,
    currency=st.none() | st.sampled_from(["USDT", "COIN"]),
    ratio=st.none() | amounts,
    confidence=st.none() | amounts,
)


@st.composite
def loud_rules(draw: st.DrawFn, matter: Matter) -> tuple[Rule, ...]:
    """Of which each names something of it, or nothing, and tells it with a sound."""
    one = st.builds(
        Rule,
        id=st.uuids().map(str),
        mode=st.sampled_from([Mode.ON, Mode.AUTO]),
        topic=st.sampled_from([None, matter.topic]),
        bot=st.sampled_from([None, matter.bot]),
        pair=st.sampled_from([None, matter.pair]),
        paper=st.sampled_from([None, matter.paper is True]),
    )
    return tuple(draw(st.lists(one, max_size=4)))


@given(st.data(), wishes, measurable, instants, matters)
def test_what_rang_has_no_sound_any_more_and_nothing_else_is_told_otherwise(
    data: st.DataObject, wanted: Preferences, matter: Matter, at: datetime, other: Matter
):
    rules = wanted.rules + data.draw(loud_rules(matter))
    wanted = replace(wanted, rules=rules, quiet=None, mutes=())
    link = replace(LINK, preferences=wanted)
    assume(owed(link, matter, at, Kind.TRADE).course in (Course.RING, Course.SEND))

    less = less_like(matter, ruling(matter, wanted.rules).rule)
    then = replace(link, preferences=with_rule(wanted, less))

    decision = owed(then, matter, at, Kind.TRADE)
    assert (decision.course, decision.rule) == (Course.SILENT, less)
    assert decision.reason in (Why.RULE, Why.BELOW_THRESHOLD)
    if (other.topic, other.bot) != (matter.topic, matter.bot) and matter.bot is not None:
        assert owed(then, other, at, Kind.TRADE) == owed(link, other, at, Kind.TRADE)


@given(measurable, st.sampled_from([*DEFAULTS, on(Topic.EXIT), on(Topic.SIGNAL, paper=False)]))
def test_it_can_be_written_and_is_read_as_the_same(matter: Matter, rule: Rule):
    spoken = as_spoken(less_like(matter, rule))

    read = read_rule(rule_written(spoken))

    assert isinstance(read, SpokenRule)
    assert read == spoken


@given(st.decimals("0.0001", 5, places=4))
def test_ten_times_as_much_rings_as_before(ratio: Decimal):
    loss = replace(LOSS, ratio=-ratio)
    wanted = with_rule(LINK.preferences, less_like(loss, SMALL_LOSSES))
    link = replace(LINK, preferences=wanted)

    worse = owed(
        link, replace(loss, ratio=-10 * ratio - Decimal("0.001")), LINK.linked_at, Kind.TRADE
    )
    of_another = replace(loss, bot=TraderId("heron"), ratio=Decimal(-1))

    assert worse.course is Course.SEND
    assert owed(link, of_another, LINK.linked_at, Kind.TRADE).course is Course.SEND
