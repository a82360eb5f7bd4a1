"""A database that others change too: a failover, another process, a newer version, other keys."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, Table, delete, insert, select, text

from bot.domain.deliveries import State
from bot.domain.events import Stream
from bot.errors import Misconfigured
from bot.services.feeds import FeedRhythm
from storage import Store
from storage.engine.database import each
from storage.schema.tables import audit, metadata
from storage.vault import Vault
from tests.contract.storage.given import tell_all
from tests.harness import databases
from tests.harness.databases import apart, empty, opened
from tests.harness.judge import assert_kept
from tests.harness.world import World, running

OpenAt = Callable[..., AbstractAsyncContextManager[Store]]

Rows = dict[Table, list[dict[str, Any]]]


@pytest.fixture
def open_at(secret_key: str, now: Callable[[], datetime]) -> OpenAt:
    """Opens the database at an address with some keys, as often as it is wanted."""
    ids = itertools.count()

    def open_at(place: str, *keys: str) -> AbstractAsyncContextManager[Store]:
        return opened(place, keys or [secret_key], now, lambda: f"row-{next(ids)}")

    return open_at


# --- a failover -------------------------------------------------------------------------------


def copied(connection: Connection) -> Rows:
    """All that is committed, but for the trail that nobody can change."""
    return {
        table: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in metadata.sorted_tables
        if table is not audit
    }


@each
def put_back(connection: Connection, rows: Rows) -> None:
    for table in reversed(rows):
        connection.execute(delete(table))
    for table, there in rows.items():
        if there:
            connection.execute(insert(table), there)


@pytest.mark.fault(58)
async def test_a_failover_that_loses_the_last_commits_loses_no_event(
    store: Store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        for number in range(1, 6):
            platform.store(Stream.TRADES, world.trade(number, alone=True))
            await world.quiet(1)
        older = await store.database.read(copied)
        shown_before = list(chat.shown)
        for number in range(6, 11):
            platform.store(Stream.TRADES, world.trade(number, alone=True))
            await world.quiet(1)
    shown_and_forgotten = len(chat.shown)
    await store.database.write(put_back, older)

    async with running(store, platform, chat, now) as world:
        await world.quiet(60)
        platform.store(Stream.TRADES, world.trade(11))
        await world.quiet(60)

    refetched = chat.shown[shown_and_forgotten:]
    assert [one.card.title for one in refetched] == [
        f"Bought {number} BTC/USDT" for number in range(6, 12)
    ]
    # Nobody remembers that they were sent; their references are the same all the same.
    forgotten = [one.card.reference for one in chat.shown[len(shown_before) : shown_and_forgotten]]
    assert forgotten == [one.card.reference for one in refetched[:5]]
    assert (await assert_kept(store, [*shown_before, *refetched]))[State.SENT] == 11


@pytest.mark.fault(58)
async def test_what_was_on_its_way_at_a_failover_is_repeated_and_says_so(
    store: Store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        chat.seconds = 2
        platform.store(Stream.TRADES, world.trade(1))
        await world.quiet(1)
        older = await store.database.read(copied)
        await world.quiet(4)
    await store.database.write(put_back, older)

    async with running(store, platform, chat, now) as world:
        await world.quiet(60)

    assert chat.titles() == ["Bought 1 BTC/USDT"] * 2
    assert (await assert_kept(store, chat.shown))[State.SENT] == 1


# --- another process --------------------------------------------------------------------------


@pytest.fixture
async def world(store, platform, chat, now) -> AsyncIterator[World]:
    """A process that looks for what others do as often as the product does."""
    async with running(store, platform, chat, now, FeedRhythm()) as started:
        yield started


@pytest.mark.fault(59)
async def test_what_another_process_owes_is_found_without_a_word_from_it(
    world: World, store: Store, chat
):
    account = await world.links()
    await world.quiet(60)
    at = world.now()

    await store.inbox.ingest(account.id, [world.trade(1)], tell_all(), at)
    await world.until(lambda: chat.shown, within=FeedRhythm().look_every.total_seconds() + 1)

    assert len(chat.shown) == 1
    assert (await assert_kept(store, chat.shown))[State.SENT] == 1


@pytest.mark.fault(59)
async def test_a_link_that_another_process_made_is_followed_without_a_word_from_it(
    world: World, store: Store, platform, chat, now
):
    async with running(store, platform, chat, now) as other:
        await other.links()
    await world.quiet(60)

    platform.store(Stream.TRADES, world.trade(1))
    await world.quiet(1)

    assert chat.titles() == ["Bought 1 BTC/USDT"]
    assert (await assert_kept(store, chat.shown))[State.SENT] == 1


# --- a newer version beside us -----------------------------------------------------------------

NEWER = (
    "ALTER TABLE delivery ADD COLUMN mood TEXT",
    "ALTER TABLE endpoint ADD COLUMN mood TEXT",
    "ALTER TABLE link ADD COLUMN mood TEXT",
    "CREATE INDEX ix_delivery_mood ON delivery (mood)",
    "UPDATE alembic_version SET version_num = 'of the future'",
)
"""What a newer version may do while an older one runs: only add, and only what may be empty."""


@each
def execute(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


@pytest.fixture
def changing_postgres(own_postgres: str) -> Iterator[str]:
    """A database whose tables may be changed: they are made anew afterwards."""
    apart(empty(own_postgres))
    yield own_postgres
    apart(databases.execute(own_postgres, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"))


@pytest.mark.fault(62)
async def test_no_lane_is_stuck_while_a_newer_version_changes_the_tables(
    changing_postgres: str, open_at: OpenAt, platform, chat, now
):
    async with (
        open_at(changing_postgres) as store,
        running(store, platform, chat, now) as world,
    ):
        await world.links()
        await world.quiet(60)
        platform.store(Stream.TRADES, world.trade(1))
        await world.quiet(5)
        for number, statement in enumerate(NEWER, start=2):
            apart(databases.execute(changing_postgres, statement))
            platform.store(Stream.TRADES, world.trade(number, alone=True))
            await world.quiet(5)
        counted = await assert_kept(store, chat.shown)

    assert chat.titles() == [f"Bought {number} BTC/USDT" for number in range(1, 2 + len(NEWER))]
    assert counted[State.SENT] == 1 + len(NEWER)


@pytest.mark.fault(62)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_an_older_version_does_not_start_on_newer_tables(
    request: pytest.FixtureRequest, open_at: OpenAt, tmp_path: Path, kind
):
    place = f"sqlite:///{tmp_path / 'tradebell.db'}"
    if kind == "postgresql":
        place = request.getfixturevalue("changing_postgres")
    async with open_at(place) as store:
        for statement in NEWER:
            await store.database.write(execute, statement)

    with pytest.raises(Misconfigured, match="newer version"):
        async with open_at(place):
            pass


# --- keys -------------------------------------------------------------------------------------

NEW, OLD, WRONG = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that no key has been used with."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tradebell.db'}"
    url: str = request.getfixturevalue("postgres_without_rows")
    return url


both_kinds = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)


@pytest.mark.fault(64)
@both_kinds
async def test_keys_that_are_changed_while_all_is_running_cost_no_login_and_no_event(
    place: str, open_at: OpenAt, platform, chat, now
):
    async with open_at(place, OLD) as store, running(store, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        platform.store(Stream.TRADES, world.trade(1))
        await world.quiet(5)
    async with open_at(place, NEW, OLD) as store, running(store, platform, chat, now) as world:
        platform.store(Stream.TRADES, world.trade(2))
        await world.quiet(5)
        rotated = await store.rotate()
        platform.store(Stream.TRADES, world.trade(3))
        platform.cut()  # to connect again it must read the login, now encrypted anew
        await world.quiet(60)
    async with open_at(place, NEW) as store, running(store, platform, chat, now) as world:
        await world.quiet(60)
        platform.store(Stream.TRADES, world.trade(4))
        await world.quiet(5)
        counted = await assert_kept(store, chat.shown)

    assert rotated == 2  # the login and the mark of the database itself
    assert chat.titles() == [f"Bought {number} BTC/USDT" for number in range(1, 5)]
    assert counted[State.SENT] == 4


@pytest.mark.fault(64)
@both_kinds
async def test_with_a_wrong_key_nothing_starts_and_with_the_right_one_all_goes_on(
    place: str, open_at: OpenAt, platform, chat, now
):
    async with open_at(place, OLD) as store, running(store, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
    platform.store(Stream.TRADES, world.trade(1))

    with pytest.raises(Misconfigured, match="TRADEBELL_SECRET_KEY does not open"):
        async with open_at(place, WRONG):
            pass

    async with open_at(place, OLD) as store, running(store, platform, chat, now) as world:
        await world.quiet(60)
        counted = await assert_kept(store, chat.shown)
    assert chat.titles() == ["Bought 1 BTC/USDT"]
    assert counted[State.SENT] == 1


@pytest.mark.fault(64)
@both_kinds
async def test_a_key_that_another_process_has_done_away_with_is_asked_for_and_no_event_is_lost(
    place: str, open_at: OpenAt, platform, chat, now
):
    """Somebody rotated without giving the running process the new key first."""
    async with open_at(place, OLD) as store, running(store, platform, chat, now) as world:
        await world.links()
        await world.quiet(60)
        await Vault([NEW, OLD]).rotate(store.database)
        platform.cut()
        platform.store(Stream.TRADES, world.trade(1))
        await world.quiet(60)
        told_meanwhile = chat.titles()
    async with open_at(place, NEW) as store, running(store, platform, chat, now) as world:
        await world.quiet(120)
        counted = await assert_kept(store, chat.shown)

    assert told_meanwhile == ["I need you to log in again"]
    assert chat.titles()[1:] == ["Bought 1 BTC/USDT"]
    assert counted[State.SENT] == 2
