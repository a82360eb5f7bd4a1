"""The link page's side of linking, and its limits."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from bot.domain.accounts import KeyLogin, PasswordLogin
from bot.domain.linking import Invitation, LinkProblem, LoginFailed, SignedIn, TooSoon
from bot.domain.wrong_logins import WINDOW, WRONG_LOGIN_WAITS
from bot.errors import TryLater
from bot.texts.language import speaking
from tests.harness.pseudo import PSEUDO
from tests.harness.world import CHAT, code_in, running

RIGHT = PasswordLogin(email="alice@example.com", password="right")
WRONG = PasswordLogin(email="alice@example.com", password="guess")


async def invited(world, chat=CHAT):
    [reply] = await world.says("/link", chat)
    return code_in(reply)


async def test_looking_at_an_address_does_not_use_it_up(world):
    code = await invited(world)

    looks = [await world.linking.look(code) for _ in range(5)]
    signed_in = await world.linking.sign_in(code, RIGHT, "127.0.0.1")

    assert all(isinstance(look, Invitation) for look in looks)
    assert isinstance(signed_in, SignedIn)


async def test_an_address_is_known_to_be_given_in_the_language_that_is_spoken(world):
    with speaking(PSEUDO):
        address = await world.linking.invite(world.place(), world.person())
    code = address.rpartition("/")[2]

    looked = await world.linking.look(code)

    assert isinstance(looked, Invitation)
    assert looked.language == "qps"


@pytest.mark.parametrize(
    ("named", "before", "taken"),
    [
        ("Europe/Berlin", "", "Europe/Berlin"),
        ("Europe/Berlin", "Asia/Tokyo", ""),
        ("UTC", "", ""),
        ("../../etc/passwd", "", ""),
        ("x" * 5000, "", ""),
    ],
)
async def test_a_chat_has_the_time_zone_of_the_browser_unless_it_has_one(
    world, named, before, taken
):
    if before:
        await world.links()
        await world.says(f"/timezone {before}")
    code = await invited(world)
    signed_in = await world.linking.sign_in(code, RIGHT, "127.0.0.1", zone=named)

    [welcome] = await world.says(signed_in.digits)

    said = [line for line in welcome.card.lines if "/timezone" in line]
    assert said == [f"Times are for {zone}: /timezone changes it." for zone in [taken] if zone]
    link = await world.store.links.at(world.place().address)
    assert link.preferences.zone == taken or before


async def test_an_address_works_once(world):
    code = await invited(world)
    await world.linking.sign_in(code, RIGHT, "127.0.0.1")

    assert await world.linking.sign_in(code, RIGHT, "127.0.0.1") is LinkProblem.USED
    assert await world.linking.look(code) is LinkProblem.USED


async def test_two_logins_at_once_use_it_once(world):
    code = await invited(world)

    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(world.linking.sign_in(code, RIGHT, "127.0.0.1")) for _ in range(2)
        ]

    assert sum(isinstance(one.result(), SignedIn) for one in tries) == 1


async def test_an_address_expires_after_ten_minutes(world):
    code = await invited(world)
    await asyncio.sleep(601)

    assert await world.linking.look(code) is LinkProblem.EXPIRED
    assert await world.linking.sign_in(code, RIGHT, "127.0.0.1") is LinkProblem.EXPIRED


async def test_a_guessed_address_is_unknown(world):
    assert await world.linking.look("guess") is LinkProblem.UNKNOWN


async def test_a_wrong_password_may_be_corrected(world):
    code = await invited(world)

    refused = await world.linking.sign_in(code, WRONG, "127.0.0.1")
    signed_in = await world.linking.sign_in(code, RIGHT, "127.0.0.1")

    assert refused == LoginFailed(reason="Invalid login", tries_left=4)
    assert isinstance(signed_in, SignedIn)


@pytest.mark.fault(76)
async def test_a_key_that_may_be_anothers_asks_for_the_password_on_the_same_page(world, platform):
    account = await world.links()
    credential = await world.store.accounts.credential(account.id)
    platform.token = "token-2"
    code = await invited(world, chat="200")

    refused = await world.linking.sign_in(code, KeyLogin(api_key="key"), "127.0.0.1")
    kept = await world.store.accounts.credential(account.id)
    signed_in = await world.linking.sign_in(code, RIGHT, "127.0.0.1")

    assert isinstance(refused, LoginFailed)
    assert "Use your e-mail and password instead" in refused.reason
    assert refused.tries_left == 4
    assert kept == credential
    assert isinstance(signed_in, SignedIn)


async def test_five_wrong_passwords_end_the_attempt(world):
    code = await invited(world)
    for number in range(5):
        login = PasswordLogin(email=f"{number}@example.com", password="guess")
        await world.linking.sign_in(code, login, "127.0.0.1")

    last = await world.linking.sign_in(code, RIGHT, "127.0.0.1")

    assert last is LinkProblem.TOO_MANY_TRIES


async def test_an_account_can_be_guessed_five_times_from_one_source(world):
    outcomes = []
    for number in range(6):
        code = await invited(world, chat=str(number))
        outcomes.append(await world.linking.sign_in(code, WRONG, "10.0.0.1"))

    assert outcomes[4] == LoginFailed(reason="Invalid login", tries_left=4)
    assert outcomes[5] == TooSoon(wait=WINDOW)

    await asyncio.sleep(WINDOW.total_seconds())
    code = await invited(world)
    assert isinstance(await world.linking.sign_in(code, RIGHT, "10.0.0.1"), SignedIn)


async def test_wrong_logins_of_others_do_not_lock_an_account_for_its_owner(world):
    for number in range(9):
        code = await invited(world, chat=str(number))
        await world.linking.sign_in(code, WRONG, f"10.0.1.{number // 5}")

    code = await invited(world)
    assert isinstance(await world.linking.sign_in(code, RIGHT, "10.0.0.1"), SignedIn)


async def test_an_account_guessed_from_everywhere_makes_its_owner_wait_once_and_not_long(world):
    async with asyncio.TaskGroup() as group:
        guessing = group.create_task(guess_from_everywhere(world))
        await asyncio.sleep(100)
        code = await invited(world)

        first = await world.linking.sign_in(code, RIGHT, "10.0.0.1")
        await asyncio.sleep(first.wait.total_seconds())
        second = await world.linking.sign_in(code, RIGHT, "10.0.0.1")
        guessing.cancel()

    assert first == TooSoon(wait=WRONG_LOGIN_WAITS.ceiling)
    assert isinstance(second, SignedIn)


async def guess_from_everywhere(world):
    """A new source each second, each coming back when it may."""
    for number in count():
        for one in (number, number - 60):
            code = await invited(world, chat=f"guesser {number} {one}")
            source = f"10.{1 + one // 250 % 250}.1.{one % 250}"
            await world.linking.sign_in(code, WRONG, source)
        await asyncio.sleep(1)


async def test_one_source_that_guesses_many_accounts_is_slowed_down_more_and_more(world):
    outcomes, waits = [], []
    for number in range(30):
        code = await invited(world, chat=str(number))
        login = PasswordLogin(email=f"{number}@example.com", password="guess")
        outcome = await world.linking.sign_in(code, login, "10.0.0.1")
        if isinstance(outcome, TooSoon):
            waits.append(outcome.wait.total_seconds())
            await asyncio.sleep(waits[-1])
            outcome = await world.linking.sign_in(code, login, "10.0.0.1")
        outcomes.append(outcome)

    assert all(isinstance(outcome, LoginFailed) for outcome in outcomes)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


async def test_a_platform_that_is_away_costs_no_login(world, platform):
    platform.fail("log_in", *[TryLater("The platform does not answer.")] * 6)
    for number in range(6):
        code = await invited(world, chat=str(number))
        await world.linking.sign_in(code, RIGHT, "127.0.0.1")

    code = await invited(world)
    assert isinstance(await world.linking.sign_in(code, RIGHT, "127.0.0.1"), SignedIn)


async def test_a_good_login_ends_the_count_of_the_wrong_ones(world):
    for number in range(4):
        code = await invited(world, chat=str(number))
        await world.linking.sign_in(code, WRONG, "127.0.0.1")
    await world.linking.sign_in(await invited(world, chat="4"), RIGHT, "127.0.0.1")

    code = await invited(world, chat="5")
    outcomes = [await world.linking.sign_in(code, WRONG, "127.0.0.1") for _ in range(5)]

    assert all(isinstance(outcome, LoginFailed) for outcome in outcomes)


async def test_a_platform_that_is_away_costs_no_address(world, platform):
    code = await invited(world)
    platform.fail("log_in", TryLater("The platform does not answer."))

    refused = await world.linking.sign_in(code, RIGHT, "127.0.0.1")

    assert isinstance(refused, LoginFailed)
    assert isinstance(await world.linking.sign_in(code, RIGHT, "127.0.0.1"), SignedIn)


async def test_a_fourth_address_closes_the_first(world):
    codes = []
    for _ in range(4):
        codes.append(await invited(world))
        await asyncio.sleep(2)

    assert not isinstance(await world.linking.look(codes[0]), Invitation)
    assert isinstance(await world.linking.look(codes[3]), Invitation)


async def test_a_forwarded_address_links_the_asking_chat_only_with_the_digits(world):
    """A victim logs in on a stranger's address: without the digits nothing happens."""
    code = await invited(world, chat="666")

    await world.linking.sign_in(code, RIGHT, "127.0.0.1")
    await world.quiet(600)

    assert await world.link("666") is None


