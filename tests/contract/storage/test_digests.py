"""Digests: a crowd is told in one item, its parts stand and fall with it, none is lost."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from bot.domain.chats import Link
from bot.domain.deliveries import Declined, Delivery, Priority, Settlement, State
from bot.domain.digests import CROWD, CROWD_UNDER_PRESSURE, URGENT_CROWD, URGENT_CROWD_OF_BOTS
from bot.domain.events import Kind
from bot.domain.ids import EndpointId
from bot.domain.lanes import LaneRequest
from bot.domain.marks import shown
from storage import Store
from storage.outbox.deliveries import AGED, HELD_LIFE
from storage.outbox.digests import MOST_PARTS
from storage.schema.tables import delivery
from tests.contract.storage.given import (
    GONE,
    MINUTE,
    NOW,
    SECOND,
    SENT,
    UNCERTAIN,
    address,
    claim,
    claimed,
    fact,
    linked,
    settle,
    tell_all,
    titles_sent,
    told,
    unclear,
)

LATER = NOW + 5 * MINUTE
DEAD = Settlement(state=State.DEAD, reason=Declined(reason="refused").reason)


async def crowded(store: Store, count: int = CROWD + 1, **options: object) -> Link:
    chat = await linked(store)
    records = [f"r{number:02}" for number in range(count)]
    await told(store, chat.account, *records, **options)  # type: ignore[arg-type]
    return chat


async def states(store: Store) -> dict[State, int]:
    return {state: count for state, count in (await store.outbox.counts()).items() if count}


async def claim_pressed(store: Store, endpoint: EndpointId) -> Delivery | None:
    turn = LaneRequest(endpoint=endpoint, claim=True, under_pressure=True)
    return (await store.outbox.serve(turn, LATER)).delivery


async def test_a_crowd_is_told_in_one_item(store: Store):
    chat = await crowded(store)

    one = await claimed(store, chat.endpoint.id, LATER)

    assert one.kind is Kind.DIGEST
    assert one.card.title.startswith(f"{CROWD + 1} events")
    assert one.card.lines[1].endswith("r20")
    assert one.state is State.SENDING
    assert await states(store) == {State.SENDING: 1, State.COALESCED: CROWD + 1}
    await settle(store, one, SENT, LATER)
    assert await claim(store, chat.endpoint.id, LATER) is None


async def test_fewer_go_one_by_one(store: Store):
    chat = await crowded(store, CROWD)

    titles = await titles_sent(store, chat.endpoint.id, LATER)

    assert titles == [f"r{number:02}" for number in range(CROWD)]


async def test_fewer_are_told_together_while_messages_are_held_up(store: Store):
    chat = await crowded(store, CROWD_UNDER_PRESSURE + 1)

    one = await claim_pressed(store, chat.endpoint.id)

    assert one is not None
    assert one.kind is Kind.DIGEST


async def test_a_few_go_one_by_one_even_then(store: Store):
    chat = await crowded(store, CROWD_UNDER_PRESSURE)

    one = await claim_pressed(store, chat.endpoint.id)

    assert one is not None
    assert one.card.title == "r00"


async def test_a_digest_is_bounded_and_the_next_tells_on(store: Store):
    chat = await crowded(store, 2 * MOST_PARTS + 5)

    titles = await titles_sent(store, chat.endpoint.id, LATER)

    assert [title.split(",")[0] for title in titles[:2]] == [f"{MOST_PARTS} events"] * 2
    assert titles[2:] == [f"r{2 * MOST_PARTS + number}" for number in range(5)]


async def test_urgent_items_are_told_singly_and_before_the_digest(store: Store):
    chat = await crowded(store)
    await told(store, chat.account, "fire", "smoke", priority=Priority.URGENT)

    titles = await titles_sent(store, chat.endpoint.id, LATER)

    assert titles[:2] == ["fire", "smoke"]
    assert len(titles) == 3
    assert titles[2].startswith(f"{CROWD + 1} events")


async def test_an_item_that_may_have_been_shown_is_not_hidden_in_a_digest(store: Store):
    chat = await crowded(store)
    first = await linked(store, "200", "bob")
    await told(store, first.account, "doubtful")
    tried = await claimed(store, first.endpoint.id)
    await settle(store, tried, unclear(NOW))
    await told(store, first.account, *(f"s{number}" for number in range(30)), at=NOW + SECOND)

    again = await claimed(store, first.endpoint.id, LATER)

    assert again.card.title == "doubtful"
    assert again.unclear == 1
    await settle(store, again, SENT, LATER)
    assert (await claimed(store, first.endpoint.id, LATER)).kind is Kind.DIGEST
    assert (await claimed(store, chat.endpoint.id, LATER)).kind is Kind.DIGEST


async def test_items_that_are_too_late_are_in_no_digest(store: Store):
    chat = await crowded(store, expires_at=NOW + MINUTE)
    await told(store, chat.account, "still good", at=NOW + MINUTE)

    titles = await titles_sent(store, chat.endpoint.id, LATER)

    assert titles == ["still good"]
    assert await states(store) == {State.EXPIRED: CROWD + 1, State.SENT: 1}


async def test_a_digest_keeps_its_place_when_it_must_be_tried_again(store: Store):
    chat = await crowded(store)
    one = await claimed(store, chat.endpoint.id, LATER)
    await settle(store, one, unclear(LATER), LATER)
    await told(store, chat.account, "later", at=LATER)

    again = await claimed(store, chat.endpoint.id, LATER)

    assert again.reference == one.reference
    assert again.unclear == 1


@pytest.mark.parametrize("end", [DEAD, UNCERTAIN])
async def test_when_a_digest_dies_its_parts_die_with_it_and_are_listed(
    store: Store, end: Settlement
):
    chat = await crowded(store)
    one = await claimed(store, chat.endpoint.id, LATER)

    await settle(store, one, end, LATER)

    assert await states(store) == {State.DEAD: CROWD + 2}
    missed = await store.outbox.missed(chat.endpoint.id, 100)
    assert {item.reason for item in missed} == {end.reason}
    assert len(missed) == CROWD + 1 == await store.outbox.missed_count(chat.endpoint.id)


async def test_what_a_digest_has_told_is_listed_too_and_counts_as_told(store: Store):
    chat = await crowded(store)
    await settle(store, await claimed(store, chat.endpoint.id, LATER), SENT, LATER)

    missed = await store.outbox.missed(chat.endpoint.id, 100)

    assert {item.state for item in missed} == {State.COALESCED}
    assert len(missed) == CROWD + 1


async def test_an_unlink_cancels_what_a_digest_was_to_tell(store: Store):
    chat = await crowded(store)
    await settle(store, await claimed(store, chat.endpoint.id, LATER), unclear(LATER), LATER)

    ended = await store.links.end(chat.id, LATER)

    assert ended.cancelled == CROWD + 2
    assert await states(store) == {State.CANCELLED: CROWD + 2}


async def test_an_unlink_leaves_what_a_digest_has_told(store: Store):
    chat = await crowded(store)
    await settle(store, await claimed(store, chat.endpoint.id, LATER), SENT, LATER)

    await store.links.end(chat.id, LATER)

    assert await states(store) == {State.SENT: 1, State.COALESCED: CROWD + 1}


async def test_a_digest_that_is_too_late_takes_its_parts_along(store: Store):
    chat = await crowded(store, expires_at=LATER)
    one = await claimed(store, chat.endpoint.id)
    await settle(store, one, unclear(LATER))

    assert await claim(store, chat.endpoint.id, LATER) is None

    assert await states(store) == {State.EXPIRED: CROWD + 2}


# --- a chat that was closed ----------------------------------------------------------------


async def test_what_was_held_comes_back_as_one_digest(store: Store):
    chat = await crowded(store, 4)
    first = await claimed(store, chat.endpoint.id, LATER)
    await settle(store, first, GONE, LATER)
    assert await states(store) == {State.HELD: 4}

    await store.links.enable(address(), LATER)
    titles = await titles_sent(store, chat.endpoint.id, LATER)

    assert len(titles) == 1
    assert titles[0].startswith("4 events")


async def test_one_held_item_comes_back_as_itself(store: Store):
    chat = await crowded(store, 1)
    await settle(store, await claimed(store, chat.endpoint.id), GONE)

    await store.links.enable(address(), LATER)

    assert await titles_sent(store, chat.endpoint.id, LATER) == ["r00"]


async def test_urgent_items_that_were_held_come_back_singly(store: Store):
    chat = await crowded(store, 3)
    await store.links.disable(address(), "blocked", NOW)
    await told(store, chat.account, "fire", priority=Priority.URGENT)

    await store.links.enable(address(), LATER)
    titles = await titles_sent(store, chat.endpoint.id, LATER)

    assert titles[0] == "fire"
    assert len(titles) == 2


async def test_a_digest_that_was_held_is_made_anew_with_what_was_held_since(store: Store):
    chat = await crowded(store)
    await settle(store, await claimed(store, chat.endpoint.id, LATER), GONE, LATER)
    await told(store, chat.account, "since", at=LATER)
    held = await states(store)

    await store.links.enable(address(), LATER)
    one = await claimed(store, chat.endpoint.id, LATER)

    assert held == {State.HELD: 2, State.COALESCED: CROWD + 1}
    assert one.card.title.startswith(f"{CROWD + 2} events")
    await settle(store, one, SENT, LATER)
    assert await states(store) == {State.SENT: 1, State.COALESCED: CROWD + 3}
    assert set(await store.database.read(told_by)) == {one.id}


async def test_a_digest_that_is_made_anew_and_dies_takes_all_parts_along(store: Store):
    chat = await crowded(store)
    await settle(store, await claimed(store, chat.endpoint.id, LATER), GONE, LATER)
    await told(store, chat.account, "since", at=LATER)
    await store.links.enable(address(), LATER)

    await settle(store, await claimed(store, chat.endpoint.id, LATER), DEAD, LATER)

    assert await states(store) == {State.DEAD: CROWD + 4}
    assert await store.outbox.missed_count(chat.endpoint.id) == CROWD + 2


async def test_a_held_digest_that_is_given_up_takes_its_parts_along(store: Store):
    chat = await crowded(store)
    await settle(store, await claimed(store, chat.endpoint.id, LATER), GONE, LATER)

    await store.outbox.prune(LATER + HELD_LIFE + SECOND)

    assert await states(store) == {State.EXPIRED: CROWD + 2}


def told_by(connection: Connection) -> list[int | None]:
    parts = select(delivery.c.digest).where(delivery.c.state == State.COALESCED)
    return list(connection.execute(parts).scalars())


# --- ageing --------------------------------------------------------------------------------


async def age(store: Store, at: datetime) -> int:
    return await store.outbox.age(at)


async def test_an_item_that_has_waited_long_goes_before_younger_ones_of_the_next_lane(
    store: Store,
):
    chat = await linked(store)
    await told(store, chat.account, "info", priority=Priority.INFO)

    assert await age(store, NOW + AGED - SECOND) == 0
    assert await age(store, NOW + AGED) == 1

    await told(store, chat.account, "trade", at=NOW + MINUTE)
    assert await titles_sent(store, chat.endpoint.id, NOW + AGED) == ["info", "trade"]


async def test_what_rises_rises_one_lane_once_and_urgent_items_stay_where_they_are(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "info", priority=Priority.INFO)
    await told(store, chat.account, "fire", priority=Priority.URGENT)

    assert await age(store, NOW + AGED) == 1
    assert await age(store, NOW + 9 * AGED) == 0

    # The rank is where it stands; what it is stays.
    one = await claimed(store, chat.endpoint.id, NOW + AGED)
    await settle(store, one, SENT, NOW + AGED)
    two = await claimed(store, chat.endpoint.id, NOW + AGED)
    assert [one.card.title, two.card.title] == ["fire", "info"]
    assert two.priority is Priority.INFO


async def test_what_rises_does_not_overtake_what_happened_before_it(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "second", at=NOW)
    found_later = [fact("first", at=NOW - MINUTE)]
    await store.inbox.ingest(chat.account, found_later, tell_all(), NOW + 9 * MINUTE)

    assert await age(store, NOW + AGED) == 2

    assert await titles_sent(store, chat.endpoint.id, NOW + AGED) == ["first", "second"]


async def test_a_stream_of_urgent_items_starves_nothing(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "trade")
    await age(store, NOW + AGED)
    await told(store, chat.account, "fire", at=NOW + AGED, priority=Priority.URGENT)

    assert await titles_sent(store, chat.endpoint.id, NOW + AGED) == ["trade", "fire"]


async def test_a_crowd_of_urgent_items_of_one_bot_is_told_in_one_urgent_item(store: Store):
    chat = await crowded(store, URGENT_CROWD + 1, priority=Priority.URGENT, subject="owl")

    one = await claimed(store, chat.endpoint.id, LATER)

    assert (one.kind, one.priority) == (Kind.DIGEST, Priority.URGENT)
    assert await states(store) == {State.SENDING: 1, State.COALESCED: URGENT_CROWD + 1}


async def test_few_urgent_items_go_one_by_one(store: Store):
    chat = await crowded(store, URGENT_CROWD, priority=Priority.URGENT, subject="owl")

    assert len(await titles_sent(store, chat.endpoint.id, LATER)) == URGENT_CROWD


async def test_urgent_items_of_no_bot_go_one_by_one(store: Store):
    chat = await crowded(store, URGENT_CROWD + 1, priority=Priority.URGENT)

    assert len(await titles_sent(store, chat.endpoint.id, LATER)) == URGENT_CROWD + 1


async def test_where_many_bots_fail_at_once_it_is_told_in_one_urgent_item(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "r00", "r01", at=NOW + MINUTE, priority=Priority.URGENT)
    for number in range(CROWD):
        bot = f"bot {number}"
        await told(store, chat.account, f"{bot} failed", priority=Priority.URGENT, subject=bot)

    titles = await titles_sent(store, chat.endpoint.id, LATER)

    assert [shown(title) for title in titles[:1]] == [f"{CROWD} urgent alerts, 12:00 UTC"]
    assert titles[1:] == ["r00", "r01"]


async def test_a_crowd_of_other_things_does_not_hide_a_few_urgent_items_of_bots(store: Store):
    chat = await crowded(store)
    for number in range(URGENT_CROWD_OF_BOTS):
        bot = f"bot {number}"
        await told(store, chat.account, f"{bot} failed", priority=Priority.URGENT, subject=bot)

    titles = await titles_sent(store, chat.endpoint.id, LATER)

    assert titles[:URGENT_CROWD_OF_BOTS] == [
        f"bot {number} failed" for number in range(URGENT_CROWD_OF_BOTS)
    ]
