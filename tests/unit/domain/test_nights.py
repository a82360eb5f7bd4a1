"""When a night begins and is told, by a person's clock, and what the rows say of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.domain.deliveries import State
from bot.domain.nights import Fate, Night, Spell, SpellKind, evening_before, next_morning
from bot.domain.timetables import zone
from bot.policy.nights import ItemOfNight, fate_of, spells_in

BERLIN = zone("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "began"),
    [
        ("2026-01-05T06:30", "2026-01-04T21:00"),
        ("2026-01-05T22:30", "2026-01-05T21:00"),
        ("2026-03-29T05:30", "2026-03-28T21:00"),  # summer time began in between
        ("2026-10-25T06:30", "2026-10-24T20:00"),  # and ended
    ],
)
def test_a_night_begins_in_the_evening_by_the_person_s_clock(now: str, began: str):
    assert evening_before(at(now), BERLIN) == at(began)


@pytest.mark.parametrize(
    ("after", "told", "due", "day"),
    [
        ("2026-01-05T05:00", None, "2026-01-05T06:30", "2026-01-05"),
        ("2026-01-05T06:30", "2026-01-05", "2026-01-06T06:30", "2026-01-06"),
        ("2026-03-28T12:00", "2026-03-28", "2026-03-29T05:30", "2026-03-29"),
        ("2026-10-24T12:00", "2026-10-24", "2026-10-25T06:30", "2026-10-25"),
        # Who travels, or chooses a later time, has had this day's all the same.
        ("2026-01-05T05:00", "2026-01-05", "2026-01-06T06:30", "2026-01-06"),
    ],
)
def test_each_day_s_is_told_once_at_its_time(after: str, told: str | None, due: str, day: str):
    last = None if told is None else date.fromisoformat(told)

    found = next_morning(at(after), time(7, 30), BERLIN, last)

    assert found == (at(due), date.fromisoformat(day))


def test_a_time_that_clocks_skip_comes_all_the_same():
    due, day = next_morning(at("2026-03-28T23:00"), time(2, 30), BERLIN, None)

    assert (due, day) == (at("2026-03-29T01:30"), date(2026, 3, 29))


@pytest.mark.parametrize(
    ("states", "fate"),
    [
        ([], None),
        ([(State.SENT, False)], Fate.TOLD),
        ([(State.SENT, True)], Fate.QUIET),
        ([(State.SENT, True), (State.SENT, False)], Fate.TOLD),
        ([(State.SENT, False), (State.SENDING, False)], Fate.OPEN),
        ([(State.UNKNOWN, False)], Fate.OPEN),
        ([(State.SENT, False), (State.DEAD, False)], Fate.LOST),
        *(([(state, False)], Fate.LOST) for state in (State.HELD, State.EXPIRED, State.CANCELLED)),
        ([(State.GATHERED, False)], Fate.TOGETHER),
        ([(State.COALESCED, False)], Fate.TOGETHER),
        ([(State.OFF, False)], Fate.OFF),
    ],
)
def test_each_state_of_a_message_is_one_fate(states, fate: Fate | None):
    items = [ItemOfNight(state=state, silent=silent) for state, silent in states]

    assert fate_of(items) is fate


@pytest.mark.parametrize("carrier", [State.READY, State.SENDING, State.HELD])
def test_what_is_told_within_what_waits_is_open(carrier: State):
    item = ItemOfNight(state=State.COALESCED, silent=False, carrier=carrier)

    assert fate_of([item]) is Fate.OPEN


def test_a_sum_that_does_not_add_up_says_by_how_much():
    began = at("2026-01-05T22:00")
    night = Night(since=began, until=began, events=5, fates={Fate.TOLD: 2, Fate.OPEN: 1})

    assert night.unaccounted == 2
    assert not night.is_calm


def test_spells_are_found_by_what_was_noted_of_them():
    began, told = at("2026-01-05T02:10"), at("2026-01-05T02:12")
    ended, minute = at("2026-01-05T02:31"), timedelta(minutes=1)
    iso = began.isoformat()
    records = [
        (f"down {iso}", told),
        (f"unreachable {iso}", told + 10 * minute),
        (f"back {iso}", ended),
        (f"was down {iso} {ended.isoformat()}", ended),
        (f"polling {told.isoformat()}", ended),
        ("needs login 0123456789abcdef", ended),
    ]

    found = spells_in(records, began - minute, ended + minute)
    later = spells_in(records, ended + minute, ended + 2 * minute)

    assert found == (
        Spell(what=SpellKind.DOWN, since=began, until=ended),
        Spell(what=SpellKind.TRADEBELL, since=began, until=ended),
        Spell(what=SpellKind.POLLING, since=told),
    )
    assert later == (Spell(what=SpellKind.POLLING, since=told),)
