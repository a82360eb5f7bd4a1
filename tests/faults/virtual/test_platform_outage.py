"""The platform is away for hours: nothing is lost, and nobody's phone is flooded."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.deliveries import Priority, State
from bot.domain.events import Stream
from bot.domain.links import FeedState
from tests.judge import assert_kept, owed

MISSED = 400
OUTAGE = timedelta(hours=6)
URGENT = range(50, MISSED, 100)
FEW = 60
"""Messages: what a person can still read, with some to spare for the urgent ones and notices."""


@pytest.mark.fault(20)
async def test_six_hours_of_outage_become_a_digest_with_the_urgent_ones_singly(
    world, platform, chat
):
    account = await world.goes_live()
    platform.away = True
    platform.cut()
    for number in range(MISSED):
        trade = world.trade(number)
        if number in URGENT:
            trade = replace(trade, reason="liquidation")
        platform.store(Stream.TRADES, trade)
        await world.quiet(OUTAGE.total_seconds() / MISSED)

    platform.away = False
    await world.until_state(account, FeedState.LIVE)
    await world.quiet(300)

    items = [item for item in await owed(world.store) if item.title.startswith("Bought")]
    urgent = [item for item in items if item.priority == Priority.URGENT]
    shown = Counter(one.card.reference for one in chat.shown)
    assert len(items) == MISSED
    assert {item.state for item in items} == {State.SENT, State.COALESCED}
    assert len(urgent) == len(URGENT)
    assert all(shown[item.reference] == 1 for item in urgent)
    assert len(chat.shown) < FEW
    await assert_kept(world.store, chat.shown)
