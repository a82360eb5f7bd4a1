"""Chats that others read: who may link one, who sees what there, and who may do what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.accounts import PasswordLogin
from bot.domain.actions import Action, Denied, Verb
from bot.domain.chats import EndpointState, Role
from bot.domain.deliveries import Gone, State
from bot.domain.events import Kind, Message, Origin, PodEvent, Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import ActionId, TraderId
from bot.domain.incoming import Command, Incoming, Place, Press, Shared, Words
from bot.domain.lifetimes import CONFIRM_LIFE
from bot.domain.linking import Audience, LinkProblem, SignedIn
from bot.domain.marks import shown
from bot.errors import Refused, TryLater, Unreachable
from bot.services.commands.registry import SPECS
from bot.services.feeds.notices import Notices
from bot.texts.outcomes import toast
from bot.texts.settings import CHOICES
from tests.fakes.platform import MALLORY
from tests.fakes.readership import FakeReadership
from tests.harness.world import World, as_shown_there, code_in, owl, running

DESK, VAULT = "900", "901"
"""Chats that many read, in two servers."""

ALICE, BOB, CAROL = "100", "200", "300"
"""Alice links; the others read along."""

READERS = "everyone who can read #desk in Alpha (a server of about 34 people)"
RIGHT = PasswordLogin(email="alice@example.com", password="right")
BOBS = PasswordLogin(email=MALLORY, password="right")


@pytest.fixture
def readership() -> FakeReadership:
    vault = Audience(name="#vault in My Other Server", readers="everyone who can read #vault")
    desk = Audience(name="#desk in Alpha", readers=READERS)
    return FakeReadership(chats={DESK: desk, VAULT: vault})


@pytest.fixture
def may_send() -> asyncio.Event:
    """Set while nobody else can have the right to send."""
    event = asyncio.Event()
    event.set()
    return event


@pytest.fixture
async def world(store, platform, chat, now, readership, may_send) -> AsyncIterator[World]:
    world = running(store, platform, chat, now, readership=readership, may_send=may_send.is_set)
    async with world as started:
        yield started


async def test_a_channel_s_address_that_no_phone_can_open_says_so(
    store, platform, chat, now, readership
):
    phones = [chat.channel]
    async with running(store, platform, chat, now, readership=readership, cut_off=phones) as world:
        reply = await says(world, "/link")

    assert "not on a phone. TRADEBELL_PUBLIC_URL" in reply.card.lines[3]


def desk(world, *, chat=DESK, **facts) -> Place:
    shared = Shared(name="#desk", **{"can_manage": True} | facts)
    return Place(address=world.place(chat).address, private=False, shared=shared)


async def says(world, text, person=ALICE, *, public=False, **where):
    place, who = desk(world, **where), world.person(person)
    said: Incoming = Words(place=place, person=who, text=text)
    if text.startswith("/"):
        name, _, arguments = text[1:].partition(" ")
        said = Command(place=place, person=who, name=name, arguments=arguments, public=public)
    [reply] = [as_shown_there(reply) async for reply in world.router.hear(said)]
    return reply


async def asks(world, text, person=ALICE, **where):
    return (await says(world, text, person, **where)).card


async def presses(world, card, label, person=ALICE):
    [action] = [one.action for row in card.buttons for one in row if one.label == label]
    press = Press(place=desk(world), person=world.person(person), action=action)
    return [as_shown_there(reply) async for reply in world.router.hear(press)]


async def links(world, person=ALICE, login=RIGHT, *, chat=DESK):
    """Link a shared chat, and wait until its account is listened to."""
    invited = await says(world, "/link", person, chat=chat)
    signed_in = await world.linking.sign_in(code_in(invited), login, "127.0.0.1", agreed=True)
    assert isinstance(signed_in, SignedIn)
    card = await asks(world, f"/link {signed_in.digits}", person, chat=chat)
    link = await world.link(chat)
    assert link is not None
    account = await world.store.accounts.get(link.account)
    await world.until_state(account, FeedState.LIVE)
    return card


async def allows(world, role):
    card = await asks(world, f"/members {role}")
    if card.buttons:
        await presses(world, card, "Allow it")


def words(card) -> str:
    return "\n".join((card.title, *card.lines, *card.notes))


# --- linking ------------------------------------------------------------------------------


async def test_who_will_see_it_is_named_before_the_address(world):
    card = await asks(world, "/link")

    assert card.title == "Link #desk in Alpha?"
    assert READERS in card.lines[0]
    assert "trades, amounts" in card.lines[0]
    assert card.private


async def test_the_page_names_them_too_and_without_consent_nobody_is_logged_in(world, platform):
    code = code_in(await says(world, "/link"))
    invitation = await world.linking.look(code)

    refused = await world.linking.sign_in(code, RIGHT, "127.0.0.1")
    agreed = await world.linking.sign_in(code, RIGHT, "127.0.0.1", agreed=True)

    assert (invitation.name, invitation.readers) == ("#desk in Alpha", READERS)
    assert refused is LinkProblem.NO_CONSENT
    assert platform.calls.count("log_in") == 1
    assert isinstance(agreed, SignedIn)


async def test_the_digits_come_back_with_the_command(world, chat):
    card = await links(world)
    await says(world, "/test")
    await world.quiet()

    assert "All who read along" in words(card)
    assert chat.titles(DESK) == ["Test alert"]
    link = await world.link(DESK)
    assert (link.person, link.role, link.endpoint.private) == (ALICE, Role.OWNER, False)


async def test_the_digits_come_back_with_a_form(world):
    code = code_in(await says(world, "/link"))
    signed_in = await world.linking.sign_in(code, RIGHT, "127.0.0.1", agreed=True)

    card = await asks(world, signed_in.digits)

    assert "All who read along" in words(card)


async def test_the_account_s_other_chats_are_told_which_one_it_is(world, chat):
    await world.goes_live(CAROL)
    await links(world)
    await world.quiet()

    assert chat.titles(CAROL) == [
        f"A new {chat.channel.capitalize()} chat #desk in Alpha was linked to your account"
    ]


async def test_what_only_the_person_need_know_is_not_told_where_others_read(world, chat):
    await links(world)
    await world.goes_live(BOB)
    await world.goes_live(CAROL)
    await world.quiet()

    assert chat.titles(BOB) == ["A new Telegram chat was linked to your account"]
    assert chat.titles(CAROL) == []
    assert chat.titles(DESK) == ["A new Telegram chat was linked to your account"], (
        "when there was no other"
    )


@pytest.mark.parametrize(
    ("where", "words_for_it"),
    [
        ({"can_manage": False}, "right to manage the channel"),
        ({"missing_permissions": ("Send Messages", "Embed Links")}, "Send Messages, Embed Links"),
    ],
)
async def test_it_takes_a_say_there_and_our_own_rights(world, where, words_for_it):
    card = await asks(world, "/link", **where)

    assert words_for_it in words(card)
    assert not card.buttons


async def test_who_has_us_only_for_themselves_is_told_to_invite_us_not_which_rights_we_lack(world):
    card = await asks(
        world, "/link", invited=False, missing_permissions=("View Channel", "Send Messages")
    )

    assert card.title == "I am not in #desk"
    assert "Invite me to the server first" in words(card)


async def test_where_we_are_not_nothing_is_linked(world, readership):
    readership.chats.clear()

    card = await asks(world, "/link")

    assert card.title == "I am not in #desk"
    assert not card.buttons


async def test_while_nobody_knows_who_reads_along_nothing_is_linked(world, readership):
    readership.trouble = TryLater("Discord does not answer.")

    card = await asks(world, "/link")

    assert card.title == "I cannot see who reads along here"
    assert not card.buttons


async def test_where_others_would_read_the_address_there_is_none(world):
    [reply] = await world.says("/link", DESK, person=ALICE, private=False)

    assert "private chat only" in reply.card.title


async def test_nobody_takes_over_what_somebody_else_has_linked(world):
    await links(world)

    card = await asks(world, "/link", BOB)

    assert card.title == "Somebody else has linked this chat"
    assert not card.buttons


async def test_of_two_who_link_at_the_same_time_the_first_has_it(world):
    code = code_in(await says(world, "/link", BOB))
    late = await world.linking.sign_in(code, BOBS, "127.0.0.1", agreed=True)
    await links(world)

    card = await asks(world, f"/link {late.digits}", BOB)

    assert card.title == "Somebody else has linked this chat"
    link = await world.link(DESK)
    assert link.person == ALICE
    assert await world.store.accounts.active() == [await world.store.accounts.get(link.account)]


@pytest.mark.parametrize(
    "lost", [{"can_manage": False}, {"missing_permissions": ("Send Messages",)}]
)
async def test_who_has_no_say_any_more_when_the_digits_come_links_nothing(world, lost):
    code = code_in(await says(world, "/link"))
    signed_in = await world.linking.sign_in(code, RIGHT, "127.0.0.1", agreed=True)

    by_command = await asks(world, f"/link {signed_in.digits}", **lost)
    by_form = await asks(world, signed_in.digits, **lost)

    assert await world.link(DESK) is None
    assert not {by_command.title, by_form.title} & {"Linked to a***@example.com"}


async def test_after_an_unlink_anybody_who_has_a_say_may_link_it(world):
    await links(world)
    await presses(world, await asks(world, "/unlink"), "Unlink this chat")
    await links(world, BOB, BOBS)

    assert (await world.link(DESK)).person == BOB


async def test_who_linked_it_may_link_it_to_another_account(world):
    await links(world)
    before = await world.link(DESK)
    await links(world, ALICE, BOBS)

    assert (await world.link(DESK)).account != before.account


# --- roles --------------------------------------------------------------------------------

OPEN_TO = {
    None: {"start", "help", "link", "settings", "cancel"},
    Role.VIEWER: {
        "status",
        "traders",
        "strategies",
        "positions",
        "trades",
        "profit",
        "daily",
        "weekly",
        "monthly",
        "chart",
        "performance",
        "stats",
        "fees",
        "events",
        "messages",
        "signals",
        "price",
        *("balance", "whitelist", "blacklist", "locks", "logs", "health"),
        "audit",
        "missed",
        "why",
        "ihaveit",
        "watch",
        "whoami",
    },
    Role.OPERATOR: {
        "pause",
        "resume",
        "newstrategy",
        "removestrategy",
        "rename",
        "stopentry",
        "forceexit",
        "reload",
        "test",
        "drill",
        "night",
        "report",
        "quiet",
        "timezone",
        "language",
        "currency",
        "digest",
        "rules",
        "mute",
        "unmute",
        "guard",
        "alert",
    },
    Role.OWNER: {"unlink", "members", "topics", "inbox", "phone", "escalate", "standing", "links"},
}
"""What each role adds to those before it; an owner is who linked the chat."""

REFUSALS = ("Only the person who linked", "You may look but not use", "Somebody else has linked")


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.OPERATOR, Role.OWNER])
async def test_every_command_heeds_every_role(world, role):
    await links(world)
    if role in (Role.VIEWER, Role.OPERATOR):
        await allows(world, role)
    person = ALICE if role is Role.OWNER else BOB
    roles = list(OPEN_TO)
    allowed = set().union(*(OPEN_TO[one] for one in roles[: roles.index(role) + 1]))

    answered = set()
    for spec in SPECS:
        await world.quiet(2)
        card = await asks(world, f"/{spec.name}", person)
        if not card.title.startswith(REFUSALS):
            answered.add(spec.name)

    # That somebody else has linked it, everybody may know.
    assert answered | {"link"} == allowed
    assert allowed <= {spec.name for spec in SPECS}


async def test_where_others_read_neither_the_account_nor_other_chats_are_named(world):
    await links(world)
    await allows(world, Role.VIEWER)
    await world.goes_live(CAROL)

    mine = await asks(world, "/whoami")
    bobs = await asks(world, "/whoami", BOB)
    all_of_it = await asks(world, "/links")

    assert {one.label: one.value for one in mine.fields}["You may"].startswith("all there is")
    assert {one.label: one.value for one in bobs.fields}["You may"] == "look, and change nothing"
    assert (bobs.title, bobs.notes) == ("What you may do here", ())
    assert "Login" not in {one.label for one in (*mine.fields, *bobs.fields)}
    assert [one.label for one in all_of_it.fields] == ["Telegram chat #desk in Alpha (this chat)"]
    assert not all_of_it.buttons


@pytest.mark.parametrize(
    ("role", "shows", "changes"),
    [
        (None, False, 0),
        (Role.VIEWER, True, 0),
        (Role.OPERATOR, True, len(CHOICES)),
        (Role.OWNER, True, len(CHOICES) + 1),
    ],
)
async def test_settings_show_and_change_what_the_role_allows(world, role, shows, changes):
    await links(world)
    if role in (Role.VIEWER, Role.OPERATOR):
        await allows(world, role)

    card = await asks(world, "/settings", ALICE if role is Role.OWNER else BOB)

    assert (card.title == "Settings of this chat") is shows
    assert len(card.pick.options if card.pick else ()) == changes


async def test_the_settings_page_asks_for_the_role_at_each_change(world):
    await links(world)
    await allows(world, Role.OPERATOR)
    card = await asks(world, "/settings page", BOB)
    secret, _ = await world.settings_page.enter(card.buttons[0][0].url.rpartition("/")[2])
    may = await world.settings_page.view(secret)
    first = await world.settings_page.change(secret, "digest", "9:00")

    await allows(world, Role.VIEWER)
    looks = await world.settings_page.view(secret)
    second = await world.settings_page.change(secret, "digest", "10:00")
    await asks(world, "/members nobody")
    third = await world.settings_page.change(secret, "digest", "11:00")

    assert (may.may_change, looks.may_change) == (True, False)
    assert (first.stored, second.stored) == (True, False)
    assert second.card.title.startswith("You may look but not use")
    assert third is None
    assert await world.settings_page.view(secret) is None


async def test_the_settings_page_names_other_chats_only_to_who_has_linked_them(world):
    await links(world)
    await world.links(ALICE)
    await allows(world, Role.VIEWER)
    seen = []

    for person in (ALICE, BOB):
        card = await asks(world, "/settings page", person)
        secret, _ = await world.settings_page.enter(card.buttons[0][0].url.rpartition("/")[2])
        seen.append((await world.settings_page.view(secret)).others)

    assert [one.address.chat for one in seen[0]] == [ALICE]
    assert seen[1] == ()


@pytest.mark.parametrize(("role", "quieter"), [("viewer", False), ("operator", True)])
@pytest.mark.parametrize("label", ["Mute 1 h", "Less like this"])
async def test_a_button_under_an_alert_heeds_the_role_of_who_presses(
    world, platform, chat, role, quieter, label
):
    await links(world)
    await allows(world, role)
    origin = Origin(kind=Kind.MESSAGE, record="message", at=world.now())
    platform.store(Stream.MESSAGES, Message(origin=origin, title="Slow", level="warning"))
    await world.quiet()

    [answer] = await presses(world, chat.shown[-1].card, label, BOB)
    offered = answer.card.buttons if answer.card else ()
    for button in [one for row in offered for one in row if one.label != "Unmute"]:
        await presses(world, answer.card, button.label, BOB)

    wants = (await world.link(DESK)).preferences
    assert ("You may not do that here" in (answer.toast or "")) is not quieter
    assert bool(wants.mutes or wants.rules) is quieter


@pytest.mark.parametrize(
    ("role", "paused"), [("nobody", False), ("viewer", False), ("operator", True)]
)
async def test_a_card_heeds_the_role_of_the_moment_in_which_it_is_pressed(
    world, platform, role, paused
):
    await links(world)
    await allows(world, "operator")
    card = await asks(world, "/pause night owl", BOB)
    await allows(world, role)

    replies = await presses(world, card, "Stop Night Owl", BOB)

    assert platform.bots["owl"].running is not paused
    if not paused:
        assert "You may not do that here" in replies[-1].toast


async def test_what_a_chat_wants_to_hear_is_changed_by_its_owner_and_operators_alone(world):
    await links(world)

    async def wants():
        link = await world.link(DESK)
        return link.preferences

    await allows(world, "viewer")
    for words in ("/mute 2h", "/rules errors off", "/quiet 22-7", "/timezone berlin"):
        card = await asks(world, words, BOB)
        assert card.title.startswith("You may look but not use")
    untouched = await wants()
    await allows(world, "operator")
    made = await asks(world, "/rules errors off", BOB)
    [warned] = await presses(world, made, "Also what is critical", BOB)
    await allows(world, "viewer")
    refused = await presses(world, warned.card, "Do not ring for it", BOB)
    kept = await presses(world, made, "Undo", BOB)

    assert (untouched.rules, untouched.mutes, untouched.quiet, untouched.zone) == ((), (), None, "")
    assert "You may not do that here" in refused[-1].toast
    assert kept[-1].card.title.startswith("You may look but not use")
    assert [one.covers_critical for one in (await wants()).rules] == [False]


@pytest.mark.parametrize("verb", [Verb.UNLINK, Verb.GRANT_ACCESS, Verb.STANDING_ORDER])
async def test_only_who_linked_it_ends_or_opens_it_whatever_the_button_says(world, verb):
    await links(world)
    await allows(world, "operator")
    link = await world.link(DESK)
    action = Action(
        id=ActionId("made-somehow"),
        card="card",
        account=link.account,
        link=link.id,
        endpoint=link.endpoint.id,
        person=BOB,
        verb=verb,
        arguments="operator",
        expires_at=world.now() + CONFIRM_LIFE,
    )
    await world.store.actions.offer((action,))
    press = Press(place=desk(world), person=world.person(BOB), action=action.id)

    [reply] = [reply async for reply in world.router.hear(press)]

    assert "You may not do that here" in reply.toast
    assert await world.link(DESK) == link
    assert await world.store.standing_orders.of(link.account) == []


async def test_another_member_s_card_is_not_theirs_to_press(world, platform):
    await links(world)
    await allows(world, "operator")
    card = await asks(world, "/pause night owl", BOB)

    [reply] = await presses(world, card, "Stop Night Owl", CAROL)

    assert "Only the person who asked" in reply.toast
    assert platform.bots["owl"].running


@pytest.mark.parametrize("role", ["nobody", "viewer"])
async def test_who_may_not_press_the_button_under_an_alert_reads_so_alone(
    world, platform, chat, role
):
    await links(world)
    await allows(world, role)
    origin = Origin(kind=Kind.POD_EVENT, record="event-1", at=world.now())
    platform.store(
        Stream.POD_EVENTS,
        PodEvent(origin=origin, type="error", message="No balance", trader=TraderId("owl")),
    )
    await world.quiet()

    [reply] = await presses(world, chat.shown[-1].card, "Stop Night Owl", BOB)

    assert "You may not do that here" in reply.toast
    assert reply.card is None


async def test_to_let_others_act_is_asked_first(world):
    await links(world)

    card = await asks(world, "/members operator")

    assert (await world.link(DESK)).preferences.members is None
    assert "#desk in Alpha may ask for all that, and pause and resume" in card.lines[0]
    [reply] = await presses(world, card, "Allow it")
    assert (await world.link(DESK)).preferences.members is Role.OPERATOR
    assert reply.card.title == "Others here may look, and pause and resume your bots."


async def test_to_allow_less_takes_effect_at_once(world):
    await links(world)
    await allows(world, "operator")

    await asks(world, "/members viewer")
    viewer = (await world.link(DESK)).preferences.members
    await asks(world, "/members nobody")

    assert viewer is Role.VIEWER
    assert (await world.link(DESK)).preferences.members is None


async def test_without_a_word_it_says_what_holds(world):
    await links(world)

    card = await asks(world, "/members")

    assert card.title == "Others here see the alerts, and may ask nothing."


async def test_nobody_makes_others_an_owner(world):
    await links(world)

    await asks(world, "/members owner")

    assert (await world.link(DESK)).preferences.members is None


async def test_in_a_private_chat_there_is_nobody_to_allow_anything(world):
    await world.links(CAROL)

    [reply] = await world.says("/members viewer", CAROL)

    assert reply.card.title == "Nobody else is in this chat"


async def test_what_others_may_do_outlives_a_new_login_and_not_an_unlink(world):
    await links(world)
    await allows(world, "viewer")
    await links(world)
    kept = (await world.link(DESK)).preferences.members
    await presses(world, await asks(world, "/unlink"), "Unlink this chat")
    await links(world)

    assert kept is Role.VIEWER
    assert (await world.link(DESK)).preferences.members is None


# --- one person's own role ----------------------------------------------------------------


async def grants(world, role, person):
    card = await asks(world, f"/members {role} {person}")
    if card.buttons:
        [reply] = await presses(world, card, "Allow it")
        return reply.card
    return card


async def test_a_role_of_one_person_is_theirs_alone_and_asked_first(world):
    await links(world)

    card = await asks(world, f"/members operator <@{BOB}>")
    before = (await world.link(DESK)).role_of(BOB)
    [reply] = await presses(world, card, "Allow it")

    link = await world.link(DESK)
    assert card.title == f"Let {BOB} act here?"
    assert before is None
    assert (link.role_of(BOB), link.role_of(CAROL)) == (Role.OPERATOR, None)
    assert f"{BOB} operator" in words(reply.card)


@pytest.mark.parametrize("others", [None, Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize("own", [None, Role.VIEWER, Role.OPERATOR])
async def test_every_command_heeds_the_role_of_one_before_that_of_all(world, own, others):
    await links(world)
    if others is not None:
        await allows(world, others)
    await grants(world, own or "nobody", BOB)

    answered: dict[str, set[str]] = {BOB: set(), CAROL: set()}
    for spec in SPECS:
        for person in answered:
            await world.quiet(2)
            card = await asks(world, f"/{spec.name}", person)
            if not card.title.startswith(REFUSALS):
                answered[person].add(spec.name)

    assert answered[BOB] | {"link"} == open_to(own)
    assert answered[CAROL] | {"link"} == open_to(others)


def open_to(role):
    roles = list(OPEN_TO)
    return set().union(*(OPEN_TO[one] for one in roles[: roles.index(role) + 1]))


@pytest.mark.parametrize("others", ["nobody", "viewer", "operator"])
@pytest.mark.parametrize("own", ["nobody", "viewer", "operator"])
async def test_every_button_heeds_the_role_of_one_before_that_of_all(
    world, platform, chat, own, others
):
    await links(world)
    await allows(world, others)
    await grants(world, own, BOB)
    origin = Origin(kind=Kind.POD_EVENT, record="event-1", at=world.now())
    platform.store(
        Stream.POD_EVENTS,
        PodEvent(origin=origin, type="error", message="No balance", trader=TraderId("owl")),
    )
    await world.quiet()

    asked = {
        person: (await presses(world, chat.shown[-1].card, "Stop Night Owl", person))[-1]
        for person in (BOB, CAROL)
    }

    for person, role in ((BOB, own), (CAROL, others)):
        may = asked[person].card is not None and asked[person].card.title == "Stop Night Owl?"
        assert may is (role == "operator"), (person, asked[person])


@pytest.mark.parametrize("own", ["nobody", "viewer", "operator"])
async def test_completion_heeds_the_role_of_one(world, own):
    await links(world)
    await grants(world, own, BOB)

    bobs = await world.router.suggest(desk(world), world.person(BOB), "pause", "bot", "ni")
    carols = await world.router.suggest(desk(world), world.person(CAROL), "pause", "bot", "ni")

    assert bobs == (("Night Owl",) if own == "operator" else ())
    assert not carols


async def test_who_may_nothing_is_told_by_which_number_they_can_be_let_in(world):
    await links(world)

    card = await asks(world, "/status", BOB)

    assert f"/members viewer {BOB}" in shown(words(card))


async def test_a_role_that_is_taken_back_ends_at_once(world):
    await links(world)
    await grants(world, "operator", BOB)
    card = await asks(world, "/pause night owl", BOB)

    await grants(world, "nobody", BOB)
    [reply] = await presses(world, card, "Stop Night Owl", BOB)

    assert "You may not do that here" in reply.toast


async def test_only_who_linked_it_gives_one_a_role(world):
    await links(world)
    await grants(world, "operator", BOB)

    card = await asks(world, f"/members operator {CAROL}", BOB)

    assert card.title.startswith("Only the person who linked")
    assert (await world.link(DESK)).role_of(CAROL) is None


@pytest.mark.parametrize("typed", ["operator @bob", "operator bob", "viewer -1", "followers 300"])
async def test_nobody_is_let_in_by_a_name(world, typed):
    await links(world)

    card = await asks(world, f"/members {typed}")

    assert card.title == "Who may do what?"
    assert (await world.link(DESK)).preferences.people == ()


async def test_who_linked_it_loses_nothing_by_naming_themselves(world):
    await links(world)

    await grants(world, "nobody", ALICE)

    assert (await world.link(DESK)).role_of(ALICE) is Role.OWNER


async def test_where_followers_read_nobody_has_a_role(world):
    await links(world)
    await grants(world, "operator", BOB)
    await asks(world, "/members followers")

    card = await asks(world, f"/members operator {CAROL}")

    link = await world.link(DESK)
    assert card.title == "Others here are followers"
    assert (link.role_of(BOB), link.role_of(CAROL), link.preferences.people) == (None, None, ())


async def test_so_many_people_have_a_role_and_no_more(world):
    await links(world)
    for number in range(20):
        await world.quiet(5)
        await grants(world, "nobody", 1000 + number)

    card = await asks(world, f"/members operator {BOB}")
    known = await asks(world, "/members viewer 1000")

    assert card.title.startswith("20 people have a role")
    assert known.title == "Let 1000 look here?"


# --- who linked it leaves -----------------------------------------------------------------


async def test_once_who_linked_it_has_left_nothing_is_shown_there(world, chat, readership):
    await world.goes_live(CAROL)
    await links(world)
    chat.shown.clear()
    readership.left.add((DESK, ALICE))

    await world.says("/test", CAROL)
    await world.quiet()

    assert chat.titles(DESK) == []
    assert "Test alert" in chat.titles(CAROL)
    assert any("chat #desk in Alpha is closed to me" in title for title in chat.titles(CAROL))
    assert (await world.link(DESK)).endpoint.state is EndpointState.DISABLED
    assert (await world.store.outbox.counts())[State.HELD] >= 1


async def test_nor_is_anything_changed_that_was_shown_there(world, chat, readership, platform):
    """An alert that is answered meanwhile: the desk is told nothing else of it."""
    await links(world)
    origin = Origin(kind=Kind.POD_EVENT, record="alarm-1", at=world.now())
    platform.store(
        Stream.POD_EVENTS,
        PodEvent(origin=origin, type="error", message="No balance", trader=TraderId("owl")),
    )
    await world.quiet()
    world.ingest.expect(TraderId("owl"), False, (await world.link(DESK)).endpoint.id)
    readership.left.add((DESK, ALICE))

    platform.put(owl(running=False, status="stopped"))
    await world.quiet(60)

    assert chat.screen(DESK)[-1].buttons
    assert chat.change_calls == 0


async def alarm(world, platform):
    origin = Origin(kind=Kind.POD_EVENT, record="alarm-1", at=world.now())
    alarm = PodEvent(origin=origin, type="error", message="No balance", trader=TraderId("owl"))
    platform.store(Stream.POD_EVENTS, alarm)
    await world.quiet()


async def test_who_may_look_there_has_seen_it_and_strangers_have_not(world, chat, platform):
    await links(world)
    await alarm(world, platform)
    [before] = chat.screen(DESK)
    message = chat.shown[-1].message

    await world.reacts(message, DESK, BOB, private=False)
    [refused] = await presses(world, before, "Seen", BOB)
    await world.quiet()
    [unseen] = chat.screen(DESK)
    await allows(world, "viewer")
    await world.reacts(message, DESK, BOB, private=False)
    await world.quiet()
    [seen] = chat.screen(DESK)

    assert refused.toast == shown(toast(Denied.NO_RIGHT))
    assert unseen == before
    assert [button.label for row in seen.buttons for button in row] == ["Stop Night Owl"]
    assert seen.notes[0].startswith("Seen in Telegram · ")


async def test_nobody_has_seen_anything_where_its_person_has_left(
    world, chat, platform, readership
):
    await links(world)
    await allows(world, "viewer")
    await alarm(world, platform)
    readership.left.add((DESK, ALICE))

    await world.reacts(chat.shown[-1].message, DESK, BOB, private=False)
    await world.quiet()

    told = await world.store.outbox.told(
        (await world.link(DESK)).id, chat.screen(DESK)[0].reference
    )
    assert told is not None
    seen = world.store.sightings.of((await world.link(DESK)).account, told.kind, told.record, "")
    assert await seen == []


async def test_when_they_return_what_was_kept_is_shown(world, chat, readership):
    await world.goes_live(CAROL)
    await links(world)
    readership.left.add((DESK, ALICE))
    await world.says("/test", CAROL)
    await world.quiet()
    readership.left.clear()

    await asks(world, "/start")
    await world.quiet()

    assert "Test alert" in chat.titles(DESK)


@pytest.mark.parametrize(
    ("missing_permissions", "opened"),
    [((), True), (("Send Messages",), False)],
    ids=["allowed", "not allowed"],
)
async def test_a_word_of_its_person_opens_it_where_we_may_write_again(
    world, chat, missing_permissions, opened
):
    await links(world)
    chat.script(DESK, Gone(reason="Missing Permissions"))
    await says(world, "/test")
    await world.quiet(60)

    await asks(world, "/status", missing_permissions=missing_permissions)
    await world.quiet()

    state = (await world.link(DESK)).endpoint.state
    assert state is (EndpointState.ACTIVE if opened else EndpointState.DISABLED)
    assert ("Test alert" in chat.titles(DESK)) is opened


async def test_others_do_not_wake_it(world, chat, readership):
    await links(world)
    readership.left.add((DESK, ALICE))
    await says(world, "/test")
    await world.quiet()

    await asks(world, "/start", BOB)
    await asks(world, "/status", BOB)

    assert (await world.link(DESK)).endpoint.state is EndpointState.DISABLED


async def test_others_may_ask_nothing_any_more_then(world, readership, platform):
    await links(world)
    await allows(world, "operator")
    card = await asks(world, "/pause night owl", BOB)
    readership.left.add((DESK, ALICE))

    asked = await asks(world, "/status", BOB)
    [pressed] = await presses(world, card, "Stop Night Owl", BOB)

    assert asked.title == "This chat rests"
    assert pressed.card.title == "This chat rests"
    assert platform.bots["owl"].running


@pytest.mark.parametrize("trouble", [TryLater("away"), Refused("not there")])
async def test_others_may_ask_nothing_while_nobody_can_tell(world, readership, trouble):
    await links(world)
    await allows(world, "viewer")
    readership.trouble = trouble

    assert (await asks(world, "/status", BOB)).title == "This chat rests"
    assert (await asks(world, "/status")).title == "1 of 2 bots running"


async def test_whoever_has_a_say_may_link_what_its_host_has_left(world, chat, readership):
    await world.goes_live(CAROL)
    await links(world)
    readership.left.add((DESK, ALICE))
    await world.says("/test", CAROL)
    await world.quiet()
    chat.shown.clear()

    card = await links(world, BOB, BOBS)
    await says(world, "/test", BOB)
    await world.quiet()

    assert "From now on I ring" in words(card)
    assert (await world.link(DESK)).person == BOB
    assert chat.titles(DESK) == ["Test alert"]


async def test_what_its_host_has_left_stays_theirs_as_long_as_nobody_can_link_it(world, readership):
    await links(world)
    readership.left.add((DESK, ALICE))
    readership.chats.clear()

    card = await asks(world, "/link", BOB)

    assert card.title == "I am not in #desk"
    assert (await world.link(DESK)).person == ALICE


@pytest.mark.parametrize("trouble", [TryLater("away"), Refused("not there"), None])
async def test_what_its_host_may_still_be_in_is_nobody_else_s(world, readership, trouble):
    await links(world)
    readership.trouble = trouble

    card = await asks(world, "/link", BOB)

    assert card.title == "Somebody else has linked this chat"
    assert (await world.link(DESK)).person == ALICE


@pytest.mark.parametrize("anew", [False, True])
async def test_a_chat_that_was_closed_rings_again_once_it_is_linked(world, chat, anew):
    await links(world)
    chat.closed.add(DESK)
    await says(world, "/test")
    await world.quiet()
    chat.closed.clear()
    if anew:
        await presses(world, await asks(world, "/unlink"), "Unlink this chat")
    chat.shown.clear()

    await links(world)
    await world.quiet()
    before = chat.titles(DESK)
    await says(world, "/test")
    await world.quiet()

    assert before == ([] if anew else ["Test alert"]), "an unlink forgets what was owed"
    assert chat.titles(DESK) == [*before, "Test alert"]


async def test_alerts_wait_while_nobody_can_tell(world, chat, readership):
    await links(world)
    readership.trouble = TryLater("Discord does not answer.")
    await says(world, "/test")
    await world.quiet(10)
    before = chat.titles(DESK)
    readership.trouble = None
    await world.quiet(60)

    assert before == []
    assert chat.titles(DESK) == ["Test alert"]


async def test_a_look_at_who_is_there_that_hangs_keeps_no_claim_until_it_is_stale(
    world, chat, readership
):
    await links(world)
    readership.seconds = 3600
    await says(world, "/test")
    await world.quiet(20)
    before = chat.titles(DESK)
    readership.seconds = 0
    await world.quiet(20)

    assert before == []
    assert chat.titles(DESK) == ["Test alert"]
    assert (await world.store.outbox.counts())[State.SENDING] == 0


async def test_nothing_leaves_where_the_right_to_send_may_have_been_lost_during_a_look(
    world, chat, readership, may_send
):
    await links(world)
    readership.seconds = 3
    await says(world, "/test")
    may_send.clear()
    await world.quiet(20)
    before = chat.titles(DESK)
    may_send.set()
    await world.quiet(20)

    assert before == []
    assert chat.titles(DESK) == ["Test alert"]


@pytest.mark.parametrize("asked", [None, timedelta(seconds=60)])
async def test_a_chat_of_which_nobody_can_tell_asks_ever_more_rarely_and_keeps_nobody_else_back(
    world, chat, readership, asked
):
    await world.goes_live(CAROL, email=MALLORY)
    for number, one in enumerate((DESK, VAULT, "902")):
        readership.chats[one] = Audience(name=one, readers=READERS)
        await links(world, str(500 + number), chat=one)
    await world.quiet(60)
    readership.trouble = TryLater("Discord does not say.", retry_after=asked)
    readership.asked.clear()
    await says(world, "/test", "500")
    await world.quiet(2)
    at = world.now()
    await world.says("/test", CAROL)
    await world.until(lambda: "Test alert" in chat.titles(CAROL))
    took = (world.now() - at).total_seconds()
    await world.quiet(600)

    assert took < 1
    assert len(readership.asked) < 3 * 20


async def test_while_the_platform_is_away_it_is_asked_for_all_chats_at_once(
    world, chat, readership
):
    await links(world)
    readership.trouble = Unreachable("Discord does not answer.")
    await says(world, "/test")
    readership.asked.clear()
    await world.quiet(600)

    assert len(readership.asked) < 30, "ever more rarely, as for a message"


async def test_where_we_are_not_ourselves_the_message_finds_out(world, chat, readership):
    await links(world)
    readership.trouble = Refused("I am not in that server.")
    chat.closed.add(DESK)
    await says(world, "/test")
    await world.quiet()

    assert (await world.link(DESK)).endpoint.state is EndpointState.DISABLED


async def test_in_a_private_chat_nobody_is_asked_after(world, readership):
    await world.goes_live(CAROL)
    await world.says("/test", CAROL)
    await world.quiet()

    assert readership.asked == []


# --- what is nobody else's business ---------------------------------------------------------


async def test_the_person_s_other_chats_and_login_are_not_told_where_others_read(world, chat):
    await links(world)
    await links(world, chat=VAULT)
    await allows(world, "viewer")
    await world.store.links.disable(world.place(VAULT).address, "gone", world.now())

    seen = [
        await asks(world, "/status", BOB),
        await asks(world, "/status", ALICE, public=True),
        await asks(world, "/status", ALICE),
    ]

    await world.quiet()
    for card in (*seen, *chat.screen(DESK)):
        assert "My Other Server" not in repr(card)
        assert "example.com" not in repr(card)


async def test_a_closed_chat_is_not_named_where_others_read(world, chat):
    await links(world)
    await links(world, chat=VAULT)
    await world.quiet()
    chat.shown.clear()
    chat.closed.add(VAULT)
    await says(world, "/test")
    await world.quiet()

    assert "Your Telegram chat is closed to me" in chat.titles(DESK)
    assert not any("My Other Server" in title for title in chat.titles(DESK))


async def test_in_a_private_chat_they_are(world):
    account = await world.goes_live(CAROL)
    await links(world)
    await world.store.links.disable(world.place(DESK).address, "gone", world.now())

    [reply] = await world.says("/status", CAROL)

    assert "Your other Telegram chat #desk in Alpha is closed to me: I keep its alerts." in (
        reply.card.notes
    )
    assert account.label in reply.card.notes


async def test_the_end_of_a_login_is_told_in_private(world, chat):
    account = await world.goes_live(CAROL)
    await links(world)
    await world.quiet()
    chat.shown.clear()
    notices = Notices(account=account, ingest=world.ingest, now=world.now)

    await notices.login_ends(world.now() + timedelta(hours=2), timedelta(hours=2), trying=False)
    await notices.login_refused(None, world.now())
    await world.quiet()

    assert chat.titles(DESK) == []
    assert len(chat.titles(CAROL)) == 2


async def test_what_is_typed_is_completed_in_time_or_not_at_all(world, readership):
    await links(world)
    await allows(world, "operator")
    readership.seconds = 29
    at = world.now()

    names = await world.router.suggest(desk(world), world.person(BOB), "pause", "bot", "ni")

    assert names == ()
    assert (world.now() - at).total_seconds() < 3


# --- answers for everybody ----------------------------------------------------------------


async def test_an_answer_is_for_who_asked_unless_they_want_it_otherwise(world):
    await links(world)

    assert (await asks(world, "/status")).private
    assert not (await asks(world, "/status", public=True)).private


async def test_only_who_linked_it_shows_its_account_to_everybody(world):
    await links(world)
    await allows(world, "operator")

    status = await asks(world, "/status", BOB, public=True)
    help_card = await asks(world, "/help", BOB, public=True)

    assert status.private
    assert "Only who linked this chat" in status.notes[-1]
    assert not help_card.private


@pytest.mark.parametrize("command", ["/pause night owl", "/unlink", "/link", "/missed", "/members"])
async def test_what_asks_or_names_chats_is_never_for_everybody(world, command):
    await links(world)

    assert (await asks(world, command, public=True)).private


async def test_a_refusal_is_for_who_asked(world):
    await links(world)

    assert (await asks(world, "/status", CAROL, public=True)).private


async def test_in_a_shared_chat_each_sees_their_own_trail_and_the_owner_alone_all_of_it(world):
    await world.links()
    await links(world)
    await allows(world, "viewer")
    await asks(world, "/status", BOB)
    await asks(world, "/pause", BOB)

    theirs = [field.value for field in (await asks(world, "/audit", BOB)).fields]
    mine = [field.value for field in (await asks(world, "/audit")).fields]
    [whole] = await world.says("/audit")

    assert theirs == [
        "asked /audit · you on Telegram",
        "asked /pause, refused · you on Telegram",
        "asked /status · you on Telegram",
    ]
    assert not any("/status" in one for one in mine)
    assert "set what others in a chat may do: viewer · you on Telegram" in mine
    assert "asked /pause, refused · somebody else on Telegram" in [
        field.value for field in whole.card.fields
    ]


# --- drills -------------------------------------------------------------------------------


@pytest.mark.parametrize("private_chat", [True, False])
async def test_what_came_of_a_drill_names_places_in_a_private_chat_only(world, chat, private_chat):
    await links(world)
    if private_chat:
        await world.links()

    begun = await asks(world, "/drill now")
    await world.quiet(5 * 60 + 5)

    told = [(one.chat, one.card) for one in chat.shown if one.card.title.startswith("Drill: seen")]
    [(where, result)] = told
    if private_chat:
        assert begun.lines[-1] == (
            "The result names chats and phones: it is told in a private chat at the end."
        )
        assert (where, len(result.fields)) == (ALICE, 2)
    else:
        assert begun.lines[-1] == "In how many places it was seen is told here at the end."
        assert (where, result.title) == (DESK, "Drill: seen in 0 of 1 place")
        assert result.fields == ()
        assert result.notes == ("Where that was is told in a private chat only: /link makes one.",)
