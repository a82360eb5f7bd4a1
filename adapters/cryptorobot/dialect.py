"""What is different about a server of Socket.IO 2 (FeathersJS 4), told from what it says first.

Our library speaks as Socket.IO 3 and later do. An older server

* connects a client unasked, and takes a request for that as one for a second, equal connection,
  which hears everything once more;
* sends no heartbeat, but answers the client's, and cuts off a client that sends none.

Source: https://github.com/socketio/engine.io-protocol/tree/v3 ("ping"); socket.io 2.5.1
lib/client.js, `doConnect`; engine.io-client 3.5 lib/socket.js, `setPing` and `onHeartbeat`
"""

from adapters.cryptorobot.fields import Fields
from adapters.cryptorobot.payload import Garbled, loads

FIRST_WORD = 2.0
"""Seconds within which an older server connects us; a later one waits to be asked."""

LEAST = 0.1
"""Seconds between two heartbeats at least, and for an answer, whatever the server asks for."""

PING, PONG = "2", "3"
"""Of Engine.IO."""

CONNECT = "40"


class Dialect:
    """Which of the two a server speaks, and the older one's heartbeat; instants are in seconds.

    For an older server the library's heart is turned round: the library is given a ping when one is
    due, and its answer goes out as the ping that the server waits for.
    """

    def __init__(self) -> None:
        self.later = False
        """Whether it is certain that this server speaks as the library does."""
        self._older = False
        self._opened = False
        self._interval = self._patience = LEAST
        self._request: str | None = None
        self._asks_at: float | None = None
        self._pings_at: float | None = None
        self._lost_at: float | None = None

    def heard(self, frame: str, at: float) -> bool:
        """Take note of a frame; gives whether it is one for the library."""
        self._lost_at = None  # whatever is heard proves that the server lives
        if not self._opened:
            self._open(frame, at)
        elif not self._older and frame.startswith(CONNECT):
            self._asks_at = None
            # A later server says under which id it connected us.
            self.later, self._older = "{" in frame, "{" not in frame
            self._pings_at = at + self._interval if self._older else None
        return not (self._older and frame.startswith(PONG))

    def said(self, frame: str) -> str | None:
        """What to send where the library sends this; `None` for nothing, or not yet."""
        if self._older:
            return {CONNECT: None, PONG: PING}.get(frame[:2], frame)
        if self._asks_at is not None and frame.startswith(CONNECT):
            self._request = frame
            return None
        return frame

    @property
    def due(self) -> float | None:
        """When to look again for what is to be done, if nothing is heard until then."""
        instants = (self._asks_at, self._pings_at, self._lost_at)
        return min((one for one in instants if one is not None), default=None)

    def asks(self, at: float) -> str | None:
        """The request to be connected, once a server that was given its time has kept silent."""
        if self._asks_at is None or at < self._asks_at:
            return None
        self._asks_at = None
        return self._request

    def pings(self, at: float) -> bool:
        """Whether a heartbeat is due; it then counts as sent."""
        if self._pings_at is None or at < self._pings_at:
            return False
        self._pings_at = at + self._interval
        if self._lost_at is None:
            self._lost_at = at + self._patience
        return True

    def lost(self, at: float) -> bool:
        """Whether nothing was heard for too long after a heartbeat."""
        return self._lost_at is not None and at >= self._lost_at

    def _open(self, frame: str, at: float) -> None:
        """Read the handshake. The largest message is in every one since Engine.IO 6.2."""
        self._opened = True
        try:
            content = loads(frame[1:])
        except Garbled:
            content = None
        opening = Fields(content if isinstance(content, dict) else {})
        self.later = opening.number("maxPayload") is not None
        if not self.later:
            self._interval = _seconds(opening, "pingInterval")
            self._patience = _seconds(opening, "pingTimeout")
            self._asks_at = at + FIRST_WORD


def _seconds(opening: Fields, name: str) -> float:
    return max(float(opening.number(name) or 0) / 1000, LEAST)
