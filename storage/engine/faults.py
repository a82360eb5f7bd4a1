"""What an error of a database, its driver or the pool means for those who asked."""

import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import exc


class Fault(StrEnum):
    """What is to be done about it. During a commit, `CUT` leaves the outcome open."""

    AWAY = "away"
    """The database cannot do it now, and has done nothing."""
    CUT = "cut"
    """The same, and the connection is of no more use."""
    OURS = "ours"
    """A statement, a value or a table is not as it must be: trying again cannot help."""
    DAMAGED = "damaged"
    """What is stored cannot be read any more: only a backup helps."""


# Everything that is the server's state, which may pass: it restarts, is full, locks, is restored
# from a backup, has got other rights or another password.
# Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
SQLSTATES: Mapping[str, Fault] = MappingProxyType(
    dict.fromkeys(("08", "28", "3D", "40", "53", "55", "57", "58", "F0", "72"), Fault.AWAY)
    | dict.fromkeys(
        (
            *("01", "02", "03", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "22"),
            *("23", "24", "25", "26", "27", "2B", "2D", "2F", "34", "38", "39", "3B", "3F", "42"),
            *("44", "54", "HV", "P0", "XX"),
        ),
        Fault.OURS,
    )
)
"""By the first two characters of SQLSTATE, which are its class."""

# Members of a class that mean something else.
SQLSTATES_APART: Mapping[str, Fault] = MappingProxyType(
    {
        "08007": Fault.CUT,  # nobody knows whether it was committed
        "40003": Fault.CUT,
        "25006": Fault.AWAY,  # read-only: a standby, or a server that runs out of space
        "25P03": Fault.CUT,  # idle in a transaction for longer than the server allows
        "25P04": Fault.CUT,  # a transaction that took longer than the server allows
        "42501": Fault.AWAY,  # rights, which an operator may be changing just now
        "XX001": Fault.DAMAGED,
        "XX002": Fault.DAMAGED,
    }
)

CLASSES: Mapping[type[BaseException], Fault] = MappingProxyType(
    {
        exc.TimeoutError: Fault.AWAY,  # all connections of the pool are in use
        exc.DisconnectionError: Fault.CUT,
        exc.PendingRollbackError: Fault.CUT,
        exc.ResourceClosedError: Fault.CUT,
        exc.EmulatedDBAPIException: Fault.OURS,
        exc.ArgumentError: Fault.OURS,
        exc.CircularDependencyError: Fault.OURS,
        exc.CompileError: Fault.OURS,
        exc.IdentifierError: Fault.OURS,
        exc.InvalidRequestError: Fault.OURS,
        exc.StatementError: Fault.OURS,
        sqlite3.Error: Fault.OURS,
        sqlite3.Warning: Fault.OURS,
        ValueError: Fault.OURS,  # a value that the driver cannot send
        Warning: Fault.OURS,
        OSError: Fault.CUT,  # a time-out among them: the server may still be at work
        EOFError: Fault.CUT,
    }
)
"""By exception, where no code tells; what derives from these is like the nearest of them."""

ASYNCPG: Mapping[str, Fault] = MappingProxyType(
    {
        "InvalidCachedStatementError": Fault.AWAY,  # the tables have changed: it is made anew
        "InterfaceError": Fault.CUT,  # closed, or in the middle of something else
        "InternalClientError": Fault.CUT,
        "OutdatedSchemaCacheError": Fault.AWAY,
        "TargetServerAttributeNotMatched": Fault.AWAY,
        "UnsupportedClientFeatureError": Fault.OURS,
        "UnsupportedServerFeatureError": Fault.OURS,
        "FatalPostgresError": Fault.CUT,
    }
)
"""The same for the driver of PostgreSQL, by name: with another database it is not even loaded."""

# Source: https://www.sqlite.org/rescode.html
SQLITE: Mapping[str, Fault] = MappingProxyType(
    dict.fromkeys(
        (
            *("BUSY", "CANTOPEN", "FULL", "INTERRUPT", "IOERR", "LOCKED", "NOLFS", "NOMEM"),
            *("PERM", "PROTOCOL", "READONLY", "SCHEMA"),
        ),
        Fault.AWAY,
    )
    | dict.fromkeys(
        (
            *("ABORT", "AUTH", "CONSTRAINT", "DONE", "EMPTY", "ERROR", "INTERNAL", "MISMATCH"),
            *("MISUSE", "NOTFOUND", "NOTICE", "OK", "RANGE", "ROW", "TOOBIG", "WARNING"),
        ),
        Fault.OURS,
    )
    | dict.fromkeys(("CORRUPT", "FORMAT", "NOTADB"), Fault.DAMAGED)
)
"""By SQLite's primary result code."""


def fault(error: BaseException) -> Fault:
    """Classify whatever came out of a request; a bug of ours, and what nobody knows, is `OURS`."""
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        return Fault.CUT
    cause = reason(error)
    if name := getattr(cause, "sqlite_errorname", None):  # SQLITE_IOERR_WRITE
        return SQLITE.get(name.removeprefix("SQLITE_").partition("_")[0], Fault.OURS)
    if isinstance(cause, ValueError):  # asyncpg's has two bases, and this one says more
        return Fault.OURS
    if (known := by_class(type(cause))) is not None:
        return known
    code = getattr(cause, "sqlstate", None) or ""  # 57P01
    return SQLSTATES_APART.get(code) or SQLSTATES.get(code[:2], Fault.OURS)


def by_class(kind: type[BaseException]) -> Fault | None:
    """What an exception means as such; `None` if it takes a code to tell."""
    for one in kind.__mro__:
        of_driver = one.__module__.partition(".")[0] == "asyncpg"
        found = ASYNCPG.get(one.__name__) if of_driver else CLASSES.get(one)
        if found is not None:
            return found
    return None


def described(error: BaseException) -> str:
    """The database's own words in short: no statement, no values, no address."""
    cause = reason(error)
    if isinstance(cause, exc.TimeoutError):
        return "all connections are busy"
    text = str(cause).partition("\n")[0].rpartition(">: ")[2]
    return text[:200] or type(cause).__name__


def reason(error: BaseException) -> BaseException:
    """The driver's own error, which comes wrapped or bare."""
    if isinstance(error, exc.DBAPIError) and error.orig is not None:
        return error.driver_exception
    return error
