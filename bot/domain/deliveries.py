"""An owed card from the moment it is owed to its visible end, and what each attempt leads to."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import assert_never

from bot.domain.backoff import Backoff
from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.decisions import SEND, Decision
from bot.domain.events import Kind
from bot.domain.ids import AccountId, DeliveryId, EndpointId, LinkId, TraderId
from bot.domain.reasons import Reason
from bot.domain.rules import Matter


class Priority(IntEnum):
    """Lower goes first (`guarantees.md` 2.7)."""

    URGENT = 0
    NORMAL = 1
    INFO = 2


class State(StrEnum):
    READY = "ready"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    HELD = "held"
    DEAD = "dead"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    COALESCED = "coalesced"
    GATHERED = "gathered"
    """Kept for a digest, or until quiet hours end."""
    OFF = "off"
    """The person does not want to hear of it."""


PENDING = frozenset({State.READY, State.SENDING, State.UNKNOWN})
"""Still to be sent."""

MISSED = frozenset(
    {State.HELD, State.DEAD, State.EXPIRED, State.CANCELLED, State.COALESCED, State.GATHERED}
)
"""Ended, or stopped, without having been shown by itself: what `/missed` lists."""

LOST = MISSED - {State.COALESCED, State.GATHERED}
"""Not shown in any way: a digest tells of the others, or will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A delivery that ingest wants to owe.

    `part` counts from 0 where one fact takes several messages at an endpoint; `alone` is false for
    all of these. `about` is the bot
    that its card offers to pause, if it does; `subject` the one that it is of, or the platform:
    too many urgent items of one subject are told together, of none each by itself.
    """

    link: LinkId
    link_epoch: int
    endpoint: EndpointId
    priority: Priority
    card: Card
    part: int = 0
    alone: bool = True
    expires_at: datetime | None = None
    about: TraderId | None = None
    subject: str = ""
    language: str = "en"
    """That of its card."""
    zone: str = ""
    """By whose clock its times are; empty if nobody has said."""
    decision: Decision = SEND
    matter: Matter | None = None
    step: str = ""
    """How far a trade has come by it, in few words; empty if it is of none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One owed card, as claimed for sending."""

    id: DeliveryId
    reference: str
    """Six characters by which people and logs name it."""
    account: AccountId
    link: LinkId
    """Under which it is owed: if that ends, it is not sent any more."""
    endpoint: EndpointId
    address: Address
    """Where the endpoint is now."""
    topic: str = ""
    """One of ours inside it, where it is or was shown."""
    kind: Kind
    """What sort of event it tells of."""
    priority: Priority
    state: State
    attempts: int
    """Those that say something about the item, this one included."""
    unclear: int
    """How many of them ended without an answer: it may have been shown."""
    card: Card
    occurred_at: datetime
    """When the platform says that it happened."""
    created_at: datetime
    """When we owed it."""
    expires_at: datetime | None = None
    """From when on it is not worth sending; `None`: always."""
    doubtful: int = 0
    """Earlier items of this endpoint that may be missing and have not been mentioned yet."""
    answer: str | None = None
    """What became of its card's offer, if it is answered already."""
    seen: str | None = None
    """`Sighting.stored` of the first; `None` or empty if nobody has seen it, or is asked to say so.
    """
    host: str | None = None
    """Of a shared chat: the person who linked it, without whom nothing is shown there."""
    language: str = "en"
    """That of its chat."""
    zone: str = ""
    """By whose clock it is told there; empty if nobody has said."""
    replies_to: str | None = None
    """The message that it goes on with, by its id on the chat platform."""
    carries: bool = False
    """More items than it are told by its message."""

    @property
    def place(self) -> Address:
        """Where its message goes, or is."""
        return replace(self.address, topic=self.topic) if self.topic else self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A backup of the database was put back: what it has forgotten may have been told before."""

    found_at: datetime
    told_until: datetime
    """The latest that anything can have happened that was told before."""

    def may_repeat(self, delivery: Delivery, at: datetime) -> bool:
        """Whether showing it at this instant may be a repeat."""
        return at >= self.found_at and delivery.occurred_at <= self.told_until


# --- what an attempt tells us -------------------------------------------------------------


class Scope(StrEnum):
    """What a wait that the platform asked for applies to."""

    ENDPOINT = "endpoint"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform has it. `message` is its id there."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """Certainly not sent, and may be tried again.

    `counts` is false where the failure says nothing about the item (a 429, no connection); `tried`
    is false where something kept us from trying, so that it says nothing about our rate either.
    """

    reason: str
    retry_after: timedelta | None = None
    scope: Scope = Scope.ENDPOINT
    counts: bool = False
    tried: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Certainly not sent, and this content never will be."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Certainly not sent: the endpoint is closed to us until the person returns."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicGone:
    """Certainly not sent: our topic there is gone or closed. The chat around it may be open."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Certainly not sent: the endpoint has another address now."""

    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """Certainly not sent: the whole channel is refused (a revoked token); call the operator."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may or may not have been shown."""

    reason: str


Attempt = Sent | Postponed | Declined | Gone | TopicGone | Moved | Halted | Unknown


