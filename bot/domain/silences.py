"""A bot that does nothing."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """`overdue` are the trades that it would have made since its `last`, `a_day` those of a usual
    day.
    """

    last: datetime
    overdue: float
    a_day: float
