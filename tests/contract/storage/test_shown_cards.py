"""Messages that show buttons: told of once these have ended, and forgotten once they are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.domain.actions import Action, ActionState, Denied, Verb
from bot.domain.cards import Button, Card
from bot.domain.chats import Channel, Link
from bot.domain.ids import ActionId
from bot.domain.lifetimes import END_LIFE
from bot.domain.shown import EndedCard, Ending, ShownCard
from storage import Store
from tests.contract.storage.conftest import OpenStore
from tests.contract.storage.given import GONE, MINUTE, NOW, SECOND, address, button, linked

END = NOW + MINUTE
"""When the buttons of `given.button` end."""


async def shown(
    store: Store,
    chat: Link,
    message: str,
    *names: str,
    person: str = "100",
    verb: Verb = Verb.PAUSE,
) -> Card:
    """A message of a person's card, with a button for each name."""
    of_card: dict[str, Any] = {"card": f"card {message}", "person": person, "verb": verb}
    offered = [replace(button(chat, name), **of_card) for name in names]
    await store.actions.offer(offered)
    buttons = tuple((Button(label=name, action=ActionId(name)),) for name in names)
    card = Card(title=f"Title {message}", buttons=buttons)
    assert await store.shown_cards.note(_message(chat, message, card))
    return card


def _message(chat: Link, message: str, card: Card) -> ShownCard:
    place = chat.endpoint.address
    return ShownCard(endpoint=chat.endpoint.id, address=place, message=message, card=card)


async def ended(store: Store, now: datetime = END, bot: str = "1") -> list[EndedCard]:
    return list((await store.shown_cards.ended(Channel.TELEGRAM, bot, now)).now)


async def test_what_was_live_when_a_process_ended_ends_at_the_next_start(store: Store):
    chat = await linked(store)
    await shown(store, chat, "7", "live", verb=Verb.STOP_WATCH)
    await shown(store, chat, "8", "another")

    await store.shown_cards.end_live(NOW)

    assert [(one.shown.message, one.ending) for one in await ended(store, NOW)] == [
        ("7", Ending.NOT_LIVE)
    ]


async def test_a_card_is_told_of_from_its_buttons_end_on(store: Store):
    chat = await linked(store)
    card = await shown(store, chat, "7", "pause", "cancel")

    before = await store.shown_cards.ended(Channel.TELEGRAM, "1", END - SECOND)
    [one] = await ended(store)

    assert (before.now, before.due) == ((), END)
    assert one == EndedCard(shown=_message(chat, "7", card), ending=Ending.EXPIRED, ended_at=END)


async def test_one_that_cannot_be_changed_so_long_is_told_of_while_it_can(store: Store):
    chat = await linked(store)
    card = await shown(store, chat, "7", "pause")

    await store.shown_cards.note(replace(_message(chat, "7", card), until=END - SECOND))

    [one] = await ended(store, END - SECOND)
    assert (one.ending, one.ended_at) == (Ending.EXPIRED, END - SECOND)


async def test_it_is_told_of_after_a_restart(lasting_url: str, open_again: OpenStore):
    async with open_again(lasting_url) as store:
        await shown(store, await linked(store), "7", "pause")

    async with open_again(lasting_url) as store:
        assert [one.shown.message for one in await ended(store)] == ["7"]


async def test_another_bot_hears_nothing_of_it(store: Store):
    await shown(store, await linked(store), "7", "pause")

    assert await ended(store, bot="2") == []


async def test_a_closed_chat_is_left_alone(store: Store):
    chat = await linked(store)
    await shown(store, chat, "7", "pause")
    await store.links.disable(address(), GONE.reason, NOW)

    assert await ended(store) == []


async def test_what_is_forgotten_is_told_of_no_more(store: Store):
    chat = await linked(store)
    await shown(store, chat, "7", "pause")

    await store.shown_cards.forget(chat.endpoint.id, "7")

    assert await ended(store) == []