# --- what follows from it -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How a channel may repeat an attempt whose outcome is unknown (`guarantees.md` 2.5).

    `waits` has one entry for each allowed repeat, for urgent and for other items. `marked` says
    that a repeat may show twice and must say so; it is false where the platform drops repeats.
    """

    waits: tuple[timedelta, ...]
    urgent_waits: tuple[timedelta, ...]
    marked: bool


ONE_MARKED_REPEAT = Repeats(
    waits=(timedelta(seconds=5),),
    urgent_waits=(timedelta(seconds=5), timedelta(seconds=60)),
    marked=True,
)
"""For platforms without a key against repeats (Telegram)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The state that a delivery goes to after an attempt, to be committed.

    `not_before` is set for READY and UNKNOWN. `counts` says whether the attempt counts against
    the item. Gone, TopicGone and Moved also change the endpoint: `endpoint_gone`, `topic_gone`,
    `moved_to`.
    """

    state: State
    reason: str
    not_before: datetime | None = None
    message: str | None = None
    counts: bool = True
    unclear: bool = False
    endpoint_gone: bool = False
    topic_gone: bool = False
    moved_to: str | None = None


DELIVERY_WAITS = Backoff(
    first=timedelta(seconds=1),
    between=tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 60, 300)),
    ceiling=timedelta(minutes=15),
    jitter=(0.8, 1.2),
)
"""Between attempts at an item that certainly failed (`guarantees.md` 2.6)."""

OUTAGE_WAITS = Backoff(
    first=timedelta(seconds=1),
    between=tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 30)),
    ceiling=timedelta(seconds=50),
    jitter=(0.8, 1.2),
)
"""Between looks at a whole channel that is away: back within a minute of its return."""

CHANNEL_WAIT = timedelta(seconds=30)
"""How long a refused channel rests before it is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long a bot waits after what came to nothing: an attempt, a look at a platform that is
    away, a refusal of the bot as a whole.
    """

    delivery: Backoff = DELIVERY_WAITS
    outage: Backoff = OUTAGE_WAITS
    channel: timedelta = CHANNEL_WAIT


WAITS = Waits()


def after_attempt(
    delivery: Delivery,
    attempt: Attempt,
    now: datetime,
    repeats: Repeats,
    chance: random.Random,
    waits: Waits = WAITS,
) -> Settlement:
    """Decide what an attempt leads to."""
    match attempt:
        case Sent(message=message):
            return Settlement(state=State.SENT, reason=Reason.SENT, message=message)
        case Postponed(reason=reason, retry_after=retry_after, counts=counts):
            wait = back_off(delivery.attempts, retry_after, chance, waits.delivery)
            return Settlement(
                state=State.READY, reason=reason, not_before=now + wait, counts=counts
            )
        case Declined(reason=reason):
            return Settlement(state=State.DEAD, reason=reason)
        case Gone(reason=reason):
            return Settlement(state=State.HELD, reason=reason, endpoint_gone=True)
        case TopicGone(reason=reason):
            return Settlement(
                state=State.READY, reason=reason, not_before=now, counts=False, topic_gone=True
            )
        case Moved(chat=chat):
            return Settlement(
                state=State.READY, reason=Reason.MOVED, not_before=now, counts=False, moved_to=chat
            )
        case Halted(reason=reason):
            return Settlement(
                state=State.READY, reason=reason, not_before=now + waits.channel, counts=False
            )
        case Unknown(reason=reason):
            return _after_unclear(delivery, reason, now, repeats)
        case _:
            assert_never(attempt)


def after_crash(delivery: Delivery, now: datetime, repeats: Repeats) -> Settlement:
    """What a process that ended amid an attempt leads to: nobody knows what came of it.

    It counts like any other attempt of unknown outcome, so that a card that ends the process, time
    after time, comes to an end itself. What was to be waited for has passed meanwhile.
    """
    settlement = _after_unclear(delivery, Reason.INTERRUPTED, now, repeats)
    return replace(settlement, not_before=now if settlement.not_before else None)


def _after_unclear(delivery: Delivery, reason: str, now: datetime, repeats: Repeats) -> Settlement:
    urgent = delivery.priority is Priority.URGENT
    waits = repeats.urgent_waits if urgent else repeats.waits
    if delivery.unclear >= len(waits):
        return Settlement(state=State.DEAD, reason=f"{Reason.UNCERTAIN}: {reason}", unclear=True)
    return Settlement(
        state=State.UNKNOWN, reason=reason, not_before=now + waits[delivery.unclear], unclear=True
    )


def back_off(
    attempts: int,
    asked: timedelta | None,
    chance: random.Random,
    waits: Backoff = DELIVERY_WAITS,
) -> timedelta:
    """The wait after a certain failure; one that the platform asked for is never shortened.

    Args:
        attempts: how many attempts have failed, this one included.
        asked: no time at all, or less, counts as not asked.
    """
    if asked is None or asked <= timedelta(0):
        return waits.wait(attempts, chance)
    # Waiting exactly as long as asked by everybody at once would make the next rush.
    return asked + timedelta(milliseconds=chance.uniform(50, 250))
