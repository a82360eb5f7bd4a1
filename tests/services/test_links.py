"""`/whoami` and `/links`: who a person is here, and what else is linked to the account."""

from __future__ import annotations

from bot.domain.cards import as_shown
from bot.domain.events import Stream
from bot.domain.feeds import FeedState
from bot.domain.incoming import Left
from bot.errors import NotOffered
from tests.services.test_commands import ask, linked


def told(card) -> dict[str, str]:
    return {field.label: field.value for field in card.fields}


async def test_who_one_is_says_the_account_the_rights_and_how_one_is_spoken_to(world):
    account = await linked(world)
    await ask(world, "/timezone Berlin")

    card = await ask(world, "/whoami")

    assert card.title == f"You are linked to {account.label}"
    who = told(card)
    assert who["This chat"].startswith("Telegram chat, since ")
    assert who["You may"] == "all there is: it is your account"
    assert who["Language"] == "English"
    assert who["Time zone"].startswith("Europe/Berlin")
    assert who["Rights"] == "the platform has refused me nothing so far"
    assert "/links" in card.notes[0]


async def test_who_one_is_says_what_the_platform_has_refused_the_login(world, platform):
    platform.denied.add(Stream.SIGNALS)
    await linked(world)
    platform.fail("strategies", NotOffered("You are not permitted"))
    await ask(world, "/strategies")

    who = told(await ask(world, "/whoami"))

    assert who["The platform does not let me read"] == "models/signals"
    assert who["It has refused me"] == "/strategies"
    assert "Rights" not in who


async def test_a_login_that_the_platform_takes_no_more_is_none(world, platform):
    account = await linked(world)
    platform.accepts.clear()
    platform.cut()
    await world.until_state(account, FeedState.NEEDS_LOGIN)

    assert told(await ask(world, "/whoami"))["Login"].startswith("none that the platform takes")


async def test_all_chats_are_listed_with_how_each_is_removed(world):
    await linked(world)
    await world.links("200")

    [reply] = await world.says("/links")
    [confirm] = await world.presses(reply, "Unlink all others")

    card = as_shown(reply.card)
    assert card.title == "2 chats and phones are linked to your account"
    here, there = card.fields
    assert here.label == "Telegram chat (this chat)"
    assert here.value.startswith("owner · since ")
    assert here.value.endswith("nobody has shown yet that it is seen · remove it: /unlink")
    assert there.value.endswith("remove it: /unlink there, or /unlink others")
    assert confirm.card.title == "Unlink 1 other chat?"


async def test_a_chat_that_is_closed_says_so_in_the_list(world):
    await linked(world)
    await world.links("200")
    gone = Left(place=world.place("200"), reason="bot_blocked")
    assert [reply async for reply in world.router.hear(gone)] == []

    card = await ask(world, "/links")

    assert ["closed to me" in field.value for field in card.fields] == [False, True]
