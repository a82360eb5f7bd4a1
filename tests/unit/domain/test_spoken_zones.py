"""A time zone is found by what people call their place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.spoken_zones import nearest_zones, zone_names, zones_meant
from bot.domain.timetables import zone


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        (" Berlin, Germany", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("New-York", "America/New_York"),
        ("NYC", "America/New_York"),
        ("san francisco", "America/Los_Angeles"),
        ("são paulo", "America/Sao_Paulo"),
        ("münchen", "Europe/Berlin"),
        ("kolkata", "Asia/Kolkata"),
        ("mumbai", "Asia/Kolkata"),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
        ("istanbul", "Europe/Istanbul"),
        ("port au prince", "America/Port-au-Prince"),
        ("lord howe", "Australia/Lord_Howe"),
        ("utc", "UTC"),
    ],
)
def test_one_place_is_found(wanted: str, name: str):
    assert zones_meant(wanted, zone_names()) == (name,)
    assert zone(name).key == name


@pytest.mark.parametrize(
    ("wanted", "some"),
    [
        ("CET", {"Europe/Berlin", "Europe/Paris"}),
        ("EST", {"America/New_York"}),
        ("argentina", {"America/Argentina/Salta"}),
        ("san", {"America/Santiago", "America/Santo_Domingo"}),
    ],
)
def test_of_several_places_all_are_found(wanted: str, some: set[str]):
    meant = zones_meant(wanted, zone_names())

    assert len(meant) > 1
    assert some <= {*meant}


@pytest.mark.parametrize(
    "wanted", ["", "x", "UTC+2", "+02:00", "gotham", "../../etc/passwd", "/", "NaN", "erlin"]
)
def test_what_is_no_place(wanted: str):
    assert zones_meant(wanted, zone_names()) == ()


def test_an_offset_is_no_slip():
    assert nearest_zones("UTC+2", zone_names()) == ()


def test_a_slip_gets_the_nearest_place():
    assert nearest_zones("berlim", zone_names())[0] == "Europe/Berlin"


@given(name=st.sampled_from(sorted(zone_names())))
def test_every_zone_is_found_by_its_name(name: str):
    assert zones_meant(name, zone_names()) == (name,)


@given(wanted=st.text())
def test_no_words_are_too_much(wanted: str):
    assert {*zones_meant(wanted, zone_names()), *nearest_zones(wanted, zone_names())} <= (
        zone_names()
    )
