"""What answers an offer, in which words, and what follows from trying to change a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.actions import Action, ActionState, Denied, Verb, may_press, offer_to_pause
from bot.domain.amendments import (
    AMEND_WAITS,
    Amendment,
    AnsweredBy,
    after_amending,
    answer_by_change,
    answer_by_removal,
    is_too_old,
)
from bot.domain.cards import Button, Card, answered
from bot.domain.chats import Address, Channel, Endpoint
from bot.domain.deliveries import (
    CHANNEL_WAIT,
    Declined,
    Delivery,
    Gone,
    Halted,
    Moved,
    Postponed,
    Priority,
    Scope,
    Sent,
    State,
    Unknown,
)
from bot.domain.events import Kind, Trader
from bot.domain.ids import AccountId, ActionId, DeliveryId, EndpointId, LinkId, TraderId
from bot.domain.lifetimes import AMEND_LIFE
from bot.domain.marks import shown
from bot.texts.answered import answer as words
from bot.texts.answered import asked_for_in

AT = datetime(2026, 11, 26, 12, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GRID = Trader(id=TraderId("grid"), name="Grid BTC", running=True, status="running")
PAUSED = replace(GRID, running=False, status="stopped")
FAILED = replace(GRID, running=False, status="error")
UNSURE = replace(GRID, running=None, status=None)


def chat(channel: Channel, *, private: bool = True) -> Endpoint:
    address = Address(channel=channel, bot="1", chat="100")
    return Endpoint(id=EndpointId("e1"), address=address, private=private)


# --- words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "asked_in", "note"),
    [
        (GRID, PAUSED, None, "Stopped meanwhile · 26 Nov 12:03 UTC"),
        (GRID, PAUSED, Channel.DISCORD, "Stopped from Discord · 26 Nov 12:03 UTC"),
        (GRID, PAUSED, Channel.TELEGRAM, "Stopped from Telegram · 26 Nov 12:03 UTC"),
        (GRID, PAUSED, Channel.WEB, "Stopped from the web chat · 26 Nov 12:03 UTC"),
        (GRID, FAILED, None, "Stopped with an error · 26 Nov 12:03 UTC"),
        (UNSURE, PAUSED, None, "Stopped meanwhile · 26 Nov 12:03 UTC"),
    ],
)
def test_a_bot_that_does_not_run_any_more_needs_no_pause(
    before: Trader, now: Trader, asked_in: Channel | None, note: str
):
    answer = answer_by_change(before, now, AT, chat(asked_in) if asked_in else None)

    assert answer is not None
    assert answer.about == GRID.id
    assert shown(words(answer.stored)) == note


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (GRID, replace(GRID, name="Other")),
        (GRID, UNSURE),
        (PAUSED, GRID),
        (PAUSED, FAILED),
        (None, PAUSED),
    ],
)
def test_any_other_change_answers_nothing(before: Trader | None, now: Trader):
    assert answer_by_change(before, now, AT, None) is None


def test_a_bot_that_is_gone_needs_none_either():
    answer = answer_by_removal(GRID, AT)

    assert answer.about == GRID.id
    assert shown(words(answer.stored)) == "Deleted meanwhile · 26 Nov 12:03 UTC"


@pytest.mark.parametrize(
    ("stored", "note"),
    [
        ("Stopped from Discord · 05 Jan 12:00 UTC", "Stopped from Discord · 05 Jan 12:00 UTC"),
        ("asked 2026-01-05T12:00:00+00:00", "Stopped from another chat · 05 Jan 12:00 UTC"),
        (AnsweredBy.EXPIRED, "The button has expired. /help lists what you can ask."),
    ],
)
def test_what_is_stored_without_an_instant_is_shown_too(stored: str, note: str):
    assert shown(words(stored)) == note


@pytest.mark.parametrize(
    ("where", "note"),
    [
        (chat(Channel.DISCORD), "Asked for in your Discord chat"),
        (chat(Channel.WEB), "Asked for in your web chat"),
        (chat(Channel.TELEGRAM, private=False), "Asked for in another Telegram chat"),
    ],
)
def test_the_other_chats_are_told_where_it_was_asked_for(where: Endpoint, note: str):
    assert asked_for_in(where) == note


def test_an_answered_card_keeps_its_words_and_its_links_and_loses_what_can_be_pressed():
    pause = Button(label="Pause", action=ActionId("a1"))
    page = Button(label="Open", url="https://example.com")
    card = Card(title="Error", lines=("why",), buttons=((pause,), (pause, page)), notes=("late",))

    closed = answered(card, "Paused")

    assert closed == replace(card, buttons=((page,),), notes=("late", "Paused"))


# --- pressing -----------------------------------------------------------------------------


def test_a_button_that_is_answered_is_not_called_used():
    offer = Action(
        id=ActionId("a1"),
        card="c1",
        account=AccountId("acc"),
        link=LinkId("l1"),
        endpoint=EndpointId("e1"),
        person=None,
        verb=Verb.ASK,
        arguments=offer_to_pause(GRID.id),
        repeatable=True,
        expires_at=AT + SECOND,
        state=ActionState.CLOSED,
    )
    confirm = replace(offer, repeatable=False)

    here = EndpointId("e1")
    assert may_press(offer, "ann", here, True, AT) is Denied.ANSWERED
    assert may_press(confirm, "ann", here, True, AT) is Denied.USED
    assert may_press(offer, "ann", here, False, AT) is Denied.UNLINKED


# --- outcomes -----------------------------------------------------------------------------


AMENDMENT = Amendment(
    delivery=Delivery(
        id=DeliveryId(1),
        reference="A1B2",
        account=AccountId("acc"),
        link=LinkId("l1"),
        endpoint=EndpointId("e1"),
        address=chat(Channel.TELEGRAM).address,
        kind=Kind.POD_EVENT,
        priority=Priority.URGENT,
        state=State.SENT,
        attempts=1,
        unclear=0,
        card=Card(title="Error"),
        occurred_at=AT,
        created_at=AT,
        answer="Paused",
    ),
    message="77",
    shown_at=AT,
    owed_since=AT,
)


@pytest.mark.parametrize(
    "attempt", [Sent(message="77"), Declined(reason="x"), Gone(reason="x"), Moved(chat="-100")]
)
def test_what_cannot_change_any_more_is_the_end(attempt):
    assert after_amending(AMENDMENT, attempt, AT) is None


@pytest.mark.parametrize("attempt", [Unknown(reason="x"), Postponed(reason="x")])
def test_what_may_still_come_is_tried_ever_more_rarely(attempt):
    waits = []
    now = AT
    while now < AT + timedelta(hours=1):
        again = after_amending(AMENDMENT, attempt, now)
        assert again is not None
        waits.append(again - now)
        now = again

    assert waits[:4] == [SECOND, SECOND, 2 * SECOND, 4 * SECOND]
    assert waits == sorted(waits)
    assert waits[-1] == AMEND_WAITS.ceiling


def test_a_wait_that_the_platform_asks_for_is_never_shortened():
    asked = timedelta(minutes=20)

    again = after_amending(AMENDMENT, Postponed(reason="x", retry_after=asked), AT)

    assert again == AT + asked


def test_while_nothing_goes_out_at_all_the_bots_own_rest_is_the_wait():
    away = Postponed(reason="x", scope=Scope.CHANNEL)

    assert after_amending(AMENDMENT, away, AT + timedelta(hours=1)) == AT + timedelta(hours=1)
    assert after_amending(AMENDMENT, Halted(reason="x"), AT) == AT + CHANNEL_WAIT


def test_it_is_worth_a_day():
    assert not is_too_old(AMENDMENT, AT + AMEND_LIFE - SECOND)
    assert is_too_old(AMENDMENT, AT + AMEND_LIFE)
