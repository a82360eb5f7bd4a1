"""A chat in the browser: what its tabs show, and the messenger behind it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn

from aiohttp import WSCloseCode, WSMsgType, web

from adapters.chat.queues import ChatQueues
from adapters.web.guard import own_origin, well_formed
from adapters.web.render import Json, card_json, commands_json
from adapters.web.rooms import (
    ROOMS,
    TABS,
    UNDER_WAY,
    Recalled,
    Room,
    Rooms,
    Tab,
    Taken,
    WebUpdate,
)
from adapters.web.settings import WebSettings
from adapters.web.updates import Begin, Push, Say, read, said
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel, Person
from bot.domain.commands import Spec
from bot.domain.deliveries import Attempt, Declined, Repeats, Sent
from bot.domain.ids import NewId, Now
from bot.domain.incoming import Place, Reply
from bot.domain.marks import shown
from bot.domain.reasons import Reason
from bot.domain.typed import command_in
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Hear, Suggest
from bot.services.commands.registry import SPECS
from bot.texts import chat_page
from bot.texts.language import speaking, spoken_language

FRAME_LIMIT = 8 * 1024
"""Bytes of one frame of the page."""

HEARTBEAT = 25.0
"""Seconds between pings, so that a tab whose machine sleeps is noticed."""

CLOSING = 2.0
"""Seconds that a tab may take to say goodbye."""

CHATS_AT_ONCE = 64

LOOK_EVERY = 10.0
"""Seconds between two looks whether a browser is still signed in."""

SIGNED_OUT = 4401
"""Tells the page so. Source: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2 leaves 4000 and
more to us."""

_WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Whose browser it is.

    Attributes:
        chat: what it shows.
        person: who speaks there.
        stays: whether it is still signed in; `None` if nobody has to be.
    """

    chat: str
    person: str
    stays: Callable[[], Awaitable[bool]] | None = None


