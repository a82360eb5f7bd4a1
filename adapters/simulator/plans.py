"""What each plan allows: sockets at once, requests a minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The limits of one plan; `burst` requests may come at once."""

    sockets: int
    requests_per_minute: int
    burst: int


_PLANS: Mapping[str, Plan] = {
    "free": Plan(sockets=1, requests_per_minute=60, burst=10),
    "pro": Plan(sockets=5, requests_per_minute=300, burst=50),
    "enterprise": Plan(sockets=25, requests_per_minute=1000, burst=100),
}
"""Source: https://cryptorobot.ai/docs/guides/errors"""


def plan_of(name: str) -> Plan:
    """Give a plan by its name; an unknown one is as small as the smallest."""
    return _PLANS.get(name, _PLANS["free"])


@dataclass(slots=True)
class Bucket:
    """The requests that one user may still make."""

    plan: Plan
    left: float
    at: datetime

    @classmethod
    def full(cls, plan: Plan, now: datetime) -> Bucket:
        return cls(plan=plan, left=plan.burst, at=now)

    def take(self, now: datetime) -> timedelta:
        """Use one request; give the wait until there is one, zero if there is."""
        a_second = self.plan.requests_per_minute / 60
        gained = (now - self.at).total_seconds() * a_second
        self.left = min(self.plan.burst, self.left + gained)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return timedelta(0)
        return timedelta(seconds=(1 - self.left) / a_second)
