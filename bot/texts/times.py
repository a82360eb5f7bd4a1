"""Instants and spans of time, in the words of a language."""

from datetime import UTC, datetime, timedelta

from bot.texts.language import ENGLISH, _, ngettext, spoken_language


def moment(at: datetime) -> str:
    """'26 Nov 12:03 UTC'."""
    return f"{_dated(at, '%d %b', 'dd MMM')} {clock(at)}"


def clock(at: datetime) -> str:
    """'12:03 UTC'."""
    return f"{at.astimezone(UTC):%H:%M} UTC"


def months() -> tuple[str, ...]:
    """What `moment` calls them."""
    return tuple(
        _dated(datetime(2026, month, 1, tzinfo=UTC), "%b", "MMM") for month in range(1, 13)
    )


def _dated(at: datetime, english: str, pattern: str) -> str:
    language = spoken_language()
    shown = at.astimezone(UTC)
    if language == ENGLISH:
        return shown.strftime(english)
    from babel import Locale, UnknownLocaleError  # loaded with the first other language
    from babel.dates import format_datetime

    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return shown.strftime(english)
    return str(format_datetime(shown, pattern, locale=locale))


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
