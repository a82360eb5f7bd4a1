"""One Socket.IO connection, on python-socketio, with every frame seen by us first."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import socketio
from engineio.base_client import connected_clients
from socketio.exceptions import SocketIOError

from adapters.cryptorobot import faults
from adapters.cryptorobot.calls import Call
from adapters.cryptorobot.dialect import PING, Dialect
from adapters.cryptorobot.frames import ENDED, EVENT, TICKERS, GuardedPacket, for_the_library
from adapters.cryptorobot.settings import PlatformSettings
from bot.domain.events import Unreadable
from bot.domain.ids import Now
from bot.errors import ConnectionLost
from bot.texts.errors import Sentence

MOST_CHARACTERS = 8 * 2**20
"""The same in characters: eight events of the largest size that Socket.IO sends by default."""

LARGEST_FRAME = 4 * 2**20
"""Bytes; a larger one ends the connection."""

ReceivedFrame = tuple[str | Unreadable, datetime]
"""An event as it came, or what stands for a frame that is none, and when it came."""

_SILENT = logging.Logger("silent", level=logging.CRITICAL + 1)
"""For the library, whose log has payloads and headers in it."""

_CLOSED = aiohttp.WSMessage(aiohttp.WSMsgType.CLOSED, None, None)

_TEXT, _BINARY = aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY

_PING = aiohttp.WSMessage(_TEXT, PING, None)

_AT_ONCE = 0.001
"""Seconds: what has come already is read before a time that has passed means anything."""


class Socket:
    """A connection, from opening to its end; it is never opened twice.

    Args:
        keep: whether an event is worth keeping. Called for each: quick, and never raising.
        on_price: takes prices, which are kept for nobody; quick, and never raising.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        settings: PlatformSettings,
        now: Now,
        keep: Callable[[str], bool],
        on_price: Callable[[str], None],
    ) -> None:
        self.ended: str | None = None
        """Why it ended; `None` while it has not."""
        self.overflowed = False
        """Whether a frame ended it that was larger than is taken."""
        self._settings = settings
        self._now = now
        self._keep = keep
        self._received: deque[ReceivedFrame] = deque()
        self._characters = 0
        self._arrived = asyncio.Event()
        self._answers: set[asyncio.Future[tuple[object, ...] | None]] = set()
        self._refusal: object = None
        self._opening: asyncio.Timeout | None = None
        self._wire = _Wire(http, self._hear, self._end, self._overflow, on_price)
        self._sio = socketio.AsyncClient(
            reconnection=False,
            handle_sigint=False,
            serializer=GuardedPacket,
            logger=_SILENT,
            engineio_logger=_SILENT,
            http_session=self._wire,
            timestamp_requests=False,
            request_timeout=settings.close_limit.total_seconds(),
            websocket_extra_options={"max_msg_size": LARGEST_FRAME},
        )
        self._sio.on("connect_error", self._refused)
        # The library may also stop by itself: no heartbeat, a frame that it cannot bear.
        self._sio.on("disconnect", lambda _: self._end(Sentence.BROKE_OFF))

    async def open(self, headers: Mapping[str, str]) -> None:
        """Connect.

        Raises:
            SocketRefused: the platform answers, but gives no socket.
            TryLater: nothing answers, be it that the platform is away or that sockets are blocked.
        """
        limit = self._settings.connect_limit.total_seconds()
        root = urlsplit(self._settings.url).path
        try:
            async with asyncio.timeout(limit) as self._opening:
                await self._sio.connect(
                    self._settings.url,
                    headers=dict(headers),
                    transports=["websocket"],
                    socketio_path=f"{root}/socket.io",
                    # Ours is shorter, and ends at once when the connection does.
                    wait_timeout=limit + 1,
                )
                _pass_on_cancellation()
        except (SocketIOError, aiohttp.ClientError, OSError) as error:
            failure = self._wire.failure or (None if self.ended else error)
            raise faults.unopened(failure, self._refusal, self._now()) from error
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            # The library takes what answers for Engine.IO and stumbles.
            raise faults.unopened(None, None, self._now()) from error
        finally:
            self._opening = None

    async def take(self, most: int) -> list[ReceivedFrame]:
        """Wait for events and take them, oldest first; none once the connection has ended."""
        while not self._received and self.ended is None:
            self._arrived.clear()
            await self._arrived.wait()
        taken: list[ReceivedFrame] = []
        while self._received and len(taken) < most:
            received = self._received.popleft()
            self._characters -= _size(received[0])
            taken.append(received)
        return taken

    async def call(self, call: Call) -> object:
        """Call a method of a service, once.

        When the connection ends, the call does: the library would wait for its time limit.
        """
        if self.ended is not None:
            raise ConnectionLost(self.ended)
        answer: asyncio.Future[tuple[object, ...] | None]
        answer = asyncio.get_running_loop().create_future()
        self._answers.add(answer)
        try:
            await self._sio.emit(call.method, call.arguments, callback=partial(_settle, answer))
            async with asyncio.timeout(self._settings.call_limit.total_seconds()):
                arguments = await answer
        except SocketIOError as error:
            raise ConnectionLost(Sentence.NOT_OPEN) from error
        except TimeoutError as error:
            raise faults.unanswered(call, faults.unreached(error)) from error
        finally:
            self._answers.discard(answer)
        if arguments is None:
            raise faults.cut_off(call, self.ended or Sentence.ENDED)
        return faults.outcome(call, arguments)

    def give_up(self, reason: str) -> None:
        """End it from our side; `close` must follow."""
        self._end(reason)

    async def close(self) -> None:
        """Disconnect, as politely as `close_limit` allows."""
        self._end(Sentence.CLOSED)
        engine = self._sio.eio
        try:
            with suppress(OSError, aiohttp.ClientError):
                async with asyncio.timeout(self._settings.close_limit.total_seconds()):
                    await self._sio.disconnect()
                    await self._wire.close()
        finally:
            for task in (engine.read_loop_task, engine.write_loop_task):
                if task is not None:
                    task.cancel()
            # Left behind by the library when its own closing was cut short.
            with suppress(ValueError):
                connected_clients.remove(engine)
            self._wire.closed = True

    def _hear(self, frame: str | Unreadable) -> None:
        if isinstance(frame, str) and not self._keep(frame):
            return
        self._characters += _size(frame)
        if len(self._received) >= self._settings.most_waiting or self._characters > MOST_CHARACTERS:
            self._end(Sentence.TOO_MANY_EVENTS)
            return
        self._received.append((frame, self._now()))
        self._arrived.set()

    def _overflow(self) -> None:
        self.overflowed = True
        self._end(Sentence.TOO_MUCH_AT_ONCE)

    def _refused(self, data: object = None) -> None:
        self._refusal = data
        if self._opening is None:
            self._end(Sentence.PLATFORM_ENDED_IT)

    def _end(self, reason: str) -> None:
        if self.ended is not None:
            return
        self.ended = self._wire.ended = reason
        self._arrived.set()
        for answer in self._answers:
            if not answer.done():
                answer.set_result(None)
        if self._opening is not None and not self._opening.expired():
            self._opening.reschedule(asyncio.get_running_loop().time())


