"""What Discord allows: buckets that it tells us of, and how often it may have to say no.

Source: https://docs.discord.com/developers/topics/rate-limits
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

Seconds = float

MOST_REFUSALS = 1000
"""Answers of 401, 403 or 429 within `WINDOW` after which we are quiet for the rest of it.

At 10,000 Discord bans the address. Source: as above, "Invalid Request Limit".
"""

WINDOW: Seconds = 600.0

KEPT = 10_000
"""Buckets that are remembered before those that have refilled are forgotten."""


@dataclass(slots=True)
class Buckets:
    """When the next request of a kind may leave, as far as Discord has said.

    A kind is a route; which of them share a bucket Discord tells by a hash. Each channel, server
    or webhook (`major`) has its own.
    """

    _hashes: dict[str, str] = field(default_factory=dict)
    _until: dict[tuple[str, str], Seconds] = field(default_factory=dict)

    def wait(self, route: str, major: str, at: Seconds) -> Seconds:
        return max(0.0, self._until.get(self._key(route, major), 0.0) - at)

    def learn(self, route: str, major: str, headers: Mapping[str, str], at: Seconds) -> None:
        """Take what an answer's headers say."""
        if name := headers.get("X-RateLimit-Bucket"):
            self._hashes[route] = name
        if headers.get("X-RateLimit-Remaining") == "0":
            self.rest(route, major, number(headers.get("X-RateLimit-Reset-After")), at)

    def rest(self, route: str, major: str, seconds: Seconds, at: Seconds) -> None:
        if len(self._until) >= KEPT:
            self._until = {key: until for key, until in self._until.items() if until > at}
        self._until[self._key(route, major)] = at + seconds

    def _key(self, route: str, major: str) -> tuple[str, str]:
        return self._hashes.get(route, route), major


@dataclass(slots=True)
class Breaker:
    """Stops us long before Discord would ban our address."""

    most: int = MOST_REFUSALS
    _refused: deque[Seconds] = field(default_factory=deque)

    def count(self, at: Seconds) -> None:
        self._refused.append(at)

    def wait(self, at: Seconds) -> Seconds:
        """How long we must be quiet."""
        while self._refused and self._refused[0] <= at - WINDOW:
            self._refused.popleft()
        return self._refused[0] + WINDOW - at if len(self._refused) >= self.most else 0.0


def number(text: object) -> Seconds:
    """Seconds as Discord writes them; 0 for anything else."""
    try:
        seconds = float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return seconds if 0 < seconds <= 24 * 3600 else 0.0
