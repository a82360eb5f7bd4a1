"""What people do to each other and to us: rows 65, 66, 68 and 70 of the fault matrix."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.accounts import PasswordLogin
from bot.domain.actions import Denied
from bot.domain.deliveries import State
from bot.domain.linking import Completed, LinkProblem, SignedIn, WrongDigits
from bot.texts.outcomes import toast
from tests.fakes.platform import MALLORY
from tests.faults.alerts import link_all, numbered, owe, slow_down
from tests.harness.judge import assert_kept
from tests.harness.world import CHAT, code_in, running

OTHER = "200"
STRANGER = "666"

RIGHT = PasswordLogin(email="alice@example.com", password="right")
PAUSE = "Stop Night Owl"

IN_MEMORY = pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)
"""For what asks a database so often that a second one would only take its time."""


# --- unlinking and relinking --------------------------------------------------------------


@pytest.mark.fault(65)
async def test_after_an_unlink_nothing_of_what_was_pending_is_shown(world, chat):
    account = await world.links()
    chat.script(CHAT, slow_down(600))
    await owe(world, account, *numbered(50), urgent=True)
    await world.quiet(1)

    [asked] = await world.says("/unlink")
    await world.presses(asked, "Unlink this chat")
    await world.quiet(7200)

    assert chat.shown == []
    counted = await assert_kept(world.store, chat.shown, created=50)
    assert counted == {State.CANCELLED: 50}


@pytest.mark.fault(65)
@pytest.mark.parametrize("unlinked", [True, False])
async def test_a_chat_that_is_linked_to_another_account_never_shows_the_first_ones_items(
    world, chat, unlinked
):
    alice = await world.links()
    chat.script(CHAT, slow_down(600))
    await owe(world, alice, *numbered(50), urgent=True)
    await world.quiet(1)

    if unlinked:
        await world.linking.end(await world.link())
    mallory = await world.links(email=MALLORY)
    await owe(world, alice, "of nobody any more")
    await owe(world, mallory, "her own")
    await world.quiet(7200)

    assert mallory.id != alice.id
    assert chat.titles() == ["her own"]
    [missed] = await world.says("/missed")
    assert not [title for title in numbered(50) if title in str(missed.card)]
    counted = await assert_kept(world.store, chat.shown, created=51)
    assert counted == {State.CANCELLED: 50, State.SENT: 1}


@pytest.mark.fault(65)
async def test_what_is_under_way_at_the_unlink_is_not_tried_again(world, chat):
    account = await world.links()
    chat.script(CHAT, slow_down(1))
    chat.seconds = 5
    await owe(world, account, "under way", "next")
    await world.quiet(1)

    await world.linking.end(await world.link())
    await world.quiet(3600)

    assert chat.calls == 1
    assert await assert_kept(world.store, chat.shown, created=2) == {State.CANCELLED: 2}


# --- login links that go astray -----------------------------------------------------------


@pytest.mark.fault(66)
async def test_a_login_by_a_forwarded_link_links_nothing_without_the_digits(world, chat):
    await world.links()
    [invited] = await world.says("/link", STRANGER)

    signed_in = await world.linking.sign_in(code_in(invited), RIGHT, "127.0.0.1")
    assert isinstance(signed_in, SignedIn)
    # The victim types them where they are told to, which is not where the link came from.
    await world.says(signed_in.digits, CHAT)
    await world.says(signed_in.digits, OTHER)
    await world.says(signed_in.digits, STRANGER, person=OTHER)

    assert await world.link(STRANGER) is None
    assert await world.link(OTHER) is None
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(66)
async def test_whoever_gets_the_digits_too_is_announced_in_the_old_chat_and_ended_there(
    world, chat
):
    account = await world.links()
    await world.quiet()

    await world.links(STRANGER)
    await world.quiet()
    [told] = chat.shown
    assert told.chat == CHAT
    assert told.card.title == "A new Telegram chat was linked to your account"

    [asked] = await world.says("/unlink others")
    await world.presses(asked, "Unlink 1 other chat")
    await owe(world, account, "alert")
    await world.quiet()
    assert await world.link(STRANGER) is None
    assert chat.titles(STRANGER) == []
    assert await assert_kept(world.store, chat.shown, created=2) == {State.SENT: 2}


# --- buttons ------------------------------------------------------------------------------


@pytest.mark.fault(68)
async def test_a_button_that_is_pressed_many_times_at_once_and_later_acts_once(
    world, platform, chat
):
    await linked(world)
    [asked] = await world.says("/pause night owl")

    async with asyncio.TaskGroup() as group:
        presses = [group.create_task(world.presses(asked, PAUSE)) for _ in range(5)]
    late = await world.presses(asked, PAUSE)

    answers = [press.result()[0].toast for press in presses]
    assert answers.count(None) == 1
    assert set(answers) <= {None, "Already on it. One moment.", "This card was used already."}
    assert [reply.toast for reply in late] == ["This card was used already."]
    assert platform.calls.count("set_running owl False") == 1
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(68)
async def test_a_button_that_another_member_of_the_chat_presses_does_nothing(world, platform, chat):
    await linked(world)
    [asked] = await world.says("/pause night owl")

    refused = await world.presses(asked, PAUSE, person=STRANGER)
    cancelled = await world.presses(asked, "Cancel", person=STRANGER)

    words = ["Only the person who asked may press this."]
    assert [reply.toast for reply in refused] == [reply.toast for reply in cancelled] == words
    assert not changed(platform)
    await world.presses(asked, PAUSE)
    assert changed(platform)
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(68)
async def test_a_button_of_one_chat_does_nothing_in_another(world, platform, chat):
    await link_all(world, CHAT, OTHER)
    [asked] = await world.says("/pause night owl")

    [reply] = await world.presses(asked, PAUSE, chat=OTHER, person=CHAT)

    assert reply.toast == "This button belongs to another chat."
    assert not changed(platform)
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(68)
async def test_a_button_does_nothing_after_its_minute(world, platform, chat):
    await linked(world)
    [asked] = await world.says("/pause night owl")
    await asyncio.sleep(59.9)
    [in_time] = await world.says("/pause night owl")
    await asyncio.sleep(0.1)

    [late] = await world.presses(asked, PAUSE)
    assert late.toast == toast(Denied.EXPIRED)
    assert not changed(platform)

    await world.presses(in_time, PAUSE)
    assert changed(platform)
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(68)
async def test_a_button_works_after_a_restart_once(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await linked(world)
        [asked] = await world.says("/pause night owl")

    async with running(store, platform, chat, now) as world:
        replies = await world.presses(asked, PAUSE)
        [again] = await world.presses(asked, PAUSE)

    assert [reply.card and reply.card.title for reply in replies][-1] == "Night Owl is stopped"
    assert again.toast == "This card was used already."
    assert platform.calls.count("set_running owl False") == 1
    await assert_kept(store, chat.shown)


async def linked(world):
    await world.links()
    await world.quiet(1)


def changed(platform):
    return any(call.startswith("set_running") for call in platform.calls)


# --- floods and guesses -------------------------------------------------------------------


@pytest.mark.fault(70)
async def test_two_hundred_commands_a_second_are_answered_a_few_times_and_disturb_nobody(
    world, platform, chat
):
    account = await link_all(world, CHAT, OTHER)
    asked_before = len(platform.calls)
    began = world.now()
    answered, others = [], []

    for number in range(2000):
        await asyncio.sleep(0.005)
        answered += await world.says("/traders", CHAT)
        if number % 200 == 0:
            await owe(world, account, f"alert {number:04}")
            others += await world.says("/status", OTHER)

    assert world.now() - began < timedelta(seconds=11)
    # Ten at once, then one a second, and as often a word that this is too fast.
    assert len(answered) <= 10 + 10 + 10
    assert len(platform.calls) - asked_before <= len(answered) + 2 * len(others) + 10
    assert [reply.card.title for reply in others] == ["1 of 2 bots running"] * 10
    await world.quiet()
    delays = [one.at - one.card.at for one in chat.shown if one.card.title.startswith("alert")]
    assert len(delays) == 20
    assert max(delays) < timedelta(seconds=0.1)
    assert set(await assert_kept(world.store, chat.shown)) == {State.SENT}


@pytest.mark.fault(70)
@IN_MEMORY
async def test_ten_thousand_guessed_addresses_reach_no_login_and_lock_nobody_out(
    world, platform, chat
):
    [invited] = await world.says("/link")

    outcomes = set()
    for start in range(0, 10_000, 500):
        async with asyncio.TaskGroup() as group:
            guesses = [
                group.create_task(world.linking.sign_in(f"guess-{number}", RIGHT, "10.0.0.1"))
                for number in range(start, start + 500)
            ]
        outcomes |= {guess.result() for guess in guesses}

    assert outcomes == {LinkProblem.UNKNOWN}
    assert "log_in" not in platform.calls
    signed_in = await world.linking.sign_in(code_in(invited), RIGHT, "10.0.0.1")
    assert isinstance(signed_in, SignedIn)
    await world.says(signed_in.digits)
    assert await world.link() is not None
    await assert_kept(world.store, chat.shown)


@pytest.mark.fault(70)
@IN_MEMORY
async def test_ten_thousand_guessed_digits_end_with_the_third_and_lock_nobody_out(world, chat):
    [invited] = await world.says("/link", STRANGER)
    [own] = await world.says("/link")
    forwarded = await world.linking.sign_in(code_in(invited), RIGHT, "10.0.0.1")
    signed_in = await world.linking.sign_in(code_in(own), RIGHT, "10.0.0.2")
    place, person = world.place(STRANGER), world.person(STRANGER)
    assert isinstance(forwarded, SignedIn)

    problems = []
    for start in range(0, 10_000, 500):
        async with asyncio.TaskGroup() as group:
            guesses = [
                group.create_task(world.linking.complete(place, person, f"{number:06}"))
                for number in range(start, start + 500)
            ]
        outcomes = [guess.result() for guess in guesses]
        assert all(isinstance(outcome, WrongDigits) for outcome in outcomes)
        problems += [outcome.problem for outcome in outcomes]
    right = await world.linking.complete(place, person, forwarded.digits)

    counted = [problem for problem in problems if problem is not LinkProblem.UNKNOWN]
    assert sorted(counted) == sorted(
        [LinkProblem.WRONG_DIGITS, LinkProblem.WRONG_DIGITS, LinkProblem.TOO_MANY_TRIES]
    )
    assert not isinstance(right, Completed)
    await world.says(signed_in.digits)
    assert await world.link() is not None
    assert await world.link(STRANGER) is None
    await assert_kept(world.store, chat.shown)
