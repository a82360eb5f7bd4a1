"""Whether an item is owed, and may leave: stage by stage, each with the reason that it gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.chats import Address, Channel, Endpoint, EndpointState, Link, Preferences, Role
from bot.domain.events import Kind
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.policy import stages
from bot.policy.stages import SEND, Course, Decision, Item, decided, may_leave

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


@pytest.mark.parametrize(
    ("link", "without", "decision"),
    [
        (LINK, None, SEND),
        (LINK, EndpointId("elsewhere"), SEND),
        (LINK, HERE, Decision(Course.DROP, "known there")),
        (
            replace(LINK, preferences=Preferences(muted=frozenset({Kind.TRADE}))),
            None,
            Decision(Course.DROP, "muted"),
        ),
        (replace(LINK, preferences=Preferences(muted=frozenset({Kind.SIGNAL}))), None, SEND),
    ],
)
def test_who_is_owed_an_event(link, without, decision):
    assert stages.owed(link, Kind.TRADE, without) == decision


def test_what_is_owed_to_a_closed_chat_is_held():
    closed = replace(LINK, endpoint=replace(LINK.endpoint, state=EndpointState.DISABLED))

    assert stages.may_go(LINK) is SEND
    assert stages.may_go(closed) == Decision(Course.HOLD, "closed")


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
        for name, function in vars(stages).items()
        if name.startswith("_") and callable(function) and function.__module__ == stages.__name__
    ]

    assert [*stages.OWED, *stages.LEAVING] == named
