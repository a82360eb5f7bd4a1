"""Unusually quiet: by a bot's own rhythm, and never without enough of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.silences import Silence
from bot.policy.silences import LEAST_OVERDUE, silence

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def every(step: timedelta, until: datetime, days: float = 16) -> list[datetime]:
    count = int(days * DAY / step)
    return [until - number * step for number in range(count, -1, -1)]


def only(times: list[datetime], when: Callable[[datetime], bool]) -> list[datetime]:
    return [one for one in times if when(one)]


def first_alarm(times: list[datetime], hours: int = 24 * 7) -> datetime | None:
    steps = (times[-1] + number * HOUR / 6 for number in range(hours * 6))
    return next((at for at in steps if silence(times, at)), None)


FORTY_A_DAY = every(DAY / 40, MONDAY + 12 * HOUR)


def test_forty_trades_a_day_and_none_for_five_hours_is_unusual():
    found = silence(FORTY_A_DAY, FORTY_A_DAY[-1] + 5 * HOUR)

    assert isinstance(found, Silence)
    assert 8 <= found.overdue <= 9
    assert round(found.a_day) == 40
    assert found.last == FORTY_A_DAY[-1]
    assert silence(FORTY_A_DAY, FORTY_A_DAY[-1] + 4 * HOUR) is None


def test_three_trades_a_day_and_none_for_five_hours_is_nothing():
    times = every(8 * HOUR, MONDAY)

    assert silence(times, times[-1] + 5 * HOUR) is None
    alarm = first_alarm(times)
    assert alarm is not None
    assert alarm - times[-1] > 2 * DAY


def test_a_night_in_which_it_never_trades_is_no_silence():
    times = only(every(DAY / 96, MONDAY + 20 * HOUR), lambda one: 8 <= one.hour < 20)
    evening = times[-1]

    alarm = first_alarm(times)

    assert silence(times, evening + 11 * HOUR) is None
    assert alarm is not None
    assert 8 <= alarm.hour <= 12


def test_a_weekend_on_which_it_never_trades_is_no_silence():
    friday = MONDAY + 4 * DAY + 23 * HOUR
    times = only(every(DAY / 48, friday, 18), lambda one: one.weekday() < 5)

    alarm = first_alarm(times)

    assert alarm is not None
    assert alarm.weekday() == 0


def test_who_pauses_for_long_now_and_then_is_known_for_it():
    pauses = only(FORTY_A_DAY, lambda one: not (one.weekday() == 2 and 3 <= one.hour < 11))
    often, seldom = first_alarm(FORTY_A_DAY), first_alarm(pauses)

    assert often is not None
    assert seldom is not None
    assert seldom > often


@pytest.mark.parametrize(
    "times",
    [
        [],
        FORTY_A_DAY[-1:],
        every(DAY / 40, MONDAY, 6),
        every(DAY, MONDAY, 20),
        every(DAY / 40, MONDAY, 0.5),
    ],
    ids=["none", "one", "six days", "once a day", "half a day"],
)
def test_without_enough_history_there_is_no_alarm(times: list[datetime]):
    assert not times or first_alarm(times) is None


def test_what_was_quiet_for_a_week_is_no_news_any_more():
    assert silence(FORTY_A_DAY, FORTY_A_DAY[-1] + 8 * DAY) is None


histories = st.builds(
    lambda seed, a_day, days: sorted(
        MONDAY - timedelta(days=random.Random(seed + number).uniform(0, days))
        for number in range(int(a_day * days))
    ),
    st.integers(0, 10_000),
    st.floats(1, 60),
    st.floats(1, 20),
)
spans = st.timedeltas(timedelta(0), 7 * DAY)


@given(histories, spans)
def test_no_alarm_while_little_is_overdue_or_little_is_known(times, after):
    found = silence(times, times[-1] + after) if times else None

    if found is not None:
        assert found.overdue >= LEAST_OVERDUE
        assert len(times) >= 28
        assert after >= 2 * HOUR


@given(histories, spans, spans)
def test_who_is_unusually_quiet_stays_so_until_it_trades(times, one, other):
    sooner, later = sorted((one, other))
    if times and silence(times, times[-1] + sooner):
        assert silence(times, times[-1] + later)


@given(histories, spans, st.integers(-52, 52))
def test_which_week_it_is_does_not_matter(times, after, weeks):
    if times:
        shift = 7 * DAY * weeks
        moved = [one + shift for one in times]
        here, there = silence(times, times[-1] + after), silence(moved, moved[-1] + after)
        assert (here is None) is (there is None)


@given(histories, spans)
def test_a_trade_ends_every_silence(times, after):
    if times:
        now = times[-1] + after
        assert silence([*times, now], now + HOUR) is None
