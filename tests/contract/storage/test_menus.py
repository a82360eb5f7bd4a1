"""Which chats may have to list other commands, until it is known that they do."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.chats import Channel
from bot.domain.permits import Permit
from storage import Store
from tests.contract.storage.given import NOW, linked


async def test_a_chat_is_due_with_whatever_changes_its_menu_until_that_is_kept(store: Store):
    chat = await linked(store)
    permit = Permit(account=chat.account, command="logs", allowed=True, at=NOW, templates="one")

    [made] = await store.menus.due(())
    elsewhere = await store.menus.due({chat.endpoint.address.channel})
    await store.menus.keep(made, "one")
    at_rest = await store.menus.due({Channel.PUSH})
    await store.permits.note(permit)
    [permitted] = await store.menus.due(())
    await store.menus.keep(permitted, "two")
    await store.links.prefer(chat.id, lambda old: replace(old, language="de"), NOW)
    [spoken] = await store.menus.due(())
    await store.menus.keep(spoken, "three")
    await store.links.end(chat.id, NOW)
    [ended] = await store.menus.due(())
    await store.menus.keep(ended, None)

    assert (made.endpoint, made.shown, made.private) == (chat.endpoint.id, None, True)
    assert made.link is not None
    assert (elsewhere, at_rest) == ([], [])
    assert (permitted.shown, spoken.shown) == ("one", "two")
    assert (ended.shown, ended.link) == ("three", None)
    assert await store.menus.due(()) == []


async def test_what_changes_while_a_menu_is_given_is_due_again(store: Store):
    chat = await linked(store)
    [menu] = await store.menus.due(())
    await store.links.prefer(chat.id, lambda old: replace(old, language="de"), NOW)

    await store.menus.keep(menu, "one")

    [again] = await store.menus.due(())
    assert again.shown == "one"


async def test_after_a_start_those_with_a_menu_of_their_own_are_looked_at(store: Store):
    chat = await linked(store)
    [menu] = await store.menus.due(())
    await store.menus.keep(menu, None)
    await store.menus.look_at_all()
    without = await store.menus.due(())
    await store.menus.keep(menu, "one")

    await store.menus.look_at_all()

    assert without == []
    assert [one.endpoint for one in await store.menus.due(())] == [chat.endpoint.id]
