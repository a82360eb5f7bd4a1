"""What goes wrong and somebody must see: one incident, however many alerts tell of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.drills import Drill
from bot.domain.ids import AccountId

SAME_AGAIN = timedelta(minutes=10)
"""What happens again so soon after somebody has seen it is what they have seen; later it counts as
unseen again."""

HOLDS = ("30 min", "2 h", "until 8:00")
"""How long somebody may have it who says so, as it is offered; they may type anything else."""

HOLD_FOR = "2 h"
"""The same where it cannot be asked: on a lock screen."""

LONGEST_HOLD = timedelta(days=1)
"""Whoever has it for longer has forgotten it."""


class Cause(StrEnum):
    FAILED = "failed"
    STOPPED = "stopped"
    LIQUIDATION = "liquidation"
    STOP_FAILED = "stop_failed"
    ERROR = "error"
    LOGIN = "login"
    UNREACHABLE = "unreachable"
    GUARD = "guard"
    DRILL = "drill"
    """Nothing is wrong: somebody tries whether alerts are seen."""
    WENT_LIVE = "went live"
    """A bot trades real money that traded on paper."""


ENDED_BY_RUNNING = frozenset({Cause.FAILED, Cause.STOPPED, Cause.ERROR})
"""What is over once the bot runs again, or somebody has stopped or deleted it. Money that is lost
stays so: that is for a person to see."""


class IncidentState(StrEnum):
    OPEN = "open"
    """Nobody has seen it."""
    SEEN = "seen"
    HELD = "held"
    """Somebody has it, until a time that they said."""
    SOLVED = "solved"


def incident_key(cause: Cause, of: str) -> str:
    """By what an unsolved incident of an account is one: a bot that fails and then stops is one."""
    return f"{Cause.FAILED if cause is Cause.STOPPED else cause} {of}".rstrip()


def of_key(key: str) -> str:
    """What an incident of that key is of."""
    return key.partition(" ")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A fact that must be seen.

    Attributes:
        of: the bot's id, or the guard's; empty where it is of neither.
        called: the bot, as it is told; of foreign origin, and cleaned.
        drill: how it is held, if it is one.
    """

    cause: Cause
    of: str = ""
    called: str = ""
    drill: Drill | None = None

    @property
    def key(self) -> str:
        return incident_key(self.cause, self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solving:
    """A fact by which incidents are over."""

    causes: frozenset[Cause]
    of: str = ""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(incident_key(cause, self.of) for cause in self.causes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """
    Attributes:
        of: the bot's id, or the guard's; empty where it is of neither.
        since: from when on its chain counts: when it was opened, or opened again.
        done: how far that has come; less than nothing before anybody was told that it is open
            again.
        due_at: when it goes on; `None` if it does not.
        held_until: as whoever had it last said.
    """

    id: int
    account: AccountId
    cause: Cause
    of: str = ""
    called: str
    state: IncidentState
    opened_at: datetime
    last_at: datetime
    count: int
    since: datetime
    done: timedelta
    due_at: datetime | None = None
    held_until: datetime | None = None
