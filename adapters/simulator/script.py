"""What a test has told the platform to do wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Failed:
    """The call is refused with this status, and perhaps a time to wait."""

    status: int
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Delayed:
    """The call is performed at once and answered late."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer ever comes, whether or not the call is performed."""

    performed: bool


Fate = Failed | Delayed | Unanswered


@dataclass(slots=True)
class _Plan:
    fate: Fate
    method: str
    service: str | None
    after: int
    count: int


@dataclass(slots=True)
class Script:
    """Faults to come; each method plans one for the calls that follow.

    `method` is find, get, create, update, patch or remove; `service` is a path, `None`
    for any; the first `after` such calls are spared, the next `count` are hit.
    """

    refuse_sockets: bool = False
    page_cap: int | None = None
    _plans: list[_Plan] = field(default_factory=list)

    def fail(
        self,
        method: str,
        status: int = 500,
        *,
        retry_after: timedelta | None = None,
        service: str | None = None,
        after: int = 0,
        count: int = 1,
    ) -> None:
        fate = Failed(status, retry_after)
        self._plans.append(_Plan(fate, method, service, after, count))

    def delay(
        self,
        method: str,
        by: timedelta,
        *,
        service: str | None = None,
        after: int = 0,
        count: int = 1,
    ) -> None:
        self._plans.append(_Plan(Delayed(by), method, service, after, count))

    def never_answer(
        self,
        method: str,
        *,
        performed: bool,
        service: str | None = None,
        after: int = 0,
        count: int = 1,
    ) -> None:
        self._plans.append(_Plan(Unanswered(performed), method, service, after, count))

    def fate(self, method: str, service: str) -> Fate | None:
        """Give what is to happen to this call, and use one up."""
        for plan in self._plans:
            if plan.method != method or plan.service not in (None, service):
                continue
            if plan.after > 0:
                plan.after -= 1
                continue
            plan.count -= 1
            if plan.count == 0:
                self._plans.remove(plan)
            return plan.fate
        return None
