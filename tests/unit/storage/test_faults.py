"""Every error that a database, its driver or the pool can raise has a class."""

from __future__ import annotations

import asyncio
import sqlite3

import asyncpg
import pytest
from sqlalchemy import exc

from bot.errors import Misconfigured, StoreAway
from storage.engine.database import OperationRequest, failed
from storage.engine.faults import (
    ASYNCPG,
    SQLITE,
    SQLSTATES,
    SQLSTATES_APART,
    Fault,
    by_class,
    fault,
)


def raised_by(*modules: object) -> list[type[BaseException]]:
    """All exceptions that these modules name, but for two roots: a new branch of either must be
    classified by itself.
    """
    every = {each for module in modules for each in vars(module).values() if is_error(each)}
    return sorted(every - {asyncpg.PostgresError, exc.SQLAlchemyError}, key=repr)


def is_error(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseException)


def is_classified(kind: type[BaseException]) -> bool:
    code = getattr(kind, "sqlstate", None)
    return by_class(kind) is not None or code in SQLSTATES_APART or (code or "")[:2] in SQLSTATES


@pytest.mark.fault(75)
def test_every_error_of_drivers_and_pool_has_a_class():
    kinds = raised_by(exc, asyncpg.exceptions, sqlite3)

    assert len(kinds) > 250
    assert [kind for kind in kinds if not is_classified(kind)] == []


def test_the_errors_of_the_driver_have_these_names():
    assert [name for name in ASYNCPG if not is_error(getattr(asyncpg, name))] == []


def test_an_error_that_is_new_would_be_noticed():
    class Unheard(Exception):
        sqlstate = "Q1000"

    assert not is_classified(Unheard)
    assert fault(Unheard()) is Fault.OURS


def test_every_result_of_sqlite_has_a_class():
    # Those of the authorizer are no results: they have the same prefix.
    results = [name for name in dir(sqlite3) if name.startswith("SQLITE_") and is_result(name)]

    assert len(results) > 25
    assert [name for name in results if name.split("_")[1] not in SQLITE] == []


def is_result(name: str) -> bool:
    actions = {"ANALYZE", "ATTACH", "DELETE", "DENY", "DETACH", "FUNCTION", "IGNORE", "INSERT"}
    actions |= {"PRAGMA", "READ", "RECURSIVE", "REINDEX", "SAVEPOINT", "SELECT", "TRANSACTION"}
    head = name.split("_")[1]
    return head not in actions | {"UPDATE", "ALTER", "CREATE", "DROP", "LIMIT", "DBCONFIG"}


def wrapped(error: Exception, *, invalidated: bool = False) -> exc.DBAPIError:
    """As SQLAlchemy hands on what asyncpg raises."""
    emulated = exc.EmulatedDBAPIException("words", error)
    return exc.DBAPIError("SELECT 1", {}, emulated, connection_invalidated=invalidated)


def of_sqlite(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("words")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (exc.TimeoutError("QueuePool limit of size 5 overflow 10 reached"), Fault.AWAY),
        (TimeoutError(), Fault.CUT),
        (ConnectionResetError(), Fault.CUT),
        (asyncio.IncompleteReadError(b"", 5), Fault.CUT),
        (wrapped(asyncpg.InterfaceError("connection is closed")), Fault.CUT),
        (wrapped(asyncpg.InternalClientError("unknown protocol state")), Fault.CUT),
        (wrapped(asyncpg.ConnectionDoesNotExistError("closed"), invalidated=True), Fault.CUT),
        (wrapped(asyncpg.CannotConnectNowError("starting up")), Fault.AWAY),
        (wrapped(asyncpg.DiskFullError("no space")), Fault.AWAY),
        (wrapped(asyncpg.TooManyConnectionsError("sorry")), Fault.AWAY),
        (wrapped(asyncpg.LockNotAvailableError("locked")), Fault.AWAY),
        (wrapped(asyncpg.ReadOnlySQLTransactionError("standby")), Fault.AWAY),
        (wrapped(asyncpg.InvalidPasswordError("changed")), Fault.AWAY),
        (wrapped(asyncpg.InvalidCatalogNameError("restored just now")), Fault.AWAY),
        (wrapped(asyncpg.InvalidCachedStatementError("migrated")), Fault.AWAY),
        (wrapped(asyncpg.FeatureNotSupportedError("never")), Fault.OURS),
        (wrapped(asyncpg.UniqueViolationError("there already")), Fault.OURS),
        (wrapped(asyncpg.UndefinedTableError("no such table")), Fault.OURS),
        (wrapped(asyncpg.DataCorruptedError("bad page")), Fault.DAMAGED),
        (wrapped(asyncpg.TransactionResolutionUnknownError("who knows")), Fault.CUT),
        (of_sqlite("SQLITE_BUSY_SNAPSHOT"), Fault.AWAY),
        (of_sqlite("SQLITE_IOERR_WRITE"), Fault.AWAY),
        (of_sqlite("SQLITE_READONLY_DBMOVED"), Fault.AWAY),
        (of_sqlite("SQLITE_CONSTRAINT_UNIQUE"), Fault.OURS),
        (of_sqlite("SQLITE_CORRUPT_INDEX"), Fault.DAMAGED),
        (sqlite3.ProgrammingError("closed"), Fault.OURS),
        (ZeroDivisionError(), Fault.OURS),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_an_error_has_the_class_of_what_can_be_done(error: Exception, expected: Fault):
    assert fault(error) is expected


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (exc.TimeoutError("all 15 in use"), StoreAway),
        (wrapped(asyncpg.DataCorruptedError("bad page")), Misconfigured),
        (ZeroDivisionError(), ZeroDivisionError),
    ],
)
def test_who_asked_is_told_in_our_words(error: Exception, told: type[Exception]):
    request = OperationRequest(operation=lambda *_: [], argument=None, future=None)  # type: ignore[arg-type]

    (outcome,) = failed([request], error)

    assert type(outcome.error) is told
