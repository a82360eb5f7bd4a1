"""Work that is done side by side, and waits that end when they should."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from bot.services.steady import side_by_side, sleep_until, steady


async def test_works_begin_in_their_order_so_many_at_a_time():
    begun = []

    async def work(number):
        begun.append((number, steady()))
        await asyncio.sleep(1)

    await side_by_side([partial(work, number) for number in range(5)], 2)

    assert begun == [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)]


async def test_the_first_failure_ends_the_others_and_is_raised_as_it_is():
    ended = []

    async def fail():
        await asyncio.sleep(1)
        raise ValueError("no")

    async def go_on():
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(steady())

    with pytest.raises(ValueError, match="no"):
        await side_by_side([fail, go_on], 2)

    assert ended == [1]


async def test_a_cancellation_is_not_lost_to_a_failure_of_the_same_moment():
    async def fail_when_cancelled():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError("no")

    async with asyncio.TaskGroup() as group:
        task = group.create_task(side_by_side([fail_when_cancelled], 1))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])

    assert task.cancelled()


@pytest.mark.parametrize("began", [0.0, 1e5 + 1 / 3, 1e7 + 1 / 7])
async def test_a_wait_ends_no_sooner_than_it_should(began):
    await asyncio.sleep(began)
    at = steady() + 1 / 3

    await sleep_until(at)

    assert at <= steady() < at + 0.01
