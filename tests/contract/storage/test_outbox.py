"""The outbox: what is owed goes out in order, one at a time, to the right chat, and is counted."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.domain.actions import Action
from bot.domain.chats import EndpointState
from bot.domain.deliveries import ONE_MARKED_REPEAT, Priority, Settlement, State, after_crash
from bot.domain.ids import EndpointId
from bot.domain.lanes import LaneRequest, LaneResult
from bot.domain.reasons import STORED
from storage import Store
from storage.engine.database import each
from storage.outbox.deliveries import HELD_LIFE, TEXT_LIFE
from storage.schema.states import LinkState
from storage.schema.tables import delivery, endpoint, link
from tests.contract.storage.given import (
    GONE,
    MINUTE,
    NOW,
    SECOND,
    SENT,
    UNCERTAIN,
    address,
    again,
    button,
    claim,
    claimed,
    linked,
    settle,
    titles_sent,
    told,
    unclear,
)


async def total(store: Store) -> int:
    return sum((await store.outbox.counts()).values())


# --- order --------------------------------------------------------------------------------


async def test_what_happened_first_is_sent_first_whenever_it_was_heard_of(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "third", at=NOW + MINUTE)
    await told(store, chat.account, "first", "second", at=NOW)

    titles = await titles_sent(store, chat.endpoint.id)

    assert titles == ["first", "second", "third"]


async def test_facts_of_one_instant_keep_the_order_in_which_they_came(store: Store):
    chat = await linked(store)
    for record in "abcde":
        await told(store, chat.account, record)

    titles = await titles_sent(store, chat.endpoint.id)

    assert titles == list("abcde")


async def test_facts_a_microsecond_apart_are_not_mixed_up(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "later", at=NOW + timedelta(microseconds=1))
    await told(store, chat.account, "earlier", at=NOW)

    titles = await titles_sent(store, chat.endpoint.id)

    assert titles == ["earlier", "later"]


async def test_urgent_items_overtake(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "info", priority=Priority.INFO)
    await told(store, chat.account, "normal", at=NOW + MINUTE)
    await told(store, chat.account, "urgent", at=NOW + 2 * MINUTE, priority=Priority.URGENT)

    titles = await titles_sent(store, chat.endpoint.id)

    assert titles == ["urgent", "normal", "info"]


async def test_an_endpoint_has_one_item_in_flight(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")

    first = await claimed(store, chat.endpoint.id)
    second = await store.outbox.serve(LaneRequest(endpoint=chat.endpoint.id, claim=True), NOW)

    assert first.state is State.SENDING
    assert second == LaneResult()


async def test_an_urgent_item_waits_for_what_is_in_flight(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "normal")
    normal = await claimed(store, chat.endpoint.id)
    await told(store, chat.account, "urgent", priority=Priority.URGENT)

    meanwhile = await store.outbox.serve(LaneRequest(endpoint=chat.endpoint.id, claim=True), NOW)
    await settle(store, normal, SENT)

    assert meanwhile == LaneResult()
    assert (await claimed(store, chat.endpoint.id)).card.title == "urgent"


async def test_of_many_who_ask_for_one_endpoint_at_once_one_is_given_the_item(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")

    async with asyncio.TaskGroup() as group:
        claims = [group.create_task(claim(store, chat.endpoint.id)) for _ in range(10)]

    given = [task.result() for task in claims if task.result() is not None]
    assert [delivery.card.title for delivery in given if delivery] == ["one"]


async def test_settling_one_and_claiming_the_next_is_one_turn(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")
    one = await claimed(store, chat.endpoint.id)

    turned = await store.outbox.serve(
        LaneRequest(endpoint=chat.endpoint.id, settled=(one, SENT), claim=True), NOW
    )

    assert turned.delivery is not None
    assert turned.delivery.card.title == "two"
    assert (await store.outbox.counts())[State.SENT] == 1


async def test_many_lanes_turn_at_once_and_each_keeps_its_order(store: Store):
    chats = [await linked(store, chat=str(number), user=f"user {number}") for number in range(12)]
    for chat in chats:
        await told(store, chat.account, *(f"{chat.person}/{number}" for number in range(5)))

    async with asyncio.TaskGroup() as group:
        lanes = [group.create_task(titles_sent(store, chat.endpoint.id)) for chat in chats]

    for chat, lane in zip(chats, lanes, strict=True):
        assert lane.result() == [f"{chat.person}/{number}" for number in range(5)]


async def test_an_item_that_must_wait_holds_back_the_younger_ones(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")
    one = await claimed(store, chat.endpoint.id)
    await settle(store, one, again(NOW + MINUTE))

    early = await store.outbox.serve(LaneRequest(endpoint=chat.endpoint.id, claim=True), NOW)
    due = await titles_sent(store, chat.endpoint.id, NOW + MINUTE)

    assert early == LaneResult(due=NOW + MINUTE)
    assert due == ["one", "two"]


async def test_an_item_that_must_wait_does_not_hold_back_a_more_urgent_one(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "normal")
    normal = await claimed(store, chat.endpoint.id)
    await settle(store, normal, again(NOW + MINUTE))
    await told(store, chat.account, "urgent", at=NOW + SECOND, priority=Priority.URGENT)

    titles = await titles_sent(store, chat.endpoint.id)

    assert titles == ["urgent"]


async def test_an_urgent_item_that_must_wait_holds_back_all(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "urgent", priority=Priority.URGENT)
    urgent = await claimed(store, chat.endpoint.id)
    await told(store, chat.account, "normal")
    await settle(store, urgent, again(NOW + MINUTE))

    turned = await store.outbox.serve(LaneRequest(endpoint=chat.endpoint.id, claim=True), NOW)

    assert turned == LaneResult(due=NOW + MINUTE)


async def test_a_turn_without_a_claim_says_when_the_next_item_is_due(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")
    one = await claimed(store, chat.endpoint.id)

    waiting = await store.outbox.serve(
        LaneRequest(endpoint=chat.endpoint.id, settled=(one, again(NOW + MINUTE))), NOW
    )
    one = await claimed(store, chat.endpoint.id, NOW + MINUTE)
    ready = await store.outbox.serve(
        LaneRequest(endpoint=chat.endpoint.id, settled=(one, SENT)), NOW + MINUTE
    )

    assert waiting == LaneResult(due=NOW + MINUTE)
    assert ready == LaneResult(due=NOW + MINUTE)


async def test_an_endpoint_that_is_owed_nothing_gives_nothing(store: Store):
    chat = await linked(store)

    turned = await store.outbox.serve(LaneRequest(endpoint=chat.endpoint.id, claim=True), NOW)

    assert turned == LaneResult()


# --- what a claim gives -------------------------------------------------------------------


async def test_a_claimed_item_has_all_that_a_sender_needs(store: Store):
    chat = await linked(store)
    await told(
        store, chat.account, "one", priority=Priority.URGENT, expires_at=NOW + timedelta(days=1)
    )

    delivery = await claimed(store, chat.endpoint.id, NOW + SECOND)

    assert delivery.address == address()
    assert (delivery.account, delivery.link) == (chat.account, chat.id)
    assert delivery.priority is Priority.URGENT
    assert (delivery.occurred_at, delivery.created_at) == (NOW, NOW)
    assert delivery.expires_at == NOW + timedelta(days=1)
    assert (delivery.attempts, delivery.unclear, delivery.doubtful) == (1, 0, 0)


async def test_an_item_has_the_same_short_reference_on_every_attempt(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")
    first = await claimed(store, chat.endpoint.id)
    await settle(store, first, unclear(NOW))

    repeat = await claimed(store, chat.endpoint.id)
    await settle(store, repeat, SENT)
    other = await claimed(store, chat.endpoint.id)

    assert first.card.reference == first.reference == repeat.reference
    assert len(first.reference) == 6
    assert not set(first.reference) & set("01IOilo")
    assert other.reference != first.reference


async def test_attempts_that_say_nothing_about_the_item_are_not_counted(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")

    counts = []
    for counted in (False, True, False, True):
        delivery = await claimed(store, chat.endpoint.id)
        counts.append(delivery.attempts)
        await settle(store, delivery, again(NOW, counts=counted))

    assert counts == [1, 1, 2, 2]


async def test_an_unclear_item_is_claimed_again_when_it_is_due(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    await settle(store, await claimed(store, chat.endpoint.id), unclear(NOW + 5 * SECOND))

    early = await claim(store, chat.endpoint.id, NOW + 4 * SECOND)
    repeat = await claimed(store, chat.endpoint.id, NOW + 5 * SECOND)

    assert early is None
    assert (repeat.attempts, repeat.unclear) == (2, 1)


# --- outcomes -----------------------------------------------------------------------------


async def test_settling_twice_is_settling_once(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    delivery = await claimed(store, chat.endpoint.id)
    await settle(store, delivery, UNCERTAIN)

    await settle(store, delivery, UNCERTAIN)
    await settle(store, delivery, SENT)

    counts = await store.outbox.counts()
    assert (counts[State.DEAD], counts[State.SENT]) == (1, 0)
    await told(store, chat.account, "two")
    assert (await claimed(store, chat.endpoint.id)).doubtful == 1


async def test_what_has_come_to_its_end_stays_there(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    delivery = await claimed(store, chat.endpoint.id)
    await settle(store, delivery, SENT)

    await settle(store, delivery, again(NOW))

    assert (await store.outbox.counts())[State.SENT] == 1


async def test_an_attempt_that_has_been_taken_over_decides_nothing_any_more(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    slept_through = await claimed(store, chat.endpoint.id)
    await settle_interrupted(store)
    await claimed(store, chat.endpoint.id)

    await settle(store, slept_through, Settlement(state=State.DEAD, reason="late"))

    assert (await store.outbox.counts())[State.SENDING] == 1


async def test_an_outcome_that_is_reported_again_does_not_end_the_next_attempt(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    first = await claimed(store, chat.endpoint.id)
    await settle(store, first, again(NOW))
    await claimed(store, chat.endpoint.id)

    await settle(store, first, Settlement(state=State.DEAD, reason="late"))

    assert (await store.outbox.counts())[State.SENDING] == 1


async def test_a_message_that_may_be_missing_is_mentioned_until_a_mention_gets_through(
    store: Store,
):
    chat = await linked(store)
    await told(store, chat.account, "lost", "refused", "shown", "after")
    await settle(store, await claimed(store, chat.endpoint.id), UNCERTAIN)

    refused = await claimed(store, chat.endpoint.id)
    await settle(store, refused, Settlement(state=State.DEAD, reason="too long"))
    shown = await claimed(store, chat.endpoint.id)
    await settle(store, shown, SENT)
    after = await claimed(store, chat.endpoint.id)

    assert (refused.doubtful, shown.doubtful, after.doubtful) == (1, 1, 0)


async def test_after_a_crash_what_was_in_flight_is_unclear(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")
    in_flight = await claimed(store, chat.endpoint.id)

    assert await store.outbox.interrupted() == [in_flight]
    await settle_interrupted(store)
    repeat = await claimed(store, chat.endpoint.id)

    assert (repeat.card.title, repeat.attempts, repeat.unclear) == ("one", 2, 1)
    assert await store.outbox.interrupted() == [repeat]


async def test_who_is_cancelled_while_claiming_leaves_the_item_untried(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")

    async with asyncio.TaskGroup() as group:
        asking = group.create_task(claim(store, chat.endpoint.id))
        await asyncio.sleep(0)
        asking.cancel()

    assert asking.cancelled()
    delivery = await claimed(store, chat.endpoint.id)
    assert (delivery.card.title, delivery.attempts, delivery.unclear) == ("one", 1, 0)


# --- what must not be sent any more -------------------------------------------------------


async def test_an_item_past_its_time_ends_expired_and_the_next_goes_out(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "stale", "too", expires_at=NOW + MINUTE)
    await told(store, chat.account, "fresh", at=NOW + MINUTE)

    titles = await titles_sent(store, chat.endpoint.id, NOW + MINUTE)

    assert titles == ["fresh"]
    assert (await store.outbox.counts())[State.EXPIRED] == 2


async def test_nothing_goes_out_under_a_link_that_has_ended(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "flying", "waiting")
    flying = await claimed(store, chat.endpoint.id)

    ended = await store.links.end(chat.id, NOW)
    await settle(store, flying, again(NOW))

    assert ended.cancelled == 1
    assert await claim(store, chat.endpoint.id) is None
    assert (await store.outbox.counts())[State.CANCELLED] == 2


@pytest.mark.parametrize(
    "accident",
    [
        update(link).values(state=LinkState.ENDED),
        update(endpoint).values(state=EndpointState.DISABLED),
    ],
    ids=["link ended", "endpoint closed"],
)
async def test_nothing_goes_out_if_only_the_link_or_the_endpoint_says_no(
    store: Store, accident: Any
):
    chat = await linked(store)
    await told(store, chat.account, "one")
    await change(store, accident)

    assert await titles_sent(store, chat.endpoint.id) == []


async def test_nothing_of_an_ended_link_goes_out_even_if_it_came_back(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    flying = await claimed(store, chat.endpoint.id)
    await store.links.end(chat.id, NOW)
    await change(store, update(link).values(state=LinkState.ACTIVE))

    await settle(store, flying, again(NOW))

    assert await titles_sent(store, chat.endpoint.id) == []
    assert (await store.outbox.counts())[State.CANCELLED] == 1


async def test_nothing_goes_out_under_an_older_epoch_of_the_link(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    await change(store, update(link).values(epoch=link.c.epoch + 1))

    titles = await titles_sent(store, chat.endpoint.id)

    assert titles == []
    assert (await store.outbox.counts())[State.CANCELLED] == 1


async def test_nothing_goes_out_to_an_endpoint_that_the_link_has_left(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    elsewhere = await store.links.endpoint(address("elsewhere"), private=True)
    await change(store, update(link).values(endpoint=elsewhere))

    titles = await titles_sent(store, chat.endpoint.id)

    assert titles == []
    assert (await store.outbox.counts())[State.CANCELLED] == 1


# --- closed and opened chats --------------------------------------------------------------


async def test_all_that_is_owed_to_a_chat_that_closes_is_held(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two", "three")
    one = await claimed(store, chat.endpoint.id)

    turned = await store.outbox.serve(
        LaneRequest(endpoint=chat.endpoint.id, settled=(one, GONE), claim=True), NOW
    )

    assert turned == LaneResult()
    assert (await store.outbox.counts())[State.HELD] == 3
    assert await store.outbox.pending_endpoints() == {}


async def test_urgent_items_that_were_held_go_out_in_order_when_the_chat_opens_again(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two", priority=Priority.URGENT)
    await settle(store, await claimed(store, chat.endpoint.id), GONE)
    await told(store, chat.account, "three", at=NOW + MINUTE, priority=Priority.URGENT)

    again_owed = await store.links.enable(address(), NOW + MINUTE)

    assert again_owed == 3
    assert list(await store.outbox.pending_endpoints()) == [chat.endpoint.id]
    assert await titles_sent(store, chat.endpoint.id, NOW + MINUTE) == ["one", "two", "three"]


async def test_what_is_owed_again_has_not_come_to_an_end(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    await store.links.disable(address(), "blocked", NOW)
    await store.links.enable(address(), NOW)

    erased = await store.outbox.prune(NOW + 2 * TEXT_LIFE)

    assert erased == 0
    assert await titles_sent(store, chat.endpoint.id) == ["one"]


async def test_an_item_that_was_in_flight_when_its_chat_closed_is_held_too(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")
    flying = await claimed(store, chat.endpoint.id)

    held = await store.links.disable(address(), "blocked", NOW)
    await settle(store, flying, unclear(NOW))

    assert held == 1
    assert (await store.outbox.counts())[State.HELD] == 2
    assert await store.links.enable(address(), NOW) == 2
    assert (await claimed(store, chat.endpoint.id)).unclear == 1


# --- chats that move ----------------------------------------------------------------------


def moved(chat: str) -> Settlement:
    return Settlement(
        state=State.READY, reason="moved", not_before=NOW, counts=False, moved_to=chat
    )


async def test_a_chat_that_moves_takes_along_what_it_is_owed(store: Store):
    chat = await linked(store, chat="old")
    await told(store, chat.account, "one", "two")
    one = await claimed(store, chat.endpoint.id)

    turned = await store.outbox.serve(
        LaneRequest(endpoint=chat.endpoint.id, settled=(one, moved("new")), claim=True), NOW
    )

    assert turned.delivery is not None
    assert (turned.delivery.card.title, turned.delivery.address) == ("one", address("new"))
    assert turned.delivery.attempts == 1
    moved_link = await store.links.at(address("new"))
    assert moved_link is not None
    assert moved_link.id == chat.id
    assert await store.links.at(address("old")) is None


async def test_a_chat_that_moves_to_a_known_unlinked_one_is_linked_there(store: Store):
    chat = await linked(store, chat="old")
    new = await store.links.endpoint(address("new"), private=False)
    await told(store, chat.account, "one", "two")

    await settle(store, await claimed(store, chat.endpoint.id), moved("new"))

    assert list(await store.outbox.pending_endpoints()) == [new]
    assert await titles_sent(store, chat.endpoint.id) == []
    assert await titles_sent(store, new) == ["one", "two"]


async def test_a_chat_that_has_moved_to_where_it_is_stays_as_it_is(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one", "two")

    await settle(store, await claimed(store, chat.endpoint.id), moved(chat.endpoint.address.chat))

    assert await titles_sent(store, chat.endpoint.id) == ["one", "two"]
    assert await store.links.at(address()) == chat


@pytest.mark.parametrize("is_linked", [False, True], ids=["unlinked", "linked"])
async def test_buttons_move_along_with_their_chat(store: Store, is_linked: bool):
    chat = await linked(store, chat="old")
    new = await store.links.endpoint(address("new"), private=True)
    if is_linked:
        await linked(store, chat="new")
    await store.actions.offer([button(chat)])
    await told(store, chat.account, "one")

    await settle(store, await claimed(store, chat.endpoint.id), moved("new"))

    pressed = await store.actions.claim(button(chat).id, chat.person, new, NOW)
    assert isinstance(pressed, Action)


async def test_of_two_chats_of_one_account_that_become_one_each_fact_is_told_once(store: Store):
    old = await linked(store, chat="old")
    new = await linked(store, chat="new")
    await told(store, old.account, "one", "two")
    await titles_sent(store, new.endpoint.id)
    await change(
        store,
        update(delivery)
        .where(delivery.c.endpoint == new.endpoint.id, delivery.c.record == "two")
        .values(record="another"),
    )

    await settle(store, await claimed(store, old.endpoint.id), moved("new"))

    assert await titles_sent(store, new.endpoint.id) == ["two"]
    counts = await store.outbox.counts()
    assert (counts[State.SENT], counts[State.CANCELLED]) == (3, 1)
    assert [each_link.id for each_link in await store.links.of(old.account)] == [new.id]


async def test_a_chat_that_becomes_one_with_somebody_elses_tells_nothing_there(store: Store):
    alice = await linked(store, chat="old", user="alice")
    bob = await linked(store, chat="new", user="bob")
    await told(store, alice.account, "one", "two")

    await settle(store, await claimed(store, alice.endpoint.id), moved("new"))

    assert await titles_sent(store, bob.endpoint.id) == []
    assert (await store.outbox.counts())[State.CANCELLED] == 2
    assert await store.links.of(alice.account) == []


async def test_the_last_link_that_ends_by_a_move_takes_the_credential_along(store: Store):
    alice = await linked(store, chat="old", user="alice")
    await linked(store, chat="new", user="bob")
    await told(store, alice.account, "one")

    await settle(store, await claimed(store, alice.endpoint.id), moved("new"))

    assert await store.accounts.credential(alice.account) is None


@pytest.mark.parametrize("is_linked", [False, True], ids=["unlinked", "linked"])
async def test_a_chat_that_becomes_one_with_another_still_says_what_it_missed(
    store: Store, is_linked: bool
):
    old = await linked(store, chat="old")
    await told(store, old.account, "uncertain", "waiting")
    await settle(store, await claimed(store, old.endpoint.id), UNCERTAIN)
    new = await store.links.endpoint(address("new"), private=True)
    if is_linked:
        await linked(store, chat="new")

    await settle(store, await claimed(store, old.endpoint.id), moved("new"))

    assert [item.title for item in await store.outbox.missed(new, 10)] == ["uncertain"]
    assert (await claimed(store, new)).doubtful == 1


# --- looking ------------------------------------------------------------------------------


async def test_missed_lists_what_was_not_shown_youngest_first(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "refused", "uncertain", "shown", "waiting")
    for settlement in (Settlement(state=State.DEAD, reason="too long"), UNCERTAIN, SENT):
        await settle(store, await claimed(store, chat.endpoint.id), settlement)

    missed = await store.outbox.missed(chat.endpoint.id, 10)

    assert [(item.title, item.state, item.reason) for item in missed] == [
        ("uncertain", State.DEAD, "uncertain: no answer"),
        ("refused", State.DEAD, "too long"),
    ]
    assert missed[0].occurred_at == NOW + SECOND
    assert await store.outbox.missed(chat.endpoint.id, 1) == missed[:1]
    assert await store.outbox.missed(chat.endpoint.id, 10, skip=1) == missed[1:]
    assert await store.outbox.missed_count(chat.endpoint.id) == 2


async def test_missed_shows_nothing_of_whom_the_chat_was_linked_to_before(store: Store):
    before = await linked(store, user="alice")
    await told(store, before.account, "secret")
    await settle(store, await claimed(store, before.endpoint.id), GONE)
    await linked(store, user="bob")

    missed = await store.outbox.missed(before.endpoint.id, 10)

    assert missed == []
    assert await store.outbox.missed_count(before.endpoint.id) == 0


async def test_the_outbox_says_what_is_owed_where_and_since_when(store: Store):
    one, two = await linked(store, chat="1"), await linked(store, chat="2", user="bob")
    await linked(store, chat="3", user="carol")
    await told(store, one.account, "a", "b")
    await told(store, two.account, "c")
    await claimed(store, two.endpoint.id)

    pending = await store.outbox.pending_endpoints()

    assert pending == {one.endpoint.id: address("1"), two.endpoint.id: address("2")}
    assert await store.outbox.pending(one.endpoint.id) == 2
    assert await store.outbox.oldest_pending() == NOW


async def test_nothing_owed_is_nothing_pending(store: Store):
    assert await store.outbox.oldest_pending() is None
    assert await store.outbox.pending(EndpointId("nowhere")) == 0
    assert await total(store) == 0


async def test_what_did_not_arrive_is_counted_by_why(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "stale", "late", expires_at=NOW + MINUTE)
    await told(store, chat.account, "poison", at=NOW + MINUTE)
    await told(store, chat.account, "kept", "flying", at=NOW + MINUTE)
    poison = Settlement(state=State.DEAD, reason="refused")

    await settle(store, await claimed(store, chat.endpoint.id, NOW + MINUTE), poison)
    flying = await claimed(store, chat.endpoint.id, NOW + MINUTE)
    await store.links.disable(address(), "blocked", NOW)
    await settle(store, flying, again(NOW))
    closed = await store.outbox.missed_by_reason()
    await told(store, chat.account, "more")
    more = await store.outbox.missed_by_reason()
    await store.outbox.prune(NOW + HELD_LIFE + MINUTE)
    await told(store, chat.account, "last")
    await store.links.end(chat.id, NOW)
    ended = await store.outbox.missed_by_reason()

    assert closed == {
        (State.EXPIRED, "late"): 2,
        (State.DEAD, "refused"): 1,
        (State.HELD, "blocked"): 1,
        (State.HELD, "closed"): 1,
    }
    assert more[State.HELD, "closed"] == 2
    assert ended == {
        (State.EXPIRED, "late"): 2,
        (State.DEAD, "refused"): 1,
        (State.EXPIRED, "stayed_closed"): 3,
        (State.CANCELLED, "unlinked"): 1,
    }
    assert {reason for _, reason in (*more, *ended)} - STORED == {"refused", "blocked"}


# --- forgetting ---------------------------------------------------------------------------


async def test_texts_are_erased_thirty_days_after_their_end_and_the_count_stays(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "ended", "waiting")
    await settle(
        store, await claimed(store, chat.endpoint.id), Settlement(state=State.DEAD, reason="x")
    )

    early = await store.outbox.prune(NOW + TEXT_LIFE)
    late = await store.outbox.prune(NOW + TEXT_LIFE + SECOND)

    assert (early, late) == (0, 1)
    assert await texts(store) == [None, {"title": "waiting", "severity": "info"}]
    assert await store.outbox.missed(chat.endpoint.id, 10) == []
    assert await total(store) == 2
    assert (await told(store, chat.account, "ended")).new == 0


async def test_what_is_held_for_a_week_is_given_up(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")
    await settle(store, await claimed(store, chat.endpoint.id), GONE)

    await store.outbox.prune(NOW + HELD_LIFE)
    kept = await store.outbox.counts()
    await store.outbox.prune(NOW + HELD_LIFE + SECOND)
    given_up = await store.outbox.counts()

    assert kept[State.HELD] == 1
    assert (given_up[State.HELD], given_up[State.EXPIRED]) == (0, 1)


async def test_a_restart_loses_nothing_that_is_owed(lasting_url, open_again):
    async with open_again(lasting_url) as store:
        chat = await linked(store)
        await told(store, chat.account, "one", "two")
        await settle(store, await claimed(store, chat.endpoint.id), SENT)
        await claimed(store, chat.endpoint.id)

    async with open_again(lasting_url) as store:
        interrupted = [each.card.title for each in await store.outbox.interrupted()]
        await settle_interrupted(store)
        titles = await titles_sent(store, chat.endpoint.id)

    assert (interrupted, titles) == (["two"], ["two"])


async def settle_interrupted(store: Store) -> None:
    for left in await store.outbox.interrupted():
        await settle(store, left, after_crash(left, NOW, ONE_MARKED_REPEAT))


async def change(store: Store, statement) -> None:
    """Do what only another process or an accident could do."""
    await store.database.write(each(lambda connection, _: connection.execute(statement)), None)


async def texts(store: Store) -> list[object]:
    def read(connection) -> list[object]:
        return list(connection.execute(select(delivery.c.card).order_by(delivery.c.id)).scalars())

    return await store.database.read(read)
