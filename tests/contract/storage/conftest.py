"""Every storage suite runs on a SQLite file, on SQLite in memory, and on PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest

from bot.domain.ids import NewId
from storage import Store, open_memory, open_store
from storage.engine.limits import Limits
from tests.contract.storage.given import NOW

R = TypeVar("R")

OpenStore = Callable[..., AbstractAsyncContextManager[Store]]


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

    def opened(
        url: str, *keys: str, migrate: bool = True, limits: Limits | None = None
    ) -> AbstractAsyncContextManager[Store]:
        return open_store(
            url, keys or [secret_key], lambda: NOW, new_id, migrate=migrate, limits=limits
        )

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
