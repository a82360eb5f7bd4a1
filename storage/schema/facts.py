"""A fact on its way through an ingestion."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from bot.domain.chats import Address, Link
from bot.domain.decisions import Course
from bot.domain.deliveries import Delivery, Draft, Priority, State
from bot.domain.events import Kind
from bot.domain.ids import AccountId, DeliveryId, EndpointId
from bot.domain.ingesting import IngestResult, NewsDecision


class FactKey(NamedTuple):
    """By what a fact is one."""

    account: str
    kind: Kind
    record: str
    revision: str


_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two characters that are not mistaken for each other when read aloud."""


def reference(fact_key: FactKey, endpoint: EndpointId) -> str:
    """The short name of a delivery: six characters, the same whenever it is worked out."""
    text = "\0".join((*fact_key, endpoint))
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
    return "".join([_ALPHABET[number >> 5 * place & 31] for place in range(6)])


@dataclass(slots=True, eq=False)
class Tally:
    """What a call has come to so far."""

    new: int = 0
    known: int = 0
    told: int = 0
    answered: int = 0
    gathered: int = 0
    decisions: Counter[tuple[Course, str]] = field(default_factory=Counter)
    folded: int = 0
    opened: int = 0
    retold: int = 0
    owed: dict[EndpointId, tuple[Address, Priority]] = field(default_factory=dict)
    preclaimed: list["Preclaimed"] = field(default_factory=list)

    def total(self) -> IngestResult:
        return IngestResult(
            new=self.new,
            known=self.known,
            told=self.told,
            owed=self.owed,
            preclaimed=tuple([one.delivery() for one in self.preclaimed]),
            answered=self.answered,
            gathered=self.gathered,
            decisions=self.decisions,
            folded=self.folded,
            opened=self.opened,
            retold=self.retold,
        )


@dataclass(slots=True, eq=False)
class Fact:
    """An event that is news, unless it is in the inbox already.

    `drafts` are those of the verdict that are left; `now`, `idle` and `tally` are its caller's.
    `comes_again` says that its record was news before.
    """

    key: FactKey
    at: datetime
    verdict: NewsDecision
    drafts: Sequence[Draft]
    now: datetime
    idle: frozenset[EndpointId]
    tally: Tally
    comes_again: bool = False

    @property
    def audience(self) -> list[str]:
        """The endpoints that hear it unless another kind of event has told it."""
        return [draft.endpoint for draft in self.verdict.drafts]


@dataclass(frozen=True, slots=True)
class Preclaimed:
    """An item that was stored as claimed."""

    id: DeliveryId
    fact: Fact
    draft: Draft
    link: Link
    reference: str
    replies_to: str | None = None

    def delivery(self) -> Delivery:
        """What a turn would have given."""
        return Delivery(
            id=self.id,
            reference=self.reference,
            account=AccountId(self.fact.key.account),
            link=self.draft.link,
            endpoint=self.draft.endpoint,
            address=self.link.endpoint.address,
            kind=self.fact.key.kind,
            priority=self.draft.priority,
            state=State.SENDING,
            attempts=1,
            unclear=0,
            card=replace(self.draft.card, reference=self.reference),
            occurred_at=self.fact.at,
            created_at=self.fact.now,
            expires_at=self.draft.expires_at,
            host=None if self.link.endpoint.private else self.link.person,
            language=self.link.preferences.language,
            zone=self.link.preferences.zone,
            replies_to=self.replies_to,
        )
