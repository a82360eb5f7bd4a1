"""Quiet hours and digests by the clock of a person: where summer time begins and ends, too."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.rules import Every, Hours, Quiet

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

_SATURDAY = 5

_CHAINED = 8
"""Quiet hours that follow each other without a break: more are none, but a life without bells."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name; UTC if there is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def at_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant at which clocks there show that time; of two, the first.

    Where clocks skip it, as long after the skip as it is after the last time that there is.
    """
    utc = ZoneInfo("UTC")
    return datetime.combine(day, clock, zone).astimezone(utc)


def day_began(at: datetime, zone: ZoneInfo) -> datetime:
    """When the day began there that an instant is in."""
    return at_clock(at.astimezone(zone).date(), time(), zone)


def quiet_until(at: datetime, quiet: Quiet | None, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end that an instant is in; `None` if it is in none."""
    until = _end_of_hours(at, quiet, zone)
    for _ in range(_CHAINED):
        later = None if until is None else _end_of_hours(until, quiet, zone)
        if later is None:
            break
        until = later
    return until


def _end_of_hours(at: datetime, quiet: Quiet | None, zone: ZoneInfo) -> datetime | None:
    if quiet is None:
        return None
    today = at.astimezone(zone).date()
    ends = []
    for day in (today - DAY, today):
        hours = quiet.weekend if day.weekday() >= _SATURDAY else quiet.weekdays
        if hours is not None:
            start, end = _span(day, hours, zone)
            if start <= at < end:
                ends.append(end)
    return max(ends, default=None)


def _span(day: date, hours: Hours, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last = day if hours.end > hours.start else day + DAY
    return at_clock(day, hours.start, zone), at_clock(last, hours.end, zone)


def next_digest(
    at: datetime, every: Every, daily_at: time, quiet: Quiet | None, zone: ZoneInfo
) -> datetime:
    """When the digest comes that tells of what happens now: never in quiet hours."""
    if every is Every.DAY:
        due = _next_daily(at, daily_at, zone)
    else:
        local = at.astimezone(zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        due = at - past + HOUR
        while every is Every.FOUR_HOURS and due.astimezone(zone).hour % 4:
            due += HOUR
    return quiet_until(due, quiet, zone) or due


def _next_daily(at: datetime, daily_at: time, zone: ZoneInfo) -> datetime:
    today = at.astimezone(zone).date()
    return next(
        due
        for day in (today, today + DAY, today + 2 * DAY)
        if (due := at_clock(day, daily_at, zone)) > at
    )