class _Wire:
    """Stands where python-socketio has its HTTP session, and the WebSocket that it opens.

    Behind it the library runs every message as a task of its own, which costs much and loses the
    order. So events end here: handed on at once, one after the other. The library gets what is
    left, heartbeats and answers, as a server of its own time sends them.

    Used of it: `closed`, `ws_connect`; and of what that gives, `receive`, `send_str`, `send_bytes`,
    `close`.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        on_event: Callable[[str | Unreadable], None],
        on_end: Callable[[str], None],
        on_excess: Callable[[], None],
        on_price: Callable[[str], None],
    ) -> None:
        self.closed = False
        self.ended: str | None = None
        self.failure: aiohttp.ClientError | None = None
        self._http = http
        self._on_event = on_event
        self._on_end = on_end
        self._on_excess = on_excess
        self._on_price = on_price
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._dialect = Dialect()
        self._clock = asyncio.get_running_loop().time

    async def ws_connect(self, url: str, **options: Any) -> "_Wire":
        try:
            self._socket = await self._http.ws_connect(url, **options)
        except aiohttp.ClientError as error:
            self.failure = error
            raise
        return self

    async def receive(self) -> aiohttp.WSMessage:
        """The next message that the library has to see."""
        assert self._socket is not None
        receive, dialect = self._socket.receive, self._dialect
        while self.ended is None:
            message = await receive() if dialect.later else await self._receive_older()
            if message is None:
                continue
            frame = message.data
            if message.type is not _TEXT:
                if message.type is not _BINARY:
                    if _is_excess(message):
                        self._on_excess()
                    break
                self._on_event(Unreadable(service="", reason="binary", size=len(frame)))
            elif frame.startswith(EVENT):
                if not frame.startswith(TICKERS):
                    self._on_event(frame)
                else:
                    self._on_price(frame)
            elif for_the_library(frame):
                return message
            elif frame.startswith(ENDED):
                break
            else:
                self._on_event(Unreadable(service="", reason="no event", size=len(frame)))
        self._on_end(Sentence.PLATFORM_ENDED_IT)
        return _CLOSED

    async def _receive_older(self) -> aiohttp.WSMessage | None:
        """The same of a server that may be an older one; `None` where nothing came of it."""
        assert self._socket is not None
        dialect = self._dialect
        if dialect.pings(self._clock()):
            return _PING
        wait = None if dialect.due is None else max(dialect.due - self._clock(), _AT_ONCE)
        try:
            message = await self._socket.receive(wait)
        except TimeoutError:
            request = dialect.asks(self._clock())
            if request is not None:
                await self._socket.send_str(request)
            if dialect.lost(self._clock()):
                self._on_end(Sentence.SILENT)
            return None
        if message.type is _TEXT and not dialect.heard(message.data, self._clock()):
            return None
        return message

    async def send_str(self, text: str) -> None:
        assert self._socket is not None
        spoken = text if self._dialect.later else self._dialect.said(text)
        if spoken is not None:
            await self._socket.send_str(spoken)

    async def send_bytes(self, content: bytes) -> None:
        assert self._socket is not None
        await self._socket.send_bytes(content)

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()


def _pass_on_cancellation() -> None:
    """End here if the task is to end.

    Before Python 3.12, `asyncio.wait_for`, which the library opens with, loses a cancellation that
    comes in the same turn of the loop as the result. Source: python/cpython#86296
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _is_excess(message: aiohttp.WSMessage) -> bool:
    """Whether this stands for a frame above `LARGEST_FRAME`, of which nothing was kept."""
    error = message.data
    too_big = aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    return isinstance(error, aiohttp.WebSocketError) and error.code == too_big


def _settle(answer: "asyncio.Future[tuple[object, ...] | None]", *arguments: object) -> None:
    if not answer.done():
        answer.set_result(arguments)


def _size(frame: str | Unreadable) -> int:
    return len(frame) if isinstance(frame, str) else 0
