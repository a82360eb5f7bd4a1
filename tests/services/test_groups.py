"""Groups in which nobody can be answered alone: linked from there by who has a say, in private."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import PasswordLogin
from bot.domain.chats import EndpointState, Role
from bot.domain.feeds import FeedState
from bot.domain.incoming import Masked, Migrated, Press
from bot.domain.lifetimes import CODE_LIFE
from bot.domain.linking import Audience, LinkProblem, SignedIn
from bot.errors import TryLater
from tests.fakes.readership import FakeReadership
from tests.harness.world import World, as_shown_there, code_in, running

GROUP = "-1001"
ALICE, BOB = "100", "200"
"""Both are administrators of the group; their private chats have their own numbers."""
CAROL = "300"
"""A member, and no more."""

READERS = "everyone in Desk (5 members), and whoever joins later"
DESK = Audience(
    name="Desk",
    readers=READERS,
    governors=frozenset({ALICE, BOB}),
    private_chat="https://t.me/tradebell_bot?start=",
)
RIGHT = PasswordLogin(email="alice@example.com", password="right")


@pytest.fixture
def readership() -> FakeReadership:
    return FakeReadership(chats={GROUP: DESK})


@pytest.fixture
async def world(store, platform, chat, now, readership) -> AsyncIterator[World]:
    async with running(store, platform, chat, now, readership=readership) as started:
        yield started


async def asks(world, text, person=ALICE, chat=GROUP):
    """What is answered in the group, or in a private chat."""
    [reply] = await world.says(text, chat, person, private=chat != GROUP)
    return as_shown_there(reply)


async def hears(world, said):
    return [as_shown_there(reply) async for reply in world.router.hear(said)]


async def called_over(world, person=ALICE):
    """What a person's private chat begins with who asked for the link in the group."""
    reply = await asks(world, "/link", person)
    address = reply.card.buttons[0][0].url
    assert address.startswith(DESK.private_chat)
    return address.removeprefix(DESK.private_chat)


async def links(world, person=ALICE, login=RIGHT):
    code = await called_over(world, person)
    consent = await asks(world, f"/start {code}", person, person)
    signed_in = await world.linking.sign_in(code_in(consent), login, "127.0.0.1", agreed=True)
    assert isinstance(signed_in, SignedIn), signed_in
    return await asks(world, signed_in.digits, person, person)


async def linked(world, others: Role | None = None):
    await links(world)
    link = await world.link(GROUP)
    account = await world.store.accounts.get(link.account)
    await world.until_state(account, FeedState.LIVE)
    if others is not None:
        await world.store.links.prefer(
            link.id, lambda wants: replace(wants, members=others), world.now()
        )
    return link


# --- linking ------------------------------------------------------------------------------


async def test_a_group_is_linked_in_the_private_chat_of_who_has_a_say_there(world, chat):
    code = await called_over(world)
    consent = await asks(world, f"/start {code}", ALICE, ALICE)
    signed_in = await world.linking.sign_in(code_in(consent), RIGHT, "127.0.0.1", agreed=True)
    done = await asks(world, signed_in.digits, ALICE, ALICE)
    await world.quiet()

    assert consent.card.title == "Link Desk?"
    assert READERS in consent.card.lines[0]
    assert "Type them here" in consent.card.lines[-1]
    assert "Desk is told" in done.card.lines[0]
    link = await world.link(GROUP)
    assert (link.person, link.role, link.endpoint.private) == (ALICE, Role.OWNER, False)
    assert await world.link(ALICE) is None
    assert chat.titles(GROUP) == ["This group is linked to a trading account"]


async def test_the_page_asks_for_consent_and_opens_only_to_who_was_called(world):
    code = await called_over(world)
    consent = await asks(world, f"/start {code}", ALICE, ALICE)
    invitation = await world.linking.look(code_in(consent))

    assert await world.linking.look(code) is LinkProblem.UNKNOWN
    assert (invitation.name, invitation.readers) == ("Desk", READERS)
    refused = await world.linking.sign_in(code_in(consent), RIGHT, "127.0.0.1")
    assert refused is LinkProblem.NO_CONSENT


async def test_an_address_for_the_private_chat_serves_its_person_once_and_in_time(world):
    code = await called_over(world)
    another = await asks(world, f"/start {code}", BOB, BOB)
    first = await asks(world, f"/start {code}", ALICE, ALICE)
    again = await asks(world, f"/start {code}", ALICE, ALICE)
    late = await called_over(world)
    await asyncio.sleep((CODE_LIFE + timedelta(seconds=1)).total_seconds())
    too_late = await asks(world, f"/start {late}", ALICE, ALICE)

    assert another.card.title == "That button is for who asked for it"
    assert first.card.title == "Link Desk?"
    assert "may be old" in again.card.lines[0]
    assert too_late.card.title == "That button is too old"


async def test_who_has_no_say_there_links_nothing(world, readership):
    refused = await asks(world, "/link", CAROL)
    code = await called_over(world)
    readership.chats[GROUP] = replace(DESK, governors=frozenset({BOB}))
    no_more = await asks(world, f"/start {code}", ALICE, ALICE)

    assert refused.card.title == no_more.card.title == "You cannot link Desk"
    assert not refused.card.buttons
    assert not no_more.card.buttons


