"""When a later login is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.feeds.login_end import REMINDERS, first_try

HOUR = timedelta(hours=1)
NONE = timedelta(0)


@pytest.mark.parametrize(
    ("life", "wait"),
    [
        (timedelta(days=7), timedelta(days=7) * 0.8),
        (30 * HOUR, 5.5 * HOUR),
        (24 * HOUR, 24 * HOUR * 0.8),
        (3 * HOUR, HOUR / 2),
        (2.2 * HOUR, NONE),
        (HOUR, HOUR * 0.8),
    ],
)
def test_a_renewal_is_tried_after_most_of_the_life_but_before_a_reminder(life, wait):
    assert first_try(life, 0.8, NONE) == wait


@given(
    life=st.timedeltas(timedelta(minutes=1), timedelta(days=400)),
    part=st.floats(0.72, 0.88),
)
def test_the_first_reminder_that_is_still_ahead_can_follow_a_refused_renewal(life, part):
    ahead = [life - span for span in REMINDERS if life > span]

    tried = first_try(life, part, NONE)

    assert NONE <= tried < life
    assert not ahead or tried < min(ahead)


@given(life=st.timedeltas(timedelta(minutes=1), timedelta(days=400)), part=st.floats(0.72, 0.88))
def test_logins_that_just_miss_a_reminder_are_not_renewed_without_end(life, part):
    tried = first_try(life, part, HOUR)

    assert tried >= min(HOUR, life * part)
