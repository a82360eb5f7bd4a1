"""What really changed between two sightings of a bot or a strategy.

`patched` means any change, and most are not worth a word (`platform.md` 6.7).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TypeVar

from bot.domain.events import Strategy, Trader
from bot.domain.grading import URGENT, of_words
from bot.domain.text import folded

_FAILED = frozenset({"error", "errored", "failed", "failure", "crashed", "dead", "died"})
_RUNNING = frozenset(
    {
        *("running", "started", "active", "online", "live", "healthy", "up", "trading"),
        *("enabled", "on", "yes", "true", "1"),
    }
)
_STOPPED = frozenset(
    {
        *("stopped", "paused", "inactive", "stopping", "pausing"),
        *("disabled", "off", "no", "false", "0"),
        *("stopped by user", "paused by user"),
    }
)
_PASSING = frozenset(
    {
        "starting",
        "starting up",
        "restarting",
        "resuming",
        "reloading",
        "reload config",
        "pending",
        "initializing",
        "initialising",
        "creating",
        "updating",
    }
)
"""On the way to another state, which comes by itself."""

_AS_RUNNING = re.compile(
    r"(?:running|up|active|online|live)(?: (?:for |about )*(?:an?|\d+) ?[a-z]+)?"
    r"(?: \((?:running|healthy)\))?"
)
"""As containers and services say it: 'Up 3 hours (healthy)', 'active (running)'."""

_GOOD_MARKS = (
    " .!*\u2022\u25b6\u25cf\u2611\u2705\u2713\u2714\U0001f3c3\U0001f49a\U0001f680\U0001f7e2"
)
"""What may stand around the word of a bot that is well; any other mark may mean the opposite."""

SWITCHED_OFF = "running, but switched off"
"""A status that says one thing, beside a `running` that says the other."""


class Change(StrEnum):
    CREATED = "created"
    REMOVED = "removed"
    STARTED = "started"
    STOPPED = "stopped"
    FAILED = "failed"
    WENT_LIVE = "went live"
    """From paper money to real money."""
    WENT_DRY = "went dry"
    RENAMED = "renamed"
    RESTRATEGISED = "has another strategy"
    LOST = "no longer says that it runs"
    """Its status is a word that nobody knows, and it was not stopped before."""
    PASSING = "is changing"
    OTHER_STATUS = "has another status"
    CONFIGURED = "configured"
    EDITED = "edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a bot is doing, from whichever field says it best (`platform.md` 6.6)."""

    word: str
    running: bool | None
    failed: bool = False
    known: bool = True
    """Whether the word is one of those that say how a bot is doing."""
    passing: bool = False
    """On the way to another state."""


def condition(trader: Trader) -> Condition:
    """`status` if there is one, else `running`; an unknown word is given as it is."""
    if trader.status:
        word = _plain(trader.status)
        if word in _FAILED:
            return Condition(word=word, running=False, failed=True)
        if _says_running(word):
            if trader.running is False:
                return Condition(word=SWITCHED_OFF, running=None)
            return Condition(word="running", running=True)
        if word in _STOPPED:
            says = word.startswith(("stop", "paus", "inactive"))
            return Condition(word=word if says else "stopped", running=False)
        if word in _PASSING:
            return Condition(word=word, running=None, passing=True)
        # What `running` says is what was asked for: a killed bot may well still have it.
        return Condition(word=trader.status, running=None, known=False)
    if trader.running is None:
        return Condition(word="unknown", running=None)
    return Condition(word="running" if trader.running else "stopped", running=trader.running)


def _plain(status: str) -> str:
    word = " ".join(folded(status).replace("_", " ").strip(_GOOD_MARKS).split())
    return word.removeprefix("currently ").removeprefix("is ")


def _says_running(word: str) -> bool:
    return word in _RUNNING or _AS_RUNNING.fullmatch(word) is not None


def first_to_believe(words: Sequence[str]) -> str | None:
    """Of several words for the state of one bot, the first that says that it does not run.

    One of them may be about the record, or about what was asked for: bad news is the truth.
    """
    plain = [_plain(word) for word in words]
    ended = (
        word
        for word, one in zip(words, plain, strict=True)
        if one in _FAILED or one in _STOPPED or of_words(one) is URGENT
    )
    return next(ended, words[0] if words else None)


_Record = TypeVar("_Record", Trader, Strategy)


def merged(before: _Record | None, now: _Record) -> _Record:
    """The newer sighting, with what it leaves out taken from the older one."""
    if before is None:
        return now
    if isinstance(now, Trader) and (now.running is None) != (now.status is None):
        # One of the two says how it is now; the other one's old word would contradict it.
        before = replace(before, running=None, status=None)
    missing = {
        entry.name: getattr(before, entry.name)
        for entry in fields(now)
        if getattr(now, entry.name) is None
    }
    return replace(now, **missing)


def trader_changes(before: Trader | None, now: Trader) -> tuple[Change, ...]:
    """What to tell, most important first; empty if nothing is worth it."""
    if before is None:
        return (Change.CREATED,)
    found = []
    was, is_now = condition(before), condition(now)
    if is_now.failed and not was.failed:
        found.append(Change.FAILED)
    elif is_now.running is True and was.running is not True:
        found.append(Change.STARTED)
    elif is_now.running is False and not is_now.failed and (was.failed or was.running is not False):
        found.append(Change.STOPPED)
    elif folded(is_now.word) != folded(was.word):
        found.append(_other_word(was, is_now))
    if before.dry_run is not None and now.dry_run is not None and before.dry_run != now.dry_run:
        found.append(Change.WENT_DRY if now.dry_run else Change.WENT_LIVE)
    if before.strategy and now.strategy and before.strategy != now.strategy:
        found.append(Change.RESTRATEGISED)
    if before.name and now.name and before.name != now.name:
        found.append(Change.RENAMED)
    return tuple(found)


def is_in_a_bad_way(how: Condition) -> bool:
    """Whether a bot that is seen for the first time is worth a sound."""
    return how.failed or (not how.known and of_words(how.word) is URGENT)


_ABOUT_MONEY = re.compile(
    "liquidat|margin|bankrupt|suspend|bann|block|frozen|revok|insufficient|unauthori|compromis"
)


def is_about_money(word: str) -> bool:
    """Whether a state is bad news for a bot that has been stopped, too."""
    return _ABOUT_MONEY.search(_plain(word)) is not None


def _other_word(was: Condition, is_now: Condition) -> Change:
    if not is_now.known and was.running is not False:
        return Change.LOST
    if is_now.passing:
        return Change.PASSING
    return Change.OTHER_STATUS


def strategy_changes(before: Strategy | None, now: Strategy) -> tuple[Change, ...]:
    """As `trader_changes`, for a strategy."""
    if before is None:
        return (Change.CREATED,)
    found = []
    if now.configured and before.configured is False:
        found.append(Change.CONFIGURED)
    if before.name and now.name and before.name != now.name:
        found.append(Change.RENAMED)
    if (before.type, before.pair, before.interval) != (now.type, now.pair, now.interval):
        found.append(Change.EDITED)
    return tuple(found)
