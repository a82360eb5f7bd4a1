"""Pictures off the event loop: in a process of their own, one at a time, and none for long."""

import asyncio
import logging
import pickle
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

from adapters.pictures import worker
from adapters.pictures.worker import ANSWER, REQUEST
from bot.domain.cards import Look, Picture
from bot.domain.charts import Chart
from bot.ports import Draw, Meter

log = logging.getLogger(__name__)

LIMIT = timedelta(seconds=10)
"""With what waits before it, and the start of the process. One takes less than a tenth of a
second.
"""

IDLE = timedelta(minutes=1)
"""After so long without a picture the process ends, and its memory is free."""


class NotDrawn(Exception):
    """What went wrong in the process."""


@asynccontextmanager
async def drawing(
    meter: Meter, limit: timedelta = LIMIT, idle: timedelta = IDLE
) -> AsyncIterator[Draw]:
    """
    Args:
        limit: after which a picture is given up, and the process that draws it killed.
    """
    painter = _Painter(meter, limit, idle)
    try:
        yield painter.draw
    finally:
        await painter.end()


class _Painter:
    """The process begins with the first picture. One that failed is not trusted with another."""

    def __init__(self, meter: Meter, limit: timedelta, idle: timedelta) -> None:
        self._meter = meter
        self._limit = limit.total_seconds()
        self._idle = idle.total_seconds()
        self._one_at_a_time = asyncio.Lock()
        self._process: Process | None = None
        self._dismissed: Process | None = None
        self._rest: asyncio.TimerHandle | None = None

    async def draw(self, chart: Chart, look: Look) -> Picture:
        try:
            async with asyncio.timeout(self._limit), self._one_at_a_time:
                return await self._draw(chart, look)
        except Exception:
            self._meter.alarm("picture_not_drawn")
            raise

    async def end(self) -> None:
        self._wake()
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):  # it has ended by itself
                process.kill()
            await process.wait()
        if self._dismissed is not None:
            await self._dismissed.wait()
            self._dismissed = None

    async def _draw(self, chart: Chart, look: Look) -> Picture:
        self._wake()
        if self._process is None:
            self._process = await _started()
        try:
            width, height, png = await _asked(self._process, pickle.dumps((chart, look)))
        except BaseException:
            await self.end()
            raise
        self._rest = asyncio.get_running_loop().call_later(self._idle, self._dismiss)
        return Picture(png=png, alt=chart.alt, width=width, height=height)

    def _wake(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _dismiss(self) -> None:
        """Its input ends, and so does it."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._dismissed, self._process = self._process, None


async def _started() -> Process:
    """A program of its own, not a copy of this one with its threads, secrets and connections."""
    root = Path(worker.__file__).parents[2]
    command = sys.executable, "-P", "-m", worker.__name__
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={"PYTHONPATH": str(root)},
        start_new_session=True,  # what is typed at our terminal is not for it
    )


async def _asked(process: Process, chart: bytes) -> tuple[int, int, bytes]:
    """
    Raises:
        NotDrawn: it has failed, or ended.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(REQUEST.pack(len(chart)) + chart)
        await process.stdin.drain()
        head = await process.stdout.readexactly(ANSWER.size)
        drawn, width, height, size = ANSWER.unpack(head)
        answer = await process.stdout.readexactly(size)
    except (OSError, asyncio.IncompleteReadError) as end:
        raise NotDrawn("the process has ended") from end
    if not drawn:
        raise NotDrawn(answer.decode(errors="replace"))
    return width, height, answer
