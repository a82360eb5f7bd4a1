"""Buttons: pressed once, by whom they are for, while they last."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from bot.domain.actions import Action, ActionState, Denied, Target, Verb
from bot.domain.chats import Link
from bot.domain.ids import ActionId, EndpointId
from storage import Store
from storage.buttons.actions import KEPT_AFTER_EXPIRY
from storage.schema.tables import action
from tests.contract.storage.given import MINUTE, NOW, SECOND, address, button, linked


async def press(
    store: Store, chat: Link, button: str = "pause", person: str = "100", now: datetime = NOW
) -> Action | Denied:
    return await store.actions.claim(ActionId(button), person, chat.endpoint.id, now)


async def test_a_pressed_button_says_all_that_it_means(store: Store):
    chat = await linked(store)
    offered = replace(
        button(chat, "pause"),
        person="100",
        targets=(Target(id="t1", name="Alpha"), Target(id="t2", name="Bêta 🤖")),
        arguments="all",
    )
    await store.actions.offer([offered])

    assert await press(store, chat) == offered


async def test_a_button_works_once(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat, "pause")])
    await press(store, chat)

    assert await press(store, chat) is Denied.RUNNING
    await store.actions.finish(ActionId("pause"), ActionState.DONE, NOW)
    assert await press(store, chat) is Denied.USED


async def test_of_the_buttons_of_a_card_one_works(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat, "pause"), button(chat, "cancel")])
    await store.actions.offer([replace(button(chat, "other"), card="another card")])

    assert isinstance(await press(store, chat, "pause"), Action)
    assert await press(store, chat, "cancel") is Denied.USED
    assert isinstance(await press(store, chat, "other"), Action)


async def test_of_buttons_that_are_pressed_at_once_one_works(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat, name) for name in ("pause", "cancel", "resume")])

    async with asyncio.TaskGroup() as group:
        presses = [
            group.create_task(press(store, chat, name))
            for name in ("pause", "cancel", "resume", "pause", "cancel", "resume")
        ]

    assert sum(isinstance(task.result(), Action) for task in presses) == 1


async def test_a_repeatable_button_works_again_and_closes_nothing(store: Store):
    chat = await linked(store)
    pick = replace(button(chat, "pick"), repeatable=True, verb=Verb.ASK)
    await store.actions.offer([pick, button(chat, "pause")])

    assert [await press(store, chat, "pick") for _ in range(2)] == [pick, pick]
    assert isinstance(await press(store, chat, "pause"), Action)


async def test_a_button_is_for_its_person_and_its_chat(store: Store):
    chat = await linked(store)
    elsewhere = await store.links.endpoint(address("elsewhere"), private=True)
    await store.actions.offer([replace(button(chat, "pause"), person="100")])

    stranger = await press(store, chat, person="200")
    wrong_chat = await store.actions.claim(ActionId("pause"), "100", elsewhere, NOW)

    assert (stranger, wrong_chat) == (Denied.NOT_YOURS, Denied.ELSEWHERE)
    assert isinstance(await press(store, chat), Action)


async def test_a_button_for_everybody_works_for_anybody(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat, "pause")])

    assert isinstance(await press(store, chat, person="200"), Action)


async def test_a_button_expires(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat, "pause")])

    assert await press(store, chat, now=NOW + MINUTE) is Denied.EXPIRED


async def test_an_unknown_button_does_nothing(store: Store):
    pressed = await store.actions.claim(ActionId("x"), "100", EndpointId("y"), NOW)

    assert pressed is Denied.UNKNOWN


async def test_a_button_works_across_a_restart(lasting_url, open_again):
    async with open_again(lasting_url) as store:
        chat = await linked(store)
        await store.actions.offer([button(chat, "pause")])

    async with open_again(lasting_url) as store:
        assert isinstance(await press(store, chat), Action)


async def test_what_a_crash_interrupts_is_found_until_it_is_finished(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat, "pause")])
    await press(store, chat)

    interrupted = await store.actions.interrupted()
    await store.actions.finish(ActionId("pause"), ActionState.UNCLEAR, NOW)

    assert [action.id for action in interrupted] == ["pause"]
    assert await store.actions.interrupted() == []


@pytest.mark.parametrize("state", [ActionState.DONE, ActionState.REFUSED])
async def test_what_is_finished_stays_so(store: Store, state: ActionState):
    chat = await linked(store)
    await store.actions.offer([button(chat, "pause")])
    await press(store, chat)

    await store.actions.finish(ActionId("pause"), state, NOW)
    await store.actions.finish(ActionId("pause"), ActionState.UNCLEAR, NOW)

    kept = select(action.c.state)
    assert await store.database.read(lambda connection: connection.scalar(kept)) is state


async def test_buttons_are_forgotten_long_after_they_expired(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat, "pause")])
    long_after = NOW + MINUTE + KEPT_AFTER_EXPIRY

    await store.actions.prune(long_after)
    kept = await press(store, chat, now=long_after)
    await store.actions.prune(long_after + SECOND)

    assert kept is Denied.EXPIRED
    assert await press(store, chat) is Denied.UNKNOWN


async def test_offering_nothing_is_nothing(store: Store):
    await store.actions.offer([])

    assert await store.actions.interrupted() == []
