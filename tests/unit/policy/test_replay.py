"""Other preferences, tried on what came."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cards import Severity
from bot.domain.chats import Address, Channel, Endpoint, Link, Preferences, Role
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import State
from bot.domain.events import Kind
from bot.domain.ids import AccountId, EndpointId, LinkId, TraderId
from bot.domain.reasons import Reason
from bot.domain.rules import Hours, Matter, Measure, Mode, Mute, Quiet, Rule, Threshold, Topic
from bot.domain.told import Told
from bot.policy.replay import replayed
from bot.policy.whether_sent import owed

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LINK = Link(
    id=LinkId("link"),
    account=AccountId("alice"),
    endpoint=Endpoint(
        id=EndpointId("here"), address=Address(channel=Channel.TELEGRAM, bot="1", chat="100")
    ),
    person="100",
    role=Role.OWNER,
    epoch=1,
    linked_at=NOON,
)

BAD = {Severity.WARNING, Severity.CRITICAL}
LOSS = Matter(topic=Topic.EXIT, bad=True, ratio=Decimal("-0.05"))
GAIN = Matter(topic=Topic.EXIT, ratio=Decimal("0.05"))
FAILED = Matter(topic=Topic.STATE, critical=True, bad=True)


def alert(matter: Matter | None, title: str = "", at: datetime = NOON) -> Told:
    severity = Severity.WARNING if matter is not None and matter.bad else Severity.INFO
    return Told(
        reference="AAAAAA",
        kind=Kind.TRADE,
        title=title,
        severity=severity,
        sound=severity in BAD,
        state=State.SENT,
        reason="sent",
        decision=None,
        matter=matter,
        attempts=1,
        occurred_at=at,
        created_at=at,
    )


def wants(**preferences: Any) -> Preferences:
    return Preferences(**preferences)


SILENT_EXITS = Rule(id="1", mode=Mode.SILENT, topic=Topic.EXIT)
NIGHTS = Quiet(weekdays=Hours(time(22), time(7)), weekend=Hours(time(22), time(7)))


def test_a_rule_is_shown_by_what_it_would_have_made_silent():
    alerts = [alert(LOSS, "third"), alert(FAILED, "second"), alert(GAIN), alert(LOSS, "first")]

    replay = replayed(alerts, LINK, wants(rules=(SILENT_EXITS,)))

    assert (replay.rings_before, replay.rings_after) == (3, 1)
    assert [one.title for one in replay.quieter] == ["third", "first"]
    assert (replay.louder, replay.dropped, replay.held, replay.shown) == ((), 0, 0, 0)


def test_what_a_rule_makes_loud_hides_or_shows_again_is_told_apart():
    loud, off = replace(SILENT_EXITS, mode=Mode.ON), replace(SILENT_EXITS, mode=Mode.OFF)
    alerts = [alert(GAIN, "gain"), alert(LOSS, "loss")]

    louder = replayed(alerts, LINK, wants(rules=(loud,)))
    hidden = replayed(alerts, LINK, wants(rules=(off,)))
    again = replayed(alerts, replace(LINK, preferences=wants(rules=(off,))), wants())

    assert [one.title for one in louder.louder] == ["gain"]
    assert (louder.rings_before, louder.rings_after) == (1, 2)
    assert (hidden.dropped, hidden.rings_after) == (2, 0)
    assert (again.shown, again.rings_before, again.rings_after) == (2, 0, 1)


def test_a_digest_of_a_night_rings_once_however_much_of_it_is_bad_and_not_for_good_news():
    night = NOON + 11 * HOUR
    bad = [alert(LOSS, at=night), alert(LOSS, at=night + HOUR), alert(LOSS, at=night + 24 * HOUR)]

    held = replayed([*bad, alert(GAIN, at=night + 48 * HOUR)], LINK, wants(quiet=NIGHTS))

    assert (held.rings_before, held.rings_after, held.held) == (3, 2, 4)


def test_a_lost_login_would_have_rung_at_night_too():
    at_night = alert(None, at=NOON + 12 * HOUR)
    lost = replace(at_night, severity=Severity.CRITICAL, kind=Kind.FEED)

    replay = replayed([lost, replace(at_night, kind=Kind.FEED)], LINK, wants(quiet=NIGHTS))

    assert (replay.rings_before, replay.rings_after, replay.held) == (1, 1, 1)


def test_a_mute_that_ends_by_itself_is_no_part_of_it_but_a_new_one_is():
    mute = Mute(id="1", until=NOON + HOUR)
    muted, longer = wants(mutes=(mute,)), wants(mutes=(replace(mute, until=NOON + 2 * HOUR),))
    link = replace(LINK, preferences=muted)

    new, old, prolonged = (
        replayed([alert(LOSS)], one, then)
        for one, then in ((LINK, muted), (link, muted), (link, longer))
    )

    assert (new.rings_before, new.rings_after) == (1, 0)
    assert (old.rings_before, old.rings_after) == (1, 1)
    assert (prolonged.rings_before, prolonged.rings_after) == (1, 0)


def test_what_was_told_within_another_message_rings_with_that_or_not_at_all():
    loud = Decision(Course.SEND, Why.LOUDNESS)
    told = replace(alert(LOSS), state=State.COALESCED, within="BBBBBB", decision=loud)
    crowd = [replace(told, reason=Reason.IN_A_DIGEST)] * 3
    folded = [replace(told, reason=why) for why in (Reason.FOLDED, Reason.COUNTED_UP)]
    held = replace(crowd[0], decision=Decision(Course.HOLD, Why.RULE), within="CCCCCC")

    replay = replayed([*crowd, *folded, held, alert(LOSS)], LINK, wants(rules=(SILENT_EXITS,)))

    assert (replay.rings_before, replay.rings_after) == (3, 0)


def test_what_was_heard_late_is_decided_as_of_then():
    late = replace(alert(LOSS), created_at=NOON + 11 * HOUR)

    assert replayed([late], LINK, wants(quiet=NIGHTS)).held == 1


@pytest.mark.parametrize(
    ("sound", "state", "rings"),
    [
        (True, State.SENT, True),
        (True, State.READY, True),
        (True, State.UNKNOWN, True),
        (True, State.GATHERED, False),
        (True, State.EXPIRED, False),
        (False, State.SENT, False),
    ],
)
def test_what_has_a_sound_and_is_shown_or_about_to_be_rings(sound, state, rings):
    assert replace(alert(LOSS), sound=sound, state=state).rings is rings


TOPICS = st.sampled_from(Topic)
BOTS = st.sampled_from([None, TraderId("owl"), TraderId("heron")])
NUMBERS = st.none() | st.decimals(-100, 100, places=2)

MATTERS = st.builds(
    Matter,
    topic=TOPICS,
    bot=BOTS,
    paper=st.none() | st.booleans(),
    critical=st.booleans(),
    bad=st.booleans(),
    result=NUMBERS,
    currency=st.sampled_from([None, "USDT"]),
    ratio=NUMBERS,
)
THRESHOLDS = st.builds(
    Threshold,
    measure=st.sampled_from(Measure),
    least=st.decimals(0, 100, places=1),
    unit=st.sampled_from(["%", "USDT"]),
)
RULES = st.builds(
    Rule,
    id=st.uuids().map(str),
    mode=st.sampled_from(Mode),
    topic=st.none() | TOPICS,
    bot=BOTS,
    paper=st.none() | st.booleans(),
    threshold=st.none() | THRESHOLDS,
    covers_critical=st.booleans(),
)
INSTANTS = st.integers(0, 7 * 24).map(lambda hours: NOON - hours * HOUR)
PREFERENCES = st.builds(
    Preferences,
    rules=st.lists(RULES, max_size=4).map(tuple),
    quiet=st.sampled_from([None, NIGHTS]),
    zone=st.sampled_from(["", "Asia/Kolkata"]),
)
ALERTS = st.lists(
    st.builds(alert, matter=st.none() | MATTERS, title=st.uuids().map(str), at=INSTANTS),
    max_size=12,
)


@given(alerts=ALERTS, before=PREFERENCES, mutes=st.lists(INSTANTS, max_size=2))
def test_the_same_preferences_change_nothing(alerts, before, mutes):
    found = tuple(Mute(id=str(number), until=until) for number, until in enumerate(mutes))
    link = replace(LINK, preferences=replace(before, mutes=found))

    replay = replayed(alerts, link, link.preferences)

    assert replay.rings_before == replay.rings_after
    assert (replay.quieter, replay.louder) == ((), ())
    assert (replay.dropped, replay.held, replay.shown) == (0, 0, 0)
    assert replay.looked_at == len(alerts)


@given(alerts=ALERTS, before=PREFERENCES, after=PREFERENCES)
def test_it_counts_what_would_have_been_decided(alerts, before, after):
    replay = replayed(alerts, replace(LINK, preferences=before), after)

    rung, courses = [], []
    for preferences, counted in ((before, replay.rings_before), (after, replay.rings_after)):
        link = replace(LINK, preferences=preferences)
        decisions = [owed(link, one.matter, one.created_at, one.kind) for one in alerts]
        single = {
            one.title
            for one, decision in zip(alerts, decisions, strict=True)
            if decision.course is Course.RING
            or (decision.course is Course.SEND and one.severity in BAD)
        }
        digests = {
            decision.until
            for one, decision in zip(alerts, decisions, strict=True)
            if decision.course is Course.HOLD and one.severity in BAD
        }
        assert counted == len(single) + len(digests)
        rung.append(single)
        courses.append([decision.course for decision in decisions])
    assert {one.title for one in replay.quieter} == rung[0] - rung[1]
    assert {one.title for one in replay.louder} == rung[1] - rung[0]
    moves = list(zip(*courses, strict=True))
    assert replay.dropped == sum(was is not Course.DROP is now for was, now in moves)
