"""What is kept of how an alert was told, or why it was not."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.cards import Severity
from bot.domain.decisions import Course, Decision
from bot.domain.deliveries import PENDING, State
from bot.domain.events import Kind
from bot.domain.reasons import Reason
from bot.domain.rules import Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert at one chat.

    Attributes:
        sound: it has one, if it is shown by itself.
        decision: how it was to be told; `None` of a digest, and of what was owed before decisions
            were kept.
        matter: what rules looked at; `None` of what Tradebell says of itself.
        attempts: to show it.
        occurred_at: when it happened, by the platform.
        created_at: when it was heard, and decided.
        ended_at: when it was sent, put by or given up; `None` as long as it waits to be sent.
        within: the reference of the digest that tells of it.
        record, revision: by which, with its kind, the fact is known.
    """

    reference: str
    kind: Kind
    title: str
    severity: Severity
    sound: bool
    state: State
    reason: str
    decision: Decision | None
    matter: Matter | None
    attempts: int
    occurred_at: datetime
    created_at: datetime
    ended_at: datetime | None = None
    within: str | None = None
    record: str = ""
    revision: str = ""

    @property
    def rings(self) -> bool:
        """It was shown with a sound, or is about to be."""
        shown = self.state is State.SENT or self.state in PENDING
        return self.sound and shown and self.reason != Reason.EDITED_IN

    @property
    def in_a_crowd(self) -> bool:
        """It was told together with others since too many waited at once, and for no other reason:
        nobody had asked for a digest.
        """
        asked_for = self.decision is not None and self.decision.course is Course.HOLD
        return self.reason == Reason.IN_A_DIGEST and not asked_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A fact that was not told, since another kind of event has told it: a fill that a bot reports,
    say, which is a trade.
    """

    kind: Kind
    of: Kind
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What two sets of preferences make of the same alerts; of those, the youngest come first.

    Attributes:
        looked_at: how many alerts there were.
        rings_before: how often the phone rings, digests counted as what they are: one message.
        quieter: what rings by itself before and not after.
        louder: what does after and not before.
        dropped: how many are shown before, be it later, and not at all after.
        held: how many are shown at once before, and later after.
        shown: how many are shown at once after and not before.
    """

    looked_at: int
    rings_before: int
    rings_after: int
    quieter: tuple[Told, ...]
    louder: tuple[Told, ...]
    dropped: int
    held: int
    shown: int
