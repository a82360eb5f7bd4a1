"""When Tradebell itself was down."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLD_FROM = timedelta(minutes=3)
"""A restart is nothing to speak of before that. Work is noted every minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Nobody worked from `since`, give or take a minute, `until` this process began."""

    since: datetime
    until: datetime


def outage(worked: datetime | None, begun: datetime) -> Outage | None:
    """The one that ends now, if it is worth telling.

    Args:
        worked: when somebody was last known to work; `None` if nobody ever was.
    """
    if worked is None or begun - worked < TOLD_FROM:
        return None
    return Outage(since=worked, until=begun)
