"""Instants by the clock of who reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.telegram.render import moment as telegram_moment
from bot.domain.cards import Severity
from bot.domain.digests import Part
from bot.domain.events import Kind
from bot.domain.marks import MarkedInstant, Shape, in_pieces, shown
from bot.domain.text import clean
from bot.texts.digests import digest
from bot.texts.language import speaking
from bot.texts.times import clock, clock_in, dated, instant, moment, on_day_of

AT = datetime(2026, 7, 6, 22, 30, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "told", "at"),
    [
        ("", "06 Jul 22:30 UTC", "22:30 UTC"),
        ("UTC", "06 Jul 22:30 UTC", "22:30 UTC"),
        ("Europe/Berlin", "07 Jul 00:30", "00:30"),
        ("Asia/Kolkata", "07 Jul 04:00", "04:00"),
        ("America/New_York", "06 Jul 18:30", "18:30"),
    ],
)
def test_a_time_is_told_by_the_clock_of_who_reads_it(zone: str, told: str, at: str):
    with speaking("en", zone):
        assert (shown(moment(AT)), shown(clock(AT))) == (told, at)
        assert shown(instant(AT)) == told.replace(at[:5], f"{at[:5]}:07")
        assert shown(dated(AT)) == told.replace("Jul", "Jul 2026")
    assert clock_in(AT, zone) == at
    assert clock_in(AT) == "22:30 UTC", "outside again"


def test_days_are_those_of_who_reads_it():
    later = AT.replace(hour=23)
    before = AT.replace(hour=21)

    with speaking("en", "Europe/Berlin"):
        assert on_day_of(AT, later)
        assert not on_day_of(AT, before)
        assert shown(telegram_moment(AT, later)) == "00:30"
        assert shown(telegram_moment(before, later)) == "06 Jul 2026 23:30"
    assert on_day_of(AT, before)


def test_a_digest_over_their_midnight_names_the_days():
    parts = [
        Part(kind=Kind.TRADE, title="one", severity=Severity.INFO, occurred_at=at)
        for at in (AT.replace(hour=21), AT)
    ]

    with speaking("en", "Europe/Berlin"):
        assert shown(digest(parts).title) == "2 events, 06 Jul 23:30 to 07 Jul 00:30"
    assert shown(digest(parts).title) == "2 events, 21:30 UTC to 22:30 UTC"


def test_an_instant_is_marked_for_platforms_and_readable_without():
    told = f"Since {moment(AT)}, last {clock(AT)}"

    assert [*in_pieces(told)] == [
        "Since ",
        MarkedInstant("06 Jul 22:30 UTC", int(AT.timestamp()), Shape.MOMENT),
        ", last ",
        MarkedInstant("22:30 UTC", int(AT.timestamp()), Shape.CLOCK),
    ]
    assert [getattr(one, "shape", None) for one in in_pieces(instant(AT) + dated(AT))] == ["s", "d"]
    assert clean(told) == shown(told) == "Since 06 Jul 22:30 UTC, last 22:30 UTC"
    assert shown(told, keeps_instants=True) == told


def test_what_a_zone_s_clock_says_is_not_changed_by_who_reads_it():
    assert [*in_pieces(clock_in(AT, "Asia/Kolkata"))] == ["04:00"]
