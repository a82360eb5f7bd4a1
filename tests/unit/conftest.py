"""Virtual time for every test of this folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import pytest

from tests.harness.virtual_time import VirtualTimeLoop, virtual_now


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], VirtualTimeLoop]]:
    return {"virtual time": VirtualTimeLoop}


@pytest.fixture(scope="session")
def now() -> Callable[[], datetime]:
    """A clock that starts at `tests.harness.virtual_time.START` and moves with the loop."""
    return virtual_now
