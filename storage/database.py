"""One way to run statements on any database, with all writes that wait sharing one commit."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar, TypeVarTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.errors import TryLater, Unclear

A = TypeVar("A")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")

Operation = Callable[[Connection, Sequence[A]], Sequence[R]]
"""Does the same for many arguments at once; gives one result for each, in their order.

It runs inside a transaction, possibly on another thread: plain and synchronous, no I/O but through
the connection. It leaves behind what calling it once for each argument would have left.
"""

BATCH_LIMIT = 500
"""Requests in one transaction, so that none waits for an endless one."""


def each(function: Callable[[Connection, A], R]) -> Operation[A, R]:
    """An operation out of a function of one argument."""

    def operation(connection: Connection, arguments: Sequence[A]) -> Sequence[R]:
        return [function(connection, argument) for argument in arguments]

    return operation


@dataclass(slots=True, eq=False)
class Request:
    """One argument for an operation, and where its result goes."""

    operation: Operation[Any, Any]
    argument: Any
    future: "asyncio.Future[Any]"


@dataclass(slots=True, eq=False)
class Outcome:
    """What became of a request, once it is committed or certainly is not."""

    request: Request
    result: Any = None
    error: BaseException | None = None


class _Standing(asyncio.Future[R]):
    """A result that is waited for in any case.

    A task that is cancelled meanwhile hears of it once the outcome stands: a commit is short, and
    nothing is done behind anybody's back.
    """

    def cancel(self, msg: Any | None = None) -> bool:
        return False


class Database(ABC):
    """Runs operations in transactions.

    What waits when a transaction begins goes into it: one commit, and on a disk one flush, for
    all of it. There is no timer: what arrives during a commit makes up the next one.
    """

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    @abstractmethod
    def _write(self, request: Request) -> None:
        """Have the request resolved once it is committed."""

    @abstractmethod
    def _read(self, request: Request) -> None:
        """Have the request, which changes nothing, resolved."""

    async def write(self, operation: Operation[A, R], argument: A) -> R:
        """Do it, and return once it is committed.

        Raises:
            TryLater: the database cannot do it now, and has done nothing.
            Unclear: the connection broke while it was being committed.
        """
        return await self.submit(operation, argument)

    def submit(self, operation: Operation[A, R], argument: A) -> "asyncio.Future[R]":
        """Have it done; see `write`."""
        future: asyncio.Future[R] = _Standing()
        self._write(Request(operation, argument, future))
        return future

    async def read(self, function: Callable[[Connection, *Ts], R], *arguments: *Ts) -> R:
        """Run statements that change nothing, on one state of the database.

        Raises:
            TryLater: the database cannot do it now.
        """
        future: asyncio.Future[R] = _Standing()
        self._read(Request(partial(_answer, function), arguments, future))
        return await future


def _answer(
    function: Callable[..., R], connection: Connection, requests: Sequence[tuple[Any, ...]]
) -> Sequence[R]:
    return [function(connection, *arguments) for arguments in requests]


def transact(connection: Connection, requests: Sequence[Request]) -> list[Outcome]:
    """Do all requests in one transaction; if that fails, each in its own.

    So a request that cannot be done harms only itself.
    """
    try:
        transaction = _begun(connection)
    except Exception as error:  # noqa: BLE001 it is for those who asked, not for this thread
        return failed(requests, error)
    try:
        return _commit(connection, transaction, requests)
    except Exception as error:  # noqa: BLE001 as above
        if len(requests) == 1 or isinstance(error, Unclear) or _is_cut_off(error):
            return failed(requests, error)
    return [outcome for request in requests for outcome in transact(connection, [request])]


def _commit(
    connection: Connection, transaction: "_Transaction", requests: Sequence[Request]
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    try:
        for operation, group in _grouped(requests).items():
            results = operation(connection, [request.argument for request in group])
            outcomes += map(Outcome, group, results)
    except BaseException:
        unsettle(connection)
        transaction.rollback()
        raise
    try:
        transaction.commit()
    except Exception as error:
        if _is_cut_off(error):
            raise Unclear("The connection to the database broke during a commit.") from error
        unsettle(connection)
        transaction.rollback()
        raise
    return outcomes


class _Transaction(Protocol):
    def commit(self) -> None: ...

    def rollback(self) -> None: ...


BEGIN = "tradebell begin"
"""Where a connection to SQLite says how its transactions begin."""


class _DriverTransaction:
    """A transaction of SQLite, begun and ended on the driver.

    SQLAlchemy, whose connection is in autocommit mode, knows nothing of it: its own book-keeping
    would take as long as a statement.
    """

    def __init__(self, connection: Connection) -> None:
        self._driver = driver_of(connection)
        self._driver.execute(connection.info[BEGIN])

    def commit(self) -> None:
        self._driver.execute("COMMIT")

    def rollback(self) -> None:
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK")


def _begun(connection: Connection) -> _Transaction:
    if connection.dialect.name == "sqlite":
        return _DriverTransaction(connection)
    return connection.begin()


def driver_of(connection: Connection) -> Any:
    """What Python's database module calls a connection."""
    return connection.connection.driver_connection


