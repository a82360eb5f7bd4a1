"""When reports are due by a person's clock, and how that is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.report_plans import (
    ReportPlan,
    Rhythm,
    ToldUpTo,
    due_up_to,
    next_due,
    plan_written,
    read_plan,
    told_by,
    with_plan,
)
from bot.domain.timetables import zone

BERLIN, NEW_YORK, TOKYO = map(zone, ("Europe/Berlin", "America/New_York", "Asia/Tokyo"))
DAILY = ReportPlan(rhythm=Rhythm.DAILY, at=time(8))
MONDAYS = ReportPlan(rhythm=Rhythm.WEEKLY, at=time(9))
TUESDAYS = ReportPlan(rhythm=Rhythm.WEEKLY, at=time(8), weekday=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(plan: ReportPlan, begins: str, count: int) -> list[str]:
    """When it comes from then on."""
    told = told_by([], [plan], {}, at(begins), BERLIN)
    found: list[str] = []
    while len(found) < count:
        due = next_due([plan], told, BERLIN)
        assert due is not None
        found.append(due.isoformat(" ", "minutes").removesuffix("+00:00"))
        [(_, told)] = told_at(due, [plan], told, BERLIN)
    return found


Told = Mapping[Rhythm, ToldUpTo]
Hours = tuple[datetime, datetime]


def told_at(
    now: datetime, plans: Sequence[ReportPlan], told: Told, there: ZoneInfo
) -> list[tuple[Hours, Told]]:
    """About which hours reports come then, and how far each has told then."""
    found: list[tuple[Hours, Told]] = []
    for plan in plans:
        last, due = told[plan.rhythm], due_up_to(plan, told[plan.rhythm], now, there)
        if due is not None:
            told = {**told, plan.rhythm: due}
            found.append(((last.until, due.until), told))
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
    told = told_by([], [DAILY], {}, at("2026-01-05 12:00"), BERLIN)
    travelled = told_by([DAILY], [DAILY], told, at("2026-01-05 12:30"), NEW_YORK, moved=True)

    assert next_due([DAILY], told, BERLIN) == at("2026-01-06 07:00")
    assert told[Rhythm.DAILY] == ToldUpTo(date(2026, 1, 5), at("2026-01-05 07:00"))
    # It is 07:30 there: the day was told in Berlin already.
    assert next_due([DAILY], travelled, NEW_YORK) == at("2026-01-06 13:00")
    assert next_due([], told, BERLIN) is None


def hours_after(
    plans: Sequence[ReportPlan],
    changed_at: str,
    there: ZoneInfo = BERLIN,
    before: Sequence[ReportPlan] = (DAILY, TUESDAYS),
) -> tuple[str, str]:
    """Of the report that comes after a change; the one of 08:00 in Berlin that day has come."""
    told = {one: ToldUpTo(date(2026, 5, 5), at("2026-05-05 06:00")) for one in Rhythm}
    then = told_by(before, plans, told, at(changed_at), there, moved=there != BERLIN)
    due = next_due(plans, then, there)
    assert due is not None
    [((since, until), _)] = told_at(due, plans, then, there)
    return f"{since:%d %H:%M}", f"{until:%d %H:%M}"


def test_after_a_change_the_next_report_tells_all_since_the_last_one_and_comes_that_day_if_it_can():
    evening, early, nine = (replace(DAILY, at=time(hour)) for hour in (20, 7, 9))
    fridays = replace(TUESDAYS, weekday=4)

    assert hours_after([evening], "2026-05-05 08:00") == ("05 06:00", "05 18:00")
    assert hours_after([early], "2026-05-05 08:00") == ("05 06:00", "06 05:00")
    assert hours_after([nine], "2026-05-05 08:00") == ("05 06:00", "06 07:00")
    assert hours_after([evening], "2026-05-05 08:00", before=()) == ("05 06:00", "05 18:00")
    assert hours_after([evening], "2026-05-09 08:00", before=()) == ("08 18:00", "09 18:00")
    assert hours_after([fridays], "2026-05-05 08:00") == ("05 06:00", "08 06:00")
    assert hours_after([DAILY], "2026-05-05 08:00", NEW_YORK) == ("05 06:00", "06 12:00")
    assert hours_after([DAILY], "2026-05-05 08:00", TOKYO) == ("05 06:00", "05 23:00")
    assert hours_after([DAILY], "2026-05-05 23:30", TOKYO) == ("05 06:00", "06 23:00")


def test_a_report_that_is_due_is_not_given_up_for_a_change_that_is_not_about_its_time():
    told = told_by([], [DAILY, TUESDAYS], {}, at("2026-05-04 12:00"), BERLIN)
    quietly = [replace(DAILY, only_news=True), TUESDAYS]
    weekly_later = [DAILY, replace(TUESDAYS, at=time(20))]
    due = at("2026-05-05 06:05")

    for plans in (quietly, weekly_later):
        changed = told_by([DAILY, TUESDAYS], plans, told, due, BERLIN)
        assert told_at(due, plans, changed, BERLIN)[0][0] == (
            *(at("2026-05-04 06:00"), at("2026-05-05 06:00")),
        )


ZONES = ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 5, 11, 25, 50, 200]),
            st.one_of(
                st.sampled_from(ZONES),
                st.tuples(st.times(), st.integers(0, 6)),
                st.sampled_from(["look", "silence"]),
                st.just("off"),
            ),
        ),
        max_size=12,
    ),
    st.sampled_from(Rhythm),
)
def test_no_hour_is_told_twice_and_none_left_out_while_reports_are_wanted(
    steps: list[tuple[int, str | tuple[time, int]]], rhythm: Rhythm
):
    now, there = at("2026-03-20 12:00"), BERLIN
    wanted = ReportPlan(rhythm=rhythm, at=time(8))
    plans = [wanted]
    told = told_by([], plans, {}, now, there)
    end, was_off = told[rhythm].until, False
    for hours, step in [*steps, (24 * 9, "look")]:
        now += timedelta(hours=hours)
        before, moved = plans, step in ZONES
        if moved:
            there = zone(str(step))
        elif isinstance(step, tuple):
            weekday = step[1] if rhythm is Rhythm.WEEKLY else 0
            wanted = replace(wanted, at=step[0], weekday=weekday)
            plans = [wanted]
        elif step == "silence":
            wanted = replace(wanted, only_news=not wanted.only_news)
            plans = [wanted] if plans else []
        elif step == "off":
            plans, was_off = [], True
        if step != "look":
            told = told_by(before, plans, told, now, there, moved=moved)
        for (since, until), then in told_at(now, plans, told, there):
            told = then
            assert since == end or (was_off and since > end)
            assert since < until <= now
            end, was_off = until, False
    due = next_due(plans, told, there)
    assert due is None or now < due <= now + rhythm.span + timedelta(hours=1)


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
