"""When reports are due by a person's clock, and how that is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.domain.report_plans import (
    ReportPlan,
    Rhythm,
    last_day,
    next_due,
    plan_written,
    read_plan,
    told_by,
    with_plan,
)
from bot.domain.timetables import zone

BERLIN, NEW_YORK = zone("Europe/Berlin"), zone("America/New_York")
DAILY = ReportPlan(rhythm=Rhythm.DAILY, at=time(8))
MONDAYS = ReportPlan(rhythm=Rhythm.WEEKLY, at=time(9))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(plan: ReportPlan, begins: str, count: int) -> list[str]:
    """When it comes from then on."""
    told = told_by([plan], {}, at(begins), BERLIN)
    found: list[str] = []
    while len(found) < count:
        due = next_due([plan], told, BERLIN)
        assert due is not None
        found.append(due.isoformat(" ", "minutes").removesuffix("+00:00"))
        told = {plan.rhythm: last_day(plan, due, BERLIN)}
    return found


def test_it_comes_at_the_same_time_by_the_clock_when_summer_time_begins_and_ends():
    assert dues(DAILY, "2026-03-27 12:00", 3) == [
        *("2026-03-28 07:00", "2026-03-29 06:00", "2026-03-30 06:00"),
    ]
    assert dues(DAILY, "2026-10-23 12:00", 3) == [
        *("2026-10-24 06:00", "2026-10-25 07:00", "2026-10-26 07:00"),
    ]
    assert dues(MONDAYS, "2026-03-20 12:00", 2) == ["2026-03-23 08:00", "2026-03-30 07:00"]


def test_a_time_that_clocks_skip_comes_once_and_one_that_comes_twice_too():
    half_past_two = ReportPlan(rhythm=Rhythm.DAILY, at=time(2, 30))

    assert dues(half_past_two, "2026-03-28 00:00", 3) == [
        *("2026-03-28 01:30", "2026-03-29 01:30", "2026-03-30 00:30"),
    ]
    assert dues(half_past_two, "2026-10-24 00:00", 3) == [
        *("2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"),
    ]


def test_what_was_due_before_it_was_asked_for_is_not_owed_and_a_travelled_day_comes_once():
    told = told_by([DAILY], {}, at("2026-01-05 12:00"), BERLIN)
    travelled = told_by([DAILY], told, at("2026-01-05 12:30"), NEW_YORK)

    assert next_due([DAILY], told, BERLIN) == at("2026-01-06 07:00")
    assert told[Rhythm.DAILY] == date(2026, 1, 5)
    # It is 07:30 there: the day was told in Berlin already.
    assert next_due([DAILY], travelled, NEW_YORK) == at("2026-01-06 13:00")
    assert next_due([], told, BERLIN) is None


def test_of_each_rhythm_there_is_one():
    later = ReportPlan(rhythm=Rhythm.DAILY, at=time(20))

    assert with_plan(with_plan((DAILY,), MONDAYS), later) == (MONDAYS, later)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("daily 08:00", "daily 08:00"),
        ("Daily at 8pm", "daily 20:00"),
        ("every day 7", "daily 07:00"),
        ("daily", "daily 08:00"),
        ("weekly mon 09:00", "weekly monday 09:00"),
        ("weekly", "weekly monday 08:00"),
        ("each week on friday at 18.30", "weekly friday 18:30"),
        ("sundays 9", "weekly sunday 09:00"),
        ("daily 8 if anything happened", "daily 08:00 if anything happened"),
        ("weekly tue 9 only if something", "weekly tuesday 09:00 if anything happened"),
    ],
)
def test_plans_are_understood_as_people_write_them_and_as_they_are_written(text: str, written: str):
    plan = read_plan(text)

    assert plan is not None
    assert plan_written(plan) == written
    assert read_plan(written) == plan


@pytest.mark.parametrize("text", ["", "8", "monthly 8", "daily 25", "daily mon 8", "weekly m 8"])
def test_what_could_mean_anything_is_not_guessed(text: str):
    assert read_plan(text) is None


def test_a_week_is_seven_days_and_a_day_is_one():
    assert (Rhythm.DAILY.span, Rhythm.WEEKLY.span) == (timedelta(days=1), timedelta(days=7))
