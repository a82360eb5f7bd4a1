"""A fresh login before what cannot be undone, and the ten minutes after a chat was linked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.accounts import PasswordLogin
from bot.domain.chats import Role
from bot.domain.ids import TraderId
from bot.domain.incoming import Command, Press, Shared
from bot.domain.lifetimes import CODE_LIFE, CONFIRM_LIFE, COOL_OFF, PROOF_LIFE
from bot.domain.linking import (
    LOGIN_TRIES,
    Audience,
    LinkProblem,
    LoginFailed,
    Proven,
    SignedIn,
    TooSoon,
)
from bot.domain.pods import BotCommand, OpenTrade
from tests.fakes.platform import MALLORY
from tests.fakes.readership import FakeReadership
from tests.harness.world import CHAT, World, actions_under, as_shown_there, code_in, owl, running

TRADE = OpenTrade(
    id="5", pair="BTC/USDT", amount=Decimal("0.4"), profit_ratio=Decimal("0.02"), exiting=False
)
FORCE_EXIT = "/forceexit night owl 5 50%"
STANDING = "/standing error of night owl after 15 min"
RIGHT = PasswordLogin(email="alice@example.com", password="right")
WRONG = PasswordLogin(email="alice@example.com", password="wrong")
ANOTHERS = PasswordLogin(email=MALLORY, password="right")
GROUP, BOB = "-1001", "200"
DESK = Audience(
    name="Desk",
    readers="everyone in Desk",
    governors=frozenset({CHAT}),
    private_chat="https://t.me/tradebell_bot?start=",
)


@pytest.fixture
async def world(store, platform, chat, now) -> AsyncIterator[World]:
    platform.bot_commands = frozenset(BotCommand)
    platform.open["owl"] = [TRADE]
    platform.bots[TraderId("owl")] = owl(dry_run=False)
    readership = FakeReadership(chats={GROUP: DESK})
    async with running(store, platform, chat, now, readership=readership, step_up=True) as started:
        yield started


@pytest.fixture
async def settled(world: World) -> World:
    """A chat that is linked for longer than the cool-off."""
    await world.goes_live()
    await world.quiet(COOL_OFF.total_seconds())
    return world


async def ask(world, text, **where) -> Any:
    [reply] = await world.says(text, **where)
    return reply


async def log_in(world, asked, login=RIGHT, source="127.0.0.1"):
    return await world.linking.sign_in(code_in(asked), login, source)


async def trail(world):
    link = await world.link()
    traces = await world.store.audit.trail(link.account, 50)
    return [(one.what, dict(one.facts)) for one in traces]


# --- the chat is new ------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [FORCE_EXIT, STANDING])
async def test_a_chat_that_was_just_linked_is_told_when_it_may(world, typed):
    await world.goes_live()
    link = await world.link()

    refused = await ask(world, typed)
    await world.quiet((link.linked_at + COOL_OFF - world.now()).total_seconds() - 1)
    [at_last] = await world.says(typed)
    await world.quiet(1)
    asked = await ask(world, typed)

    assert refused.card.title == "This chat is too new for that"
    assert f"{link.linked_at + COOL_OFF:%H:%M}" in repr(refused.card.lines)
    assert actions_under(refused.card) == {}
    assert at_last.card.title == refused.card.title
    assert asked.card.title == "Log in first"


async def test_a_card_from_before_a_chat_was_linked_anew_does_nothing(settled, platform):
    asked = await ask(settled, FORCE_EXIT)
    assert isinstance(await log_in(settled, asked), Proven)
    [confirm] = await settled.presses(asked, "Go on")
    await settled.linking.end(await settled.link())
    await settled.links()

    [pressed] = await settled.presses(confirm, "Close 50 %")

    assert pressed.toast == "This chat is no longer linked to that account."
    assert platform.open["owl"] == [TRADE]


# --- a fresh login --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "deed", "confirm"),
    [
        (FORCE_EXIT, "Night Owl: close 50 % of #5 BTC/USDT", "Close 50 %"),
        (STANDING, "Standing order: An error of Night Owl, unseen for 15 min", "Allow to stop"),
    ],
)
async def test_after_a_login_on_the_page_it_is_confirmed_as_ever(settled, typed, deed, confirm):
    asked = await ask(settled, typed)
    outcome = await log_in(settled, asked)
    [shown] = await settled.presses(asked, "Go on")

    assert asked.card.title == "Log in first"
    assert asked.card.lines[0].startswith(deed)
    assert isinstance(outcome, Proven)
    assert outcome.proof.deed == asked.card.lines[0]
    assert shown.replaces
    [label] = [one for one in actions_under(shown.card) if one.startswith(confirm)]
    assert (await settled.presses(shown, label))[-1].card.title
    facts = dict(await trail(settled))
    assert facts["proven"]["words"] == outcome.proof.deed
    assert facts["proven"]["person"] == CHAT


async def test_it_closes_the_trade(settled, platform):
    asked = await ask(settled, FORCE_EXIT)
    await log_in(settled, asked)
    [shown] = await settled.presses(asked, "Go on")

    await settled.presses(shown, "Close 50 %")

    assert platform.open["owl"][0].amount == Decimal("0.2")


async def test_without_a_login_going_on_asks_for_it_again(settled, platform):
    asked = await ask(settled, FORCE_EXIT)

    [again] = await settled.presses(asked, "Go on")

    assert again.card.title == "Log in first"
    assert code_in(again) != code_in(asked)
    assert platform.open["owl"] == [TRADE]


async def test_the_audit_names_who_has_logged_in_once_more(settled):
    asked = await ask(settled, FORCE_EXIT)
    await log_in(settled, asked, WRONG)
    await log_in(settled, asked)

    shown = repr((await ask(settled, "/audit")).card)

    assert "logged in once more: Night Owl: close 50 % of #5" in shown
    assert "a login failed" in shown
    assert "you on" in shown


async def test_a_login_counts_for_ten_minutes_and_for_a_card_that_was_shown_in_time(settled):
    asked = await ask(settled, FORCE_EXIT)
    await log_in(settled, asked)
    await settled.quiet(PROOF_LIFE.total_seconds() - 1)
    shown = await ask(settled, FORCE_EXIT)
    await settled.quiet(CONFIRM_LIFE.total_seconds() - 2)
    done = await settled.presses(shown, "Close 50 %")

    asked_again = await ask(settled, FORCE_EXIT)

    assert shown.card.title.startswith("Close #5")
    assert done[-1].card.title.startswith("Night Owl")
    assert asked_again.card.title == "Log in first"


async def test_a_card_that_was_made_without_a_login_does_nothing(settled, platform):
    asked = await ask(settled, FORCE_EXIT)
    await log_in(settled, asked)
    [shown] = await settled.presses(asked, "Go on")
    link = await settled.link()
    made = await settled.store.actions.claim(
        actions_under(shown.card)["Close 50 %"], CHAT, link.endpoint.id, settled.now()
    )
    await settled.quiet(PROOF_LIFE.total_seconds() + CONFIRM_LIFE.total_seconds())
    forged = replace(
        made, id="forged", card="forged", state="open", expires_at=settled.now() + CONFIRM_LIFE
    )
    await settled.store.actions.offer((forged,))

    press = Press(place=settled.place(), person=settled.person(), action=forged.id)
    [reply] = [as_shown_there(one) async for one in settled.router.hear(press)]

    assert "fresh login" in (reply.toast or "")
    assert platform.open["owl"] == [TRADE]


# --- the address ----------------------------------------------------------------------------------


async def test_an_address_is_used_once(settled):
    asked = await ask(settled, FORCE_EXIT)
    first = await log_in(settled, asked)

    assert isinstance(first, Proven)
    assert await log_in(settled, asked) is LinkProblem.PROVEN
    assert await settled.linking.look(code_in(asked)) is LinkProblem.PROVEN


async def test_an_address_ends_after_ten_minutes(settled):
    asked = await ask(settled, FORCE_EXIT)
    await settled.quiet(CODE_LIFE.total_seconds())

    assert await log_in(settled, asked) is LinkProblem.NOT_PROVEN
    [again] = await settled.presses(asked, "Go on")
    assert again.card.title == "Log in first"


async def test_another_account_s_login_proves_nothing(settled, platform):
    asked = await ask(settled, FORCE_EXIT)
    before = await settled.link()

    outcome = await log_in(settled, asked, ANOTHERS)
    [again] = await settled.presses(asked, "Go on")

    assert isinstance(outcome, LoginFailed)
    assert outcome.reason.startswith("This login is not the one of the account")
    assert again.card.title == "Log in first"
    assert await settled.link() == before


async def test_no_address_for_a_login_links_a_chat(settled):
    asked = await ask(settled, FORCE_EXIT)
    before = await settled.link()
    await log_in(settled, asked)

    typed = await ask(settled, "482913")

    assert await settled.link() == before
    assert "linked" not in typed.card.title.lower()


async def test_wrong_passwords_count_as_those_of_a_link_do(settled):
    asked = await ask(settled, FORCE_EXIT)
    tried = [await log_in(settled, asked, WRONG, f"10.0.0.{n}") for n in range(LOGIN_TRIES)]
    closed = await log_in(settled, asked)
    again = await ask(settled, FORCE_EXIT)
    held = [await log_in(settled, again, WRONG, "10.1.0.1") for _ in range(LOGIN_TRIES)]
    held.append(await log_in(settled, await ask(settled, "/link"), RIGHT, "10.1.0.1"))

    assert [one.tries_left for one in tried] == [4, 3, 2, 1, 0]
    assert closed is LinkProblem.NOT_PROVEN
    assert any(isinstance(one, TooSoon) for one in held)


# --- others ---------------------------------------------------------------------------------------


async def in_group(world, text, person=CHAT, shared=True):
    place = replace(
        world.place(GROUP, private=False),
        shared=Shared(name="Desk", can_manage=person == CHAT) if shared else None,
    )
    typed, _, arguments = text.removeprefix("/").partition(" ")
    said = Command(place=place, person=world.person(person), name=typed, arguments=arguments)
    [reply] = [as_shown_there(one) async for one in world.router.hear(said)]
    return reply


async def press_in_group(world, reply, label, person=CHAT, shared=True):
    place = replace(
        world.place(GROUP, private=False),
        shared=Shared(name="Desk", can_manage=False) if shared else None,
    )
    action = actions_under(reply.card)[label]
    said = Press(place=place, person=world.person(person), action=action)
    return [as_shown_there(one) async for one in world.router.hear(said)]


@pytest.fixture
async def desk(world: World) -> World:
    """A shared chat of Alice, linked for longer than the cool-off, in which others may look."""
    asked = await in_group(world, "/link")
    signed_in = await world.linking.sign_in(code_in(asked), RIGHT, "127.0.0.1", agreed=True)
    assert isinstance(signed_in, SignedIn)
    await in_group(world, f"/link {signed_in.digits}")
    link = await world.link(GROUP)
    assert link is not None
    await world.store.links.prefer(
        link.id, lambda wants: replace(wants, members=Role.VIEWER), world.now()
    )
    await world.quiet(COOL_OFF.total_seconds())
    return world


@pytest.mark.parametrize("typed", ["/members operator", f"/members operator {BOB}"])
async def test_a_new_operator_takes_a_login_and_a_viewer_none(desk, typed):
    asked = await in_group(desk, typed)
    await desk.linking.sign_in(code_in(asked), RIGHT, "127.0.0.1")
    [confirm] = await press_in_group(desk, asked, "Go on")
    await press_in_group(desk, confirm, "Allow it")
    link: Any = await desk.link(GROUP)

    viewer = await in_group(desk, "/members viewer 400")
    fewer = await in_group(desk, "/members nobody")

    assert asked.card.lines[0].startswith("Let")
    assert link.role_of(BOB) is Role.OPERATOR
    assert "Log in first" not in (viewer.card.title, fewer.card.title)


async def test_a_login_counts_for_who_asked_and_for_nobody_else(desk, platform):
    link = await desk.link(GROUP)
    await desk.store.links.prefer(
        link.id, lambda wants: replace(wants, members=Role.OPERATOR), desk.now()
    )
    await desk.says("/whoami")
    asked = await in_group(desk, FORCE_EXIT)
    await desk.linking.sign_in(code_in(asked), RIGHT, "127.0.0.1")

    bobs = await in_group(desk, FORCE_EXIT, BOB)
    [stolen] = await press_in_group(desk, asked, "Go on", BOB)
    [owners] = await press_in_group(desk, asked, "Go on")

    assert bobs.card.title == "Log in first"
    assert "who linked this chat can do it" in repr(bobs.card)
    assert "who linked this chat can do it" not in repr(asked.card)
    assert stolen.toast == "Only the person who asked may press this."
    assert owners.card.title.startswith("Close #5")


async def test_in_a_group_the_address_is_told_in_the_private_chat_of_who_asked(desk):
    asked = await in_group(desk, FORCE_EXIT, shared=False)
    url = asked.card.buttons[0][0].url
    code = url.removeprefix(DESK.private_chat)

    others = await ask(desk, f"/start {code}", chat=BOB)
    there = await ask(desk, f"/start {code}")
    proven = await log_in(desk, there)
    [confirm] = await press_in_group(desk, asked, "Go on", shared=False)

    assert url.startswith(DESK.private_chat)
    assert isinstance(await desk.linking.look(code), LinkProblem)  # that in the group opens no page
    assert others.card.title == "That button is for who asked for it"
    assert there.card.title == "Log in first"
    assert isinstance(proven, Proven)
    assert confirm.card.title.startswith("Close #5")


# --- a crash between ------------------------------------------------------------------------------


async def test_after_a_crash_between_login_and_proof_the_address_still_works(
    store, platform, chat, now
):
    platform.bot_commands = frozenset(BotCommand)
    platform.open["owl"] = [TRADE]
    async with running(store, platform, chat, now, step_up=True) as world:
        await world.goes_live()
        await world.quiet(COOL_OFF.total_seconds())
        asked = await ask(world, FORCE_EXIT)
        killed = asyncio.Event()
        real = store.codes.prove

        async def never(*args):
            killed.set()
            await asyncio.Event().wait()

        store.codes.prove = never
        async with asyncio.TaskGroup() as group:
            login = group.create_task(log_in(world, asked))
            await killed.wait()
            login.cancel()
        store.codes.prove = real
    async with running(store, platform, chat, now, step_up=True) as world:
        [unproven] = await world.presses(asked, "Go on")
        outcome = await log_in(world, asked)
    async with running(store, platform, chat, now, step_up=True) as world:
        [proven] = await world.presses(asked, "Go on")

    assert unproven.card is not None
    assert proven.card is not None
    assert unproven.card.title == "Log in first"
    assert isinstance(outcome, Proven)
    assert proven.card.title.startswith("Close #5")


async def test_where_the_operator_wants_none_it_is_confirmed_at_once(store, platform, chat, now):
    platform.bot_commands = frozenset(BotCommand)
    platform.open["owl"] = [TRADE]
    async with running(store, platform, chat, now, step_up=False) as world:
        await world.goes_live()

        shown = await ask(world, FORCE_EXIT)

    assert shown.card.title.startswith("Close #5")


def test_the_cool_off_is_as_long_as_told():
    assert timedelta(minutes=10) == COOL_OFF
