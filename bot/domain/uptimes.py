"""For how much of a time bots ran, by what was heard of their changes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.changes import condition
from bot.domain.events import Trader
from bot.domain.ids import TraderId


class Doing(StrEnum):
    """What a bot did, as far as it said."""

    RUNNING = "running"
    RESTING = "not running"
    UNCLEAR = "unclear"
    NOT_THERE = "not there"


def doing(trader: Trader | None) -> Doing:
    if trader is None:
        return Doing.NOT_THERE
    running = condition(trader).running
    if running is None:
        return Doing.UNCLEAR
    return Doing.RUNNING if running else Doing.RESTING


_TO = " > "


def turn_written(before: Trader | None, now: Trader | None) -> str:
    """How it is stored with the fact that a bot has changed: 'running > not running'."""
    return f"{doing(before)}{_TO}{doing(now)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A change of a bot. Of one that is not known `was` and `is_now` are unclear."""

    at: datetime
    was: Doing
    is_now: Doing


def read_turn(at: datetime, written: str) -> Turn:
    was, _, is_now = written.partition(_TO)
    if was not in tuple(Doing) or is_now not in tuple(Doing):
        return Turn(at=at, was=Doing.UNCLEAR, is_now=Doing.UNCLEAR)
    return Turn(at=at, was=Doing(was), is_now=Doing(is_now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """For how long a bot ran, of the time for which that is known."""

    ran: timedelta
    known: timedelta


def uptimes(
    bots: Iterable[Trader],
    turns: Mapping[TraderId, Sequence[Turn]],
    since: datetime,
    until: datetime,
) -> Mapping[TraderId, Uptime]:
    """Of each bot of which anything is known.

    Args:
        turns: since then up to now, oldest first.
    """
    now = {bot.id: doing(bot) for bot in bots}
    found = {}
    for bot in {**now, **turns}:
        spent = _spent(turns.get(bot, ()), now.get(bot, Doing.NOT_THERE), since, until)
        ran = spent.get(Doing.RUNNING, timedelta())
        known = ran + spent.get(Doing.RESTING, timedelta())
        if known:
            found[bot] = Uptime(ran=ran, known=known)
    return found


def _spent(
    turns: Sequence[Turn], now: Doing, since: datetime, until: datetime
) -> Mapping[Doing, timedelta]:
    """How much of a time a bot spent with what; before a change it is what that says it was."""
    spent: dict[Doing, timedelta] = {}
    began = since
    for turn in turns:
        ended = min(max(turn.at, began), until)
        spent[turn.was] = spent.get(turn.was, timedelta()) + (ended - began)
        began = ended
    last = turns[-1].is_now if turns else now
    spent[last] = spent.get(last, timedelta()) + (until - began)
    return spent
