"""SQLite's files: locked against a second process, looked after, and opened."""

import fcntl
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import Misconfigured
from storage.engine.database import BEGIN, Inline, StorageTrouble, do, raw_of
from storage.engine.faults import described
from storage.engine.folders import unwritable
from storage.engine.limits import Limits

Prepare = Callable[[Connection], object]
"""Brings the tables into shape, or raises `Misconfigured`."""


MEBIBYTE = 1 << 20
LEAST_ROOM = 8 * MEBIBYTE
"""Bytes that a disk must have left: enough for some ten thousand events, and for the log."""


@dataclass(slots=True, kw_only=True)
class DatabaseFile:
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


def lock(path: Path, stack: ExitStack) -> DatabaseFile:
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
    return DatabaseFile(path=path, descriptor=file)


def unusable(path: Path, error: Exception) -> Misconfigured:
    return Misconfigured(
        f"The database {path} cannot be opened ({described(error)}): point TRADEBELL_DATABASE_URL"
        " or TRADEBELL_DATA_DIR elsewhere, or put a backup in its place."
    )


def _unwritable(folder: Path, reason: str) -> Misconfigured:
    return Misconfigured(
        f"The data folder {folder} cannot be written ({reason}): let Tradebell's user write there,"
        " or set TRADEBELL_DATA_DIR or TRADEBELL_DATABASE_URL."
    )


def engine_of(path: Path, limits: Limits, begin: str, *pragmas: str) -> Engine:
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
        raise unusable(path, error) from error
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
    with _in_memory().connect() as connection:
        do(connection, prepare)
        yield Inline(connection)


@contextmanager
def open_inline_copy(prepare: Prepare) -> Iterator[Inline]:
    """The same, but what `prepare` makes in an empty database is made once and copied."""
    with (
        closing(sqlite3.connect(":memory:")) as prepared,
        _in_memory().connect() as connection,
    ):
        prepared.deserialize(_made(prepare))
        prepared.backup(raw_of(connection).driver)
        yield Inline(connection)


@cache
def _made(prepare: Prepare) -> bytes:
    with _in_memory().connect() as connection:
        do(connection, prepare)
        made: bytes = raw_of(connection).driver.serialize()
        return made


@cache
def _in_memory() -> Engine:
    """One for all, each of whose connections is a database of its own: what was compiled for one
    need not be compiled for the next.
    """
    engine = create_engine(
        "sqlite://",
        poolclass=NullPool,
        connect_args={"check_same_thread": False},
        **_OPTIONS,
    )
    return _set_up(engine, Limits(), "BEGIN")


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
