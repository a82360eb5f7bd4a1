"""Who has seen which fact: kept once for each person, shown wherever it was told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from sqlalchemy import update

from bot.domain.amendments import LESS
from bot.domain.cards import Button, Card
from bot.domain.chats import Channel, Link
from bot.domain.deliveries import Delivery, Priority
from bot.domain.events import Event, Kind
from bot.domain.ids import ActionId
from bot.domain.ingesting import Known, NewsDecision
from bot.domain.lifetimes import AMEND_LIFE, OFFER_LIFE
from bot.domain.sightings import AlertShown, Noted, Sighting
from storage import Store
from storage.outbox.sightings import LIFE
from storage.schema.tables import endpoint
from tests.contract.storage.given import (
    GONE,
    MINUTE,
    NOW,
    SECOND,
    SENT,
    address,
    claimed,
    drafts,
    fact,
    linked,
    settle,
    told,
    unclear,
)

ANN = Sighting(channel=Channel.TELEGRAM, person="ann", at=NOW + MINUTE)
BOB = Sighting(channel=Channel.DISCORD, person="bob", at=NOW + 2 * MINUTE)

SEEN = (Button(label="Seen", action=ActionId("seen"), until_seen=True),)
CRITICAL = Card(title="alarm", buttons=(SEEN,))


def alarming(event: Event, known: Known) -> NewsDecision:
    """Everything is to be seen, in every chat."""
    owed = drafts(known.links, event.origin.record, Priority.URGENT)
    return NewsDecision(
        news=True,
        reason="news",
        record=event.origin.record,
        drafts=tuple(replace(draft, card=CRITICAL, about=LESS) for draft in owed),
    )


async def alarmed(store: Store, link: Link, record: str = "r1") -> None:
    await store.inbox.ingest(link.account, [fact(record)], alarming, NOW)


async def shown(store: Store, link: Link, message: str = "77") -> Delivery:
    delivery = await claimed(store, link.endpoint.id)
    await settle(store, delivery, replace(SENT, message=message))
    return delivery


async def seen(store: Store, link: Link, record: str = "r1") -> list[Sighting]:
    return list(await store.sightings.of(link.account, Kind.TRADE, record, ""))


async def to_change(store: Store, now: datetime) -> list[tuple[str, str | None]]:
    owed = (await store.outbox.amendments(Channel.TELEGRAM, "1", now)).now
    return sorted((one.message, one.delivery.seen) for one in owed)


async def test_it_is_kept_and_shown_wherever_it_was_told(store: Store):
    here, there = await linked(store), await linked(store, "200")
    await alarmed(store, here)
    alert = await shown(store, here)
    await shown(store, there, "78")

    is_new = await store.sightings.note(here.id, alert.reference, ANN)

    assert is_new
    assert await seen(store, here) == [ANN]
    stored = f"telegram {ANN.at.isoformat()}"
    assert await to_change(store, ANN.at) == [("77", stored), ("78", stored)]


async def test_all_who_have_seen_it_are_kept_once_each_and_the_first_is_shown(store: Store):
    chat = await linked(store)
    await alarmed(store, chat)
    alert = await shown(store, chat)

    answers = [
        await store.sightings.note(chat.id, alert.reference, one)
        for one in (ANN, replace(ANN, at=NOW + 5 * MINUTE), BOB)
    ]

    assert answers == [Noted.NEW, Noted.BEFORE, Noted.NEW]
    assert await seen(store, chat) == [ANN, BOB]
    assert await to_change(store, NOW + 5 * MINUTE) == [("77", ANN.stored)]


async def test_two_at_once_are_two_and_one_is_the_first(store: Store):
    chat = await linked(store)
    await alarmed(store, chat)
    alert = await shown(store, chat)

    async with asyncio.TaskGroup() as group:
        for one in (ANN, BOB, ANN, BOB):
            group.create_task(store.sightings.note(chat.id, alert.reference, one))

    assert await seen(store, chat) == [ANN, BOB]
    assert len(await to_change(store, BOB.at)) == 1


async def test_what_has_changed_is_not_changed_again_and_what_came_meanwhile_is(store: Store):
    chat = await linked(store)
    await alarmed(store, chat)
    alert = await shown(store, chat)
    await store.sightings.note(chat.id, alert.reference, ANN)
    [owed] = (await store.outbox.amendments(Channel.TELEGRAM, "1", ANN.at)).now

    await store.outbox.amended(replace(owed, delivery=alert), None, ANN.at)
    later = await to_change(store, ANN.at + MINUTE)
    [again] = (await store.outbox.amendments(Channel.TELEGRAM, "1", ANN.at + MINUTE)).now
    await store.outbox.amended(again, None, ANN.at + MINUTE)

    assert owed.owed_since == ANN.at
    assert later == [("77", ANN.stored)]
    assert await to_change(store, ANN.at + AMEND_LIFE) == []


async def test_what_is_not_sent_yet_goes_out_with_it(store: Store):
    here, there = await linked(store), await linked(store, "200")
    await alarmed(store, here)
    alert = await shown(store, here)

    await store.sightings.note(here.id, alert.reference, ANN)

    assert (await claimed(store, there.endpoint.id, NOW + MINUTE)).seen == ANN.stored
    [interrupted] = await store.outbox.interrupted()
    assert interrupted.seen == ANN.stored
    assert await to_change(store, BOB.at) == [("77", ANN.stored)]


async def test_what_may_have_been_shown_is_changed_once_that_is_known(store: Store):
    here, there = await linked(store), await linked(store, "200")
    await alarmed(store, here)
    alert = await shown(store, here)
    other = await claimed(store, there.endpoint.id)
    await settle(store, other, unclear(NOW + SECOND))

    await store.sightings.note(here.id, alert.reference, ANN)
    again = await claimed(store, there.endpoint.id, ANN.at)
    await settle(store, again, replace(SENT, message="78"), ANN.at)

    assert await to_change(store, BOB.at) == [("77", ANN.stored), ("78", ANN.stored)]


async def test_a_routine_alert_is_not_changed(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "r1")
    alert = await shown(store, chat)

    assert await store.sightings.note(chat.id, alert.reference, ANN)

    assert await seen(store, chat) == [ANN]
    assert await to_change(store, ANN.at) == []


async def test_with_a_digest_all_is_seen_that_is_told_in_it(store: Store):
    chat = await linked(store)
    await told(store, chat.account, *(f"r{number}" for number in range(30)))
    digest = await shown(store, chat)
    assert digest.kind is Kind.DIGEST

    await store.sightings.note(chat.id, digest.reference, ANN)

    assert [await seen(store, chat, f"r{number}") for number in range(30)] == [[ANN]] * 30


async def test_a_message_tells_which_alert_it_shows_and_where(store: Store):
    chat = await linked(store)
    await alarmed(store, chat)
    alert = await shown(store, chat)

    found = await store.sightings.shown_by(address(), "77")

    assert found == AlertShown(address(), alert.reference)
    assert await store.sightings.shown_by(address(), "78") is None
    assert await store.sightings.shown_by(address("200"), "77") is None


async def test_in_a_thread_it_is_found_by_the_chat_s_number_or_the_thread_s(store: Store):
    thread = address("900", "901")
    chat = await linked(store)
    await store.database.write(_moves_to_thread, chat.endpoint.id)
    await alarmed(store, chat)
    alert = await shown(store, chat)

    for number in ("900", "901"):
        found = await store.sightings.shown_by(address(number), "77")
        assert found == AlertShown(thread, alert.reference)


def _moves_to_thread(connection, endpoints):
    for one in endpoints:
        here = endpoint.c.id == one
        connection.execute(update(endpoint).where(here).values(chat="900", thread="901"))
    return [None] * len(endpoints)


async def test_nobody_has_seen_what_a_link_was_told_that_has_ended(store: Store):
    chat = await linked(store)
    await alarmed(store, chat)
    alert = await shown(store, chat)
    await store.links.end(chat.id, NOW)

    assert await store.sightings.shown_by(address(), "77") is None
    assert not await store.sightings.note(chat.id, alert.reference, ANN)
    assert await seen(store, chat) == []


async def test_a_closed_chat_s_alert_is_changed_once_it_is_open_again(store: Store):
    here, there = await linked(store), await linked(store, "200")
    await alarmed(store, here)
    alert = await shown(store, here)
    await shown(store, there, "78")
    await alarmed(store, here, "r2")
    await settle(store, await claimed(store, there.endpoint.id), GONE)

    await store.sightings.note(here.id, alert.reference, ANN)
    closed = await to_change(store, ANN.at)
    await store.links.enable(address("200"), ANN.at)

    assert [message for message, _ in closed] == ["77"]
    assert [message for message, _ in await to_change(store, ANN.at)] == ["77", "78"]


async def test_where_nothing_else_is_offered_nothing_expires_once_it_is_seen(store: Store):
    chat = await linked(store)
    await alarmed(store, chat)
    alert = await shown(store, chat)
    await store.sightings.note(chat.id, alert.reference, ANN)
    [owed] = (await store.outbox.amendments(Channel.TELEGRAM, "1", ANN.at)).now
    await store.outbox.amended(owed, None, ANN.at)

    await store.outbox.prune(NOW + OFFER_LIFE + MINUTE)

    assert await to_change(store, NOW + OFFER_LIFE + 2 * MINUTE) == []


async def test_it_is_forgotten_after_thirty_days_and_with_its_account(store: Store):
    chat, other = await linked(store), await linked(store, "200", "bob")
    for link in (chat, other):
        await alarmed(store, link)
        alert = await shown(store, link)
        await store.sightings.note(link.id, alert.reference, ANN)

    await store.erase("alice")
    erased = [await seen(store, link) for link in (chat, other)]
    await store.sightings.prune(ANN.at + LIFE + SECOND)

    assert erased == [[], [ANN]]
    assert await seen(store, other) == []
