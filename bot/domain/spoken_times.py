"""Times of day, hours, spans and ends as people write them: '22-7', '10pm to 7', '1,5 h', 'until
8:00'. What could mean two things is not guessed but refused, with `None`.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.rules import Hours, Quiet
from bot.domain.text import folded
from bot.domain.timetables import DAY, at_clock

MORNING = time(8)
"""What 'tomorrow' means to who wants to sleep."""

_NIGHT_IS_OVER = time(4)
"""Before that, tomorrow is the morning of the night that somebody is awake in."""

_HALVES = re.compile(r"\b([ap])\.?m\b\.?")


def _plainly(text: str) -> str:
    """In small letters and plain characters, with one blank where there were any."""
    return _HALVES.sub(r"\1m", folded(text)).strip(" .,;:!?'\"")


# --- times of day ---------------------------------------------------------------------------------

_CLOCK = re.compile(
    r"(?:at )?(\d{1,2})(?:[:.h](\d\d)|(?<=\d\d)(\d\d))? ?(am|pm)?"
    r"(?: ?(?:h|hrs?|hours?|uhr|o'?clock))?"
)

_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}


@dataclass(frozen=True, slots=True)
class _Clock:
    """`half` says that morning or afternoon was named, `open` that it may be either of them."""

    at: time
    half: bool = False
    open: bool = False


def _clock(text: str) -> _Clock | None:
    if text in _NAMED:
        return _Clock(_NAMED[text])
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    digits, half = found[1], found[4]
    hour, minute = int(digits), int(found[2] or found[3] or 0)
    if half == "am" and hour > 12:
        return None
    if half and 1 <= hour <= 12:
        hour = hour % 12 + 12 * (half == "pm")
    if (hour, minute) == (24, 0):
        hour = 0
    if hour > 23 or minute > 59:
        return None
    is_open = not half and 1 <= hour <= 12 and unicodedata.digit(digits[0]) > 0
    return _Clock(time(hour, minute), half=bool(half), open=is_open)


def read_clock(text: str) -> time | None:
    """'8', '8:00', '8.30', '20h', '2030', '8 pm', 'noon'; of 24 hours if no half is named."""
    found = _clock(_plainly(text))
    return None if found is None else found.at


_HOURS = re.compile(
    r"(?:from |between )?(.+?)(?: ?(?:-+>?|\.\.+|\u2192) ?| (?:to|till?|until|and|bis) )(.+)"
)

ALL_DAY = Hours(time(0), time(0))

_ALL_DAY = frozenset({"all day", "all day long", "the whole day", "24 h", "24h", "0-24"})


def read_hours(text: str) -> Hours | None:
    """'22-7', '22:00-07:00', '22h-7h', '10pm to 7', 'from 10 to 6 am'.

    Where only one end says which half of the day it is in, the other is the one that makes the
    hours shorter.
    """
    plain = _plainly(text)
    if plain in _ALL_DAY:
        return ALL_DAY
    found = _HOURS.fullmatch(plain)
    start, end = (None, None) if found is None else (_clock(found[1]), _clock(found[2]))
    if start is None or end is None:
        return None
    if (start.half and end.open) or (end.half and start.open):
        return min(_readings(start, end), key=_length)
    if start.at == end.at:
        return ALL_DAY if plain.startswith("0") and "24" in plain else None
    return Hours(start.at, end.at)


def _readings(start: _Clock, end: _Clock) -> list[Hours]:
    return [Hours(one, other) for one in _halves(start) for other in _halves(end) if one != other]


def _halves(clock: _Clock) -> tuple[time, ...]:
    if not clock.open:
        return (clock.at,)
    hour = clock.at.hour % 12
    return clock.at.replace(hour=hour), clock.at.replace(hour=hour + 12)


def _length(hours: Hours) -> int:
    start, end = (one.hour * 60 + one.minute for one in (hours.start, hours.end))
    return (end - start) % (24 * 60)


def hours_written(hours: Hours) -> str:
    """'22:00-07:00'."""
    if hours == ALL_DAY:
        return "0-24"
    return f"{hours.start:%H:%M}-{hours.end:%H:%M}"


# --- quiet hours ----------------------------------------------------------------------------------


class Days(StrEnum):
    ALL = "every day"
    WEEKDAYS = "weekdays"
    WEEKENDS = "weekends"


@dataclass(frozen=True, slots=True)
class QuietChange:
    """Quiet hours for some days, or none there."""

    days: Days
    hours: Hours | None


_DAYS = {
    "weekdays?|work(?:ing )?days?|mon(?:day)?s? ?(?:-|to) ?fri(?:day)?s?": Days.WEEKDAYS,
    "weekends?|sat(?:urday)?s? ?(?:-|and|to|,|&) ?sun(?:day)?s?": Days.WEEKENDS,
    "(?:every|each) (?:day|night)|all (?:days|nights)|daily|nightly|always|mon(?:day)? ?(?:-|to) ?"
    "sun(?:day)?": Days.ALL,
}
_ANY_DAYS = re.compile("|".join(rf"\b({words})\b" for words in _DAYS))
_DAYS_IN_ORDER = tuple(_DAYS.values())

_OFF = frozenset({"off", "none", "no", "never", "end", "stop", "delete", "remove", "clear"})


def read_quiet(text: str) -> tuple[QuietChange, ...] | None:
    """'22-7', 'weekdays 22-7', 'weekdays 22-7, weekends off', 'off'."""
    plain = _plainly(text)
    named = list(_ANY_DAYS.finditer(plain))
    if not named:
        clauses = [(Days.ALL, plain)]
    elif len(named) == 1:
        rest = f"{plain[: named[0].start()]} {plain[named[0].end() :]}"
        clauses = [(_days_of(named[0]), rest)]
    elif plain[: named[0].start()].strip(" ,"):
        return None
    else:
        ends = [*(one.start() for one in named[1:]), len(plain)]
        clauses = [
            (_days_of(one), plain[one.end() : end]) for one, end in zip(named, ends, strict=True)
        ]
    read = [(days, *_hours_or_none(rest)) for days, rest in clauses]
    if not all(understood for _, understood, _ in read):
        return None
    return tuple(QuietChange(days, hours) for days, _, hours in read)


def _days_of(found: re.Match[str]) -> Days:
    return next(days for days, group in zip(_DAYS_IN_ORDER, found.groups(), strict=True) if group)


def _hours_or_none(text: str) -> tuple[bool, Hours | None]:
    """Whether it is understood, and the hours."""
    rest = re.sub(r"^(?:on|the|in|at|:)\b|\b(?:and|on|the)$", "", text.strip(" ,;:=")).strip(" ,;:")
    if rest in _OFF:
        return True, None
    hours = read_hours(rest)
    return hours is not None, hours


def quiet_written(change: QuietChange) -> str:
    """'weekdays 22:00-07:00'."""
    return f"{change.days} {'off' if change.hours is None else hours_written(change.hours)}"


def quiet_with(quiet: Quiet | None, changes: Sequence[QuietChange]) -> Quiet | None:
    """The hours once they have changed so; `None` if there are none left."""
    hours = {
        Days.WEEKDAYS: None if quiet is None else quiet.weekdays,
        Days.WEEKENDS: None if quiet is None else quiet.weekend,
    }
    for change in changes:
        for days in hours:
            if change.days in (days, Days.ALL):
                hours[days] = change.hours
    if not any(hours.values()):
        return None
    return Quiet(weekdays=hours[Days.WEEKDAYS], weekend=hours[Days.WEEKENDS])


def is_endless(quiet: Quiet | None) -> bool:
    """Whether nothing would ever ring."""
    return quiet == Quiet(weekdays=ALL_DAY, weekend=ALL_DAY)


# --- spans ----------------------------------------------------------------------------------------

LONGEST_SPAN = timedelta(days=366)
SHORTEST_SPAN = timedelta(minutes=1)

_UNITS = {
    "mo": timedelta(days=30),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
"""By how their names begin."""

_COUNTS = {
    "a": "1",
    "an": "1",
    "one": "1",
    "half a": "0.5",
    "half an": "0.5",
    "two": "2",
    "three": "3",
    "four": "4",
}

_PART = re.compile(
    rf"(?:and )?(\d{{1,5}}(?:[.,]\d{{1,2}})?|{'|'.join(sorted(_COUNTS, key=len, reverse=True))}) ?"
    r"(minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w|months?)(?![^\W\d]),? ?"
)

_HOURS_AND_MINUTES = re.compile(r"(\d{1,3})(?: ?h ?([0-5]\d)|:([0-5]\d) ?h)")


def read_span(text: str) -> timedelta | None:
    """'2h', '2 hours', '1d', '90 min', '1h30', '1,5 h', 'half an hour'; from a minute to a year."""
    plain = _plainly(text)
    total, at, units = timedelta(0), 0, []
    if found := _HOURS_AND_MINUTES.fullmatch(plain):
        total = timedelta(hours=int(found[1]), minutes=int(found[2] or found[3]))
        at = len(plain)
    while at < len(plain):
        found = _PART.match(plain, at)
        if found is None:
            return None
        count = Decimal(_COUNTS.get(found[1], found[1]).replace(",", "."))
        unit = next(span for name, span in _UNITS.items() if found[2].startswith(name))
        if unit in units:  # '2h 2h'
            return None
        units.append(unit)
        total += timedelta(seconds=int(count * int(unit.total_seconds())))
        at = found.end()
    return total if SHORTEST_SPAN <= total <= LONGEST_SPAN else None


def span_written(span: timedelta) -> str:
    """'1 day 2 h 30 min', in whole minutes."""
    minutes = int(span.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


# --- ends -----------------------------------------------------------------------------------------

FOREVER = datetime.max.replace(tzinfo=UTC)
"""Stands for no end."""

_FOREVER = frozenset(
    {"forever", "for ever", "ever", "always", "for good", "permanently", "indefinitely"}
)

WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_end(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When 'for 2 hours', 'until 8:00', 'until tomorrow', 'monday 9:00' or 'forever' ends."""
    plain = _plainly(text)
    if plain in _FOREVER:
        return FOREVER
    span = read_span(plain.removeprefix("for "))
    if span is not None:
        return now + span
    until = re.sub(r"^(?:until|till?|to) ", "", plain)
    exact = _exactly(until)
    if exact is not None:
        return exact if exact > now else None
    day, _, clock = until.partition(" ")
    today = now.astimezone(zone)
    if day in ("today", "tomorrow", *WEEKDAY_NAMES):
        at = read_clock(clock) if clock else MORNING
        if at is None or (day == "today" and not clock):
            return None
        end = at_clock(today.date() + _days_until(day, today) * DAY, at, zone)
        return end if end > now else None
    at = read_clock(until) if until != plain else None
    if at is None:
        return None
    days = (today.date(), today.date() + DAY, today.date() + 2 * DAY)
    return next(end for day in days if (end := at_clock(day, at, zone)) > now)


_EXACT = re.compile(r"\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d(?:\.\d{6})?[+]00:00")


def _exactly(text: str) -> datetime | None:
    """An instant as buttons write it."""
    try:
        return datetime.fromisoformat(text.upper()) if _EXACT.fullmatch(text) else None
    except ValueError:
        return None


def _days_until(day: str, today: datetime) -> int:
    if day in WEEKDAY_NAMES:
        return (WEEKDAY_NAMES.index(day) - today.weekday() - 1) % 7 + 1
    return 0 if day == "today" or today.time() < _NIGHT_IS_OVER else 1


_MOST_WORDS = 6
"""That an end is of."""


def end_among(words: Sequence[str], now: datetime, zone: ZoneInfo) -> tuple[Sequence[str], str]:
    """The last or first words if they are an end, and the words without them."""
    for count in range(min(len(words), _MOST_WORDS), 0, -1):
        for taken, rest in (
            (words[-count:], words[:-count]),
            (words[:count], words[count:]),
        ):
            end = " ".join(taken)
            if read_end(end, now, zone) is not None:
                return rest, end
    return words, ""
