"""Deliveries out: what lanes ask of the store."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.amendments import Amendment, Amendments
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import MISSED, Delivery, Priority, State
from bot.domain.digests import Gathered
from bot.domain.ids import EndpointId, LinkId
from bot.domain.lanes import LaneRequest, LaneResult, Missed
from bot.domain.told import Told


class Outbox(Protocol):
    async def serve(self, request: LaneRequest, now: datetime) -> LaneResult:
        """One transaction for both halves.

        Claiming takes the endpoint's first due item by (rank, time of the fact, id), provided
        none of its items is SENDING; its rank is its priority, less one once it has waited long
        (`age`). Where a crowd waits, that is a digest of all that is not urgent
        (`bot.domain.digests`): these are COALESCED, and end with it if it ends unseen. An item
        past `expires_at` ends EXPIRED; one whose link is not active, has another epoch, or whose
        endpoint has another link now ends CANCELLED (G7); a disabled endpoint gives nothing.
        """

    async def gather(self, now: datetime) -> Gathered:
        """Owe the digests of what was put by (GATHERED) and is due: one message for each active
        endpoint, which tells of all that is; what is alone is owed as it is. What was put by under
        a link that has ended ends CANCELLED (G7).
        """

    async def amendments(self, channel: Channel, bot: str, now: datetime) -> Amendments:
        """What one of our bots is to change.

        Only messages that were sent, at active endpoints, under active links as in `serve` (G7):
        what waits for any of that comes later, and is given up after `AMEND_LIFE`.
        """

    async def shown(self, link: LinkId, most: int) -> Sequence[Amendment]:
        """The youngest messages that were sent under a link, the oldest of them first, as they
        stand, as long as their text is kept.
        """

    async def amended(self, amendment: Amendment, again: datetime | None, now: datetime) -> None:
        """The message shows it now; with `again` it does not, and is tried once more then. What has
        come meanwhile is still owed.
        """

    async def not_amended(
        self, amendment: Amendment, now: datetime
    ) -> Mapping[EndpointId, tuple[Address, Priority]]:
        """The message can be changed no more: what was to be told within it is owed anew, without a
        sound; gives where, and how urgent it is.
        """

    async def age(self, now: datetime) -> int:
        """Let what has waited long go before others, so that nothing starves; gives how many."""

    async def pending_endpoints(self) -> Mapping[EndpointId, Address]:
        """Endpoints with something pending."""

    async def interrupted(self) -> Sequence[Delivery]:
        """What a crash left SENDING, for a start to settle as attempts of unknown outcome."""

    async def missed(self, endpoint: EndpointId, limit: int, skip: int = 0) -> Sequence[Missed]:
        """Youngest first, after the first `skip`; only what its link's people may see, and only as
        long as its text is kept.
        """

    async def missed_count(self, endpoint: EndpointId, states: Collection[State] = MISSED) -> int:
        """How many `missed` would give without a limit, of those in one of these states."""

    async def told(self, link: LinkId, reference: str) -> Told | None:
        """How an active link's alert of that reference was told, as long as its text is kept."""

    async def told_by(self, link: LinkId, message: str) -> Told | None:
        """The same, of the alert that a message at the link's endpoint shows."""

    async def lately(self, link: LinkId, since: datetime, most: int) -> Sequence[Told]:
        """What was decided to be told, or not, under an active link since then: as many as that,
        the youngest first, as long as their text is kept. Digests tell of these, and are none.
        """

    async def counts(self) -> Mapping[State, int]: ...

    async def missed_by_reason(self) -> Mapping[tuple[State, str], int]:
        """How many items are in one of the states of `MISSED`, and for which reason."""

    async def oldest_pending(self, priority: Priority | None = None) -> datetime | None:
        """Since when the longest waiting item waits; of one priority, or of all."""

    async def pending(self, endpoint: EndpointId) -> int: ...
