"""Rubbish typed behind every command, of all kinds and by chance: what came of it."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import timedelta

from bot.services.commands.registry import SPECS
from bot.services.feeds import FeedRhythm
from storage import open_memory
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import FakePlatform
from tests.harness.rubbish import RUBBISH, prepared, rubbish, wrong_answers
from tests.harness.virtual_time import VirtualTimeLoop, virtual_now
from tests.harness.world import owl, running

BY_CHANCE = 30
"""Behind each command, besides all that is listed."""

NEVER = timedelta(days=1000)


def typed(seed: int) -> list[str]:
    """What was answered wrongly, or changed something."""
    chance = random.Random(seed)
    listed = [one for several in RUBBISH.values() for one in several]
    said = {spec.name: [*listed, *(rubbish(chance) for _ in range(BY_CHANCE))] for spec in SPECS}

    async def run() -> list[str]:
        ids = itertools.count()
        rhythm = FeedRhythm(sweep_every=NEVER, long_sweep_every=NEVER, look_every=NEVER)
        platform = FakePlatform(now=virtual_now)
        platform.bots["owl"] = owl()
        chat = FakeMessenger(now=virtual_now)
        with open_memory(virtual_now, lambda: f"row-{next(ids)}") as store:
            async with running(store, platform, chat, virtual_now, rhythm) as world:
                await prepared(world, platform)
                return [wrong async for wrong in wrong_answers(world, platform, said)]

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(run())