def do(connection: Connection, work: Callable[[Connection], R]) -> R:
    """Do one thing in a transaction of its own, at once."""
    transaction = _begun(connection)
    try:
        result = work(connection)
    except BaseException:
        transaction.rollback()
        raise
    transaction.commit()
    return result


def _grouped(requests: Sequence[Request]) -> dict[Operation[Any, Any], list[Request]]:
    """By operation, in the order in which each first came."""
    groups: dict[Operation[Any, Any], list[Request]] = {}
    for request in requests:
        groups.setdefault(request.operation, []).append(request)
    return groups


def unsettle(connection: Connection) -> None:
    """What anybody remembers of these tables may not be so any more.

    On PostgreSQL nobody remembers: other processes would not be told.
    """
    if connection.dialect.name == "sqlite":
        connection.info[_SETTLED] = settled(connection) + 1


def settled(connection: Connection) -> int:
    """A number that changes with each `unsettle`."""
    return int(connection.info.get(_SETTLED, 0))


_SETTLED = "tradebell settled"


def failed(requests: Sequence[Request], error: BaseException) -> list[Outcome]:
    """The same error for all, in our words where it is not a bug of ours."""
    if is_outage(error):
        outage = TryLater(f"The database cannot do it now ({described(error)}).")
        outage.__cause__ = error
        error = outage
    return [Outcome(request, error=error) for request in requests]


def resolve(outcomes: Sequence[Outcome]) -> None:
    """Hand results and errors to those who wait; on the event loop's thread only."""
    for outcome in outcomes:
        if outcome.request.future.done():
            continue
        if outcome.error is not None:
            outcome.request.future.set_exception(outcome.error)
            outcome.request.future.exception()  # seen: who waited may have been cancelled
        else:
            outcome.request.future.set_result(outcome.result)


# Source: https://www.sqlite.org/rescode.html
_SQLITE_OUTAGES = frozenset(
    {"BUSY", "CANTOPEN", "FULL", "IOERR", "LOCKED", "NOMEM", "PROTOCOL", "READONLY"}
)

# Connection, rollback by the server, resources, operator intervention, system error.
# Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL_OUTAGES = frozenset({"08", "40", "53", "57", "58"})


def is_outage(error: BaseException) -> bool:
    """Whether it is the database's state that prevents it, and not the statement."""
    if isinstance(error, OSError):  # a time-out among them
        return True
    reason = _reason(error)
    name = getattr(reason, "sqlite_errorname", "")  # SQLITE_IOERR_WRITE
    code = getattr(reason, "sqlstate", None) or ""  # 57P01
    return (
        _is_cut_off(error)
        or name.removeprefix("SQLITE_").partition("_")[0] in _SQLITE_OUTAGES
        or code[:2] in _POSTGRESQL_OUTAGES
    )


def _is_cut_off(error: BaseException) -> bool:
    """Whether the connection is gone, so that nothing more can be done on it."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, OSError)


def described(error: BaseException) -> str:
    """The database's own words in short: no statement, no values, no address."""
    reason = _reason(error)
    text = str(reason).partition("\n")[0].rpartition(">: ")[2]
    return text[:200] or type(reason).__name__


def _reason(error: BaseException) -> BaseException:
    """The driver's error, which comes wrapped or bare."""
    return (error.orig if isinstance(error, DBAPIError) else None) or error


class Inline(Database):
    """Runs everything at once, on the event loop's own thread: for a database in memory.

    It needs neither threads nor sockets, so it works on a loop with a clock of its own.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.dialect.name)
        self._connection = connection

    def _write(self, request: Request) -> None:
        outcomes = transact(self._connection, [request])
        # Not at once: like any other, this database lets everybody else go on meanwhile.
        asyncio.get_running_loop().call_soon(resolve, outcomes)

    def _read(self, request: Request) -> None:
        self._write(request)
