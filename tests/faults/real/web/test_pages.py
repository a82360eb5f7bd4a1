"""The web chat and the link page among strangers: rows 66, 67 and 69 of the fault matrix."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from adapters.web.chat import Chat
from adapters.web.server import serving, web_app
from adapters.web.settings import Listen, WebSettings
from adapters.web.talk import Talk
from bot.app.sources import new_id, now
from bot.domain.deliveries import State
from storage import Store, open_memory
from tests.e2e.processes import digits_in, free_port, sign_in
from tests.fakes.messenger import Shown
from tests.fakes.platform import FakePlatform
from tests.fakes.web import SettingsShown
from tests.faults.hostile import HOSTILE, hidden_in, hostile_bot, hostile_events
from tests.harness.judge import assert_kept_at_last
from tests.harness.world import World, code_in, running

OWN = "chat-of-somebody-whose-browser-is-not-open"


class Watched(Talk):
    """Remembers what the page was given to show."""

    def __init__(self, settings: WebSettings) -> None:
        super().__init__("web", settings, now, new_id)
        self.shown: list[Shown] = []

    async def send(self, address, card, tried_since=None, replies_to=None):
        left = now()
        attempt = await super().send(address, card, tried_since)
        self.shown.append(Shown(address.chat, card, left, now()))
        return attempt


@dataclass
class Site:
    """All that we serve, and what stands behind it."""

    world: World
    chat: Watched
    url: str


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform(now=now)


@pytest.fixture
def store() -> Iterator[Store]:
    ids = itertools.count()
    with open_memory(now, lambda: f"row-{next(ids)}") as in_memory:
        yield in_memory


@pytest.fixture
async def site(store: Store, platform: FakePlatform) -> AsyncIterator[Site]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = WebSettings(public_url=url, listen=Listen(host="127.0.0.1", port=port))
    chat = Watched(settings)
    chat_page = Chat(settings, now, new_id)
    chat_page.talk = chat
    async with running(store, platform, chat, now) as world:
        pages = web_app(
            sign_in=world.linking,
            settings_desk=SettingsShown(),
            health=nothing_wrong,
            chat=chat_page,
            webhooks={},
            settings=settings,
            now=now,
            new_id=new_id,
        )
        async with serving(pages, settings.listen):
            yield Site(world, chat, url)


async def nothing_wrong() -> list[str]:
    return []


# --- one-time addresses -------------------------------------------------------------------

ROBOTS = {
    "telegram": {"User-Agent": "TelegramBot (like TwitterBot)"},
    "discord": {"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0)"},
    "whatsapp": {"User-Agent": "WhatsApp/2.23 A"},
    "a browser that guesses": {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"},
    "a scanner of mail": {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Safe Links"},
}


@pytest.mark.fault(67)
@pytest.mark.parametrize("headers", ROBOTS.values(), ids=ROBOTS)
async def test_a_robot_that_looks_at_a_one_time_address_does_not_use_it_up(site, headers):
    [invited] = await site.world.says("/link", OWN)
    address = f"{site.url}/link/{code_in(invited)}"

    async with aiohttp.ClientSession(headers=headers) as robot:
        for method in ("HEAD", "GET", "OPTIONS") * 5:
            async with robot.request(method, address) as answer:
                assert answer.status in (200, 405)

    page = await sign_in(address, email="alice@example.com", password="right")
    await site.world.says(digits_in(page), OWN)
    assert await site.world.link(OWN) is not None
    await assert_kept_at_last(site.world.store, site.chat.shown)


@pytest.mark.fault(66)
async def test_who_signs_in_on_a_forwarded_address_sees_whose_chat_it_is_for(site):
    [invited] = await site.world.says("/link", OWN)
    address = f"{site.url}/link/{code_in(invited)}"

    async with aiohttp.ClientSession() as victim, victim.get(address) as answer:
        page = await answer.text()
    page += await sign_in(address, email="alice@example.com", password="right")

    assert OWN not in page
    assert OWN[-4:] in page
    assert await site.world.link(OWN) is None
    await assert_kept_at_last(site.world.store, site.chat.shown)


# --- hostile text -------------------------------------------------------------------------


@pytest.mark.fault(69)
async def test_hostile_text_of_the_platform_is_inert_on_the_web_chat(site, platform):
    bots = {f"bot-{number}": text for number, text in enumerate(HOSTILE.values())}
    platform.bots |= {id: hostile_bot(text, id) for id, text in bots.items()}
    async with open_tab(site) as (own, frames):
        account = await site.world.links(own)
        await site.world.until(lambda: site.world.is_live(account), within=5)
        shown = []
        for id, text in bots.items():
            # Few at a time: a crowd would come in a digest.
            await site.world.ingest.take(account, hostile_events(text, now(), id))
            shown += [await anext(frames) for _ in range(5)]

    # What the page gets are plain texts, which it shows as such; only `href` and `action` do more,
    # and the actions of ours are ids that we have made.
    for message in shown:
        assert set(keys_in(message["card"])) & {"href", "html"} == set()
        pressed = [button["action"] for row in message["card"]["buttons"] for button in row]
        assert all(re.fullmatch(r"[\w-]{1,40}", action, re.ASCII) for action in pressed)
        assert all(hidden_in(text) == [] for text in texts_in(message))
        assert sum(map(len, texts_in(message))) < 2000
    words = [" ".join(texts_in(message)) for message in shown]
    assert sum("<script>alert(1)</script>" in one for one in words) >= 2
    assert sum("@everyone" in one for one in words) >= 4
    counted = await assert_kept_at_last(site.world.store, site.chat.shown, created=5 * len(bots))
    assert counted == {State.SENT: 5 * len(bots)}


@asynccontextmanager
async def open_tab(site: Site) -> AsyncIterator[tuple[str, AsyncIterator[Any]]]:
    """The chat page in a fresh browser: whose chat it is, and the messages that it is told of."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await (await browser.get(f"{site.url}/chat")).read()
        [cookie] = browser.cookie_jar
        origin = {"Origin": site.url}
        async with browser.ws_connect(f"{site.url}/chat/ws", headers=origin) as socket:
            yield cookie.value, messages_of(socket)


async def messages_of(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Any]:
    while True:
        frame = await socket.receive_json(timeout=5)
        if frame["type"] == "message":
            yield frame["message"]


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts_in(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts_in(inner)]
    return [value] if isinstance(value, str) else []


def keys_in(value: Any) -> list[str]:
    """The names of all that is there and not empty."""
    if isinstance(value, dict):
        named = [name for name, inner in value.items() if inner]
        return [*named, *(name for inner in value.values() for name in keys_in(inner))]
    if isinstance(value, list):
        return [name for inner in value for name in keys_in(inner)]
    return []
