"""Pages behind the buttons of lock screens, on loopback: looking presses nothing, a POST does."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from adapters.web.guard import cookie_name
from bot.domain.actions import Denied, Verb
from bot.domain.chats import Address, Channel, Endpoint, Link, Preferences, Role
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.domain.phones import LockScreenButton, LockScreenPress
from tests.harness.pseudo import PSEUDO
from tests.integration.web.conftest import START, Site

SEEN_CODE = f"action-1.{'m' * 22}"
SEEN = f"/seen/{SEEN_CODE}"


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
    assert "Say it in your chat, /pause for example" in page
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
    cookie = {"Cookie": f"{cookie_name('tradebell-inbox', False)}={'i' * 22}"}
    async with site.opened() as client:
        site.inbox_desk.link = linked(Channel.WEB)
        own = await (await client.get(SEEN, headers=cookie)).text()
        site.inbox_desk.link = linked(Channel.WEB, account="a2")
        other = await (await client.get(SEEN, headers=cookie)).text()

    assert '<a href="/inbox">Open the inbox</a>' in own
    assert '/inbox"' not in other


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
