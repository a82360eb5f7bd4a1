"""A thousand events at once: how many messages a second, and how many get through."""

from dataclasses import dataclass

from benchmarks.figures import Report, median
from benchmarks.world import Bot, World, naive_bot, tradebell_bot, world

SILENCE = 10.0
"""Seconds after which a message that has not come is lost: longer than any time limit inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Burst:
    rate: float
    """Messages a second, from the first frame to the last request."""
    lost: int
    repeated: int


async def measure(
    *, accounts: int = 50, rounds: int = 3, events: int = 1000, profile: bool = False
) -> Report:
    """Send both bots a burst in turn, `rounds` times, to new processes each time."""
    ours, theirs = [], []
    for _ in range(rounds):
        async with world() as there:
            async with tradebell_bot(there, accounts, profile=profile) as bot:
                ours.append(await _burst(there, bot, events, profile=profile))
            async with naive_bot(there, accounts) as bot:
                theirs.append(await _burst(there, bot, events))
    return _report(ours, theirs)


async def _burst(there: World, bot: Bot, events: int, *, profile: bool = False) -> _Burst:
    await there.shown(await there.trade(bot, len(bot.users)), SILENCE)
    if profile:
        await bot.process.ask("begin_profile")
    sent = await there.trade(bot, events)
    shown = await there.shown(sent, SILENCE)
    arrived = [at for instants in shown.values() for at in instants]
    seconds = (max(arrived) - min(sent.values())) / 1e9
    told = sum(1 for instants in shown.values() if instants)
    return _Burst(rate=told / seconds, lost=events - told, repeated=len(arrived) - told)


def _report(ours: list[_Burst], theirs: list[_Burst]) -> Report:
    def told(bursts: list[_Burst]) -> str:
        rate = median([burst.rate for burst in bursts])
        lost = median([burst.lost for burst in bursts])
        repeated = sum(burst.repeated for burst in bursts)
        more = f", {repeated} twice" if repeated else ""
        return f"{rate:,.0f} messages/s, {lost:.0f} lost{more}"

    ratio = median([burst.rate for burst in ours]) / median([burst.rate for burst in theirs])
    return Report(
        line=f"burst: Tradebell {told(ours)}; naive bot {told(theirs)}; ratio {ratio:.1f}",
        what="burst of 1,000 events over 50 chats, rates set to 0",
        tradebell=told(ours),
        others=f"naive bot {told(theirs)} (ratio {ratio:.1f})",
    )
