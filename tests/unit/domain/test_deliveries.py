"""What an attempt leads to."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import (
    DELIVERY_WAITS,
    ONE_MARKED_REPEAT,
    OUTAGE_WAITS,
    Declined,
    Delivery,
    Gone,
    Halted,
    Moved,
    Postponed,
    Priority,
    Sent,
    State,
    Unknown,
    after_attempt,
    back_off,
)
from bot.domain.events import Kind
from bot.domain.ids import AccountId, DeliveryId, EndpointId, LinkId

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def delivery(*, attempts=1, unclear=0, priority=Priority.NORMAL):
    return Delivery(
        id=DeliveryId(1),
        reference="ABC234",
        account=AccountId("a"),
        link=LinkId("l"),
        endpoint=EndpointId("e"),
        address=Address(channel=Channel.TELEGRAM, bot="1", chat="2"),
        kind=Kind.TRADE,
        priority=priority,
        state=State.SENDING,
        attempts=attempts,
        unclear=unclear,
        card=Card(title="x"),
        occurred_at=NOW,
        created_at=NOW,
    )


def settle(attempt, **facts):
    return after_attempt(delivery(**facts), attempt, NOW, ONE_MARKED_REPEAT, random.Random(1))


@pytest.mark.parametrize(
    ("attempt", "state"),
    [
        (Sent(message="5"), State.SENT),
        (Postponed(reason="no_connection"), State.READY),
        (Declined(reason="too long"), State.DEAD),
        (Gone(reason="blocked"), State.HELD),
        (Moved(chat="-100"), State.READY),
        (Halted(reason="token revoked"), State.READY),
        (Unknown(reason="no answer"), State.UNKNOWN),
    ],
)
def test_each_outcome_has_its_state(attempt, state):
    assert settle(attempt).state is state


def test_an_unclear_attempt_is_repeated_once_after_five_seconds():
    first = settle(Unknown(reason="no answer"))
    second = settle(Unknown(reason="no answer"), attempts=2, unclear=1)

    assert first.not_before == NOW + timedelta(seconds=5)
    assert second.state is State.DEAD
    assert second.reason == "uncertain: no answer"


def test_an_urgent_item_may_be_repeated_twice():
    second = settle(Unknown(reason="?"), attempts=2, unclear=1, priority=Priority.URGENT)
    third = settle(Unknown(reason="?"), attempts=3, unclear=2, priority=Priority.URGENT)

    assert second.not_before == NOW + timedelta(seconds=60)
    assert third.state is State.DEAD


def test_a_closed_chat_closes_the_endpoint_and_a_moved_one_moves():
    assert settle(Gone(reason="blocked")).endpoint_gone
    assert settle(Moved(chat="-100")).moved_to == "-100"


@given(asked=st.integers(1, 100_000), attempts=st.integers(0, 50), seed=st.integers())
def test_a_wait_that_was_asked_for_is_never_shortened(asked, attempts, seed):
    wait = back_off(attempts, timedelta(seconds=asked), random.Random(seed))

    assert timedelta(seconds=asked) <= wait <= timedelta(seconds=asked + 1)


@given(asked=st.integers(-100, 0), attempts=st.integers(0, 50), seed=st.integers())
def test_no_wait_that_was_asked_for_makes_us_hammer(asked, attempts, seed):
    wait = back_off(attempts, timedelta(seconds=asked), random.Random(seed))

    assert wait == back_off(attempts, None, random.Random(seed)) >= DELIVERY_WAITS.first * 0.8


@given(attempts=st.integers(0, 1000), seed=st.integers())
def test_our_own_waits_are_bounded(attempts, seed):
    wait = back_off(attempts, None, random.Random(seed))

    assert timedelta(0) < wait <= DELIVERY_WAITS.ceiling * 1.2


def test_our_own_waits_grow():
    waits = [back_off(attempt, None, random.Random(0)) for attempt in range(1, 8)]

    assert waits == sorted(waits)


@given(failures=st.integers(0, 10_000), seed=st.integers())
def test_a_channel_that_is_away_is_asked_at_least_once_a_minute(failures, seed):
    wait = OUTAGE_WAITS.wait(failures, random.Random(seed))

    assert timedelta(0) < wait <= timedelta(minutes=1)
