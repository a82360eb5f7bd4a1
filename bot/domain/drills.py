"""A rehearsal of a critical alert: nothing is wrong, and whoever is reached says so."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.chats import Channel, Endpoint, EndpointState, Link
from bot.domain.escalation import Chain
from bot.domain.ids import LinkId

LASTS = timedelta(minutes=15)
"""At least, so that nobody need hurry."""

AFTER_THE_LAST = timedelta(minutes=5)
"""After the last step it lasts so long at least."""

AT_ONCE_LASTS = timedelta(minutes=5)
"""Where each place is told once, and somebody waits for it."""

AGAIN = timedelta(minutes=5)
"""How soon after one began another may: phones ring, perhaps somebody else's."""

REMIND_AFTER = timedelta(days=30)
"""Without any sign that alerts are seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """
    Attributes:
        asked_in: under which link.
        at_once: each place is told once; else the account's steps follow.
        until: when it ends at the latest.
    """

    asked_in: LinkId
    at_once: bool
    until: datetime


def lasts(chain: Chain, *, at_once: bool) -> timedelta:
    if at_once:
        return AT_ONCE_LASTS
    last = max((step.after for step in chain.steps if chain.on), default=timedelta(0))
    return max(LASTS, last + AFTER_THE_LAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReached:
    """What became of a drill in one chat or phone.

    Attributes:
        shown: `None` as long as nobody knows.
        reason: why it is not shown, of `Reason`.
        after: when somebody said there that they saw it, from the drill's beginning.
    """

    place: Endpoint
    shown: bool | None
    reason: str = ""
    after: timedelta | None = None


def is_over(places: Iterable[PlaceReached]) -> bool:
    """Whether nothing more can come of it: each was seen, or certainly cannot be."""
    return all(one.after is not None or one.shown is False for one in places)


def told_in(asked_in: LinkId, links: Iterable[Link]) -> Link | None:
    """Where the result is told: it names places, so in a private chat, at best where it was asked
    for. Without any, a bare result where it was asked for; `None` where that is closed, too.
    """
    can = [one for one in links if can_be_told(one.endpoint)]
    here = [one for one in can if one.id == asked_in]
    private = [one for one in (*here, *can) if one.endpoint.private]
    return next(iter((*private, *here)), None)


def can_be_told(place: Endpoint) -> bool:
    """A phone only rings."""
    return place.state is EndpointState.ACTIVE and place.address.channel is not Channel.PUSH


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillUnderWay:
    began_at: datetime
    until: datetime
    places: tuple[PlaceReached, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilling:
    """How an account stands with drills.

    Attributes:
        last_at: when the last one began.
        reminds: whether it hears when the last proof is long ago.
    """

    now: DrillUnderWay | None
    last_at: datetime | None
    reminds: bool
