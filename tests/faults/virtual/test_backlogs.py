"""A backlog of any size: the work of a turn stays the same, and so does what it takes of memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text

from bot.domain.chats import Link
from bot.domain.deliveries import Priority
from bot.domain.ids import EndpointId
from bot.domain.lanes import LaneRequest, LaneResult
from storage import Store
from storage.engine.database import each, raw_of
from storage.outbox.claims import serve_lanes
from storage.schema.tables import delivery
from tests.contract.storage.given import NOW, SECOND, SENT, claimed, fact, linked, tell_all, told

FEW, MANY = 100, 10_000
"""Items owed in one chat. What grows no faster than a tree's depth does not double in between."""


@pytest.fixture
async def link(store: Store) -> Link:
    """A chat that is owed one item."""
    link = await linked(store)
    # What is urgent is told singly however much waits: each has to be gone through.
    await told(store, link.account, "record 1", priority=Priority.URGENT)
    return link


@each
def fill_up(connection: Connection, many: int) -> None:
    """Owe items like the one that there is, each a second later, until there are so many."""
    rows = connection.execute(select(delivery).order_by(delivery.c.occurred_at)).mappings().all()
    copies = [
        {
            **rows[-1],
            "record": f"record {number}",
            "reference": f"{number:06}",
            "occurred_at": rows[0]["occurred_at"] + number * SECOND,
        }
        for number in range(len(rows) + 1, many + 1)
    ]
    for copy in copies:
        del copy["id"]
    connection.execute(insert(delivery), copies)


@each
def look_at_statistics(connection: Connection, _: None) -> None:
    """As a server does by itself, later."""
    connection.execute(text("ANALYZE"))


# --- work -------------------------------------------------------------------------------------


@each
def rows_of_a_turn(connection: Connection, turn: LaneRequest) -> tuple[LaneResult, int]:
    """Take it, and give how many rows PostgreSQL went through for it."""
    before = _rows_touched(connection)
    [turned] = serve_lanes(connection, [(turn, NOW)])
    return turned, _rows_touched(connection) - before


def _rows_touched(connection: Connection) -> int:
    """By this transaction so far.

    Source: https://www.postgresql.org/docs/current/monitoring-stats.html
    """
    touched = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
    return int(connection.execute(text(touched)).scalar_one())


async def rows_of_turns(store: Store, endpoint: EndpointId) -> list[int]:
    """Of three outcomes, each with the next claim."""
    first = await claimed(store, endpoint)
    turned, works = LaneResult(delivery=first), []
    for _ in range(3):
        assert turned.delivery is not None
        turn = LaneRequest(endpoint=endpoint, settled=(turned.delivery, SENT), claim=True)
        turned, work = await store.database.write(rows_of_a_turn, turn)
        works.append(work)
    assert turned.delivery is not None
    await store.outbox.serve(LaneRequest(endpoint=endpoint, settled=(turned.delivery, SENT)), NOW)
    return works


@pytest.mark.fault(63)
@pytest.mark.parametrize("analyzed", [True, False])
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_turn_goes_through_no_more_rows_however_many_are_owed(
    store: Store, link: Link, analyzed: bool
):
    await store.database.write(fill_up, FEW)
    few = await rows_of_turns(store, link.endpoint.id)
    await store.database.write(fill_up, MANY)
    if analyzed:
        await store.database.write(look_at_statistics, None)

    many = await rows_of_turns(store, link.endpoint.id)

    # Not the same to a row: the server may look at its statistics by itself at any time, and then
    # choose another index.
    assert 0 < max(many) < 2 * max(few)


class Steps:
    """Counts the steps of SQLite's machine."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._taken = 0

    async def of(self, work: Awaitable[Any]) -> int:
        self._taken = 0
        await self._store.database.write(_counting, self._count)
        await work
        await self._store.database.write(_counting, None)
        return self._taken

    def _count(self) -> None:
        self._taken += 1


@each
def _counting(connection: Connection, count: Callable[[], None] | None) -> None:
    raw_of(connection).driver.set_progress_handler(count, 1)


def what_happens_often(store: Store, link: Link, number: int) -> dict[str, Awaitable[Any]]:
    """What is done for an event, an attempt, and every now and then, in this order."""
    endpoint = link.endpoint.id
    urgent = tell_all(Priority.URGENT)
    idle = frozenset({endpoint})
    news = [fact(f"news {number}")]

    async def send_two() -> None:
        first = await claimed(store, endpoint)
        turn = LaneRequest(endpoint=endpoint, settled=(first, SENT), claim=True)
        second = (await store.outbox.serve(turn, NOW)).delivery
        assert second is not None
        await store.outbox.serve(LaneRequest(endpoint=endpoint, settled=(second, SENT)), NOW)

    return {
        "an ingestion": store.inbox.ingest(link.account, news, urgent, NOW, None, idle),
        "two messages": send_two(),
        "a look at who is owed something": store.outbox.pending_endpoints(),
    }


@pytest.mark.fault(63)
@pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)
async def test_nothing_that_is_done_often_takes_more_work_however_much_is_owed(
    store: Store, link: Link
):
    steps = Steps(store)
    await store.database.write(fill_up, FEW)
    few = {what: await steps.of(work) for what, work in what_happens_often(store, link, 1).items()}
    await store.database.write(fill_up, MANY)

    many = {what: await steps.of(work) for what, work in what_happens_often(store, link, 2).items()}

    assert {what: more for what, more in many.items() if more > 1.5 * few[what]} == {}
    assert min(few.values()) > 10


# --- memory -----------------------------------------------------------------------------------


async def most_memory(work: Awaitable[Any]) -> int:
    """Bytes that were held at a time."""
    tracemalloc.start()
    try:
        await work
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.fault(63)
async def test_nothing_that_is_done_often_takes_more_memory_however_much_is_owed(
    store: Store, link: Link
):
    await store.database.write(fill_up, FEW)
    for work in what_happens_often(store, link, 0).values():
        await work  # what is made ready once
    few = {
        what: await most_memory(work) for what, work in what_happens_often(store, link, 1).items()
    }
    await store.database.write(fill_up, MANY)

    many = {
        what: await most_memory(work) for what, work in what_happens_often(store, link, 2).items()
    }

    assert {what: more for what, more in many.items() if more > 2 * few[what]} == {}
