"""What may differ between one simulated platform and another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a platform is set up.

    Attributes:
        token_life: of the tokens that a login gives; a user may have their own.
        at_expiry: version 5 of the library disconnects the socket when its token ends;
            version 4 leaves it open, forgets the user and stops telling events.
        spaced_events: event names as the platform's guide prints them, with spaces
            within the path, instead of the slashes that the library sends.
        socket_limits: refuse sockets beyond the user's plan.
        rate_limits: refuse requests beyond the user's plan.
    """

    token_life: timedelta = timedelta(days=7)
    at_expiry: Literal["disconnect", "silence"] = "disconnect"
    spaced_events: bool = False
    socket_limits: bool = True
    rate_limits: bool = False
    ping_interval: timedelta = timedelta(seconds=25)
    ping_timeout: timedelta = timedelta(seconds=20)
    max_message: int = 1_000_000
