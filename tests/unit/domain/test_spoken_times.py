"""Times as people write them are understood as meant, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rules import Hours, Quiet
from bot.domain.spoken_times import (
    ALL_DAY,
    FOREVER,
    Days,
    QuietChange,
    end_among,
    hours_written,
    is_endless,
    quiet_with,
    quiet_written,
    read_clock,
    read_end,
    read_hours,
    read_quiet,
    read_span,
    span_written,
)
from bot.domain.timetables import zone

BERLIN = zone("Europe/Berlin")
NIGHT = Hours(time(22), time(7))
NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)  # a Wednesday, 14:30 in Berlin


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("8", time(8)),
        ("08:00", time(8)),
        ("8.30", time(8, 30)),
        ("20h", time(20)),
        ("20h15", time(20, 15)),
        ("2030", time(20, 30)),
        ("8 pm", time(20)),
        ("8 p.m.", time(20)),
        ("8:15am", time(8, 15)),
        ("12 am", time(0)),
        ("12pm", time(12)),
        ("13 pm", time(13)),
        ("24:00", time(0)),
        ("noon", time(12)),
        ("at 7 Uhr", time(7)),
        ("7 o'clock", time(7)),
        ("٨", time(8)),
        ("", None),
        ("25", None),
        ("24:30", None),
        ("7:60", None),
        ("7:5", None),
        ("13 am", None),
        ("-7", None),
        ("eight", None),
        ("830", None),
    ],
)
def test_a_time_of_day(text: str, read: time | None):
    assert read_clock(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("22:00-07:00", NIGHT),
        ("22-7", NIGHT),
        ("22 - 7", NIGHT),
        ("22–7", NIGHT),  # noqa: RUF001 phones write it so
        ("22h-7h", NIGHT),
        ("22.00 to 7.00", NIGHT),
        ("2200-0700", NIGHT),
        ("10pm to 7", NIGHT),
        ("10 pm - 7 am", NIGHT),
        ("10 P.M. until 7 A.M.", NIGHT),
        ("from 10 to 7 am", NIGHT),
        ("between 22 and 7", NIGHT),
        ("22 bis 7 Uhr", NIGHT),
        ("1pm to 3", Hours(time(13), time(15))),
        ("9 to 5 pm", Hours(time(9), time(17))),
        ("9 am to 5", Hours(time(9), time(17))),
        ("12-6am", Hours(time(0), time(6))),
        ("10pm to 07:00", NIGHT),
        ("0-10", Hours(time(0), time(10))),
        ("7-22", Hours(time(7), time(22))),
        ("22-24", Hours(time(22), time(0))),
        ("0-24", ALL_DAY),
        ("all day", ALL_DAY),
        ("22-22", None),
        ("22", None),
        ("22-25", None),
        ("22-7-9", None),
        ("night", None),
        ("", None),
        ("-", None),
    ],
)
def test_hours(text: str, read: Hours | None):
    assert read_hours(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("22-7", [(Days.ALL, NIGHT)]),
        ("weekdays 22-7", [(Days.WEEKDAYS, NIGHT)]),
        ("22-7 on weekdays", [(Days.WEEKDAYS, NIGHT)]),
        ("Mon-Fri 22-7", [(Days.WEEKDAYS, NIGHT)]),
        ("Monday to Friday 10pm to 7", [(Days.WEEKDAYS, NIGHT)]),
        ("weekends 0-10", [(Days.WEEKENDS, Hours(time(0), time(10)))]),
        ("sat, sun all day", [(Days.WEEKENDS, ALL_DAY)]),
        ("every night 22-7", [(Days.ALL, NIGHT)]),
        ("off", [(Days.ALL, None)]),
        ("weekends off", [(Days.WEEKENDS, None)]),
        (
            "weekdays 22-7, weekends 0-10",
            [(Days.WEEKDAYS, NIGHT), (Days.WEEKENDS, Hours(time(0), time(10)))],
        ),
        (
            "weekdays: 22-7 and weekends: off",
            [(Days.WEEKDAYS, NIGHT), (Days.WEEKENDS, None)],
        ),
        ("weekdays", None),
        ("22-7 weekdays 8-9 weekends", None),
        ("weekdays 22-7, weekends 0-99", None),
        ("tuesdays 22-7", None),
        ("", None),
        ("at night", None),
    ],
)
def test_quiet_hours(text: str, read: list[tuple[Days, Hours | None]] | None):
    changes = read_quiet(text)

    assert changes == (None if read is None else tuple(QuietChange(*one) for one in read))


def test_days_are_changed_apart():
    late = Hours(time(0), time(10))
    both = quiet_with(None, (QuietChange(Days.ALL, NIGHT),))
    apart = quiet_with(both, (QuietChange(Days.WEEKENDS, late),))

    assert both == Quiet(weekdays=NIGHT, weekend=NIGHT)
    assert apart == Quiet(weekdays=NIGHT, weekend=late)
    assert quiet_with(apart, (QuietChange(Days.WEEKDAYS, None),)) == Quiet(weekend=late)
    assert quiet_with(apart, (QuietChange(Days.ALL, None),)) is None


def test_hours_that_never_end_are_known():
    assert is_endless(quiet_with(None, (QuietChange(Days.ALL, ALL_DAY),)))
    assert not is_endless(quiet_with(None, (QuietChange(Days.WEEKENDS, ALL_DAY),)))


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2h", 2),
        ("2 hours", 2),
        ("2 Hrs.", 2),
        ("90 min", 1.5),
        ("90m", 1.5),
        ("1d", 24),
        ("1 day", 24),
        ("2 weeks", 336),
        ("1 month", 720),
        ("1h30", 1.5),
        ("1 h 30", 1.5),
        ("1:30 h", 1.5),
        ("1h30m", 1.5),
        ("1 hour and 30 minutes", 1.5),
        ("1 day, 2 h", 26),
        ("1.5h", 1.5),
        ("1,5 h", 1.5),
        ("half an hour", 0.5),
        ("an hour", 1),
        ("a day", 24),
    ],
)
def test_a_span(text: str, hours: float):
    assert read_span(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "h",
        "0h",
        "0 min",
        "2 hats",
        "2x",
        "-2h",
        "1h 75",
        "400 days",
        "99999 weeks",
        "2hh",
        "2h 2h",
    ],
)
def test_what_is_no_span(text: str):
    assert read_span(text) is None


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2h", "25T15:30"),
        ("for 2 hours", "25T15:30"),
        ("until 8:00", "26T07:00"),
        ("till 18", "25T17:00"),
        ("until tomorrow", "26T07:00"),
        ("tomorrow 9:30", "26T08:30"),
        ("until today 18:00", "25T17:00"),
        ("until friday", "27T07:00"),
        ("wednesday", "02T07:00"),
        ("today", None),
        ("today 8:00", None),
        ("until", None),
        ("8:00", None),
        ("tomorrow maybe", None),
    ],
)
def test_an_end(text: str, end: str | None):
    read = read_end(text, NOW, BERLIN)

    if end is None:
        assert read is None
    else:
        month = "12" if end.startswith("0") else "11"
        assert read == datetime.fromisoformat(f"2026-{month}-{end}+00:00")


def test_before_dawn_tomorrow_is_the_morning_that_comes():
    at_two = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)

    assert read_end("tomorrow", at_two, BERLIN) == datetime(2026, 11, 26, 7, tzinfo=UTC)


@pytest.mark.parametrize("text", ["forever", "For ever!", "always", "for good"])
def test_no_end_is_known_as_such(text: str):
    assert read_end(text, NOW, BERLIN) is FOREVER


@pytest.mark.parametrize(
    ("text", "rest", "end"),
    [
        ("Grid BTC 2h", ["Grid", "BTC"], "2h"),
        ("2 hours Grid BTC", ["Grid", "BTC"], "2 hours"),
        ("exits for 1 h 30 min", ["exits"], "for 1 h 30 min"),
        ("Grid until tomorrow 9:00", ["Grid"], "until tomorrow 9:00"),
        ("Grid BTC", ["Grid", "BTC"], ""),
        ("", [], ""),
    ],
)
def test_an_end_is_found_among_other_words(text: str, rest: list[str], end: str):
    assert end_among(text.split(), NOW, BERLIN) == (rest, end)


CLOCKS = st.times().map(lambda one: one.replace(second=0, microsecond=0))
HOURS = st.builds(Hours, CLOCKS, CLOCKS).filter(lambda one: one.start != one.end) | st.just(ALL_DAY)
CHANGES = st.builds(QuietChange, st.sampled_from(Days), st.none() | HOURS)
MINUTES = st.integers(1, 366 * 24 * 60).map(lambda count: timedelta(minutes=count))


@given(hours=HOURS)
def test_hours_are_read_as_they_are_written(hours: Hours):
    assert read_hours(hours_written(hours)) == hours


@given(change=CHANGES)
def test_quiet_hours_are_read_as_they_are_written(change: QuietChange):
    assert read_quiet(quiet_written(change)) == (change,)


@given(span=MINUTES)
def test_spans_are_read_as_they_are_written(span: timedelta):
    assert read_span(span_written(span)) == span


SIGNS = ("0", "1", "7", "8", "22", "24", "99", "-", ":", ".", ",", "h", "m", "am", "pm")
WORDS = st.sampled_from((*SIGNS, "to", "until", "for", "weekdays", "and", "off", "tomorrow"))
ANYTHING = st.text() | st.lists(WORDS).map(" ".join) | st.lists(WORDS).map("".join)


@given(text=ANYTHING)
def test_no_words_are_too_much(text: str):
    read_clock(text), read_hours(text), read_quiet(text), read_span(text)
    end = read_end(text, NOW, BERLIN)
    assert end is None or end > NOW
    end_among(text.split(), NOW, BERLIN)
