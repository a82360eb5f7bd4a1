"""Phones that a push service rings: added in a chat, proven by a code, told what is critical."""

from __future__ import annotations

import pytest

from bot.domain.cards import Card
from bot.domain.chats import Channel, Hears
from bot.domain.deliveries import Gone, Unknown
from bot.domain.events import Kind, Origin, PodEvent, Stream
from bot.domain.incoming import Reaction, Reply
from bot.domain.lifetimes import PHONE_CODE_LIFE
from bot.domain.phones import NtfyTarget, Phone
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import MALLORY
from tests.harness.world import CHAT, HERON, OWL, World, running

CODE = "482913"
"""As the world draws it."""

SERVER = "https://ntfy.example.com"
KEY = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"


@pytest.fixture
def ntfy(now):
    return FakeMessenger(now=now, channel=Channel.PUSH, bot="ntfy")


@pytest.fixture
def pushover(now):
    return FakeMessenger(now=now, channel=Channel.PUSH, bot="pushover")


@pytest.fixture
async def alone(store, platform, chat, ntfy, pushover, now):
    """An account in a chat, beside two push services."""
    async with running(store, platform, chat, now, others=[ntfy, pushover]) as world:
        await world.goes_live()
        await world.quiet()
        chat.shown.clear()
        yield world


async def asks(world: World, text: str, chat: str = CHAT) -> Card:
    [reply] = await world.says(text, chat)
    assert reply.card is not None
    return reply.card


async def presses(world: World, card: Card, label: str) -> Card:
    [reply] = await world.presses(Reply(card=card), label)
    assert reply.card is not None
    return reply.card


async def adds_ntfy(world: World) -> Card:
    """Add and prove a phone; gives the answer to the code."""
    card = await asks(world, f"/phone ntfy {SERVER}")
    await presses(world, card, "Send the code")
    return await asks(world, CODE)


async def phones(world: World) -> list[Phone]:
    link = await world.link()
    assert link is not None
    return list(await world.store.phones.of(link.id))


async def phone(world: World) -> Phone:
    [one] = await phones(world)
    return one


def on(messenger: FakeMessenger) -> list[str]:
    """What the lock screens of that service's phones show."""
    return [one.card.on_lock_screen or one.card.title for one in messenger.shown]


async def alarm(world: World, platform, number: int = 1) -> None:
    origin = Origin(kind=Kind.POD_EVENT, record=f"alarm-{number}", at=world.now())
    event = PodEvent(origin=origin, type="error", message=f"Too low: {number}", trader=OWL.id)
    platform.store(Stream.POD_EVENTS, event)
    await world.quiet()


async def test_a_phone_is_linked_once_its_code_is_typed_and_nothing_goes_there_before(
    alone, platform, ntfy
):
    card = await asks(alone, f"/phone ntfy {SERVER}")
    await alarm(alone, platform)
    before = on(ntfy)
    sent = await presses(alone, card, "Send the code")
    await alarm(alone, platform, 2)
    code = on(ntfy)

    linked = await asks(alone, "482 913")
    await alarm(alone, platform, 3)

    assert before == []
    assert sent.title == "Look at your phone"
    assert code == ["Your code: 482 913. Type it in the chat where you added this phone."]
    assert linked.title == "Your phone is linked: Phone by ntfy on ntfy.example.com"
    assert on(ntfy)[1:] == ["Night Owl: error"]


async def test_the_answer_shows_a_topic_that_is_stored_nowhere_in_clear(alone, store):
    card = await asks(alone, f"/phone ntfy {SERVER} tk_secret")

    found = await store.phones.target((await phone(alone)).endpoint.address)
    assert isinstance(found.target, NtfyTarget)
    topic = found.target.topic
    assert topic in card.lines[0]
    assert card.buttons[1][0].url == f"{SERVER}/{topic}"
    assert f"ntfy://ntfy.example.com/{topic}" in card.lines[2]
    assert card.secret
    assert "tk_secret" not in repr(found)
    assert topic not in repr(found)


