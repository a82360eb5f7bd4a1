"""Standing orders: taken up once for each incident, as long as they hold and nobody has seen it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.actions import ActionState, Target
from bot.domain.chats import Channel, Link
from bot.domain.incidents import Cause
from bot.domain.sightings import Sighting
from bot.domain.standing_orders import MOST_ORDERS, DueOrder, StandingOrder
from storage import Store
from tests.contract.storage.given import MINUTE, NOW, linked
from tests.contract.storage.test_incidents import fails, reminders

OWL = Target(id="owl", name="Owl")
DUE = NOW + 15 * MINUTE


def order(chat: Link, id: str = "order") -> StandingOrder:
    return StandingOrder(
        id=id,
        account=chat.account,
        causes=(Cause.FAILED,),
        bots=(OWL,),
        every=False,
        after=timedelta(minutes=15),
        link=chat.id,
        person=chat.person,
        made_at=NOW,
    )


async def due(store: Store) -> DueOrder:
    [one] = (await store.standing_orders.now()).falling
    return one


async def test_an_order_is_kept_as_it_was_made_once_and_removed(store: Store):
    chat = await linked(store)
    made = order(chat)

    assert await store.standing_orders.make(made)
    assert await store.standing_orders.make(made)
    assert await store.standing_orders.of(chat.account) == [made]
    assert not await store.standing_orders.remove(chat.account, "another")
    assert await store.standing_orders.remove(chat.account, made.id)
    assert await store.standing_orders.of(chat.account) == []


async def test_an_account_has_so_many_at_most(store: Store):
    chat = await linked(store)
    for number in range(MOST_ORDERS):
        assert await store.standing_orders.make(order(chat, str(number)))

    assert not await store.standing_orders.make(order(chat, "one more"))
    assert len(await store.standing_orders.of(chat.account)) == MOST_ORDERS


async def test_the_sooner_of_two_is_due_and_what_was_there_before_counts_from_its_making(
    store: Store,
):
    chat = await linked(store)
    late = replace(order(chat), made_at=NOW + 4 * MINUTE)
    await fails(store, chat, "fail owl 1", "fail heron 1")
    await store.standing_orders.make(late)
    await store.standing_orders.make(replace(order(chat, "slow"), after=20 * MINUTE))

    found = await due(store)

    assert (found.order.id, found.incident.of, found.at) == ("order", "owl", NOW + 19 * MINUTE)
    assert not await store.standing_orders.begin(found, OWL, NOW + 18 * MINUTE), "too soon"


async def test_of_many_who_begin_at_once_one_does(store: Store):
    chat = await linked(store)
    await store.standing_orders.make(order(chat))
    await fails(store, chat, "fail owl 1")
    found = await due(store)
    begun = []

    async def begin() -> None:
        begun.append(await store.standing_orders.begin(found, OWL, DUE))

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(begin())
    [deed] = await store.standing_orders.untold()
    first = await store.standing_orders.end(deed.incident, ActionState.DONE, "is stopped", DUE)
    second = await store.standing_orders.end(deed.incident, ActionState.UNCLEAR, "", DUE)
    [ended] = await store.standing_orders.untold()
    await store.standing_orders.told([deed.incident], DUE)

    assert sorted(begun) == [False, False, False, True]
    assert (deed.bot, deed.state, deed.after) == (OWL, ActionState.RUNNING, 15 * MINUTE)
    assert (first, second) == (True, False)
    assert (ended.state, ended.words) == (ActionState.DONE, "is stopped")
    assert await store.standing_orders.untold() == []
    assert (await store.standing_orders.now()).falling == []


@pytest.mark.parametrize("what", ["seen", "solved", "removed", "suspended", "unlinked"])
async def test_what_holds_no_more_at_that_moment_is_not_begun(store: Store, what: str):
    chat, other = await linked(store), await linked(store, "200")
    await store.standing_orders.make(order(chat))
    await fails(store, chat, "fail owl 1")
    found = await due(store)
    match what:
        case "seen":
            await store.incidents.escalate(NOW + 5 * MINUTE)
            reference = (await reminders(store))[0][2]
            ann = Sighting(channel=Channel.TELEGRAM, person="ann", at=NOW + 6 * MINUTE)
            [here] = [
                one for one in (chat, other) if await store.sightings.note(one.id, reference, ann)
            ]
            assert here
        case "solved":
            await fails(store, chat, "end owl")
        case "removed":
            await store.standing_orders.remove(chat.account, "order")
        case "suspended":
            await store.standing_orders.suspend("order", NOW)
        case "unlinked":
            await store.links.end(chat.id, NOW)
            assert [one.id for one in (await store.standing_orders.now()).lapsed] == ["order"]

    assert not await store.standing_orders.begin(found, OWL, DUE)
    assert await store.standing_orders.untold() == []


async def test_orders_and_what_they_did_go_with_the_last_link(store: Store):
    chat = await linked(store)
    await store.standing_orders.make(order(chat))
    await fails(store, chat, "fail owl 1")
    assert await store.standing_orders.begin(await due(store), OWL, DUE)

    await store.links.end(chat.id, DUE)

    assert await store.standing_orders.of(chat.account) == []
    assert await store.standing_orders.untold() == []


async def test_what_was_done_is_erased_with_its_incident(store: Store):
    chat = await linked(store)
    await store.standing_orders.make(order(chat))
    await fails(store, chat, "fail owl 1")
    found = await due(store)
    assert await store.standing_orders.begin(found, OWL, DUE)
    await fails(store, chat, "end owl", at=DUE)

    assert await store.incidents.prune(NOW + timedelta(days=40)) == 1
    assert await store.standing_orders.untold() == []
