"""When reports come by themselves: each day or each week, by a person's clock. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.spoken_times import WEEKDAY_NAMES, read_clock
from bot.domain.timetables import DAY, at_clock

USUAL = time(8)


class Rhythm(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def span(self) -> timedelta:
        return DAY if self is Rhythm.DAILY else 7 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlan:
    """
    Attributes:
        weekday: of a weekly one, from Monday, 0.
        only_news: silence where nothing happened, instead of a line that says so.
    """

    rhythm: Rhythm
    at: time
    weekday: int = 0
    only_news: bool = False


@dataclass(frozen=True, slots=True)
class ToldUpTo:
    """How far the reports of a rhythm have come.

    Attributes:
        day: after which the next one comes, by the person's clock.
        until: the instant at which the last one ended, and the next one begins.
    """

    day: date
    until: datetime


def with_plan(plans: Sequence[ReportPlan], plan: ReportPlan) -> tuple[ReportPlan, ...]:
    """There is one of each rhythm."""
    return (*without(plans, plan.rhythm), plan)


def without(plans: Sequence[ReportPlan], rhythm: Rhythm) -> tuple[ReportPlan, ...]:
    return tuple(one for one in plans if one.rhythm is not rhythm)


def last_day(plan: ReportPlan, until: datetime, zone: ZoneInfo) -> date:
    """The last day on which it was due, or is now."""
    day = until.astimezone(zone).date()
    while not _comes_on(plan, day) or at_clock(day, plan.at, zone) > until:
        day -= DAY
    return day


def due_up_to(plan: ReportPlan, told: ToldUpTo, now: datetime, zone: ZoneInfo) -> ToldUpTo | None:
    """How far it is told with the report that is due now; `None` if none is."""
    day = last_day(plan, now, zone)
    return ToldUpTo(day, at_clock(day, plan.at, zone)) if day >= next_day(plan, told) else None


def next_day(plan: ReportPlan, told: ToldUpTo) -> date:
    """The first day on which it is due then."""
    day = told.day + DAY
    while not _comes_on(plan, day):
        day += DAY
    return day


def _comes_on(plan: ReportPlan, day: date) -> bool:
    return plan.rhythm is Rhythm.DAILY or day.weekday() == plan.weekday


def told_by(
    before: Sequence[ReportPlan],
    plans: Sequence[ReportPlan],
    told: Mapping[Rhythm, ToldUpTo],
    now: datetime,
    zone: ZoneInfo,
    *,
    moved: bool = False,
) -> Mapping[Rhythm, ToldUpTo]:
    """How far each is told once plans or the zone are others.

    What would have been due already comes with the next one. Of a new plan that begins when it
    would last have been due; else no hour is left out, and none told twice.

    Args:
        before: the plans until now.
        moved: whether the zone is another: somebody who travels is told each day once.
    """
    planned = {plan.rhythm: plan for plan in before}
    found = dict(told)
    for plan in plans:
        old, last = planned.get(plan.rhythm), told.get(plan.rhythm)
        passed = last_day(plan, now if last is None else max(now, last.until), zone)
        if old is None or last is None:
            due = at_clock(passed, plan.at, zone)
            found[plan.rhythm] = ToldUpTo(passed, due if last is None else max(last.until, due))
        elif (plan.at, plan.weekday) != (old.at, old.weekday):
            found[plan.rhythm] = replace(last, day=passed)
        elif moved:
            found[plan.rhythm] = replace(last, day=max(last.day, passed))
    return found


def next_due(
    plans: Sequence[ReportPlan], told: Mapping[Rhythm, ToldUpTo], zone: ZoneInfo
) -> datetime | None:
    """When the next of them is due; `None` if there are none."""
    dues = (
        at_clock(next_day(plan, told[plan.rhythm]), plan.at, zone)
        for plan in plans
        if plan.rhythm in told
    )
    return min(dues, default=None)


# --- as people write them -------------------------------------------------------------------------

_NEWS = re.compile(r" (?:only )?if (?:any|some)thing(?: happen(?:s|ed))?$")

IF_ANYTHING = "if anything happened"


def read_plan(text: str) -> ReportPlan | None:
    """'daily 08:00', 'weekly mon 9', 'friday 18:00', 'daily 8 if anything happened'."""
    words = " ".join(text.lower().split())
    only_news = _NEWS.search(words)
    if only_news:
        words = words[: only_news.start()]
    rest = words.split()
    rhythm, weekday = None, None
    if rest[:1] in (["every"], ["each"]) and rest[1:2] in (["day"], ["week"]):
        rest = ["daily" if rest[1] == "day" else "weekly", *rest[2:]]
    if rest and rest[0] in tuple(Rhythm):
        rhythm, rest = Rhythm(rest[0]), rest[1:]
    if rest and rest[0] in ("every", "each", "on"):
        rest = rest[1:]
    if rest and (found := _weekday(rest[0])) is not None:
        weekday, rest = found, rest[1:]
    if rest and rest[0] == "at":
        rest = rest[1:]
    at = read_clock(" ".join(rest)) if rest else USUAL
    if at is None or (rhythm is None and weekday is None):
        return None
    if rhythm is Rhythm.DAILY and weekday is not None:
        return None
    return ReportPlan(
        rhythm=rhythm or Rhythm.WEEKLY,
        at=at,
        weekday=weekday or 0,
        only_news=only_news is not None,
    )


def _weekday(word: str) -> int | None:
    if len(word) < 3:
        return None
    found = [at for at, name in enumerate(WEEKDAY_NAMES) if name.startswith(word.rstrip("s"))]
    return found[0] if found else None


def plan_written(plan: ReportPlan) -> str:
    """'daily 08:00', 'weekly monday 09:00 if anything happened'."""
    day = f" {WEEKDAY_NAMES[plan.weekday]}" if plan.rhythm is Rhythm.WEEKLY else ""
    return f"{plan.rhythm}{day} {plan.at:%H:%M}{f' {IF_ANYTHING}' if plan.only_news else ''}"
