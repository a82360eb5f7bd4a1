"""What becomes of one thing at one endpoint, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.rules import Rule


class Course(StrEnum):
    SEND = "send"
    """Nothing speaks against it: with a sound if it is bad."""
    RING = "ring"
    """Sent, with a sound."""
    SILENT = "silent"
    """Sent, without a sound."""
    HOLD = "hold"
    """Kept, for later."""
    DROP = "drop"


class Why(StrEnum):
    """What a decision about a new alert rests on; `bot.texts.why` has the words."""

    LOUDNESS = "loudness"
    """As loud as it is bad: nothing else was said."""
    CRITICAL = "critical"
    OFF_WATCH = "off_watch"
    """Critical, and somebody else is rung for it."""
    RULE = "rule"
    BELOW_THRESHOLD = "below_threshold"
    QUIET_HOURS = "quiet_hours"
    MUTED = "muted"
    TOO_MILD = "too_mild"
    """The endpoint is told less than that, as phones are."""
    NOT_FOR_FOLLOWERS = "not_for_followers"
    KNOWN_THERE = "known_there"
    RECOVERY = "recovery"
    """What it ends has rung: whoever was woken hears that it is over."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one thing at one endpoint.

    `until` says when what is held is looked at again, where that is known, and before when what is
    sent does not leave; `rule` is the one that decided, if one did.
    """

    course: Course
    reason: str = ""
    until: datetime | None = None
    rule: Rule | None = None


SEND = Decision(Course.SEND)
"""Nothing speaks against it."""