async def test_who_loses_their_say_before_the_digits_links_nothing(world, readership):
    code = await called_over(world)
    consent = await asks(world, f"/start {code}", ALICE, ALICE)
    signed_in = await world.linking.sign_in(code_in(consent), RIGHT, "127.0.0.1", agreed=True)
    readership.chats[GROUP] = replace(DESK, governors=frozenset({BOB}))
    refused = await asks(world, signed_in.digits, ALICE, ALICE)

    assert refused.card.title == "You cannot link Desk"
    assert await world.link(GROUP) is None


async def test_a_group_that_is_linked_stays_with_who_is_there(world, readership):
    await linked(world)
    taken = await asks(world, "/link", BOB)
    readership.left.add((GROUP, ALICE))
    done = await links(world, BOB)

    assert taken.card.title == "Somebody else has linked this chat"
    assert done.card.title.startswith("Linked to")
    assert (await world.link(GROUP)).person == BOB


async def test_where_nobody_can_tell_who_is_there_nothing_is_linked(world, readership):
    readership.trouble = TryLater("Telegram does not answer.")

    refused = await asks(world, "/link")

    assert refused.card.title == "I cannot see who reads along here"


async def test_a_group_that_gets_another_number_stays_linked_and_is_answered_at_once(world, chat):
    link = await linked(world, Role.VIEWER)
    moved = Migrated(place=world.place(GROUP, private=False), chat="-2002")

    assert await hears(world, moved) == []
    answer = await asks(world, "/status", CAROL, "-2002")

    assert (await world.link("-2002")).id == link.id
    assert await world.link(GROUP) is None
    assert "Night Owl" in str(answer.card)


# --- asking -------------------------------------------------------------------------------

MAY_NOT = "Only the person who linked this chat can do that"
OTHERS_READ = "Others would read that here"
TOO_LOW = "You may look but not use /pause here"


@pytest.mark.parametrize(
    ("others", "person", "status", "pause"),
    [
        (None, ALICE, OTHERS_READ, OTHERS_READ),
        (None, CAROL, MAY_NOT, MAY_NOT),
        (Role.VIEWER, ALICE, "", ""),
        (Role.VIEWER, CAROL, "", TOO_LOW),
        (Role.OPERATOR, CAROL, "", ""),
    ],
)
async def test_what_everybody_reads_there_is_what_everybody_may_look_at(
    world, others, person, status, pause
):
    """Empty for what is answered."""
    await linked(world, others)

    asked = [(await asks(world, text, person)).card for text in ("/status", "/pause night owl")]

    told = {MAY_NOT, OTHERS_READ, TOO_LOW}
    assert [card.title if card.title in told else "" for card in asked] == [status, pause]


async def test_a_confirm_card_there_is_pressed_by_who_asked(world):
    await linked(world, Role.OPERATOR)
    card = (await asks(world, "/pause night owl", CAROL)).card
    [action] = [one.action for row in card.buttons for one in row if one.label.startswith("Stop")]

    async def presses(person):
        place = world.place(GROUP, private=False)
        press = Press(place=place, person=world.person(person), action=action)
        return await hears(world, press)

    by_another = await presses(BOB)
    by_carol = await presses(CAROL)

    assert [reply.card for reply in by_another] == [None]
    assert by_carol[-1].card.title == "Night Owl is stopped"


async def test_the_owner_opens_the_group_to_others_there(world):
    await linked(world)
    by_another = await asks(world, "/members viewer", CAROL)
    card = (await asks(world, "/members viewer")).card
    [action] = [one.action for row in card.buttons for one in row if one.label == "Allow it"]
    press = Press(
        place=world.place(GROUP, private=False), person=world.person(ALICE), action=action
    )
    [allowed] = await hears(world, press)

    assert by_another.card.title == MAY_NOT
    assert allowed.card.title.startswith("Others here may look")
    assert (await world.link(GROUP)).preferences.members is Role.VIEWER


async def test_who_writes_as_the_group_is_told_once_that_nobody_knows_who_it_is(world):
    said = Masked(place=world.place(GROUP, private=False))

    first = await hears(world, said)
    again = await hears(world, said)

    assert [reply.card.title for reply in first] == ["Telegram does not tell me who you are here"]
    assert again == []


async def test_the_owner_who_comes_back_opens_a_group_again(world, chat, readership):
    link = await linked(world, Role.VIEWER)
    await world.quiet()
    account = await world.store.accounts.get(link.account)
    readership.left.add((GROUP, ALICE))
    await world.ingest.take(account, (world.trade(1),))
    await world.quiet()
    closed = (await world.link(GROUP)).endpoint.state
    readership.left.clear()

    by_another = await asks(world, "/status", CAROL)
    still = (await world.link(GROUP)).endpoint.state
    await asks(world, "/status")
    await world.quiet()

    assert closed is still is EndpointState.DISABLED
    assert "Night Owl" in str(by_another.card)
    assert any("Bought 1" in title for title in chat.titles(GROUP))
