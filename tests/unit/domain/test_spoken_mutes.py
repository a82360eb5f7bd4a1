"""What is muted, and until when, by words in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rules import Topic
from bot.domain.spoken_mutes import SpokenMute, read_mute
from bot.domain.spoken_rules import Problem, Scope, Unclear
from bot.domain.spoken_times import FOREVER
from bot.domain.timetables import zone

NAMES = ("Grid BTC", "Scalper 1h")
NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
BERLIN = zone("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "scope", "hours"),
    [
        ("2h", Scope(), 2),
        ("everything for 2 hours", Scope(), 2),
        ("Grid BTC 2h", Scope(bot="Grid BTC"), 2),
        ("2h grid btc", Scope(bot="Grid BTC"), 2),
        ("exits of Grid BTC until 18:00", Scope(topic=Topic.EXIT, bot="Grid BTC"), 3.5),
        ("BTC/USDT 90 min", Scope(pair="BTC/USDT"), 1.5),
        ("signals until tomorrow", Scope(topic=Topic.SIGNAL), 17.5),
        ("Scalper 1h", Scope(bot="Scalper 1h"), None),
        ("Scalper 1h for 2h", Scope(bot="Scalper 1h"), 2),
        ("owl", Scope(about="owl"), None),
        ("", Scope(), None),
    ],
)
def test_a_mute(text: str, scope: Scope, hours: float | None):
    read = read_mute(text, NAMES, NOW, BERLIN)

    assert isinstance(read, SpokenMute)
    assert read.scope == scope
    assert read.until == (None if hours is None else NOW + timedelta(hours=hours))


@pytest.mark.parametrize("text", ["forever", "Grid BTC for good", "permanently exits"])
def test_no_end(text: str):
    read = read_mute(text, NAMES, NOW, BERLIN)

    assert isinstance(read, SpokenMute)
    assert read.until is FOREVER


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("paper 2h", Problem.ONLY_A_RULE),
        ("losses 2h", Problem.ONLY_A_RULE),
        ("buy signals 2h", Problem.ONLY_A_RULE),
        ("exits entries 2h", Problem.SEVERAL_THINGS),
        ("Grid BTC and Scalper 1h 2h", Problem.SEVERAL_THINGS),
        ("trades 2h", Problem.TRADES),
    ],
)
def test_what_no_mute_can_be_of(text: str, problem: Problem):
    assert read_mute(text, NAMES, NOW, BERLIN) == Unclear(problem)


SIGNS = ("2h", "for", "until", "tomorrow", "exits", "of", "BTC/USDT", "paper", "8:00")
WORDS = st.sampled_from((*SIGNS, *NAMES))


@given(text=st.text() | st.lists(WORDS).map(" ".join))
def test_no_words_are_too_much(text: str):
    read = read_mute(text, NAMES, NOW, BERLIN)
    assert isinstance(read, Unclear) or read.until is None or read.until > NOW
