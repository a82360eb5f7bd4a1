"""Whether an owed item may leave now, decided in the transaction that claims it."""

from datetime import datetime
from typing import NamedTuple

from bot.policy.decision import Course, Decision, Stage, decided


class Item(NamedTuple):
    """An owed item as its lane finds it. `linked` says whether it still belongs to who is linked
    there: its link is active, at the same endpoint, and of the same epoch.
    """

    now: datetime
    not_before: datetime | None
    started_at: datetime | None
    expires_at: datetime | None
    linked: bool


def _rests(item: Item) -> Decision | None:
    """It must wait; not by a clock that has been set back since it was last tried."""
    if item.not_before is None or item.not_before <= item.now:
        return None
    if item.started_at is not None and item.started_at > item.now:
        return None
    return Decision(Course.HOLD, "tried again later", item.not_before)


def _is_too_late(item: Item) -> Decision | None:
    """G8."""
    if item.expires_at is not None and item.expires_at <= item.now:
        return Decision(Course.DROP, "not worth sending any more")
    return None


def _is_anothers(item: Item) -> Decision | None:
    """G7."""
    return None if item.linked else Decision(Course.DROP, "not linked any more")


STAGES: tuple[Stage[Item], ...] = (_rests, _is_too_late, _is_anothers)


def may_leave(item: Item) -> Decision:
    return decided(STAGES, item)
