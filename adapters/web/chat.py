"""The demo's chat: a page in the browser, and the messenger behind it."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn

from aiohttp import WSCloseCode, WSMsgType, web

from adapters.chat.queues import ChatQueues
from adapters.web.guard import (
    SCRIPT_POLICY,
    client_address,
    cookie_name,
    own_host,
    own_origin,
    well_formed,
)
from adapters.web.pages import page
from adapters.web.render import Json, card_json, commands_json
from adapters.web.rooms import ROOMS, TABS, UNDER_WAY, Room, Rooms, Tab, Taken, WebUpdate
from adapters.web.settings import WebSettings
from adapters.web.updates import Push, Say, read, said
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Attempt, Declined, Repeats, Sent
from bot.domain.hosts import is_loopback
from bot.domain.ids import NewId, Now
from bot.domain.incoming import Reply
from bot.domain.marks import shown
from bot.domain.reasons import Reason
from bot.ports import Hear
from bot.services.commands.registry import SPECS
from bot.texts import chat_page, pages
from bot.texts.language import speaking, spoken_language

BOT = "web"
"""Stands where other platforms have our bot's id."""

FRAME_LIMIT = 8 * 1024
"""Bytes of one frame of the page."""

HEARTBEAT = 25.0
"""Seconds between pings, so that a tab whose machine sleeps is noticed."""

CLOSING = 2.0
"""Seconds that a tab may take to say goodbye."""

KEPT = 30 * 24 * 3600
"""Seconds that a browser remembers which chat is its own."""

CHATS_AT_ONCE = 64

_WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 30))


