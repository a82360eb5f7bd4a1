"""SQLite: one thread that writes, one that reads, one that copies the log."""

import asyncio
import logging
import math
import sqlite3
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from storage.engine.database import (
    BATCH_LIMIT,
    Database,
    OperationRequest,
    Outcome,
    Pending,
    StorageTrouble,
    apart,
    do,
    perform,
    raw_of,
    resolve,
    transact,
)
from storage.engine.faults import described
from storage.engine.limits import Limits
from storage.engine.sqlite_files import DatabaseFile, Prepare, engine_of, lock, unusable

READ_CACHE = "cache_size=-16384"
"""KiB: so that the trades of a year are not read from the file anew for each answer."""

log = logging.getLogger(__name__)

R = TypeVar("R")


class Sqlite(Database):
    """A database file, with one connection that writes and one that reads.

    An asyncio driver would hop between threads for every statement. Here the statements of a
    transaction run on the event loop's own thread, which they keep for as long as it would take to
    hand them over. So does the commit of a single request, where the disk was quick the last time:
    to hand it over and take it back costs as much as the flush. Otherwise the commit is another
    thread's: meanwhile the loop goes on, and what is asked for makes up the next transaction. After
    something has held up the statements themselves (a disk that must be read, another program's
    lock), that thread runs them too for a while.

    The log is copied into the file on a connection of its own, since SQLite would do it within some
    commit, which would then take ten times as long.
    """

    def __init__(
        self,
        limits: Limits,
        file: DatabaseFile,
        writer: Connection,
        reader: Connection,
        keeper: Connection,
    ) -> None:
        super().__init__("sqlite")
        self._limits = limits
        self._file = file
        self._loop = asyncio.get_running_loop()
        self._connection = writer
        self._writer = _Thread("database writer")
        self._reader = _Thread("database reader")
        self._keeper = _Thread("database keeper")
        self._reads = partial(transact, reader)
        self._checkpoint = partial(_checkpoint, keeper)
        self._unchecked = 0
        self._checkpointing = False
        self._log_is_long = False
        # No bound: whoever puts something in waits for it.
        self._waiting: deque[OperationRequest] = deque()
        self._under_way = False
        self._apart_until = 0.0
        self._last_flush = math.inf
        """Seconds that the last commit took."""
        self._idle = asyncio.Event()
        self._idle.set()

    def trouble(self) -> StorageTrouble | None:
        return self._file.trouble()

    def _write(self, request: OperationRequest) -> None:
        self._waiting.append(request)
        if not self._under_way:
            self._begin()

    def _begin(self) -> None:
        """Begin the next transaction, with all that waits."""
        self._under_way = True
        self._idle.clear()
        if self._log_is_long:
            self._log_is_long = False
            self._writer.do(partial(_checkpoint, self._connection), lambda _: self._go_on())
            return
        requests = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
        if self._loop.time() < self._apart_until:
            self._writer.do(partial(transact, self._connection, requests), self._end)
            return
        try:
            pending = self._perform(requests)
        except Exception as error:  # noqa: BLE001 it is for those who asked
            self._writer.do(partial(apart, self._connection, requests, error), self._end)
            return
        if len(requests) == 1 and self._last_flush <= self._limits.quick_flush.total_seconds():
            self._end(self._commit(pending))
        else:
            self._writer.take(partial(self._commit, pending), self._end)

    def _perform(self, requests: Sequence[OperationRequest]) -> Pending:
        begun = self._loop.time()
        try:
            return perform(self._connection, requests)
        finally:
            now = self._loop.time()
            quick = self._limits.quick + self._limits.quick_each * len(requests)
            if now - begun > quick.total_seconds():
                self._apart_until = now + self._limits.apart.total_seconds()

    def _commit(self, pending: Pending) -> Sequence[Outcome]:
        """On either thread."""
        begun = self._loop.time()
        try:
            outcomes = pending.commit()
            self._last_flush = self._loop.time() - begun
            return outcomes
        except Exception as error:  # noqa: BLE001 as above
            requests = [outcome.request for outcome in pending.outcomes]
            return apart(self._connection, requests, error)

    def _end(self, outcomes: Sequence[Outcome]) -> None:
        resolve(outcomes)
        self._unchecked += 1
        if self._unchecked >= self._limits.checkpoint_after and not self._checkpointing:
            self._checkpointing, self._unchecked = True, 0
            self._keeper.do(self._checkpoint, self._checkpointed)
        # Not at once: those who have an answer now may ask for more, and it goes along.
        self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._under_way = False
        if self._waiting:
            self._begin()
        else:
            self._idle.set()

    def _checkpointed(self, pages: int) -> None:
        self._checkpointing = False
        self._log_is_long = pages > self._limits.longest_log

    def _read(self, request: OperationRequest) -> None:
        self._reader.do(partial(self._reads, [request]), resolve)

    async def close(self) -> None:
        """Finish what has been asked for, then end both threads."""
        await self._idle.wait()
        for thread in (self._writer, self._reader, self._keeper):
            await thread.close()


def _checkpoint(connection: Connection) -> int:
    """Copy what is committed into the database file, as far as nobody reads what is older.

    Gives how many pages the log has.
    """
    try:
        ((_, pages, _),) = raw_of(connection).driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except sqlite3.Error as error:
        # What is committed stays safe in the log, and the next time it is tried again.
        log.warning("the log could not be copied", extra={"reason": described(error)})
        return 0
    return int(pages)


class _Thread:
    """Does one job after the other, and hands what each gives to the event loop."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Callable[[Any], object]] | None]
        self._jobs = SimpleQueue()
        self._begun = threading.Semaphore(0)
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, job: Callable[[], R], done: Callable[[R], object]) -> None:
        """Have a job done, which raises nothing; `done` is called on the event loop's thread."""
        self._jobs.put((job, done))

    def take(self, job: Callable[[], R], done: Callable[[R], object]) -> None:
        """The same, but return only once the job has begun; it must soon wait for the disk.

        Otherwise it would begin when this thread has nothing more to do, or has kept the
        interpreter to itself for a whole switch interval: five milliseconds.
        """
        self.do(partial(self._begin, job), done)
        self._begun.acquire()

    def _begin(self, job: Callable[[], R]) -> R:
        self._begun.release()
        return job()

    async def close(self) -> None:
        """Let the jobs end, then the thread."""
        self._jobs.put(None)
        await self._ended.wait()
        self._thread.join()

    def _run(self) -> None:
        while (task := self._jobs.get()) is not None:
            job, done = task
            self._loop.call_soon_threadsafe(done, job())
        self._loop.call_soon_threadsafe(self._ended.set)


@asynccontextmanager
async def open_sqlite(path: Path, prepare: Prepare, limits: Limits) -> AsyncIterator[Database]:
    """Open a database file, made if there is none.

    Raises:
        Misconfigured: it cannot be, or another process has it open.
    """
    with ExitStack() as stack:
        opened = await asyncio.to_thread(_open, path, prepare, limits, stack)
        database = Sqlite(limits, *opened)
        try:
            yield database
        finally:
            await database.close()


def _open(
    path: Path, prepare: Prepare, limits: Limits, stack: ExitStack
) -> tuple[DatabaseFile, Connection, Connection, Connection]:
    """Give the connections that write, read and copy the log; the stack closes them."""
    file = lock(path, stack)
    writing = engine_of(path, limits, "BEGIN IMMEDIATE", "wal_autocheckpoint=0")
    reading = engine_of(path, limits, "BEGIN", "query_only=ON", READ_CACHE)
    keeping = engine_of(path, limits, "BEGIN")
    for engine in (writing, reading, keeping):
        stack.callback(engine.dispose)
    try:
        writer = stack.enter_context(writing.connect())
        do(writer, prepare)
        reader, keeper = (stack.enter_context(each.connect()) for each in (reading, keeping))
        return file, writer, reader, keeper
    except (DBAPIError, sqlite3.Error) as error:
        raise unusable(path, error) from error
