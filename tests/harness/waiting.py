"""Waiting in real time, for what nothing tells of."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], within: float = 20.0) -> None:
    """Return once a condition holds.

    Args:
        within: seconds after which it fails.
    """
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - the condition is anything
            await asyncio.sleep(0.01)
