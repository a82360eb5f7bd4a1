"""From an event's frame to the message's request, at a pace that leaves a bot idle in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Report, median, percentile
from benchmarks.world import Bot, World, naive_bot, tradebell_bot, world

RATE = 20.0
"""Events a second."""

SILENCE = 5.0
"""Seconds after which a message that has not come is lost."""


@dataclass(slots=True)
class _Contender:
    """A bot, the world that it lives in, and what was measured of it.

    `legs` are its delays in milliseconds, `cpu` the milliseconds of processor time for each event,
    of all legs.
    """

    world: World
    bot: Bot
    legs: list[list[float]] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    lost: int = 0

    def figures(self) -> tuple[float, float, float]:
        """p50 and p99 of the delays, and the processor time: each the median of its legs."""
        p50, p99 = (median([percentile(leg, part) for leg in self.legs]) for part in (50, 99))
        return p50, p99, median(self.cpu)


async def measure(
    *,
    accounts: int = 50,
    rounds: int = 5,
    events: int = 200,
    profile: bool = False,
    beside: Path | None = None,
) -> Report:
    """Let all bots tell `events` trades in turn, `rounds` times.

    Each figure is the median of its rounds.

    Args:
        beside: another checkout of Tradebell, which is measured in the same turns.
    """
    async with _contenders(accounts, profile, beside) as contenders:
        for each in contenders:
            sent = await each.world.trade(each.bot, accounts, 1 / RATE)
            await each.world.shown(sent, SILENCE)
        if profile:
            await contenders[0].bot.process.ask("begin_profile")
        for turn in range(rounds):
            # Forwards and back: whoever came always after the same one would be its heir.
            for each in contenders if turn % 2 == 0 else contenders[::-1]:
                await _leg(each, events)
        return _report(*contenders)


@asynccontextmanager
async def _contenders(
    accounts: int, profile: bool, beside: Path | None
) -> AsyncIterator[Sequence[_Contender]]:
    """Tradebell, the naive bot, and Tradebell of the other checkout if there is one."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        here = await enter(world())
        found = [_Contender(here, await enter(tradebell_bot(here, accounts, profile=profile)))]
        found.append(_Contender(here, await enter(naive_bot(here, accounts))))
        if beside is not None:
            there = await enter(world())
            other = await enter(tradebell_bot(there, accounts, checkout=beside))
            found.append(_Contender(there, other))
        yield found


async def _leg(each: _Contender, events: int) -> None:
    await asyncio.sleep(0.5)  # what the other bots have just done must not count here
    before = await each.bot.process.ask("cpu")
    sent = await each.world.trade(each.bot, events, 1 / RATE)
    shown = await each.world.shown(sent, SILENCE)
    each.cpu.append((await each.bot.process.ask("cpu") - before) / 1e6 / events)
    each.legs.append([(shown[number][0] - sent[number]) / 1e6 for number in sent if shown[number]])
    each.lost += sum(1 for at in shown.values() if not at)


def _report(ours: _Contender, naive: _Contender, other: _Contender | None = None) -> Report:
    def told(of: _Contender) -> str:
        lost = f", {of.lost} lost" if of.lost else ""
        p50, p99, cpu = of.figures()
        return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, CPU {cpu:.2f} ms an event{lost}"

    def ratio(of: _Contender) -> str:
        p50, p99, cpu = (a / b for a, b in zip(of.figures(), naive.figures(), strict=True))
        return f"ratio {p50:.2f} at p50, {p99:.2f} at p99, {cpu:.2f} of CPU"

    others = f"naive bot {told(naive)}, nothing stored ({ratio(ours)})"
    line = f"latency: Tradebell {told(ours)}; naive bot {told(naive)}; {ratio(ours)}"
    if other is not None:
        beside = f"the other checkout {told(other)}; its {ratio(other)}"
        line, others = f"{line}; {beside}", f"{others}; {beside}"
    return Report(
        line=line,
        what="event frame in to `sendMessage` out, 20 events/s over 50 accounts",
        tradebell=f"{told(ours)}, committed to SQLite before the send",
        others=others,
    )
