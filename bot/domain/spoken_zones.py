"""The time zones that a person may mean: by IANA's name, by a city, by a part of either."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from bot.domain.text import folded, without_accents
from bot.domain.timetables import zone

_CITIES = {
    "Europe/Berlin": "munich munchen hamburg frankfurt cologne koln germany",
    "Europe/London": "manchester england britain uk",
    "Europe/Zurich": "geneva basel bern switzerland",
    "Europe/Madrid": "barcelona spain",
    "Europe/Rome": "milan italy",
    "Europe/Paris": "france",
    "Europe/Istanbul": "ankara turkey",
    "Europe/Kyiv": "ukraine",
    "America/New_York": "nyc washington boston miami atlanta philadelphia",
    "America/Chicago": "dallas houston austin",
    "America/Los_Angeles": "san_francisco seattle san_diego las_vegas california",
    "America/Toronto": "montreal ottawa",
    "America/Sao_Paulo": "rio rio_de_janeiro brasilia",
    "Asia/Kolkata": "mumbai bombay delhi new_delhi bangalore bengaluru chennai india",
    "Asia/Shanghai": "beijing shenzhen guangzhou china",
    "Asia/Tokyo": "osaka kyoto japan",
    "Asia/Ho_Chi_Minh": "hanoi saigon vietnam",
    "Asia/Dubai": "abu_dhabi",
    "Australia/Sydney": "canberra",
}
"""Cities and countries of one zone that many people live in, and IANA names after another."""

_ABBREVIATIONS = {
    "cet cest mez mesz": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Rome"),
    "wet west": ("Europe/Lisbon", "Atlantic/Canary"),
    "eet eest": ("Europe/Athens", "Europe/Helsinki", "Europe/Kyiv"),
    "gmt bst": ("Europe/London", "Africa/Accra"),
    "est edt et eastern": ("America/New_York", "America/Toronto"),
    "cst cdt ct central": ("America/Chicago", "America/Mexico_City", "Asia/Shanghai"),
    "mst mdt mt mountain": ("America/Denver", "America/Phoenix"),
    "pst pdt pt pacific": ("America/Los_Angeles", "America/Vancouver"),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "msk": ("Europe/Moscow",),
    "jst": ("Asia/Tokyo",),
    "aest aedt": ("Australia/Sydney", "Australia/Brisbane"),
}
"""What is short for several zones, or for half of a year."""

_KNOWN = {
    word.replace("_", " "): (name,) for name, words in _CITIES.items() for word in words.split()
} | {word: names for words, names in _ABBREVIATIONS.items() for word in words.split()}

_UTC = frozenset({"utc", "z", "zulu", "etc/utc", "universal"})


@cache
def zone_names() -> frozenset[str]:
    """All that are called after a place, and UTC."""
    return frozenset(
        name
        for name in available_timezones()
        if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "SystemV/", "US/")))
    )


def zone_of_browser(name: str) -> str:
    """A time zone as a browser calls it; empty where it may be none: those that hide from whom they
    are say UTC.
    """
    return name if name in zone_names() and name != "UTC" else ""


def zones_meant(wanted: str, names: Iterable[str]) -> tuple[str, ...]:
    """One if it is clear, several that fit, or none.

    Args:
        names: all there are.
    """
    word = _plainly(wanted)
    by_word = {_plainly(name): name for name in sorted(names)}
    if word in _UTC:
        return ("UTC",)
    if word in by_word:
        return (by_word[word],)
    if word in _KNOWN:
        return tuple(name for name in _KNOWN[word] if name in by_word.values())
    if len(word) < 3:
        return ()
    cities = {key: key.rpartition("/")[2] for key in by_word}
    for found in (
        [key for key, city in cities.items() if city == word],
        [key for key, city in cities.items() if city.startswith(word)],
        [key for key in by_word if f" {word}" in f" {key}".replace("/", " ")],
    ):
        if found:
            return _without_twins([by_word[key] for key in found])
    return ()


def nearest_zones(wanted: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Those whose cities look like what was typed, best first."""
    by_city = {_plainly(name).rpartition("/")[2]: name for name in sorted(names) if "/" in name}
    close = get_close_matches(_plainly(wanted)[:60], list(by_city), n=most, cutoff=0.7)
    return tuple(by_city[city] for city in close)


def _plainly(text: str) -> str:
    """Letters, digits and strokes alone, without accents."""
    bare = without_accents(folded(text.partition(",")[0]))
    return " ".join("".join(one if one.isalnum() or one == "/" else " " for one in bare).split())


def _without_twins(names: Iterable[str]) -> tuple[str, ...]:
    """One of those that are the same city under an old name and a new one."""
    kept: dict[tuple[str, tuple[timedelta | None, ...]], str] = {}
    for name in sorted(names, key=lambda one: (-len(one), one)):
        kept.setdefault((name.rpartition("/")[2], _offsets(name)), name)
    return tuple(sorted(kept.values()))


def _offsets(name: str) -> tuple[timedelta | None, ...]:
    there = zone(name)
    return tuple(there.utcoffset(datetime(2026, month, 1, tzinfo=UTC)) for month in range(1, 13))
