"""Instants and spans of time, in the words of a language."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.timetables import zone as zone_called
from bot.texts.language import ENGLISH, _, ngettext, spoken_language, spoken_zone


def moment(at: datetime, zone: str | None = None) -> str:
    """'26 Nov 12:03 UTC', or '26 Nov 13:03' by the clock of who reads it.

    Args:
        zone: as IANA calls it, of another clock than that.
    """
    there = at.astimezone(_zone(zone))
    return f"{_dated(there, '%d %b', 'dd MMM')} {clock(at, zone)}"


def dated(at: datetime) -> str:
    """'26 Nov 2026 12:03 UTC', or by the clock of who reads it."""
    return f"{_dated(at.astimezone(_zone(None)), '%d %b %Y', 'dd MMM y')} {clock(at)}"


def on_day_of(at: datetime, other: datetime) -> bool:
    """Whether it is the same day, for who reads it."""
    return at.astimezone(_zone(None)).date() == other.astimezone(_zone(None)).date()


def clock(at: datetime, zone: str | None = None) -> str:
    """'12:03 UTC', or '13:03' by the clock of who reads it."""
    there = _zone(zone)
    shown = f"{at.astimezone(there):%H:%M}"
    return f"{shown} UTC" if there.key == "UTC" else shown


def instant(at: datetime) -> str:
    """'26 Nov 12:03:07 UTC', or by the clock of who reads it."""
    there = at.astimezone(_zone(None))
    return moment(at).replace(f"{there:%H:%M}", f"{there:%H:%M:%S}")


def _zone(name: str | None) -> ZoneInfo:
    return zone_called(spoken_zone() if name is None else name)


def months() -> tuple[str, ...]:
    """What `moment` calls them."""
    return tuple(
        _dated(datetime(2026, month, 1, tzinfo=UTC), "%b", "MMM") for month in range(1, 13)
    )


def _dated(at: datetime, english: str, pattern: str) -> str:
    language = spoken_language()
    if language == ENGLISH:
        return at.strftime(english)
    from babel import Locale, UnknownLocaleError  # loaded with the first other language
    from babel.dates import format_datetime

    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return at.strftime(english)
    return str(format_datetime(at, pattern, locale=locale))


def spoken(span: timedelta) -> str:
    """A duration in the largest unit that fits: '40 s', '14 min', '6 h', '3 days'."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return _("{count} s", count=seconds)
    if seconds < 3600:
        return _("{count} min", count=seconds // 60)
    if seconds < 48 * 3600:
        return _("{count} h", count=seconds // 3600)
    return ngettext("{count} day", "{count} days", seconds // 86400)


def lasted(span: timedelta) -> str:
    """A duration in its two largest units: '40 s', '14 min', '1 h 50 min', '3 days 4 h'."""
    hours, minutes = divmod(max(0, int(span.total_seconds())) // 60, 60)
    largest = spoken(span)
    if hours >= 48:
        rest = timedelta(hours=hours % 24)
    else:
        rest = timedelta(minutes=minutes) if hours else timedelta(0)
    return f"{largest} {spoken(rest)}" if rest else largest
