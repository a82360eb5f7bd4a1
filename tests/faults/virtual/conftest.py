"""The same worlds as the services' tests have: both databases, virtual time."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest

from storage import Store
from tests.harness.databases import opened
from tests.harness.troubled_database import Troubled, troubled
from tests.services.conftest import (  # noqa: F401 fixtures and a hook are found by their names
    chat,
    now,
    platform,
    pytest_asyncio_loop_factories,
    pytest_generate_tests,
    store,
    unswept,
    world,
)


@pytest.fixture(params=["sqlite memory", "postgresql"])
async def troubled_store(
    request: pytest.FixtureRequest,
    now: Callable[[], datetime],  # noqa: F811 it is the fixture
    secret_key: str,
) -> AsyncIterator[Store]:
    """A store whose database can be slow, away, full, or swallow answers."""
    ids = itertools.count()
    url = "sqlite://"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_without_rows")
    async with opened(url, secret_key, now, lambda: f"row-{next(ids)}", troubled) as lasting:
        yield lasting


@pytest.fixture
def database(troubled_store: Store) -> Troubled:
    assert isinstance(troubled_store.database, Troubled)
    return troubled_store.database
