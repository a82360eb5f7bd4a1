"""Offers that are answered: what closes, what goes out without them, and what must be changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.actions import ActionState, Denied
from bot.domain.amendments import Amendment
from bot.domain.chats import Channel, Link
from bot.domain.deliveries import Delivery, Settlement, State
from bot.domain.events import Event, Kind
from bot.domain.ids import AccountId, ActionId, EndpointId
from bot.domain.ingesting import IngestResult, Known, NewsDecision
from bot.domain.lifetimes import AMEND_LIFE, OFFER_LIFE
from bot.texts.answered import answer
from storage import Store
from storage.schema.tables import action, delivery
from tests.contract.storage.given import (
    GONE,
    MINUTE,
    NOTE,
    NOW,
    SECOND,
    SENT,
    UNCERTAIN,
    address,
    again,
    alarming,
    claim,
    claimed,
    completed,
    drafts,
    fact,
    linked,
    settle,
    unclear,
)
from tests.harness.databases import connected


async def happens(
    store: Store,
    account: AccountId,
    *records: str,
    now: datetime = NOW,
    idle: frozenset[EndpointId] = frozenset(),
) -> IngestResult:
    facts = [fact(record, at=now + number * SECOND) for number, record in enumerate(records)]
    return await store.inbox.ingest(account, facts, alarming, now, idle=idle)


async def owed(store: Store, now: datetime = NOW) -> Sequence[Amendment]:
    return (await store.outbox.amendments(Channel.TELEGRAM, "1", now)).now


async def states(store: Store, column: Any) -> list[Any]:
    found = await store.database.read(
        lambda connection: connection.execute(select(column).order_by(column)).scalars().all()
    )
    return list(found)


async def alarmed(store: Store, settlement: Settlement = SENT) -> tuple[Link, Delivery]:
    """A chat that was sent an alarm of the owl."""
    chat = await linked(store)
    await happens(store, chat.account, "alarm of owl")
    delivery = await claimed(store, chat.endpoint.id)
    await settle(store, delivery, settlement)
    return chat, delivery


# --- what was shown -----------------------------------------------------------------------


async def test_a_message_that_shows_an_answered_offer_is_to_be_changed(store: Store):
    chat, delivery = await alarmed(store)

    ingested = await happens(store, chat.account, "end of owl", now=NOW + MINUTE)

    [amendment] = await owed(store, NOW + MINUTE)
    assert ingested.answered == 1
    assert amendment.message == "77"
    assert amendment.owed_since == NOW + MINUTE
    assert amendment.shown_at == NOW
    assert amendment.delivery == replace(delivery, state=State.SENT, answer=NOTE)


async def test_each_chat_of_the_account_is(store: Store):
    one = await linked(store, "100")
    other = await linked(store, "200")
    await happens(store, one.account, "alarm of owl")
    for chat in (one, other):
        await settle(store, await claimed(store, chat.endpoint.id), SENT)

    ingested = await happens(store, one.account, "end of owl")

    chats = {amendment.delivery.address.chat for amendment in await owed(store)}
    assert ingested.answered == 2
    assert chats == {"100", "200"}


async def test_a_change_that_is_made_is_owed_no_more(store: Store):
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "end of owl")
    [amendment] = await owed(store)

    await store.outbox.amended(amendment, None, NOW)

    assert await owed(store, NOW + timedelta(hours=1)) == ()


async def test_a_change_that_failed_comes_again_when_it_is_due(store: Store):
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "end of owl")
    [amendment] = await owed(store)

    await store.outbox.amended(amendment, NOW + MINUTE, NOW)

    waiting = await store.outbox.amendments(Channel.TELEGRAM, "1", NOW)
    assert (waiting.now, waiting.due) == ((), NOW + MINUTE)
    assert await owed(store, NOW + MINUTE) == (replace(amendment, due=NOW + MINUTE),)


async def test_the_offers_of_another_bot_stand(store: Store):
    chat, _ = await alarmed(store)

    ingested = await happens(store, chat.account, "end of heron")

    assert ingested.answered == 0
    assert await owed(store) == ()
    assert await states(store, action.c.state) == [ActionState.OPEN]


async def test_so_do_those_of_another_account_to_a_bot_of_that_name(store: Store):
    await alarmed(store)
    other = await linked(store, "900", "bob")

    await happens(store, other.account, "end of owl")

    assert await owed(store) == ()
    assert await states(store, action.c.state) == [ActionState.OPEN]


async def test_an_offer_is_answered_once(store: Store):
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "end of owl 1", now=NOW)
    [amendment] = await owed(store)
    await store.outbox.amended(amendment, None, NOW)

    ingested = await happens(store, chat.account, "end of owl 2", now=NOW + MINUTE)

    assert ingested.answered == 0
    assert await owed(store, NOW + MINUTE) == ()


async def test_an_offer_that_has_expired_is_left_as_it_is(store: Store):
    chat, _ = await alarmed(store)
    late = NOW + OFFER_LIFE + SECOND

    await happens(store, chat.account, "end of owl", now=late)

    assert await owed(store, late) == ()


async def test_of_each_chat_the_youngest_message_is_changed_first(store: Store):
    chat = await linked(store)
    await happens(store, chat.account, "alarm of owl 1", "alarm of owl 2")
    for message in ("1", "2"):
        sent = replace(SENT, message=message)
        await settle(store, await claimed(store, chat.endpoint.id, NOW + MINUTE), sent)
    await happens(store, chat.account, "end of owl", now=NOW + MINUTE)

    [first] = await owed(store, NOW + MINUTE)
    await store.outbox.amended(first, None, NOW)
    [second] = await owed(store, NOW + MINUTE)

    assert (first.message, second.message) == ("2", "1")


async def test_another_bot_of_the_platform_is_told_of_none(store: Store):
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "end of owl")

    found = await store.outbox.amendments(Channel.TELEGRAM, "2", NOW)

    assert found.now == ()


# --- buttons ------------------------------------------------------------------------------


async def test_a_button_that_is_answered_says_so_when_it_is_pressed(store: Store):
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "end of owl")

    pressed = await store.actions.claim(
        ActionId("alarm of owl in 100"), "100", chat.endpoint.id, NOW
    )

    assert pressed is Denied.ANSWERED


async def test_an_offer_that_is_made_after_the_answer_stands(store: Store):
    chat = await linked(store)

    await happens(store, chat.account, "end of owl", "alarm of owl")

    delivery = await claimed(store, chat.endpoint.id, NOW + MINUTE)
    assert delivery.answer is None
    assert delivery.card.buttons
    assert await states(store, action.c.state) == [ActionState.OPEN]


# --- what was not shown yet ---------------------------------------------------------------


async def test_what_waits_goes_out_with_the_answer_and_owes_nothing(store: Store):
    chat = await linked(store)
    await happens(store, chat.account, "alarm of owl")
    await happens(store, chat.account, "end of owl")

    delivery = await claimed(store, chat.endpoint.id)
    await settle(store, delivery, SENT)

    assert delivery.answer == NOTE
    assert await owed(store) == ()


async def test_what_is_answered_in_the_same_ingestion_never_offers_anything(store: Store):
    chat = await linked(store)

    await happens(store, chat.account, "alarm of owl", "end of owl")

    delivery = await claimed(store, chat.endpoint.id)
    assert delivery.card.buttons == ()
    assert delivery.card.notes == (answer(NOTE),)
    assert await states(store, action.c.id) == []


async def test_what_is_in_flight_is_changed_once_it_is_sent(store: Store):
    chat = await linked(store)
    await happens(store, chat.account, "alarm of owl")
    delivery = await claimed(store, chat.endpoint.id)

    await happens(store, chat.account, "end of owl")
    early = await store.outbox.amendments(Channel.TELEGRAM, "1", NOW)
    await settle(store, delivery, SENT)

    assert early.now == ()
    assert early.due is not None
    assert [one.message for one in await owed(store)] == ["77"]


async def test_so_is_what_was_claimed_with_its_ingestion(store: Store):
    chat = await linked(store)
    idle = frozenset({chat.endpoint.id})
    [delivery] = (await happens(store, chat.account, "alarm of owl", idle=idle)).preclaimed

    await happens(store, chat.account, "end of owl")
    await settle(store, delivery, SENT)

    assert len(await owed(store)) == 1


async def test_what_was_in_flight_and_did_not_arrive_goes_out_with_the_answer(store: Store):
    chat = await linked(store)
    await happens(store, chat.account, "alarm of owl")
    delivery = await claimed(store, chat.endpoint.id)
    await happens(store, chat.account, "end of owl")
    await settle(store, delivery, again(NOW))

    repeated = await claimed(store, chat.endpoint.id)
    await settle(store, repeated, SENT)

    assert repeated.answer == NOTE
    assert await owed(store) == ()


async def test_what_may_have_been_shown_is_changed_after_its_repeat(store: Store):
    """Where the platform drops a repeat, the first copy shows, with its button."""
    chat, _ = await alarmed(store, unclear(NOW))
    await happens(store, chat.account, "end of owl")
    before = await owed(store)

    repeated = await claimed(store, chat.endpoint.id)
    await settle(store, repeated, SENT)

    assert before == ()
    assert repeated.answer == NOTE
    assert [one.message for one in await owed(store)] == ["77"]


async def test_what_is_held_goes_out_with_the_answer_when_the_chat_is_open_again(store: Store):
    chat, _ = await alarmed(store, GONE)
    await happens(store, chat.account, "end of owl")
    await store.links.enable(address(), NOW)

    assert (await claimed(store, chat.endpoint.id)).answer == NOTE


async def test_what_nobody_was_shown_is_not_changed(store: Store):
    chat, _ = await alarmed(store, UNCERTAIN)

    ingested = await happens(store, chat.account, "end of owl")

    assert ingested.answered == 0
    assert await owed(store) == ()


async def test_what_it_said_of_missing_messages_is_said_again(store: Store):
    chat, _ = await alarmed(store, UNCERTAIN)
    await happens(store, chat.account, "alarm of owl 2")
    delivery = await claimed(store, chat.endpoint.id)
    await settle(store, delivery, SENT)

    await happens(store, chat.account, "end of owl")

    [amendment] = await owed(store)
    assert delivery.doubtful == 1
    assert amendment.delivery.doubtful == 1


# --- who may see it -----------------------------------------------------------------------


async def test_a_chat_that_is_unlinked_is_shown_nothing_more(store: Store):
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "end of owl")

    await store.links.end(chat.id, NOW)

    assert await owed(store) == ()


async def test_nor_is_one_that_is_linked_to_another_account_since(store: Store):
    chat, _ = await alarmed(store)
    await linked(store, "200")
    await happens(store, chat.account, "end of owl")

    await completed(store, "100", "bob")

    assert await owed(store) == ()


async def test_a_closed_chat_is_left_alone_until_it_is_open_again(store: Store):
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "end of owl")

    await store.links.disable(address(), "blocked", NOW)
    closed = await owed(store)
    await store.links.enable(address(), NOW)

    assert closed == ()
    assert len(await owed(store)) == 1


@pytest.mark.parametrize("answered_first", [True, False])
async def test_a_message_stays_behind_when_its_chat_moves(store: Store, answered_first: bool):
    """Under the new address its number may be that of another message."""
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "alarm of owl 2")
    moving = await claimed(store, chat.endpoint.id)
    moved = replace(again(NOW, counts=False), moved_to="-100200")
    if answered_first:
        await happens(store, chat.account, "end of owl")

    await settle(store, moving, moved)
    if not answered_first:
        await happens(store, chat.account, "end of owl")

    assert await owed(store) == ()
    assert (await claimed(store, chat.endpoint.id)).answer == NOTE


# --- forgetting ---------------------------------------------------------------------------


async def test_what_could_not_be_changed_for_a_day_is_forgotten(store: Store):
    chat, _ = await alarmed(store)
    await happens(store, chat.account, "end of owl")

    await store.outbox.prune(NOW + AMEND_LIFE - SECOND)
    before = await states(store, delivery.c.amend_at)
    await store.outbox.prune(NOW + AMEND_LIFE)

    assert before == [NOW]
    assert await states(store, delivery.c.amend_at) == [None]


async def test_an_erased_alarm_is_looked_for_no_more(store: Store):
    await alarmed(store)

    await store.outbox.prune(NOW + timedelta(days=31))

    assert await states(store, delivery.c.about) == [None]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)  # no other has two that write
async def test_an_answer_that_is_noted_while_an_item_is_claimed_goes_out_with_it(
    store: Store, own_postgres: str
):
    """As another process may, between a look at the lane and the claim."""
    link = await linked(store)
    await happens(store, link.account, "a")

    async with (
        asyncio.TaskGroup() as group,
        connected(own_postgres) as other,
        other.transaction(),
    ):
        await other.execute("UPDATE delivery SET answer = 'Stopped meanwhile'")
        claim = group.create_task(claimed(store, link.endpoint.id))
        while not await other.fetchval(BLOCKED):  # noqa: ASYNC110 it is asked of the database
            await asyncio.sleep(0.01)

    assert claim.result().answer == "Stopped meanwhile"


BLOCKED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


# --- what goes on -------------------------------------------------------------------------


async def goes_on(
    store: Store, account: AccountId, title: str, now: datetime = NOW, *, only_if_kept: bool = False
) -> IngestResult:
    """The same fact, which is told by that title now."""

    def decide(event: Event, known: Known) -> NewsDecision:
        made = drafts(known.links, title)
        return NewsDecision(
            news=True,
            reason="news",
            record=event.origin.record,
            drafts=made,
            goes_on=True,
            only_if_kept=only_if_kept,
        )

    return await store.inbox.ingest(account, [fact("work", Kind.FEED)], decide, now)


async def test_what_goes_on_changes_the_message_that_has_told_it(store: Store):
    chat = await linked(store)
    await goes_on(store, chat.account, "begun")
    await settle(store, await claimed(store, chat.endpoint.id), SENT)

    ingested = await goes_on(store, chat.account, "half", NOW + SECOND)

    [amendment] = await owed(store, NOW + SECOND)
    assert (amendment.message, amendment.delivery.card.title) == ("77", "half")
    assert (ingested.told, ingested.known, ingested.retold) == (0, 1, 1)
    assert await claim(store, chat.endpoint.id, NOW + MINUTE) is None


async def test_what_has_gone_on_while_its_message_was_changed_is_owed_another_change(store: Store):
    chat = await linked(store)
    await goes_on(store, chat.account, "begun")
    await settle(store, await claimed(store, chat.endpoint.id), SENT)
    await goes_on(store, chat.account, "half", NOW + SECOND)
    [amendment] = await owed(store, NOW + SECOND)
    await goes_on(store, chat.account, "done", NOW + 2 * SECOND)

    await store.outbox.amended(amendment, None, NOW + 3 * SECOND)

    [again] = await owed(store, NOW + MINUTE)
    assert again.delivery.card.title == "done"
    await store.outbox.amended(again, None, NOW + MINUTE)
    assert await owed(store, NOW + 2 * MINUTE) == ()


async def test_what_has_gone_on_while_it_was_sent_is_to_be_changed(store: Store):
    chat = await linked(store)
    await goes_on(store, chat.account, "begun")
    delivery = await claimed(store, chat.endpoint.id)
    await goes_on(store, chat.account, "half", NOW + SECOND)

    await settle(store, delivery, SENT, NOW + SECOND)

    [amendment] = await owed(store, NOW + SECOND)
    assert amendment.delivery.card.title == "half"


async def test_what_waits_goes_out_as_it_has_gone_on(store: Store):
    chat = await linked(store)
    await goes_on(store, chat.account, "begun")

    await goes_on(store, chat.account, "half", NOW + SECOND)

    assert (await claimed(store, chat.endpoint.id)).card.title == "half"
    assert await owed(store, NOW + MINUTE) == ()


async def test_where_nothing_was_told_its_end_is_not_told_either(store: Store):
    chat = await linked(store)

    ingested = await goes_on(store, chat.account, "done", only_if_kept=True)

    assert (ingested.told, ingested.retold) == (0, 0)
    assert await claim(store, chat.endpoint.id) is None


async def test_a_message_that_is_gone_is_not_tried_again_as_it_goes_on(store: Store):
    chat = await linked(store)
    await goes_on(store, chat.account, "begun")
    await settle(store, await claimed(store, chat.endpoint.id), SENT)
    await goes_on(store, chat.account, "half", NOW + SECOND)
    [amendment] = await owed(store, NOW + SECOND)
    await store.outbox.not_amended(amendment, NOW + SECOND)

    await goes_on(store, chat.account, "done", NOW + MINUTE)

    assert await owed(store, NOW + MINUTE) == ()
