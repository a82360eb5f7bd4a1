"""Incidents: opened with their alert, escalated once for each step, seen and solved everywhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import select

from bot.domain.cards import Button, Card
from bot.domain.chats import Channel, Link, Watch
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Priority, State
from bot.domain.escalation import DEFAULT_CHAIN, Chain, Step, Surface
from bot.domain.events import Event, Kind
from bot.domain.ids import ActionId
from bot.domain.incidents import Cause, IncidentState, Opening, Solving
from bot.domain.ingesting import Known, NewsDecision
from bot.domain.rules import Hours, Quiet
from bot.domain.sightings import Sighting
from storage import Store
from storage.schema.tables import delivery
from tests.contract.storage.given import MINUTE, NOW, SECOND, drafts, fact, linked

SEEN = (Button(label="Seen", action=ActionId("seen"), until_seen=True),)
RINGS = Decision(Course.RING, Why.CRITICAL)
ANN = Sighting(channel=Channel.TELEGRAM, person="ann", at=NOW + MINUTE)


def failing(event: Event, known: Known) -> NewsDecision:
    """'fail owl 1' opens an incident of the owl, 'end owl' solves it."""
    what, bot, *_ = event.origin.record.split()
    found = NewsDecision(news=True, reason="news", record=event.origin.record)
    if what == "end":
        return replace(found, solves=Solving(causes=frozenset({Cause.FAILED}), of=bot))
    owed = drafts(known.links, event.origin.record, Priority.URGENT)
    card = Card(title="alarm", buttons=(SEEN,))
    return replace(
        found,
        drafts=tuple(replace(one, card=card, decision=RINGS) for one in owed),
        opens=Opening(cause=Cause.FAILED, of=bot, called=bot),
    )


async def fails(store: Store, chat: Link, *records: str, at: datetime = NOW) -> None:
    await store.inbox.ingest(chat.account, [fact(one) for one in records], failing, at)


async def reminders(store: Store) -> list[tuple[str, State, str]]:
    def read(connection):
        rows = connection.execute(
            select(delivery).where(delivery.c.kind == Kind.ESCALATION).order_by(delivery.c.id)
        )
        return [(row.card["title"], row.state, row.reference) for row in rows]

    return await store.database.read(read)


async def test_each_step_is_owed_once_and_the_next_is_known(store: Store):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1")

    before = await store.incidents.escalate(NOW + 59 * SECOND)
    over = await store.incidents.escalate(NOW + 61 * SECOND)
    due = await store.incidents.escalate(NOW + 5 * MINUTE)
    again = await store.incidents.escalate(NOW + 5 * MINUTE + SECOND)

    assert (before.owed, before.due) == ({}, NOW + MINUTE)
    assert (over.owed, over.due) == ({}, NOW + 5 * MINUTE), "there is nowhere else to tell it"
    assert list(due.owed) == [chat.endpoint.id]
    assert (again.owed, again.due) == ({}, None)
    [(title, state, _)] = await reminders(store)
    assert (title, state) == ("Still unseen: owl stopped with an error (5 min ago)", State.READY)


async def test_two_who_escalate_at_once_owe_it_once(store: Store):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1")
    await store.incidents.escalate(NOW + MINUTE)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(store.incidents.escalate(NOW + 5 * MINUTE))

    assert len(await reminders(store)) == 1


async def test_the_same_of_the_same_bot_is_one_and_of_others_others(store: Store):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1", "fail owl 2", "fail heron 1")
    await fails(store, chat, "fail owl 2", "fail owl 3")

    unseen = await store.incidents.unseen(chat.account)

    assert sorted((one.called, one.count) for one in unseen) == [("heron", 1), ("owl", 3)]


async def test_what_is_due_soon_is_told_with_what_is_due(store: Store):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1")
    await fails(store, chat, "fail heron 1", at=NOW + 20 * SECOND)
    await fails(store, chat, "fail finch 1", at=NOW + 2 * MINUTE)
    for at in (MINUTE, 2 * MINUTE, 3 * MINUTE):
        await store.incidents.escalate(NOW + at)

    await store.incidents.escalate(NOW + 5 * MINUTE)

    [(title, _, reference)] = await reminders(store)
    assert title == "Still unseen: 2 things"
    seen = replace(ANN, at=NOW + 6 * MINUTE)
    assert await store.sightings.note(chat.id, reference, seen)
    assert [one.called for one in await store.incidents.unseen(chat.account)] == ["finch"]


async def test_what_was_seen_or_is_solved_is_not_escalated_and_what_waited_is_called_off(
    store: Store,
):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1", "fail heron 1")
    await store.incidents.escalate(NOW + MINUTE)
    await store.incidents.escalate(NOW + 5 * MINUTE)
    await fails(store, chat, "end owl", at=NOW + 6 * MINUTE)
    [(_, still, reference)] = await reminders(store)
    await store.sightings.note(chat.id, reference, replace(ANN, at=NOW + 7 * MINUTE))
    [(_, called_off, _)] = await reminders(store)

    assert (still, called_off) == (State.READY, State.CANCELLED)
    assert await store.incidents.unseen(chat.account) == []
    later = await store.incidents.escalate(NOW + timedelta(days=1))
    assert (later.owed, later.due) == ({}, None)


async def test_who_has_it_has_it_until_then(store: Store):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1")
    await store.incidents.escalate(NOW + 5 * MINUTE)
    [(_, _, reference)] = await reminders(store)
    until = NOW + timedelta(hours=2)

    await store.sightings.note(chat.id, reference, replace(ANN, at=NOW + 6 * MINUTE, until=until))
    [held] = await store.incidents.unseen(chat.account)
    await store.incidents.escalate(until - SECOND)
    before = len(await reminders(store))
    then = await store.incidents.escalate(until)

    assert (held.state, held.held_until) == (IncidentState.HELD, until)
    assert (before, len(await reminders(store))) == (1, 2)
    assert then.due == until + MINUTE


async def test_a_clock_that_is_set_back_puts_nothing_off(store: Store):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1")
    back = NOW - timedelta(hours=3)

    first = await store.incidents.escalate(back)
    second = await store.incidents.escalate(back + 5 * MINUTE)

    assert first.due == back + MINUTE
    assert list(second.owed) == [chat.endpoint.id]


async def test_after_an_outage_of_ours_the_steps_it_slept_through_are_one_message(store: Store):
    chat, other = await linked(store), await linked(store, "200")
    named = Step(after=10 * MINUTE, to=Surface.CHAT, link=other.id)
    bell = Step(after=3 * MINUTE, to=Surface.CHATS)
    await store.incidents.choose(chat.account, Chain(steps=(bell, named)), NOW)
    await fails(store, chat, "fail owl 1")

    await store.incidents.escalate(NOW + timedelta(hours=1))

    assert len(await reminders(store)) == 2, "one in each chat"


async def test_a_chain_is_kept_and_what_is_under_way_goes_on_by_it(store: Store):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1")
    soon = Chain(steps=(Step(after=2 * MINUTE, to=Surface.CHATS, loud=True),))

    before = await store.incidents.chain(chat.account)
    await store.incidents.choose(chat.account, soon, NOW)
    await store.incidents.escalate(NOW)
    due = await store.incidents.escalate(NOW + 2 * MINUTE)
    await store.incidents.choose(chat.account, replace(soon, on=False), NOW)

    assert before == DEFAULT_CHAIN
    assert list(due.owed) == [chat.endpoint.id]
    assert await store.incidents.chain(chat.account) == replace(soon, on=False)


async def test_a_link_that_ends_takes_its_incidents_along(store: Store):
    chat = await linked(store)
    await fails(store, chat, "fail owl 1")

    await store.links.end(chat.id, NOW + SECOND)
    escalated = await store.incidents.escalate(NOW + 5 * MINUTE)

    assert (escalated.owed, escalated.due) == ({}, None)


async def test_a_watch_is_of_a_person_in_all_their_chats_and_what_is_under_way_goes_on_by_it(
    store: Store,
):
    chat, ben = await linked(store), await linked(store, "200")
    await fails(store, chat, "fail owl 1")
    await store.incidents.escalate(NOW + 5 * MINUTE)
    nights = Quiet(weekdays=Hours(time(22), time(6)))
    watch = Watch(hours=nights, second=ben.id)

    await store.incidents.watch(chat.account, chat.person, watch, NOW + 6 * MINUTE)
    [here, there] = await store.links.of(chat.account)
    soon = await store.incidents.escalate(NOW + 6 * MINUTE)
    due = await store.incidents.escalate(NOW + 10 * MINUTE)

    assert (here.watch, there.watch) == (watch, Watch())
    assert soon.due == NOW + 10 * MINUTE, "the second person has a step now"
    assert list(due.owed) == [ben.endpoint.id]


async def test_off_watch_is_decided_when_a_step_is_due(store: Store):
    chat, ben = await linked(store), await linked(store, "200")
    from_noon = Quiet(weekdays=Hours((NOW + 2 * MINUTE).time(), time(23)))
    steps = tuple(Step(after=each * MINUTE, to=Surface.CHATS) for each in (1, 3))
    await store.incidents.choose(chat.account, Chain(steps=steps), NOW)
    watch = Watch(hours=from_noon, second=ben.id)
    await store.incidents.watch(chat.account, chat.person, watch, NOW)
    await fails(store, chat, "fail owl 1")

    before = await store.incidents.escalate(NOW + MINUTE)
    after = await store.incidents.escalate(NOW + 3 * MINUTE)

    assert list(before.owed) == [ben.endpoint.id]
    assert set(after.owed) == {chat.endpoint.id, ben.endpoint.id}


async def test_a_watch_goes_with_the_last_link_of_its_person(store: Store):
    chat, ben = await linked(store), await linked(store, "200")
    for one in (chat, ben):
        await store.incidents.watch(chat.account, one.person, Watch(second=ben.id), NOW)

    await store.links.end(chat.id, NOW)
    again = await linked(store)

    assert [one.watch for one in await store.links.of(chat.account)] == [
        Watch(second=ben.id),
        Watch(),
    ]
    assert again.watch == Watch()
