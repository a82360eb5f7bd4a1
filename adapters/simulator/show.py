"""Lets a market happen on a platform, in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from adapters.simulator.market import Changed, Happening, Market, Stored, Ticked
from adapters.simulator.platform import SimulatedPlatform

STEP = timedelta(milliseconds=250)


async def play(
    platform: SimulatedPlatform,
    market: Market,
    *,
    now: Callable[[], datetime],
    step: timedelta = STEP,
) -> NoReturn:
    """Let the market happen, a step at a time, until cancelled."""
    platform.pods.held, platform.pods.sell = market.held, market.sell
    market.paused = platform.pods.paused
    owners = {bot.owner for bot in market.bots}
    while True:
        running = {
            trader["_id"]
            for owner in owners
            for trader in platform.records.of("traders", owner)
            if trader["running"]
        }
        for happening in market.step(now(), running):
            await _apply(platform, happening)
        await asyncio.sleep(step.total_seconds())


async def _apply(platform: SimulatedPlatform, happening: Happening) -> None:
    match happening:
        case Stored(service, owner, record):
            await platform.add(service, record, owner)
        case Changed(service, record_id, changes):
            await platform.change(service, record_id, changes)
        case Ticked(ticker):
            await platform.tell_everyone("exchanges/ticker", "patched", ticker)
