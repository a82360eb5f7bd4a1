"""A connection that breaks during a commit: nobody knows whether it was done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime, timedelta

import pytest

from bot.domain.accounts import PasswordLogin
from bot.domain.deliveries import State
from bot.domain.events import Stream
from bot.domain.linking import SignedIn
from bot.errors import OutcomeUnknown, TryLater
from storage import Store
from storage.engine.database import OperationRequest
from storage.outbox.claims import serve_lanes
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import FakePlatform
from tests.harness.judge import assert_kept
from tests.harness.supervision import Supervisor, supervised
from tests.harness.troubled_database import Troubled
from tests.harness.world import CHAT, code_in, running


@pytest.fixture
def process(
    troubled_store: Store,
    platform: FakePlatform,
    chat: FakeMessenger,
    database: Troubled,
    now: Callable[[], datetime],
) -> Callable[[], AbstractAsyncContextManager[Supervisor]]:
    """Begins a process that is started again whenever it ends."""

    @asynccontextmanager
    async def the_same() -> AsyncIterator[Store]:
        try:
            yield troubled_store
        finally:
            database.killed = False

    return lambda: supervised(the_same, platform, chat, now)


def an_ingestion(request: OperationRequest) -> bool:
    return "_ingest" in repr(request.operation)


def an_outcome(request: OperationRequest) -> bool:
    """Also where the next item is claimed with it."""
    return request.operation is serve_lanes and request.argument[0].settled is not None


def a_claim(request: OperationRequest) -> bool:
    return request.operation is serve_lanes and request.argument[0].settled is None


@pytest.mark.fault(57)
@pytest.mark.parametrize("fate", ["swallows", "loses"])
@pytest.mark.parametrize(("concerns", "first"), [(an_ingestion, 1), (an_outcome, 1), (a_claim, 7)])
async def test_what_a_broken_commit_was_about_is_told_in_order(
    process, troubled_store: Store, platform, chat, database: Troubled, concerns, first, fate
):
    """One event alone is claimed with its ingestion; of several at once each needs a claim."""
    async with process() as supervisor:
        await supervisor.up.links()
        await asyncio.sleep(60)
        first_trade, *trades = [supervisor.up.trade(number, alone=True) for number in range(1, 9)]
        platform.store(Stream.TRADES, first_trade)
        await asyncio.sleep(60)
        database.concerns = concerns
        setattr(database, fate, 1)

        chat.seconds = 0.5
        for number, trade in enumerate(trades, start=1):
            platform.store(Stream.TRADES, trade)
            if number == first:
                await asyncio.sleep(0.2)
        await asyncio.sleep(120)

    assert (database.swallows, database.loses) == (0, 0)
    first_seen = list(dict.fromkeys(chat.titles()))
    assert first_seen == [f"Bought {number} BTC/USDT" for number in range(1, 9)]
    assert len(chat.shown) <= 8 + 1
    assert (await assert_kept(troubled_store, chat.shown))[State.SENT] == 8


@pytest.mark.fault(60)
@pytest.mark.parametrize(("concerns", "events"), [(an_ingestion, 1), (a_claim, 2)])
async def test_nothing_leaves_on_a_claim_while_somebody_else_may_have_the_right_to_send(
    troubled_store: Store, platform, chat, now, database: Troubled, concerns, events
):
    may_send = asyncio.Event()
    may_send.set()
    world = running(troubled_store, platform, chat, now, may_send=may_send.is_set)
    async with world as up:
        await up.links()
        await asyncio.sleep(60)
        platform.store(Stream.TRADES, up.trade(1))
        await asyncio.sleep(60)
        database.concerns, database.delay = concerns, timedelta(seconds=20)
        for number in range(2, 2 + events):
            platform.store(Stream.TRADES, up.trade(number))
        await asyncio.sleep(10)
        may_send.clear()
        database.delay = timedelta(0)
        await asyncio.sleep(60)
        meanwhile = chat.titles()
        may_send.set()
        await asyncio.sleep(60)

    told = [f"Bought {number} BTC/USDT" for number in range(1, 2 + events)]
    assert meanwhile == told[:1]
    assert chat.titles() == told
    assert (await assert_kept(troubled_store, chat.shown))[State.SENT] == 1 + events


@pytest.mark.fault(57)
@pytest.mark.parametrize("broken", ["the answer", "what follows"])
async def test_the_other_chats_hear_of_a_new_one_once_though_the_database_goes_away_meanwhile(
    troubled_store: Store, platform, chat, now, database: Troubled, broken
):
    async with running(troubled_store, platform, chat, now) as world, asyncio.TaskGroup() as group:
        telling = group.create_task(world.linking.run())
        await world.links()
        [invited] = await world.says("/link", "200")
        login = PasswordLogin(email="alice@example.com", password="right")
        signed_in = await world.linking.sign_in(code_in(invited), login, "127.0.0.1")
        assert isinstance(signed_in, SignedIn)
        await world.quiet(60)
        if broken == "the answer":
            database.concerns, database.swallows = a_completion, 1
        else:
            database.concerns, database.is_full = _since(a_completion), True
        with suppress(TryLater, OutcomeUnknown):
            await world.says(signed_in.digits, "200")
        await world.quiet(600)
        database.is_full = False
        await world.quiet(120)
        await world.linking.recover()
        await world.quiet(60)
        telling.cancel()

    assert chat.titles(CHAT).count("A new Telegram chat was linked to your account") == 1
    assert "A new Telegram chat was linked to your account" not in chat.titles("200")


def a_completion(request: OperationRequest) -> bool:
    return "_complete" in repr(request.operation)


def _since(first: Callable[[OperationRequest], bool]) -> Callable[[OperationRequest], bool]:
    """All that comes after such a request."""
    seen: list[OperationRequest] = []

    def concerns(request: OperationRequest) -> bool:
        if first(request):
            seen.append(request)
            return False
        return bool(seen)

    return concerns
