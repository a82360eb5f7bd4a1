"""Pictures off the event loop: in a thread of their own, one at a time, and none for long."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from bot.domain.cards import Look, Picture
from bot.domain.charts import (
    Chart,
)
from bot.ports import Draw

LIMIT = timedelta(seconds=5)
"""With what waits before it. One takes less than a tenth of a second; what it takes of memory is
known, since its size is fixed and a chart holds no more than a phone shows.
"""


@contextmanager
def drawing() -> Iterator[Draw]:
    thread = ThreadPoolExecutor(1, thread_name_prefix="pictures")

    async def draw(chart: Chart, look: Look) -> Picture:
        async with asyncio.timeout(LIMIT.total_seconds()):
            return await asyncio.get_running_loop().run_in_executor(thread, _drawn, chart, look)

    try:
        yield draw
    finally:
        thread.shutdown(wait=False, cancel_futures=True)


def _drawn(chart: Chart, look: Look) -> Picture:
    from adapters.pictures.draw import drawn  # loaded with the first picture: no alert has one

    return drawn(chart, look)
