"""Records and events of the platform at their worst: each is told once, in order, to its owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.deliveries import State
from bot.domain.events import AHEAD, Kind, Origin, Position, Stream, TraderSeen
from bot.domain.feeds import FeedState
from bot.domain.ingesting import Progress
from bot.errors import TryLater
from bot.policy.news import remember_only
from bot.services.feeds import FeedRhythm
from tests.fakes.messenger import FakeMessenger
from tests.harness.judge import assert_kept
from tests.harness.virtual_time import Clock
from tests.harness.world import owl, running

PAGE = f"page {Stream.TRADES}"


def bought(*numbers):
    return [f"Bought {number} BTC/USDT" for number in numbers]


def trades(chat):
    return [title for title in chat.titles() if title.startswith("Bought")]


async def reconnects(world, platform, account):
    """The socket breaks, and all is read again."""
    before = platform.calls.count("connect")
    platform.cut()
    await world.until(lambda: platform.calls.count("connect") > before)
    await world.until_state(account, FeedState.LIVE)
    await world.quiet()


# --- whose it is, and how often ---------------------------------------------------------------


@pytest.mark.fault(10)
async def test_an_event_of_another_user_is_not_delivered_and_raises_an_alarm(world, platform, chat):
    account = await world.goes_live()
    strange, own = world.trade(1), world.trade(2)

    platform.store(Stream.TRADES, replace(strange, origin=replace(strange.origin, owner="user-2")))
    platform.store(Stream.TRADES, replace(own, origin=replace(own.origin, owner="user-1")))
    await world.quiet()
    live = world.meter.alarms["foreign_record"]
    await reconnects(world, platform, account)

    assert live == 1
    assert world.meter.alarms["foreign_record"] == 2
    assert chat.titles() == bought(2)
    await assert_kept(world.store, chat.shown, created=1)


@pytest.mark.fault(11)
async def test_the_same_event_twice_and_found_again_by_catch_up_is_one_message(
    world, platform, chat
):
    account = await world.goes_live()
    trade = world.trade(1)

    platform.store(Stream.TRADES, trade)
    platform.announce(trade)
    await world.quiet()
    platform.announce(trade)
    await reconnects(world, platform, account)

    assert chat.titles() == bought(1)
    await assert_kept(world.store, chat.shown, created=1)


@pytest.mark.fault(21)
async def test_an_event_between_login_and_find_is_told_once(world, platform, chat):
    account = await world.goes_live()
    trade = world.trade(1)
    # As `traders` is asked for, the socket is logged in and no record has been read yet.
    platform.fail("traders", lambda: platform.store(Stream.TRADES, trade))

    await reconnects(world, platform, account)

    assert chat.titles() == bought(1)
    await assert_kept(world.store, chat.shown, created=1)


@pytest.mark.fault(21)
async def test_an_event_after_its_page_was_read_and_before_the_feed_listens_is_told_once(
    world, platform, chat
):
    account = await world.goes_live()
    # The page of the last stream: that of the trades is read by then.
    platform.fail(f"page {[*Stream][-1]}", lambda: platform.store(Stream.TRADES, world.trade(1)))

    await reconnects(world, platform, account)
    told = chat.titles()
    await reconnects(world, platform, account)

    assert told == chat.titles() == bought(1)
    assert world.meter.swept == {}
    await assert_kept(world.store, chat.shown, created=1)


# --- changes ----------------------------------------------------------------------------------


@pytest.mark.fault(12)
async def test_a_bot_patched_five_times_in_a_second_ends_as_it_is_and_never_flips_back(
    world, platform, chat
):
    account = await world.goes_live()
    paused = owl(status="stopped", running=False)

    for state in (paused, owl(), paused, owl(status="error"), paused):
        platform.put(state)
        await world.quiet(0.2)
    await world.quiet()
    await reconnects(world, platform, account)

    assert chat.titles() == [
        "Night Owl was stopped",
        "Night Owl is running",
        "Night Owl was stopped",
        "Night Owl stopped with an error",
        "Night Owl was stopped",
    ]
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(12)
async def test_patches_that_come_in_another_order_do_not_undo_the_youngest(world, platform, chat):
    account = await world.goes_live()
    began = world.now()
    patches = []
    for number, status in enumerate(("stopped", "running", "stopped", "running", "stopped")):
        at = began + timedelta(seconds=number / 5)
        bot = owl(status=status, running=status == "running", updated_at=at)
        origin = Origin(kind=Kind.TRADER, record=bot.id, at=at)
        patches.append(TraderSeen(origin=origin, trader=bot))
    platform.bots["owl"] = patches[-1].trader

    for number in (0, 4, 1, 3, 2):
        platform.announce(patches[number])
    await world.quiet()
    await reconnects(world, platform, account)

    assert chat.titles() == ["Night Owl was stopped"]
    await assert_kept(world.store, chat.shown, created=1)


# --- time -------------------------------------------------------------------------------------


@pytest.mark.fault(13)
async def test_a_record_visible_90_s_after_a_younger_one_is_found_by_the_overlap(
    world, platform, chat
):
    account = await world.goes_live()
    await world.quiet(300)

    platform.store(Stream.TRADES, world.trade(1), announce=False, lag=timedelta(seconds=90))
    await world.quiet(1)
    platform.store(Stream.TRADES, world.trade(2), announce=False)
    await reconnects(world, platform, account)
    before = chat.titles()
    await world.quiet(90)
    await reconnects(world, platform, account)

    assert before == bought(2)
    assert chat.titles() == bought(2, 1)
    assert world.meter.swept == {}
    await assert_kept(world.store, chat.shown, created=2)


RIGHT, OFF = timedelta(0), timedelta(minutes=10)


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [(OFF, RIGHT), (-OFF, RIGHT), (RIGHT, OFF), (RIGHT, -OFF)],
    ids=["theirs ahead", "theirs behind", "ours ahead", "ours behind"],
)
@pytest.mark.parametrize("history", [True, False], ids=["old records", "no records"])
async def test_clocks_that_are_wrong_lose_nothing_that_came_after_the_link(
    store, platform, now, theirs, ours, history
):
    platform.skew = theirs
    clock = Clock(now, ours)
    chat = FakeMessenger(now=clock)
    async with running(store, platform, chat, clock) as world:
        if history:
            platform.store(Stream.TRADES, world.trade(0, platform.clock() - timedelta(days=1)))
        account = await world.goes_live()
        await world.quiet()

        platform.store(Stream.TRADES, world.trade(1, platform.clock()), announce=False)
        await reconnects(world, platform, account)
        platform.store(Stream.TRADES, world.trade(2, platform.clock()))
        await world.quiet(700)
        platform.away = True
        platform.cut()
        for number in (3, 4):
            platform.store(Stream.TRADES, world.trade(number, platform.clock()))
            await world.quiet(30)
        platform.away = False
        await world.quiet(120)

        assert trades(chat) == bought(1, 2, 3, 4)
        assert world.meter.swept == {}
        await assert_kept(store, chat.shown)


@pytest.mark.fault(14)
@pytest.mark.parametrize("jump", [1, -1], ids=["forward", "back"])
async def test_a_clock_of_ours_that_jumps_by_an_hour_loses_nothing(store, platform, now, jump):
    clock = Clock(now)
    chat = FakeMessenger(now=clock)
    async with running(store, platform, chat, clock) as world:
        account = await world.goes_live()
        platform.store(Stream.TRADES, world.trade(1, platform.clock()))
        await world.quiet(300)

        clock.off += timedelta(hours=jump)
        platform.store(Stream.TRADES, world.trade(2, platform.clock()), announce=False)
        await world.quiet()
        platform.store(Stream.TRADES, world.trade(3, platform.clock()))
        await reconnects(world, platform, account)
        platform.store(Stream.TRADES, world.trade(4, platform.clock()))
        await world.quiet()

        assert sorted(chat.titles()) == bought(1, 2, 3, 4)
        await assert_kept(store, chat.shown, created=4)


@pytest.mark.fault(71)
@pytest.mark.parametrize("ahead", [timedelta(seconds=90), timedelta(hours=23), timedelta(days=30)])
async def test_a_record_from_the_future_is_told_once_and_costs_nothing_else(
    world, platform, chat, ahead
):
    account = await world.goes_live()
    platform.store(Stream.TRADES, world.trade(1, world.now() + ahead), announce=False)
    await reconnects(world, platform, account)
    for numbers in ((2, 3), (4, 5)):
        platform.away = True
        platform.cut()
        await world.quiet(30)
        for number in numbers:
            platform.store(Stream.TRADES, world.trade(number), announce=False)
            await world.quiet(30)
        platform.away = False
        await world.until_state(account, FeedState.LIVE)
        await world.quiet(20)
    await world.quiet(timedelta(hours=1).total_seconds())

    assert trades(chat) == bought(1, 2, 3, 4, 5)
    cursors = await world.store.inbox.cursors(account.id)
    assert cursors[Stream.TRADES].position.at <= world.now() + AHEAD


@pytest.mark.fault(71)
async def test_a_cursor_that_stands_in_the_future_is_taken_back_and_what_it_skipped_is_told(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        account = await world.goes_live()
    for number in (1, 2):
        platform.store(Stream.TRADES, world.trade(number), announce=False)
        await world.quiet(60)
    poisoned = Progress(stream=Stream.TRADES, position=Position(at=now() + timedelta(hours=20)))
    await store.inbox.ingest(account.id, (), remember_only, now(), poisoned)

    async with running(store, platform, chat, now) as world:
        await world.until_state(account, FeedState.LIVE)
        await world.quiet()

    assert trades(chat) == bought(1, 2)
    cursors = await store.inbox.cursors(account.id)
    assert cursors[Stream.TRADES].position.at <= now()


@pytest.mark.fault(71)
async def test_a_bot_that_was_changed_in_the_future_is_still_seen_to_change(world, platform, chat):
    platform.skew = timedelta(hours=20)
    platform.put(owl(), announce=False)
    platform.skew = timedelta(0)
    await world.goes_live()

    platform.put(owl(running=False, status="stopped"))
    await world.quiet()

    assert len(chat.titles()) == 1


@pytest.mark.fault(72)
@pytest.mark.parametrize("hours", [1, -1, 24 * 30, -24 * 30])
async def test_no_step_of_our_clock_keeps_a_feed_from_dialling_sweeping_and_telling_trouble(
    store, platform, now, hours
):
    clock = Clock(now)
    chat = FakeMessenger(now=clock)
    async with running(store, platform, chat, clock) as world:
        account = await world.goes_live()
        platform.away = True
        platform.cut()
        await world.quiet(10)
        clock.off += timedelta(hours=hours)
        await world.quiet(80)
        told = chat.titles()
        platform.away = False
        await world.until_state(account, FeedState.LIVE, within=90)
        clock.off -= timedelta(hours=hours)
        platform.store(Stream.TRADES, world.trade(1, platform.clock()), announce=False)
        await world.quiet(620)

        assert told == ["No connection to the trading platform"]
        assert trades(chat) == bought(1)


@pytest.mark.fault(72)
@pytest.mark.parametrize("hours", [1, -1])
async def test_no_step_of_our_clock_silences_a_person_or_throttles_them(
    store, platform, now, hours
):
    clock = Clock(now)
    chat = FakeMessenger(now=clock)
    async with running(store, platform, chat, clock) as world:
        await world.goes_live()
        await world.quiet(20)
        clock.off += timedelta(hours=hours)

        answers = [await world.says("/help") for _ in range(8)]

        assert all("One moment" not in str(one) for one in answers)
        assert all(answers)


# --- pages ------------------------------------------------------------------------------------


@pytest.mark.fault(15)
async def test_pages_capped_at_ten_that_fail_at_the_third_are_read_on_without_a_gap(
    world, platform, chat
):
    account = await world.goes_live()
    await world.quiet(20)  # until the ledger has asked for what is older
    platform.cap = 10
    platform.fail("connect", TryLater("being repaired", retry_after=timedelta(hours=3)))
    platform.cut()
    for number in range(1, 36):
        await world.quiet(300)
        platform.store(Stream.TRADES, world.trade(number), announce=False)
    platform.fail(PAGE, None, None, TryLater("500"))

    before = platform.calls.count(PAGE)
    await world.until_state(account, FeedState.LIVE)
    await world.quiet()
    at_first = trades(chat)
    await world.quiet(120)

    assert at_first == bought(*range(1, 21))
    assert trades(chat) == bought(*range(1, 36))
    # Two pages, the one that failed, and the rest from the cursor on, less an hour of overlap.
    assert platform.calls.count(PAGE) - before <= 3 + 3
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(16)
async def test_a_find_that_is_slower_than_events_come_is_bounded_and_loses_nothing(
    store, platform, chat, now
):
    batches = []

    async def note(account, events, *others):
        batches.append(len(events))

    store.inbox.before("ingest", note)
    async with running(store, platform, chat, now, FeedRhythm(most_held=20, portion=30)) as world:
        account = await world.goes_live()
        platform.cap, platform.most_waiting = 10, 30
        platform.page_takes = timedelta(seconds=2)

        platform.cut()
        for number in range(1, 101):
            platform.store(Stream.TRADES, world.trade(number))
            await world.quiet(0.1)
        await world.quiet(1200)

        await world.until_state(account, FeedState.LIVE)
    assert max(batches) <= 30
    ends = await assert_kept(store, chat.shown)
    assert ends[State.SENT] + ends[State.COALESCED] == sum(ends.values())
    assert sum(ends.values()) >= 100


# --- many at once, and what comes without its record ------------------------------------------


async def test_records_that_are_created_as_one_list_are_told_one_by_one_in_their_order(
    world, platform, chat
):
    """Each comes as an event of its own, in one instant (`platform.md` 3.5)."""
    account = await world.goes_live()
    at = world.now()

    for number in range(1, 6):
        platform.store(Stream.TRADES, world.trade(number, at=at))
    await world.quiet()
    await reconnects(world, platform, account)

    assert trades(chat) == bought(1, 2, 3, 4, 5)
    await assert_kept(world.store, chat.shown, created=5)


async def test_a_bot_that_is_removed_without_its_record_is_found_gone_by_the_next_sweep(
    world, platform, chat
):
    """`removed` with null says nothing; that the list has it no more does."""
    await world.goes_live()
    del platform.bots["heron"]

    await world.quiet(11 * 60)

    [title] = chat.titles()
    assert title.startswith("Heron")
    await assert_kept(world.store, chat.shown, created=1)
