"""Drills: one at a time, with one result; the word that one is due, only where it is of use."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain.cards import Button, Card
from bot.domain.chats import Channel, Link
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Priority
from bot.domain.drills import REMIND_AFTER, Drill
from bot.domain.events import Event, Kind, Trader
from bot.domain.ids import ActionId, TraderId
from bot.domain.incidents import Cause, Opening
from bot.domain.ingesting import Decide, Known, NewsDecision
from bot.domain.sightings import Noted, Sighting
from storage import Store
from storage.schema.tables import delivery, drill, drill_seen
from tests.contract.storage.given import MINUTE, NOW, claimed, drafts, fact, linked, tell_all

MONTH = NOW + REMIND_AFTER
DAY = timedelta(days=1)
SEEN = (Button(label="Seen", action=ActionId("seen"), until_seen=True),)
RINGS = Decision(Course.RING, Why.CRITICAL)


async def runs(store: Store, chat: Link, running: bool = True) -> None:
    def remembering(event: Event, known: Known) -> NewsDecision:
        bot = Trader(id=TraderId("owl"), name="Owl", running=running)
        return NewsDecision(news=False, reason="first look", remember=bot)

    await store.inbox.ingest(chat.account, [fact()], remembering, NOW)


async def words(store: Store) -> list[tuple[str, str]]:
    """Titles and first lines."""

    def read(connection):
        rows = connection.execute(
            select(delivery).where(delivery.c.kind == Kind.DRILL).order_by(delivery.c.id)
        )
        return [(row.card["title"], "".join(row.card.get("lines", ())[:1])) for row in rows]

    return await store.database.read(read)


async def test_after_a_month_one_word_is_owed_and_the_next_a_month_later(store: Store):
    chat = await linked(store)
    await runs(store, chat)

    first = await store.drills.tell(NOW)
    early = await store.drills.tell(MONTH - MINUTE)
    due = await store.drills.tell(MONTH)
    again = await store.drills.tell(MONTH + MINUTE)
    next_one = await store.drills.tell(MONTH + REMIND_AFTER)

    assert (first.owed, first.due) == ({}, MONTH)
    assert (early.owed, again.owed) == ({}, {})
    assert list(due.owed) == list(next_one.owed) == [chat.endpoint.id]
    assert again.due == MONTH + REMIND_AFTER
    title = "Would a critical alert reach you? No drill so far"
    found = await words(store)
    assert [one for one, _ in found] == [title, title]
    assert found[0][1].startswith("For 30 days nobody has shown that alerts are seen. ")


async def test_two_who_look_at_once_owe_it_once(store: Store):
    chat = await linked(store)
    await runs(store, chat)
    await store.drills.tell(NOW)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(store.drills.tell(MONTH))

    assert len(await words(store)) == 1


async def test_an_alert_that_was_seen_meanwhile_puts_it_off_by_a_month(store: Store):
    chat = await linked(store)
    await runs(store, chat)
    await store.drills.tell(NOW)
    await store.inbox.ingest(chat.account, [fact("r1")], tell_all(), NOW)
    alert = await claimed(store, chat.endpoint.id)
    seen = Sighting(channel=Channel.TELEGRAM, person="ann", at=NOW + 9 * DAY)
    await store.sightings.note(chat.id, alert.reference, seen)

    [link] = await store.links.of(chat.account)
    put_off = await store.drills.tell(MONTH)
    due = await store.drills.tell(MONTH + 9 * DAY)

    assert link.proven_at == seen.at
    assert (put_off.owed, put_off.due) == ({}, MONTH + 9 * DAY)
    assert list(due.owed) == [chat.endpoint.id]


async def test_nobody_hears_it_whose_bots_all_rest_or_who_wants_none(store: Store):
    chat = await linked(store)
    await runs(store, chat, running=False)
    await store.drills.tell(NOW)
    rests = await store.drills.tell(MONTH)
    await runs(store, chat)
    await store.drills.remind(chat.account, False)
    unwanted = await store.drills.tell(MONTH + DAY)
    await store.drills.remind(chat.account, True)
    wanted = await store.drills.tell(MONTH + DAY)

    assert (rests.owed, rests.due) == ({}, MONTH + DAY)
    assert (unwanted.owed, unwanted.due) == ({}, None)
    assert list(wanted.owed) == [chat.endpoint.id]


def drilling(at: datetime, until: datetime, link: Link) -> Decide:
    """'drill 1' begins a drill, in every chat."""

    def decide(event: Event, known: Known) -> NewsDecision:
        card = Card(title="Drill", buttons=(SEEN,))
        owed = drafts(known.links, event.origin.record, Priority.URGENT)
        held = Drill(asked_in=link.id, at_once=False, until=until)
        return NewsDecision(
            news=True,
            reason="news",
            record=event.origin.record,
            drafts=tuple(replace(one, card=card, decision=RINGS) for one in owed),
            opens=Opening(cause=Cause.DRILL, drill=held),
        )

    return decide


async def begins(store: Store, link: Link, record: str = "drill 1", at: datetime = NOW) -> int:
    """Gives how many were opened."""
    decide = drilling(at, at + 15 * MINUTE, link)
    done = await store.inbox.ingest(link.account, [fact(record, Kind.DRILL)], decide, at)
    return done.opened


async def test_of_two_that_begin_at_once_one_is_told(store: Store):
    chat = await linked(store)

    async with asyncio.TaskGroup() as group:
        both = [group.create_task(begins(store, chat, f"drill {number}")) for number in (1, 2)]

    assert sorted(one.result() for one in both) == [0, 1]
    assert len(await words(store)) == 1


async def test_its_result_is_owed_once_by_whoever_sees_first_that_it_is_over(store: Store):
    chat, other = await linked(store), await linked(store, "200")
    await begins(store, chat)
    alert = await claimed(store, chat.endpoint.id)
    seen = Sighting(channel=Channel.TELEGRAM, person="ann", at=NOW + MINUTE)
    noted = await store.sightings.note(chat.id, alert.reference, seen)
    again = await store.sightings.note(chat.id, alert.reference, seen)
    before = await store.drills.of(chat.account)
    early = await store.drills.tell(NOW + 14 * MINUTE)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(store.drills.tell(NOW + 15 * MINUTE))

    after = await store.drills.of(chat.account)
    assert (noted, again) == (Noted.IN_A_DRILL, Noted.BEFORE)
    assert before.now is not None
    assert [one.after for one in before.now.places] == [MINUTE, None]
    assert early.owed == {}
    assert [title for title, _ in await words(store)] == [
        *["Drill"] * 2,
        "Drill: seen in 1 of 2 places",
    ]
    assert (after.now, after.last_at) == (None, NOW)
    assert other.id != chat.id


async def test_a_clock_that_is_set_back_ends_it(store: Store):
    chat = await linked(store)
    await begins(store, chat)

    told = await store.drills.tell(NOW - 60 * MINUTE)

    assert list(told.owed) == [chat.endpoint.id]


@pytest.mark.parametrize("goes", ["unlinked", "erased", "old"])
async def test_nothing_of_it_stays_once_it_is_old_or_its_account_goes(store: Store, goes: str):
    chat = await linked(store)
    await begins(store, chat)
    alert = await claimed(store, chat.endpoint.id)
    seen = Sighting(channel=Channel.TELEGRAM, person="ann", at=NOW + MINUTE)
    await store.sightings.note(chat.id, alert.reference, seen)
    await store.drills.tell(NOW + 15 * MINUTE)
    match goes:
        case "unlinked":
            await store.links.end(chat.id, NOW + 16 * MINUTE)
        case "erased":
            await store.erase("alice")
        case _:
            await store.incidents.prune(NOW + 31 * DAY)

    def left(connection):
        return [connection.execute(select(table)).first() for table in (drill, drill_seen)]

    assert await store.database.read(left) == [None, None]


async def test_nobody_looks_at_an_account_again_and_again_that_is_not_linked_any_more(
    store: Store,
):
    chat = await linked(store)
    await store.drills.tell(NOW)  # then it is known when it is to be looked at
    await store.links.end(chat.id, NOW)

    told = await store.drills.tell(NOW + 60 * DAY)

    assert (told.owed, told.due) == ({}, None)
