"""What is put by for a digest or over quiet hours: told when it is due, never lost, never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.domain.chats import Link
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import State
from bot.domain.events import Event, Kind
from bot.domain.ingesting import Decide, Known, NewsDecision
from bot.domain.reasons import Reason
from bot.domain.rules import Hours, Quiet
from storage import Store
from storage.outbox.deliveries import HELD_LIFE
from storage.schema.tables import delivery
from tests.contract.storage.conftest import OpenStore
from tests.contract.storage.given import (
    GONE,
    MINUTE,
    NOW,
    SECOND,
    SENT,
    address,
    claim,
    claimed,
    drafts,
    fact,
    linked,
    settle,
    titles_sent,
)

MORNING = NOW + timedelta(hours=7)
QUIET = Decision(Course.HOLD, Why.QUIET_HOURS, MORNING)
HOURLY = Decision(Course.HOLD, Why.RULE, NOW + timedelta(hours=1))
OFF = Decision(Course.DROP, Why.RULE)


def told_as(decision: Decision) -> Decide:
    def decide(event: Event, known: Known) -> NewsDecision:
        owed = drafts(known.links, event.origin.record)
        return NewsDecision(
            news=True,
            reason="news",
            record=event.origin.record,
            drafts=tuple(replace(draft, decision=decision) for draft in owed),
        )

    return decide


async def put_by(store: Store, chat: Link, *records: str, decision: Decision = QUIET) -> None:
    facts = [fact(record, at=NOW + number * SECOND) for number, record in enumerate(records)]
    result = await store.inbox.ingest(chat.account, facts, told_as(decision), NOW)
    assert result.owed == {}


async def states(store: Store) -> dict[State, int]:
    return {state: count for state, count in (await store.outbox.counts()).items() if count}


async def test_it_is_not_sent_before_its_time(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1", "r2")

    early = await store.outbox.gather(MORNING - SECOND)

    assert (dict(early.owed), early.due) == ({}, MORNING)
    assert await claim(store, chat.endpoint.id, MORNING) is None
    assert await states(store) == {State.GATHERED: 2}


async def test_one_message_tells_of_all_that_is_due(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1", "r2", "r3")

    due = await store.outbox.gather(MORNING)
    one = await claimed(store, chat.endpoint.id, MORNING)

    assert list(due.owed) == [chat.endpoint.id]
    assert due.due is None
    assert one.kind is Kind.DIGEST
    assert [line.rpartition(" ")[2] for line in one.card.lines[1:]] == ["r3", "r2", "r1"]
    assert await states(store) == {State.SENDING: 1, State.COALESCED: 3}


async def test_what_is_alone_is_told_as_it_is(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1")

    await store.outbox.gather(MORNING)

    assert await titles_sent(store, chat.endpoint.id, MORNING) == ["r1"]


async def test_it_is_told_once_however_often_it_is_looked_for(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1", "r2")

    for _ in range(2):
        await store.outbox.gather(MORNING)

    assert len(await titles_sent(store, chat.endpoint.id, MORNING)) == 1


async def test_only_what_is_due_is_told(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1", "r2", decision=HOURLY)
    await put_by(store, chat, "r3", "r4")

    first = await store.outbox.gather(NOW + timedelta(hours=1))

    assert first.due == MORNING
    assert await states(store) == {State.READY: 1, State.COALESCED: 2, State.GATHERED: 2}


async def test_it_is_found_after_a_restart(lasting_url: str, open_again: OpenStore):
    async with open_again(lasting_url) as store:
        chat = await linked(store)
        await put_by(store, chat, "r1", "r2")

    async with open_again(lasting_url) as store:
        due = await store.outbox.gather(MORNING)

    assert list(due.owed) == [chat.endpoint.id]


async def test_a_chat_that_was_unlinked_is_told_nothing(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1", "r2")

    await store.links.end(chat.id, NOW)
    await linked(store, user="bob")
    due = await store.outbox.gather(MORNING)

    assert due.owed == {}
    assert await states(store) == {State.CANCELLED: 2}


async def test_a_closed_chat_is_told_once_it_is_open_again(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1", "r2")
    await store.links.disable(address(), GONE.reason, NOW)

    closed = await store.outbox.gather(MORNING)
    await store.links.enable(address(), MORNING)
    opened = await store.outbox.gather(MORNING + MINUTE)

    assert (dict(closed.owed), closed.due) == ({}, None)
    assert list(opened.owed) == [chat.endpoint.id]


async def test_of_a_chat_that_stays_closed_it_is_given_up_in_the_end(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1", "r2")
    await store.links.disable(address(), GONE.reason, NOW)

    await store.outbox.prune(MORNING + HELD_LIFE)
    before = await states(store)
    await store.outbox.prune(MORNING + HELD_LIFE + SECOND)

    assert (before, await states(store)) == ({State.GATHERED: 2}, {State.EXPIRED: 2})


async def test_it_is_missed_as_long_as_it_waits_and_is_not_lost(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1")

    [missed] = await store.outbox.missed(chat.endpoint.id, 10)

    assert (missed.state, missed.reason) == (State.GATHERED, Reason.QUIET_HOURS)


async def test_what_is_not_wanted_is_kept_and_neither_sent_nor_missed(store: Store):
    chat = await linked(store)

    result = await store.inbox.ingest(chat.account, [fact("r1")], told_as(OFF), NOW)

    assert (result.owed, result.gathered) == ({}, 0)
    assert await states(store) == {State.OFF: 1}
    assert await claim(store, chat.endpoint.id) is None
    assert await store.outbox.missed(chat.endpoint.id, 10) == []


@pytest.mark.parametrize(
    ("quiet", "hours"),
    [
        pytest.param(None, 0, id="no quiet hours any more"),
        pytest.param(Quiet(weekdays=Hours(time(11), time(15))), 3, id="others"),
    ],
)
async def test_what_waits_for_the_end_of_quiet_hours_waits_for_that_of_the_new_ones(
    store: Store, quiet: Quiet | None, hours: int
):
    chat = await linked(store)
    await store.links.prefer(chat.id, partial(replace, quiet=_nights()), NOW)
    await put_by(store, chat, "r1", "r2")
    await put_by(store, chat, "r3", decision=HOURLY)

    changed = await store.links.prefer(chat.id, partial(replace, quiet=quiet), NOW)
    due = await store.outbox.gather(NOW - SECOND)

    assert changed.quiet == quiet
    assert due.due == NOW + timedelta(hours=min(hours, 1))
    await store.outbox.gather(NOW + timedelta(hours=hours))
    assert (await states(store)).get(State.COALESCED, 0) >= 2


def _nights() -> Quiet:
    return Quiet(weekdays=Hours(time(22), time(7)))


async def test_what_comes_of_a_digest_comes_of_its_parts(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1", "r2")
    await store.outbox.gather(MORNING)

    one = await claimed(store, chat.endpoint.id, MORNING)
    await settle(store, one, replace(SENT, state=State.DEAD, reason="refused"), MORNING)

    assert await states(store) == {State.DEAD: 3}


async def test_a_decision_and_what_it_was_about_are_kept_with_it(store: Store):
    chat = await linked(store)
    await put_by(store, chat, "r1")

    [stored] = await store.database.read(_decisions)

    assert stored == {"course": "hold", "reason": "quiet_hours", "until": MORNING.isoformat()}


def _decisions(connection: Connection) -> list[Any]:
    return list(connection.execute(select(delivery.c.decision)).scalars())
