"""Named points before and after every commit and every call of the outside, to crash at.

They are put around the database and the outside ports, so the product knows nothing of them, and a
commit or a call that is new has its points at once. Which there are is listed from the code.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import storage
from bot import ports
from storage.engine.database import Database, OperationRequest

# --- points -------------------------------------------------------------------------------


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A moment of a run: just before or after the n-th time that something is done."""

    what: str
    when: When
    passing: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.what}, {self.passing}"

    @classmethod
    def parse(cls, text: str) -> Point:
        place, _, passing = text.rpartition(", ")
        when, _, what = place.partition(" ")
        return cls(what, When(when), int(passing))


class Fate:
    """Counts the points that a process passes, and ends it at one of them.

    After its end nothing that it does has any effect, and all that it waits for is cancelled.

    Args:
        strike: called at the end.
    """

    def __init__(
        self, end_at: Point | None = None, strike: Callable[[], object] = lambda: None
    ) -> None:
        self.over = asyncio.Event()
        self.passed: list[Point] = []
        """Every point so far, in order."""
        self._end_at = end_at
        self._strike = strike
        self._counts: Counter[tuple[str, When]] = Counter()
        self._waiting: set[asyncio.Future[Any]] = set()

    def expect(self, end_at: Point) -> None:
        """End at that point; its passings are counted from now on."""
        self._end_at = end_at
        self._counts.clear()

    def passes(self, when: When, what: str) -> bool:
        """Pass a point; false if the process ends there, or has ended before."""
        if self.over.is_set():
            return False
        self._counts[what, when] += 1
        point = Point(what, when, self._counts[what, when])
        self.passed.append(point)
        if point == self._end_at:
            self.end()
        return not self.over.is_set()

    def end(self) -> None:
        self._strike()
        self.over.set()
        for future in list(self._waiting):
            _abandon(future)

    def bind(self, future: asyncio.Future[Any]) -> None:
        """What is waited for only as long as the process lives."""
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        if self.over.is_set():
            _abandon(future)


def _abandon(future: asyncio.Future[Any]) -> None:
    """Cancel even what stands whatever its waiter wants."""
    asyncio.Future.cancel(future)


# --- around the database ------------------------------------------------------------------


