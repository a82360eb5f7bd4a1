"""When cards are told in one message, because too many wait for the same chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.cards import Card, Severity
from bot.domain.chats import Address
from bot.domain.deliveries import Priority
from bot.domain.events import Kind
from bot.domain.ids import EndpointId
from bot.domain.rules import Matter

CROWD = 20
"""More items than this that wait at one endpoint are told together: one by one, at the pace of a
chat, they would take long to come and be too many to read."""

CROWD_UNDER_PRESSURE = 5
"""The same while messages are held up for long: by the chat, or by all that our bot has to send."""

URGENT_CROWD = 4
"""More urgent items than this of one bot that wait at one endpoint are told together: another
bot's must not come behind all of them, one a second."""

URGENT_CROWD_OF_BOTS = 10
"""The same of all bots together, once a crowd waits: when an exchange fails, all fail at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An item that a digest tells of."""

    kind: Kind
    title: str
    severity: Severity
    occurred_at: datetime
    detail: str = ""
    """What its card says first below the title."""
    matter: Matter | None = None
    step: str = ""
    """How far a trade has come by it, in few words."""

    @classmethod
    def of(
        cls, card: Card, kind: Kind, occurred_at: datetime, matter: Matter | None, step: str = ""
    ) -> "Part":
        return cls(
            kind=kind,
            title=card.title,
            severity=card.severity,
            occurred_at=occurred_at,
            detail=card.lines[0] if card.lines else "",
            matter=matter,
            step=step,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Endpoints that are owed the digest of what was put by for them, where they are, and how
    urgent it is; `due` is when the next one is, if any.
    """

    owed: Mapping[EndpointId, tuple[Address, Priority]]
    due: datetime | None = None


def crowd(under_pressure: bool) -> int:
    """How many may wait before they are told together."""
    return CROWD_UNDER_PRESSURE if under_pressure else CROWD
