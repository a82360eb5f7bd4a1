"""Stored instants, and a clock that was set back since."""

from datetime import datetime, timedelta

MAX_CLOCK_SKEW = timedelta(minutes=1)
"""How far the clocks of two processes may be apart without meaning anything."""


def was_set_back(noted: datetime, now: datetime) -> bool:
    """Whether our clock shows less than when this instant was noted: what is to end some time after
    it would otherwise last longer by as much.
    """
    return noted - now > MAX_CLOCK_SKEW
