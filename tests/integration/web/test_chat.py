import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType

from adapters.web.rooms import FRAMES, HISTORY, ROOMS, TABS, UNDER_WAY
from adapters.web.settings import parse_proxies
from bot.app.sources import now
from bot.domain.cards import Button, Card, answered
from bot.domain.chats import Address, Channel
from bot.domain.commands import Spec
from bot.domain.deliveries import Declined, Sent
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Incoming, Press, Reply, Words
from bot.ports import Messenger
from bot.services.commands.registry import SPECS
from bot.texts import chat_page
from storage import open_memory
from tests.fakes.platform import FakePlatform
from tests.fakes.web import Talker
from tests.harness.world import running
from tests.integration.web.conftest import Site, new_id

Frame = dict[str, Any]


class Tab:
    """An open page, as its script sees the socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, chat: str) -> None:
        self.socket = socket
        self.chat = chat
        self.hello: Frame = {}

    @property
    def address(self) -> Address:
        return Address(channel=Channel.WEB, bot="web", chat=self.chat)

    async def until(self, kind: str) -> Frame:
        """The next frame of a kind; others on the way are passed over."""
        async with asyncio.timeout(5):
            while (frame := await self._next())["type"] != kind:
                pass
        return frame

    async def all_until(self, kind: str) -> list[Frame]:
        frames: list[Frame] = []
        async with asyncio.timeout(5):
            while not frames or frames[-1]["type"] != kind:
                frames.append(await self._next())
        return frames

    async def _next(self) -> Frame:
        frame: Frame = await self.socket.receive_json()
        return frame

    async def say(self, text: str, nonce: str = "") -> None:
        frame = {"type": "say", "nonce": nonce or new_id(), "text": text}
        await self.socket.send_json(frame)

    async def press(self, message: str, action: str) -> None:
        await self.socket.send_json({"type": "press", "message": message, "action": action})


async def browser(client: aiohttp.ClientSession) -> str:
    """Open the page in a fresh browser; gives its cookie."""
    response = await client.get("/chat")
    assert response.status == 200
    return response.headers["Set-Cookie"].partition(";")[0]


@asynccontextmanager
async def tab_of(
    site: Site,
    client: aiohttp.ClientSession,
    cookie: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Tab]:
    cookie = cookie or await browser(client)
    sent = {"Cookie": cookie, "Origin": site.url, **(headers or {})}
    async with client.ws_connect("/chat/ws", headers=sent) as socket:
        tab = Tab(socket, cookie.partition("=")[2])
        tab.hello = await tab.until("hello")
        yield tab


def titles(messages: Sequence[Frame]) -> list[str]:
    return [
        message["text"] if message["mine"] else message["card"]["title"] for message in messages
    ]


def answering(*replies: Reply) -> Talker:
    return Talker(lambda _: replies)


# --- talking -------------------------------------------------------------------------------


async def test_a_command_words_and_a_press_are_heard_as_what_they_are(site):
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.say("/pause BTC swing")
        await tab.say("482913")
        await tab.press("m1", "a1")
        for _ in range(3):
            await tab.until("answered")

    command, words, press = site.talker.heard
    assert isinstance(command, Command)
    assert (command.name, command.arguments) == ("pause", "BTC swing")
    assert isinstance(words, Words)
    assert words.text == "482913"
    assert isinstance(press, Press)
    assert press.action == "a1"
    for said in site.talker.heard:
        assert said.place.address == tab.address
        assert said.place.private
    assert command.person.id == words.person.id == press.person.id == tab.chat


async def test_what_is_said_is_shown_then_typing_then_the_answer(site):
    site.talker = answering(Reply(card=Card(title="Hello")))
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.say("/start", nonce="n-1")
        frames = await tab.all_until("answered")

    assert [frame["type"] for frame in frames] == [
        *("message", "typing", "message", "typing", "answered")
    ]
    mine, on, theirs, off, answered = frames
    assert mine["message"]["mine"]
    assert (mine["message"]["text"], mine["message"]["nonce"]) == ("/start", "n-1")
    assert theirs["message"]["card"]["title"] == "Hello"
    assert (on["on"], off["on"]) == (True, False)
    assert (answered["nonce"], answered["refused"]) == ("n-1", False)


async def test_several_replies_come_in_order(site):
    site.talker = answering(*(Reply(card=Card(title=f"part {n}")) for n in range(5)))
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.say("/status")
        frames = await tab.all_until("answered")

    shown = [frame["message"] for frame in frames if frame["type"] == "message"]
    assert titles(shown) == ["/status", *(f"part {n}" for n in range(5))]


async def test_one_slow_answer_holds_up_nothing_in_its_own_chat(site):
    platform = asyncio.Event()

    class Slow(Talker):
        async def _replies(self, said: Incoming) -> AsyncIterator[Reply]:
            assert isinstance(said, Command)
            if said.name == "pause":
                await platform.wait()
            yield Reply(card=Card(title=said.name))

    site.talker = Slow()
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.say("/pause Alpha", nonce="n-1")
        await tab.say("/status", nonce="n-2")
        quick = await tab.until("answered")
        platform.set()
        slow = await tab.all_until("answered")

    assert (quick["nonce"], slow[-1]["nonce"]) == ("n-2", "n-1")
    assert [frame["on"] for frame in slow if frame["type"] == "typing"] == [False]


def names(commands: Sequence[Frame]) -> list[str]:
    return [command["name"] for command in commands]


async def test_the_page_knows_the_commands_that_can_be_used_in_its_chat_as_they_change(site):
    everybodys = [spec for spec in SPECS if not spec.pods]

    async def listed(_: Address) -> Sequence[Spec]:
        return SPECS

    async with site.opened() as client:
        cookie = await browser(client)
        async with tab_of(site, client, cookie) as before:
            site.messenger.list_commands(listed)
            await site.messenger.show_menu(before.address, SPECS[:3])
            given = await before.until("commands")
            await site.messenger.show_menu(before.address, None)
            taken = await before.until("commands")
        async with tab_of(site, client, cookie) as after:
            pass

    assert names(before.hello["commands"]) == [one.name for one in everybodys]
    assert names(given["commands"]) == [one.name for one in SPECS[:3]]
    assert taken["commands"] == before.hello["commands"]
    assert names(after.hello["commands"]) == [one.name for one in SPECS]


async def test_a_pressed_card_is_replaced_where_it_stands(site):
    ask = Card(title="Pause?", buttons=((Button(label="Pause", action=ActionId("a1")),),))

    def answer(said: Incoming) -> Sequence[Reply]:
        if isinstance(said, Press):
            return [Reply(toast="One moment"), Reply(card=Card(title="Paused"), replaces=True)]
        return [Reply(card=ask)]

    site.talker = Talker(answer)
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.say("/pause")
        asked = (await tab.all_until("answered"))[2]["message"]
        await tab.say("meanwhile")
        await tab.until("answered")

        await tab.press(asked["id"], "a1")
        toast = await tab.until("toast")
        edit = await tab.until("edit")
        answered = await tab.until("answered")

        async with tab_of(site, client, f"tradebell-chat={tab.chat}") as reloaded:
            history = reloaded.hello["messages"]

    assert toast["text"] == "One moment"
    assert edit["message"]["id"] == asked["id"]
    assert edit["message"]["card"]["buttons"] == []
    assert (answered["message"], answered["action"]) == (asked["id"], "a1")
    assert titles(history) == ["/pause", "Paused", "meanwhile", "Pause?"]


async def test_an_answer_to_a_press_on_a_card_long_gone_is_shown_anew(site):
    site.talker = answering(Reply(card=Card(title="Expired"), replaces=True))
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.press("gone", "a1")

        assert (await tab.until("message"))["message"]["card"]["title"] == "Expired"
        assert await tab.until("answered")


async def test_a_card_is_changed_where_it_stands_also_for_who_opens_the_page_later(site):
    ask = Card(title="Error", buttons=((Button(label="Pause", action=ActionId("a1")),),))
    async with site.opened() as client, tab_of(site, client) as tab:
        sent = await site.messenger.send(tab.address, ask)
        assert isinstance(sent, Sent)

        closed = answered(ask, "Paused from Telegram")
        outcome = await site.messenger.amend(tab.address, sent.message, closed)
        edit = await tab.until("edit")
        async with tab_of(site, client, f"tradebell-chat={tab.chat}") as reloaded:
            [kept] = reloaded.hello["messages"]

    assert outcome == sent
    assert edit["message"] == kept
    assert kept["card"]["buttons"] == []
    assert kept["card"]["notes"] == [[{"text": "Paused from Telegram"}]]


@pytest.mark.parametrize("message", ["gone", ""])
async def test_a_card_that_is_no_longer_there_is_not_shown_anew(site, message):
    async with site.opened() as client, tab_of(site, client) as tab:
        outcome = await site.messenger.amend(tab.address, message, Card(title="Closed"))
        async with tab_of(site, client, f"tradebell-chat={tab.chat}") as reloaded:
            kept = reloaded.hello["messages"]

    assert isinstance(outcome, Declined)
    assert kept == []


async def test_nobody_can_replace_what_a_person_said(site):
    site.talker = answering(Reply(card=Card(title="Other"), replaces=True))
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.say("mine")
        mine = (await tab.all_until("answered"))[0]["message"]
        await tab.press(mine["id"], "a1")
        await tab.until("answered")

        async with tab_of(site, client, f"tradebell-chat={tab.chat}") as reloaded:
            assert titles(reloaded.hello["messages"]) == ["mine", "Other", "Other"]


async def test_a_press_that_is_answered_with_nothing_still_ends(site):
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.press("m1", "a1")

        assert (await tab.until("answered"))["action"] == "a1"


async def test_a_text_repeated_after_a_lost_connection_is_heard_once(site):
    async with site.opened() as client:
        cookie = await browser(client)
        async with tab_of(site, client, cookie) as tab:
            await tab.say("/status", nonce="n-1")
            await tab.until("answered")
        async with tab_of(site, client, cookie) as tab:
            await tab.say("/status", nonce="n-1")
            await tab.say("/help", nonce="n-2")
            await tab.until("answered")

    assert [said.name for said in site.talker.heard if isinstance(said, Command)] == [
        *("status", "help")
    ]


# --- alerts --------------------------------------------------------------------------------


async def test_an_alert_reaches_every_tab_of_its_chat_and_no_other(site):
    async with site.opened() as client:
        cookie = await browser(client)
        async with (
            tab_of(site, client, cookie) as one,
            tab_of(site, client, cookie) as two,
            tab_of(site, client) as stranger,
        ):
            attempt = await site.messenger.send(one.address, Card(title="Bought"))
            seen = [await tab.until("message") for tab in (one, two)]
            await site.messenger.send(stranger.address, Card(title="Yours"))
            other = await stranger.until("message")

    assert isinstance(attempt, Sent)
    assert [frame["message"]["id"] for frame in seen] == [attempt.message] * 2
    assert other["message"]["card"]["title"] == "Yours"


async def test_an_alert_without_an_open_tab_waits_for_one(site):
    async with site.opened() as client:
        cookie = await browser(client)
        address = Address(channel=Channel.WEB, bot="web", chat=cookie.partition("=")[2])
        await site.messenger.send(address, Card(title="Bought"))

        async with tab_of(site, client, cookie) as tab:
            assert titles(tab.hello["messages"]) == ["Bought"]


async def test_a_repeat_shows_nothing_twice(site):
    async with site.opened() as client, tab_of(site, client) as tab:
        card = Card(title="Bought", reference="k3f9")
        first = await site.messenger.send(tab.address, card)
        again = await site.messenger.send(tab.address, replace(card, notes=("repeat",)))
        await site.messenger.send(tab.address, Card(title="Next", reference="k3fa"))
        frames = [await tab.until("message") for _ in range(2)]

    assert first == again
    assert titles([frame["message"] for frame in frames]) == ["Bought", "Next"]


async def test_an_alert_that_goes_on_with_another_names_it(site):
    async with site.opened() as client, tab_of(site, client) as tab:
        first = await site.messenger.send(tab.address, Card(title="Bought", reference="AAAAAA"))
        for reference, before in (("BBBBBB", first.message), ("CCCCCC", "long gone")):
            sold = Card(title="Sold", reference=reference)
            await site.messenger.send(tab.address, sold, replies_to=before)
        frames = [(await tab.until("message"))["message"] for _ in range(3)]

    assert [one.get("replies_to") for one in frames] == [None, "AAAAAA", None]


@pytest.mark.parametrize(
    "address",
    [
        Address(channel=Channel.TELEGRAM, bot="web", chat="c" * 24),
        Address(channel=Channel.WEB, bot="7", chat="c" * 24),
        Address(channel=Channel.WEB, bot="web", chat="short"),
    ],
)
async def test_an_address_elsewhere_is_declined(site, address):
    assert isinstance(await site.messenger.send(address, Card(title="t")), Declined)


def test_the_chat_is_a_messenger_whose_repeats_need_no_mark(site):
    messenger: Messenger = site.messenger

    assert messenger.channel is Channel.WEB
    assert messenger.bot == "web"
    assert not messenger.repeats.marked
    assert len(messenger.repeats.waits) > 1


# --- bounds --------------------------------------------------------------------------------


async def test_the_history_is_bounded_and_keeps_the_newest(site):
    async with site.opened() as client:
        cookie = await browser(client)
        address = Address(channel=Channel.WEB, bot="web", chat=cookie.partition("=")[2])
        for number in range(HISTORY + 5):
            await site.messenger.send(address, Card(title=f"{number}", reference=f"{number}"))
        async with tab_of(site, client, cookie) as tab:
            shown = titles(tab.hello["messages"])

    assert len(shown) == HISTORY
    assert (shown[0], shown[-1]) == ("5", f"{HISTORY + 4}")


async def test_chats_without_a_tab_give_way_and_one_with_a_tab_does_not(site):
    async with site.opened() as client, tab_of(site, client) as tab:
        await site.messenger.send(tab.address, Card(title="kept"))
        for number in range(ROOMS + 5):
            stranger = replace(tab.address, chat=f"{number:024}")
            await site.messenger.send(stranger, Card(title="t"))

        async with tab_of(site, client, f"tradebell-chat={tab.chat}") as other:
            assert titles(other.hello["messages"]) == ["kept"]


async def test_a_tab_that_lags_is_sent_away_and_gets_all_when_it_returns(site):
    async with site.opened() as client:
        cookie = await browser(client)
        async with tab_of(site, client, cookie) as tab:
            for number in range(FRAMES + 10):
                await site.messenger.send(tab.address, Card(title=f"{number}"))
            async with asyncio.timeout(5):
                while (message := await tab.socket.receive()).type is WSMsgType.TEXT:
                    pass
        async with tab_of(site, client, cookie) as again:
            newest = titles(again.hello["messages"])[-1]

    assert message.data == WSCloseCode.TRY_AGAIN_LATER
    assert newest == f"{FRAMES + 9}"


async def test_a_person_faster_than_the_answers_is_asked_to_wait_and_others_are_not(site):
    gate = asyncio.Event()

    class Slow(Talker):
        async def _replies(self, said: Incoming) -> AsyncIterator[Reply]:
            self.heard.append(said)
            if said.place.address.chat == hasty.chat:
                await gate.wait()
            yield Reply(card=Card(title="done"))

    site.talker = Slow()
    async with (
        site.opened() as client,
        tab_of(site, client) as hasty,
        tab_of(site, client) as calm,
    ):
        await hasty.say("first")
        await hasty.until("typing")
        for number in range(UNDER_WAY):
            await hasty.say(f"{number}", nonce=f"n-{number}")
        toast = await hasty.until("toast")
        refused = await hasty.until("answered")
        await calm.say("/status")
        await calm.until("answered")

        gate.set()
        for _ in range(UNDER_WAY):
            assert not (await hasty.until("answered"))["refused"]

    assert toast["text"] == chat_page.too_fast()
    assert (refused["refused"], refused["nonce"]) == (True, f"n-{UNDER_WAY - 1}")


async def test_one_chat_may_have_only_so_many_tabs(site):
    async with site.opened() as client:
        cookie = await browser(client)
        headers = {"Cookie": cookie, "Origin": site.url}
        sockets = [await client.ws_connect("/chat/ws", headers=headers) for _ in range(TABS)]
        for socket in sockets:
            await socket.receive()

        refused = await client.ws_connect("/chat/ws", headers=headers)
        message = await refused.receive()
        for socket in sockets:
            await socket.close()

    assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.TRY_AGAIN_LATER)


@pytest.mark.parametrize("frame", ["{", '{"type":"shout"}', "x" * 20_000])
async def test_a_frame_that_our_page_cannot_have_sent_ends_the_connection(site, frame):
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.socket.send_str(frame)
        async with asyncio.timeout(5):
            message = await tab.socket.receive()

    assert message.type is WSMsgType.CLOSE
    assert message.data in (WSCloseCode.POLICY_VIOLATION, WSCloseCode.MESSAGE_TOO_BIG)
    assert site.talker.heard == []


# --- keeping others out --------------------------------------------------------------------


async def refused_with(site: Site, headers: dict[str, str]) -> int:
    async with site.opened() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect("/chat/ws", headers=headers)
    return refusal.value.status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example.org"},
        {"Origin": "null"},
        {},
        {"Origin": "http://127.0.0.1:9"},
    ],
)
async def test_another_site_cannot_open_the_socket(site, headers):
    cookie = {"Cookie": "tradebell-chat=" + "c" * 24}

    assert await refused_with(site, {**cookie, **headers}) == 403


@pytest.mark.parametrize("cookie", ["", "tradebell-chat=guess", "other=" + "c" * 24])
async def test_the_socket_needs_the_browser_s_own_secret(site, cookie):
    assert await refused_with(site, {"Origin": site.url, "Cookie": cookie}) == 403


async def test_a_name_rebound_to_this_machine_gets_no_chat(site):
    async with site.opened() as client:
        response = await client.get("/chat", headers={"Host": "evil.example.org"})

    assert response.status == 404
    assert "Set-Cookie" not in response.headers


async def test_people_on_other_machines_get_no_chat_unless_the_demo_wants_them():
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    settings = replace(Site().settings, trusted_proxies=parse_proxies("127.0.0.1"))
    async with Site(settings=settings).opened() as client:
        closed = await client.get("/chat", headers=forwarded)
    async with Site(settings=settings, anywhere=True).opened() as client:
        opened = await client.get("/chat", headers=forwarded)

    assert (closed.status, opened.status) == (404, 200)


async def test_each_browser_has_its_own_chat_and_keeps_it(site):
    async with site.opened() as client:
        one, two = await browser(client), await browser(client)
        again = await client.get("/chat", headers={"Cookie": one})
        cookie = (await client.get("/chat")).headers["Set-Cookie"]

    assert one != two
    assert "Set-Cookie" not in again.headers
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


async def test_a_bug_in_the_conversation_is_not_swallowed(site):
    class Broken(Talker):
        async def _replies(self, said: Incoming) -> AsyncIterator[Reply]:
            raise RuntimeError("a bug")
            yield

    site.talker = Broken()

    async def session() -> None:
        async with site.opened() as client, tab_of(site, client) as tab:
            await tab.say("/status")
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as failure:
        await session()

    assert failure.group_contains(RuntimeError, match="a bug")


MOVED = "BTC/USDT: 43,000 USDT"


async def test_a_watched_price_moves_in_its_message_until_its_button_is_pressed(monkeypatch):
    for module in ("live_cards", "amending", "commands.watch"):
        monkeypatch.setattr(f"bot.services.{module}.CHANGE_EVERY", 0.1)
    site, ids = Site(), itertools.count()
    platform = FakePlatform(now=now)
    with open_memory(now, lambda: f"row-{next(ids)}") as store:
        async with running(store, platform, site.messenger, now) as world:
            site.talker = world.router.hear  # type: ignore[assignment]
            async with site.opened() as client, tab_of(site, client) as tab:
                await world.goes_live(tab.chat)
                await tab.say("/watch BTC/USDT")
                while (begun := await tab.until("message"))["message"]["mine"]:
                    pass
                platform.tick("43000")
                while (moved := await tab.until("edit"))["message"]["card"]["title"] != MOVED:
                    pass
                [[stop]] = moved["message"]["card"]["buttons"]
                await tab.press(moved["message"]["id"], stop["action"])
                stopped = await tab.until("edit")

    shown = [one["message"] for one in (begun, moved, stopped)]
    assert len({one["id"] for one in shown}) == 1
    assert titles(shown) == ["BTC/USDT: 42,400 USDT", MOVED, MOVED]
    assert shown[-1]["card"]["buttons"] == []
