"""The word that a drill is due: once a month, once whichever process, only where it is of use."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from bot.domain.chats import Channel, Link
from bot.domain.drills import REMIND_AFTER
from bot.domain.events import Event, Kind, Trader
from bot.domain.ids import TraderId
from bot.domain.ingesting import Known, NewsDecision
from bot.domain.sightings import Sighting
from storage import Store
from storage.schema.tables import delivery
from tests.contract.storage.given import MINUTE, NOW, claimed, fact, linked, tell_all

MONTH = NOW + REMIND_AFTER
DAY = timedelta(days=1)


async def runs(store: Store, chat: Link, running: bool = True) -> None:
    def remembering(event: Event, known: Known) -> NewsDecision:
        bot = Trader(id=TraderId("owl"), name="Owl", running=running)
        return NewsDecision(news=False, reason="first look", remember=bot)

    await store.inbox.ingest(chat.account, [fact()], remembering, NOW)


async def words(store: Store) -> list[tuple[str, bool]]:
    def read(connection):
        rows = connection.execute(select(delivery).where(delivery.c.kind == Kind.DRILL))
        return [(row.card["title"], row.card.get("sound")) for row in rows]

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
    assert [one for one, _ in await words(store)] == [title, title]


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
