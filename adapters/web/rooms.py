"""Chats in browsers: what was said in each, and the tabs that show it."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TypeVar

from aiohttp import WSCloseCode, web

from adapters.web.render import Json, instant
from adapters.web.updates import Push, Say
from bot.domain.ids import NewId, Now
from bot.domain.incoming import Incoming

Value = TypeVar("Value")

HISTORY = 200
"""Messages that a chat keeps, oldest go first."""

AHEAD = 5
"""Of a chat whose earlier messages are yet to be recalled."""

ROOMS = 500
"""Chats kept without an open tab."""

TABS = 20
"""Tabs that one chat may have open."""

UNDER_WAY = 20
"""Things said in one chat that may wait for their answers."""

FRAMES = 256
"""Frames that may wait for a slow tab; one that lags more connects again and gets the history."""


@dataclass(frozen=True, slots=True)
class WebUpdate:
    """What a person said, and how."""

    said: Incoming
    update: Say | Push


@dataclass(frozen=True, slots=True)
class Recalled:
    """A message of ours that was shown before."""

    id: str
    at: datetime
    card: Json
    reference: str | None


class Taken(Enum):
    """What became of something said."""

    NEW = auto()
    KNOWN = auto()
    """It came again under its nonce, after a lost connection: it is the same text."""
    TOO_MUCH = auto()
    """The person is faster than we are."""


class Tab:
    """One open page. Nobody who tells it something ever waits for it."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._frames: asyncio.Queue[str] = asyncio.Queue(FRAMES)
        self._lagging = False

    def tell(self, frame: str) -> None:
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self._lagging = True

    async def write(self) -> None:
        """Pass frames on until the tab is closed."""
        try:
            while not (self._lagging and self._frames.empty()):
                await self._socket.send_str(await self._frames.get())
        except ConnectionResetError:
            return  # the reading side sees it too, and ends the tab
        await self.close(WSCloseCode.TRY_AGAIN_LATER)

    async def close(self, code: int) -> None:
        await self._socket.close(code=code)


class Room:
    """One browser's chat.

    Args:
        whole: nothing was said there that would have to be recalled.
    """

    def __init__(self, chat: str, now: Now, new_id: NewId, *, whole: bool) -> None:
        self.chat = chat
        self._whole = whole
        self.tabs: set[Tab] = set()
        self._under_way = 0
        self._now = now
        self._new_id = new_id
        self._messages: OrderedDict[str, Json] = OrderedDict()
        self._by_reference: OrderedDict[str, str] = OrderedDict()
        self._nonces: OrderedDict[str, None] = OrderedDict()

    async def recall(self, earlier: Callable[[str], Awaitable[Sequence[Recalled]]]) -> None:
        """Put what was said before in front, once."""
        if self._whole:
            return
        recalled = await earlier(self.chat)
        since, self._messages, self._whole = self._messages, OrderedDict(), True
        for one in recalled:
            self._keep({"id": one.id, "at": instant(one.at), "mine": False, "card": one.card})
            if one.reference is not None:
                _bounded(self._by_reference, one.reference, one.id)
        for message in since.values():
            self._keep(message)

    def _keep(self, message: Json) -> None:
        _bounded(self._messages, str(message["id"]), message, HISTORY if self._whole else AHEAD)

    def enter(self, tab: Tab, greeting: Json) -> None:
        """Show a new tab all there is, and from now on all that comes."""
        self.tabs.add(tab)
        hello = {
            "type": "hello",
            **greeting,
            "messages": list(self._messages.values()),
            "typing": self.answering,
        }
        tab.tell(json.dumps(hello))

    @property
    def answering(self) -> bool:
        """Whether something that was said has not been answered yet."""
        return self._under_way > 0

    def hear(self, update: Say | Push) -> Taken:
        """Note what was said; what is new is to be answered, and then `answered`."""
        if isinstance(update, Say) and update.nonce in self._nonces:
            return Taken.KNOWN
        if self._under_way >= UNDER_WAY:
            return Taken.TOO_MUCH
        if isinstance(update, Say):
            _bounded(self._nonces, update.nonce, None)
            self._add({"mine": True, "nonce": update.nonce, "text": update.text})
        self._under_way += 1
        self.tell({"type": "typing", "on": True})
        return Taken.NEW

    def answered(self) -> None:
        self._under_way -= 1
        self.tell({"type": "typing", "on": self.answering})

    def show(self, card: Json, reference: str | None, replies_to: str | None = None) -> str:
        """Add a card, or find the one of that reference; gives the message's id.

        Args:
            replies_to: the message that it goes on with, which is named as long as it is kept.
        """
        if reference is not None and reference in self._by_reference:
            return self._by_reference[reference]
        content: dict[str, Json | bool | str] = {"mine": False, "card": card}
        named = (one for one, kept in self._by_reference.items() if kept == replies_to)
        if (before := next(named, None)) is not None:
            content["replies_to"] = before
        message = self._add(content)
        if reference is not None:
            _bounded(self._by_reference, reference, message)
        return message

    def replace(self, message: str, card: Json) -> bool:
        """Put a card in the place of another; false if that one is no longer kept."""
        old = self._messages.get(message)
        if old is None or old["mine"]:
            return False
        self._messages[message] = {**old, "card": card}
        self.tell({"type": "edit", "message": self._messages[message]})
        return True

    def tell(self, frame: Json) -> None:
        """Tell all tabs."""
        text = json.dumps(frame)
        for tab in self.tabs:
            tab.tell(text)

    def _add(self, content: Mapping[str, Json | str | bool]) -> str:
        message: Json = {"id": self._new_id(), "at": instant(self._now()), **content}
        self._keep(message)
        self.tell({"type": "message", "message": message})
        return str(message["id"])


class Rooms:
    """All chats, the longest unused ones without a tab given up first.

    Args:
        whole: see `Room`.
    """

    def __init__(self, now: Now, new_id: NewId, *, whole: bool = True) -> None:
        self._whole = whole
        self._now = now
        self._new_id = new_id
        self._rooms: OrderedDict[str, Room] = OrderedDict()

    def of(self, chat: str) -> Room:
        room = self._rooms.get(chat)
        if room is None:
            self._make_place()
            room = self._rooms[chat] = Room(chat, self._now, self._new_id, whole=self._whole)
        self._rooms.move_to_end(chat)
        return room

    def tabs(self) -> list[Tab]:
        return [tab for room in self._rooms.values() for tab in room.tabs]

    def _make_place(self) -> None:
        if len(self._rooms) < ROOMS:
            return
        for chat, room in self._rooms.items():
            if not room.tabs and not room.answering:
                del self._rooms[chat]
                return


def _bounded(kept: OrderedDict[str, Value], key: str, value: Value, most: int = HISTORY) -> None:
    """Keep it, and let the oldest go."""
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
