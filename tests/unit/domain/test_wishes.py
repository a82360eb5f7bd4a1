"""What is left of a person's wishes once one has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.chats import Preferences
from bot.domain.ids import TraderId
from bot.domain.rules import Mode, Mute, Rule, Topic
from bot.domain.wishes import (
    covering_critical,
    rule_in_place_of,
    with_mute,
    with_rule,
    without_ended,
    without_mutes,
    without_rule,
)

NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
EXITS = Rule(id="1", mode=Mode.OFF, topic=Topic.EXIT)
EXITS_ON = Rule(id="2", mode=Mode.ON, topic=Topic.EXIT)
OF_OWL = Rule(id="3", mode=Mode.OFF, topic=Topic.EXIT, bot=TraderId("owl"))
ON_PAPER = Rule(id="4", mode=Mode.OFF, topic=Topic.EXIT, paper=True)
BUYS = Rule(id="5", mode=Mode.OFF, topic=Topic.EXIT, signal="buy")


def test_only_a_rule_of_equal_scope_gives_way():
    wants = Preferences()
    for rule in (EXITS, OF_OWL, ON_PAPER, BUYS, EXITS_ON):
        wants = with_rule(wants, rule)

    assert wants.rules == (OF_OWL, ON_PAPER, BUYS, EXITS_ON)
    assert rule_in_place_of(wants, EXITS) is EXITS_ON
    assert without_rule(wants, "3").rules == (ON_PAPER, BUYS, EXITS_ON)


def test_one_rule_alone_covers_what_is_critical():
    wants = covering_critical(Preferences(rules=(EXITS, OF_OWL)), "3")

    assert [one.covers_critical for one in wants.rules] == [False, True]
    assert covering_critical(wants, "gone") == wants


def test_mutes_are_told_apart_by_what_they_name_and_end():
    first = Mute(id="1", until=NOW + HOUR)
    longer = Mute(id="2", until=NOW + 2 * HOUR)
    exits = Mute(id="3", until=NOW + 3 * HOUR, topic=Topic.EXIT)
    wants = Preferences()
    for mute in (first, exits, longer):
        wants = with_mute(wants, mute)

    assert wants.mutes == (exits, longer)
    assert without_mutes(wants, {"3"}).mutes == (longer,)
    assert without_ended(wants, NOW + 2 * HOUR).mutes == (exits,)
