"""Nobody may ask so much that others wait."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

BURST = 10
"""Requests that a person may make at once (`guarantees.md` 3.7).

Reading a card, choosing and confirming is three already.
"""

EARNED = timedelta(seconds=1)
"""How long it takes to earn another one (as above)."""

EARNED_BY_STRANGERS = timedelta(seconds=6)
"""The same for a person whose chat is not linked: linking takes five requests."""

MOST_REMEMBERED = 10_000


class Judged(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Once, when it is too much."""
    IGNORE = "ignore"


class Throttle:
    """How much each person has asked.

    Args:
        earned: how long it takes until a person has earned another request.
    """

    def __init__(self, earned: timedelta) -> None:
        self._earned = earned
        self._spent_until: dict[str, timedelta] = {}
        """When each person's requests will have been earned back."""
        self._warned: set[str] = set()

    def judge(self, person: str, now: timedelta) -> Judged:
        """
        Args:
            now: by the steady clock.
        """
        if len(self._spent_until) > MOST_REMEMBERED:
            self._spent_until = {one: at for one, at in self._spent_until.items() if at > now}
            self._warned &= self._spent_until.keys()
        earned_at = max(self._spent_until.get(person, now), now) + self._earned
        if earned_at - now <= self._earned * BURST:
            self._spent_until[person] = earned_at
            self._warned.discard(person)
            return Judged.OK
        if person in self._warned:
            return Judged.IGNORE
        self._warned.add(person)
        return Judged.WARN


class OnceInAWhile:
    """Whether something that comes again and again is due for an answer.

    Args:
        again: how soon the same may be answered again.
    """

    def __init__(self, again: timedelta) -> None:
        self._again = again
        self._last: Mapping[object, timedelta] = {}

    def is_due(self, what: object, now: timedelta) -> bool:
        """
        Args:
            now: by the steady clock.
        """
        last = self._last.get(what)
        if last is not None and now - last < self._again:
            return False
        kept = self._last
        if len(kept) > MOST_REMEMBERED:
            kept = {one: at for one, at in kept.items() if now - at < self._again}
        self._last = {**kept, what: now}
        return True
