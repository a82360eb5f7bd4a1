"""One process at a time does the work; the others stand by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.errors import TryLater
from bot.services.duty import LIFE, RENEW_EVERY, Duty, Superseded

Now = Callable[[], datetime]


@dataclass
class FakeLeases:
    """Implements `bot.services.duty.Leases` in memory."""

    now: Now
    held: dict[str, tuple[str, int, datetime]] = field(default_factory=dict)
    away: bool = False

    async def acquire(self, name: str, owner: str, life: timedelta) -> int | None:
        self.check()
        holder, epoch, until = self.held.get(name, ("", 0, self.now()))
        if until > self.now() and holder != owner:
            return None
        self.held[name] = (owner, epoch + 1, self.now() + life)
        return epoch + 1

    async def renew(self, name: str, owner: str, epoch: int, life: timedelta) -> bool:
        self.check()
        if self.held[name][:2] != (owner, epoch):
            return False
        self.held[name] = (owner, epoch, self.now() + life)
        return True

    async def release(self, name: str, owner: str, epoch: int) -> None:
        await self.renew(name, owner, epoch, timedelta(0))

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
    duty = Duty(None, "a")

    assert await duty.begin(stop)

    await duty.keep()
    await duty.end()


async def test_only_one_of_two_begins(leases, stop):
    first, second = Duty(leases, "a"), Duty(leases, "b")

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
    first, second = Duty(leases, "a"), Duty(leases, "b")
    await first.begin(stop)

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(second.begin(stop))
        await asyncio.sleep(1)
        await first.end()
        async with asyncio.timeout(RENEW_EVERY.total_seconds()):
            assert await waiting

    assert second.trouble is None


async def test_the_second_takes_over_when_the_first_is_gone_without_a_word(leases, stop):
    first, second = Duty(leases, "a"), Duty(leases, "b")
    await first.begin(stop)

    async with asyncio.timeout((LIFE + RENEW_EVERY).total_seconds()):
        assert await second.begin(stop)


async def test_who_has_slept_too_long_finds_out_and_ends(leases, stop):
    first, second = Duty(leases, "a"), Duty(leases, "b")
    await first.begin(stop)
    await asyncio.sleep(LIFE.total_seconds())
    await second.begin(stop)

    with pytest.raises(Superseded, match="taken over"):
        await first.keep()


async def test_an_outage_of_the_database_takes_the_work_from_nobody(leases, stop):
    duty = Duty(leases, "a")
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
    duty = Duty(leases, "a")

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(duty.begin(stop))
        await asyncio.sleep(60)
        stop.set()
        assert not await waiting

    await duty.end()
