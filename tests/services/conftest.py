"""The whole core for each test: services and SQL, virtual time, the outside played by fakes."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta

import pytest

from bot.services.feeds import FeedRhythm
from storage import Store, open_memory
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import FakePlatform
from tests.harness.databases import opened
from tests.harness.hooked import hooked
from tests.harness.virtual_time import VirtualTimeLoop, virtual_now
from tests.harness.world import World, heron, owl, running


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], VirtualTimeLoop]]:
    return {"virtual time": VirtualTimeLoop}


@pytest.fixture(scope="session")
def now() -> Callable[[], datetime]:
    """A clock that starts at `tests.harness.virtual_time.START` and moves with the loop."""
    return virtual_now


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Stories are told on SQLite: that both databases do the same is tried in `tests/contract`.

    On both are those of `both_databases`; with `--every-database`, all.
    """
    given = metafunc.definition.iter_markers("parametrize")
    if "store" in metafunc.fixturenames and all(one.args[0] != "store" for one in given):
        chosen = metafunc.definition.get_closest_marker("both_databases") is not None
        both = chosen or metafunc.config.getoption("every_database")
        names = ["sqlite memory", "postgresql"] if both else ["sqlite memory"]
        metafunc.parametrize("store", names, indirect=True)


@pytest.fixture
async def store(
    request: pytest.FixtureRequest, now: Callable[[], datetime], secret_key: str
) -> AsyncIterator[Store]:
    ids = itertools.count()

    def new_id() -> str:
        return f"row-{next(ids)}"

    if request.param == "sqlite memory":
        with open_memory(now, new_id) as in_memory:
            yield hooked(in_memory)
    else:
        # Asked for by name, so that without PostgreSQL the other is tested all the same.
        url = request.getfixturevalue("postgres_without_rows")
        async with opened(url, secret_key, now, new_id) as lasting:
            yield hooked(lasting)


@pytest.fixture
def platform(now: Callable[[], datetime]) -> FakePlatform:
    fake = FakePlatform(now=now)
    for trader in (owl(), heron()):
        fake.bots[trader.id] = trader
    return fake


@pytest.fixture
def chat(now: Callable[[], datetime]) -> FakeMessenger:
    return FakeMessenger(now=now)


@pytest.fixture
async def world(
    store: Store, platform: FakePlatform, chat: FakeMessenger, now: Callable[[], datetime]
) -> AsyncIterator[World]:
    async with running(store, platform, chat, now) as started:
        yield started


@pytest.fixture
async def unswept(
    store: Store,
    platform: FakePlatform,
    chat: FakeMessenger,
    now: Callable[[], datetime],
) -> AsyncIterator[World]:
    """A world without sweeps and other looks around, in which weeks pass quickly."""
    never = timedelta(days=1000)
    rhythm = FeedRhythm(sweep_every=never, long_sweep_every=never, look_every=never)
    async with running(store, platform, chat, now, rhythm) as started:
        yield started