async def test_a_phone_has_the_role_the_language_and_the_clock_of_its_chat(alone, store):
    await asks(alone, "/timezone Berlin")

    await adds_ntfy(alone)

    host = await alone.link()
    link = await store.links.at((await phone(alone)).endpoint.address)
    assert (link.account, link.person, link.role) == (host.account, host.person, host.role)
    assert link.preferences.zone == "Europe/Berlin"
    assert link.preferences.hears is Hears.CRITICAL


async def test_three_wrong_codes_and_it_is_over(alone):
    card = await asks(alone, f"/phone ntfy {SERVER}")
    await presses(alone, card, "Send the code")

    answers = [(await asks(alone, wrong)).title for wrong in ("111111", "222222", "333333", CODE)]

    assert answers == [
        "Those are not the digits",
        "Those are not the digits",
        "Too many wrong digits",
        "I am not waiting for digits",
    ]
    assert (await phone(alone)).link is None


async def test_a_code_that_is_too_old_links_nothing(alone):
    card = await asks(alone, f"/phone ntfy {SERVER}")
    await presses(alone, card, "Send the code")
    await alone.quiet(PHONE_CODE_LIFE.total_seconds())

    await asks(alone, CODE)

    assert (await phone(alone)).link is None


async def test_another_person_cannot_prove_it_in_another_chat(alone):
    await alone.links("200", email="bob@example.com")
    card = await asks(alone, f"/phone ntfy {SERVER}")
    await presses(alone, card, "Send the code")

    answer = await asks(alone, CODE, "200")

    assert answer.title == "I am not waiting for digits"
    assert (await phone(alone)).link is None


async def test_no_second_code_is_sent_within_a_minute(alone, pushover):
    card = await asks(alone, f"/phone pushover {KEY}")

    again = await presses(alone, card, "Send the code")
    await alone.quiet(61)
    later = await presses(alone, card, "Send the code")

    assert (card.title, again.title, later.title) == (
        "Look at your phone",
        "One moment, please",
        "Look at your phone",
    )
    assert len(pushover.shown) == 2


async def test_a_phone_is_told_what_is_critical_only_until_more_is_wanted(alone, platform, ntfy):
    await adds_ntfy(alone)
    ntfy.shown.clear()
    platform.store(Stream.TRADES, alone.trade(1))
    await alone.quiet()
    critical = on(ntfy)

    card = await asks(alone, "/phone")
    changed = await presses(alone, card, "Everything")
    platform.store(Stream.TRADES, alone.trade(2))
    await alone.quiet()

    assert critical == []
    assert "It rings for everything." in changed.lines
    assert len(ntfy.shown) == 1


async def test_all_that_rings_is_what_would_have_a_sound_in_a_chat(alone, platform, ntfy):
    await adds_ntfy(alone)
    await presses(alone, await asks(alone, "/phone"), "All that rings")
    ntfy.shown.clear()
    platform.store(Stream.TRADES, alone.trade(1))
    origin = Origin(kind=Kind.POD_EVENT, record="warning", at=alone.now())
    warning = PodEvent(origin=origin, type="warning", message="Slow", trader=HERON.id)
    platform.store(Stream.POD_EVENTS, warning)

    await alone.quiet()

    assert on(ntfy) == ["Heron: warning"]


async def test_lock_screens_show_no_details_unless_asked_for(alone, store):
    await adds_ntfy(alone)
    address = (await phone(alone)).endpoint.address
    shown = [(await store.phones.target(address)).details]
    for words in ("off", "on"):
        await asks(alone, f"/phone privacy {words}")
        shown.append((await store.phones.target(address)).details)

    assert shown == [False, True, False]


async def test_a_test_rings_the_phone_and_says_so(alone, ntfy):
    await adds_ntfy(alone)
    ntfy.shown.clear()

    card = await asks(alone, "/phone test")

    assert card.title == "It should ring now: Phone by ntfy on ntfy.example.com"
    assert on(ntfy) == ["This is a test: so it rings when a bot needs you."]


