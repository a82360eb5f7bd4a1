"""A supervisor, as containers have one: a process that ends, or is killed, is started again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import Misconfigured, OutcomeUnknown, TryLater
from bot.ports import Messenger, Platform
from bot.services.feeds import FeedRhythm
from storage import Store
from tests.fakes.messenger import FakeMessenger
from tests.harness.troubled_database import Troubled
from tests.harness.world import ALONE, World, running

Open = Callable[[], AbstractAsyncContextManager[Store]]


@dataclass(eq=False)
class Supervisor:
    """Keeps one process running on a database that `open` opens; a kill is a real one.

    Its database is `Troubled`: what is killed can ask for nothing more.
    """

    open: Open
    platform: Platform
    chat: FakeMessenger
    now: Callable[[], datetime]
    rhythm: FeedRhythm = ALONE
    others: Sequence[Messenger] = ()
    """Of further platforms."""
    world: World | None = None
    """The process, while there is one."""
    ended: int = 0
    """How often it has ended by itself."""
    _end: asyncio.Event = field(default_factory=asyncio.Event)
    _down_for: timedelta = timedelta(0)
    _over: bool = False

    async def run(self) -> None:
        """Until `stop`."""
        while not self._over:
            self._end.clear()
            self._down_for = timedelta(seconds=1)
            try:
                await self._run_once()
            except* (Misconfigured, TryLater, OutcomeUnknown):
                if not self._end.is_set():
                    self.ended += 1
            await asyncio.sleep(self._down_for.total_seconds())

    async def _run_once(self) -> None:
        async with self.open() as store:
            database = store.database
            assert isinstance(database, Troubled)
            try:
                async with running(
                    store, self.platform, self.chat, self.now, self.rhythm, others=self.others
                ) as world:
                    self.world = world
                    try:
                        await self._end.wait()
                    finally:
                        database.killed = True
            finally:
                self.world = None

    @property
    def up(self) -> World:
        assert self.world is not None, "the process is down"
        return self.world

    @property
    def database(self) -> Troubled:
        database = self.up.store.database
        assert isinstance(database, Troubled)
        return database

    def kill(self, down_for: timedelta = timedelta(seconds=1)) -> None:
        self._down_for = down_for
        self._end.set()

    def stop(self) -> None:
        self._over = True
        self.kill(timedelta(0))


@asynccontextmanager
async def supervised(
    open: Open,
    platform: Platform,
    chat: FakeMessenger,
    now: Callable[[], datetime],
    rhythm: FeedRhythm = ALONE,
) -> AsyncIterator[Supervisor]:
    """A process that is up, and stays so until the block ends."""
    supervisor = Supervisor(open, platform, chat, now, rhythm)
    async with asyncio.TaskGroup() as group:
        group.create_task(supervisor.run(), name="supervisor")
        while supervisor.world is None:  # noqa: ASYNC110 time is virtual
            await asyncio.sleep(0.05)
        yield supervisor
        supervisor.stop()
