"""Reports that come by themselves: each day's once for each link, by whichever process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from bot.domain.cards import Card
from bot.domain.chats import Link, Preferences
from bot.domain.events import Kind
from bot.domain.ids import TraderId
from bot.domain.report_plans import ReportPlan, Rhythm
from bot.domain.uptimes import Doing, Turn
from storage import Store
from storage.engine.database import each
from storage.schema.tables import delivery, link
from tests.contract.storage.given import MINUTE, NOW, fact, linked, tell_all

DAY = timedelta(days=1)
DAILY = ReportPlan(rhythm=Rhythm.DAILY, at=time(8))
TUESDAYS = ReportPlan(rhythm=Rhythm.WEEKLY, at=time(9), weekday=1)
MORNING = NOW.replace(hour=7, minute=0, second=0, microsecond=0) + DAY
"""Eight in Berlin, on the Tuesday after the link, which is on a Monday."""

CARD = Card(title="Your day")


async def wanted(
    store: Store,
    chat: Link,
    *plans: ReportPlan,
    zone: str = "Europe/Berlin",
    at: datetime = NOW,
) -> None:
    def change(wants: Preferences) -> Preferences:
        return replace(wants, reports=plans, zone=zone)

    await store.links.prefer(chat.id, change, at)


async def told(store: Store) -> list[tuple[str, str]]:
    def read(connection):
        rows = connection.execute(
            select(delivery).where(delivery.c.kind == Kind.SUMMARY).order_by(delivery.c.id)
        )
        return sorted((row.link, row.revision) for row in rows)

    return await store.database.read(read)


async def test_several_who_look_at_once_owe_each_chat_its_report_once(store: Store):
    chat = await linked(store)
    await wanted(store, chat, DAILY, TUESDAYS)

    early, then = await store.reports.due(MORNING - MINUTE)
    due, _ = await store.reports.due(MORNING)
    # Whoever dies between the two leaves it due.
    again, _ = await store.reports.due(MORNING + MINUTE)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(store.reports.owe(report, CARD, MORNING))
            for report in [*due, *again] * 2
        ]
    after, next_one = await store.reports.due(MORNING + MINUTE)

    assert (early, then) == ([], MORNING)
    assert [(one.plan, one.since, one.until) for one in due] == [(DAILY, MORNING - DAY, MORNING)]
    assert sum(bool(task.result()) for task in tasks) == 1
    assert (after, next_one) == ([], MORNING + timedelta(hours=1))
    assert await told(store) == [(chat.id, f"daily {MORNING.isoformat()}")]


async def test_what_was_missed_is_one_report_about_all_of_it(store: Store):
    chat = await linked(store)
    await wanted(store, chat, DAILY)

    [late], _ = await store.reports.due(MORNING + 3 * DAY + timedelta(hours=5))
    await store.reports.owe(late, CARD, MORNING + 3 * DAY + timedelta(hours=5))
    after, then = await store.reports.due(MORNING + 3 * DAY + timedelta(hours=6))

    assert (late.since, late.until) == (MORNING - DAY, MORNING + 3 * DAY)
    assert (after, then) == ([], MORNING + 4 * DAY)


async def test_who_travels_or_chooses_anew_hears_of_all_hours_once(store: Store):
    chat = await linked(store)
    evenings, new_york = replace(DAILY, at=time(20)), "America/New_York"
    await wanted(store, chat, DAILY)
    [report], _ = await store.reports.due(MORNING)
    await store.reports.owe(report, CARD, MORNING)
    noon = MORNING + timedelta(hours=5)

    await wanted(store, chat, DAILY, zone=new_york, at=noon)
    travelled = await store.reports.due(noon)
    await wanted(store, chat, evenings, zone=new_york, at=noon)
    [same_day], _ = await store.reports.due(MORNING + timedelta(hours=18))
    await store.reports.owe(same_day, CARD, MORNING + timedelta(hours=18))
    await wanted(store, chat, zone=new_york, at=MORNING + DAY)
    off = await store.reports.due(MORNING + 2 * DAY)

    assert travelled == ([], MORNING.replace(hour=13) + DAY)
    assert (same_day.since, same_day.until) == (MORNING, MORNING + timedelta(hours=18))
    assert len(await told(store)) == 2
    assert off == ([], None)


async def test_where_only_the_day_was_kept_it_was_told_up_to_the_time_of_its_plan(store: Store):
    chat = await linked(store)
    await wanted(store, chat, DAILY)
    day = MORNING.date().isoformat()

    @each
    def keep(connection, _):
        connection.execute(update(link).values(reports_told={"daily": day, "weekly": day}))

    await store.database.write(keep, None)
    await wanted(store, chat, replace(DAILY, at=time(20)), at=MORNING + MINUTE)
    [evening], _ = await store.reports.due(MORNING + timedelta(hours=12))

    assert (evening.since, evening.until) == (MORNING, MORNING + timedelta(hours=12))


async def test_what_looks_due_and_is_not_stands_in_no_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("storage.reports.AT_ONCE", 1)
    early, planless, due = [await linked(store, chat) for chat in ("100", "200", "300")]
    for chat in (early, planless, due):
        await wanted(store, chat, DAILY)
    tomorrow = {"daily": {"day": f"{MORNING:%F}", "until": MORNING.isoformat()}}

    @each
    def disturb(connection, _):
        before = update(link).values(report_due_at=MORNING - MINUTE)
        connection.execute(before.where(link.c.id == early.id).values(reports_told=tomorrow))
        connection.execute(before.where(link.c.id == planless.id).values(preferences={}))

    await store.database.write(disturb, None)
    found, then = await store.reports.due(MORNING)
    left = await store.database.read(
        lambda connection: dict(connection.execute(select(link.c.id, link.c.report_due_at)).all())
    )

    assert [one.link.id for one in found] == [due.id]
    assert then == MORNING + DAY
    assert left == {early.id: MORNING + DAY, planless.id: None, due.id: MORNING}


async def test_nothing_is_owed_for_silence_or_where_nobody_wants_it_or_is_linked_any_more(
    store: Store,
):
    chats = [await linked(store, chat) for chat in ("100", "200", "300")]
    for chat in chats:
        await wanted(store, chat, DAILY)
    due = {report.link.id: report for report in (await store.reports.due(MORNING))[0]}
    quiet, changed, gone = (due[chat.id] for chat in chats)
    await wanted(store, chats[1])
    await store.links.end(chats[2].id, NOW)

    owed = [
        await store.reports.owe(report, card, MORNING)
        for report, card in ((quiet, None), (changed, CARD), (gone, CARD))
    ]
    left, then = await store.reports.due(MORNING + MINUTE)

    assert owed == [{}, {}, {}]
    assert await told(store) == []
    assert (left, then) == ([], MORNING + DAY)


async def test_how_bots_changed_is_read_back(store: Store):
    chat = await linked(store)
    decide = tell_all()

    def turns(event, known):
        return replace(decide(event, known), reason="running > not running")

    await store.inbox.ingest(chat.account, [fact("owl", Kind.TRADER)], turns, NOW)
    await store.inbox.ingest(chat.account, [fact("r1")], tell_all(), NOW)

    turn = Turn(at=NOW, was=Doing.RUNNING, is_now=Doing.RESTING)
    assert await store.reports.turns(chat.account, NOW) == {TraderId("owl"): [turn]}
    assert await store.reports.turns(chat.account, NOW + MINUTE) == {}
