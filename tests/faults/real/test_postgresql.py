"""PostgreSQL that goes away again and again, hangs, or whose tables somebody else has locked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.app.sources import new_id, now
from bot.domain.backoff import Backoff
from bot.domain.deliveries import State
from bot.domain.events import Stream, Trade
from bot.errors import StoreAway
from bot.services.feeds import FeedRhythm
from storage import Store
from storage.engine.limits import Limits
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import FakePlatform
from tests.harness.databases import connected, opened
from tests.harness.judge import assert_kept_at_last
from tests.harness.supervision import supervised
from tests.harness.troubled_database import Troubled
from tests.harness.world import World, owl
from tests.standins.postgresql import Server, own_server

PATIENCE = 30.0

SLOWEST = timedelta(seconds=1)
"""What a commit may take while somebody locks or cuts."""

STALL = timedelta(seconds=10)
"""What a commit may take while the server hangs."""

SOON = timedelta(seconds=0.2)

HURRIED = FeedRhythm(
    reconnect=Backoff(first=SOON, ceiling=SOON),
    reread=Backoff(first=SOON, ceiling=timedelta(minutes=10)),
)
"""The waits between attempts are not what is tested here."""

Open = Callable[[], AbstractAsyncContextManager[Store]]


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform(now=now, bots={"owl": owl()})


@pytest.fixture
def chat() -> FakeMessenger:
    return FakeMessenger(now=now, seconds=0.01)


@pytest.fixture
def open_store(request: pytest.FixtureRequest, postgres_without_rows: str, secret_key: str) -> Open:
    limits: Limits | None = getattr(request, "param", None)
    return lambda: opened(postgres_without_rows, secret_key, now, new_id, Troubled, limits)


async def shown(chat: FakeMessenger, many: int) -> None:
    """Wait until so many different messages are."""
    async with asyncio.timeout(PATIENCE):
        while len({one.card.reference for one in chat.shown}) < many:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@asynccontextmanager
async def restarting_server(url: str, every: float) -> AsyncIterator[list[int]]:
    """All connections but our own are cut, again and again; says how many each time."""
    cut: list[int] = []

    async def cut_all() -> None:
        async with connected(url) as connection:
            while True:
                cut.append(
                    await connection.fetchval(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
                await asyncio.sleep(every)

    async with asyncio.TaskGroup() as group:
        cutting = group.create_task(cut_all(), name="server")
        yield cut
        cutting.cancel()


def liquidation(world: World, number: int) -> Trade:
    """So urgent that it is told singly, however many wait."""
    return replace(world.trade(number), reason="liquidation")


@pytest.mark.fault(57)
async def test_a_server_that_restarts_again_and_again_loses_nothing(
    open_store: Open, postgres_without_rows: str, platform: FakePlatform, chat: FakeMessenger
):
    async with supervised(open_store, platform, chat, now, HURRIED) as supervisor:
        trade = partial(liquidation, supervisor.up)
        await supervisor.up.links()
        async with restarting_server(postgres_without_rows, every=0.15) as cut:
            for number in range(1, 61):
                platform.store(Stream.TRADES, trade(number))
                await asyncio.sleep(0.05)
        await shown(chat, 60)

    assert sum(cut) > 10
    async with open_store() as store:
        assert (await assert_kept_at_last(store, chat.shown, commits_take=SLOWEST))[
            State.SENT
        ] == 60


@pytest.mark.fault(55)
@pytest.mark.parametrize("open_store", [Limits(statement=timedelta(seconds=0.2))], indirect=True)
async def test_tables_that_somebody_has_locked_hold_up_and_lose_nothing(
    open_store: Open, postgres_without_rows: str, platform: FakePlatform, chat: FakeMessenger
):
    async with supervised(open_store, platform, chat, now, HURRIED) as supervisor:
        trade = partial(liquidation, supervisor.up)
        await supervisor.up.links()
        platform.store(Stream.TRADES, trade(1))
        await shown(chat, 1)
        async with (
            connected(postgres_without_rows) as somebody,
            somebody.transaction(),
        ):
            await somebody.execute("LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE")
            for number in range(2, 12):
                platform.store(Stream.TRADES, trade(number))
                await asyncio.sleep(0.1)
            shown_meanwhile = len(chat.shown)
        await shown(chat, 11)
        alarms = supervisor.up.meter.alarms

    assert shown_meanwhile == 1
    assert alarms["feed_failed"] == 0  # it is a matter of time, and no fault of ours
    assert sorted(chat.titles()) == sorted(f"Bought {number} BTC/USDT" for number in range(1, 12))
    async with open_store() as store:
        assert (await assert_kept_at_last(store, chat.shown, commits_take=SLOWEST))[
            State.SENT
        ] == 11


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as started:
        yield started


@pytest.mark.fault(75)
async def test_a_server_that_hangs_with_sixty_reads_waiting_ends_nothing(
    server: Server, secret_key: str, platform: FakePlatform, chat: FakeMessenger
):
    limits = Limits(connect=timedelta(seconds=1), statement=timedelta(seconds=1))

    def open_store() -> AbstractAsyncContextManager[Store]:
        return opened(server.url, secret_key, now, new_id, Troubled, limits)

    async with supervised(open_store, platform, chat, now, HURRIED) as supervisor:
        trade = partial(liquidation, supervisor.up)
        account = await supervisor.up.links()
        store = supervisor.up.store
        with server.stalled():
            for number in range(1, 11):
                platform.store(Stream.TRADES, trade(number))
            reads = (store.inbox.cursors(account.id) for _ in range(60))
            failures = await asyncio.gather(*reads, return_exceptions=True)  # noqa: TID251
            await asyncio.sleep(2.5)  # longer than any of the limits
        await shown(chat, 10)

    assert {type(failure) for failure in failures} == {StoreAway}
    assert supervisor.ended == 0
    async with open_store() as store:
        assert (await assert_kept_at_last(store, chat.shown, commits_take=STALL))[State.SENT] == 10
