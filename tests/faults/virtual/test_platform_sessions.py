"""The platform's sessions and logins at their worst: nothing is lost, and nobody is pestered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.domain.accounts import Credential, CredentialKind
from bot.domain.deliveries import Postponed
from bot.domain.events import Kind, Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import AccountId
from bot.errors import NeedsLogin
from tests.fakes.platform import MALLORY
from tests.harness.judge import assert_kept
from tests.harness.world import CHAT, running

TEN_MINUTES = 600

SMALLEST_BUDGET = 39
"""Requests a minute that the adapter makes at most for an account of the smallest plan."""

LOGIN_WANTED = "I need you to log in again"
LOST = "No connection to the trading platform"
FOUND = "Connected to the trading platform again"


def bought(*numbers):
    return [f"Bought {number} BTC/USDT" for number in numbers]


def trades(chat, of=CHAT):
    return [title for title in chat.titles(of) if title.startswith("Bought")]


def token(world, secret, life=None):
    ends = None if life is None else world.now() + life
    return Credential(kind=CredentialKind.TOKEN, secret=secret, expires_at=ends)


async def logs_in_again(world, account, credential):
    """As the link page does, with a credential that the platform accepts."""
    world.platform.accepts.add(credential.secret)
    await world.store.accounts.renew(account.id, credential)
    await world.feeds.credential_renewed(account)
    await world.until_state(account, FeedState.LIVE)


# --- tokens ---------------------------------------------------------------------------------


@pytest.mark.fault(5)
@pytest.mark.parametrize("silently", [True, False], ids=["version 4", "version 5"])
async def test_a_token_is_renewed_before_it_ends_and_its_end_goes_unnoticed(
    unswept, platform, chat, silently
):
    account = await unswept.goes_live()
    await logs_in_again(unswept, account, token(unswept, "token-1", timedelta(days=7)))
    platform.renewal = token(unswept, "token-2", timedelta(days=14))
    platform.accepts.add("token-2")

    await unswept.quiet(timedelta(days=7).total_seconds())
    platform.store(Stream.TRADES, unswept.trade(1))
    platform.expire("token-1", silently=silently)
    platform.store(Stream.TRADES, unswept.trade(2))
    await unswept.quiet()

    assert unswept.feeds.status(account.id).state is FeedState.LIVE
    assert chat.titles() == bought(1, 2)
    await assert_kept(unswept.store, chat.shown, created=2)


@pytest.mark.fault(5)
async def test_a_token_that_ends_silently_is_found_within_ten_minutes_and_nothing_is_lost(
    world, platform, chat
):
    account = await world.goes_live()
    platform.store(Stream.TRADES, world.trade(1))
    await world.quiet()

    platform.expire("token-1", silently=True)
    for number in (2, 3):
        platform.store(Stream.TRADES, world.trade(number))
        await world.quiet(60)
    await world.until_state(account, FeedState.NEEDS_LOGIN, within=TEN_MINUTES - 120)
    await world.quiet()
    asked = chat.titles()
    await logs_in_again(world, account, token(world, "token-2"))
    await world.quiet()

    assert asked == [*bought(1), LOGIN_WANTED]
    assert trades(chat) == bought(1, 2, 3)
    assert world.meter.alarms == {}
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(5)
async def test_a_token_whose_end_closes_the_socket_is_found_at_once_and_nothing_is_lost(
    world, platform, chat
):
    account = await world.goes_live()

    platform.expire("token-1", silently=False)
    platform.store(Stream.TRADES, world.trade(1))
    await world.until_state(account, FeedState.NEEDS_LOGIN, within=2)
    await world.quiet()
    asked = chat.titles()
    await logs_in_again(world, account, token(world, "token-2"))
    await world.quiet()

    assert asked == [LOGIN_WANTED]
    assert trades(chat) == bought(1)
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(6)
async def test_a_renewal_that_gives_the_same_end_asks_the_person_and_makes_no_loop(
    unswept, platform, chat
):
    account = await unswept.goes_live()
    await logs_in_again(unswept, account, token(unswept, "token-1", timedelta(days=7)))
    ends = unswept.now() + timedelta(days=7)
    connects = platform.calls.count("connect")

    await unswept.quiet(timedelta(days=7, hours=-1).total_seconds())

    assert chat.titles() == ["Your login ends in 24 h", "Your login ends in 2 h"]
    day, hours = (ends - one.at for one in chat.shown)
    assert day > timedelta(hours=23)
    assert hours > timedelta(hours=1)
    assert platform.calls.count("renew") == 1
    assert platform.calls.count("connect") == connects
    assert unswept.feeds.status(account.id).state is FeedState.LIVE
    await assert_kept(unswept.store, chat.shown, created=2)


@pytest.mark.fault(7)
async def test_a_find_that_refuses_the_login_on_a_good_socket_is_told_once_and_ends_the_asking(
    world, platform, chat
):
    account = await world.goes_live()
    platform.fail(f"page {Stream.TRADES}", NeedsLogin("jwt expired"))

    await world.until_state(account, FeedState.NEEDS_LOGIN)
    asked = len(platform.calls)
    await world.quiet(timedelta(hours=1).total_seconds())

    assert chat.alerts() == [LOGIN_WANTED]
    assert len(platform.calls) == asked
    assert platform.sessions == []
    await assert_kept(world.store, chat.shown, created=2)


@pytest.mark.fault(8)
async def test_a_session_revoked_at_the_platform_is_told_once_and_what_is_owed_is_held(
    world, platform, chat
):
    account = await world.goes_live()
    chat.script(CHAT, Postponed(reason="busy", retry_after=timedelta(minutes=5)))
    platform.store(Stream.TRADES, world.trade(1))
    await world.quiet()

    platform.expire("token-1", silently=False)
    platform.store(Stream.TRADES, world.trade(2))
    await world.until_state(account, FeedState.NEEDS_LOGIN)
    asked = len(platform.calls)
    await world.quiet(timedelta(hours=1).total_seconds())

    # What was owed before goes out, what came after waits at the platform, nobody is asked.
    assert sorted(chat.alerts()) == [*bought(1), LOGIN_WANTED]
    assert len(platform.calls) == asked

    await logs_in_again(world, account, token(world, "token-2"))
    await world.quiet()
    assert trades(chat) == bought(1, 2)
    await assert_kept(world.store, chat.shown)


# --- connections ----------------------------------------------------------------------------


@pytest.mark.fault(17)
@pytest.mark.parametrize(
    "unforeseen",
    [
        RuntimeError("not foreseen"),
        KeyError("sid"),
        AttributeError("sid"),
        ExceptionGroup("", [OSError()]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_exception_that_nobody_foresaw_while_connecting_ends_no_supervision(
    world, platform, chat, unforeseen
):
    account = await world.goes_live()

    platform.fail("connect", unforeseen, unforeseen, unforeseen)
    platform.cut()
    platform.store(Stream.TRADES, world.trade(1))
    await world.until(lambda: platform.calls.count("connect") == 5)
    await world.until_state(account, FeedState.LIVE)
    platform.store(Stream.TRADES, world.trade(2))
    await world.quiet()

    assert world.meter.alarms == {"feed_failed": 3}
    assert chat.titles() == bought(1, 2)
    await assert_kept(world.store, chat.shown, created=2)


@pytest.fixture
def spoiled(store):
    """By account: what happens instead, once trades of it are to be ingested."""
    spoiled: dict[AccountId, Callable[[], Awaitable[None]]] = {}

    async def spoil(account, events, *others):
        if account in spoiled and any(one.origin.kind is Kind.TRADE for one in events):
            await spoiled[account]()

    store.inbox.before("ingest", spoil)
    return spoiled


async def raises():
    raise RuntimeError("not foreseen by anybody")


async def hangs():
    await asyncio.Event().wait()


@pytest.mark.fault(18)
@pytest.mark.parametrize("instead", [raises, hangs])
async def test_what_raises_or_hangs_for_one_link_is_an_alarm_and_no_concern_of_others(
    world, platform, chat, spoiled, instead
):
    account = await world.goes_live("100")
    await world.goes_live("200", MALLORY)

    spoiled[account.id] = instead
    for number in (1, 2):
        platform.store(Stream.TRADES, world.trade(number))
        await world.quiet(1)
    seen = trades(chat, "100"), trades(chat, "200")
    await world.until(lambda: world.meter.alarms["feed_failed"], within=TEN_MINUTES)
    spoiled.clear()
    await world.quiet(300)

    assert seen == ([], bought(1, 2))
    assert trades(chat, "100") == trades(chat, "200") == bought(1, 2)
    assert world.feeds.status(account.id).state is FeedState.LIVE
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(22)
async def test_a_socket_that_flaps_every_5_s_for_an_hour_is_told_once_and_backs_off(
    world, platform, chat
):
    await world.goes_live()
    trade = world.trade(1)
    platform.store(Stream.TRADES, trade)
    await world.quiet(120)
    before = len(platform.calls)

    for number in range(720):
        platform.cut()
        await world.quiet(4)
        if number % 2:
            platform.announce(trade)
        await world.quiet(1)
    flapping = chat.titles()
    asked = len(platform.calls) - before
    platform.store(Stream.TRADES, world.trade(2))
    await world.quiet(180)

    assert flapping == [*bought(1), LOST]
    assert chat.titles() == [*flapping, *bought(2), FOUND]
    assert asked / 60 < SMALLEST_BUDGET
    await assert_kept(world.store, chat.shown, created=4)


# --- sweeps ---------------------------------------------------------------------------------


@pytest.mark.fault(80)
@pytest.mark.parametrize("every", [timedelta(hours=5), timedelta(minutes=9)])
@pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)  # a day of statements
async def test_the_daily_sweep_comes_although_no_session_lasts_a_day(world, platform, chat, every):
    account = await world.goes_live()
    await world.quiet(3600)
    late = world.trade(1)
    await world.quiet(3 * 3600)
    platform.store(Stream.TRADES, world.trade(2))
    await world.quiet(3600)  # the cursor has gone past it
    platform.store(Stream.TRADES, late, announce=False)

    for _ in range(int(timedelta(hours=24) / every)):
        platform.cut()
        await world.quiet(1)
        await world.until_state(account, FeedState.LIVE)
        await world.quiet(every.total_seconds())

    assert trades(chat) == bought(2, 1)


@pytest.mark.fault(80)
@pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)  # a day of statements
async def test_the_daily_sweep_comes_although_no_process_lasts_a_day(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        account = await world.goes_live()
        await world.quiet(3600)
        late = world.trade(1)
        await world.quiet(3 * 3600)
        platform.store(Stream.TRADES, world.trade(2))
        await world.quiet(3600)  # the cursor has gone past it
        platform.store(Stream.TRADES, late, announce=False)
    for _ in range(4):
        async with running(store, platform, chat, now) as world:
            await world.until_state(account, FeedState.LIVE)
            await world.quiet(5 * 3600)

    assert trades(chat) == bought(2, 1)
    assert platform.calls.count("connect") == 5


@pytest.mark.fault(80)
@pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)  # a day of statements
async def test_each_short_session_does_not_make_a_daily_sweep_of_its_own(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        account = await world.goes_live()
        await world.quiet(26 * 3600)
    asked = []
    for _ in range(10):
        async with running(store, platform, chat, now) as world:
            await world.until_state(account, FeedState.LIVE)
            await world.quiet(60)
            asked.append(len(platform.calls))

    assert {after - before for before, after in pairwise(asked)} == {8}
