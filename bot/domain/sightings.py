"""Who has seen an alert, and where."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from bot.domain.chats import Address, Channel

SOLVED = "solved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Somebody has pressed *Seen* under an alert, or put a reaction on it.

    Attributes:
        person: as `trail.audited` tells them.
        until: how long they have it, if they say so.
    """

    channel: Channel
    person: str
    at: datetime
    until: datetime | None = None

    @property
    def stored(self) -> str:
        """What is stored of the first with each alert that has a *Seen* button: words are made of
        it when it is shown.
        """
        until = () if self.until is None else (self.until.isoformat(),)
        return " ".join((self.channel.value, self.at.isoformat(), *until))


OVER = "over"


def over_at(at: datetime) -> str:
    """What is stored instead or besides, once a drill is over."""
    return f"{OVER} {at.isoformat()}"


def solved_at(at: datetime) -> str:
    """What is stored, instead or besides, once it is over."""
    return f"{SOLVED} {at.isoformat()}"


class Noted(IntEnum):
    """What came of noting it: true if that is new."""

    BEFORE = 0
    NEW = 1
    IN_A_DRILL = 2
    HELD = 3
    """Somebody has it from now on."""


@dataclass(frozen=True, slots=True)
class AlertShown:
    """What a message shows: the alert's reference, and the address that it was told at."""

    address: Address
    reference: str
