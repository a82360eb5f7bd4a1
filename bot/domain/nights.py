"""What a night has come to: what happened, what rang, who saw it, and whether all was heard."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.chats import Channel
from bot.domain.incidents import Incident
from bot.domain.timetables import DAY, at_clock

EVENING = time(22)
"""From when on a night counts, by the person's clock, if nothing else is said."""

LATE_FROM = timedelta(minutes=5)
"""From then on it says that it is late."""

LATE_FOR = timedelta(hours=4)
"""Later it is not worth telling: the next morning tells of the next night."""

LONGEST = timedelta(days=7)


class Fate(StrEnum):
    """What became of an event in one chat."""

    TOLD = "told"
    """With a sound."""
    QUIET = "quiet"
    TOGETHER = "together"
    """In another's message, or it waits for a digest."""
    OPEN = "open"
    """On its way."""
    LOST = "lost"
    """Not shown: `/missed` says why."""
    OFF = "off"
    """A rule or the chat's own wish keeps it away."""
    KNOWN = "known"
    """Another record has told it, or it is not for this chat."""


class SpellKind(StrEnum):
    DOWN = "down"
    POLLING = "polling"
    TRADEBELL = "was down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Something that kept events from being heard; without `until` no word came of its end."""

    what: SpellKind
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    at: datetime
    on: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOfNight:
    """
    Attributes:
        steps: those that told it again.
        seen: by whom first, and each place after.
    """

    incident: Incident
    steps: tuple[StepTaken, ...]
    seen: tuple[StepTaken, ...]
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """
    Attributes:
        events: that were heard of the platform.
        fates: how many of them came to what.
        due_at: when it was to be told, if nobody has asked just now.
    """

    since: datetime
    until: datetime
    events: int
    fates: Mapping[Fate, int]
    incidents: tuple[IncidentOfNight, ...] = ()
    spells: tuple[Spell, ...] = ()
    due_at: datetime | None = None

    @property
    def unaccounted(self) -> int:
        """Events of which nobody knows what became, or more told than happened: never hidden."""
        return self.events - sum(self.fates.values())

    @property
    def is_calm(self) -> bool:
        return not (self.events or self.incidents or self.spells or self.unaccounted)


def evening_before(at: datetime, zone: ZoneInfo) -> datetime:
    """When the night began that an instant is in or after."""
    today = at.astimezone(zone).date()
    return next(
        began for day in (today, today - DAY) if (began := at_clock(day, EVENING, zone)) < at
    )


def next_morning(
    after: datetime, at: time, zone: ZoneInfo, told: date | None
) -> tuple[datetime, date]:
    """When the next night is told, and of which day that is.

    Args:
        told: the last day that was; each is told once, whatever zone somebody travels to.
    """
    day = after.astimezone(zone).date()
    while at_clock(day, at, zone) <= after or (told is not None and day <= told):
        day += DAY
    return at_clock(day, at, zone), day
