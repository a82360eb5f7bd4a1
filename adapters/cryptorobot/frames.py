"""Frames of the socket, told apart by their first characters before any JSON is decoded."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache

from socketio.packet import ACK, CONNECT_ERROR, Packet

from adapters.cryptorobot.payload import Garbled, loads
from bot.domain.events import Unreadable
from bot.texts.errors import Sentence

EVENT = "42"
"""An Engine.IO message (4) that holds a Socket.IO event (2).

Source: https://socket.io/docs/v4/engine-io-protocol/ and ../socket-io-protocol/
"""

ENDED = ("41", "1")
"""The server ends the connection, of Socket.IO or of Engine.IO, and may leave the rest open."""

_FOR_THE_LIBRARY = ("40", "43", "44")
"""Connected, an acknowledgement, refused."""

_CONTROLS = frozenset("0236")
"""Of Engine.IO: open, ping, pong, nothing."""

_LONGEST_CONTROL = 1000
"""Characters: the opening has about 120, a ping 1."""

TICKER_SERVICE = "exchanges/ticker"

TICKERS = tuple(f'{EVENT}["exchanges{mark}ticker ' for mark in "/ .")
"""How a price begins, in every spelling of the service."""

_HEADING = re.compile(r'42\d{0,9}\[\s*"([^"\\]{1,200}) ([^" \\]{1,40})"')

_UNREADABLE_ANSWER = {"message": Sentence.NOT_READABLE}


@dataclass(frozen=True, slots=True)
class Heading:
    """What an event is about: a service's path, with slashes, and what happened there."""

    service: str
    happening: str


@dataclass(frozen=True, slots=True)
class Frame:
    """An event and its record, which may be anything. `size` is in characters."""

    heading: Heading
    record: object
    size: int


def heading(raw: str) -> Heading | None:
    """Read the name of an event, `None` if it is none that a service sends.

    The wire has `traders/pods/events created` where the platform's page has spaces throughout: what
    follows the last space happened, and before it slash, space and dot are alike.

    Source: `platform.md` 6, item 1.
    """
    found = _HEADING.match(raw)
    return _heading(found[1], found[2]) if found else None


@lru_cache(maxsize=256)
def _heading(path: str, happening: str) -> Heading:
    return Heading("/".join(re.split(r"[/ .]+", path.strip("/ ."))), happening)


def parse(raw: str) -> Frame | Unreadable:
    """Decode an event whose heading is readable."""
    about = heading(raw)
    service = about.service if about else ""
    try:
        content = loads(raw[raw.index("[") :])
    except Garbled as reason:
        return Unreadable(service=service, reason=str(reason), size=len(raw))
    if about is None or not isinstance(content, list):
        return Unreadable(service=service, reason="not an event", size=len(raw))
    return Frame(about, content[1] if len(content) > 1 else None, len(raw))


def for_the_library(raw: str) -> bool:
    """Whether python-socketio has to see a frame that is no event, and can bear to."""
    if raw.startswith(_FOR_THE_LIBRARY):
        return True
    return raw[:1] in _CONTROLS and len(raw) <= _LONGEST_CONTROL


class _Json:
    dumps = staticmethod(json.dumps)
    loads = staticmethod(loads)


class GuardedPacket(Packet):  # type: ignore[misc]
    """A packet of python-socketio, decoded by our rules whatever it holds.

    The library decodes in a task that nobody watches: an exception there would be a call that
    waits for its time limit, and a line in the log.
    """

    id: int | None
    data: object
    json = _Json
    uses_binary_events = False

    def decode(self, encoded_packet: str) -> int:
        try:
            attachments: int = super().decode(encoded_packet)
        except ValueError:
            self.data, attachments = None, 0
        if self.packet_type == ACK:
            # 0 is where the library keeps its counter of calls: an answer must not touch it.
            if self.id == 0:
                self.id = None
            if not isinstance(self.data, list):
                self.data = [_UNREADABLE_ANSWER]
        elif self.packet_type == CONNECT_ERROR and isinstance(self.data, str):
            # A server of Socket.IO 2 says in plain words why it refuses.
            self.data = {"message": self.data}
        elif not isinstance(self.data, dict):
            self.data = None
        return attachments
