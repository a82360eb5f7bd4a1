"""Processes that share a database, each on a thread and an event loop of its own.

What stops a process (SIGSTOP, a blocked loop, a machine that swaps) stops one of these loops.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.app.sources import new_id, now
from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.deliveries import Attempt, Sent
from bot.domain.lanes import LaneRequest, LaneResult
from bot.services.delivery import Delivering, Outlet
from bot.services.leadership import Leadership, Superseded, Term
from bot.services.pace import Pace
from storage import Store, open_store
from storage.outbox.deliveries import SqlOutbox
from tests.fakes.messenger import FakeMessenger, Shown
from tests.fakes.meter import FakeMeter

TERM = Term(
    life=timedelta(seconds=1.5),
    renew_every=timedelta(seconds=0.12),
    retry_every=timedelta(seconds=0.03),
)
"""All that takes seconds takes fractions of one, and a busy machine keeps the lease."""

PATIENCE = 20.0
"""Seconds that something which has to happen may take before a test gives up."""


class SlowToAnswer(FakeMessenger):
    """Shows at once what is sent, and answers later: as when a request is long on the wire."""

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        self.calls += 1
        left = self.now()
        message = str(self.calls)
        self.shown.append(Shown(address.chat, card, left, self.now(), message))
        await asyncio.sleep(self.seconds)
        return Sent(message=message)


class Stopping(SqlOutbox):
    """Stops the whole process once, right after a claim is committed."""

    stops_for = 0.0

    async def serve(self, request: LaneRequest, now_: object) -> LaneResult:
        turned = await super().serve(request, now_)  # type: ignore[arg-type]
        if turned.delivery is not None and self.stops_for:
            seconds, self.stops_for = self.stops_for, 0.0
            time.sleep(seconds)  # noqa: ASYNC251 nothing goes on meanwhile: that is the point
        return turned


@dataclass(eq=False)
class Worker:
    """One process: it stands by, does the work while it has the right, and ends when it lost it."""

    name: str
    url: str
    secret_key: str
    shown: list[Shown]
    skew: timedelta = timedelta(0)
    """By how much its clock is wrong."""
    stops_after_claim: float = 0.0
    seconds: float = 0.0
    """How long a call to the chat platform takes."""
    works: threading.Event = field(default_factory=threading.Event)
    superseded: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _task: asyncio.Task[None] | None = None

    def start(self) -> Worker:
        threading.Thread(target=self._run, name=self.name, daemon=True).start()
        return self

    def stop_for(self, seconds: float) -> None:
        """Stop its loop, whatever it is at."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(time.sleep, seconds)

    def kill(self) -> None:
        """End it without a word to anybody."""
        if self._loop is not None and self._task is not None and not self.ended.is_set():
            self._loop.call_soon_threadsafe(self._task.cancel)
        assert self.ended.wait(PATIENCE)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            with suppress(asyncio.CancelledError):
                runner.run(self._live())
        self.ended.set()

    async def _live(self) -> None:
        self._task = asyncio.current_task()
        async with open_store(self.url, [self.secret_key], now, new_id) as store:
            duty = Leadership(store.leases, self.name, TERM)
            if await duty.begin(asyncio.Event()):
                try:
                    await self._work(store, duty)
                except* Superseded:
                    self.superseded.set()

    async def _work(self, store: Store, duty: Leadership) -> None:
        def clock() -> datetime:
            return now() + self.skew

        chat = SlowToAnswer(now=now, shown=self.shown, seconds=self.seconds)
        pace = Pace(rate=0, chat_rate=lambda _: 0, clock=asyncio.get_running_loop().time)
        outbox = Stopping(store.database)
        outbox.stops_for = self.stops_after_claim
        outlets = {(chat.channel, chat.bot): Outlet(messenger=chat, pace=pace)}
        delivering = Delivering(
            outbox,
            outlets,
            FakeMeter(),
            clock,
            random.Random(7),
            duty.is_sure,
            look_every=timedelta(seconds=0.05),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(duty.keep(), name="duty")
            group.create_task(delivering.run(), name="delivery")
            self.works.set()


Start = Callable[..., Worker]