class Talk:
    """Implements `bot.ports.Messenger` for chats in browsers, and hears what is said there.

    Args:
        bot: stands where other platforms have our bot's id.
        earlier: gives what was shown in a chat before, where that is kept; without, messages live
            in memory: they survive a reload of the page, not a restart of the process.
    """

    channel = Channel.WEB
    # A message with a known reference is not shown twice, so a repeat costs nothing.
    repeats = Repeats(waits=_WAITS, urgent_waits=_WAITS, marked=False)

    def __init__(
        self,
        bot: str,
        settings: WebSettings,
        now: Now,
        new_id: NewId,
        earlier: Callable[[str], Awaitable[Sequence[Recalled]]] | None = None,
    ) -> None:
        self.bot = bot
        self._settings = settings
        self._new_id = new_id
        self._now = now
        self._earlier = earlier
        self._rooms = Rooms(now, new_id, whole=earlier is None)
        self._listed: Callable[[Address], Awaitable[Sequence[Spec]]] = _everybodys
        self._heard: asyncio.Queue[tuple[Room, WebUpdate]] = asyncio.Queue()
        self._suggest: Suggest | None = None

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
        if well_formed(address.chat) is None:
            return Declined(reason=Reason.NO_SUCH_WEB_CHAT)
        replaced = self._rooms.of(address.chat).replace(message, shown)
        if replaced or self._earlier is not None:
            return Sent(message=message)  # recalled, it is as it stands
        return Declined(reason=Reason.PAGE_SHOWS_NO_MORE)

    def list_commands(self, listed: Callable[[Address], Awaitable[Sequence[Spec]]]) -> None:
        """From now on a tab that opens lists those commands that can be used in its chat."""
        self._listed = listed

    async def show_menu(self, address: Address, specs: Sequence[Spec] | None) -> None:
        if well_formed(address.chat) is not None:
            commands = commands_json(await _everybodys(address) if specs is None else specs)
            self._rooms.of(address.chat).tell({"type": "commands", "commands": commands})

    async def listen(self, hear: Hear, suggest: Suggest) -> NoReturn:
        """Answer what is said, each chat's begun in order, until cancelled."""
        self._suggest = suggest
        async with asyncio.TaskGroup() as group:
            queues = ChatQueues(group, at_once=CHATS_AT_ONCE, most=ROOMS * UNDER_WAY)
            while True:
                room, heard = await self._heard.get()
                queues.put(room.chat, partial(self._answer, room, heard, hear))
        raise AssertionError("the loop ends only by an exception")

    async def serve(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        """Show a browser its chat until it goes.

        Raises:
            HTTPForbidden: another site's page asks.
        """
        origin, host = request.headers.get("Origin", ""), request.headers.get("Host", "")
        if not own_origin(origin, host, self._settings.public_url):
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT, timeout=CLOSING, max_msg_size=FRAME_LIMIT, compress=False
        )
        await socket.prepare(request)
        room = self._rooms.of(guest.chat)
        if self._earlier is not None:
            await room.recall(self._earlier)
        await self._serve(room, socket, guest)
        return socket

    async def close(self) -> None:
        """Send all tabs away: they come back by themselves."""
        async with asyncio.TaskGroup() as group:
            for tab in self._rooms.tabs():
                group.create_task(tab.close(WSCloseCode.GOING_AWAY))

    async def _serve(self, room: Room, socket: web.WebSocketResponse, guest: Guest) -> None:
        if len(room.tabs) >= TABS:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return
        try:
            listed = await self._listed(self._address_of(room))
        except (TryLater, OutcomeUnknown):
            listed = await _everybodys(self._address_of(room))
        tab = Tab(socket)
        room.enter(tab, {"commands": commands_json(listed)})
        try:
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(tab.write(), name="web chat tab")
                looking = group.create_task(_look_after(guest, tab), name="web chat visitor")
                begun: asyncio.Queue[Begin] = asyncio.Queue(1)
                completing = group.create_task(
                    self._complete(begun, room, tab, guest.person), name="web chat completing"
                )
                await self._read(room, socket, guest.person, begun)
                for task in (writing, looking, completing):
                    task.cancel()
        finally:
            room.tabs.discard(tab)

    def _address_of(self, room: Room) -> Address:
        return Address(channel=self.channel, bot=self.bot, chat=room.chat)

    async def _read(
        self,
        room: Room,
        socket: web.WebSocketResponse,
        person: str,
        begun: asyncio.Queue[Begin],
    ) -> None:
        async for message in socket:
            update = read(message.data) if message.type is WSMsgType.TEXT else None
            if update is None:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            if isinstance(update, Begin):
                if begun.full():  # only the latest is still there
                    begun.get_nowait()
                begun.put_nowait(update)
            else:
                self._hear(room, update, person)

    async def _complete(
        self, begun: asyncio.Queue[Begin], room: Room, tab: Tab, person: str
    ) -> None:
        """Tell a tab what the line may become that is being typed there."""
        while True:
            text = (await begun.get()).text
            typed = command_in(text)
            if typed is None or self._suggest is None:
                continue
            address = Address(channel=self.channel, bot=self.bot, chat=room.chat)
            place, who = Place(address=address, private=True), self._person(person)
            # `command_in` strips what ends it, which tells whether its last word has ended.
            line = typed.arguments + (" " if text[-1:].isspace() and typed.arguments else "")
            lines = await self._suggest(place, who, typed.name, "", line)
            tab.tell(json.dumps({"type": "lines", "text": text, "lines": list(lines)}))

    def _person(self, id: str) -> Person:
        return Person(channel=self.channel, id=id, language=spoken_language())

    def ask(self, guest: Guest, text: str, nonce: str) -> None:
        """Hear what another page of ours says for a person, as if they had typed it here, once."""
        self._hear(self._rooms.of(guest.chat), Say(nonce=nonce, text=text), guest.person)

    def _hear(self, room: Room, update: Say | Push, person: str) -> None:
        address = self._address_of(room)
        match room.hear(update):
            case Taken.NEW:
                told = said(update, address, self._person(person), self._now())
                self._heard.put_nowait((room, WebUpdate(told, update)))
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


async def _everybodys(_: Address) -> Sequence[Spec]:
    return [one for one in SPECS if not one.pods]


async def _look_after(guest: Guest, tab: Tab) -> None:
    """Close the tab of who is signed in no more."""
    while guest.stays is not None:
        await asyncio.sleep(LOOK_EVERY)
        with suppress(TryLater, OutcomeUnknown):  # nobody knows now
            if not await guest.stays():
                await tab.close(SIGNED_OUT)
                return


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