async def test_the_account_s_test_alert_reaches_the_phone_too(alone, ntfy):
    await adds_ntfy(alone)
    ntfy.shown.clear()

    await asks(alone, "/test")
    await alone.quiet()

    assert len(ntfy.shown) == 1


async def test_a_phone_that_refuses_is_told_of_in_the_chat_and_opened_by_a_test(
    alone, platform, chat, ntfy
):
    await adds_ntfy(alone)
    address = (await phone(alone)).endpoint.address
    ntfy.script(address.chat, Gone(reason="push_login_refused"))
    await alarm(alone, platform)
    told = [title for title in chat.titles(CHAT) if "closed" in title or "Phone" in title]
    closed = await asks(alone, "/phone")

    await asks(alone, "/phone test")
    await alone.quiet()

    assert told
    assert any(line.startswith("It is closed to me") for line in closed.lines)
    assert "Night Owl: error" in on(ntfy)


async def test_an_answer_that_nobody_understood_may_have_rung(alone, ntfy):
    card = await asks(alone, f"/phone ntfy {SERVER}")
    ntfy.script((await phone(alone)).endpoint.address.chat, Unknown(reason="server_error"))

    sent = await presses(alone, card, "Send the code")
    linked = await asks(alone, CODE)

    assert sent.title == "Look at your phone"
    assert linked.title.startswith("Your phone is linked")


async def test_a_phone_ends_with_the_chat_where_it_was_added(alone, store, platform, ntfy):
    await adds_ntfy(alone)
    address = (await phone(alone)).endpoint.address
    ntfy.shown.clear()

    card = await asks(alone, "/unlink")
    await alone.presses(Reply(card=card), "Unlink this chat")
    await alarm(alone, platform)

    assert await store.links.at(address) is None
    assert await store.phones.target(address) is None
    assert ntfy.shown == []
    assert "This is your only chat: I also delete your login." in card.lines


async def test_a_phone_ends_when_its_chat_is_linked_to_another_account(alone, store):
    await adds_ntfy(alone)
    address = (await phone(alone)).endpoint.address

    await alone.links(email=MALLORY)

    assert await store.phones.target(address) is None
    assert await store.links.at(address) is None


async def test_a_phone_that_is_removed_is_forgotten_and_the_chat_stays(alone, store):
    await adds_ntfy(alone)
    address = (await phone(alone)).endpoint.address

    card = await presses(alone, await asks(alone, "/phone"), "Remove")

    assert card.title == "Removed: Phone by ntfy on ntfy.example.com"
    assert await phones(alone) == []
    assert await store.phones.target(address) is None
    assert await alone.link() is not None


async def test_what_is_seen_on_the_phone_is_seen_in_the_chat(alone, platform, chat, pushover):
    await asks(alone, f"/phone pushover {KEY}")
    await asks(alone, CODE)
    await alarm(alone, platform)
    since = alone.now() - PHONE_CODE_LIFE
    [receipt] = await alone.store.phones.open_receipts("pushover", since)
    place = alone.on(pushover).place(receipt.address.chat)
    person = alone.on(pushover).person(receipt.person)

    seen = Reaction(place=place, person=person, message=receipt.message)
    answers = [reply async for reply in alone.router.hear(seen)]
    await alone.quiet()

    assert answers == []
    assert chat.screen(CHAT)[-1].notes[0].startswith("Seen on the phone · ")
    assert await alone.store.phones.open_receipts("pushover", since) == []


