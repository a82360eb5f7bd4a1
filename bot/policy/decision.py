"""What becomes of one thing at one endpoint: the first stage that has a say decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar


class Course(StrEnum):
    SEND = "send"
    SILENT = "silent"
    """Sent, without a sound."""
    HOLD = "hold"
    """Kept, for later."""
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Decision:
    """`until` says when what is held is looked at again, where that is known."""

    course: Course
    reason: str = ""
    until: datetime | None = None


SEND = Decision(Course.SEND)
"""Nothing speaks against it."""

T = TypeVar("T")

Stage = Callable[[T], Decision | None]
"""Decides, or leaves it to the next with `None`. Pure."""


def decided(stages: Sequence[Stage[T]], about: T) -> Decision:
    """What the first stage says that says anything."""
    for stage in stages:
        decision = stage(about)
        if decision is not None:
            return decision
    return SEND
