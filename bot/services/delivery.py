"""Owed cards out to the chats: a lane per endpoint, one in flight, every outcome committed."""

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NoReturn

from bot.domain.backoff import Backoff
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import (
    ONE_MARKED_REPEAT,
    WAITS,
    Attempt,
    Delivery,
    Gone,
    Halted,
    Moved,
    Postponed,
    Priority,
    Repeats,
    Restored,
    Scope,
    Settlement,
    State,
    TopicGone,
    Waits,
    after_attempt,
    after_crash,
)
from bot.domain.ids import EndpointId, Now
from bot.domain.lanes import LaneRequest, LaneResult
from bot.domain.reasons import Reason
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import MakeTopics, Messenger, Meter, Outbox, Readership, ShowMenu
from bot.services.pace import Pace, Place
from bot.services.shared_chats import not_to_be_shown
from bot.services.steady import Seconds, steady
from bot.texts.language import speaking
from bot.texts.presented import presented

log = logging.getLogger(__name__)

UNDER_PRESSURE_AFTER: float = 30.0
"""Seconds that a message is held up before fewer that wait with it are told together."""

CLAIMED_MAX_WAIT = 0.25
"""Seconds that a claimed item may wait for its place in the bot's schedule."""

COMMIT_WAITS = Backoff(
    first=timedelta(seconds=0.1),
    between=(timedelta(seconds=0.5),),
    ceiling=timedelta(seconds=1),
)
"""While the database is away."""

UNSURE_WAIT = 0.2
"""Seconds after which it is looked again whether anything may be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A bot of a chat platform with its pace; `readership` where it can show cards to several;
    `show_menu` where a chat can have a menu of its own, `topics` where it can have topics;
    `trouble` says why it does not hear people, as long as it does not.
    """

    messenger: Messenger
    pace: Pace
    readership: Readership | None = None
    show_menu: ShowMenu | None = None
    topics: MakeTopics | None = None
    trouble: Callable[[], str | None] = lambda: None
    waits: Waits = WAITS