class MortalDatabase(Database):
    """The database as one process has it: it outlives the process, and so does what it was sent."""

    def __init__(self, inner: Database, fate: Fate) -> None:
        super().__init__(inner.dialect)
        self._inner = inner
        self._fate = fate
        self._under_way: set[asyncio.Future[Any]] = set()

    def _write(self, request: OperationRequest) -> None:
        what = commit_of(request.operation)
        self._fate.bind(request.future)
        if self._fate.passes(When.BEFORE, what):
            self._inner._write(self._sent_on(request, what))

    def _read(self, request: OperationRequest) -> None:
        # What reads leaves nothing behind: a crash there is one after the commit before it.
        self._fate.bind(request.future)
        if not self._fate.over.is_set():
            self._inner._read(self._sent_on(request, None))

    def _sent_on(self, request: OperationRequest, what: str | None) -> OperationRequest:
        """The same request, whose result comes to the process only if that still lives."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        future.add_done_callback(partial(self._bring, request, what))
        return OperationRequest(request.operation, request.argument, future)

    def _bring(
        self, request: OperationRequest, what: str | None, answered: asyncio.Future[Any]
    ) -> None:
        error = answered.exception()
        committed = what is not None and error is None
        if committed and not self._fate.passes(When.AFTER, what or ""):
            return
        if request.future.done():
            return
        if error is not None:
            request.future.set_exception(error)
            request.future.exception()  # seen: who waited may have been cancelled
        else:
            request.future.set_result(answered.result())

    async def settled(self) -> None:
        """Return once all that was sent has been done."""
        while self._under_way:
            await asyncio.wait(self._under_way)


def commit_of(operation: Callable[..., Any]) -> str:
    return f"commit of {operation.__module__}.{operation.__qualname__}"


# --- around the outside -------------------------------------------------------------------


class Mortal:
    """An outside port, or a session of it, as one process has it."""

    def __init__(self, port: Any, name: str, fate: Fate) -> None:
        self._port = port
        self._name = name
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if inspect.iscoroutinefunction(value):
            return partial(self._call, call_of(self._name, name), value)
        if self._name == "Platform" and name == "session":
            return lambda *given, **named: Mortal(value(*given, **named), "Session", self._fate)
        return value

    async def _call(self, what: str, call: Callable[..., Any], *given: Any, **named: Any) -> Any:
        self._pass(When.BEFORE, what)
        try:
            return await call(*given, **named)
        finally:
            self._pass(When.AFTER, what)

    def _pass(self, when: When, what: str) -> None:
        if not self._fate.passes(when, what):
            raise asyncio.CancelledError


def call_of(port: str, method: str) -> str:
    return f"call of {port}.{method}"


# --- which there are ----------------------------------------------------------------------

OUTSIDE = (ports.Platform, ports.Session, ports.Messenger, ports.Readership)

INWARD = (
    *(ports.Hear, ports.InboxDesk, ports.LockScreenDesk, ports.SettingsDesk),
    *(ports.SignIn, ports.Suggest, ports.Webhook),
)
"""Ports that we implement ourselves, for the adapters to call."""

PURE = (ports.Draw,)
"""Waited for, but nothing changes by it."""

LISTS = (ports.ShowMenu,)
"""What is listed while a person types; done again until it is known to be done."""

MADE = (ports.MakeTopics,)
"""Topics of chats: one that a crash leaves is made again, and the first is never used."""

OF_BOTS = (ports.Pods,)
"""Only where bots can be commanded: writes as `Session.set_running`, and reads."""

STORED = (
    ports.Accounts,
    ports.Actions,
    ports.Answers,
    ports.Audit,
    ports.Codes,
    ports.Drills,
    ports.Handles,
    ports.Inbox,
    ports.Incidents,
    ports.Invitations,
    ports.Journal,
    ports.Leases,
    ports.Ledger,
    ports.Links,
    ports.Menus,
    ports.Nights,
    ports.Outbox,
    ports.Permits,
    ports.PhoneTargets,
    ports.Reports,
    ports.Phones,
    ports.PriceAlerts,
    ports.ShownCards,
    ports.Sightings,
    ports.StandingOrders,
    ports.Topics,
    ports.Visits,
)
"""Ports of which every call is a transaction on the database."""


def calls() -> set[str]:
    """Each method of an outside port that waits for the other side."""
    return {call_of(port.__name__, name) for port in OUTSIDE for name in _coroutines(port)}


def waiting_ports() -> set[type]:
    """All ports that have something to wait for."""
    return {
        found
        for found in vars(ports).values()
        if getattr(found, "_is_protocol", False)
        and found.__module__.startswith(f"{ports.__name__}.")
        and (_coroutines(found) or _gives_one_by_one(found))
    }


def _gives_one_by_one(port: type) -> bool:
    call = vars(port).get("__call__")
    return call is not None and get_origin(get_type_hints(call)["return"]) is AsyncIterator


def _coroutines(port: type) -> list[str]:
    return [name for name, value in vars(port).items() if inspect.iscoroutinefunction(value)]


def commits() -> set[str]:
    """Each operation that the storage's code hands to the database to be committed."""
    return {commit_of(operation) for operation in _operations()}


def _operations() -> Iterator[Callable[..., Any]]:
    root = Path(storage.__file__).parent
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if "migrations" in parts or "__init__" in parts:
            continue
        module = import_module(".".join(("storage", *parts)))
        tree = ast.parse(path.read_text())
        for node in tree.body:
            scope = vars(module).get(node.name) if isinstance(node, ast.ClassDef) else None
            if isinstance(scope, type) and issubclass(scope, Database):
                continue  # what carries operations out names none
            yield from (_named(call.args[0], module.__dict__, scope) for call in _writes(node))


def _writes(node: ast.AST) -> Iterator[ast.Call]:
    for found in ast.walk(node):
        if (
            isinstance(found, ast.Call)
            and isinstance(found.func, ast.Attribute)
            and found.func.attr in ("write", "write_apart", "submit")
        ):
            yield found


def _named(argument: ast.expr, names: Mapping[str, Any], scope: Any) -> Callable[..., Any]:
    """What an argument refers to: a function, or a method of the class around it."""
    match argument:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return getattr(scope, name)  # type: ignore[no-any-return]
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return getattr(names[module], name)  # type: ignore[no-any-return]
        case ast.Name(id=name):
            return names[name]  # type: ignore[no-any-return]
    raise AssertionError(f"{ast.unparse(argument)} is not a name: its commit has no name either")