async def test_what_is_put_off_is_told_of_then(store: Store):
    chat = await linked(store)
    await shown(store, chat, "7", "pause")
    [one] = await ended(store)

    await store.shown_cards.postpone(one.shown, END + MINUTE)

    assert await ended(store) == []
    assert [late.ended_at for late in await ended(store, END + MINUTE)] == [END]


async def test_a_message_that_shows_another_card_ends_with_that_one(store: Store):
    chat = await linked(store)
    await shown(store, chat, "7", "pause")
    later = replace(button(chat, "resume"), card="another", expires_at=END + MINUTE)
    await store.actions.offer([later])
    card = Card(title="Other", buttons=((Button(label="resume", action=later.id),),))

    assert await store.shown_cards.note(_message(chat, "7", card))

    assert await ended(store) == []
    assert [one.shown.card for one in await ended(store, END + MINUTE)] == [card]


async def test_a_message_without_buttons_is_not_kept(store: Store):
    chat = await linked(store)
    await shown(store, chat, "7", "pause")

    assert not await store.shown_cards.note(_message(chat, "7", Card(title="Done")))

    assert await ended(store) == []


async def test_what_was_pressed_is_not_called_expired(store: Store):
    chat = await linked(store)
    await shown(store, chat, "7", "pause", "cancel")
    assert isinstance(
        await store.actions.claim(ActionId("pause"), "100", chat.endpoint.id, NOW), Action
    )
    await store.actions.finish(ActionId("pause"), ActionState.DONE, NOW)

    assert [one.ending for one in await ended(store)] == [Ending.PRESSED]


@pytest.mark.parametrize("withdrawn", [False, True])
async def test_what_could_be_undone_stands(store: Store, withdrawn: bool):
    chat = await linked(store)
    await shown(store, chat, "7", "undo", verb=Verb.UNDO)
    if withdrawn:
        await store.shown_cards.withdraw(chat.endpoint.id, "100", NOW)

    assert [one.ending for one in await ended(store)] == [Ending.STANDS]


async def test_withdrawing_ends_a_persons_own_cards_in_that_chat_at_once(store: Store):
    chat, elsewhere = await linked(store), await linked(store, "200")
    await shown(store, chat, "7", "pause", "cancel")
    await shown(store, chat, "8", "theirs", person="666")
    await shown(store, elsewhere, "9", "there")

    closed = await store.shown_cards.withdraw(chat.endpoint.id, "100", NOW)
    again = await store.shown_cards.withdraw(chat.endpoint.id, "100", NOW)

    assert [[one.id for one in card] for card in closed] == [["cancel", "pause"]]
    assert again == []
    assert [(one.shown.message, one.ending) for one in await ended(store, NOW)] == [
        ("7", Ending.WITHDRAWN)
    ]
    press = store.actions.claim
    assert await press(ActionId("pause"), "100", chat.endpoint.id, NOW) is Denied.EXPIRED
    for name, person, where in (("theirs", "666", chat), ("there", "100", elsewhere)):
        assert isinstance(await press(ActionId(name), person, where.endpoint.id, NOW), Action)


async def test_what_is_for_everybody_in_a_chat_is_no_persons_to_withdraw(store: Store):
    chat = await linked(store)
    await store.actions.offer([button(chat, "alert")])

    assert await store.shown_cards.withdraw(chat.endpoint.id, "100", NOW) == []

    claimed = await store.actions.claim(ActionId("alert"), "100", chat.endpoint.id, NOW)
    assert isinstance(claimed, Action)


async def test_what_nobody_could_change_is_given_up(store: Store):
    await shown(store, await linked(store), "7", "pause")

    kept = await store.shown_cards.prune(END + END_LIFE)
    gone = await store.shown_cards.prune(END + END_LIFE + SECOND)

    assert (kept, gone) == (0, 1)
    assert await ended(store, END + END_LIFE) == []
