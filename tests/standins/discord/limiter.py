"""Rate limits: one bucket for each route and channel, one for everything, and the ban.

Source: discord/discord-api-docs:developers/topics/rate-limits.mdx.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

INVALID_REQUESTS = 10_000
INVALID_WINDOW = timedelta(minutes=10)
INVALID = frozenset({401, 403, 429})


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in a window, which begins with the first of them."""

    requests: int
    per: timedelta


ROOMY = Quota(1000, timedelta(seconds=1))
"""Of routes that no test says anything about; the real ones are smaller and change."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Whether a request is one too many, with the headers of the answer either way."""

    headers: Mapping[str, str]
    wait: float = 0.0
    everything: bool = False

    @property
    def is_refused(self) -> bool:
        return self.wait > 0


@dataclass(slots=True)
class _Window:
    ends: datetime
    left: int


class Limiter:
    """Counts requests. `quotas` are by the route's name, `everything` is for all routes."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.quotas: dict[str, Quota] = {}
        self.everything: Quota | None = None
        self.ban_after = INVALID_REQUESTS
        self._now = now
        self._windows: dict[tuple[str, str], _Window] = {}
        self._invalid: deque[datetime] = deque()

    def take(self, route: str, major: str, *, counts_for_everything: bool = True) -> Refusal:
        """Count a request, or refuse it.

        Args:
            major: the channel, server or token that has a bucket of its own.
        """
        if self.everything is not None and counts_for_everything:
            window = self._window("", "", self.everything)
            if window.left <= 0:
                wait = self._left(window)
                headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
                return Refusal(headers, wait, everything=True)
            window.left -= 1
        quota = self.quotas.get(route, ROOMY)
        window = self._window(route, major, quota)
        refused = window.left <= 0
        window.left = max(0, window.left - 1)
        wait = self._left(window)
        headers = {
            "X-RateLimit-Limit": str(quota.requests),
            "X-RateLimit-Remaining": str(window.left),
            "X-RateLimit-Reset": f"{window.ends.timestamp():.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(route.encode()).hexdigest(),
        }
        if not refused:
            return Refusal(headers)
        return Refusal({**headers, "X-RateLimit-Scope": "user"}, wait)

    def _window(self, route: str, major: str, quota: Quota) -> _Window:
        window = self._windows.get((route, major))
        if window is None or window.ends <= self._now():
            window = _Window(self._now() + quota.per, quota.requests)
            self._windows[route, major] = window
        return window

    def _left(self, window: _Window) -> float:
        # A millisecond at least, lest a refusal say "come back at once".
        return max(0.001, (window.ends - self._now()).total_seconds())

    # --- the ban --------------------------------------------------------------------------

    def answered(self, status: int, scope: str | None) -> None:
        """Count an answer that should not have been necessary."""
        if status in INVALID and scope != "shared":
            self._invalid.append(self._now())

    @property
    def invalid(self) -> int:
        """Invalid requests within the last ten minutes."""
        while self._invalid and self._now() - self._invalid[0] > INVALID_WINDOW:
            self._invalid.popleft()
        return len(self._invalid)

    @property
    def is_banned(self) -> bool:
        return self.invalid >= self.ban_after
