"""Nights that are told each morning: each day's once for each link, by whichever process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import time, timedelta

from sqlalchemy import select

from bot.domain.chats import Link, Preferences
from bot.domain.events import Kind
from bot.domain.nights import Fate
from storage import Store
from storage.schema.tables import delivery
from tests.contract.storage.given import MINUTE, NOW, fact, linked, tell_all

DAY = timedelta(days=1)
MORNING = NOW.replace(hour=6, minute=30, second=0, microsecond=0) + DAY
"""Half past seven in Berlin, on the day after the link."""


async def wanted(store: Store, chat: Link, zone: str = "Europe/Berlin") -> None:
    def change(wants: Preferences) -> Preferences:
        return replace(wants, night_at=time(7, 30), zone=zone)

    await store.links.prefer(chat.id, change, NOW)


async def told(store: Store) -> list[tuple[str, str]]:
    def read(connection):
        rows = connection.execute(
            select(delivery).where(delivery.c.kind == Kind.NIGHT).order_by(delivery.c.id)
        )
        return sorted((row.link, row.revision) for row in rows)

    return await store.database.read(read)


async def test_several_who_look_at_once_owe_each_chat_its_night_once(store: Store):
    chats = [await linked(store, chat) for chat in ("100", "200")]
    for chat in chats:
        await wanted(store, chat)

    early = await store.nights.tell(MORNING - MINUTE)
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(store.nights.tell(MORNING))
    after = await store.nights.tell(MORNING + MINUTE)

    assert (early.owed, early.due) == ({}, MORNING)
    assert (after.owed, after.due) == ({}, MORNING + DAY)
    day = MORNING.date().isoformat()
    assert await told(store) == sorted((chat.id, day) for chat in chats)


async def test_who_travels_hears_of_no_day_twice(store: Store):
    chat = await linked(store)
    await wanted(store, chat)
    await store.nights.tell(MORNING)

    await wanted(store, chat, "America/New_York")
    same_day = await store.nights.tell(MORNING + timedelta(hours=6))

    assert same_day.owed == {}
    assert same_day.due == MORNING + DAY + timedelta(hours=6)
    assert len(await told(store)) == 1


async def test_after_four_hours_it_is_passed_over_and_the_next_one_comes(store: Store):
    chat = await linked(store)
    await wanted(store, chat)

    late = await store.nights.tell(MORNING + timedelta(hours=4, minutes=1))
    next_one = await store.nights.tell(MORNING + DAY)

    assert (late.owed, late.due) == ({}, MORNING + DAY)
    assert list(next_one.owed) == [chat.endpoint.id]


async def test_nothing_is_told_where_nobody_wants_it_or_is_linked_any_more(store: Store):
    chat, other = await linked(store), await linked(store, "200")
    await wanted(store, chat)
    await wanted(store, other)
    await store.links.prefer(chat.id, lambda wants: replace(wants, night_at=None), NOW)
    await store.links.end(other.id, NOW)

    due = await store.nights.tell(MORNING)

    assert (due.owed, due.due) == ({}, None)


async def test_only_what_was_heard_in_its_time_and_since_the_link_counts(store: Store):
    first = await linked(store)
    for number in range(3):
        at = NOW + number * MINUTE
        await store.inbox.ingest(first.account, [fact(f"r{number}")], tell_all(), at)
    second = await linked(store, "200")

    whole = await store.nights.of(first.id, NOW, NOW + 3 * MINUTE)
    part = await store.nights.of(first.id, NOW + MINUTE, NOW + 2 * MINUTE)
    late = await store.nights.of(second.id, NOW - DAY, NOW + 3 * MINUTE)
    await store.links.end(first.id, NOW + 3 * MINUTE)

    assert whole is not None
    assert (whole.events, whole.fates, whole.unaccounted) == (3, {Fate.OPEN: 3}, 0)
    assert part is not None
    assert (part.events, part.fates) == (1, {Fate.OPEN: 1})
    assert late is not None
    assert late.since == second.linked_at
    assert await store.nights.of(first.id, NOW, NOW + 3 * MINUTE) is None
