"""Pages behind the buttons of lock screens, on loopback: looking presses nothing, a POST does."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from adapters.web.guard import cookie_name
from bot.domain.actions import Denied, Verb
from bot.domain.chats import INBOX, Address, Channel, Endpoint, Link, Person, Preferences, Role
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.domain.incoming import Command
from bot.domain.phones import LockScreenButton, LockScreenPress
from tests.harness.pseudo import PSEUDO
from tests.integration.web.conftest import START, Site

SEEN_CODE = f"action-1.{'m' * 22}"
SEEN = f"/seen/{SEEN_CODE}"
STOP = f"{SEEN}/stop"
INBOX_CHAT = "b" * 22
COOKIE = {"Cookie": f"{cookie_name('tradebell-inbox', False)}={'i' * 22}"}


def linked(channel: Channel, account: str = "a1", language: str = "en") -> Link:
    return Link(
        id=LinkId("l1"),
        account=AccountId(account),
        endpoint=Endpoint(
            id=EndpointId("e1"), address=Address(channel=channel, bot="ntfy", chat="c" * 22)
        ),
        person="7",
        role=Role.OWNER,
        epoch=1,
        preferences=Preferences(language=language),
        linked_at=START,
    )


@pytest.fixture
def site() -> Site:
    site = Site()
    site.lock_screen.code = SEEN_CODE
    site.lock_screen.button = LockScreenButton(link=linked(Channel.PUSH), verb=Verb.SEEN)
    return site


async def test_a_robot_that_looks_presses_nothing_and_a_post_does_once(site: Site):
    desk = site.lock_screen
    async with site.opened() as client:
        look = await client.get(SEEN)
        page = await look.text()
        head = await client.head(SEEN)
        options = await client.options(SEEN)
        looked = list(desk.pressed)
        answers = []
        for _ in range(2):
            post = await client.post(SEEN)
            answers.append((post.status, "Noted. Everybody" in await post.text()))
        again = await (await client.post(SEEN)).text()

    assert (look.status, head.status, options.status) == (200, 200, 405)
    assert '<form method="post">' in page
    assert ">Seen</button>" in page
    assert "send /pause in your chat, or /inbox there to sign this browser in" in page
    assert "Stop a bot" not in page
    assert looked == []
    assert answers == [(200, True), (200, False)]
    assert "That is known already" in again
    assert desk.pressed == [SEEN_CODE]


async def test_what_was_not_new_is_said_and_who_has_it_hears_until_when(site: Site):
    until = START + timedelta(hours=2)
    async with site.opened() as client:
        site.lock_screen.comes_to = LockScreenPress(is_new=False)
        known = await (await client.post(SEEN)).text()
        site.lock_screen.denied = None
        site.lock_screen.comes_to = LockScreenPress(is_new=True, until=until)
        held = await (await client.post(SEEN)).text()

    assert "That is known already" in known
    assert "I ask again at 14:00 UTC if it is not solved" in held


@pytest.mark.parametrize(
    ("denied", "status", "words"),
    [
        (Denied.UNKNOWN, 404, "This address does not work"),
        (Denied.EXPIRED, 410, "Too late"),
        (Denied.UNLINKED, 410, "This phone is not linked any more"),
        (Denied.ANSWERED, 410, "Nothing left to do"),
        (Denied.USED, 200, "That is known already"),
    ],
)
async def test_each_refusal_says_why_on_the_page_and_to_a_press(site: Site, denied, status, words):
    site.lock_screen.denied = denied
    async with site.opened() as client:
        answers = [await client.get(SEEN), await client.post(SEEN)]
        texts = [await one.text() for one in answers]

    assert [one.status for one in answers] == [status] * 2
    assert all(words in text for text in texts)


async def test_apps_and_other_sites_may_press_since_only_the_address_counts(site: Site):
    theirs = {"Origin": "https://ntfy.sh", "Sec-Fetch-Site": "cross-site", "Cookie": "a=b"}
    async with site.opened() as client:
        post = await client.post(SEEN, data=b"anything at all", headers=theirs)

    assert post.status == 200
    assert site.lock_screen.pressed == [SEEN_CODE]
    assert "Access-Control-Allow-Origin" not in post.headers
    assert "Set-Cookie" not in post.headers


async def test_a_browser_with_the_person_s_own_inbox_is_led_there_and_no_other(site: Site):
    site.inbox_desk.secrets.append("i" * 22)
    async with site.opened() as client:
        site.inbox_desk.link = linked(Channel.WEB)
        own = await (await client.get(SEEN, headers=COOKIE)).text()
        site.inbox_desk.link = linked(Channel.WEB, account="a2")
        other = await (await client.get(SEEN, headers=COOKIE)).text()

    assert '<a href="/inbox">Open the inbox</a>' in own
    assert '/inbox"' not in other


@pytest.fixture
def asking(site: Site) -> Site:
    """A browser that is signed in to the inbox of the phone's person."""
    site.inbox_desk.secrets.append("i" * 22)
    site.inbox_desk.link = in_an_inbox()
    return site


