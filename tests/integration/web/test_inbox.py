"""The inbox in a browser, on loopback: who gets in, what it shows, what makes an app of it."""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

import aiohttp
import pytest

import adapters.web.talk
from adapters.web.inbox import browser_of
from bot.domain.cards import Card
from bot.domain.chats import INBOX, Address, Channel, Endpoint, Link, Role
from bot.domain.deliveries import Sent
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.domain.visits import InboxMessage
from tests.integration.web.conftest import CODE, START, Site, with_public_url
from tests.integration.web.test_links import csrf_of

ADDRESS = Address(channel=Channel.WEB, bot=INBOX, chat="c" * 22)
LINK = Link(
    id=LinkId("l2"),
    account=AccountId("a1"),
    endpoint=Endpoint(id=EndpointId("e2"), address=ADDRESS, name="Chrome · Android"),
    person="812348213",
    role=Role.OWNER,
    epoch=1,
    linked_at=START,
)
OPEN = f"/inbox/open/{CODE}"
ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"


@pytest.fixture
def site() -> Site:
    site = Site()
    site.inbox_desk.link, site.inbox_desk.code = LINK, CODE
    return site


@dataclass
class Visitor:
    client: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> tuple[aiohttp.ClientResponse, str]:
        response = await self.client.get(path, headers=self.headers)
        return response, await self._kept(response)

    async def enter(self) -> aiohttp.ClientResponse:
        _, shown = await self.get(OPEN)
        response = await self.client.post(
            OPEN,
            data={"csrf": csrf_of(shown)},
            headers={**self.headers, "User-Agent": ANDROID},
            allow_redirects=False,
        )
        await self._kept(response)
        return response

    async def socket(self) -> aiohttp.ClientWebSocketResponse:
        origin = str(self.client._base_url).rstrip("/")
        return await self.client.ws_connect("/inbox/ws", headers={**self.headers, "Origin": origin})

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    async def _kept(self, response: aiohttp.ClientResponse) -> str:
        self.cookies |= {name: one.value for name, one in response.cookies.items()}
        return await response.text()


