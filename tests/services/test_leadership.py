"""One process at a time does the work; the others stand by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.errors import TryLater
from bot.services.leadership import LEASE_LIFE, RENEW_EVERY, Leadership, Superseded

Now = Callable[[], datetime]


@dataclass
class FakeLeases:
    """Implements `bot.ports.Leases` in memory."""

    now: Now
    held: dict[str, tuple[str, int, datetime]] = field(default_factory=dict)
    away: bool = False
    seconds: float = 0
    """How long a renewal takes."""

    async def acquire(self, name: str, owner: str, life: timedelta) -> int | None:
        self.check()
        holder, epoch, until = self.held.get(name, ("", 0, self.now()))
        if until > self.now() and holder != owner:
            return None
        self.held[name] = (owner, epoch + 1, self.now() + life)
        return epoch + 1

    async def renew(self, name: str, owner: str, epoch: int, life: timedelta) -> bool:
        self.check()
        until = self.now() + life  # as the database counts it: from when it begins
        await asyncio.sleep(self.seconds)
        if self.held[name][:2] != (owner, epoch):
            return False
        self.held[name] = (owner, epoch, until)
        return True

    async def release(self, name: str, owner: str, epoch: int) -> None:
        await self.renew(name, owner, epoch, timedelta(0))

    async def guard(self, name: str, owner: str, epoch: int) -> None:
        self.check()

    def check(self) -> None:
        if self.away:
            raise TryLater("The database cannot do it now.")


@pytest.fixture
def leases(now: Now) -> FakeLeases:
    return FakeLeases(now)


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


async def test_without_leases_there_is_nothing_to_wait_for(stop):
    duty = Leadership(None, "a")

    assert await duty.begin(stop)

    await duty.keep()
    await duty.end()


async def test_only_one_of_two_begins(leases, stop):
    first, second = Leadership(leases, "a"), Leadership(leases, "b")

    assert await first.begin(stop)

    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(first.keep())
        waiting = group.create_task(second.begin(stop))
        await asyncio.sleep(3600)
        assert not waiting.done()
        assert second.trouble == "Another process does the work: this one stands by."
        keeping.cancel()
        stop.set()


async def test_the_second_begins_at_once_when_the_first_ends(leases, stop):
    first, second = Leadership(leases, "a"), Leadership(leases, "b")
    await first.begin(stop)

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(second.begin(stop))
        await asyncio.sleep(1)
        await first.end()
        async with asyncio.timeout(RENEW_EVERY.total_seconds()):
            assert await waiting

    assert second.trouble is None


async def test_the_second_takes_over_when_the_first_is_gone_without_a_word(leases, stop):
    first, second = Leadership(leases, "a"), Leadership(leases, "b")
    await first.begin(stop)

    async with asyncio.timeout((LEASE_LIFE + RENEW_EVERY).total_seconds()):
        assert await second.begin(stop)


async def test_who_has_slept_too_long_finds_out_and_ends(leases, stop):
    first, second = Leadership(leases, "a"), Leadership(leases, "b")
    await first.begin(stop)
    await asyncio.sleep(LEASE_LIFE.total_seconds())
    await second.begin(stop)

    with pytest.raises(Superseded, match="taken over"):
        await first.keep()


async def test_an_end_without_a_word_costs_five_seconds_at_most(leases, stop):
    first, second = Leadership(leases, "a"), Leadership(leases, "b")
    await first.begin(stop)

    async with asyncio.timeout(5):
        assert await second.begin(stop)


async def test_a_database_that_takes_two_seconds_for_each_renewal_takes_the_work_from_nobody(
    leases, stop
):
    first, second = Leadership(leases, "a"), Leadership(leases, "b")
    await first.begin(stop)
    leases.seconds = 2

    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(first.keep())
        waiting = group.create_task(second.begin(stop))
        await asyncio.sleep(600)
        assert not keeping.done()
        assert not waiting.done()
        keeping.cancel()
        stop.set()


async def test_nobody_is_sure_of_a_right_that_another_can_have(leases, stop):
    """However the renewals go: also where one was never answered."""
    first, second = Leadership(leases, "a"), Leadership(leases, "b")
    assert not first.is_sure()
    await first.begin(stop)
    assert first.is_sure()

    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(first.keep())
        await asyncio.sleep(60)
        assert first.is_sure()
        leases.seconds = 3600
        waiting = group.create_task(second.begin(stop))
        while not waiting.done():
            was_sure = first.is_sure()
            await asyncio.sleep(0.1)
        keeping.cancel()

    assert not was_sure
    assert not first.is_sure()
    assert second.is_sure()


async def test_where_only_one_process_can_be_it_is_always_sure(stop):
    assert Leadership(None, "a").is_sure()


async def test_an_outage_of_the_database_takes_the_work_from_nobody(leases, stop):
    duty = Leadership(leases, "a")
    await duty.begin(stop)

    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(duty.keep())
        leases.away = True
        await asyncio.sleep(600)
        leases.away = False
        await asyncio.sleep(600)
        assert not keeping.done()
        keeping.cancel()


async def test_during_an_outage_one_waits_for_the_right_and_can_still_be_stopped(leases, stop):
    leases.away = True
    duty = Leadership(leases, "a")

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(duty.begin(stop))
        await asyncio.sleep(60)
        stop.set()
        assert not await waiting

    await duty.end()
