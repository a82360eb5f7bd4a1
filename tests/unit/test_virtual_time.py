"""Time in this folder is virtual."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.virtual_time import START, VirtualTimeLoop


async def test_an_hour_of_sleep_moves_the_clock_by_an_hour_and_takes_no_time(now):
    began = time.monotonic()

    await asyncio.sleep(3600)

    assert now() == START + timedelta(hours=1)
    assert time.monotonic() - began < 1


async def test_the_clock_starts_at_noon_for_every_test(now):
    assert now() == datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_the_clock_stands_still_where_no_loop_runs(now):
    assert now() == START


async def test_timers_fire_in_their_order():
    fired = []

    async def ring_after(seconds):
        await asyncio.sleep(seconds)
        fired.append((asyncio.get_running_loop().time(), seconds))

    async with asyncio.TaskGroup() as group:
        for seconds in (30, 10, 20):
            group.create_task(ring_after(seconds))

    assert fired == [(10, 10), (20, 20), (30, 30)]


async def test_a_time_limit_ends_what_waits_for_ever(now):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            await asyncio.Event().wait()

    assert now() == START + timedelta(minutes=1)


def test_a_deadlock_is_an_error_and_not_a_hanging_test():
    with (
        asyncio.Runner(loop_factory=VirtualTimeLoop) as runner,
        pytest.raises(RuntimeError, match="no timer is set"),
    ):
        runner.run(asyncio.Event().wait())
