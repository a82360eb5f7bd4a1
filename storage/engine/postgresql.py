"""PostgreSQL: one task that writes, a small pool for reading."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import Misconfigured
from storage.engine.database import (
    BATCH_LIMIT,
    Database,
    Guard,
    OperationRequest,
    Outcome,
    failed,
    resolve,
    transact,
)
from storage.engine.faults import described
from storage.engine.limits import Limits

CONNECTIONS = 5


class Postgresql(Database):
    """A PostgreSQL database, which others may use at the same time."""

    def __init__(self, engine: AsyncEngine, group: asyncio.TaskGroup) -> None:
        super().__init__("postgresql")
        self._engine = engine
        self._group = group
        # No bound: whoever puts something in waits for it.
        self._waiting: deque[OperationRequest] = deque()
        self._arrived = asyncio.Event()
        self._closing = False
        self._writer = group.create_task(self._run(), name="database writer")

    def _write(self, request: OperationRequest) -> None:
        self._waiting.append(request)
        self._arrived.set()

    def _read(self, request: OperationRequest) -> None:
        self._group.create_task(self._do([request]), name="database read")

    def _write_apart(self, request: OperationRequest) -> None:
        self._group.create_task(self._do([request]), name="database write")

    async def close(self) -> None:
        """Finish what has been asked for, then end."""
        self._closing = True
        self._arrived.set()
        await asyncio.wait([self._writer])

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            size = min(len(self._waiting), BATCH_LIMIT)
            if size:
                requests = [self._waiting.popleft() for _ in range(size)]
                await self._do(requests, self._guard)

    async def _do(self, requests: list[OperationRequest], guard: Guard | None = None) -> None:
        outcomes: list[Outcome] = []
        try:
            async with self._engine.connect() as connection:
                outcomes = await connection.run_sync(transact, requests, guard)
        except Exception as error:  # noqa: BLE001 it is for those who asked, not for this task
            # What became of them stands, even if the connection could not be handed back.
            outcomes = outcomes or failed(requests, error)
        resolve(outcomes)


@asynccontextmanager
async def open_postgresql(
    url: URL, prepare: Callable[[Connection], object], limits: Limits
) -> AsyncIterator[Database]:
    """Connect to a database.

    Raises:
        Misconfigured: nothing usable answers there.
    """
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        pool_pre_ping=True,
        pool_timeout=limits.statement.total_seconds(),
        hide_parameters=True,
        connect_args={
            "timeout": limits.connect.total_seconds(),
            "command_timeout": limits.statement.total_seconds(),
        },
    )
    try:
        await _reach(engine, prepare)
        async with asyncio.TaskGroup() as group:
            database = Postgresql(engine, group)
            try:
                yield database
            finally:
                await database.close()
    except BaseExceptionGroup as errors:
        # The group has wrapped what the caller raised: our caller knows nothing of a group.
        if len(errors.exceptions) == 1:
            raise errors.exceptions[0] from None
        raise
    finally:
        await engine.dispose()


async def _reach(engine: AsyncEngine, prepare: Callable[[Connection], object]) -> None:
    url = engine.url
    try:
        async with engine.begin() as connection:
            await connection.run_sync(prepare)
    except (DBAPIError, OSError) as error:
        raise Misconfigured(
            f"The database {url.database} at {url.host or 'localhost'}:{url.port or 5432} cannot be"
            f" opened ({described(error)}): check TRADEBELL_DATABASE_URL."
        ) from error
