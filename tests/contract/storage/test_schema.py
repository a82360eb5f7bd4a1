"""The schema: migrations make the very tables the code is written for, and nothing scans them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, insert, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.domain.chats import Channel, EndpointState, Role
from bot.domain.deliveries import Priority
from bot.domain.events import Kind
from bot.domain.ids import AccountId, EndpointId, LinkId, NewId
from bot.domain.lanes import LaneRequest
from bot.domain.spoken_escalation import chain_written
from storage import migrate, open_memory
from storage.engine.database import each
from storage.inbox.same_fact import duplicates
from storage.outbox.told import called, lately, shown_by
from storage.schema.tables import account, endpoint, link, metadata, sighting
from storage.schema.versions import MIGRATIONS, newest, steps
from tests.contract.storage.given import (
    MINUTE,
    NOW,
    SENT,
    address,
    again,
    alarming,
    claim,
    claimed,
    fact,
    linked,
    settle,
    tell_all,
    told,
)
from tests.harness.databases import apart


@pytest.fixture(params=["sqlite file", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_without_tables"))
    return f"sqlite:///{tmp_path / 'tradebell.db'}"


async def test_migrations_make_the_tables_that_the_code_knows(lasting_url: str, open_again):
    async with open_again(lasting_url) as store:
        differences = await store.database.read(compared)

    assert differences == []


async def test_migrations_make_the_same_indexes_and_triggers_as_the_code(
    sqlite_url: str, open_again, new_id: NewId
):
    """Alembic does not compare the conditions of indexes, nor triggers."""
    async with open_again(sqlite_url) as migrated:
        made_by_migrations = await migrated.database.read(extras)
    with open_memory(lambda: NOW, new_id) as fresh:
        made_by_code = await fresh.database.read(extras)

    assert made_by_migrations == made_by_code
    assert "ix_delivery_lane" in made_by_code
    assert "audit_no_update" in made_by_code


def test_the_steps_are_those_that_alembic_makes():
    scripts = ScriptDirectory(str(MIGRATIONS))
    oldest_first = [script.revision for script in scripts.walk_revisions()][::-1]

    assert steps() == oldest_first
    assert newest() == scripts.get_current_head()


async def test_migrating_again_changes_nothing(lasting_url: str, open_again):
    async with open_again(lasting_url) as store:
        chat = await linked(store)

    found = await migrate(lasting_url)

    assert found.present == found.wanted
    async with open_again(lasting_url) as store:
        assert await store.links.of(chat.account) == [chat]


async def test_what_was_seen_before_drills_were_known_is_proof_of_its_chats(
    empty_url: str, open_again
):
    before(empty_url, "0022", seen_long_ago)
    await migrate(empty_url)

    async with open_again(empty_url) as store:
        found = await store.links.of(AccountId("a"))

    assert {one.id: one.proven_at for one in found} == {
        "ann": NOW + MINUTE,
        "ben": None,
        "desk": NOW + 2 * MINUTE,
        "unseen": None,
        "rung": NOW,
    }


async def test_who_has_said_how_it_goes_on_is_rung_at_once_as_before(empty_url: str, open_again):
    before(empty_url, "0033", said_long_ago)
    await migrate(empty_url)

    async with open_again(empty_url) as store:
        said, names = {}, ("phones", "chats", "off", "nothing")
        for name in names:
            said[name] = chain_written(await store.incidents.chain(AccountId(name)))

    assert said == {
        "phones": "phone at once, phone after 3 min loud, second after 9 min",
        "chats": "chats after 7 min",
        "off": "off",
        "nothing": "default",
    }


async def test_nothing_that_is_done_often_scans_a_table(sqlite_url: str, open_again):
    async with open_again(sqlite_url) as store:
        chat = await linked(store)
        await told(store, chat.account, "before")
        statements: list[str] = []
        await store.database.write(tracing, statements.append)

        idle = frozenset({chat.endpoint.id})
        decide = tell_all(Priority.NORMAL, NOW + MINUTE, "fingerprint")
        await store.inbox.ingest(chat.account, [fact("one")], decide, NOW, None, idle)
        one = await claimed(store, chat.endpoint.id)
        turn = LaneRequest(endpoint=chat.endpoint.id, settled=(one, SENT), claim=True)
        two = (await store.outbox.serve(turn, NOW)).delivery
        assert two is not None
        await settle(store, two, again(NOW))
        too_late = await claim(store, chat.endpoint.id, NOW + MINUTE)
        assert too_late is None
        await store.inbox.ingest(chat.account, [fact("alarm of owl")], alarming, NOW)
        await settle(store, await claimed(store, chat.endpoint.id), SENT)
        await store.inbox.ingest(chat.account, [fact("end of owl")], alarming, NOW)
        [amendment] = (await store.outbox.amendments(Channel.TELEGRAM, "1", NOW)).now
        await store.outbox.amended(amendment, None, NOW)
        assert await store.database.write(looked_back, chat.id) == 3
        await store.links.disable(address(), "blocked", NOW)
        await store.links.enable(address(), NOW)
        await store.links.end(chat.id, NOW)
        await store.outbox.prune(NOW)

        await store.database.write(tracing, None)
        plans = await store.database.write(explained, tuple(statements))

    # The values that a statement is given make up a table or a row of their own.
    given = ("VIRTUAL TABLE", "CONSTANT ROW")
    scans = [plan for plan in plans if "SCAN" in plan and not any(one in plan for one in given)]
    assert scans == []
    for index in (
        *("ix_delivery_lane", "ix_delivery_offer", "ix_delivery_amend", "ix_action_offer"),
        *("ix_delivery_told (link=? AND created_at>?)", "ix_delivery_told (link=?)"),
        *("ix_delivery_message (endpoint=? AND message=?)", "ix_inbox_account_at"),
    ):
        assert any(index in plan for plan in plans), index
    assert len(plans) > 10


@each
def looked_back(connection: Connection, link_id: LinkId) -> int:
    """Reads go through connections of their own, which say nothing of what they execute."""
    [latest] = lately(connection, link_id, NOW, 1)
    assert duplicates(connection, AccountId("alice"), EndpointId("here"), NOW, 9) == []
    found = (
        called(connection, link_id, latest.reference),
        shown_by(connection, link_id, "77"),
        latest,
    )
    return sum(one is not None for one in found)


def before(url: str, step: str, fill: Callable[[Connection], None]) -> None:
    """Make the tables as they were before a step, with rows in them."""
    earlier = steps()[steps().index(step) - 1]

    def make(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, earlier)
        fill(connection)

    async def on_a_server() -> None:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(make)
        await engine.dispose()

    if url.startswith("postgresql"):
        apart(on_a_server())
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        make(connection)
    engine.dispose()


def seen_long_ago(connection: Connection) -> None:
    """Two people on Telegram, of whom one has seen something in their chat and in a shared one."""
    row = {"id": "a", "platform_user": "u", "label": "", "state": "active", "created_at": NOW}
    connection.execute(insert(account).values(row))
    for name, channel, person, private in (
        ("ann", Channel.TELEGRAM, "100", True),
        ("ben", Channel.TELEGRAM, "200", True),
        ("desk", Channel.TELEGRAM, "200", False),
        ("unseen", Channel.DISCORD, "100", True),
        ("rung", Channel.PUSH, "100", True),
    ):
        place: dict[str, object]
        place = {"id": name, "channel": channel, "bot": "1", "chat": name, "thread": ""}
        place |= {"private": private, "state": EndpointState.ACTIVE, "reason": "", "doubtful": 0}
        connection.execute(insert(endpoint).values(place))
        row = {"id": name, "account": "a", "endpoint": name, "person": person, "role": Role.OWNER}
        row |= {"epoch": 1, "state": "active", "preferences": {}, "linked_at": NOW}
        connection.execute(insert(link).values(row))
    for record, channel, person, at in (
        ("1", Channel.TELEGRAM, "100", NOW),
        ("2", Channel.TELEGRAM, "100", NOW + MINUTE),
        ("3", Channel.TELEGRAM, "300", NOW + 2 * MINUTE),
        ("4", Channel.DISCORD, "100", NOW - MINUTE),
    ):
        row = {"account": "a", "kind": Kind.TRADE, "record": record, "revision": ""}
        row |= {"channel": channel, "person": person, "at": at}
        connection.execute(insert(sighting).values(row))


def said_long_ago(connection: Connection) -> None:
    """Accounts by what is done of what nobody has seen."""
    phone = {"after": 180, "to": "phone", "loud": True, "link": None}
    second = {"after": 540, "to": "second", "loud": False, "link": None}
    chats = {"after": 420, "to": "chats", "loud": False, "link": None}
    for name, chain in (
        ("phones", {"on": True, "steps": [phone, second]}),
        ("chats", {"on": True, "steps": [chats]}),
        ("off", {"on": False, "steps": [phone, second]}),
        ("nothing", None),
    ):
        row = {"id": name, "platform_user": name, "label": "", "state": "active", "chain": chain}
        connection.execute(insert(account).values({**row, "created_at": NOW}))


def compared(connection: Connection) -> list[Any]:
    found: list[Any] = compare_metadata(MigrationContext.configure(connection), metadata)
    return found


def extras(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL")
    )
    return {row.name: " ".join(row.sql.split()) for row in rows}


def tracing(connection: Connection, callbacks: Sequence[Any]) -> Sequence[None]:
    """From here on the driver says what it executes, with all values in place."""
    for callback in callbacks:
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(callback)
    return [None] * len(callbacks)


@each
def explained(connection: Connection, statements: Sequence[str]) -> list[str]:
    driver: Any = connection.connection.driver_connection
    return [
        step[3]
        for statement in statements
        if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))
        for step in driver.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]
