"""Which rule an event falls under, and that no rule of any sort makes what is critical quiet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.chats import Preferences
from bot.domain.decisions import Course, Why
from bot.domain.events import Kind
from bot.domain.ids import TraderId
from bot.domain.rules import (
    Every,
    Hours,
    Matter,
    Measure,
    Mode,
    Mute,
    Quiet,
    Rule,
    Threshold,
    Topic,
)
from bot.policy.ruling import in_order, ruling
from bot.policy.whether_sent import owed
from tests.unit.policy.test_whether_sent import LINK

OWL = TraderId("owl")
EXIT = Matter(topic=Topic.EXIT, bot=OWL, pair="BTC/USDT", bad=True, ratio=Decimal("-0.02"))


def rule(id: str, mode: Mode = Mode.ON, **facts: Any) -> Rule:
    return Rule(id=id, mode=mode, **facts)


ALL = rule("all")
EXITS = rule("exits", topic=Topic.EXIT)
OF_PAIR = rule("pair", pair="BTC/USDT")
OF_OWL = rule("owl", bot=OWL)
EXITS_OF_OWL = rule("exits of owl", bot=OWL, topic=Topic.EXIT)
SPECIFIC_LAST = (ALL, EXITS, OF_PAIR, OF_OWL, EXITS_OF_OWL)


@pytest.mark.parametrize("rules", [SPECIFIC_LAST, SPECIFIC_LAST[::-1]])
def test_the_most_specific_rule_wins(rules: tuple[Rule, ...]):
    assert [one.id for one in in_order(rules)] == ["exits of owl", "owl", "pair", "exits", "all"]
    assert ruling(EXIT, rules).rule is EXITS_OF_OWL
    assert ruling(replace(EXIT, topic=Topic.SIGNAL), rules).rule is OF_OWL
    assert ruling(replace(EXIT, bot=TraderId("heron")), rules).rule is OF_PAIR


def test_of_two_alike_the_last_one_wins():
    later = replace(EXITS, id="later", mode=Mode.OFF)

    assert ruling(EXIT, (EXITS, later)).rule is later
    assert ruling(EXIT, (later, EXITS)).rule is EXITS


@pytest.mark.parametrize(
    ("one", "paper", "rules_it"),
    [
        (EXITS, None, True),
        (EXITS, False, True),
        (EXITS, True, False),
        (OF_OWL, True, True),
        (rule("paper", paper=True), True, True),
        (rule("paper", paper=True), None, False),
        (rule("real", paper=False), False, True),
        (rule("real", paper=False), True, False),
    ],
)
def test_a_rule_of_no_bot_is_about_real_money_unless_it_says_otherwise(
    one: Rule, paper: bool | None, rules_it: bool
):
    found = ruling(replace(EXIT, paper=paper), (one,))

    assert (found.rule is one) is rules_it


@pytest.mark.parametrize(
    ("threshold", "facts", "reached"),
    [
        ((Measure.LOSS, "2", "%"), {"ratio": "-0.02"}, True),
        ((Measure.LOSS, "2", "%"), {"ratio": "-0.0199"}, False),
        ((Measure.LOSS, "2", "%"), {"ratio": "0.5"}, False),
        ((Measure.LOSS, "2", "%"), {"ratio": None, "result": "-1"}, True),
        ((Measure.RESULT, "2", "%"), {"ratio": "0.02"}, True),
        ((Measure.RESULT, "2", "%"), {"ratio": "0.01"}, False),
        ((Measure.RESULT, "50", "USDT"), {"result": "-50", "currency": "USDT"}, True),
        ((Measure.RESULT, "50", "USDT"), {"result": "-49", "currency": "USDT"}, False),
        ((Measure.RESULT, "50", "USDT"), {"result": "-1", "currency": "BTC"}, True),
        ((Measure.SIZE, "100", "USDT"), {"size": "99", "currency": "USDT"}, False),
        ((Measure.SIZE, "100", "USDT"), {"size": "100", "currency": "USDT"}, True),
        ((Measure.SIZE, "100", "USDT"), {"size": "0.5", "currency": "BTC"}, True),
        ((Measure.CONFIDENCE, "80", "%"), {"confidence": "79"}, False),
        ((Measure.CONFIDENCE, "80", "%"), {"confidence": None}, True),
    ],
)
@pytest.mark.parametrize(
    ("mode", "milder"),
    [
        (Mode.ON, Mode.SILENT),
        (Mode.AUTO, Mode.SILENT),
        (Mode.SILENT, Mode.DIGEST),
        (Mode.DIGEST, Mode.DIGEST),
    ],
)
def test_what_is_below_a_threshold_is_told_more_quietly_and_what_is_not_known_is_not(
    threshold: tuple[Measure, str, str],
    facts: dict[str, Any],
    reached: bool,
    mode: Mode,
    milder: Mode,
):
    measure, least, unit = threshold
    one = rule("1", mode, threshold=Threshold(measure=measure, least=Decimal(least), unit=unit))
    numbers: dict[str, Any] = {
        name: value if name == "currency" else value and Decimal(value)
        for name, value in facts.items()
    }

    found = ruling(replace(EXIT, **numbers), (one,))

    assert (found.mode, found.below) == ((mode, False) if reached else (milder, True))


# --- whatever is wished for -------------------------------------------------------------------

bots = st.none() | st.sampled_from([OWL, TraderId("heron")])
pairs = st.none() | st.sampled_from(["BTC/USDT", "ETH/USDT"])
topics = st.none() | st.sampled_from(Topic)
some = st.decimals(-1000, 1000, places=3)
thresholds = st.builds(
    Threshold, measure=st.sampled_from(Measure), least=some, unit=st.sampled_from("%$")
)
rules = st.builds(
    Rule,
    id=st.sampled_from("abc"),
    mode=st.sampled_from(Mode),
    topic=topics,
    bot=bots,
    pair=pairs,
    paper=st.none() | st.booleans(),
    threshold=st.none()
    | st.builds(
        Threshold, measure=st.sampled_from(Measure), least=some, unit=st.sampled_from("%$")
    ),
    every=st.sampled_from(Every),
)
instants = st.integers(0, 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
mutes = st.builds(Mute, id=st.just("m"), until=instants, topic=topics, bot=bots, pair=pairs)
hours = st.none() | st.builds(Hours, st.times(), st.times())
wishes = st.builds(
    Preferences,
    rules=st.lists(rules, max_size=6).map(tuple),
    mutes=st.lists(mutes, max_size=3).map(tuple),
    quiet=st.none() | st.builds(Quiet, weekdays=hours, weekend=hours),
    zone=st.sampled_from(["", "Asia/Kolkata", "America/Santiago"]),
    digest_at=st.times(),
)
matters = st.builds(
    Matter,
    topic=st.sampled_from(Topic),
    bot=bots,
    pair=pairs,
    paper=st.none() | st.booleans(),
    critical=st.booleans(),
    bad=st.booleans(),
    result=st.none() | some,
    currency=st.none() | st.sampled_from("$%"),
    ratio=st.none() | some,
    size=st.none() | some,
    confidence=st.none() | some,
)


@given(wishes, matters, instants)
def test_what_is_critical_rings_whatever_is_wished_for(
    wanted: Preferences, matter: Matter, at: datetime
):
    link = replace(LINK, preferences=wanted)

    decision = owed(link, replace(matter, critical=True), at, Kind.TRADER)

    assert (decision.course, decision.reason) == (Course.RING, Why.CRITICAL)


@given(wishes, matters, instants)
def test_a_decision_is_the_same_each_time_says_why_and_until_when(
    wanted: Preferences, matter: Matter, at: datetime
):
    link = replace(LINK, preferences=wanted)

    decision = owed(link, matter, at, Kind.TRADE)

    assert decision == owed(link, matter, at, Kind.TRADE)
    assert decision.reason in set(Why)
    if decision.course is Course.HOLD:
        assert decision.until is not None
        assert at < decision.until <= at + timedelta(days=12)
    else:
        assert decision.until is None


@given(matters, instants)
def test_before_anything_is_wished_for_nothing_is_held_or_dropped(matter: Matter, at: datetime):
    decision = owed(LINK, matter, at, Kind.TRADE)

    assert decision.course in (Course.SEND, Course.SILENT, Course.RING)
    if matter.critical:
        assert decision.course is Course.RING
