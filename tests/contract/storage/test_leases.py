"""Leases: one owner at a time, by the database's clock, each with a higher epoch."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from bot.domain.ids import AccountId
from bot.errors import OutcomeUnknown, StoreAway
from storage import Store
from storage.engine.database import each
from tests.contract.storage.conftest import OpenStore
from tests.contract.storage.given import NOW, fact, linked, tell_all

LONG = timedelta(hours=1)
SHORT = timedelta(milliseconds=1)

PATIENCE = 10
"""Seconds that something which has to happen may take before a test gives up."""


async def acquired(store: Store, owner: str) -> int:
    """Wait for the lease to lapse, and take it."""
    async with asyncio.timeout(PATIENCE):
        while (epoch := await store.leases.acquire("sender", owner, LONG)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return epoch


async def test_a_lease_has_one_owner(store: Store):
    mine = await store.leases.acquire("sender", "a", LONG)
    theirs = await store.leases.acquire("sender", "b", LONG)
    other = await store.leases.acquire("another", "b", LONG)

    assert (mine, theirs, other) == (1, None, 1)


async def test_of_many_who_want_a_lease_at_once_one_has_it(store: Store):
    async with asyncio.TaskGroup() as group:
        wishes = [
            group.create_task(store.leases.acquire("sender", str(number), LONG))
            for number in range(10)
        ]

    assert [task.result() for task in wishes if task.result() is not None] == [1]


async def test_a_lapsed_lease_goes_to_the_next_with_a_higher_epoch(store: Store):
    await store.leases.acquire("sender", "a", SHORT)

    epoch = await acquired(store, "b")

    assert epoch == 2
    assert not await store.leases.renew("sender", "a", 1, LONG)
    assert await store.leases.renew("sender", "b", 2, LONG)


async def test_a_renewed_lease_is_kept(store: Store):
    await store.leases.acquire("sender", "a", timedelta(0))

    renewed = await store.leases.renew("sender", "a", 1, LONG)

    assert renewed
    assert await store.leases.acquire("sender", "b", LONG) is None


async def test_a_released_lease_is_free_at_once(store: Store):
    await store.leases.acquire("sender", "a", LONG)

    await store.leases.release("sender", "a", 1)

    assert await acquired(store, "b") == 2


async def test_nobody_releases_a_lease_of_somebody_else(store: Store):
    await store.leases.acquire("sender", "a", SHORT)
    await acquired(store, "b")

    await store.leases.release("sender", "a", 1)

    assert await store.leases.acquire("sender", "c", LONG) is None


async def test_who_takes_its_own_lease_again_has_a_new_epoch(store: Store):
    """A process that has started anew must be told apart from what it was before."""
    first = await store.leases.acquire("sender", "a", LONG)
    second = await store.leases.acquire("sender", "a", LONG)

    assert (first, second) == (1, 2)
    assert not await store.leases.renew("sender", "a", 1, LONG)


@pytest.fixture
async def working(store: Store) -> AccountId:
    """A store that holds the right and stores nothing without it, and an account in it."""
    epoch = await store.leases.acquire("work", "a", LONG)
    assert epoch is not None
    await store.leases.guard("work", "a", epoch)
    return (await linked(store)).account


async def ingest(store: Store, account: AccountId, record: str) -> None:
    await store.inbox.ingest(account, [fact(record)], tell_all(), NOW)


async def test_who_has_the_right_stores_what_it_is_to(store: Store, working: AccountId):
    await ingest(store, working, "one")

    assert sum((await store.outbox.counts()).values()) == 1


@pytest.fixture
async def processes(postgres_without_rows: str, open_again: OpenStore):
    """Two with one database; the first has the right, for as long as the second leaves it."""
    async with open_again(postgres_without_rows) as first, open_again(postgres_without_rows) as two:
        epoch = await first.leases.acquire("work", "first", timedelta(0))
        assert epoch is not None
        await first.leases.guard("work", "first", epoch)
        yield first, two, (await linked(first)).account


async def take_over(store: Store) -> None:
    epoch = await store.leases.acquire("work", "second", LONG)
    assert epoch is not None
    await store.leases.guard("work", "second", epoch)


async def test_who_lost_the_right_stores_nothing_whatever_it_believes(processes):
    first, second, account = processes
    await ingest(first, account, "before")
    await take_over(second)

    with pytest.raises(StoreAway, match="Another process does the work now"):
        await ingest(first, account, "after")
    await ingest(second, account, "after")

    assert sum((await second.outbox.counts()).values()) == 2


async def test_who_takes_over_waits_for_a_transaction_that_is_under_way(processes):
    """None is committed behind its back: neither before its first look nor after."""
    first, second, _ = processes
    order: list[str] = []

    @each
    def slow(connection, _: None) -> None:
        connection.exec_driver_sql("SELECT pg_sleep(0.3)")
        order.append("written")

    async with asyncio.TaskGroup() as group:
        group.create_task(first.database.write(slow, None))
        await asyncio.sleep(0.1)
        # The row that is renewed is locked by nobody.
        assert await first.leases.renew("work", "first", 1, timedelta(0))
        order.append("renewed")
        await take_over(second)
        order.append("taken over")

    assert order == ["renewed", "written", "taken over"]


async def test_who_is_stopped_within_a_transaction_keeps_nobody_waiting(processes):
    first, second, account = processes

    @each
    def stopped(connection, _: None) -> None:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '100ms'")
        time.sleep(0.4)  # nothing of this process goes on

    with pytest.raises(OutcomeUnknown):
        await first.database.write(stopped, None)
    await take_over(second)

    await ingest(second, account, "after")
    assert sum((await second.outbox.counts()).values()) == 1


async def test_the_server_ends_a_transaction_whose_process_says_nothing(processes):
    first, _, _ = processes

    @each
    def allowed(connection, _: None) -> str:
        asked = "SHOW idle_in_transaction_session_timeout"
        return str(connection.exec_driver_sql(asked).scalar())

    assert await first.database.write(allowed, None) == "3s"
