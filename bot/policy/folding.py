"""Whether an alert is told by a message of its own, or within an earlier one. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.cards import Card
from bot.domain.ids import DeliveryId
from bot.domain.rules import Matter, Topic

LIMIT = 5
"""Alerts of one series that are told one by one within `BURST`: as many as a person reads."""

BURST = timedelta(minutes=1)
"""How close together alerts are a burst; one that has paused for so long is over."""

COOL_DOWN = timedelta(minutes=30)
"""How long after it was told the same error only counts up. It is not prolonged by repeats: what
stays wrong rings again.
"""

_SERIES = {
    Topic.ENTRY: "fill",
    Topic.EXIT: "fill",
    Topic.SIGNAL: "signal",
    Topic.ERROR: "error",
    Topic.WARNING: "warning",
    Topic.REPORT: "report",
    Topic.STRATEGY: "strategy",
}
"""What is told together. What the platform writes to a person is not, nor what state a bot is in:
each says something else.
"""

_COUNTED = frozenset({Topic.ERROR, Topic.WARNING})

Words = tuple[str, ...]


class Told(NamedTuple):
    """A message that shows an alert of the same series, and what it says."""

    id: DeliveryId
    occurred_at: datetime
    words: Words


class Recent(NamedTuple):
    """An alert of the same series, told by itself or within `fold`, if that takes any more."""

    occurred_at: datetime
    fold: DeliveryId | None = None


class Fold(NamedTuple):
    """Told together with others of its series: `into` an open message, or into a new one."""

    into: DeliveryId | None = None


class Count(NamedTuple):
    """The message that has told the same says how often it was."""

    into: DeliveryId


Placement = Fold | Count | None
"""`None`: told by a message of its own."""


def series_of(matter: Matter | None, subject: str) -> str | None:
    """What an alert may be told together with: its like, of the same bot, or else pair.

    Args:
        subject: whose it is, where no bot that we know is.
    """
    if matter is None or matter.topic not in _SERIES:
        return None
    whose = matter.bot or subject or matter.pair
    return f"{_SERIES[matter.topic]} {whose}" if whose else None


def is_counted(matter: Matter) -> bool:
    """Whether the same again only counts up."""
    return matter.topic in _COUNTED


def is_folded(matter: Matter) -> bool:
    """Whether too many of its like are told together: not what must be heard each time."""
    return not matter.critical


def words_of(card: Card) -> Words:
    """All that makes a difference to who reads it."""
    return (
        card.title,
        *card.lines,
        *(part for field in card.fields for part in (field.label, field.value)),
    )


def placed(
    at: datetime, matter: Matter, words: Words, told: Sequence[Told], recent: Sequence[Recent]
) -> Placement:
    """Where an alert is told.

    Args:
        at: when it happened.
        told: messages of its series that are certainly shown.
        recent: the last `LIMIT` alerts of its series, but those that were counted up.
    """
    if is_counted(matter):
        for message in told:
            if message.words == words and timedelta(0) <= at - message.occurred_at < COOL_DOWN:
                return Count(message.id)
    if not is_folded(matter):
        return None
    near = [one for one in recent if abs(at - one.occurred_at) < BURST]
    for one in near:
        if one.fold is not None:
            return Fold(one.fold)
    return Fold() if len(near) >= LIMIT else None
