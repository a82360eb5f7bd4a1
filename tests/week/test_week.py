"""What a week comes to in chats with different wishes: nothing is lost, and few things ring."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.deliveries import PENDING, State
from tests.week.__main__ import a_week
from tests.week.run import AS_IT_COMES, WISHING, Week

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def half_a_week() -> Week:
    """Three days, of which the third begins with a bad night."""
    return a_week(days=3)


def test_everything_that_happened_came_to_an_end_in_every_chat(half_a_week: Week):
    for chat in half_a_week.chats.values():
        assert sum(chat.states.values()) == half_a_week.happened
        assert not any(chat.states[state] for state in (*PENDING, State.GATHERED))


def test_the_phone_rings_for_few_of_the_things_that_happen(half_a_week: Week):
    rings = {name: chat.rings for name, chat in half_a_week.chats.items()}

    assert 0 < rings[WISHING] < rings[AS_IT_COMES] < half_a_week.happened / 20


def test_at_night_only_what_is_critical_rings_and_it_rings_at_once(half_a_week: Week):
    for chat in half_a_week.chats.values():
        [failed] = [one for one in chat.shown if "stopped with an error" in one.card.title]
        assert failed.card.at is not None
        assert not failed.card.silent
        assert failed.at - failed.card.at < timedelta(seconds=5)
    rung = [one for one in half_a_week.chats[WISHING].shown if not one.card.silent]
    at_night = [one.card.title for one in rung if one.at.astimezone(BERLIN).hour in (*range(7), 22)]

    assert at_night == [
        "Grid BTC: error",
        "Grid BTC stopped with an error",
        "Still unseen: 2 things",
    ]
