"""Instants by the clock of who reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.telegram.render import moment as telegram_moment
from bot.domain.cards import Severity
from bot.domain.digests import Part
from bot.domain.events import Kind
from bot.texts.digests import digest
from bot.texts.language import speaking
from bot.texts.times import clock, dated, instant, moment, on_day_of

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
        assert (moment(AT), clock(AT)) == (told, at)
        assert instant(AT) == told.replace(at[:5], f"{at[:5]}:07")
        assert dated(AT) == told.replace("Jul", "Jul 2026")
    assert clock(AT, zone) == at
    assert clock(AT) == "22:30 UTC", "outside again"


def test_days_are_those_of_who_reads_it():
    later = AT.replace(hour=23)
    before = AT.replace(hour=21)

    with speaking("en", "Europe/Berlin"):
        assert on_day_of(AT, later)
        assert not on_day_of(AT, before)
        assert telegram_moment(AT, later) == "00:30"
        assert telegram_moment(before, later) == "06 Jul 2026 23:30"
    assert on_day_of(AT, before)


def test_a_digest_over_their_midnight_names_the_days():
    parts = [
        Part(kind=Kind.TRADE, title="one", severity=Severity.INFO, occurred_at=at)
        for at in (AT.replace(hour=21), AT)
    ]

    with speaking("en", "Europe/Berlin"):
        assert digest(parts).title == "2 events, 06 Jul 23:30 to 07 Jul 00:30"
    assert digest(parts).title == "2 events, 21:30 UTC to 22:30 UTC"
