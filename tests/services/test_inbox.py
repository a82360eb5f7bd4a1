"""Inboxes: opened once from a chat, told of like it, listed and ended there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.cards import Card, as_shown
from bot.domain.chats import INBOX, Channel, Link, Role
from bot.domain.deliveries import Gone
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Reply
from bot.domain.phones import BrowserTarget, NtfyTarget, Service
from bot.domain.rules import Quiet
from bot.domain.visits import Purpose, Rings, Visit, VisitProblem
from bot.services.inboxes import inbox_messages
from tests.fakes.messenger import FakeMessenger
from tests.harness.world import CHAT, World, actions_under, running
from tests.services.test_seeing import alarm
from tests.services.test_settings_page import _everything

DAY = 24 * 3600
CHROME = "Chrome · Android"


@pytest.fixture
def browsers(now) -> FakeMessenger:
    return FakeMessenger(now=now, channel=Channel.WEB, bot=INBOX)


@pytest.fixture
async def world(store, platform, chat, now, browsers) -> AsyncIterator[World]:
    async with running(store, platform, chat, now, others=[browsers]) as started:
        yield started


async def asked(world: World, chat: str = CHAT) -> Card:
    [reply] = await world.says("/inbox", chat)
    assert reply.card is not None
    return reply.card


async def code(world: World, chat: str = CHAT) -> str:
    url = (await asked(world, chat)).buttons[0][0].url
    assert url is not None
    assert url.startswith("https://bell.example/inbox/open/")
    return url.rpartition("/")[2]


async def signed_in(world: World, chat: str = CHAT, browser: str = CHROME) -> str:
    entered = await world.inboxes.enter(await code(world, chat), browser)
    assert not isinstance(entered, VisitProblem)
    return entered[0]


async def inbox(world: World, secret: str) -> Link:
    link = await world.inboxes.at(secret)
    assert link is not None
    return link


# --- who gets in ------------------------------------------------------------------------------


async def test_looking_uses_nothing_up_and_of_two_browsers_one_gets_in(world):
    await world.links()
    once = await code(world)

    looked = [await world.inboxes.look(once) for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(world.inboxes.enter(once, CHROME)) for _ in range(2)]

    assert all(isinstance(one, Visit) for one in looked)
    assert [one.result() for one in tries].count(VisitProblem.USED) == 1
    assert await world.inboxes.at(once) is None


async def test_an_inbox_is_a_chat_of_the_same_person_role_and_wishes(world):
    await world.links()
    await world.says("/quiet 22-7")
    host = await world.link()

    link = await inbox(world, await signed_in(world))

    assert host is not None
    assert (link.account, link.person, link.role) == (host.account, host.person, Role.OWNER)
    assert (link.endpoint.address.channel, link.endpoint.address.bot) == (Channel.WEB, INBOX)
    assert link.endpoint.private
    assert link.endpoint.name == CHROME
    assert isinstance(link.preferences.quiet, Quiet)
    assert link.preferences.quiet == host.preferences.quiet


async def test_an_address_of_the_settings_opens_no_inbox_and_the_other_way_round(world):
    await world.links()
    once = await code(world)
    link = await world.link()
    assert link is not None
    visiting = world.settings_page.desk.visiting
    url = await visiting.invite(Purpose.SETTINGS, link, world.person())
    of_settings = url.rpartition("/")[2]

    assert await world.settings_page.look(once) is VisitProblem.UNKNOWN
    assert await world.settings_page.enter(once) is VisitProblem.UNKNOWN
    assert await world.inboxes.enter(of_settings, CHROME) is VisitProblem.UNKNOWN
    secret = await signed_in(world)
    assert await world.settings_page.view(secret) is None


async def test_an_address_is_good_for_ten_minutes(world):
    await world.links()
    late = await code(world)

    await world.quiet(10 * 60 + 1)

    assert await world.inboxes.enter(late, CHROME) is VisitProblem.EXPIRED


async def test_it_is_refused_where_others_read_along_and_to_who_did_not_link_the_chat(world):
    await world.links()
    place = replace(world.place(), private=False)
    said = Command(place=place, person=world.person(), name="inbox", arguments="")
    [in_a_group] = [one async for one in world.router.hear(said)]
    [to_another] = await world.says("/inbox", person="somebody")

    for reply in (in_a_group, to_another):
        assert reply.card is not None
        assert not reply.card.buttons


async def test_older_chats_hear_of_a_new_inbox(world, chat):
    await world.links()
    await world.quiet(1)
    before = len(chat.shown)

    await signed_in(world)
    await world.quiet(5)

    [told] = chat.shown[before:]
    assert told.card.title == f"A new Inbox {CHROME} was linked to your account"
    assert not told.card.silent


# --- what it shows ----------------------------------------------------------------------------


async def test_it_is_told_what_the_chat_is_told_and_its_history_is_what_was_sent(
    world, chat, browsers, platform
):
    account = await world.goes_live()
    link = await inbox(world, await signed_in(world))
    await world.quiet(10)
    await world.ingest.take(account, (world.trade(1, alone=True),))
    await world.quiet(10)

    there = link.endpoint.address.chat
    messages = await inbox_messages(world.store.links, world.store.outbox, there)

    assert [one.card.title for one in browsers.shown if one.chat == there] == [
        one.card.title for one in messages
    ]
    assert messages[-1].card.title == chat.shown[-1].card.title
    assert messages[-1].id == browsers.shown[-1].message


async def test_what_was_seen_elsewhere_shows_in_the_inbox_and_in_its_history(
    world, chat, browsers, platform
):
    await world.goes_live()
    link = await inbox(world, await signed_in(world))
    await alarm(world, platform)
    alert = chat.screen(CHAT)[-1]

    [_] = await world.presses(Reply(card=alert), "Seen")
    await world.quiet(10)
    messages = await inbox_messages(
        world.store.links, world.store.outbox, link.endpoint.address.chat
    )

    assert "Seen" in actions_under(alert)
    assert "Seen" not in actions_under(messages[-1].card)
    assert as_shown(messages[-1].card).notes[0].startswith("Seen in Telegram")
    assert browsers.screen(link.endpoint.address.chat)[-1] == as_shown(messages[-1].card)


async def test_commands_there_are_its_person_s(world, browsers):
    await world.links()
    link = await inbox(world, await signed_in(world))
    there = world.on(browsers)

    [status] = await there.says("/pause", link.endpoint.address.chat, person=link.person)
    [stranger] = await there.says("/status", link.endpoint.address.chat, person="somebody")

    assert status.card is not None
    assert "linked this chat" not in status.card.title
    assert stranger.card is not None
    assert stranger.card.title == "Only the person who linked this chat can do that"


# --- how it ends ------------------------------------------------------------------------------


async def test_the_chat_lists_who_is_signed_in_and_signs_one_out(world):
    await world.links()
    phone, laptop = await signed_in(world), await signed_in(world, browser="Firefox · Linux")
    await world.quiet(60)

    card = await asked(world)
    await world.presses(Reply(card=card), f"Sign out: {CHROME}")

    assert {field.label for field in card.fields} == {CHROME, "Firefox · Linux"}
    assert await world.inboxes.at(phone) is None
    assert await world.inboxes.at(laptop) is not None
    assert [field.label for field in (await asked(world)).fields] == ["Firefox · Linux"]


async def test_it_signs_itself_out(world, browsers):
    await world.links()
    secret = await signed_in(world)
    link = await inbox(world, secret)
    there, chat = world.on(browsers), link.endpoint.address.chat

    [card] = await there.says("/inbox", chat, person=link.person)
    await there.presses(card, "Sign out here", chat, person=link.person)

    assert await world.inboxes.at(secret) is None
    assert await world.link() is not None


async def test_it_ends_with_the_chat_that_it_was_asked_for_in(world):
    await world.links()
    await world.links("200")
    secret, other = await signed_in(world), await signed_in(world, "200")
    host = await world.link()
    assert host is not None

    await world.linking.end(host)

    assert await world.inboxes.at(secret) is None
    assert await world.inboxes.at(other) is not None


async def test_it_ends_after_a_month_unused_and_not_before(unswept, store):
    world = unswept
    await world.links()
    used, unused = await signed_in(world), await signed_in(world)
    left = await inbox(world, unused)

    for _ in range(3):
        await world.quiet(11 * DAY)
        await store.prune(world.now())
        assert await world.inboxes.at(used) is not None

    assert await world.inboxes.at(unused) is None
    assert left.id not in [one.id for one in await store.links.of(left.account)]


async def test_five_browsers_are_enough(world):
    await world.links()
    for _ in range(5):
        await signed_in(world)

    full = await asked(world)

    assert full.title == "5 browsers are signed in already"
    assert not any(button.url for row in full.buttons for button in row)


async def test_nothing_of_it_is_kept_in_clear(world, store):
    await world.links()
    once = await code(world)
    entered = await world.inboxes.enter(once, CHROME)
    assert not isinstance(entered, VisitProblem)

    exported = str(await store.database.read(_everything))

    assert once not in exported
    assert entered[0] not in exported


# --- as a phone -------------------------------------------------------------------------------

TARGET = BrowserTarget(endpoint="https://push.example/1", p256dh="key", auth="auth", name=CHROME)
MOVED = replace(TARGET, endpoint="https://push.example/2")
PHONE_CODE = "482913"
"""As the world draws it."""


@pytest.fixture
def pushed(now) -> FakeMessenger:
    return FakeMessenger(now=now, channel=Channel.PUSH, bot=Service.BROWSER)


@pytest.fixture
async def ringing(store, platform, chat, now, browsers, pushed) -> AsyncIterator[World]:
    others = [browsers, pushed]
    async with running(store, platform, chat, now, others=others) as started:
        await started.goes_live()
        await started.quiet()
        yield started


def on_screen(pushed: FakeMessenger) -> list[str]:
    return [one.card.on_lock_screen or one.card.title for one in pushed.shown]


async def subscribes(world: World, own: Link, target: BrowserTarget = TARGET) -> Card | None:
    await world.quiet(61)
    return await world.inboxes.ring(own, target)


async def types(world: World, browsers: FakeMessenger, own: Link, text: str) -> Card:
    """In the inbox."""
    chat = own.endpoint.address.chat
    [reply] = await world.on(browsers).says(text, chat, CHAT)
    assert reply.card is not None
    return reply.card


async def rings(world: World, browsers: FakeMessenger) -> Link:
    """An inbox whose browser is a phone."""
    own = await inbox(world, await signed_in(world))
    await subscribes(world, own)
    await types(world, browsers, own, PHONE_CODE)
    assert await world.inboxes.rings(own) is Rings.YES
    return own


async def test_a_browser_rings_once_its_code_is_typed_and_nothing_goes_there_before(
    ringing, platform, browsers, pushed
):
    own = await inbox(ringing, await signed_in(ringing))
    asked_for = await subscribes(ringing, own)
    await alarm(ringing, platform)
    before = on_screen(pushed)

    linked = await types(ringing, browsers, own, "482 913")
    await alarm(ringing, platform, 2)

    assert asked_for is not None
    assert asked_for.title == "Look at your phone"
    assert before == ["Your code: 482 913. Type it in the chat where you added this phone."]
    assert linked.title == f"Your phone is linked: Phone by web push on {CHROME}"
    assert on_screen(pushed)[1:] == ["Night Owl: error"]


async def test_the_code_may_be_typed_in_the_chat_that_opened_the_inbox_which_lists_it_too(
    ringing, pushed
):
    own = await inbox(ringing, await signed_in(ringing))
    await subscribes(ringing, own)

    [linked] = await ringing.says(PHONE_CODE)
    [shown] = await ringing.says("/phone")
    [removed] = await ringing.presses(shown, "Remove")

    assert linked.card.title.startswith("Your phone is linked")
    assert shown.card.title == f"Phone by web push on {CHROME}"
    assert removed.card.title.startswith("Removed")
    assert await ringing.inboxes.rings(own) is Rings.NO


async def test_the_same_browser_is_one_phone_however_often_it_subscribes(
    ringing, store, browsers, pushed
):
    own = await rings(ringing, browsers)
    again = await subscribes(ringing, own)
    other = await subscribes(ringing, own, MOVED)

    [phone] = await store.phones.of(own.id)
    assert again is not None
    assert other is not None
    assert again.title == f"Phone by web push on {CHROME}"
    assert other.title == "Look at your phone"
    assert phone.link is None
    assert (await store.phones.target(phone.endpoint.address)).target == MOVED


async def test_no_browser_is_sent_one_code_after_the_other_by_subscribing_anew(ringing, pushed):
    own = await inbox(ringing, await signed_in(ringing))
    await subscribes(ringing, own)

    at_once = await ringing.inboxes.ring(own, MOVED)
    await ringing.quiet(5)
    soon = await ringing.inboxes.ring(own, MOVED)

    assert at_once is not None
    assert soon is not None
    assert at_once.title == "One moment, please"
    assert soon.title == "One moment, please"
    assert len(pushed.shown) == 1


@pytest.mark.parametrize(("before", "stays"), [(TARGET.endpoint, True), ("https://else", False)])
async def test_a_browser_that_its_push_service_has_moved_proves_itself_by_where_it_was(
    ringing, store, platform, browsers, pushed, before, stays
):
    own = await rings(ringing, browsers)
    await ringing.quiet(61)

    told = await ringing.inboxes.ring(own, MOVED, before)
    pushed.shown.clear()
    await alarm(ringing, platform)

    [phone] = await store.phones.of(own.id)
    assert (await store.phones.target(phone.endpoint.address)).target == MOVED
    assert (told is None) == stays
    assert on_screen(pushed) == (["Night Owl: error"] if stays else [])


async def test_five_phones_of_an_inbox_are_enough(ringing, store, browsers):
    own = await inbox(ringing, await signed_in(ringing))
    for number in range(5):
        target = NtfyTarget(server="https://ntfy.example", topic=f"t{number}")
        await store.phones.add(own.id, Service.NTFY, target, ringing.now())

    told = await subscribes(ringing, own)

    assert told is not None
    assert told.title == "That is too many phones"
    assert await ringing.inboxes.rings(own) is Rings.NO


async def test_one_whose_push_service_may_not_be_reached_is_told_so_and_kept_no_more(
    ringing, store, pushed, monkeypatch
):
    own = await inbox(ringing, await signed_in(ringing))
    monkeypatch.setattr(pushed, "_refused", lambda _: Gone(reason="host_forbidden"))

    told = await subscribes(ringing, own)

    assert told is not None
    assert told.title == f"That did not go out: Phone by web push on {CHROME}"
    assert "Why: its server is in a private network." in told.lines
    assert await store.phones.of(own.id) == []


async def test_a_subscription_that_has_ended_is_forgotten_and_told_of_in_the_chat(
    ringing, store, platform, chat, browsers, pushed
):
    own = await rings(ringing, browsers)
    [phone] = await store.phones.of(own.id)
    pushed.script(phone.endpoint.address.chat, Gone(reason="subscription_ended"))

    await alarm(ringing, platform)
    await ringing.quiet()

    assert await store.phones.of(own.id) == []
    assert f"Phone by web push on {CHROME} rings no more" in chat.titles(CHAT)
    assert await ringing.inboxes.rings(own) is Rings.NO
    assert await ringing.inboxes.at(await signed_in(ringing)) is not None


async def test_what_is_seen_on_the_notification_is_seen_in_the_chat(
    ringing, platform, chat, browsers, pushed, store
):
    own = await rings(ringing, browsers)
    await alarm(ringing, platform)
    seen = actions_under(pushed.shown[-1].card)["Seen"]

    pressed = await ringing.inboxes.press(own, seen)
    again = await ringing.inboxes.press(own, seen)
    await ringing.quiet()

    assert (pressed.done, again.done) == (True, True)
    assert chat.screen(CHAT)[-1].notes[0].startswith("Seen on the phone · ")
    assert pushed.changed
    trail = await store.audit.trail(own.account, 9)
    assert [one.facts["verb"] for one in trail if one.what == "press"][:1] == ["seen"]


async def test_a_press_counts_of_nobody_else_and_not_for_ever(ringing, platform, browsers, pushed):
    own = await rings(ringing, browsers)
    await alarm(ringing, platform)
    seen = actions_under(pushed.shown[-1].card)["Seen"]
    await ringing.links("200", email="bob@example.com")
    secret = await signed_in(ringing, "200")
    strangers = await inbox(ringing, secret)

    without_phone = await ringing.inboxes.press(strangers, seen)
    await ringing.inboxes.ring(strangers, MOVED)
    of_another = await ringing.inboxes.press(strangers, seen)
    unknown = await ringing.inboxes.press(own, ActionId("unknown"))
    await ringing.quiet(24 * 3600 + 60)
    late = await ringing.inboxes.press(own, seen)

    assert [one.done for one in (without_phone, of_another, unknown, late)] == [False] * 4
    assert of_another.told
    assert late.told


async def test_a_phone_ends_when_its_browser_is_signed_out_or_the_chat_is_unlinked(
    ringing, store, browsers
):
    own = await rings(ringing, browsers)
    [phone] = await store.phones.of(own.id)

    [card] = await ringing.says("/inbox")
    await ringing.presses(card, f"Sign out: {CHROME}")

    assert await store.phones.target(phone.endpoint.address) is None
    assert await store.links.at(phone.endpoint.address) is None


async def test_a_browser_that_shall_not_ring_any_more_does_not(ringing, platform, browsers, pushed):
    own = await rings(ringing, browsers)
    await ringing.inboxes.hush(own)
    pushed.shown.clear()

    await alarm(ringing, platform)

    assert pushed.shown == []
    assert await ringing.inboxes.at(await signed_in(ringing)) is not None
