"""Leases: one owner at a time, by the database's clock, each with a higher epoch."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from storage import Store

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
