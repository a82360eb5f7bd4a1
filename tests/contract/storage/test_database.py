"""Transactions: what waits is committed together, a bad request harms only itself."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from bot.errors import TryLater
from storage import Store
from storage.engine.database import BATCH_LIMIT, each, raw_of
from storage.engine.limits import Limits
from storage.schema.tables import cursor, lease
from tests.contract.storage.conftest import OpenStore
from tests.contract.storage.given import NOW


@each
def add(connection: Any, name: str) -> str:
    row = {"name": name, "owner": "a", "epoch": 1, "until": NOW}
    connection.execute(insert(lease), row)
    return name


def names(connection: Any) -> list[str]:
    return sorted(connection.execute(select(lease.c.name)).scalars())


async def test_a_write_returns_once_it_can_be_read(store: Store):
    assert await store.database.write(add, "one") == "one"
    assert await store.database.read(names) == ["one"]


async def test_every_caller_gets_its_own_result(store: Store):
    async with asyncio.TaskGroup() as group:
        writes = [group.create_task(store.database.write(add, f"{n:04}")) for n in range(100)]

    assert [task.result() for task in writes] == [f"{n:04}" for n in range(100)]
    assert len(await store.database.read(names)) == 100


async def test_a_request_that_fails_harms_no_other(store: Store):
    await store.database.write(add, "taken")

    async def try_to_add(name: str) -> bool:
        try:
            await store.database.write(add, name)
        except IntegrityError:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(try_to_add(name)) for name in ("a", "taken", "b", "a", "c")]

    assert [task.result() for task in tries] == [True, False, True, False, True]
    assert await store.database.read(names) == ["a", "b", "c", "taken"]


async def test_a_request_that_fails_leaves_nothing_of_itself(store: Store):
    @each
    def add_then_stumble(connection: Any, name: str) -> None:
        add(connection, [name])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.database.write(add_then_stumble, "half")

    assert await store.database.read(names) == []


async def test_a_read_that_fails_harms_no_other(store: Store):
    def stumble(connection: Any) -> None:
        raise ZeroDivisionError

    async with asyncio.TaskGroup() as group:
        good = [group.create_task(store.database.read(names)) for _ in range(3)]
        with pytest.raises(ZeroDivisionError):
            await store.database.read(stumble)

    assert [task.result() for task in good] == [[], [], []]


async def test_who_is_cancelled_hears_of_it_once_the_outcome_stands(store: Store):
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(store.database.write(add, "one"))
        await asyncio.sleep(0)
        writing.cancel()

    assert writing.cancelled()
    assert await store.database.read(names) == ["one"]


async def test_an_error_names_no_values(store: Store):
    await store.database.write(add, "very secret")

    with pytest.raises(IntegrityError) as failure:
        await store.database.write(add, "very secret")

    assert "very secret" not in str(failure.value).partition("DETAIL")[0]


async def test_what_was_asked_for_is_done_before_the_database_closes(lasting_url, open_again):
    async with open_again(lasting_url) as store:
        futures = [store.database.submit(add, f"{number:04}") for number in range(50)]

    assert all(future.done() for future in futures)
    async with open_again(lasting_url) as store:
        assert len(await store.database.read(names)) == 50


async def test_an_error_in_the_callers_block_comes_out_as_it_is(lasting_url, open_again):
    with pytest.raises(ZeroDivisionError):
        async with open_again(lasting_url):
            raise ZeroDivisionError


# --- one commit for all that waits --------------------------------------------------------


QUICK_DISK = Limits(quick=timedelta(hours=1), quick_flush=timedelta(hours=1))
"""However busy the machine is."""

SLOW_FLUSH = replace(QUICK_DISK, quick_flush=timedelta(seconds=-1))
"""Each commit is the writer's thread's."""

SLOW_DISK = replace(SLOW_FLUSH, quick=timedelta(seconds=-1), apart=timedelta(hours=1))
"""It does everything but the first statements."""


@pytest.fixture
async def file_store(sqlite_url: str, open_again: OpenStore):
    async with open_again(sqlite_url, limits=QUICK_DISK) as opened:
        yield opened


@pytest.fixture
async def slow_store(sqlite_url: str, open_again: OpenStore):
    async with open_again(sqlite_url, limits=SLOW_DISK) as opened:
        await opened.database.write(add, "slow")
        yield opened


async def test_what_waits_goes_into_one_transaction(slow_store: Store):
    batches: list[int] = []
    gate = threading.Event()

    def wait(connection: Any, requests: Sequence[None]) -> Sequence[None]:
        gate.wait()
        return requests

    def count(connection: Any, requests: Sequence[int]) -> Sequence[int]:
        batches.append(len(requests))
        return requests

    first = slow_store.database.submit(wait, None)
    rest = [slow_store.database.submit(count, number) for number in range(BATCH_LIMIT + 10)]
    gate.set()
    await first
    await asyncio.wait(rest)

    assert batches == [BATCH_LIMIT, 10]
    assert [future.result() for future in rest] == list(range(BATCH_LIMIT + 10))


async def test_what_comes_during_a_commit_shares_the_next_one(file_store: Store):
    batches: list[int] = []

    def count(connection: Any, requests: Sequence[int]) -> Sequence[int]:
        batches.append(len(requests))
        return requests

    await asyncio.wait([file_store.database.submit(count, number) for number in range(30)])

    assert batches == [1, 29]


@pytest.mark.parametrize(
    ("limits", "elsewhere"),
    [
        pytest.param(QUICK_DISK, (False, False, False), id="never, while they are quick"),
        pytest.param(SLOW_DISK, (False, True, True), id="for a while after slow ones"),
        pytest.param(replace(SLOW_DISK, apart=timedelta(0)), (False, False, False), id="no longer"),
    ],
)
async def test_statements_leave_the_loop_s_thread(
    sqlite_url: str, open_again: OpenStore, limits: Limits, elsewhere: tuple[bool, ...]
):
    where = each(lambda connection, _: threading.current_thread().name)

    async with open_again(sqlite_url, limits=limits) as store:
        places = [await store.database.write(where, None) for _ in elsewhere]

    here, there = threading.current_thread().name, "database writer"
    assert places == [there if away else here for away in elsewhere]


@pytest.mark.parametrize(
    ("limits", "elsewhere"),
    [
        pytest.param(QUICK_DISK, (True, False, False), id="once one was quick"),
        pytest.param(SLOW_FLUSH, (True, True, True), id="never after a slow one"),
    ],
)
async def test_a_commit_by_itself_stays_on_the_loop_s_thread(
    sqlite_url: str, open_again: OpenStore, limits: Limits, elsewhere: tuple[bool, ...]
):
    places: list[str] = []

    @each
    def watch(connection: Any, _: None) -> None:
        raw_of(connection).driver.set_trace_callback(note)

    def note(statement: str) -> None:
        if statement == "COMMIT":
            places.append(threading.current_thread().name)

    async with open_again(sqlite_url, limits=limits) as store:
        for _ in elsewhere:
            await store.database.write(watch, None)
        alone = list(places)
        await asyncio.wait([store.database.submit(add, f"{number:04}") for number in range(30)])

    here, there = threading.current_thread().name, "database writer"
    assert alone == [there if away else here for away in elsewhere]
    # What has waited is committed together, beside the loop.
    assert places[len(alone) :] == [there]


async def test_a_reader_does_not_wait_for_the_writer(slow_store: Store):
    gate = threading.Event()

    def wait(connection: Any, requests: Sequence[None]) -> Sequence[None]:
        gate.wait()
        return requests

    writing = slow_store.database.submit(wait, None)
    seen = await slow_store.database.read(names)
    gate.set()
    await writing

    assert seen == ["slow"]


async def test_the_log_is_copied_into_the_file_now_and_then(sqlite_url: str, open_again: OpenStore):
    pages = 2 * 600  # one of the table and one of its index, for each

    async with open_again(sqlite_url, limits=Limits(checkpoint_after=3, longest_log=50)) as store:
        for number in range(600):
            await store.database.write(add, f"{number:04}")

        # What is copied is written over: the log does not grow with what goes through it.
        log = await asyncio.to_thread(os.stat, sqlite_url.removeprefix("sqlite:///") + "-wal")
        assert log.st_size < pages * 4096 / 2
        assert len(await store.database.read(names)) == 600


def break_at_commit(connection: Any, name: str) -> str:
    """Leave something that only the commit finds wrong."""
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    add(connection, [name])
    row = {"account": "nobody", "stream": "trades", "at": NOW, "record": "", "began": NOW}
    connection.execute(insert(cursor), row)
    return name


def stumble_over(connection: Any, name: str) -> str:
    raise ZeroDivisionError


# --- a database that cannot ---------------------------------------------------------------


async def test_a_full_disk_is_a_matter_of_time(file_store: Store):
    @each
    def pragma(connection: Any, statement: str) -> None:
        connection.execute(text(statement)).all()

    @each
    def fill(connection: Any, size: int) -> None:
        add(connection, ["x" * size])

    await file_store.database.write(pragma, "PRAGMA max_page_count = 1")  # the size that it has
    with pytest.raises(TryLater, match="full"):
        await file_store.database.write(fill, 1_000_000)
    await file_store.database.write(pragma, "PRAGMA max_page_count = 1000000")
    await file_store.database.write(fill, 1_000_000)

    assert await file_store.database.read(lambda connection: len(names(connection))) == 1


async def test_a_file_that_another_program_holds_is_a_matter_of_time(
    file_store: Store, sqlite_url: str
):
    @each
    def hurry(connection: Any, _: None) -> None:
        connection.execute(text("PRAGMA busy_timeout = 50"))

    await file_store.database.write(hurry, None)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TryLater, match="locked"):
            await file_store.database.write(add, "too early")
        other.execute("ROLLBACK")
    await file_store.database.write(add, "kept")

    assert await file_store.database.read(names) == ["kept"]


async def test_a_connection_that_is_cut_is_a_matter_of_time(postgres_store: Store):
    @each
    def cut(connection: Any, name: str) -> None:
        add(connection, [name])
        connection.execute(select(func.pg_terminate_backend(func.pg_backend_pid())))

    with pytest.raises(TryLater):
        await postgres_store.database.write(cut, "lost")
    await postgres_store.database.write(add, "kept")

    assert await postgres_store.database.read(names) == ["kept"]


async def test_a_server_that_was_away_is_found_again(postgres_store: Store):
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await postgres_store.database.read(names)

    await postgres_store.database.write(
        each(lambda connection, _: connection.execute(others)), None
    )
    await postgres_store.database.write(add, "kept")

    assert await postgres_store.database.read(names) == ["kept"]


@pytest.fixture
async def postgres_store(postgres_without_rows: str, open_again):
    async with open_again(postgres_without_rows) as opened:
        yield opened
