"""Every storage suite runs on a SQLite file, on SQLite in memory, and on PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from bot.domain.ids import NewId
from storage import Store, migrate, open_memory, open_store
from storage.tables import metadata
from tests.contract.storage.given import NOW

R = TypeVar("R")

OpenStore = Callable[..., AbstractAsyncContextManager[Store]]


@pytest.fixture(scope="session")
def secret_key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def own_postgres(postgres_url: str) -> Iterator[str]:
    """The address of a database of our own on that server."""
    name = f"tradebell_{secrets.token_hex(8)}"
    server = make_url(postgres_url)
    apart(execute(postgres_url, f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    apart(execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgres_without_rows(own_postgres: str) -> str:
    """A database whose tables are empty, or not made yet."""
    apart(empty(own_postgres))
    return own_postgres


@pytest.fixture
def postgres_without_tables(own_postgres: str) -> str:
    apart(execute(own_postgres, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    return own_postgres


@pytest.fixture(scope="session")
def sqlite_without_rows(tmp_path_factory: pytest.TempPathFactory, secret_key: str) -> Path:
    """A database file, to be copied: making the tables takes longer."""
    path = tmp_path_factory.mktemp("sqlite") / "tradebell.db"
    apart(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return lasting("sqlite file", request, tmp_path)


@pytest.fixture(params=["sqlite file", "postgresql"])
def lasting_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database that can be closed and opened again."""
    return lasting(request.param, request, tmp_path)


def lasting(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    # Asked for by name, so that without PostgreSQL the others are tested all the same.
    if kind == "postgresql":
        return str(request.getfixturevalue("postgres_without_rows"))
    path = folder / "tradebell.db"
    shutil.copy(request.getfixturevalue("sqlite_without_rows"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def new_id() -> NewId:
    numbers = itertools.count(1)
    return lambda: UUID(int=next(numbers)).hex


@pytest.fixture
def open_again(secret_key: str, new_id: NewId) -> OpenStore:
    """Opens the database at an address, as often as it is wanted."""

    def opened(url: str, *keys: str, **options: bool) -> AbstractAsyncContextManager[Store]:
        return open_store(url, keys or [secret_key], lambda: NOW, new_id, **options)

    return opened


@pytest.fixture(params=["sqlite file", "sqlite memory", "postgresql"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, open_again: OpenStore, new_id: NewId
) -> AsyncIterator[Store]:
    """An empty store; the one in memory is what the services' tests use."""
    if request.param == "sqlite memory":
        with open_memory(lambda: NOW, new_id) as opened:
            yield opened
    else:
        async with open_again(lasting(request.param, request, tmp_path)) as opened:
            yield opened


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
