"""How long to wait after failures: ever longer, up to a ceiling, and not everybody as long."""

import math
import random
from dataclasses import dataclass
from datetime import timedelta

FULL_JITTER = (0.0, 1.0)
"""Whoever failed together comes back spread over the whole wait.

Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The waits between attempts that fail one after the other.

    Attributes:
        first: the wait after the first failure.
        ceiling: what the waits grow to.
        between: the waits from the first to the ceiling; without, each is twice the one before.
        jitter: the least and the greatest part of a wait that chance makes of it.
    """

    first: timedelta
    ceiling: timedelta
    between: tuple[timedelta, ...] = ()
    jitter: tuple[float, float] = FULL_JITTER

    def __post_init__(self) -> None:
        steps = (self.first, *self.between, self.ceiling)
        if self.first <= timedelta(0) or list(steps) != sorted(steps):
            raise ValueError("waits begin above nothing, and never shrink")

    def wait(
        self, failures: int, chance: random.Random, asked: timedelta | None = None
    ) -> timedelta:
        """The wait after so many failures, as chance has it.

        Args:
            failures: in a row, the last one included; fewer than one count as one.
            asked: how long the other side wants us to wait; it is never shortened.
        """
        return max(self.step(failures) * chance.uniform(*self.jitter), asked or timedelta(0))

    def step(self, failures: int) -> timedelta:
        """The same without chance, for who is alone in waiting."""
        before = max(failures, 1) - 1
        if self.between:
            steps = (self.first, *self.between, self.ceiling)
            return steps[min(before, len(steps) - 1)]
        enough = math.ceil(self.ceiling / self.first).bit_length()
        return min(self.first * (1 << min(before, enough)), self.ceiling)

    def after(self, waited: timedelta) -> timedelta:
        """The wait where failures are not counted: as long again as it has taken so far."""
        return min(max(waited, self.first), self.ceiling)
