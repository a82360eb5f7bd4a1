"""Whether an item is owed, and may leave: stage by stage, each with the reason that it gives."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from bot.domain.chats import Address, Channel, Endpoint, EndpointState, Link, Preferences, Role
from bot.domain.decisions import SEND, Course, Decision, Why
from bot.domain.events import Kind
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.domain.rules import Every, Hours, Matter, Mode, Mute, Quiet, Rule, Topic
from bot.policy import whether_sent
from bot.policy.whether_sent import Item, decided, may_leave

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HERE = EndpointId("here")

LINK = Link(
    id=LinkId("link"),
    account=AccountId("alice"),
    endpoint=Endpoint(id=HERE, address=Address(channel=Channel.TELEGRAM, bot="1", chat="100")),
    person="100",
    role=Role.OWNER,
    epoch=1,
    linked_at=NOW,
)

DUE = Item(now=NOW, not_before=None, started_at=None, expires_at=None, linked=True)


def test_the_first_stage_that_has_a_say_decides_and_without_one_it_is_sent():
    first, second = Decision(Course.DROP, "first"), Decision(Course.HOLD, "second")

    assert decided((lambda _: None, lambda _: first, lambda _: second), None) is first
    assert decided((lambda _: None,), None) is SEND


FRIDAY_NIGHT = datetime(2026, 1, 9, 23, 0, tzinfo=UTC)
NIGHTS = Quiet(weekdays=Hours(time(22), time(7)))
LOSS = Matter(topic=Topic.EXIT, bad=True, ratio=Decimal("-0.05"))
SMALL = replace(LOSS, ratio=Decimal("-0.005"))
GAIN = Matter(topic=Topic.EXIT, ratio=Decimal("0.05"))
FAILED = Matter(topic=Topic.STATE, critical=True, bad=True)


def wants(**preferences: Any) -> Link:
    return replace(LINK, preferences=Preferences(**preferences))


def rule(mode: Mode, **facts: Any) -> Rule:
    return Rule(id="1", mode=mode, **facts)


EXITS_OFF = rule(Mode.OFF, topic=Topic.EXIT)
EXITS_IN_DIGESTS = rule(Mode.DIGEST, topic=Topic.EXIT, every=Every.HOUR)
ALL_OFF = rule(Mode.OFF)
ALL_OFF_TRULY = rule(Mode.OFF, covers_critical=True)
EIGHT = FRIDAY_NIGHT + timedelta(hours=8)


@pytest.mark.parametrize(
    ("link", "matter", "course", "why", "until"),
    [
        (LINK, LOSS, Course.SEND, Why.LOUDNESS, None),
        (LINK, SMALL, Course.SILENT, Why.BELOW_THRESHOLD, None),
        (LINK, replace(LOSS, ratio=None), Course.SEND, Why.LOUDNESS, None),
        (LINK, replace(LOSS, paper=True), Course.SILENT, Why.RULE, None),
        (LINK, FAILED, Course.RING, Why.CRITICAL, None),
        (LINK, replace(FAILED, paper=True), Course.RING, Why.CRITICAL, None),
        (wants(rules=(EXITS_OFF,)), LOSS, Course.DROP, Why.RULE, None),
        (wants(rules=(ALL_OFF,)), FAILED, Course.RING, Why.CRITICAL, None),
        (wants(rules=(ALL_OFF_TRULY,)), FAILED, Course.DROP, Why.RULE, None),
        (
            wants(rules=(EXITS_IN_DIGESTS,)),
            LOSS,
            Course.HOLD,
            Why.RULE,
            FRIDAY_NIGHT + timedelta(hours=1),
        ),
        (wants(rules=(EXITS_IN_DIGESTS,), quiet=NIGHTS), LOSS, Course.HOLD, Why.RULE, EIGHT),
        (wants(quiet=NIGHTS), LOSS, Course.HOLD, Why.QUIET_HOURS, EIGHT),
        (wants(quiet=NIGHTS), FAILED, Course.RING, Why.CRITICAL, None),
        (wants(rules=(ALL_OFF,), quiet=NIGHTS), LOSS, Course.DROP, Why.RULE, None),
        (
            wants(mutes=(Mute(id="1", until=FRIDAY_NIGHT + SECOND),)),
            LOSS,
            Course.SILENT,
            Why.MUTED,
            None,
        ),
        (wants(mutes=(Mute(id="1", until=FRIDAY_NIGHT),)), LOSS, Course.SEND, Why.LOUDNESS, None),
        (
            wants(mutes=(Mute(id="1", until=EIGHT, topic=Topic.ENTRY),)),
            LOSS,
            Course.SEND,
            Why.LOUDNESS,
            None,
        ),
        (wants(rules=(rule(Mode.ON),)), GAIN, Course.RING, Why.RULE, None),
        (wants(rules=(rule(Mode.ON),)), replace(GAIN, paper=True), Course.SILENT, Why.RULE, None),
    ],
)
def test_how_an_event_is_owed(link, matter, course, why, until):
    decision = whether_sent.owed(link, matter, FRIDAY_NIGHT, Kind.TRADE)

    assert (decision.course, decision.reason, decision.until) == (course, why, until)


def test_where_somebody_knows_it_already_it_is_not_owed():
    decision = whether_sent.owed(LINK, FAILED, NOW, Kind.TRADER, HERE)

    assert decision == Decision(Course.DROP, Why.KNOWN_THERE)
    assert (
        whether_sent.owed(LINK, FAILED, NOW, Kind.TRADER, EndpointId("there")).course is Course.RING
    )


def test_what_tradebell_says_of_itself_waits_for_the_morning_unless_it_is_urgent():
    night = wants(quiet=NIGHTS)

    lost = whether_sent.owed(night, None, FRIDAY_NIGHT, Kind.FEED, urgent=True)

    assert (lost.course, lost.reason) == (Course.RING, Why.CRITICAL)
    assert whether_sent.owed(night, None, FRIDAY_NIGHT, Kind.FEED).course is Course.HOLD


@pytest.mark.parametrize(("kind", "course"), [(Kind.FEED, Course.HOLD), (Kind.TEST, Course.SEND)])
def test_what_a_person_asked_for_comes_in_quiet_hours_too(kind, course):
    assert whether_sent.owed(wants(quiet=NIGHTS), None, FRIDAY_NIGHT, kind).course is course


def test_what_is_owed_to_a_closed_chat_is_held():
    closed = replace(LINK, endpoint=replace(LINK.endpoint, state=EndpointState.DISABLED))

    assert whether_sent.may_go(LINK) is SEND
    assert whether_sent.may_go(closed) == Decision(Course.HOLD, "closed")


@pytest.mark.parametrize(
    ("item", "course", "until"),
    [
        (DUE, Course.SEND, None),
        (DUE._replace(not_before=NOW), Course.SEND, None),
        (DUE._replace(not_before=NOW + SECOND), Course.HOLD, NOW + SECOND),
        # The clock was set back since: it would wait for as long as that.
        (DUE._replace(not_before=NOW + SECOND, started_at=NOW + SECOND), Course.SEND, None),
        (DUE._replace(expires_at=NOW + SECOND), Course.SEND, None),
        (DUE._replace(expires_at=NOW), Course.DROP, None),
        (DUE._replace(linked=False), Course.DROP, None),
        # What rests is not looked at, whatever else may be said of it.
        (DUE._replace(not_before=NOW + SECOND, linked=False), Course.HOLD, NOW + SECOND),
    ],
)
def test_when_an_item_may_leave(item, course, until):
    decision = may_leave(item)

    assert (decision.course, decision.until) == (course, until)
    assert decision is SEND or decision.reason


def test_every_stage_is_in_a_list():
    named = [
        function
        for name, function in vars(whether_sent).items()
        if name.startswith("_")
        and callable(function)
        and function.__module__ == whether_sent.__name__
        and len(signature(function).parameters) == 1
    ]

    assert [*whether_sent.OWED, *whether_sent.LEAVING] == named


def test_the_docs_show_the_stages_in_their_order():
    docs = Path(__file__).parents[3] / "docs" / "rules.md"
    table = docs.read_text(encoding="utf-8").partition("<!-- stages: checked by a test -->\n")[2]
    shown = re.findall(r"^\| `(\w+)` \|", table.partition("<!-- end")[0], re.MULTILINE)

    assert shown == [stage.__name__ for stage in whether_sent.OWED]
