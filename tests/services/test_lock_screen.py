"""Buttons on lock screens: pressed once at their signed address, as if it were in a chat."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.actions import Denied
from bot.domain.cards import Card
from bot.domain.chats import Channel
from bot.domain.ids import ActionId
from bot.domain.incidents import SAME_AGAIN
from bot.domain.incoming import Reply
from bot.domain.lifetimes import OFFER_LIFE
from bot.domain.phones import LockScreenPress
from bot.services.lock_screen import SignedAddresses
from storage.vault import Vault
from tests.fakes.messenger import FakeMessenger
from tests.harness.world import PUBLIC_URL, World, actions_under, owl, running

MINUTE = 60.0
REAL = {"dry_run": False}
NEW = LockScreenPress(is_new=True)
KNOWN = LockScreenPress(is_new=False)


@pytest.fixture
def phone(now):
    return FakeMessenger(now=now, channel=Channel.PUSH, bot="ntfy")


@pytest.fixture
async def both(store, platform, chat, phone, now):
    """An account in a chat, with a phone that was added there, and is rung at once."""
    platform.bots["owl"] = owl(**REAL)
    async with running(store, platform, chat, now, others=[phone]) as world:
        await world.goes_live()
        [card] = await world.says("/phone ntfy https://ntfy.example.com")
        await world.presses(card, "Send the code")
        await world.says("482913")
        await world.says("/escalate phone at once, again after 2 min, again after 5 loud")
        await world.quiet()
        for one in (chat, phone):
            one.shown.clear()
        yield world


async def fails(world: World, platform) -> None:
    platform.put(owl(**REAL, running=False, status="error"))
    await world.quiet()


def code(world: World, card: Card, label: str = "Seen") -> str:
    """Of the address that stands behind a button."""
    address = SignedAddresses(world.store.vault, PUBLIC_URL).of(actions_under(card)[label])
    assert address is not None
    assert address.startswith(f"{PUBLIC_URL}/seen/")
    return address.rpartition("/")[2]


def buttons(card: Card) -> list[str]:
    return [button.label for row in card.buttons for button in row]


async def test_seen_on_the_lock_screen_ends_it_everywhere_once_and_is_in_the_trail(
    both, platform, chat, phone
):
    await fails(both, platform)
    seen = code(both, phone.shown[-1].card)
    looks = [await both.lock_screen.look(seen) for _ in range(3)]
    before = buttons(chat.screen("100")[0])

    first = await both.lock_screen.press(seen)
    at = both.now()
    again = await both.lock_screen.press(seen)
    await both.quiet(3600)

    assert not any(isinstance(look, Denied) for look in looks)
    assert "Seen" in before, "looking presses nothing"
    assert (first, again) == (NEW, Denied.USED)
    for one in (chat, phone):
        [card] = one.screen(one.shown[-1].chat)
        assert "Seen" not in buttons(card)
        assert card.notes[0] == f"Seen on the phone · {at:%d %b %H:%M} UTC"
    assert len(phone.shown) == 1, "nobody is rung after that"
    [trail] = await both.says("/audit")
    assert str(trail.card).count("pressed seen") == 1


async def test_who_has_it_is_asked_again_and_seen_before_does_not_use_it_up(both, platform, phone):
    await fails(both, platform)
    await both.quiet(2 * MINUTE)
    reminder = phone.shown[-1].card

    seen = await both.lock_screen.press(code(both, reminder))
    held = await both.lock_screen.press(code(both, reminder, "I have it 2 h"))
    await both.quiet(2 * 3600 + 40)

    assert seen == NEW
    assert isinstance(held, LockScreenPress)
    assert held.until is not None
    assert phone.shown[-1].card.title.startswith("Still unseen")


@pytest.mark.fault(87)
@pytest.mark.parametrize("times", [2, 5])
async def test_pressed_several_times_at_once_it_counts_once(both, platform, phone, times):
    await fails(both, platform)
    seen = code(both, phone.shown[-1].card)
    answers = []

    async def press() -> None:
        answers.append(await both.lock_screen.press(seen))

    async with asyncio.TaskGroup() as group:
        for _ in range(times):
            group.create_task(press())

    assert answers.count(NEW) == 1
    assert set(answers) <= {NEW, KNOWN, Denied.USED}


async def test_a_button_of_before_does_not_quiet_what_happens_anew(both, platform, phone):
    await fails(both, platform)
    seen = code(both, phone.shown[-1].card)
    await both.lock_screen.press(seen)
    await both.quiet(SAME_AGAIN.total_seconds() + MINUTE)
    platform.put(owl(**REAL, running=True, status="running"))
    await both.quiet()
    await fails(both, platform)

    assert await both.lock_screen.press(seen) is Denied.USED
    await both.quiet(2 * MINUTE)
    assert phone.shown[-1].card.title.startswith("Still unseen")


@pytest.mark.fault(87)
async def test_after_it_is_solved_nothing_is_left_to_say(both, platform, chat, phone):
    await fails(both, platform)
    seen = code(both, phone.shown[-1].card)
    platform.put(owl(**REAL, running=True, status="running"))
    await both.quiet()
    changes = len(chat.changed)

    answer = await both.lock_screen.press(seen)
    await both.quiet()

    assert answer == NEW
    assert len(chat.changed) == changes
    assert chat.screen("100")[0].notes[0].startswith("Solved")


async def test_it_ends_with_the_life_of_the_button_and_with_the_phone(both, platform, phone):
    await fails(both, platform)
    seen, gone = (code(both, phone.shown[-1].card) for _ in range(2))
    await both.quiet(OFFER_LIFE.total_seconds() - 10 * MINUTE)
    in_time = await both.lock_screen.look(seen)
    await both.quiet(11 * MINUTE)
    late = await both.lock_screen.press(seen)
    [card] = await both.says("/phone")
    await both.presses(card, "Remove")

    assert not isinstance(in_time, Denied)
    assert late is Denied.EXPIRED
    assert await both.lock_screen.press(gone) is Denied.UNLINKED


async def test_forged_addresses_are_unknown_without_a_look_into_the_database(
    both, platform, chat, phone, store, secret_key
):
    await fails(both, platform)
    card = phone.shown[-1].card
    action = actions_under(card)["Seen"]
    real = code(both, card)
    of_a_chat = actions_under(chat.shown[-1].card)["Seen"]
    signature = real.rpartition(".")[2]
    forged = (
        "",
        action,
        f"{action}.",
        f"{action}.{'A' * 22}",
        f"{of_a_chat}.{signature}",
        f"{real}A",
        f"{action}.{Vault([NEW_KEY]).sign(f'seen {action}')}",
        f"{action}.{store.vault.sign(action)}",
        "x" * 5000,
        "\udc80." + "A" * 22,
    )

    assert {await both.lock_screen.press(each) for each in forged} == {Denied.UNKNOWN}
    assert await both.lock_screen.press(real) == NEW


NEW_KEY = "b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleS0="


async def test_what_changes_a_bot_has_no_such_address_whoever_signs(both, platform, phone):
    await fails(both, platform)
    card = phone.shown[-1].card
    stops = [label for label in buttons(card) if label.startswith("Stop")]

    answers = [await both.lock_screen.press(code(both, card, label)) for label in stops]

    assert all(answer is Denied.UNKNOWN for answer in answers)
    assert platform.bots["owl"].status == "error"


async def test_a_new_key_in_front_lets_old_addresses_work(store):
    old = Vault([NEW_KEY])
    both_keys = Vault(["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleS0=", NEW_KEY])
    address = SignedAddresses(old, PUBLIC_URL).of(ActionId("a1"))
    assert address is not None

    found = SignedAddresses(both_keys, PUBLIC_URL).action_in(address.rpartition("/")[2])

    assert found == "a1"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost", "https://[::1]", "http://a.localhost:1"]
)
async def test_where_no_phone_can_come_no_address_is_given_or_taken(store, url):
    reached = SignedAddresses(store.vault, PUBLIC_URL).of(ActionId("a1"))
    assert reached is not None
    here = SignedAddresses(store.vault, url)

    assert here.of(ActionId("a1")) is None
    assert here.action_in(reached.rpartition("/")[2]) is None


@pytest.mark.fault(87)
async def test_two_surfaces_at_once_are_two_who_saw_it_and_the_first_is_told(
    both, platform, chat, phone
):
    await fails(both, platform)
    seen = code(both, phone.shown[-1].card)

    async with asyncio.TaskGroup() as group:
        group.create_task(both.lock_screen.press(seen))
        group.create_task(both.presses(Reply(card=chat.shown[-1].card), "Seen"))
    await both.quiet(3600)

    [card] = chat.screen("100")
    assert [note.partition(" ·")[0] for note in card.notes if "Seen" in note] in (
        ["Seen on the phone"],
        ["Seen in Telegram"],
    )
    assert len(phone.shown) == 1
