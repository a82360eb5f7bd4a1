"""Databases of our own for tests, and one that a virtual clock waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import make_url

from bot.domain.ids import NewId, Now
from storage import Store, open_store
from storage.engine.database import Database, OperationRequest
from storage.engine.limits import Limits
from storage.schema.tables import metadata
from storage.store import Through
from tests.harness.virtual_time import VirtualTimeLoop

R = TypeVar("R")


class Awaited(Database):
    """A database whose work takes no virtual time: the clock stands still until it answers."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner.dialect)
        self._inner = inner

    def _write(self, request: OperationRequest) -> None:
        self._hold_the_clock(request)
        self._inner._write(request)

    def _read(self, request: OperationRequest) -> None:
        self._hold_the_clock(request)
        self._inner._read(request)

    def _hold_the_clock(self, request: OperationRequest) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(loop, VirtualTimeLoop):
            loop.hold()
            request.future.add_done_callback(lambda _: loop.release())


class Mortal(Database):
    """A database to a process that may be killed: what it still tries then is never done."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner.dialect)
        self.killed = False
        self._inner = inner

    def _write(self, request: OperationRequest) -> None:
        if not self._is_dead(request):
            self._inner._write(request)

    def _read(self, request: OperationRequest) -> None:
        if not self._is_dead(request):
            self._inner._read(request)

    def _is_dead(self, request: OperationRequest) -> bool:
        if self.killed:
            request.future.set_exception(asyncio.CancelledError())
        return self.killed


@asynccontextmanager
async def opened(
    url: str,
    secret_keys: str | Sequence[str],
    now: Now,
    new_id: NewId,
    through: Through = Awaited,
    limits: Limits | None = None,
) -> AsyncIterator[Store]:
    """A store on a lasting database, on a loop of either kind."""
    loop = asyncio.get_running_loop()
    keys = [secret_keys] if isinstance(secret_keys, str) else secret_keys
    opening = open_store(url, keys, now, new_id, through=through, limits=limits)
    if not isinstance(loop, VirtualTimeLoop):
        async with opening as store:
            yield store
        return
    with loop.standing_still():
        store = await opening.__aenter__()
    try:
        yield store
    finally:
        with loop.standing_still():
            await opening.__aexit__(None, None, None)


async def empty(url: str) -> None:
    async with connected(url) as connection:
        if not await connection.fetchval("SELECT to_regclass('alembic_version')"):
            return
        deletions = [f'DELETE FROM "{table.name}";' for table in reversed(metadata.sorted_tables)]
        await connection.execute(
            "ALTER TABLE audit DISABLE TRIGGER audit_append_only;"
            f"{''.join(deletions)}"
            "ALTER TABLE audit ENABLE TRIGGER audit_append_only;"
        )


async def execute(url: str, statements: str) -> None:
    async with connected(url) as connection:
        await connection.execute(statements)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    try:
        yield connection
    finally:
        await connection.close()


def apart(work: Coroutine[Any, Any, R]) -> R:
    """Run it on an event loop of its own, beside the test's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
