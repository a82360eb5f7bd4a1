"""Rules are understood as they were meant, or answered with a question, never stored wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rules import PERCENT, Every, Measure, Mode, Threshold, Topic
from bot.domain.spoken_rules import (
    Problem,
    Scope,
    SpokenRule,
    Unclear,
    read_rule,
    read_scope,
    rule_written,
    scope_written,
)

NAMES = ("Grid BTC", "Grid", "Night Owl", "Silent Exit Bot", "Exits", "Under 5% Scalper", "all")


def rule(mode: Mode, every: Every = Every.DAY, **scope: Any) -> SpokenRule:
    limit = scope.pop("limit", None)
    threshold = limit and Threshold(measure=limit[0], least=Decimal(limit[1]), unit=limit[2])
    return SpokenRule(scope=Scope(**scope), mode=mode, every=every, threshold=threshold)


RESULT, LOSS, SIZE, CONFIDENCE = Measure.RESULT, Measure.LOSS, Measure.SIZE, Measure.CONFIDENCE


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("signals off", rule(Mode.OFF, topic=Topic.SIGNAL)),
        ("off signals", rule(Mode.OFF, topic=Topic.SIGNAL)),
        ("Signals: OFF.", rule(Mode.OFF, topic=Topic.SIGNAL)),
        ("paper on", rule(Mode.ON, paper=True)),
        ("dry-run bots silent", rule(Mode.SILENT, paper=True)),
        ("paper trades off", rule(Mode.OFF, paper=True)),
        ("exits with real money ring", rule(Mode.ON, topic=Topic.EXIT, paper=False)),
        ("everything off", rule(Mode.OFF)),
        ("all exits silent", rule(Mode.SILENT, topic=Topic.EXIT)),
        ("exit alerts without a sound", rule(Mode.SILENT, topic=Topic.EXIT)),
        ("state changes digest", rule(Mode.DIGEST, topic=Topic.STATE)),
        ("starts and stops silent", rule(Mode.SILENT, topic=Topic.STATE)),
        ("entries digest hourly", rule(Mode.DIGEST, Every.HOUR, topic=Topic.ENTRY)),
        ("entries hourly", rule(Mode.DIGEST, Every.HOUR, topic=Topic.ENTRY)),
        ("digest 4h entries", rule(Mode.DIGEST, Every.FOUR_HOURS, topic=Topic.ENTRY)),
        ("entries digest every 4 hours", rule(Mode.DIGEST, Every.FOUR_HOURS, topic=Topic.ENTRY)),
        ("errors daily", rule(Mode.DIGEST, topic=Topic.ERROR)),
        ("Grid BTC silent", rule(Mode.SILENT, bot="Grid BTC")),
        ("exits of grid btc on", rule(Mode.ON, topic=Topic.EXIT, bot="Grid BTC")),
        ("silent for my bot Grid", rule(Mode.SILENT, bot="Grid")),
        ("all of Silent Exit Bot on", rule(Mode.ON, bot="Silent Exit Bot")),
        ("Under 5% Scalper off", rule(Mode.OFF, bot="Under 5% Scalper")),
        ("exits of Exits on", rule(Mode.ON, topic=Topic.EXIT, bot="Exits")),
        ("all off", rule(Mode.OFF)),
        ("Exits off", rule(Mode.OFF, topic=Topic.EXIT)),
        ("exits of owl off", rule(Mode.OFF, topic=Topic.EXIT, about="owl")),
        (
            "exits of The Great Bot of Doom on",
            rule(Mode.ON, topic=Topic.EXIT, about="Great Bot of Doom"),
        ),
        ("BTC/USDT off", rule(Mode.OFF, pair="BTC/USDT")),
        ("exits on eth/usdt silent", rule(Mode.SILENT, topic=Topic.EXIT, pair="ETH/USDT")),
        ("exits on ETH/USDT on", rule(Mode.ON, topic=Topic.EXIT, pair="ETH/USDT")),
        (
            "exits of Grid BTC on ETH/USDT silent",
            rule(Mode.SILENT, topic=Topic.EXIT, bot="Grid BTC", pair="ETH/USDT"),
        ),
        ("buy signals off", rule(Mode.OFF, topic=Topic.SIGNAL, signal="buy")),
        ("signals sell silent", rule(Mode.SILENT, topic=Topic.SIGNAL, signal="sell")),
        (
            "exits of Grid BTC silent under 1%",
            rule(Mode.AUTO, topic=Topic.EXIT, bot="Grid BTC", limit=(RESULT, "1", PERCENT)),
        ),
        (
            "exits under 1,5 % silent",
            rule(Mode.AUTO, topic=Topic.EXIT, limit=(RESULT, "1.5", PERCENT)),
        ),
        (
            "exits digest hourly below 1 percent",
            rule(Mode.SILENT, Every.HOUR, topic=Topic.EXIT, limit=(RESULT, "1", PERCENT)),
        ),
        ("exits on from 50 USDT", rule(Mode.ON, topic=Topic.EXIT, limit=(RESULT, "50", "USDT"))),
        ("exits on >= 50usdt", rule(Mode.ON, topic=Topic.EXIT, limit=(RESULT, "50", "USDT"))),
        ("exits silent <1%", rule(Mode.AUTO, topic=Topic.EXIT, limit=(RESULT, "1", PERCENT))),
        (
            "losses ring from 2%",
            rule(Mode.ON, topic=Topic.EXIT, losses=True, limit=(LOSS, "2", PERCENT)),
        ),
        (
            "entries on from 1,000.50 USDT",
            rule(Mode.ON, topic=Topic.ENTRY, limit=(SIZE, "1000.50", "USDT")),
        ),
        (
            "entries on from 1.000,50 USDT",
            rule(Mode.ON, topic=Topic.ENTRY, limit=(SIZE, "1000.50", "USDT")),
        ),
        (
            "entries on from 0,001 BTC",
            rule(Mode.ON, topic=Topic.ENTRY, limit=(SIZE, "0.001", "BTC")),
        ),
        ("entries on from 10 xyz", rule(Mode.ON, topic=Topic.ENTRY, limit=(SIZE, "10", "XYZ"))),
        (
            "signals on from 80 %",
            rule(Mode.ON, topic=Topic.SIGNAL, limit=(CONFIDENCE, "80", PERCENT)),
        ),
        (
            "signals on from 80",
            rule(Mode.ON, topic=Topic.SIGNAL, limit=(CONFIDENCE, "80", PERCENT)),
        ),
        ("exits from Grid BTC off", rule(Mode.OFF, topic=Topic.EXIT, bot="Grid BTC")),
    ],
)
def test_a_rule_by_words(text: str, read: SpokenRule):
    assert read_rule(text, NAMES, {"XYZ"}) == read


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem.NO_MODE),
        ("exits of Grid BTC", Problem.NO_MODE),
        ("exits silent off", Problem.SEVERAL_MODES),
        ("exits silent hourly", Problem.SEVERAL_MODES),
        ("exits digest hourly daily", Problem.SEVERAL_MODES),
        ("exits and entries off", Problem.SEVERAL_THINGS),
        ("Grid BTC and Night Owl off", Problem.SEVERAL_THINGS),
        ("BTC/USDT ETH/USDT off", Problem.SEVERAL_THINGS),
        ("paper and real money off", Problem.SEVERAL_THINGS),
        ("buy sell signals off", Problem.SEVERAL_THINGS),
        ("trades off", Problem.TRADES),
        ("exits silent under", Problem.AMOUNT),
        ("exits silent under one percent", Problem.AMOUNT),
        ("exits silent under 0 %", Problem.AMOUNT),
        ("exits silent under 1% over 2%", Problem.AMOUNT),
        ("exits silent under 1,500 %", Problem.AMOUNT),
        ("entries on from 1.000 USDT", Problem.AMOUNT),
        ("exits silent under 1..5 %", Problem.AMOUNT),
        ("exits silent under 50 gold", Problem.UNIT),
        ("exits silent under 1", Problem.UNIT),
        ("exits silent under $50", Problem.AMOUNT),
        ("entries silent under 1 %", Problem.UNIT),
        ("signals silent under 50 USDT", Problem.UNIT),
        ("signals silent under 0.8", Problem.UNIT),
        ("errors silent under 1 %", Problem.NO_MEASURE),
        ("silent under 1 %", Problem.NO_MEASURE),
        ("exits silent 1 %", Problem.NO_SIDE),
        ("exits silent 50 USDT", Problem.NO_SIDE),
        ("losses silent", Problem.NO_THRESHOLD),
        ("exits off under 1 %", Problem.NOT_BELOW),
        ("exits on under 1 %", Problem.NOT_BELOW),
        ("exits off from 1 %", Problem.NOT_FROM),
        ("exits digest from 1 %", Problem.NOT_FROM),
    ],
)
def test_what_is_not_clear_is_not_guessed(text: str, problem: Problem):
    read = read_rule(text, NAMES)

    assert isinstance(read, Unclear), read
    assert read.problem is problem


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("", Scope()),
        ("everything", Scope()),
        ("Grid BTC", Scope(bot="Grid BTC")),
        ("exits of Grid BTC", Scope(topic=Topic.EXIT, bot="Grid BTC")),
        ("the pair btc/usdt", Scope(pair="BTC/USDT")),
        ("btc", Scope(about="btc")),
    ],
)
def test_what_is_named(text: str, scope: Scope):
    assert read_scope(text, NAMES) == scope


SCOPES = st.builds(
    Scope,
    topic=st.none() | st.sampled_from([one for one in Topic if one is not Topic.SIGNAL]),
    paper=st.none() | st.booleans(),
    bot=st.sampled_from(("", *NAMES)),
    pair=st.sampled_from(("", "BTC/USDT", "ETH/USDT:USDT")),
    about=st.sampled_from(("", "owl", "btc")),
) | st.builds(Scope, topic=st.just(Topic.SIGNAL), signal=st.none() | st.just("buy"))
AMOUNTS = st.decimals(Decimal("0.0001"), Decimal(999_999), places=4)
LIMITS = {
    Topic.EXIT: ((RESULT, PERCENT), (RESULT, "USDT"), (LOSS, PERCENT), (LOSS, "EUR")),
    Topic.ENTRY: ((SIZE, "USDT"),),
    Topic.SIGNAL: ((CONFIDENCE, PERCENT),),
}


@st.composite
def rules(draw: st.DrawFn) -> SpokenRule:
    scope = draw(SCOPES)
    mode = draw(st.sampled_from(Mode))
    threshold = None
    if mode in (Mode.ON, Mode.AUTO, Mode.SILENT) and scope.topic in LIMITS and draw(st.booleans()):
        measure, unit = draw(st.sampled_from(LIMITS[scope.topic]))
        threshold = Threshold(measure=measure, least=draw(AMOUNTS), unit=unit)
        scope = replace(scope, losses=measure is LOSS)
    in_digest = mode is Mode.DIGEST or (mode is Mode.SILENT and threshold)
    every = draw(st.sampled_from(Every)) if in_digest else Every.DAY
    return SpokenRule(scope=scope, mode=mode, every=every, threshold=threshold)


@given(spoken=rules())
def test_rules_are_read_as_they_are_written(spoken: SpokenRule):
    assert read_rule(rule_written(spoken), NAMES) == spoken


@given(scope=SCOPES)
def test_scopes_are_read_as_they_are_written(scope: Scope):
    assert read_scope(scope_written(scope), NAMES) == scope


PARTS = (
    *("exits", "trades", "losses", "signals", "buy", "paper", "on", "off", "digest", "hourly"),
    *("under", "from", "<", "1", "1 %", "1,5", "1.000", "USDT", "of", "BTC/USDT", "Grid BTC", "x"),
)


@given(text=st.text() | st.lists(st.sampled_from(PARTS)).map(" ".join))
def test_no_words_are_too_much(text: str):
    read = read_rule(text, NAMES)
    if isinstance(read, SpokenRule) and not read.scope.about:
        assert read_rule(rule_written(read), NAMES) == read
    read_scope(text, NAMES)
