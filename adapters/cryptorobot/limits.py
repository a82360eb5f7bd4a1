"""How many requests an account may make: a share of its plan, the rest is for its owner."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Requests at once, and a minute from then on."""

    burst: int
    per_minute: int


FREE = RequestLimits(burst=8, per_minute=39)

PLANS = {
    "free": FREE,
    "pro": RequestLimits(burst=40, per_minute=195),
    "enterprise": RequestLimits(burst=80, per_minute=650),
}
"""Four fifths of each burst, and in no minute more than four fifths of its requests.

Source: https://cryptorobot.ai/docs/guides/errors: 10 and 60, 50 and 300, 100 and 1000.
"""


def plan_named(name: str | None) -> RequestLimits:
    """An unknown plan is as small as the smallest (`platform.md` 7, item 5)."""
    return PLANS.get((name or "").strip().lower(), FREE)


class Budget:
    """A bucket of requests that fills with time. Instants are seconds of any steady clock."""

    __slots__ = ("_at", "_closed_until", "_left", "_plan")

    def __init__(self, plan: RequestLimits, at: float) -> None:
        self._plan = plan
        self._left = float(plan.burst)
        self._at = at
        self._closed_until = at

    def widen(self, plan: RequestLimits) -> None:
        """The account's plan became known."""
        if plan is not self._plan:
            self._left += max(0, plan.burst - self._plan.burst)
            self._plan = plan

    def wait(self, at: float) -> float:
        """Seconds until the next request may go; 0 for at once."""
        self._fill(at)
        missing = max(0.0, 1 - self._left) * 60 / self._plan.per_minute
        return max(missing, self._closed_until - at, 0.0)

    def take(self, at: float) -> None:
        """Use one request, now or after its `wait`: those who ask next wait for theirs."""
        self._fill(at)
        self._left -= 1

    def close(self, until: float) -> None:
        """The platform wants no request before then."""
        self._closed_until = max(self._closed_until, until)

    def idle(self, at: float) -> bool:
        """Whether it is as good as new."""
        self._fill(at)
        return self._left >= self._plan.burst and self._closed_until <= at

    def _fill(self, at: float) -> None:
        gained = max(0.0, at - self._at) * self._plan.per_minute / 60
        self._left = min(float(self._plan.burst), self._left + gained)
        self._at = max(self._at, at)
