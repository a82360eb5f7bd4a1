"""A disk that is full, a database file that another program holds, a log that cannot be copied."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.domain.deliveries import State
from bot.domain.events import Stream, Trade
from bot.domain.feeds import FeedState
from storage import Store
from storage.engine.database import OperationRequest, each
from storage.engine.limits import Limits
from storage.outbox.claims import serve_lanes
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import FakePlatform
from tests.harness.databases import opened
from tests.harness.judge import assert_kept
from tests.harness.troubled_database import Troubled
from tests.harness.world import World, running

SWEPT_WITHIN = 11 * 60
"""Seconds: a service whose events could not be stored is read again with the next sweep at last."""

NO_ROOM = """
CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left' USING ERRCODE = '53100'; END $$;
"""
"""What PostgreSQL says then. Source: its manual, appendix A, `disk_full`."""


async def fill_disk(store: Store) -> None:
    """From here on nothing can be added to the tables that events go to."""
    if store.database.dialect == "sqlite":
        await _execute(store, "PRAGMA max_page_count = 1")  # the size that it has
        return
    await _execute(store, NO_ROOM)
    for table in ("inbox", "delivery"):
        await _execute(
            store,
            f"CREATE TRIGGER no_room BEFORE INSERT ON {table} EXECUTE FUNCTION no_room()",
        )


async def free_disk(store: Store) -> None:
    if store.database.dialect == "sqlite":
        await _execute(store, "PRAGMA max_page_count = 1000000")
        return
    for table in ("inbox", "delivery"):
        await _execute(store, f"DROP TRIGGER no_room ON {table}")


async def _execute(store: Store, statement: str) -> None:
    @each
    def execute(connection: Connection, statement: str) -> None:
        result = connection.execute(text(statement))
        if result.returns_rows:
            result.all()

    await store.database.write(execute, statement)


def liquidation(world: World, number: int) -> Trade:
    """So urgent that it is told singly, however many wait."""
    return replace(world.trade(number), reason="liquidation")


@pytest.mark.fault(54)
async def test_what_comes_while_the_disk_is_full_is_told_once_there_is_room(
    world: World, store: Store, platform, chat
):
    await world.links()
    await world.quiet(60)
    for number in range(1, 4):
        platform.store(Stream.TRADES, liquidation(world, number))
    await world.quiet(60)
    await fill_disk(store)

    for number in range(4, 60):
        platform.store(Stream.TRADES, liquidation(world, number))
        await world.quiet(3)
    told_meanwhile = len(chat.shown)
    await free_disk(store)
    await world.quiet(SWEPT_WITHIN)

    assert told_meanwhile < 59, "the disk was not full at all"
    assert world.meter.alarms["feed_failed"] == 0  # it is a matter of time, and no fault of ours
    bought = [title for title in chat.titles() if title.startswith("Bought")]
    assert bought == [f"Bought {number} BTC/USDT" for number in range(1, 60)]
    assert set(await assert_kept(store, chat.shown)) == {State.SENT}


@pytest.mark.fault(54)
async def test_what_could_not_be_stored_when_it_was_read_is_told_before_what_came_later(
    troubled_store: Store, platform, chat, now, database: Troubled
):
    """The room is there again before the next event comes: nothing but its place is in doubt."""
    async with running(troubled_store, platform, chat, now) as world:
        account = await world.goes_live()
        await world.quiet(60)
        platform.away = True
        platform.cut()
        for number in (1, 2, 3):
            platform.store(Stream.TRADES, world.trade(number), announce=False)
        await world.quiet(60)
        database.concerns, database.is_full = something_read, True
        platform.away = False
        await world.until(lambda: database.refused)
        database.is_full = False
        await world.until_state(account, FeedState.LIVE)
        platform.store(Stream.TRADES, world.trade(4))
        await world.quiet(60)

    bought = [title for title in chat.titles() if title.startswith("Bought")]
    assert bought == [f"Bought {number} BTC/USDT" for number in (1, 2, 3, 4)]


def something_read(request: OperationRequest) -> bool:
    events = getattr(request.argument, "events", ())
    return any(isinstance(event, Trade) for event in events)


def an_outcome(request: OperationRequest) -> bool:
    return request.operation is serve_lanes and request.argument[0].settled is not None


@pytest.fixture
async def unsaved(
    troubled_store: Store,
    platform: FakePlatform,
    chat: FakeMessenger,
    now: Callable[[], datetime],
) -> AsyncIterator[World]:
    """A world in which no outcome can be stored: two events have come, one message is out."""
    database = troubled_store.database
    assert isinstance(database, Troubled)
    async with running(troubled_store, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        database.concerns, database.is_full = an_outcome, True
        for number in (1, 2):
            platform.store(Stream.TRADES, world.trade(number))
        await world.quiet(600)
        yield world


@pytest.mark.fault(54)
async def test_a_message_whose_outcome_finds_no_room_is_not_repeated_nor_counted_as_sent(
    unsaved: World, troubled_store: Store, chat, database: Troubled
):
    counted = await troubled_store.outbox.counts()
    assert (counted[State.SENT], counted[State.SENDING]) == (0, 1)
    assert chat.titles() == ["Bought 1 BTC/USDT"]

    database.is_full = False
    await unsaved.quiet(60)

    assert chat.titles() == ["Bought 1 BTC/USDT", "Bought 2 BTC/USDT"]
    assert (await assert_kept(troubled_store, chat.shown))[State.SENT] == 2


@pytest.mark.fault(54)
async def test_a_kill_while_an_outcome_finds_no_room_repeats_that_message_alone_and_says_so(
    troubled_store: Store, platform, chat, now, database: Troubled
):
    async with running(troubled_store, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        database.concerns, database.is_full = an_outcome, True
        for number in (1, 2):
            platform.store(Stream.TRADES, world.trade(number))
        await world.quiet(600)
    database.is_full = False

    async with running(troubled_store, platform, chat, now) as world:
        await world.quiet(60)

    assert chat.titles() == ["Bought 1 BTC/USDT", "Bought 1 BTC/USDT", "Bought 2 BTC/USDT"]
    assert "possible repeat" in chat.shown[1].card.notes[-1]
    assert (await assert_kept(troubled_store, chat.shown))[State.SENT] == 2


# --- a file that others look into -------------------------------------------------------------


@pytest.fixture
async def file(tmp_path: Path, sqlite_without_rows: Path) -> Path:
    path = tmp_path / "tradebell.db"
    shutil.copy(sqlite_without_rows, path)
    return path


IMPATIENT = Limits(busy=timedelta(milliseconds=20))
"""A locked file is not waited for as long as usual: the tests would."""


@pytest.fixture
async def in_file(
    request: pytest.FixtureRequest, file: Path, secret_key: str, now: Callable[[], datetime]
) -> AsyncIterator[Store]:
    ids = itertools.count()
    limits: Limits = getattr(request, "param", IMPATIENT)
    async with opened(
        f"sqlite:///{file}", secret_key, now, lambda: f"row-{next(ids)}", limits=limits
    ) as store:
        yield store


@pytest.mark.fault(55)
async def test_what_comes_while_another_program_holds_the_file_is_told_afterwards(
    in_file: Store, file: Path, platform, chat, now
):
    async with running(in_file, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for number in range(1, 11):
                platform.store(Stream.TRADES, world.trade(number, alone=True))
                await world.quiet(3)
            assert chat.titles() == []
            other.execute("ROLLBACK")
        await world.quiet(120)

    assert world.meter.alarms["feed_failed"] == 0
    assert chat.titles() == [f"Bought {number} BTC/USDT" for number in range(1, 11)]
    assert (await assert_kept(in_file, chat.shown))[State.SENT] == 10


@pytest.mark.fault(55)
async def test_a_file_that_is_held_while_a_message_is_out_costs_no_repeat(
    in_file: Store, file: Path, platform, chat, now
):
    chat.seconds = 1
    async with running(in_file, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        for number in (1, 2):
            platform.store(Stream.TRADES, world.trade(number))
        await world.quiet(0.5)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await world.quiet(60)
            other.execute("ROLLBACK")
        await world.quiet(60)

    assert chat.titles() == ["Bought 1 BTC/USDT", "Bought 2 BTC/USDT"]
    assert (await assert_kept(in_file, chat.shown))[State.SENT] == 2


@pytest.mark.fault(55)
@pytest.mark.parametrize(
    "in_file", [replace(IMPATIENT, checkpoint_after=3, longest_log=10)], indirect=True
)
async def test_a_log_that_cannot_be_copied_for_a_while_holds_up_nothing(
    in_file: Store, file: Path, platform, chat, now
):
    """A backup keeps reading what was there when it began, so the log only grows."""
    async with running(in_file, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        with closing(sqlite3.connect(file, isolation_level=None)) as backup:
            backup.execute("BEGIN")
            backup.execute("SELECT count(*) FROM delivery").fetchall()
            for number in range(1, 31):
                platform.store(Stream.TRADES, world.trade(number, alone=True))
                await world.quiet(1)
            assert len(chat.shown) == 30
            grown = file.with_name(file.name + "-wal").stat().st_size
            backup.execute("ROLLBACK")
        for number in range(31, 61):
            platform.store(Stream.TRADES, world.trade(number, alone=True))
            await world.quiet(1)

    assert chat.titles() == [f"Bought {number} BTC/USDT" for number in range(1, 61)]
    assert file.with_name(file.name + "-wal").stat().st_size <= grown * 1.1  # written over again
    assert (await assert_kept(in_file, chat.shown))[State.SENT] == 60
