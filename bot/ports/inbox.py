"""Facts in, once: what the store does with events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.events import Cursor, Event, Listing, Strategy, Stream, Sweep, Trader, Unreadable
from bot.domain.ids import AccountId, EndpointId
from bot.domain.ingesting import Decide, IngestResult, Progress
from bot.domain.told import Duplicate


class Inbox(Protocol):
    async def ingest(
        self,
        account: AccountId,
        events: Sequence[Event],
        decide: Decide,
        now: datetime,
        progress: Progress | None = None,
        idle: frozenset[EndpointId] = frozenset(),
    ) -> IngestResult:
        """Dedup rows, deliveries, last known states and the cursor, in one transaction.

        An endpoint that is `idle` could be sent to at once. Where a new item is the only pending
        one there, it is claimed in this very transaction: SENDING, as if by a lane. Whoever asks
        sends what was claimed so; where that is cancelled, the claim is undone.

        An answer closes the buttons that made the offer. Items that wait will go out without them
        and with its note; those that were or may be shown already are owed an amendment.
        """

    async def cursors(self, account: AccountId) -> Mapping[Stream | Listing | Sweep, Cursor]:
        """Where each stream stands; `began` is the first position that was ever stored."""

    async def set_aside(
        self, account: AccountId, unreadable: Sequence[Unreadable], now: datetime
    ) -> None:
        """Quarantine: count and keep what may be kept of frames that nobody understood."""

    async def traders(self, account: AccountId) -> tuple[Trader, ...]:
        """Last known bots."""

    async def strategies(self, account: AccountId) -> tuple[Strategy, ...]: ...

    async def duplicates(
        self, account: AccountId, endpoint: EndpointId, since: datetime, most: int
    ) -> Sequence[Duplicate]:
        """What an endpoint was not told since then, as another kind of event had told it; the
        youngest first.

        Args:
            most: so many of the account's are looked at.
        """

    async def last_event_at(self, account: AccountId) -> datetime | None: ...
