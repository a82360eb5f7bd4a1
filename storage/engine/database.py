"""One way to run statements on any database, with all writes that wait sharing one commit."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, wraps
from typing import Any, Protocol, TypeVar, TypeVarTuple

from sqlalchemy import Connection

from bot.errors import Misconfigured, OutcomeUnknown, StoreAway, TradebellError
from storage.engine.faults import Fault, described, fault

A = TypeVar("A")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")

Operation = Callable[[Connection, Sequence[A]], Sequence[R]]
"""Does the same for many arguments at once; gives one result for each, in their order.

It runs inside a transaction, possibly on another thread: plain and synchronous, no I/O but through
the connection. It leaves behind what calling it once for each argument would have left.
"""

Guard = Callable[[Connection], None]
"""Asked first in each transaction that writes: raises `StoreAway` where this process may not."""

BATCH_LIMIT = 100
"""Requests in one transaction, so that nothing else waits for an endless one."""


def each(function: Callable[[Connection, A], R]) -> Operation[A, R]:
    """An operation out of a function of one argument; it keeps the function's name."""

    @wraps(function)
    def operation(connection: Connection, arguments: Sequence[A]) -> Sequence[R]:
        return [function(connection, argument) for argument in arguments]

    return operation


@dataclass(slots=True, eq=False)
class OperationRequest:
    """One argument for an operation, and where its result goes."""

    operation: Operation[Any, Any]
    argument: Any
    future: "asyncio.Future[Any]"


@dataclass(slots=True, eq=False)
class Outcome:
    """What became of a request, once it is committed or certainly is not."""

    request: OperationRequest
    result: Any = None
    error: BaseException | None = None


class _Standing(asyncio.Future[R]):
    """A result that is waited for in any case.

    A task that is cancelled meanwhile hears of it once the outcome stands: a commit is short, and
    nothing is done behind anybody's back.
    """

    def cancel(self, msg: Any | None = None) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageTrouble:
    """Why what is stored may be lost, or can soon not be stored.

    Attributes:
        alarm: its kind, for the figures.
        words: for an operator, the same for as long as it lasts.
    """

    alarm: str
    words: str


class Database(ABC):
    """Runs operations in transactions.

    What waits when a transaction begins goes into it: one commit, and on a disk one flush, for
    all of it. There is no timer: what arrives during a commit makes up the next one.
    """

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self._guard: Guard | None = None

    def guard(self, guard: Guard) -> None:
        """Ask this from now on in each transaction that writes, where others may write too."""
        self._guard = guard

    def trouble(self) -> StorageTrouble | None:
        """What an operator must see to; `None` if all is well."""
        return None

    @abstractmethod
    def _write(self, request: OperationRequest) -> None:
        """Have the request resolved once it is committed."""

    @abstractmethod
    def _read(self, request: OperationRequest) -> None:
        """Have the request, which changes nothing, resolved."""

    def _write_apart(self, request: OperationRequest) -> None:
        """As `_write`, but without waiting for other writes, where there can be several at once."""
        self._write(request)

    async def write(self, operation: Operation[A, R], argument: A) -> R:
        """Do it, and return once it is committed.

        Raises:
            StoreAway: the database cannot do it now, and has done nothing.
            OutcomeUnknown: the connection broke while it was being committed.
        """
        return await self.submit(operation, argument)

    async def write_apart(self, operation: Operation[A, R], argument: A) -> R:
        """As `write`, waiting for no other write where the database allows it."""
        future: asyncio.Future[R] = _Standing()
        self._write_apart(OperationRequest(operation, argument, future))
        return await future

    def submit(self, operation: Operation[A, R], argument: A) -> "asyncio.Future[R]":
        """Have it done; see `write`."""
        future: asyncio.Future[R] = _Standing()
        self._write(OperationRequest(operation, argument, future))
        return future

    async def read(self, function: Callable[[Connection, *Ts], R], *arguments: *Ts) -> R:
        """Run statements that change nothing, on one state of the database.

        Raises:
            StoreAway: the database cannot do it now.
        """
        future: asyncio.Future[R] = _Standing()
        self._read(OperationRequest(partial(_answer, function), arguments, future))
        return await future


def _answer(
    function: Callable[..., R], connection: Connection, requests: Sequence[tuple[Any, ...]]
) -> Sequence[R]:
    return [function(connection, *arguments) for arguments in requests]


def transact(
    connection: Connection, requests: Sequence[OperationRequest], guard: Guard | None = None
) -> list[Outcome]:
    """Do all requests in one transaction; if that fails, each in its own.

    So a request that cannot be done harms only itself.
    """
    try:
        return perform(connection, requests, guard).commit()
    except Exception as error:  # noqa: BLE001 it is for those who asked, not for this thread
        return apart(connection, requests, error, guard)


