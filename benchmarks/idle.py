"""What a feed costs that has nothing to do."""

import asyncio
from contextlib import AbstractAsyncContextManager

from benchmarks.figures import Report
from benchmarks.world import Bot, World, naive_bot, tradebell_bot, world

SETTLING = 5.0
"""Seconds for what the start of the last feeds has left behind."""


async def measure(*, few: int = 200, many: int = 1200) -> Report:
    """Watch the memory of a process while its feeds grow from few to many."""
    async with world() as there:
        ours = await _growth(there, tradebell_bot(there, many, at_least=few), few, many)
        theirs = await _growth(there, naive_bot(there, many, at_least=few), few, many)
    return Report(
        line=f"idle: Tradebell {ours:.1f} KiB a feed; bare python-socketio client {theirs:.1f} KiB",
        what="one idle feed, plain TCP: memory",
        tradebell=f"{ours:.1f} KiB",
        others=f"bare python-socketio client {theirs:.1f} KiB",
    )


async def _growth(
    there: World, starting: AbstractAsyncContextManager[Bot], few: int, many: int
) -> float:
    """KiB for each feed more."""
    async with starting as bot:
        before = await bot.process.ask("memory")
        connected = len(set(bot.users) & set(await there.platform.ask("online")))
        await there.connected(bot, many)
        await asyncio.sleep(SETTLING)
        after = await bot.process.ask("memory")
    return float(after - before) / (many - connected) / 1024
