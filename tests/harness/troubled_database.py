"""A database that is slow, away, or swallows answers, and that a killed process cannot reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from bot.errors import OutcomeUnknown, StoreAway
from storage.engine.database import Database, OperationRequest
from tests.harness.databases import Awaited

SLOWEST = timedelta(seconds=2)


class Troubled(Database):
    """Passes requests on to the real database, or does not."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner.dialect)
        self._inner = inner
        self.killed = False
        """The process that has it is: nothing that it still asks for is done."""
        self.away = False
        self.delay = timedelta(0)
        self.is_full = False
        self.refused = 0
        """How often there was no room."""
        self.swallows = 0
        """So many of the next commits are done, and the answer is lost."""
        self.loses = 0
        """So many of the next commits are not done, and nobody can tell."""
        self.concerns: Callable[[OperationRequest], object] = lambda request: True
        """Which requests all of this but the first two is about."""

    def _write(self, request: OperationRequest) -> None:
        if self.away or self.killed or not self.concerns(request):
            self._pass_on(request, self._inner._write)
        elif self.is_full:
            self.refused += 1
            _refuse(request, StoreAway("The database cannot do it now (disk is full)."))
        elif self.loses:
            self.loses -= 1
            _refuse(
                request, OutcomeUnknown("The connection to the database broke during a commit.")
            )
        elif self.swallows:
            self.swallows -= 1
            self._pass_on(_unanswered(request), self._inner._write)
        else:
            self._pass_on(request, self._inner._write)

    def _read(self, request: OperationRequest) -> None:
        self._pass_on(request, self._inner._read)

    def _pass_on(self, request: OperationRequest, do: Callable[[OperationRequest], None]) -> None:
        """Do it, now or later; what is slow may be too late."""
        if self.delay and self.concerns(request):
            seconds = self.delay.total_seconds()
            asyncio.get_running_loop().call_later(seconds, self._do, request, do)
        else:
            self._do(request, do)

    def _do(self, request: OperationRequest, do: Callable[[OperationRequest], None]) -> None:
        if self.away or self.killed:
            _refuse(request, StoreAway("The database does not answer."))
        else:
            do(request)


def troubled(database: Database) -> Troubled:
    """For `open_store`: troubled, and waited for by a virtual clock."""
    return Troubled(Awaited(database))


def _unanswered(request: OperationRequest) -> OperationRequest:
    """The same, of which nobody hears: as when the connection breaks during a commit."""
    done: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def break_off(_: object) -> None:
        done.exception()
        _refuse(request, OutcomeUnknown("The connection to the database broke during a commit."))

    done.add_done_callback(break_off)
    return OperationRequest(request.operation, request.argument, done)


def _refuse(request: OperationRequest, error: Exception) -> None:
    request.future.set_exception(error)
    request.future.exception()  # seen: who waited may have been cancelled