async def frame(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next one of that type."""
    async with asyncio.timeout(10):
        while True:
            told: dict[str, Any] = json.loads(await socket.receive_str())
            if told["type"] == kind:
                return told


def titles(hello: dict[str, Any]) -> list[str]:
    return [one["card"]["title"] for one in hello["messages"]]


async def test_looking_uses_nothing_up_and_the_form_signs_the_browser_in_once(site):
    async with site.opened() as client:
        visitor, other = Visitor(client), Visitor(client)
        looked = [(await visitor.get(OPEN))[0].status for _ in range(3)]
        _, form = await other.get(OPEN)
        entered = await visitor.enter()
        again = await client.post(OPEN, data={"csrf": csrf_of(form)}, headers=other.headers)
        shown, _ = await visitor.get("/inbox")

    assert looked == [200] * 3
    assert (entered.status, entered.headers["Location"]) == (303, "/inbox")
    assert again.status == 410
    assert shown.status == 200
    assert site.inbox_desk.browsers == ["Chrome · Android"]


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}],
)
async def test_another_site_s_form_signs_nobody_in(site, headers):
    async with site.opened() as client:
        visitor = Visitor(client)
        _, form = await visitor.get(OPEN)
        refused = await client.post(
            OPEN, data={"csrf": csrf_of(form)}, headers={**visitor.headers, **headers}
        )
        without = await client.post(OPEN, data={"csrf": "0" * 64}, headers=visitor.headers)

    assert (refused.status, without.status) == (403, 403)
    assert site.inbox_desk.secrets == []


async def test_the_secret_is_in_a_cookie_that_no_script_gets_and_that_lasts_a_month():
    site = Site(settings=with_public_url("https://bell.example"))
    site.inbox_desk.link, site.inbox_desk.code = LINK, CODE
    async with site.opened() as client:
        visitor = Visitor(client)
        entered = await visitor.enter()
        shown, _ = await visitor.get("/inbox")

    for response in (entered, shown):
        cookie = response.cookies["__Host-tradebell-inbox"]
        assert cookie.value == site.inbox_desk.secrets[0]
        assert cookie["httponly"]
        assert cookie["secure"]
        assert cookie["samesite"] == "Lax"
        assert int(cookie["max-age"]) == timedelta(days=30).total_seconds()


async def test_who_is_not_signed_in_is_told_how_and_gets_no_socket(site):
    async with site.opened() as client:
        visitor = Visitor(client, {"tradebell-inbox": "x" * 22})
        shown, page = await visitor.get("/inbox")
        socket = await visitor.socket()
        closed = await socket.receive()

    assert shown.status == 403
    assert "/inbox" in page
    assert closed.data == adapters.web.talk.SIGNED_OUT


async def test_another_site_s_page_gets_no_socket(site):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        headers = {**visitor.headers, "Origin": "https://evil.example"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect("/inbox/ws", headers=headers)

    assert refused.value.status == 403


async def test_what_was_sent_before_shows_first_and_what_comes_meanwhile_once(site):
    earlier = [
        InboxMessage(id=f"m{n}", at=START, card=Card(title=f"Old {n}", reference=f"AAAAA{n}"))
        for n in (2, 3)
    ]
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        # Nobody looks yet: both are sent, the second is not stored as such when it is looked up.
        known = await site.inbox.send(ADDRESS, earlier[1].card)
        new = await site.inbox.send(ADDRESS, Card(title="New", reference="BBBBBB"))
        assert isinstance(known, Sent)
        assert isinstance(new, Sent)
        assert known.message is not None
        site.inbox_desk.messages = [earlier[0], replace(earlier[1], id=known.message)]

        hello = await frame(await visitor.socket(), "hello")
        again = await site.inbox.send(ADDRESS, earlier[0].card)
        later = await frame(await visitor.socket(), "hello")

    assert titles(hello) == titles(later) == ["Old 2", "Old 3", "New"]
    assert again == Sent(message="m2")


async def test_a_change_of_what_nobody_looks_at_is_made_all_the_same(site):
    async with site.opened():
        outcome = await site.inbox.amend(ADDRESS, "long-ago", Card(title="Seen"))

    assert outcome == Sent(message="long-ago")


async def test_what_is_said_there_is_said_by_who_asked_for_the_inbox(site):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        socket = await visitor.socket()
        await socket.send_str(json.dumps({"type": "say", "nonce": "n", "text": "/status"}))
        await frame(socket, "answered")

    [said] = site.talker.heard
    assert said.person.id == LINK.person
    assert said.place.address == ADDRESS
    assert said.place.private


async def test_the_page_of_who_was_signed_out_is_closed(site, monkeypatch):
    monkeypatch.setattr(adapters.web.talk, "LOOK_EVERY", 0.05)
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        socket = await visitor.socket()
        await frame(socket, "hello")
        site.inbox_desk.secrets.clear()
        async with asyncio.timeout(10):
            closed = await socket.receive()

    assert closed.data == adapters.web.talk.SIGNED_OUT


# --- the app ----------------------------------------------------------------------------------


async def test_it_can_be_installed(site):
    async with site.opened() as client:
        response = await client.get("/inbox/app.webmanifest")
        manifest = json.loads(await response.text())
        icons = {icon["src"]: await client.get(icon["src"]) for icon in manifest["icons"]}

    assert response.content_type == "application/manifest+json"
    assert (manifest["start_url"], manifest["display"]) == ("/inbox", "standalone")
    assert {"any", "maskable"} == {icon["purpose"] for icon in manifest["icons"]}
    assert all(one.status == 200 for one in icons.values())


@pytest.mark.parametrize(
    ("name", "pixels"),
    [("icon_192.png", 192), ("icon_512.png", 512), ("icon_maskable.png", 512)],
)
def test_icons_have_the_size_that_they_are_listed_with(name, pixels):
    content = files("adapters.web").joinpath("static").joinpath(name).read_bytes()

    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (pixels, pixels)


async def test_its_background_script_may_serve_the_inbox_and_keeps_nothing_of_anybody(site):
    async with site.opened() as client:
        script = await client.get("/inbox/worker.js")
        text = await script.text()
        offline = await client.get("/inbox/offline")

    assert script.content_type == "text/javascript"
    assert script.headers["Service-Worker-Allowed"] == "/inbox"
    assert script.headers["Cache-Control"] == "no-cache"
    assert "connect-src 'self'" in script.headers["Content-Security-Policy"]
    kept = 'const KEPT = [OFFLINE, "/static/page.css", "/static/bell.svg"];'
    assert kept in text
    assert text.count("cache.add") == 1
    assert offline.status == 200
    assert "tradebell-inbox" not in offline.cookies


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (ANDROID, "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1", "Safari · iPhone"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "Firefox · Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("<script>", ""),
    ],
)
def test_a_browser_is_called_as_it_calls_itself(agent, name):
    assert browser_of(agent) == name


# --- as a phone -------------------------------------------------------------------------------

KEYS = {
    "p256dh": (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    ),
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
SUBSCRIPTION = {"endpoint": "https://push.example/1?x=%C3%A4", "expirationTime": None, "keys": KEYS}


async def ring(visitor: Visitor, said: object, **headers: str) -> aiohttp.ClientResponse:
    return await visitor.client.post(
        "/inbox/ring", json=said, headers={**visitor.headers, **headers}
    )


async def csrf(visitor: Visitor) -> str:
    _, told = await visitor.get("/inbox/ring")
    return str(json.loads(told)["csrf"])


async def test_a_browser_subscribes_and_what_comes_of_it_is_told_in_the_inbox(site):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        socket = await visitor.socket()
        _, before = await visitor.get("/inbox/ring")
        said = {"csrf": json.loads(before)["csrf"], "subscription": SUBSCRIPTION, "before": "old"}
        answer = await (await ring(visitor, said)).json()
        told = await frame(socket, "message")
        ended = await (await ring(visitor, {**said, "subscription": None})).json()

    [(target, old)] = site.inbox_desk.subscribed
    assert json.loads(before)["key"] == site.push_key
    assert [json.loads(before)["rings"], answer["rings"], ended["rings"]] == [
        "no",
        "unproven",
        "no",
    ]
    assert (target.endpoint, target.p256dh) == (SUBSCRIPTION["endpoint"], KEYS["p256dh"])
    assert (target.name, old) == ("Chrome · Android", "old")
    assert told["message"]["card"]["title"] == "Look at your phone"


@pytest.mark.parametrize(
    "subscription",
    [
        *({}, [], "x", 7, {**SUBSCRIPTION, "keys": None}, {**SUBSCRIPTION, "endpoint": 7}),
        {**SUBSCRIPTION, "endpoint": "http://push.example/1"},
        {**SUBSCRIPTION, "endpoint": "https:///1"},
        {**SUBSCRIPTION, "endpoint": "https://a@push.example/1"},
        {**SUBSCRIPTION, "endpoint": "https://push.example:x/1"},
        {**SUBSCRIPTION, "endpoint": "https://push.example/1#2"},
        {**SUBSCRIPTION, "endpoint": "https://push.example/1\r\nX: 1"},
        {**SUBSCRIPTION, "endpoint": "https://push.example/" + "a" * 1100},
        {**SUBSCRIPTION, "keys": {**KEYS, "auth": "short"}},
        {**SUBSCRIPTION, "keys": {**KEYS, "auth": "ä" * 22}},
        {**SUBSCRIPTION, "keys": {**KEYS, "p256dh": KEYS["p256dh"][:-2] + "AA"}},
        {**SUBSCRIPTION, "keys": {**KEYS, "p256dh": "A" * 87}},
    ],
)
async def test_what_is_no_subscription_is_refused(site, subscription):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        token = await csrf(visitor)
        refused = await ring(visitor, {"csrf": token, "subscription": subscription})

    assert refused.status == 400
    assert site.inbox_desk.subscribed == []


async def test_a_push_service_without_https_is_taken_where_private_ones_are(site):
    site.plain_push = True
    plain = {**SUBSCRIPTION, "endpoint": "http://127.0.0.1:8090/1"}
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        await ring(visitor, {"csrf": await csrf(visitor), "subscription": plain})

    assert [target.endpoint for target, _ in site.inbox_desk.subscribed] == [plain["endpoint"]]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Cookie": ""}, 403),
        ({"Cookie": "tradebell-inbox=" + "x" * 22}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/inbox/ring", "/inbox/seen"])
async def test_another_site_or_a_browser_that_is_not_signed_in_changes_nothing(
    site, path, headers, status
):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        said = json.dumps({"csrf": await csrf(visitor), "subscription": None, "action": "a1"})
        plain = {**visitor.headers, "Content-Type": "application/json"}
        refused = await client.post(path, data=said, headers={**plain, **headers})
        looked = await client.get("/inbox/ring", headers={**plain, **headers})

    assert refused.status == status
    assert looked.status == (200 if status == 415 else 403)
    assert (site.inbox_desk.subscribed, site.inbox_desk.pressed) == ([], [])


@pytest.mark.parametrize("token", ["", "0" * 64, None])
async def test_who_does_not_have_the_page_s_token_subscribes_to_nothing(site, token):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        refused = await ring(visitor, {"csrf": token, "subscription": SUBSCRIPTION})

    assert refused.status == 403
    assert site.inbox_desk.subscribed == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 4000, 400),
        (b'{"action": 7.5}', 400),
        (b'{"action": "a/../b"}', 400),
        (b" " * 5000, 413),
    ],
)
async def test_what_is_no_press_is_refused(site, body, status):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        headers = {**visitor.headers, "Content-Type": "application/json"}
        refused = await client.post("/inbox/seen", data=body, headers=headers)

    assert refused.status == status
    assert site.inbox_desk.pressed == []


async def test_a_press_on_a_notification_says_what_came_of_it(site):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        answers = [
            await (
                await client.post("/inbox/seen", json={"action": action}, headers=visitor.headers)
            ).json()
            for action in ("a1", "a2")
        ]

    assert answers == [
        {"done": True, "told": "a1 was pressed"},
        {"done": False, "told": "a2 was pressed"},
    ]
    assert site.inbox_desk.pressed == ["a1", "a2"]
