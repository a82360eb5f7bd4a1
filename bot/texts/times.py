"""Instants and spans of time, in the words of a language. Instants are marked, so that a platform
whose clients know the clock of who reads them can show them by that.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain import marks
from bot.domain.marks import Shape
from bot.domain.timetables import zone as zone_called
from bot.texts.language import _, babel_locale, ngettext, spoken_language, spoken_zone


def moment(at: datetime, zone: str | None = None) -> str:
    """'26 Nov 12:03 UTC', or '26 Nov 13:03' by the clock of who reads it.

    Args:
        zone: as IANA calls it, where that of who reads it is not spoken by.
    """
    return marks.instant(_moment(at, zone), at, Shape.MOMENT)


def dated(at: datetime) -> str:
    """'26 Nov 2026 12:03 UTC', or by the clock of who reads it."""
    day = _dated(at.astimezone(_zone(None)), "%d %b %Y", "yMMMd")
    return marks.instant(f"{day} {clock_in(at)}", at, Shape.DATED)


def on_day_of(at: datetime, other: datetime) -> bool:
    """Whether it is the same day, for who reads it."""
    return at.astimezone(_zone(None)).date() == other.astimezone(_zone(None)).date()


def clock(at: datetime) -> str:
    """'12:03 UTC', or '13:03' by the clock of who reads it."""
    return marks.instant(clock_in(at), at, Shape.CLOCK)


def clock_in(at: datetime, zone: str | None = None) -> str:
    """What the clock of a zone says then, whatever that of who reads it does: '12:03 UTC'.

    Args:
        zone: as IANA calls it; `None` for that of who reads it.
    """
    there = _zone(zone)
    shown = f"{at.astimezone(there):%H:%M}"
    return f"{shown} UTC" if there.key == "UTC" else shown


def instant(at: datetime) -> str:
    """'26 Nov 12:03:07 UTC', or by the clock of who reads it."""
    there = at.astimezone(_zone(None))
    words = _moment(at, None).replace(f"{there:%H:%M}", f"{there:%H:%M:%S}")
    return marks.instant(words, at, Shape.SECOND)


def _moment(at: datetime, zone: str | None) -> str:
    return f"{_dated(at.astimezone(_zone(zone)), '%d %b', 'MMMd')} {clock_in(at, zone)}"


def _zone(name: str | None) -> ZoneInfo:
    return zone_called(spoken_zone() if name is None else name)


def day_in(day: date, *, with_day: bool = True, with_year: bool = False) -> str:
    """'26 Nov', 'Nov 2026': a day of a calendar, the same by every clock."""
    there = datetime.combine(day, time(12), UTC)
    parts = (("%d", with_day), ("%b", True), ("%Y", with_year))
    english = " ".join(part for part, wanted in parts if wanted)
    return _dated(there, english, f"{'y' * with_year}MMM{'d' * with_day}")


def day_of(at: datetime) -> str:
    """'26 Nov 2026': the day then, by the clock of who reads it."""
    return day_in(at.astimezone(_zone(None)).date(), with_year=True)


def weekday_in(weekday: int) -> str:
    """'Monday' for 0."""
    return _dated(datetime(2026, 1, 5 + weekday, tzinfo=UTC), "%A", "EEEE")


def months() -> tuple[str, ...]:
    """What `moment` calls them."""
    return tuple(
        _dated(datetime(2026, month, 1, tzinfo=UTC), "%b", "MMM") for month in range(1, 13)
    )


def day_form() -> str:
    """'{day} {month}': how `moment` puts the two."""
    day = datetime(2026, 11, 22, tzinfo=UTC)
    return _dated(day, "%d %b", "MMMd").replace("22", "{day}").replace(months()[10], "{month}")


def _dated(at: datetime, english: str, parts: str) -> str:
    """
    Args:
        parts: what is told of the day, as CLDR names it; each language has its own order.

    Source: https://unicode.org/reports/tr35/tr35-dates.html#availableFormats_appendItems
    """
    locale = babel_locale(spoken_language())
    if locale is None:
        return at.strftime(english)
    from babel.dates import format_skeleton

    return format_skeleton(parts, at, locale=locale)


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