async def test_what_is_seen_in_the_chat_is_changed_on_the_phone(alone, platform, chat, ntfy):
    await adds_ntfy(alone)
    await alarm(alone, platform)

    await alone.reacts(chat.shown[-1].message)
    await alone.quiet()

    [changed] = ntfy.changed
    assert changed.card.notes[0].startswith("Seen in Telegram · ")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("/phone", "No phone yet"),
        ("/phone ntfy", "Which ntfy server?"),
        ("/phone ntfy http://ntfy.example.com", "That is no address of an ntfy server"),
        ("/phone ntfy https://a@b.example.com", "That is no address of an ntfy server"),
        ("/phone ntfy https://ntfy.sh/topic", "That is no address of an ntfy server"),
        ("/phone pushover", "That is no user key of Pushover"),
        ("/phone pushover tooshort", "That is no user key of Pushover"),
        ("/phone test", "No phone is linked yet"),
        ("/phone remove unknown", "I know no such phone here"),
        ("/phone home", "I did not understand that"),
    ],
)
async def test_what_cannot_be_done_is_answered_with_what_can(alone, text, title):
    assert (await asks(alone, text)).title == title


async def test_ntfy_s_public_server_is_offered_by_its_name_and_never_chosen_by_itself(alone):
    card = await presses(alone, await asks(alone, "/phone"), "Use ntfy.sh")

    assert card.title == "Subscribe on your phone"
    assert str(card.buttons[1][0].url).startswith("https://ntfy.sh/tradebell-")


async def test_a_chat_has_five_phones_at_most(alone):
    for number in range(5):
        await asks(alone, f"/phone ntfy https://ntfy{number}.example.com")
        await alone.quiet(2)

    card = await asks(alone, f"/phone ntfy {SERVER}")

    assert card.title == "That is too many phones"
    assert (await asks(alone, "/phone")).title == "5 phones"


async def test_where_others_read_along_no_phone_is_added(alone):
    [reply] = await alone.says(f"/phone ntfy {SERVER}", "-100", private=False)

    assert reply.card.title == "I show no account here"


async def test_without_an_application_there_is_no_pushover(store, platform, chat, ntfy, now):
    async with running(store, platform, chat, now, others=[ntfy]) as world:
        await world.links()

        assert (await asks(world, f"/phone pushover {KEY}")).title == "Pushover is not set up here"


async def test_by_apprise_only_what_the_operator_allows_is_rung_and_it_is_said_what_it_cannot_say(
    store, platform, chat, now
):
    apprise = FakeMessenger(now=now, channel=Channel.PUSH, bot="apprise")
    async with running(store, platform, chat, now, others=[apprise]) as world:
        await world.goes_live()
        [local, several, unknown] = [
            (await asks(world, f"/phone apprise {words}")).title
            for words in ("dbus://", "gotifys://a/t json://b", "json://127.0.0.1/x")
        ]
        sent = await asks(world, "/phone apprise gotifys://push.example.com/AbCsecret")
        linked = await asks(world, CODE)
        await alarm(world, platform)
        status = await asks(world, "/status")
        found = await store.phones.target((await phone(world)).endpoint.address)

    assert local == several == unknown == "That is no address that may be used here"
    assert sent.title == "Look at your phone"
    assert linked.title == "Your phone is linked: Phone by Apprise on gotifys"
    assert "It cannot say whether something arrived: have another phone besides." in linked.lines
    assert on(apprise)[1:] == ["Night Owl: error"]
    assert any("cannot say whether an alert arrived" in note for note in status.notes)
    assert "secret" not in repr(found)


async def test_where_nobody_has_allowed_it_there_is_no_apprise(alone):
    card = await asks(alone, "/phone apprise gotifys://push.example.com/AbC")

    assert card.title == "Apprise is not set up here"


async def test_a_phone_is_among_the_links_with_the_way_to_its_removal(alone):
    await adds_ntfy(alone)

    card = await asks(alone, "/links")
    phones_of_it = await presses(alone, card, "Phones")

    assert [field.value.rpartition(" · ")[2] for field in card.fields] == [
        "remove it: /unlink",
        "remove it: /phone",
    ]
    assert "Remove" in [one.label for row in phones_of_it.buttons for one in row]
