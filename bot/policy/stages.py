"""Whether an alert is sent, and when: the stages in their order, and the first that has a say
decides.

`OWED` is asked for each endpoint when an event is ingested, `LEAVING` for each item before it is
sent, in the transaction that claims it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeVar

from bot.domain.chats import EndpointState, Link
from bot.domain.events import Kind
from bot.domain.ids import EndpointId
from bot.domain.reasons import Reason


class Course(StrEnum):
    SEND = "send"
    SILENT = "silent"
    """Sent, without a sound."""
    HOLD = "hold"
    """Kept, for later."""
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one thing at one endpoint. `until` says when what is held is looked at
    again, where that is known.
    """

    course: Course
    reason: str = ""
    until: datetime | None = None


SEND = Decision(Course.SEND)
"""Nothing speaks against it."""

T = TypeVar("T")

Stage = Callable[[T], Decision | None]
"""Decides, or leaves it to the next with `None`. Pure."""


def decided(stages: Sequence[Stage[T]], about: T) -> Decision:
    """What the first stage says that says anything."""
    for stage in stages:
        decision = stage(about)
        if decision is not None:
            return decision
    return SEND


class Recipient(NamedTuple):
    """A link that may hear of an event; `without` is where somebody knows it already."""

    link: Link
    kind: Kind
    without: EndpointId | None = None


def _knows_already(listener: Recipient) -> Decision | None:
    if listener.link.endpoint.id == listener.without:
        return Decision(Course.DROP, "known there")
    return None


def _is_muted(listener: Recipient) -> Decision | None:
    if listener.kind in listener.link.preferences.muted:
        return Decision(Course.DROP, "muted")
    return None


OWED: tuple[Stage[Recipient], ...] = (_knows_already, _is_muted)


def owed(link: Link, kind: Kind, without: EndpointId | None = None) -> Decision:
    """Whether an event is owed to an endpoint of its account at all."""
    return decided(OWED, Recipient(link, kind, without))


def may_go(link: Link) -> Decision:
    """Whether what is owed there may be sent at once, asked where it is stored."""
    if link.endpoint.state is EndpointState.DISABLED:
        return Decision(Course.HOLD, Reason.CLOSED)
    return SEND


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


LEAVING: tuple[Stage[Item], ...] = (_rests, _is_too_late, _is_anothers)


def may_leave(item: Item) -> Decision:
    """Whether an owed item may be sent now."""
    return decided(LEAVING, item)
