"""Quiet hours and digests by a person's clock: over midnight, weekends and the change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rules import Every, Hours, Quiet
from bot.domain.timetables import at_clock, next_digest, quiet_until, zone

NIGHT = Hours(time(22), time(7))
NIGHTS = Quiet(weekdays=NIGHT, weekend=NIGHT)

ZONES = [
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",  # half an hour beside the others
    "America/Santiago",  # its clocks change at midnight
    "Australia/Lord_Howe",  # by half an hour
    "America/New_York",
]


def local(name: str, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone(name), fold=fold)


@pytest.mark.parametrize("name", ZONES)
def test_a_night_is_quiet_from_its_beginning_to_before_its_end(name: str):
    there = zone(name)
    before, begins = local(name, "2026-07-06T21:59:59"), local(name, "2026-07-06T22:00")
    last, ends = local(name, "2026-07-07T06:59:59"), local(name, "2026-07-07T07:00")

    assert quiet_until(before, NIGHTS, there) is None
    assert quiet_until(begins, NIGHTS, there) == ends
    assert quiet_until(last, NIGHTS, there) == ends
    assert quiet_until(ends, NIGHTS, there) is None


@pytest.mark.parametrize(
    ("name", "evening", "morning", "hours"),
    [
        ("Europe/Berlin", "2026-03-28T22:00", "2026-03-29T07:00", 8),
        ("Europe/Berlin", "2026-10-24T22:00", "2026-10-25T07:00", 10),
        ("America/New_York", "2026-03-07T22:00", "2026-03-08T07:00", 8),
        ("America/Santiago", "2026-09-05T22:00", "2026-09-06T07:00", 8),
        ("America/Santiago", "2026-04-04T22:00", "2026-04-05T07:00", 10),
        ("Australia/Lord_Howe", "2026-10-03T22:00", "2026-10-04T07:00", 8.5),
        ("Asia/Kolkata", "2026-03-28T22:00", "2026-03-29T07:00", 9),
    ],
)
def test_a_night_in_which_clocks_change_ends_when_they_say_so(
    name: str, evening: str, morning: str, hours: float
):
    begins = local(name, evening)

    until = quiet_until(begins, NIGHTS, zone(name))

    assert until == local(name, morning)
    assert until - begins.astimezone(UTC) == timedelta(hours=hours)


def test_hours_that_begin_where_clocks_skip_begin_after_the_skip():
    there = zone("Europe/Berlin")
    quiet = Quiet(weekend=Hours(time(2, 30), time(5)))

    assert quiet_until(local("Europe/Berlin", "2026-03-29T01:59"), quiet, there) is None
    assert quiet_until(local("Europe/Berlin", "2026-03-29T03:30"), quiet, there) is not None


def test_hours_that_end_where_clocks_show_a_time_twice_end_the_first_time():
    there = zone("Europe/Berlin")
    quiet = Quiet(weekend=Hours(time(0), time(2, 30)))
    first = local("Europe/Berlin", "2026-10-25T02:30")

    assert quiet_until(
        local("Europe/Berlin", "2026-10-25T01:00"), quiet, there
    ) == first.astimezone(UTC)
    assert quiet_until(local("Europe/Berlin", "2026-10-25T02:10", fold=1), quiet, there) is None


def test_a_night_belongs_to_the_day_on_which_it_begins():
    weekdays = Quiet(weekdays=NIGHT)
    friday, sunday = datetime(2026, 7, 10, tzinfo=UTC), datetime(2026, 7, 12, tzinfo=UTC)

    def at(day: datetime, hour: int) -> bool:
        return quiet_until(day.replace(hour=hour), weekdays, zone("")) is not None

    assert at(friday, 23), "Friday's night"
    assert at(friday + timedelta(days=1), 6), "its end, on Saturday"
    assert not at(friday + timedelta(days=1), 23)
    assert not at(sunday, 23)
    assert at(sunday + timedelta(days=1), 23)


def test_weekdays_and_weekends_have_hours_of_their_own_and_run_into_each_other():
    quiet = Quiet(weekdays=Hours(time(22), time(7)), weekend=Hours(time(7), time(12)))
    saturday = datetime(2026, 7, 11, 3, tzinfo=UTC)

    assert quiet_until(saturday, quiet, zone("")) == saturday.replace(hour=12)


def test_hours_that_end_when_they_begin_last_a_day_and_always_end():
    quiet = Quiet(weekdays=Hours(time(8), time(8)), weekend=Hours(time(8), time(8)))
    at = datetime(2026, 7, 6, 12, tzinfo=UTC)

    until = quiet_until(at, quiet, zone(""))

    assert until is not None
    assert until > at


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "\0", "a" * 300])
def test_a_zone_that_there_is_not_is_utc(name: str):
    assert zone(name).utcoffset(datetime(2026, 7, 6, tzinfo=UTC)) == timedelta(0)


# --- digests ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "name", "at", "due"),
    [
        (Every.HOUR, "UTC", "2026-07-06T12:00", "2026-07-06T13:00"),
        (Every.HOUR, "Asia/Kolkata", "2026-07-06T12:59:59", "2026-07-06T13:00"),
        (Every.FOUR_HOURS, "Europe/Berlin", "2026-07-06T11:59", "2026-07-06T12:00"),
        (Every.FOUR_HOURS, "Europe/Berlin", "2026-07-06T12:00", "2026-07-06T16:00"),
        (Every.FOUR_HOURS, "Europe/Berlin", "2026-03-29T00:30", "2026-03-29T04:00"),
        (Every.DAY, "America/New_York", "2026-07-06T07:59", "2026-07-06T08:00"),
        (Every.DAY, "America/New_York", "2026-07-06T08:00", "2026-07-07T08:00"),
    ],
)
def test_a_digest_comes_at_the_next_full_hour_or_time_of_day(
    every: Every, name: str, at: str, due: str
):
    found = next_digest(local(name, at), every, time(8), None, zone(name))

    assert found == local(name, due)


def test_a_digest_that_would_come_in_quiet_hours_comes_at_their_end():
    at = local("Europe/Berlin", "2026-07-06T23:30")

    due = next_digest(at, Every.HOUR, time(8), NIGHTS, zone("Europe/Berlin"))

    assert due == local("Europe/Berlin", "2026-07-07T07:00")


instants = st.integers(0, 730 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
hours = st.none() | st.builds(Hours, st.times(), st.times())


@given(
    instants,
    st.sampled_from(Every),
    st.times(),
    st.builds(Quiet, weekdays=hours, weekend=hours),
    st.sampled_from(ZONES),
)
def test_every_digest_comes_and_soon(
    at: datetime, every: Every, daily_at: time, quiet: Quiet, name: str
):
    due = next_digest(at, every, daily_at, quiet, zone(name))
    until = quiet_until(at, quiet, zone(name))

    assert at < due <= at + timedelta(days=12)
    assert until is None or at < until <= at + timedelta(days=10)


@given(instants, st.times(), st.sampled_from(ZONES))
def test_clocks_are_at_that_time_then_unless_they_skip_it(at: datetime, clock: time, name: str):
    there = zone(name)
    day = at.astimezone(there).date()

    found = at_clock(day, clock, there)

    assert found.utcoffset() == timedelta(0)
    skipped = found.astimezone(there).replace(tzinfo=None) - datetime.combine(day, clock)
    assert timedelta(0) <= skipped <= timedelta(hours=1)
