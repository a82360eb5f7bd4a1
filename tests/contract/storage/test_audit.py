"""The audit trail: rows are added, never changed, and a change from outside shows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from bot.domain.ids import AccountId
from storage import Store
from storage.engine.database import each
from storage.schema.tables import audit
from tests.contract.storage.given import MINUTE, NOW

ALICE = AccountId("alice")


async def test_a_note_keeps_what_when_who_and_the_facts(store: Store):
    await store.audit.note("linked", NOW, ALICE, chat="100", role="owner")
    await store.audit.note("keys_rotated", NOW + MINUTE, count="3")

    assert await notes(store) == [
        ("linked", NOW, "alice", {"chat": "100", "role": "owner"}),
        ("keys_rotated", NOW + MINUTE, None, {"count": "3"}),
    ]


async def test_an_untouched_trail_is_whole(store: Store):
    assert await store.audit.broken() is None

    for number in range(5):
        await store.audit.note("linked", NOW, ALICE, chat=f"{number} \0 \ud800 🤖")

    assert await store.audit.broken() is None


async def test_notes_that_come_at_once_make_one_chain(store: Store):
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(store.audit.note("pressed", NOW, ALICE, number=str(number)))

    assert len(await notes(store)) == 20
    assert await store.audit.broken() is None


@pytest.mark.parametrize(
    "statement",
    [update(audit).values(what="nothing"), delete(audit)],
    ids=["update", "delete"],
)
async def test_the_database_refuses_to_change_a_row(store: Store, statement: Any):
    await store.audit.note("linked", NOW, ALICE)

    with pytest.raises(DBAPIError, match="append-only"):
        await change(store, statement)

    assert await store.audit.broken() is None


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        (update(audit).where(audit.c.what == "second").values(what="changed"), 1),
        (update(audit).where(audit.c.what == "second").values(account="bob"), 1),
        (update(audit).where(audit.c.what == "second").values(facts={"chat": "2"}), 1),
        (update(audit).where(audit.c.what == "second").values(at=NOW + MINUTE), 1),
        (delete(audit).where(audit.c.what == "second"), 2),
        (delete(audit).where(audit.c.what == "first"), 1),
    ],
    ids=["what", "who", "facts", "when", "taken out", "taken off the front"],
)
async def test_a_change_from_outside_shows(store: Store, statement: Any, row: int):
    for what in ("first", "second", "third"):
        await store.audit.note(what, NOW, ALICE, chat="1")
    ids = await store.database.read(
        lambda connection: list(
            connection.execute(select(audit.c.id).order_by(audit.c.id)).scalars()
        )
    )

    await without_protection(store)
    await change(store, statement)

    assert await store.audit.broken() == ids[row]


async def notes(store: Store) -> list[tuple[str, object, str | None, dict[str, str]]]:
    def read(connection: Any) -> list[Any]:
        rows = connection.execute(select(audit).order_by(audit.c.id))
        return [(row.what, row.at, row.account, row.facts) for row in rows]

    return await store.database.read(read)


async def change(store: Store, statement: Any) -> None:
    await store.database.write(each(lambda connection, _: connection.execute(statement)), None)


async def without_protection(store: Store) -> None:
    """Do what whoever owns the database can do."""
    if store.database.dialect == "sqlite":
        await change(store, text("DROP TRIGGER audit_no_update"))
        await change(store, text("DROP TRIGGER audit_no_delete"))
    else:
        # Back in force before the next test: the fixture that empties the tables sees to it.
        await change(store, text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
