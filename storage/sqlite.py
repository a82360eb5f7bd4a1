"""SQLite: one thread that writes, one that reads, and a lock against a second process."""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import Misconfigured
from storage.database import (
    BATCH_LIMIT,
    BEGIN,
    Database,
    Inline,
    Outcome,
    Request,
    described,
    do,
    resolve,
    transact,
)

BUSY_MILLISECONDS = 5000
"""How long to wait for another program that looks into the file (a backup, the sqlite3 shell)."""

QUICK = timedelta(milliseconds=5)
"""A transaction that takes longer than this must not hold up the event loop again."""

Prepare = Callable[[Connection], object]
"""Brings the tables into shape, or raises `Misconfigured`."""


class Sqlite(Database):
    """A database file, with one connection that writes and one that reads, each on a thread.

    An asyncio driver would hop between threads for every statement, three or four times for one
    transaction; here a transaction crosses over once, and its results come back together. A lone
    request, as long as the disk is quick, does not even do that: crossing over and back would take
    longer than waiting for the disk.
    """

    def __init__(self, writer: Connection, reader: Connection) -> None:
        super().__init__("sqlite")
        self._loop = asyncio.get_running_loop()
        self._writer = _Worker("database writer", writer)
        self._reader = _Worker("database reader", reader)
        self._arrived: list[Request] = []

    def _write(self, request: Request) -> None:
        if not self._arrived:
            self._loop.call_soon(self._pass_on)
        self._arrived.append(request)

    def _pass_on(self) -> None:
        """Whatever was asked for in this round of the event loop goes together."""
        arrived, self._arrived = self._arrived, []
        if len(arrived) == 1 and self._writer.is_quick:
            self._writer.do_here(arrived)
        else:
            self._writer.take(arrived)

    def _read(self, request: Request) -> None:
        self._reader.take([request])

    async def close(self) -> None:
        """Finish what has been asked for, then end both threads."""
        self._pass_on()
        await self._writer.close()
        await self._reader.close()


class _Worker:
    """Owns a connection and works off requests in batches, as many as are waiting.

    The queue needs no bound: whoever puts something in waits for it.
    """

    def __init__(self, name: str, connection: Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[Request | None] = SimpleQueue()
        self._unresolved = 0  # of those that the thread was given
        self._was_quick = True
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def take(self, requests: Sequence[Request]) -> None:
        self._unresolved += len(requests)
        for request in requests:
            self._waiting.put(request)

    @property
    def is_quick(self) -> bool:
        """Whether the thread has nothing to do, and the last transaction did not take long."""
        return self._was_quick and self._unresolved == 0

    def do_here(self, requests: Sequence[Request]) -> None:
        """Do it on the event loop's thread, while this one's has nothing to do."""
        resolve(self._transact(requests))

    async def close(self) -> None:
        self._waiting.put(None)
        await self._ended.wait()
        self._thread.join()

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._next_batch()
            outcomes = self._transact(batch) if batch else []
            self._loop.call_soon_threadsafe(self._resolve, outcomes)
        self._loop.call_soon_threadsafe(self._ended.set)

    def _next_batch(self) -> tuple[list[Request], bool]:
        """All that waits, at least one; false once nothing will follow."""
        batch: list[Request] = []
        request = self._waiting.get()
        while request is not None:
            batch.append(request)
            if len(batch) == BATCH_LIMIT:
                return batch, True
            try:
                request = self._waiting.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _transact(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        begun = self._loop.time()
        outcomes = transact(self._connection, requests)
        self._was_quick = self._loop.time() - begun < QUICK.total_seconds()
        return outcomes

    def _resolve(self, outcomes: Sequence[Outcome]) -> None:
        self._unresolved -= len(outcomes)
        resolve(outcomes)


@asynccontextmanager
async def open_sqlite(path: Path, prepare: Prepare) -> AsyncIterator[Database]:
    """Open a database file, made if there is none.

    Raises:
        Misconfigured: it cannot be, or another process has it open.
    """
    with ExitStack() as stack:
        writer, reader = await asyncio.to_thread(_open, path, prepare, stack)
        database = Sqlite(writer, reader)
        try:
            yield database
        finally:
            await database.close()


def _open(path: Path, prepare: Prepare, stack: ExitStack) -> tuple[Connection, Connection]:
    """Give the connections that write and that read; the stack closes them."""
    _lock(path, stack)
    writing, reading = _engine(path, "BEGIN IMMEDIATE"), _engine(path, "BEGIN", "query_only=ON")
    stack.callback(writing.dispose)
    stack.callback(reading.dispose)
    try:
        writer = stack.enter_context(writing.connect())
        do(writer, prepare)
        return writer, stack.enter_context(reading.connect())
    except (DBAPIError, sqlite3.Error) as error:
        raise _unusable(path, error) from error


def _lock(path: Path, stack: ExitStack) -> None:
    """Make the files, and keep every other process of ours out."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # For nobody else's eyes, whatever the umask says.
        os.close(os.open(path, flags, 0o600))
        lock = os.open(path.with_name(path.name + ".lock"), flags, 0o600)
    except OSError as error:
        raise _unwritable(path.parent, str(error.strerror)) from error
    stack.callback(os.close, lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Misconfigured(
            f"Another Tradebell has {path} open: stop it, or give this one a TRADEBELL_DATA_DIR or"
            " TRADEBELL_DATABASE_URL of its own."
        ) from error


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


def _engine(path: Path, begin: str, *pragmas: str) -> Engine:
    url = URL.create("sqlite", database=str(path))
    return _set_up(create_engine(url, **_OPTIONS), begin, *pragmas)


@contextmanager
def looking_at(path: Path) -> Iterator[Connection | None]:
    """Look into a database file that another process may have open; `None` if there is none yet.

    Raises:
        Misconfigured: it is no database, or nobody can make one there.
    """
    if not path.exists():
        _check_folder(path.parent)
        yield None
        return
    url = URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    engine = _set_up(create_engine(url, **_OPTIONS), "BEGIN")
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise _unusable(path, error) from error
    finally:
        engine.dispose()


def _check_folder(folder: Path) -> None:
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        raise _unwritable(folder, "it is not a folder that this user may write in")


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
        with _set_up(engine, "BEGIN").connect() as connection:
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


def _set_up(engine: Engine, begin: str, *pragmas: str) -> Engine:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[BEGIN] = begin
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",  # G1: a commit survives the loss of power
            "foreign_keys=ON",
            *pragmas,
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine
