"""Trades from before the link come into the ledger: in time, once, and without a word."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.events import WHOLE, Kind, Origin, Stream, Sweep, Trade
from bot.domain.results import Results
from bot.errors import TryLater
from tests.harness.world import OWL, World, running

pytestmark = pytest.mark.both_databases

PAGE = "page trades"
LONG_AGO = timedelta(days=3650)


def closed(world: World, number: int, ago: timedelta) -> Trade:
    at = world.now() - ago
    origin = Origin(kind=Kind.TRADE, record=f"old-{number:04}", at=at)
    return Trade(
        origin=origin, side="sell", symbol="BTC/USDT", amount=Decimal(1), profit=Decimal(number)
    )


async def earned(world: World) -> Results:
    link = await world.link()
    assert link is not None
    since = world.now() - LONG_AGO
    return await world.store.ledger.results(link.account, since)


async def is_whole(world: World) -> bool:
    link = await world.link()
    assert link is not None
    reached = (await world.store.inbox.cursors(link.account)).get(Sweep.LEDGER)
    return reached is not None and reached.position.record == WHOLE


async def until_whole(world: World) -> None:
    while not await is_whole(world):
        await world.quiet(1)


async def test_trades_of_a_year_come_into_the_ledger_and_ring_nowhere(world, platform, chat):
    for number in range(250):
        platform.store(Stream.TRADES, closed(world, number, timedelta(days=260 - number)))
    platform.store(Stream.TRADES, closed(world, 999, timedelta(days=400)))

    await world.goes_live()
    before = len(chat.shown)
    await until_whole(world)
    platform.store(Stream.TRADES, closed(world, 250, timedelta(0)))
    await world.quiet(60)

    assert sorted(one.value for one in (await earned(world)).entries) == list(range(251))
    assert len(chat.shown) - before == 1


async def test_when_each_bot_has_opened_and_closed_is_known(world, platform):
    opened = world.now() - timedelta(hours=5)
    trade = replace(closed(world, 1, timedelta(hours=3)), trader=OWL.id, opened_at=opened)
    platform.store(Stream.TRADES, trade)
    platform.store(Stream.TRADES, closed(world, 2, timedelta(hours=2)))
    account = await world.goes_live()
    await until_whole(world)

    ledger, hour = world.store.ledger, timedelta(hours=1)
    since_all = await ledger.activity(account.id, world.now() - 6 * hour)
    lately = await ledger.activity(account.id, opened + hour)

    assert since_all == {OWL.id: [opened, trade.origin.at]}
    assert lately == {OWL.id: [trade.origin.at]}


async def test_older_trades_leave_the_requests_to_what_is_urgent(world, platform):
    for number in range(450):
        platform.store(Stream.TRADES, closed(world, number, timedelta(days=300, minutes=-number)))
    await world.goes_live()
    live_at, made = world.now(), len(platform.asked_at.get(PAGE, []))

    await until_whole(world)

    asked = platform.asked_at.get(PAGE, [])[made:]
    assert len(asked) == 5
    assert asked[0] >= live_at + timedelta(seconds=14)
    assert all(
        later - earlier >= timedelta(seconds=2) for earlier, later in itertools.pairwise(asked)
    )


async def test_a_restart_goes_on_where_the_reading_stood(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        for number in range(300):
            ago = timedelta(days=300, minutes=-number)
            platform.store(Stream.TRADES, closed(world, number, ago))
        await world.goes_live()
        while len((await earned(world)).entries) < 100:
            await world.quiet(1)
    made = len(platform.asked_at.get(PAGE, []))
    async with running(store, platform, chat, now) as world:
        await until_whole(world)
        assert len((await earned(world)).entries) == 300

    assert len(platform.asked_at[PAGE]) - made <= 3, "one of them catches up"


async def test_a_platform_that_is_busy_is_asked_later_for_older_trades(world, platform):
    platform.store(Stream.TRADES, closed(world, 1, timedelta(days=3)))
    await world.goes_live()
    platform.fail(PAGE, TryLater("busy", timedelta(minutes=30)))

    await world.quiet(29 * 60)
    early = (await earned(world)).entries
    await until_whole(world)

    assert early == ()
    assert len((await earned(world)).entries) == 1


async def test_a_newer_word_about_an_old_trade_is_not_undone_by_reading_it(world, platform):
    old = replace(closed(world, 5, timedelta(days=2)), final=True)
    await world.goes_live()
    changed = replace(
        old, changed=True, changed_at=world.now(), closed_at=world.now(), profit=Decimal(7)
    )
    await world.quiet(2)
    platform.announce(changed)
    platform.store(Stream.TRADES, old, announce=False)
    await until_whole(world)

    assert [one.value for one in (await earned(world)).entries] == [Decimal(7)]


async def test_a_close_tells_how_the_day_goes_by_the_clock_of_the_chat(world, platform, chat):
    await world.goes_live()
    await world.says("/timezone kathmandu")
    await until_whole(world)
    yesterday = closed(world, 900, timedelta(hours=18))
    today = closed(world, 40, timedelta(hours=17, minutes=30))
    for number, trade in enumerate((yesterday, today, closed(world, 5, timedelta(0)))):
        platform.store(Stream.TRADES, replace(trade, trader=OWL.id))
        await world.quiet(120 * (number + 1))

    fields = {field.label: field.value for field in chat.shown[-1].card.fields}
    assert fields["Bot today"] == "+45 USDT, 2 trades"


async def test_before_older_trades_are_there_no_day_is_told(world, platform, chat):
    platform.store(Stream.TRADES, closed(world, 1, timedelta(hours=1)))
    await world.goes_live()
    platform.store(Stream.TRADES, replace(closed(world, 5, timedelta(0)), trader=OWL.id))
    await world.quiet()

    labels = {field.label for field in chat.shown[-1].card.fields}
    assert "Profit" in labels
    assert "Bot today" not in labels
