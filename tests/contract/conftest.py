"""The platform under test: each contract test runs against both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

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


@pytest.fixture(params=["simulator", "feathers"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[PlatformUnderTest]:
    if request.param == "simulator":
        async with simulated() as simulator:
            yield simulator
    else:
        # Asked for only here, so that without Node the simulator is tested all the same.
        async with feathers(request.getfixturevalue("feathers_server")) as server:
            yield server