@dataclass(slots=True, eq=False)
class _Lane:
    """One endpoint's queue while something is owed there."""

    endpoint: EndpointId
    address: Address
    priority: Priority
    preclaimed: "_Preclaimed | None" = None
    """To be sent first."""
    blind: int = 0
    """How often in a row nobody could tell who reads along."""
    heard_at: Seconds | None = None
    """When somebody last spoke there: an older attempt that found it closed proves nothing."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)


TellGone = Callable[[Delivery, str], Awaitable[None]]
"""Takes an item and why its chat is closed; it raises nothing, and may be told the same twice."""

_Outcome = tuple[Delivery, Settlement]

_Preclaimed = tuple[Delivery, Seconds]
"""What was claimed in the transaction that owes it, and since when."""


class Delivering:
    """Runs the lanes of all outlets.

    Args:
        outlets: by channel and our bot's id there; items of others stay owed.
        may_send: whether nobody else sends now (`Leadership.is_sure`), which is asked right before
            a message leaves: a process that was stopped since it claimed one may have lost its
            right to, and the claim is another's then.
        look_every: how often lanes are looked up in the store even if nobody woke them: another
            process may owe.

    `restored` is set before `run` where a backup was put back.
    """

    def __init__(
        self,
        outbox: Outbox,
        outlets: Mapping[tuple[Channel, str], Outlet],
        meter: Meter,
        now: Now,
        chance: random.Random,
        may_send: Callable[[], bool] = lambda: True,
        *,
        look_every: timedelta,
    ) -> None:
        self._outbox = outbox
        self._outlets = outlets
        self._meter = meter
        self._now = now
        self._chance = chance
        self._may_send = may_send
        self._look_every = look_every
        self._tell_gone: TellGone | None = None
        self._tell_topic_gone: TellGone | None = None
        self.restored: Restored | None = None
        self._lanes: dict[EndpointId, _Lane] = {}
        self._group: asyncio.TaskGroup | None = None
        self._closing = False
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def when_gone(self, tell: TellGone, tell_topic: TellGone | None = None) -> None:
        """Have this called with every item that found its chat closed, or its topic, before that is
        committed.
        """
        self._tell_gone, self._tell_topic_gone = tell, tell_topic

    async def run(self) -> NoReturn:
        """Send what is owed, until cancelled; what a crash left half sent is taken up first.

        Raises:
            OutcomeUnknown: a commit broke off, in a group: only a start tells what was claimed.
        """
        await self._settle_interrupted()
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await self._look_around()
            finally:
                self._group = None

    async def _look_around(self) -> NoReturn:
        """Set the lanes going that nobody woke."""
        while True:
            await self._age()
            try:
                pending = await self._outbox.pending_endpoints()
            except TryLater as outage:
                log.warning("cannot see what is owed", extra={"reason": str(outage)})
                pending = {}
            self.wake({key: (address, Priority.NORMAL) for key, address in pending.items()})
            await asyncio.sleep(self._look_every.total_seconds())

    async def _settle_interrupted(self) -> None:
        interrupted = await self._outbox.interrupted()
        if interrupted:
            count = len(interrupted)
            log.warning("attempts of unknown outcome after a restart", extra={"count": count})
        for each in interrupted:
            now = self._now()
            settlement = after_crash(each, now, self._repeats(each.address))
            await self._outbox.serve(
                LaneRequest(endpoint=each.endpoint, settled=(each, settlement)), now
            )

    def _repeats(self, address: Address) -> Repeats:
        """Of a bot that is not there any more: as few as any has."""
        outlet = self._outlets.get((address.channel, address.bot))
        return outlet.messenger.repeats if outlet else ONE_MARKED_REPEAT

    def may_answer_stranger(self, address: Address) -> bool:
        """Whether somebody who is not linked is answered there now; if so, it counts."""
        outlet = self._outlets.get((address.channel, address.bot))
        return outlet is None or outlet.pace.may_answer_stranger()

    async def _age(self) -> None:
        try:
            await self._outbox.age(self._now())
        except (TryLater, OutcomeUnknown) as outage:
            # Done or not: it claims nothing, and the next look does what is left.
            log.warning("nothing rises now", extra={"reason": str(outage)})

    def wake(self, owed: Mapping[EndpointId, tuple[Address, Priority]]) -> None:
        """These endpoints owe something now. Does nothing before `run` and after `drain`."""
        if self._group is None or self._closing:
            return
        for endpoint, (address, priority) in owed.items():
            if (address.channel, address.bot) not in self._outlets:
                continue
            lane = self._lanes.get(endpoint)
            if lane is not None:
                lane.priority = min(lane.priority, priority)
                lane.woken.set()
                continue
            self._open(self._group, _Lane(endpoint=endpoint, address=address, priority=priority))

    def heard(self, endpoint: EndpointId) -> None:
        """Somebody speaks there: it is open, whatever comes of an attempt that is on its way."""
        lane = self._lanes.get(endpoint)
        if lane is not None:
            lane.heard_at = steady()

    def is_busy(self, endpoint: EndpointId) -> bool:
        """Whether something is owed there now, as far as is known."""
        return endpoint in self._lanes

    def reaches(self, address: Address) -> bool:
        """Whether our bot there works as far as is known: its token is taken, and the platform is
        there.
        """
        outlet = self._outlets.get((address.channel, address.bot))
        return outlet is not None and not outlet.pace.is_away and outlet.trouble() is None

    def idle(self, endpoints: Mapping[EndpointId, Address]) -> frozenset[EndpointId]:
        """Those of the endpoints that a message could leave for at this moment."""
        if self._group is None or self._closing:
            return frozenset()
        return frozenset(
            endpoint
            for endpoint, address in endpoints.items()
            if endpoint not in self._lanes
            and (outlet := self._outlets.get((address.channel, address.bot))) is not None
            and outlet.pace.is_free(address)
        )

    def send_preclaimed(self, claimed: Sequence[Delivery], asked_at: Seconds) -> None:
        """Send items that were claimed when they were ingested, where it was `idle` just before.

        So they leave right after their commit: no lane has to look for them in the store.

        Args:
            asked_at: when they were to be claimed, by the steady clock.
        """
        for delivery in claimed:
            lane = self._lanes.get(delivery.endpoint)
            if lane is not None:
                lane.preclaimed = delivery, asked_at
                lane.woken.set()
            elif self._group is not None:
                lane = _Lane(
                    endpoint=delivery.endpoint,
                    address=delivery.address,
                    priority=delivery.priority,
                    preclaimed=(delivery, asked_at),
                )
                self._open(self._group, lane)

    def give_up(self, doubt: OutcomeUnknown) -> None:
        """End `run`: what an ingestion claimed may be in flight in the store, and nobody has heard
        of it. Only a start finds out.
        """
        if self._group is not None:
            self._group.create_task(_fail(doubt), name="doubt")

    def _open(self, group: asyncio.TaskGroup, lane: _Lane) -> None:
        self._lanes[lane.endpoint] = lane
        self._idle.clear()
        group.create_task(self._run_lane(lane), name=f"lane {lane.endpoint}")

    async def drain(self, within: timedelta) -> bool:
        """Start nothing new and let what is in flight end; gives whether it did in time."""
        self._closing = True
        self._stopping.set()
        for lane in self._lanes.values():
            lane.woken.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                await self._idle.wait()
        return not self._lanes

    async def _run_lane(self, lane: _Lane) -> None:
        try:
            await self._serve(lane)
        finally:
            del self._lanes[lane.endpoint]
            if not self._lanes:
                self._idle.set()

    async def _serve(self, lane: _Lane) -> None:
        """Send item after item; each outcome is committed together with the next claim."""
        settled: _Outcome | None = None
        under_pressure = False
        while True:
            if lane.preclaimed is not None:
                # Claimed only where nothing else was pending: nothing is left to settle.
                settled = await self._send_preclaimed(lane, *lane.preclaimed)
                continue
            pace = self._outlet(lane).pace
            wait, place = self._next_place(lane, pace)
            under_pressure = under_pressure or wait > UNDER_PRESSURE_AFTER
            if settled is not None and (wait > 0 or self._closing):
                # The outcome is known: it must not wait for a place in the queue.
                result = await self._ask_outbox(lane, settled)
                settled = None
                if result.due is None and not lane.woken.is_set():
                    pace.give_back(place)
                    return
            if wait > 0:
                await self._rest(wait)
            if self._closing:
                return
            if wait > 0 and (not place or not pace.may_leave(lane.address)):
                continue
            lane.woken.clear()
            asked_at = steady()
            result = await self._ask_outbox(
                lane, settled, claim=True, under_pressure=under_pressure
            )
            settled, under_pressure = None, False
            if result.delivery is not None:
                settled = await self._send_claimed(lane, result.delivery, asked_at)
                continue
            pace.give_back(place)
            if not await self._has_more(lane, result.due):
                return

    async def _send_claimed(self, lane: _Lane, delivery: Delivery, asked_at: Seconds) -> _Outcome:
        if not self._may_send():
            return delivery, handed_back(self._now())
        return await self._attempt(lane, delivery, asked_at)

    async def _send_preclaimed(
        self, lane: _Lane, delivery: Delivery, asked_at: Seconds
    ) -> _Outcome:
        """The same for what had no place in the bot's schedule when it was claimed: where none is
        near, it goes back.
        """
        lane.preclaimed = None
        pace = self._outlet(lane).pace
        wait, place = pace.take_place(delivery.priority)
        if self._closing or wait > CLAIMED_MAX_WAIT or pace.chat_wait(lane.address) > 0:
            pace.give_back(place)
            return delivery, handed_back(self._now())
        if wait > 0:
            await asyncio.sleep(wait)
        return await self._send_claimed(lane, delivery, asked_at)

    async def _ask_outbox(
        self,
        lane: _Lane,
        settled: _Outcome | None,
        *,
        claim: bool = False,
        under_pressure: bool = False,
    ) -> LaneResult:
        """Commit; while the database cannot, wait for it: an outcome is never dropped."""
        request = LaneRequest(
            endpoint=lane.endpoint, settled=settled, claim=claim, under_pressure=under_pressure
        )
        for failures in itertools.count(1):
            try:
                return await self._outbox.serve(request, self._now())
            except TryLater as outage:
                log.warning("the database must recover first", extra={"reason": str(outage)})
                await asyncio.sleep(COMMIT_WAITS.step(failures).total_seconds())
        raise AssertionError("the count has no end")

    def _outlet(self, lane: _Lane) -> Outlet:
        return self._outlets[lane.address.channel, lane.address.bot]

    def _next_place(self, lane: _Lane, pace: Pace) -> tuple[float, Place]:
        """Seconds to wait, and the place that comes then: only once the chat itself is free."""
        wait = 0.0 if self._closing else pace.chat_wait(lane.address)
        if not self._may_send():
            wait = max(wait, UNSURE_WAIT)
        if wait > 0 or self._closing:
            return wait, None
        return pace.take_place(lane.priority)

    async def _rest(self, wait: float) -> None:
        """Sleep, but notice at once that everything is to stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._stopping.wait()

    async def _has_more(self, lane: _Lane, due: datetime | None) -> bool:
        """Wait until the lane is woken or its next item is due; false if it can end."""
        if due is None:
            return lane.woken.is_set()
        wait = max(0.0, (due - self._now()).total_seconds())
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await lane.woken.wait()
        return True

    async def _attempt(self, lane: _Lane, delivery: Delivery, claimed_at: Seconds) -> _Outcome:
        outlet = self._outlet(lane)
        messenger = outlet.messenger
        outlet.pace.sent_to(lane.address)
        marked = messenger.repeats.marked
        with speaking(delivery.language, delivery.zone):
            card = presented(delivery, marked, self._now(), self.restored)
            attempt = await self._look(lane, delivery, outlet)
            if attempt is None:
                attempt = await messenger.send(
                    delivery.place,
                    card,
                    tried_since=delivery.created_at if delivery.unclear else None,
                    replies_to=delivery.replies_to,
                )
        now = self._now()
        if _is_contradicted(attempt, lane.heard_at, claimed_at):
            attempt = Postponed(reason=Reason.SPOKEN_MEANWHILE, counts=True)
        settlement = after_attempt(
            delivery, attempt, now, messenger.repeats, self._chance, outlet.waits
        )
        self._record_outcome(lane, delivery, attempt, settlement, outlet.pace)
        if isinstance(attempt, Gone) and self._tell_gone is not None:
            await self._tell_gone(delivery, attempt.reason)
        if isinstance(attempt, TopicGone) and self._tell_topic_gone is not None:
            await self._tell_topic_gone(delivery, attempt.reason)
        delays = now - delivery.occurred_at, now - delivery.created_at
        self._meter.delivered(messenger.channel, settlement.state, settlement.reason, *delays)
        return delivery, settlement

    async def _look(
        self,
        lane: _Lane,
        delivery: Delivery,
        outlet: Outlet,
    ) -> Attempt | None:
        """What keeps a card from a shared chat; `None` if nothing does, or nobody reads along."""
        attempt = await not_to_be_shown(delivery, outlet.readership)
        match attempt:
            case Postponed(scope=Scope.ENDPOINT, retry_after=asked):
                # This chat alone asks ever more rarely: it says nothing of the others.
                lane.blind += 1
                wait = outlet.waits.outage.wait(lane.blind, self._chance, asked)
                return replace(attempt, retry_after=wait)
            case None if not self._may_send():
                return Postponed(reason=Reason.LOOKED_TOO_LONG, tried=False)
            case None:
                lane.blind = 0
        return attempt

    def _record_outcome(
        self,
        lane: _Lane,
        delivery: Delivery,
        attempt: Attempt,
        settlement: Settlement,
        pace: Pace,
    ) -> None:
        """What an outcome means for more than this one item."""
        lane.priority = delivery.priority
        wait = ((settlement.not_before or self._now()) - self._now()).total_seconds()
        pace.record_outcome(delivery.address, attempt, wait, self._chance)
        match attempt:
            case Halted(reason=reason):
                self._meter.alarm("channel_halted")
                log.error("the channel refuses our bot", extra={"reason": reason})
            case Moved(chat=chat):
                address = delivery.address
                lane.address = Address(channel=address.channel, bot=address.bot, chat=chat)
            case _:
                pass
        if settlement.state not in (State.SENT, State.READY):
            log.warning(
                "a delivery was not sent",
                extra={
                    "delivery": delivery.reference,
                    "state": settlement.state,
                    "reason": settlement.reason,
                },
            )


REASONS = frozenset(
    {Reason.HOST_LEFT, Reason.READERS_UNKNOWN, Reason.LOOKED_TOO_LONG, Reason.SPOKEN_MEANWHILE}
)
"""What an attempt can come to whatever the platform answers."""


def _is_contradicted(attempt: Attempt, heard_at: Seconds | None, began: Seconds) -> bool:
    """Whether a chat that was found closed has been open since the attempt began."""
    if not isinstance(attempt, Gone) or attempt.reason == Reason.HOST_LEFT:
        return False
    return heard_at is not None and heard_at >= began


async def _fail(doubt: OutcomeUnknown) -> NoReturn:
    raise doubt


def handed_back(now: datetime) -> Settlement:
    """A claim is given up before anything was sent."""
    return Settlement(state=State.READY, reason=Reason.NOT_YET, not_before=now, counts=False)
