"""From an event's frame to the message's request, at a pace that leaves a bot idle in between."""

import asyncio
from dataclasses import dataclass, field

from benchmarks.figures import Report, median, percentile
from benchmarks.world import Bot, World, naive_bot, tradebell_bot, world

RATE = 20.0
"""Events a second."""

SILENCE = 5.0
"""Seconds after which a message that has not come is lost."""


@dataclass(slots=True)
class _Delays:
    """Milliseconds, of all legs of one bot."""

    legs: list[list[float]] = field(default_factory=list)
    lost: int = 0

    def at(self, part: float) -> float:
        return median([percentile(leg, part) for leg in self.legs])


async def measure(
    *, accounts: int = 50, rounds: int = 5, events: int = 200, profile: bool = False
) -> Report:
    """Let both bots tell `events` trades in turn, `rounds` times.

    Each figure is the median of its rounds.
    """
    async with (
        world() as there,
        tradebell_bot(there, accounts, profile=profile) as tradebell,
        naive_bot(there, accounts) as naive,
    ):
        delays = {bot.name: _Delays() for bot in (tradebell, naive)}
        for bot in (tradebell, naive):
            await there.shown(await there.trade(bot, accounts, 1 / RATE), SILENCE)
        if profile:
            await tradebell.process.ask("begin_profile")
        for _ in range(rounds):
            for bot in (tradebell, naive):
                await _leg(there, bot, events, delays[bot.name])
        return _report(delays[tradebell.name], delays[naive.name])


async def _leg(there: World, bot: Bot, events: int, delays: _Delays) -> None:
    await asyncio.sleep(0.5)  # what the other bot has just done must not count here
    sent = await there.trade(bot, events, 1 / RATE)
    shown = await there.shown(sent, SILENCE)
    delays.legs.append(
        [(shown[number][0] - sent[number]) / 1e6 for number in sent if shown[number]]
    )
    delays.lost += sum(1 for at in shown.values() if not at)


def _report(ours: _Delays, theirs: _Delays) -> Report:
    def told(delays: _Delays) -> str:
        lost = f", {delays.lost} lost" if delays.lost else ""
        return f"p50 {delays.at(50):.2f} ms, p99 {delays.at(99):.2f} ms{lost}"

    ratio = f"{ours.at(50) / theirs.at(50):.2f} at p50, {ours.at(99) / theirs.at(99):.2f} at p99"
    return Report(
        line=f"latency: Tradebell {told(ours)}; naive bot {told(theirs)}; ratio {ratio}",
        what="event frame in to `sendMessage` out, 20 events/s over 50 accounts",
        tradebell=f"{told(ours)}, committed to SQLite before the send",
        others=f"naive bot {told(theirs)}, nothing stored (ratio {ratio})",
    )
