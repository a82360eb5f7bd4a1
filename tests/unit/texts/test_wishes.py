"""Rules, mutes, hours and instants, as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.events import Trader
from bot.domain.ids import TraderId
from bot.domain.marks import shown
from bot.domain.rules import (
    Every,
    Hours,
    Measure,
    Mode,
    Mute,
    Quiet,
    Rule,
    Threshold,
    Topic,
)
from bot.policy.ruling import DEFAULTS
from bot.texts.times import moment
from bot.texts.wishes import (
    mode_name,
    mute_in_words,
    quiet_in_words,
    rule_in_words,
    topic_name,
    until_in_words,
)

GRID = Trader(id=TraderId("grid"), name="Grid BTC")
TRADERS = (Trader(id=TraderId("owl"), name="Night Owl"), GRID)
NIGHT = Hours(time(22), time(7))
AT = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)


def percent(least: str, measure: Measure = Measure.RESULT) -> Threshold:
    return Threshold(measure=measure, least=Decimal(least))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"mode": Mode.OFF}, "Everything: not told"),
        ({"mode": Mode.ON, "topic": Topic.EXIT}, "Exits: with a sound"),
        (
            {"mode": Mode.SILENT, "bot": GRID.id, "pair": "BTC/USDT"},
            "Everything of Grid BTC on BTC/USDT: without a sound",
        ),
        (
            {"mode": Mode.AUTO, "topic": Topic.EXIT, "bot": GRID.id, "threshold": percent("1.50")},
            "Exits of Grid BTC: from a result of 1.5 % on with a sound if it is bad, below that"
            " without a sound",
        ),
        (
            {
                "mode": Mode.ON,
                "topic": Topic.ENTRY,
                "threshold": Threshold(measure=Measure.SIZE, least=Decimal(50), unit="USDT"),
            },
            "Entries: from a size of 50 USDT on with a sound, below that without a sound",
        ),
        (
            {
                "mode": Mode.SILENT,
                "topic": Topic.SIGNAL,
                "signal": "buy",
                "threshold": percent("80", Measure.CONFIDENCE),
                "every": Every.HOUR,
            },
            "Buy signals: from a confidence of 80 % on without a sound, below that in the hourly"
            " digest",
        ),
        (
            {"mode": Mode.DIGEST, "paper": True, "every": Every.FOUR_HOURS},
            "Everything with paper money: in the digest every 4 hours",
        ),
        (
            {"mode": Mode.DIGEST, "paper": False},
            "Everything with real money: in the daily digest",
        ),
        (
            {"mode": Mode.OFF, "topic": Topic.STATE, "covers_critical": True},
            "Starts and stops: not told, also what is critical",
        ),
        ({"mode": Mode.ON, "bot": TraderId("gone-1")}, "Everything of gone-1: with a sound"),
    ],
)
def test_a_rule_in_words(facts: dict[str, Any], words: str):
    assert rule_in_words(Rule(id="r", **facts), TRADERS) == words


def test_what_holds_where_nothing_is_said_is_worded_like_any_rule():
    assert [rule_in_words(one, TRADERS) for one in DEFAULTS] == [
        "Everything with paper money: without a sound",
        "Exits: from a loss of 1 % on with a sound if it is bad, below that without a sound",
        "Everything: with a sound if it is bad",
    ]


def test_kinds_and_modes_have_words_of_their_own():
    assert len({topic_name(one) for one in Topic}) == len(Topic)
    assert len({mode_name(one) for one in Mode}) == len(Mode)


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("", "29 Nov 23:30 UTC"),
        ("UTC", "29 Nov 23:30 UTC"),
        ("Europe/Berlin", "30 Nov 00:30"),
        ("Asia/Kolkata", "30 Nov 05:00"),
        ("America/New_York", "29 Nov 18:30"),
    ],
)
def test_an_instant_by_the_clock_of_a_zone(zone: str, words: str):
    assert shown(moment(AT, zone)) == words
    assert shown(until_in_words(AT, zone)) == f"until {words}"


def test_a_mute_says_what_and_until_when():
    mute = Mute(id="m", until=AT, bot=GRID.id)

    words = shown(mute_in_words(mute, TRADERS, "Europe/Berlin"))

    assert words == "Everything of Grid BTC: until 30 Nov 00:30"


@pytest.mark.parametrize(
    ("quiet", "words"),
    [
        (None, "No quiet hours"),
        (Quiet(), "No quiet hours"),
        (Quiet(weekdays=NIGHT, weekend=NIGHT), "Every day 22:00-07:00"),
        (Quiet(weekdays=NIGHT), "Monday to Friday 22:00-07:00"),
        (
            Quiet(weekdays=NIGHT, weekend=Hours(time(0), time(10, 30))),
            "Monday to Friday 22:00-07:00, Saturday and Sunday 00:00-10:30",
        ),
    ],
)
def test_quiet_hours_in_words(quiet: Quiet | None, words: str):
    assert quiet_in_words(quiet) == words
