"""Trades from before the link come into the ledger: in time, once, and without a word."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.events import WHOLE, Kind, Origin, Stream, Sweep, Trade
from bot.domain.results import Results
from bot.errors import NotOffered, TryLater
from tests.fakes.platform import FakePlatform
from tests.harness.world import CHAT, OWL, World, running

pytestmark = pytest.mark.both_databases

PAGE = "page trades"
LONG_AGO = timedelta(days=3650)
HOUR = timedelta(hours=1)


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


# --- what is told of it -----------------------------------------------------------------------


async def have_traded(world: World, platform: FakePlatform, pages: int) -> None:
    """As many pages of trades from before the link, each of ten."""
    platform.cap = 10
    for number in range(pages * 10):
        ago = timedelta(days=300) - number * HOUR
        platform.store(Stream.TRADES, closed(world, number, ago))


async def test_a_long_reading_is_told_in_one_silent_message_that_is_edited(world, platform, chat):
    await have_traded(world, platform, 40)
    oldest = world.now() - timedelta(days=300)

    await world.goes_live()
    began = len(chat.shown)
    await world.quiet(15 + 2 * 6 + 5)
    first = chat.screen(CHAT)[began:]
    await until_whole(world)
    await world.quiet(5)

    [told] = chat.screen(CHAT)[began:]
    assert [one.title for one in first] == ["I am reading your older trades"]
    assert first[0].lines[0] == f"Read up to {oldest + 59 * HOUR:%d %b %Y}: 60 trades so far."
    assert told.title == "I have read your older trades"
    assert told.lines[0] == f"I know 400 trades now, the oldest of {oldest:%d %b %Y}."
    assert first[0].silent
    assert told.silent
    assert told.buttons == ()
    edits = [one.left for one in chat.changed]
    assert 5 <= len(edits) <= 8
    assert all(
        later - earlier >= timedelta(seconds=9.5)
        for earlier, later in itertools.pairwise(edits[:-1])
    )
    [unseen] = await world.says("/ihaveit")
    assert unseen.card.title == "Nothing is unseen"


async def test_a_short_reading_costs_no_message(world, platform, chat):
    await have_traded(world, platform, 5)

    await world.goes_live()
    began = len(chat.shown)
    await until_whole(world)
    await world.quiet(60)

    assert chat.shown[began:] == []


async def test_after_a_restart_the_same_message_tells_how_it_goes_on(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await have_traded(world, platform, 12)
        await world.goes_live()
        began = len(chat.shown)
        await world.quiet(15 + 2 * 8)
    async with running(store, platform, chat, now) as world:
        await until_whole(world)
        await world.quiet(5)

    assert [one.title for one in chat.screen(CHAT)[began:]] == ["I have read your older trades"]


async def test_while_the_chat_is_out_of_reach_only_the_last_word_waits(world, platform, chat):
    await have_traded(world, platform, 20)
    await world.goes_live()
    began = len(chat.shown)
    chat.away = True
    await until_whole(world)
    await world.quiet(5)
    chat.away = False
    await world.quiet(120)

    [told] = chat.shown[began:]
    assert told.card.title == "I have read your older trades"
    assert chat.changed == []


async def test_a_message_that_was_deleted_is_not_told_again_nor_tried_again(world, platform, chat):
    await have_traded(world, platform, 40)
    await world.goes_live()
    began = len(chat.shown)
    await world.quiet(15 + 2 * 6 + 5)
    chat.deleted.add(chat.shown[-1].message)
    before = chat.change_calls
    await until_whole(world)
    await world.quiet(60)

    assert chat.change_calls - before == 1
    assert len(chat.shown) - began == 1


async def test_where_the_platform_shows_no_more_of_them_the_message_says_so(world, platform, chat):
    await have_traded(world, platform, 40)
    await world.goes_live()
    began = len(chat.shown)
    await world.quiet(15 + 2 * 6 + 5)
    platform.fail(PAGE, NotOffered("trades"))
    await world.quiet(20)

    [told] = chat.screen(CHAT)[began:]
    assert told.title == "I may not read your older trades any further"
    assert "90 trades" in told.lines[0]