async def test_linking_another_account_replaces_the_first_and_its_owed_cards(world):
    account = await world.links()
    again = await world.links()

    assert again.id == account.id
    assert len(await world.store.links.of(account.id)) == 1


async def test_a_source_that_is_over_its_limit_locks_nobody_out(world):
    for number in range(25):
        code = await invited(world, chat=str(number))
        login = PasswordLogin(email=f"{number}@example.com", password="guess")
        await world.linking.sign_in(code, login, "10.0.0.1")
    for number in range(5):
        code = await invited(world, chat=f"a{number}")
        await world.linking.sign_in(code, WRONG, "10.0.0.1")

    code = await invited(world)
    assert isinstance(await world.linking.sign_in(code, RIGHT, "10.0.0.2"), SignedIn)


async def test_a_whole_ipv6_network_is_one_source(world):
    outcomes = []
    for number in range(25):
        code = await invited(world, chat=str(number))
        login = PasswordLogin(email=f"{number}@example.com", password="guess")
        outcomes.append(await world.linking.sign_in(code, login, f"2001:db8:1:2::{number:x}"))

    assert all(isinstance(outcome, TooSoon) for outcome in outcomes[20:])


async def test_a_new_chat_that_a_crash_kept_from_being_told_of_is_told_of_after_a_start(
    world, store, platform, chat, now
):
    await world.links()
    code = await invited(world, "200")
    await world.linking.sign_in(code, RIGHT, "127.0.0.1")
    await world.quiet()
    # Committed, and nobody ever heard of it.
    await store.codes.complete(world.place("200").address, "200", "482913", now())
    chat.shown.clear()

    for _ in range(2):
        async with running(store, platform, chat, now) as restarted:
            await restarted.linking.recover()
            await restarted.quiet()

    assert chat.titles(CHAT) == ["A new Telegram chat was linked to your account"]
    assert chat.titles("200") == []


async def test_a_first_chat_is_no_news_to_those_that_came_after_it(world, chat):
    await world.links()
    await world.links("200")
    await world.quiet()
    chat.shown.clear()

    await world.linking.recover()
    await world.quiet()

    assert chat.shown == []


async def test_links_of_long_ago_are_left_alone(world, store, now, chat):
    await world.links()
    code = await invited(world, "200")
    await world.linking.sign_in(code, RIGHT, "127.0.0.1")
    await store.codes.complete(world.place("200").address, "200", "482913", now())
    await asyncio.sleep(3601)
    chat.shown.clear()

    await world.linking.recover()
    await world.quiet()

    assert chat.shown == []
