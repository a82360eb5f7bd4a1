"""How an account's feed is doing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FeedState(StrEnum):
    """How an account's feed is doing, from best to worst."""

    LIVE = "live"
    CATCHING_UP = "catching up"
    CONNECTING = "connecting"
    POLLING = "polling"
    """No socket to be had (the plan's single one is taken): reading by `find` instead."""
    NEEDS_LOGIN = "needs a new login"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """What `/status` says of a feed. `since` is when the state began; `answered` whether the
    platform has answered it since this process began.
    """

    state: FeedState
    since: datetime
    reason: str = ""
    expires_at: datetime | None = None
    not_offered: tuple[str, ...] = ()
    """Services that the platform denies to this account: their events cannot be told."""
    failing: tuple[str, ...] = ()
    """Services that could not be read the last time: their events come late."""
    answered: bool = True
