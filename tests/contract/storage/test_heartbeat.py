"""It is found that a backup of the database was put back, and from when on nothing is known of."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.domain.deliveries import Restored
from bot.domain.outages import Outage
from storage import Store
from storage.heartbeat import EVERY, MARGIN, Heartbeat
from storage.schema.tables import lease
from tests.contract.storage.given import MINUTE, NOW

HOUR = timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self):
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def worked(store: Store, folder: Path, clock: Clock, minutes: int) -> Restored | None:
    """What is found at the start of a process that works so many minutes."""
    heartbeat = Heartbeat(store.leases, folder, clock)
    found = await heartbeat.begin()
    for _ in range(minutes):
        clock.at += MINUTE
        await heartbeat.beat()
    return found


async def put_back(store: Store, minutes: int) -> None:
    """The database is as it was so many minutes of work ago."""
    back = update(lease).where(lease.c.name == "heartbeat").values(epoch=lease.c.epoch - minutes)
    await store.database.write(lambda connection, _: [connection.execute(back)], None)


async def test_nothing_is_found_where_nothing_was_put_back(store: Store, tmp_path, clock):
    for _ in range(3):
        assert await worked(store, tmp_path, clock, 2) is None
        clock.at += HOUR


@pytest.mark.fault(56)
async def test_what_the_database_has_forgotten_is_found_also_by_the_starts_that_follow(
    store: Store, tmp_path, clock
):
    await worked(store, tmp_path, clock, 10)
    ended = clock.at
    await put_back(store, minutes=3)
    clock.at += HOUR

    found = await worked(store, tmp_path, clock, 1)
    again = await worked(store, tmp_path, clock, 1)

    assert found == Restored(found_at=ended + HOUR, told_until=ended + EVERY + MARGIN)
    assert again == found


async def test_a_second_backup_counts_from_its_own_time(store: Store, tmp_path, clock):
    await worked(store, tmp_path, clock, 10)
    await put_back(store, minutes=3)
    await worked(store, tmp_path, clock, 10)
    await put_back(store, minutes=2)

    found = await worked(store, tmp_path, clock, 0)

    assert found == Restored(found_at=clock.at, told_until=clock.at)


async def test_a_commit_that_the_file_did_not_see_is_no_backup(store: Store, tmp_path, clock):
    await worked(store, tmp_path, clock, 5)
    await put_back(store, minutes=-1)

    assert await worked(store, tmp_path, clock, 0) is None


async def test_another_machine_s_file_is_behind_and_finds_nothing(store: Store, tmp_path, clock):
    await worked(store, tmp_path / "one", clock, 5)
    await worked(store, tmp_path / "other", clock, 20)

    assert await worked(store, tmp_path / "one", clock, 0) is None


@pytest.mark.parametrize(
    "left", ["", "{", "[]", "7", '{"count": 3}', '{"count": "x", "at": "y"}', "\0"]
)
async def test_a_file_that_is_no_use_is_said_and_made_anew(
    store: Store, tmp_path, clock, caplog, left: str
):
    (tmp_path / "heartbeat").write_text(left)

    assert await worked(store, tmp_path, clock, 2) is None
    assert "no use" in caplog.text
    await put_back(store, minutes=1)
    assert await worked(store, tmp_path, clock, 0) is not None


async def test_a_folder_that_cannot_be_written_is_said_once_and_stops_nothing(
    store: Store, tmp_path, clock, caplog
):
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        await worked(store, tmp_path / "file" / "folder", clock, 3)

    assert caplog.text.count("cannot be written") == 1


async def last_worked(store: Store, at: datetime) -> None:
    """The database was last worked with at that time; its clock is not the test's."""
    then = update(lease).where(lease.c.name == "heartbeat").values(until=at)
    await store.database.write(lambda connection, _: [connection.execute(then)], None)


async def begun(store: Store, folder: Path, clock: Clock) -> Outage | None:
    heartbeat = Heartbeat(store.leases, folder, clock)
    await heartbeat.begin()
    return heartbeat.outage


async def test_a_first_start_ends_no_outage(store: Store, tmp_path, clock):
    assert await begun(store, tmp_path, clock) is None


@pytest.mark.parametrize(("away", "told"), [(2 * MINUTE, False), (21 * MINUTE, True)])
async def test_how_long_nobody_worked_is_found_on_any_machine(
    store: Store, tmp_path, clock, away: timedelta, told: bool
):
    await worked(store, tmp_path / "one", clock, 3)
    await last_worked(store, NOW)
    clock.at = NOW + away

    found = await begun(store, tmp_path / "other", clock)

    assert found == (Outage(since=NOW, until=NOW + away) if told else None)


async def test_a_backup_that_was_put_back_makes_no_outage_longer(store: Store, tmp_path, clock):
    await worked(store, tmp_path, clock, 10)
    ended = clock.at
    await put_back(store, minutes=3)
    await last_worked(store, NOW)
    clock.at = ended + HOUR

    assert await begun(store, tmp_path, clock) == Outage(since=ended, until=ended + HOUR)
