"""Platform event in, deliveries owed: what is news, who is told, all in one transaction."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bot.domain.accounts import Account
from bot.domain.chats import Address
from bot.domain.deliveries import Priority
from bot.domain.events import Event
from bot.domain.ids import AccountId, EndpointId, NewId, Now, TraderId
from bot.domain.ingesting import IngestResult, Progress
from bot.errors import OutcomeUnknown
from bot.policy.news import RequestedChange, decide, remember_only
from bot.ports import Inbox, Meter
from bot.services.amending import Amending
from bot.services.delivery import Delivering
from bot.services.gathering import Gathering
from bot.services.steady import Seconds, steady

ECHO_WINDOW: Seconds = 30.0
"""How long what a person has asked for may take to come back as an event."""


class Ingest:
    """Takes events of any account and sets the lanes going that now owe something."""

    def __init__(
        self,
        inbox: Inbox,
        meter: Meter,
        delivering: Delivering,
        amending: Amending,
        gathering: Gathering,
        escalating: Gathering,
        now: Now,
        new_id: NewId,
    ) -> None:
        self._inbox = inbox
        self._meter = meter
        self._delivering = delivering
        self._amending = amending
        self._gathering = gathering
        self._escalating = escalating
        self._now = now
        self._new_id = new_id
        self._asked: dict[TraderId, RequestedChange] = {}
        self._when_opened: Callable[[], object] | None = None
        self._audience: dict[AccountId, dict[EndpointId, Address]] = {}

    async def take(
        self,
        account: Account,
        events: Sequence[Event],
        progress: Progress | None = None,
        *,
        first: bool = False,
    ) -> IngestResult:
        """Commit what these events mean; on return the deliveries are owed.

        Args:
            events: the account's own.
            first: the account has just been linked: remember the state of things, tell nothing.

        Raises:
            TryLater: the store cannot do it now, and nothing has changed.
            OutcomeUnknown: it may have; if it may have claimed something, that ends the delivering,
                and is found at a start.
        """
        now = self._now()
        judge = (
            remember_only
            if first
            else partial(decide, now=now, new_id=self._new_id, asked=self._current())
        )
        idle, asked_at = self._delivering.idle(self._audience.get(account.id, {})), steady()
        try:
            ingested = await self._inbox.ingest(account.id, events, judge, now, progress, idle)
        except OutcomeUnknown as doubt:
            if idle:
                self._delivering.give_up(doubt)
            raise
        except asyncio.CancelledError:
            # It is committed or not, and what it came to is not known: look where it may be owed.
            heard = self._audience.get(account.id, {})
            self._delivering.wake({key: (at, Priority.NORMAL) for key, at in heard.items()})
            self._gathering.wake()
            self._escalating.wake()
            raise
        self._delivering.send_preclaimed(ingested.preclaimed, asked_at)
        self._meter.ingested(told=ingested.told, known=ingested.known)
        self._meter.decided(ingested.decisions)
        if ingested.owed:
            # Where the last one went, the next one probably goes: it can be claimed at once.
            heard = {endpoint: address for endpoint, (address, _) in ingested.owed.items()}
            self._audience[account.id] = heard
            self._delivering.wake(ingested.owed)
        if ingested.answered or ingested.folded or ingested.retold:
            self._amending.wake()
        if ingested.gathered:
            self._gathering.wake()
        if ingested.opened:
            self._escalating.wake()
            if self._when_opened is not None:
                self._when_opened()
        return ingested

    def when_opened(self, call: Callable[[], object]) -> None:
        """Have it called when something has happened that somebody must see."""
        self._when_opened = call

    def forget(self, account: AccountId) -> None:
        """Nobody is linked to this account any more."""
        self._audience.pop(account, None)

    def expect(self, trader: TraderId, running: bool, endpoint: EndpointId) -> None:
        """The person at this endpoint is about to start or pause a bot."""
        until = steady() + ECHO_WINDOW
        self._asked[trader] = RequestedChange(running=running, endpoint=endpoint, until=until)

    def _current(self) -> Mapping[TraderId, RequestedChange]:
        if self._asked:
            now = steady()
            self._asked = {key: asked for key, asked in self._asked.items() if asked.until > now}
        return self._asked