def in_an_inbox(account: str = "a1", person: str = "7") -> Link:
    link = replace(linked(Channel.WEB, account), person=person)
    address = Address(channel=Channel.WEB, bot=INBOX, chat=INBOX_CHAT)
    return replace(link, endpoint=replace(link.endpoint, address=address))


async def form_token(client: aiohttp.ClientSession, code: str = SEEN_CODE) -> str:
    page = await (await client.get(f"/seen/{code}", headers=COOKIE)).text()
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


async def test_the_inbox_is_asked_to_stop_a_bot_once_for_an_address(asking: Site):
    async with asking.opened() as client:
        csrf = await form_token(client)
        looked = list(asking.talker.heard)
        posts = [
            await client.post(STOP, data={"csrf": csrf}, headers=COOKIE, allow_redirects=False)
            for _ in range(2)
        ]
        await asyncio.sleep(0.1)

    [asked] = asking.talker.heard
    assert looked == []
    assert [(one.status, one.headers["Location"]) for one in posts] == [(303, "/inbox")] * 2
    assert isinstance(asked, Command)
    assert (asked.name, asked.arguments) == ("pause", "")
    assert asked.person == Person(channel=Channel.WEB, id="7", language="en")
    assert (asked.place.address.bot, asked.place.address.chat) == (INBOX, INBOX_CHAT)
    assert asking.lock_screen.pressed == []


@pytest.mark.parametrize(
    ("visitor", "cookie"),
    [
        (in_an_inbox(), {}),
        (in_an_inbox(), {"Cookie": f"tradebell-inbox={'x' * 22}"}),
        (None, COOKIE),
        (in_an_inbox(account="a2"), COOKIE),
        (in_an_inbox(person="8"), COOKIE),
    ],
)
async def test_who_is_not_signed_in_to_that_person_s_inbox_asks_for_nothing(
    asking: Site, visitor, cookie
):
    async with asking.opened() as client:
        csrf = await form_token(client)
        asking.inbox_desk.link = visitor
        page = await (await client.get(SEEN, headers=cookie)).text()
        post = await client.post(STOP, data={"csrf": csrf}, headers=cookie)
        told = await post.text()
        await asyncio.sleep(0.1)

    assert "Stop a bot" not in page
    assert post.status == 403
    assert "/inbox" in told
    assert asking.talker.heard == []


@pytest.mark.parametrize(
    ("code", "sent", "headers"),
    [
        (SEEN_CODE, {}, {}),
        (SEEN_CODE, {"csrf": "0" * 64}, {}),
        (f"action-2.{'m' * 22}", None, {}),
        (SEEN_CODE, None, {"Origin": "https://ntfy.sh"}),
        (SEEN_CODE, None, {"Sec-Fetch-Site": "cross-site"}),
    ],
)
async def test_only_the_form_that_was_made_for_this_browser_and_address_asks(
    asking: Site, code, sent, headers
):
    async with asking.opened() as client:
        asking.lock_screen.code = code
        csrf = await form_token(client, code)
        asking.lock_screen.code = SEEN_CODE
        form = {"csrf": csrf} if sent is None else sent
        post = await client.post(STOP, data=form, headers={**COOKIE, **headers})
        await asyncio.sleep(0.1)

    assert post.status == 403
    assert asking.talker.heard == []


@pytest.mark.parametrize("denied", [Denied.EXPIRED, Denied.UNLINKED, Denied.USED, Denied.UNKNOWN])
async def test_an_address_that_is_over_asks_for_nothing(asking: Site, denied):
    async with asking.opened() as client:
        csrf = await form_token(client)
        asking.lock_screen.denied = denied
        await client.post(STOP, data={"csrf": csrf}, headers=COOKIE)
        looks = [await client.get(STOP, headers=COOKIE), await client.head(STOP, headers=COOKIE)]
        await asyncio.sleep(0.1)

    assert [one.status for one in looks] == [405, 405]
    assert asking.talker.heard == []


async def test_it_speaks_the_language_of_the_phone(site: Site):
    button = LockScreenButton(link=linked(Channel.PUSH, language=PSEUDO.code), verb=Verb.HOLD)
    site.lock_screen.button = button
    async with site.opened() as client:
        page = await (await client.get(SEEN)).text()

    assert f'<html lang="{PSEUDO.code}">' in page
    assert "I have it" not in page


async def test_no_log_knows_the_address(site: Site, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    async with site.opened() as client:
        await client.get(SEEN)
        await client.post(SEEN)
        await client.get("/seen/forged")

    routes = [record.__dict__.get("route") for record in caplog.records]
    assert routes.count("seen") == 3
    assert SEEN_CODE not in caplog.text
    assert "m" * 22 not in str([record.__dict__ for record in caplog.records])
