"""The same worlds as the services' tests have: both databases, virtual time."""

from tests.services.conftest import (  # noqa: F401 fixtures and a hook are found by their names
    chat,
    now,
    platform,
    pytest_asyncio_loop_factories,
    store,
    unswept,
    world,
)
