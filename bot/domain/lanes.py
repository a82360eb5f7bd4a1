"""What lanes ask of the outbox, and what they are given."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.deliveries import Delivery, Settlement, State
from bot.domain.ids import EndpointId


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRequest:
    """What a lane wants: commit the last outcome, claim the next item, or both at once.

    `under_pressure` says that messages are held up for long: then fewer make a digest.
    """

    endpoint: EndpointId
    settled: tuple[Delivery, Settlement] | None = None
    claim: bool = False
    under_pressure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneResult:
    """`delivery` is now SENDING, committed. Without one, `due` is when the next item is, if any
    (also when nothing was to be claimed).
    """

    delivery: Delivery | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An item that was not shown, or may not have been."""

    reference: str
    state: State
    reason: str
    title: str
    occurred_at: datetime
