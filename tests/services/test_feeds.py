"""A feed over days of good and bad weather, in no time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete

from bot.domain.accounts import NAMELESS, AccountState, Credential, CredentialKind
from bot.domain.cards import Severity
from bot.domain.events import SOMEBODY, Kind, Origin, PodEvent, Strategy, Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import StrategyId, TraderId
from bot.domain.incoming import Reply
from bot.domain.outages import Outage
from bot.errors import ConnectionLost, NeedsLogin, NotOffered, OutcomeUnknown, TryLater
from bot.services.feeds.ownership import OwnPlatform
from storage.schema.tables import cursor
from tests.fakes.platform import MALLORY
from tests.harness.world import CHAT, actions_under, heron, owl, running


async def live(world):
    account = await world.links()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    return account


async def test_linking_tells_nothing_of_the_past(world, platform, chat):
    platform.store(Stream.TRADES, world.trade(1, at=world.now() - timedelta(hours=1)))

    await live(world)
    await world.quiet()

    assert chat.shown == []


async def test_a_live_trade_rings_once(world, platform, chat):
    await live(world)

    platform.store(Stream.TRADES, world.trade(2))
    await world.quiet()

    assert chat.titles() == ["Bought 2 BTC/USDT"]


async def test_a_trade_between_link_and_first_connection_is_not_lost(world, platform, chat):
    platform.away = True
    with pytest.raises(AssertionError):
        await world.links()  # the platform is away: nothing to log in to
    platform.away = False
    platform.fail("connect", TryLater("not yet"))
    account = await world.links()

    platform.store(Stream.TRADES, world.trade(3, at=world.now() + timedelta(seconds=1)))
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet()

    assert chat.titles() == ["Bought 3 BTC/USDT"]


async def test_what_happened_while_away_is_told_once_in_order_and_late(world, platform, chat):
    account = await live(world)
    platform.away = True
    platform.cut()
    for number in range(10, 15):
        await world.quiet(30)
        platform.store(Stream.TRADES, world.trade(number), announce=False)
    await world.quiet(600)

    platform.away = False
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet()

    trades = [one.card for one in chat.shown if one.card.title.startswith("Bought")]
    assert [card.title for card in trades] == [f"Bought {n} BTC/USDT" for n in range(10, 15)]
    assert trades[0].notes[0].startswith("delayed 1")


async def test_live_and_catch_up_bring_the_same_record_once(world, platform, chat):
    account = await live(world)
    trade = world.trade(4)

    platform.store(Stream.TRADES, trade)
    platform.announce(trade)
    platform.cut()
    await world.until(lambda: len(platform.calls) > 20)
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet()

    assert chat.titles() == ["Bought 4 BTC/USDT"]


async def test_a_record_that_appears_behind_the_cursor_is_found_by_the_overlap(
    world, platform, chat
):
    account = await live(world)
    await world.quiet(300)
    late = world.trade(5, at=world.now())
    await world.quiet(60)
    platform.store(Stream.TRADES, world.trade(6), announce=False)
    platform.cut()
    await world.until(lambda: "Bought 6 BTC/USDT" in chat.titles())

    platform.store(Stream.TRADES, late, announce=False)
    platform.cut()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet()

    assert chat.titles() == ["Bought 6 BTC/USDT", "Bought 5 BTC/USDT"]


async def test_a_sweep_finds_what_the_socket_never_brought_and_raises_an_alarm(
    world, platform, chat
):
    await live(world)

    platform.store(Stream.TRADES, world.trade(7), announce=False)
    await world.quiet(12 * 60)

    assert chat.titles() == ["Bought 7 BTC/USDT"]
    assert world.meter.swept[Stream.TRADES] == 1
    assert world.meter.alarms["found_by_sweep"] == 1


async def test_a_busy_platform_does_not_cost_the_socket_during_a_sweep(world, platform):
    account = await live(world)
    platform.fail("traders", TryLater("too many requests", timedelta(seconds=90)))

    await world.quiet(12 * 60)

    assert world.feeds.status(account.id).state is FeedState.LIVE
    assert platform.calls.count("connect") == 1


async def test_capped_and_failing_pages_skip_nothing(world, platform, chat):
    account = await live(world)
    platform.away = True
    platform.cut()
    for number in range(1, 16):
        platform.store(Stream.TRADES, world.trade(number, alone=True), announce=False)
        await world.quiet(1)
    platform.cap = 4
    platform.fail("page trades", *([TryLater("500")] * 2))

    platform.away = False
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet(60)

    trades = [title for title in chat.titles() if title.startswith("Bought")]
    assert trades == [f"Bought {number} BTC/USDT" for number in range(1, 16)]


async def test_trouble_that_lasts_is_told_once_and_so_is_its_end(world, platform, chat):
    account = await live(world)

    platform.away = True
    platform.cut()
    await world.quiet(3600)
    platform.away = False
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet(70)

    assert chat.titles() == [
        "No connection to the trading platform",
        "Connected to the trading platform again",
    ]
    told_after = chat.shown[0].at - world.now() + timedelta(seconds=3770)
    assert told_after < timedelta(seconds=180)


@pytest.mark.parametrize("doubt", [TryLater("disk full"), OutcomeUnknown("broke during a commit")])
async def test_trouble_and_its_end_are_told_although_the_database_was_away(
    unswept, platform, chat, away_for_notices, doubt
):
    outage = TryLater("disk full")
    account = await live(unswept)
    away_for_notices(outage, doubt, outage)
    platform.away = True
    platform.cut()
    await unswept.quiet(3600)
    told = chat.titles()
    away_for_notices(outage, outage, outage)
    platform.away = False
    await unswept.until(lambda: unswept.feeds.status(account.id).state is FeedState.LIVE)
    await unswept.quiet(3600)

    assert told == ["No connection to the trading platform"]
    assert chat.titles() == [*told, "Connected to the trading platform again"]


async def test_who_was_told_of_no_trouble_is_not_told_that_it_is_over(
    unswept, platform, chat, away_for_notices
):
    account = await live(unswept)
    away_for_notices(*([TryLater("disk full")] * 1000))
    platform.away = True
    platform.cut()
    await unswept.quiet(600)
    platform.away = False
    await unswept.until(lambda: unswept.feeds.status(account.id).state is FeedState.LIVE)
    away_for_notices()
    await unswept.quiet(3600)

    assert chat.titles() == []


async def test_a_taken_socket_means_polling_and_nothing_is_lost(world, platform, chat):
    platform.sockets = False
    account = await world.links()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.POLLING)

    platform.store(Stream.TRADES, world.trade(8, at=world.now() + timedelta(seconds=1)))
    await world.quiet(110)

    assert chat.titles() == [
        "The platform gives me no realtime connection",
        "Bought 8 BTC/USDT",
    ] or chat.titles() == ["Bought 8 BTC/USDT", "The platform gives me no realtime connection"]


async def test_polling_stays_inside_the_plans_budget(world, platform):
    platform.sockets = False
    await world.links()
    await world.quiet(600)
    before = len(platform.calls)

    await world.quiet(3600)

    assert (len(platform.calls) - before) / 60 < 24  # half of the Free plan's 48 a minute


async def test_the_socket_is_tried_again_and_taken_when_free(world, platform):
    platform.sockets = False
    account = await world.links()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.POLLING)

    platform.sockets = True
    await world.until(
        lambda: world.feeds.status(account.id).state is FeedState.LIVE, within=20 * 60
    )


async def test_a_refused_credential_is_told_once_and_the_platform_left_alone(
    unswept, platform, chat
):
    account = await live(unswept)
    platform.accepts.clear()
    platform.cut()
    await unswept.until(lambda: unswept.feeds.status(account.id).state is FeedState.NEEDS_LOGIN)
    before = len(platform.calls)

    await unswept.quiet(24 * 3600)

    assert chat.alerts() == ["I need you to log in again"]
    assert chat.shown[0].card.severity is Severity.CRITICAL
    assert len(platform.calls) == before


async def test_a_new_login_brings_everything_that_was_missed(world, platform, chat):
    account = await live(world)
    platform.accepts.clear()
    platform.cut()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.NEEDS_LOGIN)
    platform.store(Stream.TRADES, world.trade(9), announce=False)
    await world.quiet(60)

    platform.accepts.add("token-1")
    platform.fail("none")
    credential = Credential(kind=CredentialKind.TOKEN, secret="token-2")
    platform.accepts.add("token-2")
    await world.store.accounts.renew(account.id, credential)
    await world.feeds.credential_renewed(account)
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet()

    assert chat.titles()[-1].startswith(("Bought 9", "Connected"))
    assert "Bought 9 BTC/USDT" in chat.titles()


def token(world, life):
    expires_at = world.now() + life
    return Credential(kind=CredentialKind.TOKEN, secret="token-1", expires_at=expires_at)


async def test_a_credential_is_renewed_before_it_ends(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(days=7)))
    await unswept.feeds.credential_renewed(account)
    platform.cut()
    later = Credential(
        kind=CredentialKind.TOKEN,
        secret="token-2",
        expires_at=unswept.now() + timedelta(days=14),
    )
    platform.renewal = later
    platform.accepts.add("token-2")

    await unswept.quiet(timedelta(days=6, hours=12).total_seconds())

    assert platform.calls.count("renew") == 1
    assert await unswept.store.accounts.credential(account.id) == later
    assert unswept.feeds.status(account.id).state is FeedState.LIVE
    assert chat.shown == []


async def test_a_renewal_that_renews_nothing_asks_the_person_in_time(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(days=7)))
    platform.cut()
    await unswept.quiet(timedelta(days=7, hours=3).total_seconds())

    assert chat.alerts() == [
        "Your login ends in 24 h",
        "Your login ends in 2 h",
        "I need you to log in again",
    ]
    assert platform.calls.count("renew") == 1


async def test_a_service_that_is_closed_to_the_account_leaves_the_rest_working(
    world, platform, chat
):
    platform.denied = {Stream.MESSAGES, "traders"}
    account = await live(world)

    platform.store(Stream.TRADES, world.trade(11))
    await world.quiet()

    assert chat.titles() == ["Bought 11 BTC/USDT"]
    assert world.feeds.status(account.id).not_offered == ("messages", "traders")


async def test_another_users_record_reaches_nobody_and_raises_an_alarm(world, platform, chat):
    await live(world)
    trade = world.trade(12)

    platform.announce(replace(trade, origin=replace(trade.origin, owner="user-2")))
    await world.quiet()

    assert chat.shown == []
    assert world.meter.alarms["foreign_record"] == 1


async def test_another_users_stored_record_reaches_nobody_and_the_next_one_is_told(
    world, platform, chat
):
    account = await live(world)
    strange, own = world.trade(12), world.trade(13)
    strange = replace(strange, origin=replace(strange.origin, owner="user-2"))
    own = replace(own, origin=replace(own.origin, owner="user-1"))

    platform.store(Stream.TRADES, strange, announce=False)
    platform.store(Stream.TRADES, own, announce=False)
    platform.cut()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet()

    assert chat.titles() == ["Bought 13 BTC/USDT"]
    assert world.meter.alarms["foreign_record"] == 1


async def test_another_users_bots_and_strategies_are_neither_told_nor_remembered(
    world, platform, chat
):
    account = await live(world)

    platform.put(owl(id="strange", name="Strange", owner="user-2"), announce=False)
    platform.plans["strange"] = Strategy(id=StrategyId("strange"), name="Strange", owner="user-2")
    platform.put(owl(id="own", name="Own", owner="user-1"), announce=False)
    platform.cut()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet()

    known = {one.id: one for one in await world.store.inbox.traders(account.id)}
    assert set(known) == {"owl", "heron", "own"}
    assert known["own"].owner is None
    assert await world.store.inbox.strategies(account.id) == ()
    assert "Strange" not in repr(chat.shown)
    assert world.meter.alarms["foreign_record"] == 2


@pytest.mark.fault(76)
async def test_a_record_of_an_owner_who_cannot_be_read_reaches_nobody(world, platform, chat):
    account = await live(world)
    strange, own = world.trade(12), world.trade(13)
    strange = replace(strange, origin=replace(strange.origin, owner=SOMEBODY))

    platform.announce(strange)
    platform.store(Stream.TRADES, own)
    await world.quiet()

    assert chat.titles() == ["Bought 13 BTC/USDT"]
    assert world.meter.alarms["foreign_record"] == 1
    assert world.feeds.status(account.id).state is FeedState.LIVE


@pytest.mark.fault(76)
@pytest.mark.parametrize("owner", ["user-2", SOMEBODY])
async def test_an_account_of_no_certain_user_is_shown_what_names_nobody(world, platform, owner):
    account = await live(world)
    platform.store(Stream.TRADES, world.trade(14), announce=False)
    nameless = replace(account, platform_user=f"{NAMELESS}1")
    session = OwnPlatform(platform, nameless, world.meter).session(
        Credential(kind=CredentialKind.TOKEN, secret="token-1")
    )

    before = await session.traders()
    trades = await session.trades(5)
    platform.put(owl(id="strange", name="Strange", owner=owner), announce=False)

    assert [bot.id for bot in before] == ["owl", "heron"]
    assert len(trades) == 1
    assert world.meter.alarms["foreign_record"] == 0
    if owner == SOMEBODY:
        assert await session.traders() == before
    else:
        # A new login may tell whose it is.
        with pytest.raises(NeedsLogin, match="which user"):
            await session.traders()
    assert world.meter.alarms["foreign_record"] == 1


async def test_an_unforeseen_error_is_this_accounts_alone_and_passes(world, platform, chat):
    account = await live(world)
    platform.fail("connect", RuntimeError("not foreseen by anybody"))
    platform.cut()

    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    platform.store(Stream.TRADES, world.trade(13))
    await world.quiet()

    assert world.meter.alarms["feed_failed"] == 1
    assert chat.titles() == ["Bought 13 BTC/USDT"]


async def test_only_a_real_change_of_a_bot_is_told(world, platform, chat):
    await live(world)

    platform.put(owl())
    platform.put(owl(status="error"))
    platform.put(owl(status="error"))
    await world.quiet()

    assert chat.titles() == ["Night Owl stopped with an error"]


async def test_running_paused_running_is_three_messages_not_two(world, platform, chat):
    await live(world)

    platform.put(owl(status="stopped", running=False))
    await world.quiet(1)
    platform.put(owl())
    await world.quiet(1)
    platform.put(owl(status="stopped", running=False))
    await world.quiet()

    assert chat.titles() == [
        "Night Owl was stopped",
        "Night Owl is running",
        "Night Owl was stopped",
    ]


async def test_a_bot_deleted_during_an_outage_is_told(world, platform, chat):
    await live(world)
    platform.cut()
    del platform.bots["heron"]

    await world.quiet(60)

    assert chat.titles() == ["Heron was deleted"]


async def test_an_older_sighting_does_not_undo_a_newer_one(world, platform, chat):
    await live(world)
    platform.put(heron(status="running", running=True))
    await world.quiet(1)
    old = replace(heron(), updated_at=world.now() - timedelta(minutes=5))

    from bot.domain.events import TraderSeen

    platform.announce(
        TraderSeen(origin=Origin(kind=Kind.TRADER, record="heron", at=world.now()), trader=old)
    )
    await world.quiet()

    assert chat.titles() == ["Heron is running"]


async def test_one_fill_told_by_two_services_is_one_message(world, platform, chat):
    await live(world)
    trade = replace(world.trade(1), price=world.trade(42).amount)
    report = PodEvent(
        origin=Origin(kind=Kind.POD_EVENT, record="event-1", at=world.now()),
        type="trade_executed",
        message="Bought 1 BTC @ 42",
    )

    platform.store(Stream.TRADES, trade)
    platform.store(Stream.POD_EVENTS, report)
    await world.quiet()

    assert chat.titles() == ["Bought 1 BTC/USDT at 42 USDT"]


async def test_two_equal_fills_told_by_two_services_are_two_messages(world, platform, chat):
    await live(world)
    for number in (1, 2):
        trade = replace(
            world.trade(number), amount=world.trade(1).amount, price=world.trade(42).amount
        )
        platform.store(Stream.TRADES, trade)
    for number in (1, 2):
        platform.store(
            Stream.POD_EVENTS,
            PodEvent(
                origin=Origin(kind=Kind.POD_EVENT, record=f"event-{number}", at=world.now()),
                type="trade_executed",
                message="Bought 1 BTC @ 42",
            ),
        )
    await world.quiet()

    assert len(chat.shown) == 2


async def test_a_new_process_goes_on_where_the_old_one_was_killed(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await live(world)
        platform.store(Stream.TRADES, world.trade(20))
        await world.quiet()
        for number in range(21, 36):
            platform.store(
                Stream.TRADES,
                world.trade(number, world.now() + timedelta(seconds=number), alone=True),
                announce=False,
            )

    async with running(store, platform, chat, now) as world:
        await world.quiet(60)

    assert chat.titles() == [f"Bought {number} BTC/USDT" for number in range(20, 36)]


def test_connection_lost_is_a_reason_to_try_later_and_a_refusal_is_not():
    assert issubclass(ConnectionLost, TryLater)
    assert not issubclass(NeedsLogin, TryLater)


async def test_a_restart_does_not_ask_for_the_same_login_again(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await live(world)
        platform.accepts.clear()
        platform.cut()
        await world.quiet(60)

    async with running(store, platform, chat, now) as world:
        await world.quiet(600)

    assert chat.alerts() == ["I need you to log in again"]


async def test_a_wait_that_the_platform_asks_for_is_kept_before_connecting_again(world, platform):
    await live(world)
    platform.fail("connect", TryLater("too many requests", timedelta(minutes=20)))
    platform.cut()
    await world.until(lambda: platform.calls.count("connect") == 2)

    await world.quiet(19 * 60)
    assert platform.calls.count("connect") == 2

    await world.quiet(2 * 60)
    assert platform.calls.count("connect") == 3


async def test_polling_a_platform_that_is_away_is_shown_as_what_it_is(world, platform):
    platform.sockets = False
    account = await world.links()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.POLLING)

    platform.away = True
    await world.quiet(60)

    assert world.feeds.status(account.id).state is FeedState.CONNECTING


async def test_a_new_login_is_used_at_once_and_the_old_one_never_again(world, platform):
    account = await live(world)
    old = platform.sessions[0]
    platform.accepts = {"token-2"}
    credential = Credential(kind=CredentialKind.TOKEN, secret="token-2")
    await world.store.accounts.renew(account.id, credential)

    await world.feeds.credential_renewed(account)
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)

    assert not old.connected
    assert [session.credential for session in platform.sessions] == [credential]


async def test_linking_again_does_not_tell_what_happened_while_unlinked(unswept, platform, chat):
    await live(unswept)
    await unswept.linking.end(await unswept.link())
    for number in range(1, 6):
        await unswept.quiet(10 * 24 * 3600)
        platform.store(Stream.TRADES, unswept.trade(number), announce=False)
    await unswept.quiet(60)

    await live(unswept)
    await unswept.quiet(3600)

    assert chat.shown == []
    assert unswept.meter.swept == {}


async def test_a_feed_whose_last_link_ended_by_a_move_does_not_serve_the_next(
    unswept, platform, chat
):
    await live(unswept)
    await unswept.links("200", MALLORY)
    chat.moved[CHAT] = "200"
    platform.store(Stream.TRADES, unswept.trade(1))
    await unswept.quiet(60)
    platform.cut()
    platform.away = True
    platform.store(Stream.TRADES, unswept.trade(2))
    await unswept.quiet(60)
    platform.away = False

    await unswept.links("300")
    await unswept.quiet(3600)

    assert chat.titles("300") == []


async def test_the_newest_record_from_before_the_link_is_never_told(world, platform, chat):
    platform.store(Stream.TRADES, world.trade(1, at=world.now() - timedelta(minutes=1)))
    await live(world)
    platform.store(Stream.TRADES, world.trade(2))

    await world.quiet(2 * 3600)

    assert chat.titles() == ["Bought 2 BTC/USDT"]
    assert world.meter.alarms == {}


async def test_the_same_error_after_an_unlink_is_told_again(world, platform, chat):
    for _ in range(2):
        platform.bots["owl"] = owl()
        await live(world)
        platform.cut()
        platform.bots["owl"] = owl(status="error")
        await world.quiet(60)
        await world.linking.end(await world.link())
        await world.quiet(60)

    assert chat.titles() == ["Night Owl stopped with an error"] * 2


async def test_one_broken_service_leaves_the_feed_live_and_is_named(world, platform, chat):
    platform.fail("latest messages", *([TryLater("Internal error")] * 3))
    account = await live(world)
    assert world.feeds.status(account.id).failing == ("messages",)

    platform.store(Stream.TRADES, world.trade(1))
    await world.quiet()
    assert chat.titles() == ["Bought 1 BTC/USDT"]

    await world.quiet(10 * 60)
    assert world.feeds.status(account.id).failing == ()
    assert world.meter.alarms == {}


async def test_a_key_that_may_read_bots_only_still_tells_their_errors(world, platform, chat):
    platform.denied = {stream.value for stream in Stream}
    await live(world)
    platform.cut()
    platform.bots["owl"] = owl(status="error")

    await world.quiet(60)

    assert chat.titles() == ["Night Owl stopped with an error"]


async def test_reminders_come_in_time_however_often_the_socket_breaks(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(days=7)))
    await unswept.feeds.credential_renewed(account)
    ends = unswept.now() + timedelta(days=7)
    for _ in range(13):
        await unswept.quiet(12 * 3600)
        platform.cut()
    await unswept.quiet(12 * 3600)

    [day] = [one for one in chat.shown if one.card.title.startswith("Your login ends in 2")][:1]
    assert ends - day.at > timedelta(hours=22)


async def test_a_refused_renewal_is_no_refused_login(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(days=7)))
    await unswept.feeds.credential_renewed(account)
    platform.fail("renew", NeedsLogin("jwt strategy is off"))

    await unswept.quiet(timedelta(days=6, hours=12).total_seconds())

    assert unswept.feeds.status(account.id).state is FeedState.LIVE
    assert chat.titles() == ["Your login ends in 24 h"]


async def test_a_login_that_ends_has_a_button_that_leads_to_the_next_one(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(days=7)))
    await unswept.feeds.credential_renewed(account)
    platform.fail("renew", NeedsLogin("jwt strategy is off"))
    await unswept.quiet(timedelta(days=6, hours=12).total_seconds())
    [reminder] = [Reply(card=one.card) for one in chat.shown]

    [address] = await unswept.presses(reminder, "Log in again")
    platform.accepts.clear()
    platform.cut()
    await unswept.quiet(24 * 3600)

    assert address.card.title == "Log in again"
    assert address.card.buttons[0][0].url.startswith("https://bell.example/link/")
    assert not address.replaces
    assert chat.alerts()[-1] == "I need you to log in again"
    [asked] = [one.card for one in chat.shown if one.card.title == chat.alerts()[-1]]
    assert "Log in again" in actions_under(asked)


async def polling(world, platform, life):
    """An account that gets no socket, with a token that lives so long."""
    platform.sockets = False
    account = await world.links()
    await world.store.accounts.renew(account.id, token(world, life))
    await world.feeds.credential_renewed(account)
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.POLLING)
    return account


async def test_a_credential_is_renewed_without_a_socket_too(world, platform, chat):
    account = await polling(world, platform, timedelta(hours=3))
    later = Credential(
        kind=CredentialKind.TOKEN, secret="token-2", expires_at=world.now() + timedelta(days=7)
    )
    platform.renewal = later
    platform.accepts.add("token-2")

    await world.quiet(timedelta(hours=2, minutes=59).total_seconds())

    assert platform.calls.count("renew") == 1
    assert await world.store.accounts.credential(account.id) == later
    assert world.feeds.status(account.id).state is FeedState.POLLING
    assert chat.titles() == ["The platform gives me no realtime connection"]


async def test_the_end_of_a_login_is_told_without_a_socket_too(world, platform, chat):
    account = await polling(world, platform, timedelta(hours=3))

    await world.quiet(timedelta(hours=3, minutes=1).total_seconds())

    assert world.feeds.status(account.id).state is FeedState.NEEDS_LOGIN
    assert chat.titles()[-2:] == ["Your login ends in 2 h", "I need you to log in again"]


async def test_a_platform_that_asks_for_a_pause_does_not_put_off_the_end(world, platform):
    account = await polling(world, platform, timedelta(hours=3))
    platform.fail("traders", TryLater("too many requests", timedelta(hours=9)))

    await world.quiet(timedelta(hours=3, minutes=1).total_seconds())

    assert world.feeds.status(account.id).state is FeedState.NEEDS_LOGIN


async def test_a_renewal_that_must_wait_leaves_the_socket_alone(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(days=7)))
    await unswept.feeds.credential_renewed(account)
    await unswept.until(lambda: platform.calls.count("connect") == 2)
    platform.fail("renew", *([TryLater("502")] * 1000))

    await unswept.quiet(timedelta(days=6, hours=23).total_seconds())

    assert platform.calls.count("connect") == 2
    assert 50 < platform.calls.count("renew") < 250
    assert chat.titles() == ["Your login ends in 24 h", "Your login ends in 2 h"]
    assert "keep trying" in chat.shown[0].card.lines[0]


async def test_a_renewal_is_tried_again_until_it_comes(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(hours=20)))
    await unswept.feeds.credential_renewed(account)
    platform.fail("renew", *([TryLater("the platform does not answer")] * 5))
    platform.renewal = Credential(
        kind=CredentialKind.TOKEN, secret="token-2", expires_at=unswept.now() + timedelta(days=7)
    )
    platform.accepts.add("token-2")

    await unswept.quiet(timedelta(hours=19, minutes=30).total_seconds())

    assert platform.calls.count("renew") == 6
    assert await unswept.store.accounts.credential(account.id) == platform.renewal


async def test_a_wait_that_the_platform_asks_for_is_kept_before_renewing_again(unswept, platform):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(hours=20)))
    await unswept.feeds.credential_renewed(account)
    platform.fail("renew", TryLater("too many requests", timedelta(minutes=50)))

    await unswept.quiet(timedelta(hours=19).total_seconds())

    asked = platform.asked_at["renew"]
    assert len(asked) == 2
    assert asked[1] - asked[0] >= timedelta(minutes=50)


async def test_a_renewal_that_ends_the_connection_makes_no_storm(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(hours=20)))
    await unswept.feeds.credential_renewed(account)
    platform.fail("renew", *([ConnectionLost("closed")] * 1000))

    await unswept.quiet(timedelta(hours=19, minutes=30).total_seconds())

    assert 5 < platform.calls.count("connect") < 40
    assert "Your login ends in 2 h" in chat.titles()


async def test_a_renewal_that_must_wait_does_not_end_the_polling(world, platform):
    account = await polling(world, platform, timedelta(hours=3))
    platform.fail("renew", *([TryLater("502")] * 1000))

    await world.quiet(timedelta(hours=2, minutes=55).total_seconds())

    assert platform.calls.count("renew") > 3
    assert platform.calls.count("connect") < 25
    assert world.feeds.status(account.id).reason == "too many connections for this plan"


async def test_a_login_that_is_found_late_is_still_announced_a_day_ahead(unswept, platform, chat):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(hours=25)))
    await unswept.feeds.credential_renewed(account)
    ends = unswept.now() + timedelta(hours=25)

    await unswept.quiet(timedelta(hours=24).total_seconds())

    assert chat.titles() == ["Your login ends in 24 h", "Your login ends in 2 h"]
    assert ends - chat.shown[0].at > timedelta(hours=23, minutes=59)


ATLAS = Strategy(id=StrategyId("atlas"), name="Atlas")


@pytest.mark.parametrize("service", ["traders", "strategies"])
@pytest.mark.parametrize("failure", [TryLater("500"), NotOffered("Forbidden")])
async def test_what_a_late_first_look_finds_is_not_told_as_new(
    world, platform, chat, service, failure
):
    platform.plans["atlas"] = ATLAS
    platform.fail(service, failure)
    await live(world)
    platform.cut()

    await world.quiet(3600)
    assert platform.calls.count(service) > 2
    assert chat.shown == []

    platform.bots["crane"] = owl(id=TraderId("crane"), name="Crane")
    platform.plans["boreas"] = Strategy(id=StrategyId("boreas"), name="Boreas")
    await world.quiet(3600)
    assert chat.titles() == ["Crane was added (running)", "Strategy Boreas was added"]


async def test_a_first_look_that_a_restart_interrupts_is_still_the_first(
    store, platform, chat, now
):
    platform.fail("traders", *([TryLater("500")] * 100))
    async with running(store, platform, chat, now) as world:
        await live(world)
        platform.put(owl(status="error"))
        await world.quiet(60)
        told = chat.titles()
    platform.faults.clear()

    async with running(store, platform, chat, now) as world:
        await world.quiet(3600)

    assert told == ["Night Owl was added (error)"]
    assert chat.alerts() == told


async def test_a_first_bot_is_told_as_new(world, platform, chat):
    platform.bots.clear()
    await live(world)
    await world.quiet()

    platform.bots["owl"] = owl()
    await world.quiet(3600)

    assert chat.titles() == ["Night Owl was added (running)"]


async def forget_looks(store):
    """Leave the database as it was before looks were noted in it."""

    def forget(connection, calls):
        looks = cursor.c.stream.in_(["traders", "strategies"])
        return [connection.execute(delete(cursor).where(looks)).rowcount for _ in calls]

    assert await store.database.write(forget, None)


async def test_bots_that_were_known_before_looks_were_noted_are_compared(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await live(world)
        await world.quiet()
    await forget_looks(store)
    platform.bots["owl"] = owl(status="error")
    platform.bots["crane"] = owl(id=TraderId("crane"), name="Crane")

    async with running(store, platform, chat, now) as world:
        await world.quiet(3600)

    assert chat.titles() == ["Night Owl stopped with an error", "Crane was added (running)"]


@pytest.fixture
def away_for_notices(store):
    """Lets the database fail notices of feeds, so many times and in such a way."""

    def are_notices(account, events, *others):
        return any(event.origin.kind is Kind.FEED for event in events)

    return partial(store.inbox.fails, "ingest", if_=are_notices)


@pytest.mark.parametrize("outage", [TryLater("disk full"), OutcomeUnknown("broke during a commit")])
async def test_a_refused_credential_is_told_although_the_database_was_away(
    unswept, platform, chat, away_for_notices, outage
):
    account = await live(unswept)
    away_for_notices(outage, outage, outage)
    platform.accepts.clear()
    platform.cut()
    await unswept.until(lambda: unswept.feeds.status(account.id).state is FeedState.NEEDS_LOGIN)
    before = len(platform.calls)

    await unswept.quiet(3600)

    assert chat.alerts() == ["I need you to log in again"]
    assert len(platform.calls) == before
    assert (await unswept.store.accounts.get(account.id)).state is AccountState.NEEDS_LOGIN


async def test_a_refused_credential_is_told_after_a_restart_if_it_could_not_be_before(
    store, platform, chat, now, away_for_notices
):
    async with running(store, platform, chat, now) as world:
        await live(world)
        away_for_notices(*([TryLater("disk full")] * 100))
        platform.accepts.clear()
        platform.cut()
        await world.quiet(60)
        assert chat.shown == []
    away_for_notices()

    async with running(store, platform, chat, now) as world:
        await world.quiet(600)

    assert chat.alerts() == ["I need you to log in again"]


async def killed(*_):
    """What is asked of a process that is gone."""
    await asyncio.Event().wait()


async def test_a_kill_between_notice_and_mark_does_not_tell_it_twice(
    store, platform, chat, now, monkeypatch
):
    async with running(store, platform, chat, now) as world:
        await live(world)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(store.accounts, "mark", killed)
            platform.accepts.clear()
            platform.cut()
            await world.quiet(5)
        told = chat.titles()

    async with running(store, platform, chat, now) as world:
        await world.quiet(3600)

    assert told == ["I need you to log in again"]
    assert chat.alerts() == told


async def test_the_same_key_refused_again_after_it_worked_is_told_again(unswept, platform, chat):
    account = await live(unswept)
    for _ in range(2):
        platform.accepts.clear()
        platform.cut()
        await unswept.quiet(3600)
        platform.accepts.add("token-1")
        credential = Credential(kind=CredentialKind.TOKEN, secret="token-1")
        await unswept.store.accounts.renew(account.id, credential)
        await unswept.feeds.credential_renewed(account)
        await unswept.quiet(3600)

    asked = [title for title in chat.titles() if title == "I need you to log in again"]
    assert len(asked) == 2


async def test_a_reminder_that_could_not_be_stored_is_told_when_it_can(
    unswept, platform, chat, away_for_notices
):
    account = await live(unswept)
    await unswept.store.accounts.renew(account.id, token(unswept, timedelta(days=7)))
    await unswept.feeds.credential_renewed(account)
    away_for_notices(*([TryLater("disk full")] * 3))

    await unswept.quiet(timedelta(days=6, hours=2).total_seconds())

    assert [title.partition(" in ")[0] for title in chat.titles()] == ["Your login ends"]
    assert unswept.feeds.status(account.id).state is FeedState.LIVE


# --- the first second -----------------------------------------------------------------------


async def test_a_live_event_waits_for_its_own_stream_alone(world, platform, chat):
    account = await live(world)
    platform.slow["page messages"] = 60
    platform.cut()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.CATCHING_UP)
    began = world.now()

    platform.store(Stream.TRADES, world.trade(1))
    await world.until(lambda: chat.shown)

    assert world.now() - began < timedelta(seconds=1)
    assert world.feeds.status(account.id).state is FeedState.CATCHING_UP


async def test_what_is_younger_waits_for_what_is_older_in_its_stream(world, platform, chat):
    account = await live(world)
    platform.away = True
    platform.cut()
    await world.quiet(10)
    platform.store(Stream.TRADES, world.trade(1), announce=False)
    platform.slow["page trades"] = 5
    platform.away = False
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.CATCHING_UP)
    for number in (2, 3):
        platform.store(Stream.TRADES, world.trade(number))
    await world.quiet(2)
    before = chat.titles()
    await world.quiet(10)

    assert before == []
    assert chat.titles() == [f"Bought {number} BTC/USDT" for number in (1, 2, 3)]


async def test_seven_requests_are_enough_to_be_live(world, platform):
    account = await live(world)
    first = len(platform.calls)
    platform.cut()
    await world.quiet(5)

    assert world.feeds.status(account.id).state is FeedState.LIVE
    assert first - platform.calls.index("connect") == 8  # the fake counts connecting besides
    assert len(platform.calls) - first == 8


async def test_a_trade_of_a_bot_that_nobody_knows_yet_names_it(world, platform, chat):
    await live(world)
    platform.put(owl(id=TraderId("wren"), name="Wren"), announce=False)

    for number in (1, 2):
        platform.store(Stream.TRADES, replace(world.trade(number), trader=TraderId("wren")))
    await world.quiet()

    trades = [one.card for one in chat.shown if one.card.title.startswith("Bought")]
    assert len(trades) == 2
    assert all("Wren" in str(card) for card in trades)
    assert platform.calls.count("trader") == 1


@pytest.mark.parametrize("trouble", [TryLater("busy"), NotOffered("Forbidden"), None])
async def test_a_name_that_is_not_to_be_had_keeps_no_trade_waiting(world, platform, chat, trouble):
    await live(world)
    if trouble is None:
        platform.slow["trader"] = 30
    else:
        platform.fail("trader", trouble)
    began = world.now()

    platform.store(Stream.TRADES, replace(world.trade(1), trader=TraderId("wren")))
    await world.until(lambda: chat.shown)

    assert world.now() - began < timedelta(seconds=2)


async def test_a_commit_that_a_cut_overtakes_is_sent_at_once_all_the_same(world, platform, chat):
    account = await live(world)
    platform.store(Stream.TRADES, world.trade(1))
    await world.quiet()
    began = world.now()

    platform.store(Stream.TRADES, world.trade(2))
    platform.cut()
    await world.until(lambda: len(chat.shown) == 2)

    assert world.now() - began < timedelta(seconds=5)
    assert account


# --- Tradebell was down -------------------------------------------------------------------------


@pytest.mark.parametrize("missed", [0, 2])
async def test_after_an_outage_each_person_hears_once_when_it_was_and_what_was_missed(
    store, platform, chat, now, missed: int
):
    async with running(store, platform, chat, now) as world:
        await live(world)
        await world.quiet()
    since = now()
    for number in range(missed):
        platform.store(Stream.TRADES, world.trade(20 + number), announce=False)
    await asyncio.sleep(21 * 60)
    outage = Outage(since=since, until=now())

    for _ in range(2):  # also where the process dies again at once
        async with running(store, platform, chat, now, outage=outage) as world:
            await world.quiet(60)

    [told] = [one.card for one in chat.shown if one.card.title.startswith("I was down")]
    assert told.title == "I was down from 12:00 UTC to 12:21 UTC"
    assert told.silent
    assert len([title for title in chat.titles() if title.startswith("Bought")]) == missed
    words = {0: "Nothing that you missed", 2: "2 things happened meanwhile"}[missed]
    assert told.lines[0].startswith(words)


async def test_who_has_linked_since_hears_of_no_outage(store, platform, chat, now):
    outage = Outage(since=now() - timedelta(hours=1), until=now())
    async with running(store, platform, chat, now, outage=outage) as world:
        await live(world)
        await world.quiet(60)

    assert not [title for title in chat.titles() if title.startswith("I was down")]
