"""The platform under test: each contract test runs against all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.contract.platforms import (
    FeathersProcess,
    PlatformUnderTest,
    feathers,
    feathers_process,
    simulated,
)


@pytest.fixture(scope="session")
def feathers_server(node_modules: Path) -> Iterator[FeathersProcess]:
    """One FeathersJS server for all tests: each makes users of its own."""
    with feathers_process(node_modules) as process:
        yield process


@pytest.fixture(scope="session")
def feathers4_server(node_modules_4: Path) -> Iterator[FeathersProcess]:
    """The same of the version before, on Socket.IO 2."""
    with feathers_process(node_modules_4) as process:
        yield process


@pytest.fixture(params=["simulator", "feathers", "feathers4"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[PlatformUnderTest]:
    if request.param == "simulator":
        async with simulated() as simulator:
            yield simulator
    else:
        # Asked for only here, so that without Node the simulator is tested all the same.
        process = request.getfixturevalue(f"{request.param}_server")
        async with feathers(process) as server:
            yield server


@pytest.fixture
async def http(platform: PlatformUnderTest) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(platform.url) as session:
        yield session
