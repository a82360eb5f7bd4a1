"""Chains as people write them: 'phone at once, again after 6 loud, then Discord after 10'; and
when somebody is on watch: 'watch 8:00-23:00 weekdays, else chat 2', 'second chat 2'; and until
when they have it: 'until 03:00'.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.chats import Watch
from bot.domain.escalation import DEFAULT_CHAIN, LONGEST, MOST_STEPS, Chain, Step, Surface
from bot.domain.ids import LinkId
from bot.domain.incidents import LONGEST_HOLD
from bot.domain.rules import Quiet
from bot.domain.spoken_times import (
    Days,
    QuietChange,
    is_endless,
    quiet_with,
    quiet_written,
    read_end,
    read_quiet,
    read_span,
    span_written,
)
from bot.domain.text import folded


class ChainProblem(StrEnum):
    """Why something is not understood."""

    STEP = "step"
    """It says not who is told after how long."""
    WHO = "who"
    """No linked chat is called so."""
    WHICH = "which"
    """Several are."""
    TIME = "time"
    """Sooner than a minute, or later than `LONGEST`; of whom cannot be told at once."""
    TOO_MANY = "too many"
    HOURS = "hours"
    """From when to when somebody is on watch."""
    OWN = "own"
    """Nobody stands in for themselves."""


Named = Mapping[LinkId, Sequence[str]]
"""What each linked chat may be called."""

_OFF = frozenset({"off", "never", "none", "stop", "nobody"})
_USUAL = frozenset({"on", "default", "usual", "as usual", "reset"})
_PHONES = frozenset({"phone", "phones", "my phone", "mobile", "push", "call"})
_CHATS = frozenset({"chats", "all chats", "chat", "all", "everywhere", "here"})
_SECONDS = frozenset({"second", "second person", "substitute", "my second", "the second"})
_AGAIN = frozenset({"again", "the same", "and again", "once more"})
_BETWEEN = re.compile(r"\s*(?:,|;|\bthen\b)\s*", re.IGNORECASE)
_STEP = re.compile(
    r"(?P<who>.+?)\s+(?:(?P<now>at once|right away|immediately|now)"
    r"|(?:after|in|at|\+)\s+(?P<span>\d.*?))(?P<loud>\s+loud(?:ly)?)?",
    re.IGNORECASE,
)
_LOUD = re.compile(r"\bloud(?:ly)?\b", re.IGNORECASE)
_SOONEST = timedelta(minutes=1)


def read_chain(text: str, named: Named) -> Chain | ChainProblem:
    """
    Args:
        named: the account's chats.
    """
    plain = folded(text).strip(" .!")
    if plain in _OFF:
        return replace(DEFAULT_CHAIN, on=False)
    if plain in _USUAL:
        return DEFAULT_CHAIN
    steps: list[Step] = []
    before: Step | None = None
    for part in filter(None, _BETWEEN.split(text)):
        step = _read_step(part, before, named)
        if isinstance(step, ChainProblem):
            return step
        before = step
        if step.after or step.to is Surface.PHONE:  # chats hear it at once in any case
            steps.append(step)
    if not steps:
        return ChainProblem.STEP
    if len(steps) > MOST_STEPS:
        return ChainProblem.TOO_MANY
    return Chain(steps=tuple(sorted(steps, key=lambda step: step.after)))


def _read_step(text: str, before: Step | None, named: Named) -> Step | ChainProblem:
    found = _STEP.fullmatch(text.strip(" ."))
    if found is None:
        return ChainProblem.STEP
    loud = found["loud"] is not None or _LOUD.search(found["who"]) is not None
    who = folded(_LOUD.sub(" ", found["who"])).strip(" :")
    span = timedelta(0) if found["now"] else _span(found["span"].strip())
    if span is None or (not span and who in _AGAIN | _SECONDS):
        return ChainProblem.TIME
    if who in _AGAIN:
        return ChainProblem.STEP if before is None else replace(before, after=span, loud=loud)
    if who in _PHONES:
        return Step(after=span, to=Surface.PHONE, loud=loud)
    if who in _CHATS:
        return Step(after=span, to=Surface.CHATS, loud=loud)
    if who in _SECONDS:
        return Step(after=span, to=Surface.SECOND, loud=loud)
    link = _called(who, named)
    if isinstance(link, ChainProblem):
        return link
    return Step(after=span, to=Surface.CHAT, loud=loud, link=link)


def _span(said: str) -> timedelta | None:
    span = read_span(f"{said} min" if said.isdigit() else said)
    return span if span is not None and _SOONEST <= span <= LONGEST else None


def _called(who: str, named: Named) -> LinkId | ChainProblem:
    fitting = [id for id, names in named.items() if who in map(folded, names)]
    if len(fitting) != 1:
        return ChainProblem.WHICH if fitting else ChainProblem.WHO
    return fitting[0]


def chain_written(chain: Chain) -> str:
    """As `read_chain` understands it, where chats may be called by their ids."""
    if not chain.on:
        return "off"
    if chain == DEFAULT_CHAIN:
        return "default"
    return ", ".join(
        f"{step.link or _WRITTEN[step.to]} {_after(step)}{' loud' if step.loud else ''}"
        for step in chain.steps
    )


def _after(step: Step) -> str:
    return f"after {span_written(step.after)}" if step.after else "at once"


_WRITTEN = {Surface.PHONE: "phone", Surface.CHATS: "chats", Surface.SECOND: "second"}


# --- who is on watch ------------------------------------------------------------------------------

_WATCH = re.compile(r"(?:my |on[ -]?)?watch\b[\s:]*(?P<hours>.*)", re.IGNORECASE | re.DOTALL)
_SECOND = re.compile(r"(?:my )?(?:second(?: person)?|substitute)\b[\s:]*(?P<who>.*)", re.IGNORECASE)
_ELSE = re.compile(
    r"[\s,;]*\b(?:or )?(?:else|otherwise|substitute|outside(?: of (?:it|that))?)\b[\s:,]*", re.I
)
_ALWAYS = frozenset({"always", "off", "any time", "day and night", "all day", "0-24"})
_NOBODY = frozenset({"", "nobody", "no one", "none", "off", "never"})


def is_watch(text: str) -> bool:
    """Whether it is about who is on watch; anything else is about the chain."""
    said = text.strip(" .!")
    if _WATCH.fullmatch(said):
        return True
    return _SECOND.fullmatch(said) is not None and _STEP.search(said) is None


def read_watch(text: str, named: Named, before: Watch) -> Watch | ChainProblem:
    """How somebody is on watch once they have said that; see `is_watch`."""
    said = text.strip(" .!")
    on_watch = _WATCH.fullmatch(said)
    if on_watch is None:
        second = _SECOND.fullmatch(said)
        assert second is not None, "it is about that"
        return _with_second(before, second["who"], named)
    hours, *rest = _ELSE.split(on_watch["hours"], maxsplit=1)
    changed = _with_hours(before, hours) if hours.strip() or not rest else before
    if isinstance(changed, ChainProblem) or not rest:
        return changed
    return _with_second(changed, rest[0], named)


def _with_hours(before: Watch, text: str) -> Watch | ChainProblem:
    if folded(text).strip(" .,") in _ALWAYS:
        return replace(before, hours=None)
    changes = read_quiet(text)
    hours = None if changes is None else quiet_with(None, changes)
    if hours is None:
        return ChainProblem.HOURS
    return replace(before, hours=None if is_endless(hours) else hours)


def _with_second(before: Watch, text: str, named: Named) -> Watch | ChainProblem:
    who = folded(text).strip(" .,:")
    if who in _NOBODY:
        return replace(before, second=None)
    found = _called(who, named)
    return found if isinstance(found, ChainProblem) else replace(before, second=found)


def watch_written(watch: Watch) -> str:
    """As `read_watch` understands it, where chats may be called by their ids."""
    return f"watch {hours_of_watch(watch.hours)}, else {watch.second or 'nobody'}"


def hours_of_watch(hours: Quiet | None) -> str:
    """'every day 08:00-23:00', 'weekdays 08:00-23:00, weekends off', 'always'."""
    if hours is None:
        return "always"
    if hours.weekdays == hours.weekend:
        return quiet_written(QuietChange(Days.ALL, hours.weekdays))
    days = {Days.WEEKDAYS: hours.weekdays, Days.WEEKENDS: hours.weekend}
    return ", ".join(quiet_written(QuietChange(day, its)) for day, its in days.items())


# --- who has it ----------------------------------------------------------------------------------


def read_hold(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Until when somebody has it who says '2h', 'until 03:00' or '3am'; `None` if that is no end,
    or too far away.
    """
    end = read_end(text, now, zone) or read_end(f"until {text}", now, zone)
    return None if end is None or end > now + LONGEST_HOLD else end
