"""What time it is on the platform, as its answers tell."""

from asyncio import get_running_loop
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.domain.ids import Now


class PlatformClock:
    """The latest `Date` of an answer, and what the event loop has counted since.

    So it is moved by no step of our own clock, which counts only until the first answer.
    """

    def __init__(self, now: Now) -> None:
        self._now = now
        self._told: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        if self._told is None:
            return self._now()
        date, at = self._told
        return date + timedelta(seconds=get_running_loop().time() - at)

    def hear(self, date: str | None) -> None:
        """Take the `Date` of an answer; one that is missing or no date changes nothing.

        Source: RFC 9110, section 6.6.1
        """
        if date is None:
            return
        try:
            told = parsedate_to_datetime(date)
        except ValueError:
            return
        told = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
        self._told = told, get_running_loop().time()
