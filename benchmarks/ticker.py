"""What a price costs that no alert looks at while others are followed, and one that is followed;
beside the library's own way and the bare minimum.
"""

import asyncio

from benchmarks.bots.tradebell import WATCHED
from benchmarks.figures import Report, median
from benchmarks.world import Bot, World, bare_reader, naive_bot, tradebell_bot, world


async def measure(*, rounds: int = 5, events: int = 20_000, profile: bool = False) -> Report:
    """Send so many prices to each in turn, `rounds` times; each figure is the median."""
    async with (
        world() as there,
        tradebell_bot(there, 1, profile=profile) as tradebell,
        naive_bot(there, 1) as naive,
        bare_reader(there) as reader,
    ):
        costs: dict[str, list[float]] = {bot.name: [] for bot in (tradebell, naive, reader)}
        watched: list[float] = []
        if profile:
            await tradebell.process.ask("begin_profile")
        for _ in range(rounds):
            for bot in (tradebell, naive, reader):
                costs[bot.name].append(await _cost(there, bot, events))
            watched.append(await _cost(there, tradebell, events, WATCHED))
    ours, theirs, least = (median(costs[bot.name]) for bot in (tradebell, naive, reader))
    return Report(
        line=f"ticker: Tradebell {ours:.1f} us; python-socketio {theirs:.1f} us;"
        f" only reading the frame {least:.1f} us: {ours / least:.2f} times that;"
        f" one that is watched {median(watched):.1f} us",
        what="a ticker event nobody watches: CPU",
        tradebell=f"{ours:.1f} µs",
        others=f"python-socketio's default path {theirs:.1f} µs,"
        f" only reading the frame {least:.1f} µs",
    )


async def _cost(there: World, bot: Bot, events: int, symbol: str = "BTC/USDT") -> float:
    """Microseconds of CPU for one price, all threads of the process."""
    (user,) = bot.users
    before = await bot.process.ask("cpu")
    await there.platform.ask("tick", user=user, count=events, symbol=symbol)
    await asyncio.sleep(0.1)  # what was put off until the queue is empty counts too
    after = await bot.process.ask("cpu")
    return float(after - before) / events / 1000
