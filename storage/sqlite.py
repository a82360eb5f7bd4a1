"""SQLite: one thread that writes, one that reads, and a lock against a second process."""

import asyncio
import fcntl
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from bot.errors import Misconfigured
from storage.database import (
    BATCH_LIMIT,
    Database,
    Inline,
    Request,
    described,
    resolve,
    transact,
)

BUSY_MILLISECONDS = 5000
"""How long to wait for another program that looks into the file (a backup, the sqlite3 shell)."""

Prepare = Callable[[Connection], object]
"""Brings the tables into shape, or raises `Misconfigured`."""


class Sqlite(Database):
    """A database file, written by one thread and read by another.

    An asyncio driver would hop between threads for every statement, three or four times for one
    transaction; here a transaction crosses over once and its results come back together.
    """

    def __init__(self, writer: Connection, reader: Connection) -> None:
        super().__init__("sqlite")
        self._writer = _Thread("database writer", writer)
        self._reader = _Thread("database reader", reader)

    def _write(self, request: Request) -> None:
        self._writer.take(request)

    def _read(self, request: Request) -> None:
        self._reader.take(request)

    async def close(self) -> None:
        """Finish what has been asked for, then end both threads."""
        await self._writer.close()
        await self._reader.close()


class _Thread:
    """Owns a connection and works off requests in batches, as many as are waiting.

    The queue needs no bound: whoever puts something in waits for it.
    """

    def __init__(self, name: str, connection: Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[Request | None] = SimpleQueue()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def take(self, request: Request) -> None:
        self._waiting.put(request)

    async def close(self) -> None:
        self._waiting.put(None)
        await self._ended.wait()
        self._thread.join()

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._next_batch()
            outcomes = transact(self._connection, batch) if batch else []
            self._loop.call_soon_threadsafe(resolve, outcomes)
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
        prepare(writer)
        return writer, stack.enter_context(reading.connect())
    except DBAPIError as error:
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


def _unusable(path: Path, error: DBAPIError) -> Misconfigured:
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
    return _with_transactions(create_engine(url, hide_parameters=True), begin, *pragmas)


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
    engine = _with_transactions(create_engine(url, hide_parameters=True), "BEGIN")
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
        hide_parameters=True,
    )
    try:
        with _with_transactions(engine, "BEGIN").connect() as connection:
            prepare(connection)
            yield Inline(connection)
    finally:
        engine.dispose()


def _with_transactions(engine: Engine, begin: str, *pragmas: str) -> Engine:
    """Make transactions ours alone.

    Python's module begins them on its own, and too late for some statements.
    Source: https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable
    """

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",  # G1: a commit survives the loss of power
            "foreign_keys=ON",
            *pragmas,
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_ours(connection: Connection) -> None:
        # Straight to the driver: this comes with every transaction and needs nothing else.
        connection.connection.cursor().execute(begin)

    return engine
