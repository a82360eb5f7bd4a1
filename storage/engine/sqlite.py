"""SQLite: one thread that writes, one that reads, and a lock against a second process."""

import asyncio
import fcntl
import logging
import os
import sqlite3
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import Misconfigured
from storage.engine.database import (
    BATCH_LIMIT,
    BEGIN,
    Database,
    Inline,
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
from storage.engine.folders import unwritable
from storage.engine.limits import Limits

log = logging.getLogger(__name__)

R = TypeVar("R")

Prepare = Callable[[Connection], object]
"""Brings the tables into shape, or raises `Misconfigured`."""


MEBIBYTE = 1 << 20
LEAST_ROOM = 8 * MEBIBYTE
"""Bytes that a disk must have left: enough for some ten thousand events, and for the log."""


class Sqlite(Database):
    """A database file, with one connection that writes and one that reads.

    An asyncio driver would hop between threads for every statement. Here the statements of a
    transaction run on the event loop's own thread, which they keep for as long as it would take to
    hand them over, and only the commit, which waits for the disk, is another thread's: meanwhile
    the loop goes on, and what is asked for makes up the next transaction. After something has held
    up the statements themselves (a disk that must be read, another program's lock), that thread
    runs them too for a while.

    The log is copied into the file on a connection of its own, since SQLite would do it within some
    commit, which would then take ten times as long.
    """

    def __init__(
        self,
        limits: Limits,
        file: "_File",
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
        """On the writer's thread."""
        try:
            return pending.commit()
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
) -> tuple["_File", Connection, Connection, Connection]:
    """Give the connections that write, read and copy the log; the stack closes them."""
    file = _lock(path, stack)
    writing = _engine(path, limits, "BEGIN IMMEDIATE", "wal_autocheckpoint=0")
    reading = _engine(path, limits, "BEGIN", "query_only=ON")
    keeping = _engine(path, limits, "BEGIN")
    for engine in (writing, reading, keeping):
        stack.callback(engine.dispose)
    try:
        writer = stack.enter_context(writing.connect())
        do(writer, prepare)
        reader, keeper = (stack.enter_context(each.connect()) for each in (reading, keeping))
        return file, writer, reader, keeper
    except (DBAPIError, sqlite3.Error) as error:
        raise _unusable(path, error) from error


@dataclass(slots=True, kw_only=True)
class _File:
    """The file that is open, whatever its name stands for by now."""

    path: Path
    descriptor: int
    longest: int = 0
    """Bytes that it had at any look: nothing of ours makes it shorter."""
    cut_short: bool = False

    def trouble(self) -> StorageTrouble | None:
        """What has become of the name, of the file or of the room beside it; `None` if all is well.

        What is written to a file without a name works until it is closed, and is gone then. One
        that was cut short grows again with what is written, and what it held is gone at once.
        """
        lost = "what is stored from now on is lost at the next stop"
        try:
            there = os.stat(self.path)
        except OSError as error:
            what = f"is not there any more ({error.strerror})"
        else:
            if not os.path.samestat(there, os.fstat(self.descriptor)):
                what = "was replaced by another file"
            elif self._is_cut_short(there.st_size):
                what, lost = "was emptied or cut short", "what was stored before may be lost"
            else:
                return self._lack_of_room()
        return StorageTrouble(
            alarm="database_lost",
            words=f"The database {self.path} {what} while Tradebell uses it: alerts are sent on,"
            f" but {lost}. Put the newest backup there and start Tradebell again.",
        )

    def _is_cut_short(self, size: int) -> bool:
        self.cut_short = self.cut_short or size < self.longest
        self.longest = max(self.longest, size)
        return self.cut_short

    def _lack_of_room(self) -> StorageTrouble | None:
        """A write alone would not tell: small ones find room in the log for long."""
        disk = os.statvfs(self.path.parent)
        if disk.f_bavail * disk.f_frsize >= LEAST_ROOM:
            return None
        return StorageTrouble(
            alarm="disk_full",
            words=f"The disk with the database {self.path} is full (less than"
            f" {LEAST_ROOM // MEBIBYTE} MiB are left): what cannot be stored is not told before"
            " there is room. Free some there, or make the disk larger.",
        )


def _lock(path: Path, stack: ExitStack) -> _File:
    """Make the files, and keep every other process of ours out."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # For nobody else's eyes, whatever the umask says.
        file = os.open(path, flags, 0o600)
        stack.callback(os.close, file)
        lock = os.open(path.with_name(path.name + ".lock"), flags, 0o600)
        stack.callback(os.close, lock)
    except OSError as error:
        raise _unwritable(path.parent, str(error.strerror)) from error
    # By its name, and by itself, whatever other name it has. Elsewhere than on Linux the second
    # would be in the way of SQLite's own locks.
    locked = (lock, file) if sys.platform == "linux" else (lock,)
    try:
        for each in locked:
            fcntl.flock(each, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Misconfigured(
            f"Another Tradebell has {path} open: stop it, or give this one a TRADEBELL_DATA_DIR or"
            " TRADEBELL_DATABASE_URL of its own."
        ) from error
    return _File(path=path, descriptor=file)


def _unusable(path: Path, error: Exception) -> Misconfigured:
    return Misconfigured(
        f"The database {path} cannot be opened ({described(error)}): point TRADEBELL_DATABASE_URL"
        " or TRADEBELL_DATA_DIR elsewhere, or put a backup in its place."
    )


def _unwritable(folder: Path, reason: str) -> Misconfigured:
    return Misconfigured(
        f"The data folder {folder} cannot be written ({reason}): let Tradebell's user write there,"
        " or set TRADEBELL_DATA_DIR or TRADEBELL_DATABASE_URL."
    )


def _engine(path: Path, limits: Limits, begin: str, *pragmas: str) -> Engine:
    url = URL.create("sqlite", database=str(path))
    return _set_up(create_engine(url, **_OPTIONS), limits, begin, *pragmas)


@contextmanager
def looking_at(path: Path) -> Iterator[Connection | None]:
    """Look into a database file that another process may have open; `None` if there is none yet,
    or nothing in it.

    Raises:
        Misconfigured: it is no database, or nobody can make one there.
    """
    try:
        there = path.exists() and path.stat().st_size > 0
    except OSError as error:
        raise _unwritable(path.parent, str(error.strerror)) from error
    if not there:
        if (reason := unwritable(path.parent)) is not None:
            raise _unwritable(path.parent, reason)
        yield None
        return
    url = URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    engine = _set_up(create_engine(url, **_OPTIONS), Limits(), "BEGIN")
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise _unusable(path, error) from error
    finally:
        engine.dispose()


def refuse_damage(connection: Connection) -> None:
    """Read the whole file, also what a start would not come by for days.

    Raises:
        Misconfigured: some page of it is no use.
    """
    found: str = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if found != "ok":
        raise Misconfigured(
            f"The database is damaged ({found.splitlines()[-1]}): put a backup in its place, or"
            " point TRADEBELL_DATABASE_URL elsewhere."
        )


@contextmanager
def open_inline(prepare: Prepare) -> Iterator[Inline]:
    """Open a database in memory, which lives as long as the context."""
    engine = create_engine(
        "sqlite://",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
        **_OPTIONS,
    )
    try:
        with _set_up(engine, Limits(), "BEGIN").connect() as connection:
            do(connection, prepare)
            yield Inline(connection)
    finally:
        engine.dispose()


_OPTIONS: Mapping[str, Any] = {
    "hide_parameters": True,
    # Python's module begins transactions on its own, and too late for some statements: see `do`.
    # Source: https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable
    "isolation_level": "AUTOCOMMIT",
}


def _set_up(engine: Engine, limits: Limits, begin: str, *pragmas: str) -> Engine:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[BEGIN] = begin
        for pragma in (
            f"busy_timeout={limits.busy // timedelta(milliseconds=1)}",
            "journal_mode=WAL",
            "synchronous=FULL",  # G1: a commit survives the loss of power
            "foreign_keys=ON",
            *pragmas,
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine
