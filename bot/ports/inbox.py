"""Facts in, once: what the store does with events."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.decisions import Admitted, Decide, Progress
from bot.domain.deliveries import Delivery
from bot.domain.events import Cursor, Event, Listing, Strategy, Stream, Sweep, Trader, Unreadable
from bot.domain.ids import AccountId, EndpointId


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How a message can be on its way without a second commit before it leaves.

    Attributes:
        idle: endpoints that could be sent to at once. Where a new item is the only pending one,
            it is claimed in the very transaction that owes it: SENDING, as if by a turn.
        begin: takes what was claimed so, and what to wait for. It may be called before the
            transaction is committed, when only the disk is left, so that the message is prepared
            meanwhile; the awaitable returns once it is, and raises `TryLater` or `Unclear` if it is
            not: then nothing of this was ever owed. Any number of tasks may await it, and be
            cancelled while they do.
    """

    idle: frozenset[EndpointId]
    begin: Callable[[Sequence[Delivery], Awaitable[None]], object]


class Inbox(Protocol):
    async def admit(
        self,
        account: AccountId,
        events: Sequence[Event],
        decide: Decide,
        now: datetime,
        progress: Progress | None = None,
        ahead: Ahead | None = None,
    ) -> Admitted:
        """Dedup rows, deliveries, last known states and the cursor, in one transaction.

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

    async def last_event_at(self, account: AccountId) -> datetime | None: ...
