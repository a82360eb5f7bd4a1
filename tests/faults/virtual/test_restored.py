"""A database that is not as it was left: a backup of yesterday, and a commit that was torn."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest

from bot.domain.deliveries import Restored, State
from bot.domain.events import Stream
from storage import Store
from storage.engine.database import raw_of
from storage.schema.tables import metadata
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import FakePlatform
from tests.faults.virtual.crashing import Story
from tests.harness.databases import connected, empty, opened
from tests.harness.failpoints import Point
from tests.harness.judge import assert_kept
from tests.harness.virtual_time import VirtualTimeLoop
from tests.harness.world import World, running

Now = Callable[[], datetime]

Restore = Callable[[], Awaitable[None]]
Backup = Callable[[], Awaitable[Restore]]


@pytest.fixture
def backup(request: pytest.FixtureRequest, store: Store) -> Backup:
    """Takes a backup of the store's database, and gives what puts it back."""
    if store.database.dialect == "sqlite":
        return lambda: _kept_in_memory(store)
    url = request.getfixturevalue("own_postgres")
    return lambda: _kept_from_postgresql(url)


async def _kept_in_memory(store: Store) -> Restore:
    driver = await store.database.read(lambda connection: raw_of(connection).driver)
    kept = sqlite3.connect(":memory:")
    driver.backup(kept)

    async def restore() -> None:
        kept.backup(driver)
        kept.close()

    return restore


async def _kept_from_postgresql(url: str) -> Restore:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    tables = [table.name for table in metadata.sorted_tables]
    kept = {}
    with loop.standing_still():
        async with connected(url) as connection:
            for table in tables:
                kept[table] = BytesIO()
                await connection.copy_from_table(table, output=kept[table])

    async def restore() -> None:
        with loop.standing_still():
            await empty(url)
            async with connected(url) as connection:
                for table in tables:
                    kept[table].seek(0)
                    await connection.copy_to_table(table, source=kept[table])

    return restore


async def trade(world: World, platform: FakePlatform, number: int, seconds: float = 5) -> None:
    platform.store(Stream.TRADES, world.trade(number))
    await world.quiet(seconds)


@pytest.mark.fault(56)
async def test_after_a_restored_backup_all_since_is_read_and_told_again_with_its_own_time(
    store: Store, platform: FakePlatform, chat: FakeMessenger, now: Now, backup: Backup
):
    async with running(store, platform, chat, now) as world:
        await world.links()
        await world.quiet()
        await trade(world, platform, 1)
        await trade(world, platform, 2)
        chat.seconds = 2
        await trade(world, platform, 3, seconds=1)
        restore = await backup()
        await world.quiet()
        before = list(chat.shown)
        for number in range(4, 8):
            await trade(world, platform, number, seconds=900)
        since = chat.shown[len(before) :]
        chat.shown.clear()
    await restore()

    restored = Restored(found_at=now(), told_until=now())
    async with running(store, platform, chat, now, restored=restored) as world:
        await world.quiet(60)
        await trade(world, platform, 8, seconds=60)

    assert [one.card.title for one in before] == [f"Bought {n} BTC/USDT" for n in (1, 2, 3)]
    assert chat.titles() == [f"Bought {n} BTC/USDT" for n in (3, 4, 5, 6, 7, 8)]
    in_flight, *again, after = chat.shown
    reference = in_flight.card.reference
    assert in_flight.card.notes == ("delayed 1 h", f"possible repeat of {reference}")
    assert [one.card.reference for one in again] == [one.card.reference for one in since]
    assert [one.card.notes for one in again] == [
        (f"delayed {span}", f"possible repeat of {one.card.reference}")
        for one, span in zip(again, ("1 h", "45 min", "30 min", "15 min"), strict=True)
    ]
    assert after.card.notes == ()
    await assert_kept(store, [*before, *chat.shown], created=8)


# --- a torn page --------------------------------------------------------------------------


def torn(path: Path, folder: Path) -> Path:
    """A copy of a database whose process is gone, with the end of its log not as it was written."""
    copy = folder / path.name
    for name in (path.name, f"{path.name}-wal"):
        shutil.copy(path.with_name(name), folder / name)
    log = copy.with_name(f"{copy.name}-wal")
    written = bytearray(log.read_bytes())
    written[-100:] = bytes(100)
    log.write_bytes(written)
    return copy


@pytest.mark.fault(56)
@pytest.mark.parametrize(
    "point",
    [
        "after commit of storage.accounts.codes.SqlCodes._complete_all, 1",
        "after commit of storage.inbox.ingest.SqlInbox._ingest, 12",
        "after commit of storage.outbox.claims.serve_lanes, 2",
        "after commit of storage.buttons.actions._claim, 1",
    ],
)
async def test_a_commit_whose_last_page_was_torn_never_was_and_is_made_good(
    now: Now, secret_key: str, sqlite_without_rows: Path, tmp_path: Path, point: str
):
    path = tmp_path / "tradebell.db"
    shutil.copy(sqlite_without_rows, path)
    (tmp_path / "copy").mkdir()
    async with opened(f"sqlite:///{path}", secret_key, now, new_id) as store:
        story = Story(store, now)
        whole = await story.until_crash(Point.parse(point))
        copy = torn(path, tmp_path / "copy")

    async with opened(f"sqlite:///{copy}", secret_key, now, new_id) as story.store:
        left = await story.stored()
        await story.after()
        broken = await story.broken_promises(left)
        shown = await assert_kept(story.store, story.chat.shown, changed=story.chat.changed)

    assert left != whole
    assert broken == []
    assert shown[State.SENT] > 0


def new_id() -> str:
    raise AssertionError("each process makes ids of its own")