def apart(
    connection: Connection,
    requests: Sequence[OperationRequest],
    error: BaseException,
    guard: Guard | None = None,
) -> list[Outcome]:
    """What could not be done together is done one by one, where that can help."""
    together = isinstance(error, NotBegun | OutcomeUnknown) or fault(error) is Fault.CUT
    if len(requests) == 1 or together:
        return failed(requests, error)
    return [outcome for request in requests for outcome in transact(connection, [request], guard)]


class NotBegun(Exception):
    """There is no transaction to be had; the cause says why."""


def perform(
    connection: Connection, requests: Sequence[OperationRequest], guard: Guard | None = None
) -> "Pending":
    """Run the statements of all requests in one transaction, which is left to be committed.

    Raises:
        NotBegun: none could be begun, or none that writes may be.
        Exception: what an operation raised; nothing is left of any.
    """
    try:
        transaction = _guarded(connection, guard)
    except Exception as error:
        raise NotBegun from error
    try:
        outcomes: list[Outcome] = []
        for operation, group in _grouped(requests).items():
            results = operation(connection, [request.argument for request in group])
            outcomes += map(Outcome, group, results)
    except BaseException:
        invalidate(connection)
        transaction.rollback()
        raise
    return Pending(connection, transaction, outcomes)


@dataclass(slots=True, eq=False)
class Pending:
    """A transaction whose statements have run."""

    connection: Connection
    transaction: "_Transaction"
    outcomes: list[Outcome]

    def commit(self) -> list[Outcome]:
        """Make it last; give what became of the requests.

        Raises:
            OutcomeUnknown: the connection broke meanwhile.
            Exception: it could not be committed; nothing is left of it.
        """
        try:
            self.transaction.commit()
        except Exception as error:
            if fault(error) is Fault.CUT:
                raise OutcomeUnknown(
                    "The connection to the database broke during a commit."
                ) from error
            invalidate(self.connection)
            self.transaction.rollback()
            raise
        return self.outcomes


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
        raw = raw_of(connection)
        self._driver = raw.driver
        self._driver.execute(raw.begin)

    def commit(self) -> None:
        self._driver.execute("COMMIT")

    def rollback(self) -> None:
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK")


def _begun(connection: Connection) -> _Transaction:
    if connection.dialect.name == "sqlite":
        return _DriverTransaction(connection)
    return connection.begin()


def _guarded(connection: Connection, guard: Guard | None) -> _Transaction:
    transaction = _begun(connection)
    if guard is not None:
        try:
            guard(connection)
        except BaseException:
            transaction.rollback()
            raise
    return transaction


@dataclass(slots=True, eq=False)
class Raw:
    """A connection to SQLite as Python's own module knows it, and what is kept beside it."""

    driver: Any
    begin: str
    settled: int = 0
    """A number that changes with each `invalidate`."""


@lru_cache(maxsize=16)
def raw_of(connection: Connection) -> Raw:
    """Look behind SQLAlchemy, which costs as much each time as a statement's preparation."""
    return Raw(connection.connection.driver_connection, connection.info[BEGIN])


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


def _grouped(
    requests: Sequence[OperationRequest],
) -> dict[Operation[Any, Any], list[OperationRequest]]:
    """By operation, in the order in which each first came."""
    groups: dict[Operation[Any, Any], list[OperationRequest]] = {}
    for request in requests:
        groups.setdefault(request.operation, []).append(request)
    return groups


def invalidate(connection: Connection) -> None:
    """What anybody remembers of these tables may not be so any more.

    On PostgreSQL nobody remembers: other processes would not be told.
    """
    if connection.dialect.name == "sqlite":
        raw_of(connection).settled += 1


def failed(requests: Sequence[OperationRequest], error: BaseException) -> list[Outcome]:
    """The same error for all, in our words where it is not a bug of ours."""
    if isinstance(error, NotBegun) and error.__cause__ is not None:
        error = error.__cause__
    told: TradebellError | None = None
    match fault(error):
        case Fault.AWAY | Fault.CUT:
            told = StoreAway(f"The database cannot do it now ({described(error)}).")
        case Fault.DAMAGED:
            told = Misconfigured(
                f"The database is damaged ({described(error)}): put a backup in its place, or point"
                " TRADEBELL_DATABASE_URL elsewhere."
            )
    if told is not None:
        told.__cause__ = error
        error = told
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


class Inline(Database):
    """Runs everything on the event loop's own thread: for a database in memory.

    It needs neither threads nor sockets, so it works on a loop with a clock of its own.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.dialect.name)
        self._connection = connection

    def _write(self, request: OperationRequest) -> None:
        outcomes = transact(self._connection, [request])
        # Not at once: like any other, this database lets everybody else go on meanwhile.
        asyncio.get_running_loop().call_soon(resolve, outcomes)

    def _read(self, request: OperationRequest) -> None:
        self._write(request)
