"""Time as waits count it, and work that is done side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

Seconds = float


def steady() -> Seconds:
    """The event loop's clock, in which `asyncio.sleep` counts: no step of the wall clock moves it.

    Every wait and limit inside the process is measured by it; instants that are shown or stored
    come from `Now`.
    """
    return asyncio.get_running_loop().time()


async def sleep_until(at: Seconds) -> None:
    """Return once `steady` has come to this; a timer may end a rounding error before."""
    await asyncio.sleep(at - steady())
    while steady() < at:  # noqa: ASYNC110 nothing is polled
        await asyncio.sleep(0.001)


async def side_by_side(works: Iterable[Callable[[], Awaitable[object]]], most: int) -> None:
    """Do all, begun in their order, so many at a time.

    Raises:
        Exception: what the first raised that failed; the others are cancelled.
    """
    waiting = iter(works)
    failures: list[Exception] = []

    async def work() -> None:
        try:
            for one in waiting:
                await one()
        except Exception as failure:  # noqa: BLE001 it is raised below
            # Not left to the group: before Python 3.13 one that is cancelled in the same moment
            # forgets that for a failure.
            failures.append(failure)
            for task in tasks:
                task.cancel()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(most)]
    if failures:
        raise failures[0]