class Chat:
    """Implements `bot.ports.Messenger` for the chat page, and hears what is said there.

    One browser is one person in one chat, known by a secret in a cookie. Messages live in memory:
    they survive a reload of the page, not a restart of the process.
    """

    channel = Channel.WEB
    bot = BOT
    # A message with a known reference is not shown twice, so a repeat costs nothing.
    repeats = Repeats(waits=_WAITS, urgent_waits=_WAITS, marked=False)

    def __init__(
        self, settings: WebSettings, now: Now, new_id: NewId, *, anywhere: bool = False
    ) -> None:
        """
        Args:
            anywhere: also serve people on other machines. Whoever can open the page can use the
                bot, so this is for a demo in a container, not for the public.
        """
        self._settings = settings
        self._new_id = new_id
        self._anywhere = anywhere
        self._cookie = cookie_name("tradebell-chat", settings.https)
        self._now = now
        self._rooms = Rooms(now, new_id)
        self._heard: asyncio.Queue[tuple[Room, WebUpdate]] = asyncio.Queue()

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        if (address.channel, address.bot) != (self.channel, self.bot):
            return Declined(reason=Reason.NOT_A_WEB_CHAT)
        if well_formed(address.chat) is None:
            return Declined(reason=Reason.NO_SUCH_WEB_CHAT)
        shown = card_json(card, self._settings.public_url)
        room = self._rooms.of(address.chat)
        return Sent(message=room.show(shown, card.reference, replies_to))

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        shown = card_json(card, self._settings.public_url)
        if well_formed(address.chat) and self._rooms.of(address.chat).replace(message, shown):
            return Sent(message=message)
        return Declined(reason=Reason.PAGE_SHOWS_NO_MORE)

    async def listen(self, hear: Hear) -> NoReturn:
        """Answer what is said, each chat's begun in order, until cancelled."""
        async with asyncio.TaskGroup() as group:
            queues = ChatQueues(group, at_once=CHATS_AT_ONCE, most=ROOMS * UNDER_WAY)
            while True:
                room, heard = await self._heard.get()
                queues.put(room.chat, partial(self._answer, room, heard, hear))
        raise AssertionError("the loop ends only by an exception")

    async def page(self, request: web.Request) -> web.Response:
        self._check(request)
        response = page("chat.html", say=pages.said(chat_page.PAGE), sentences=chat_page.script())
        response.headers["Content-Security-Policy"] = SCRIPT_POLICY
        if well_formed(request.cookies.get(self._cookie)) is None:
            response.set_cookie(
                self._cookie,
                self._new_id(),
                path="/",
                max_age=KEPT,
                httponly=True,
                # Strict would hide it, and the history, after a click on a link elsewhere.
                samesite="Lax",
                secure=self._settings.https,
            )
        return response

    async def socket(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        origin, host = request.headers.get("Origin", ""), request.headers.get("Host", "")
        if not own_origin(origin, host, self._settings.public_url):
            raise web.HTTPForbidden
        chat = well_formed(request.cookies.get(self._cookie))
        if chat is None:
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT, timeout=CLOSING, max_msg_size=FRAME_LIMIT, compress=False
        )
        await socket.prepare(request)
        await self._serve(self._rooms.of(chat), socket)
        return socket

    async def close(self) -> None:
        """Send all tabs away: they come back by themselves."""
        async with asyncio.TaskGroup() as group:
            for tab in self._rooms.tabs():
                group.create_task(tab.close(WSCloseCode.GOING_AWAY))

    def _check(self, request: web.Request) -> None:
        """Keep others out, also those whose page rebinds its name to this machine."""
        if self._anywhere:
            return
        client = client_address(
            request.remote or "",
            request.headers.getall("X-Forwarded-For", []),
            self._settings.trusted_proxies,
        )
        host = request.headers.get("Host", "")
        if not is_loopback(client) or not own_host(host, self._settings.public_url):
            raise web.HTTPNotFound

    async def _serve(self, room: Room, socket: web.WebSocketResponse) -> None:
        if len(room.tabs) >= TABS:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return
        tab = Tab(socket)
        room.enter(tab, {"commands": commands_json(SPECS)})
        try:
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(tab.write(), name="web chat tab")
                await self._read(room, socket)
                writing.cancel()
        finally:
            room.tabs.discard(tab)

    async def _read(self, room: Room, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            update = read(message.data) if message.type is WSMsgType.TEXT else None
            if update is None:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            self._hear(room, update)

    def _hear(self, room: Room, update: Say | Push) -> None:
        address = Address(channel=self.channel, bot=self.bot, chat=room.chat)
        match room.hear(update):
            case Taken.NEW:
                self._heard.put_nowait(
                    (room, WebUpdate(said(update, address, self._now(), spoken_language()), update))
                )
            case Taken.TOO_MUCH:
                room.tell({"type": "toast", "text": chat_page.too_fast()})
                room.tell(_answered(update, refused=True))
            case Taken.KNOWN:
                pass  # it is being answered, or was

    async def _answer(self, room: Room, heard: WebUpdate, hear: Hear) -> None:
        try:
            async for reply in hear(heard.said):
                with speaking(reply.language, reply.zone):
                    shown = self._show(room, heard.update, reply)
                if reply.shown is not None and shown is not None:
                    await reply.shown(shown)
        finally:
            room.answered()
            room.tell(_answered(heard.update, refused=False))

    def _show(self, room: Room, update: Say | Push, reply: Reply) -> str | None:
        """Gives the id of the message that shows the reply's card."""
        if reply.toast is not None:
            room.tell({"type": "toast", "text": shown(reply.toast)})
        if reply.card is None:
            return None
        card = card_json(reply.card, self._settings.public_url)
        if reply.replaces and isinstance(update, Push):
            return update.message if room.replace(update.message, card) else room.show(card, None)
        return room.show(card, reply.card.reference)


def _answered(update: Say | Push, refused: bool) -> Json:
    """Releases the button or the text that was waiting."""
    match update:
        case Say(nonce=nonce):
            return {"type": "answered", "nonce": nonce, "refused": refused}
        case Push(message=message, action=action):
            return {
                "type": "answered",
                "message": message,
                "action": action,
                "refused": refused,
            }
