"""What a day or a week has come to, for one chat: a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.chats import Link
from bot.domain.events import Trader
from bot.domain.figures import Record
from bot.domain.ids import TraderId
from bot.domain.nights import Night, Spell, SpellKind
from bot.domain.report_plans import ReportPlan, Rhythm
from bot.domain.uptimes import Uptime

LATE_FROM = timedelta(minutes=5)
"""From then on it says that it is late."""

LONGEST = timedelta(days=31)
"""However long Tradebell was down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReport:
    """
    Attributes:
        day: on which it is due, by the person's clock.
        since: when the last one ended, so that nothing is told by none of them.
        until: when this one is due, and ends.
    """

    link: Link
    plan: ReportPlan
    day: date
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """
    Attributes:
        night: what happened in it and whether all was heard, since the chat was linked at most.
        record: what was earned in it.
        bots: as they are now.
        away: since when the platform is; `None` if it is not.
        due_at: when it was to be told, if nobody has asked just now.
    """

    rhythm: Rhythm
    since: datetime
    until: datetime
    night: Night
    record: Record
    bots: Sequence[Trader]
    uptimes: Mapping[TraderId, Uptime]
    away: datetime | None = None
    due_at: datetime | None = None

    @property
    def is_calm(self) -> bool:
        return self.night.is_calm and not self.record.trades

    @property
    def heard(self) -> timedelta:
        """For how long what happens could be heard, of the time since `night.since`."""
        lost = timedelta()
        end = self.night.since
        for spell in sorted(self.silences, key=lambda one: one.since):
            start = max(spell.since, end)
            stop = min(spell.until or self.until, self.until)
            lost += max(timedelta(), stop - start)
            end = max(end, stop)
        return self.until - self.night.since - lost

    @property
    def silences(self) -> Sequence[Spell]:
        """In which nothing could be heard."""
        return [one for one in self.night.spells if one.what is not SpellKind.POLLING]
