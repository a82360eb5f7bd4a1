"""Who may press a button, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.actions import Action, ActionState, Denied, Verb, may_press
from bot.domain.ids import AccountId, ActionId, EndpointId, LinkId
from bot.domain.lifetimes import CONFIRM_LIFE, OFFER_LIFE, UNDO_LIFE

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def action(**facts):
    usual = {
        "id": ActionId("x"),
        "card": "c",
        "account": AccountId("a"),
        "link": LinkId("l"),
        "endpoint": EndpointId("e"),
        "person": "7",
        "verb": Verb.PAUSE,
        "expires_at": NOW + timedelta(seconds=60),
    }
    return Action(**{**usual, **facts})


def press(one, person="7", endpoint="e", linked=True, now=NOW):
    return may_press(one, person, EndpointId(endpoint), linked, now)


def test_the_person_who_asked_may_press():
    assert press(action()) is None


@pytest.mark.parametrize(
    ("denied", "attempt"),
    [
        (Denied.NOT_YOURS, lambda: press(action(), person="8")),
        (Denied.ELSEWHERE, lambda: press(action(), endpoint="f")),
        (Denied.UNLINKED, lambda: press(action(), linked=False)),
        (Denied.EXPIRED, lambda: press(action(), now=NOW + timedelta(seconds=60))),
        (
            Denied.STANDS,
            lambda: press(action(verb=Verb.UNDO), now=NOW + timedelta(seconds=60)),
        ),
        (Denied.USED, lambda: press(action(state=ActionState.DONE))),
        (Denied.USED, lambda: press(action(state=ActionState.CLOSED))),
        (Denied.RUNNING, lambda: press(action(state=ActionState.RUNNING))),
    ],
)
def test_every_refusal_has_its_reason(denied, attempt):
    assert attempt() is denied


@pytest.mark.parametrize(
    ("verb", "life"), [(Verb.PAUSE, CONFIRM_LIFE), (Verb.ASK, OFFER_LIFE), (Verb.UNDO, UNDO_LIFE)]
)
def test_no_button_works_longer_because_the_clock_was_set_back(verb, life):
    made = action(verb=verb, repeatable=verb is not Verb.PAUSE, expires_at=NOW + life)

    assert made.made_at == NOW
    assert press(made, now=NOW - timedelta(minutes=2)) is not None


def test_an_offer_under_an_alert_is_for_everyone_there():
    assert press(action(person=None), person="8") is None
