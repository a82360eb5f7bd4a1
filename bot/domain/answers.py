"""What the platform has answered before: shown, with its age, while it gives nothing newer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT_FOR = timedelta(days=7)
"""What is older says too little of now."""

MOST_KEPT = 50
"""Of an account: those that were given longest ago go first."""

LONGEST = 100_000
"""Characters of one, as it is stored; a longer one is not kept."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """`as_of` is when it was given; `None`: just now."""

    value: T
    as_of: datetime | None = None
