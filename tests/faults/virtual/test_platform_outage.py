"""The platform is away for hours: nothing is lost, and nobody's phone is flooded."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.deliveries import Priority, State
from bot.domain.events import Kind, Origin, PodEvent, Stream
from bot.domain.feeds import FeedState
from tests.harness.judge import assert_kept, owed
from tests.harness.world import OWL, running

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


@pytest.mark.fault(78)
async def test_ninety_urgent_reports_of_one_bot_do_not_delay_anothers_liquidation(
    store, platform, chat, now
):
    chat.seconds = 1  # as fast as Telegram takes them in one chat
    async with running(store, platform, chat, now) as world:
        account = await world.goes_live()
        await world.quiet()
        for number in range(90):
            await world.ingest.take(account, [report(world, number)])
        await world.quiet(0.5)

        liquidated = replace(world.trade(1), symbol="SOL/USDT", reason="liquidation")
        heard_at = world.now()
        await world.ingest.take(account, [liquidated])
        await world.until(lambda: any("SOL/USDT" in title for title in chat.titles()))

        assert chat.shown[-1].at - heard_at < timedelta(seconds=5)
        told = [one.card for one in chat.shown if "urgent alerts" in one.card.title]
        assert [card.lines for card in told] == [("89x Night Owl: error · no balance",)]
        await assert_kept(world.store, chat.shown)


def report(world, number):
    return PodEvent(
        origin=Origin(kind=Kind.POD_EVENT, record=f"report {number}", at=world.now()),
        trader=OWL.id,
        type="error",
        message="no balance",
    )
