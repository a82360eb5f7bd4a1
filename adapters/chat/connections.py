"""HTTP requests to a chat platform's API, over connections that are kept.

Alerts leave through here, so it is lean: a request is one piece of bytes, and its answer one
future. A general client costs four times as much, most of it after a pause, when its code is not
in the processor's caches any more; and it does not say how far a request got.
"""

import asyncio
import re
import select
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohappyeyeballs import AddrInfoType, start_connection
from aiohttp import FormData
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict
from yarl import URL

from adapters.chat.exchange import ApiAnswer, NoAnswer, Reached

CONNECTIONS = 100

KEEP_ALIVE = 15.0
"""Seconds that an idle connection is kept: less than servers do (nginx: 75), because a request
written while the server hangs up has an unknown outcome."""

NEXT_ADDRESS_AFTER = 0.25
"""Seconds until the next address of a host is tried too.

Source: https://www.rfc-editor.org/rfc/rfc8305#section-8
"""

ADDRESS_LIMIT = 3.0
"""Seconds for each of several addresses of a host, where these are checked."""

ANSWER_LIMIT = 16 << 20
"""Bytes of an answer with its head; a hundred updates of Telegram have some hundred thousand."""

_UNSAFE = re.compile(r"[^!-~]")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, `None` for no limit."""

    connect: float | None = 5.0
    """Until there is a connection."""
    answer: float | None = 10.0
    """From there to the last byte of the answer. Generous, since an answer that is not waited for
    is an alert that may be shown twice."""


@dataclass(frozen=True, slots=True)
class Body:
    content: bytes
    content_type: str = "application/json"


class Requests(Protocol):
    """What makes requests."""

    async def ask(
        self,
        method: str,
        url: str | URL,
        body: Body | None = None,
        *,
        headers: Mapping[str, str],
        limits: Limits | None = None,
    ) -> ApiAnswer:
        """Make one request, which is never repeated. Redirects are not followed.

        Raises:
            NoAnswer: no answer came, or not wholly.
        """


async def form_body(form: FormData) -> Body:
    """A form with files in it."""
    parts = form()
    return Body(await parts.as_bytes(), parts.headers["Content-Type"])


class NotAllowed(OSError):
    """A host is at no address that may be connected to."""


class Connections:
    """Implements `Requests`; to be closed by whoever made it.

    Args:
        most: how many connections there may be at once.
        no_answer: what is raised.
        allows: whether a numeric address may be connected to; it is asked of what a host's name
            stands for at that moment, and exactly that is connected to. `None`: any may.
    """

    def __init__(
        self,
        *,
        most: int = CONNECTIONS,
        limits: Limits = Limits(),
        no_answer: type[NoAnswer] = NoAnswer,
        allows: Callable[[str], bool] | None = None,
    ) -> None:
        self._limits = limits
        self._allows = allows
        self._no_answer = no_answer
        self._most = most
        self._places = asyncio.Semaphore(most)
        self._open: set[_Connection] = set()
        self._kept: list[_Connection] = []
        """Those of them that are free, in the order in which they came to be."""
        self._trust: ssl.SSLContext | None = None

    async def __aenter__(self) -> "Connections":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up. What is under way then breaks off."""
        for connection in tuple(self._open):
            connection.close()
        self._kept.clear()
        await asyncio.sleep(0)  # in which the loop closes their sockets

    async def ask(
        self,
        method: str,
        url: str | URL,
        body: Body | None = None,
        *,
        headers: Mapping[str, str],
        limits: Limits | None = None,
    ) -> ApiAnswer:
        limits = limits or self._limits
        target = URL(url)
        request = _request(method, target, body, headers)
        connection = await self._connection(_Origin.of(target), limits.connect)
        try:
            return await connection.ask(request, limits.answer, self._no_answer)
        finally:
            self._places.release()
            self._give_back(connection)

    async def _connection(self, origin: "_Origin", within: float | None) -> "_Connection":
        """One that nobody else uses.

        Raises:
            NoAnswer: there is none; nothing has left, certainly.
        """
        try:
            async with asyncio.timeout(within):
                await self._places.acquire()
                try:
                    return self._take(origin) or await self._connect(origin)
                except BaseException:
                    self._places.release()
                    raise
        except TimeoutError:
            failure = self._no_answer("timed out", reached=Reached.CONNECTING, timed_out=True)
        except NotAllowed:
            words = f"{origin.host} is at no address that may be connected to"
            failure = self._no_answer(words, reached=Reached.FORBIDDEN)
        except (OSError, UnicodeError) as error:
            words = f"cannot connect to {origin.host}:{origin.port}: {error}"
            failure = self._no_answer(words, reached=Reached.CONNECTING)
        # Raised outside the handler, so that nothing is chained to it.
        raise failure

    def _take(self, origin: "_Origin") -> "_Connection | None":
        """A kept connection, the last one used first, so that those too many become idle."""
        for connection in self._kept[::-1]:
            if connection.origin == origin:
                self._kept.remove(connection)
                if not connection.is_spent():
                    return connection
                connection.close()
        return None

    def _give_back(self, connection: "_Connection") -> None:
        if not connection.is_free:
            connection.close()
            return
        self._kept.append(connection)
        while self._kept[0].is_old() or len(self._kept) > self._most:
            self._kept.pop(0).close()

    async def _connect(self, origin: "_Origin") -> "_Connection":
        if origin.tls and self._trust is None:
            self._trust = ssl.create_default_context()
        if self._allows is not None:
            return await self._connect_to_allowed(origin, self._allows)
        loop = asyncio.get_running_loop()
        addresses = await _addresses_of(origin)
        # asyncio's own race leaves its winner open when it is cancelled.
        connected = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_AFTER)
        _, connection = await loop.create_connection(
            lambda: _Connection(origin, self._open),
            sock=connected,
            ssl=self._trust if origin.tls else None,
            server_hostname=origin.host if origin.tls else None,
        )
        return connection

    async def _connect_to_allowed(
        self, origin: "_Origin", allows: Callable[[str], bool]
    ) -> "_Connection":
        """
        Raises:
            NotAllowed: the host has no address that may be connected to.
        """
        loop = asyncio.get_running_loop()
        found = await _addresses_of(origin)
        addresses = dict.fromkeys(str(one[4][0]) for one in found)
        allowed = [one for one in addresses if allows(one)]
        failure: OSError = NotAllowed()
        for address in allowed:
            try:
                async with asyncio.timeout(ADDRESS_LIMIT):
                    _, connection = await loop.create_connection(
                        lambda: _Connection(origin, self._open),
                        address,
                        origin.port,
                        ssl=self._trust if origin.tls else None,
                        server_hostname=origin.host if origin.tls else None,
                    )
                    return connection
            except (OSError, TimeoutError) as error:
                failure = error
        raise failure


@dataclass(frozen=True, slots=True)
class _Origin:
    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, url: URL) -> "_Origin":
        return cls(url.raw_host or "", url.port or 0, url.scheme == "https")


async def _addresses_of(origin: _Origin) -> Sequence[AddrInfoType]:
    where, stream = (origin.host, origin.port), socket.SOCK_STREAM
    try:
        # One that is written in digits is not looked up, so no thread has to wait for it.
        return socket.getaddrinfo(*where, type=stream, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return await asyncio.get_running_loop().getaddrinfo(*where, type=stream)


def _request(method: str, url: URL, body: Body | None, headers: Mapping[str, str]) -> bytes:
    """A request as it leaves."""
    path = url.raw_path_qs
    if _UNSAFE.search(path):
        raise ValueError("an address with characters that are not escaped")
    lines = [
        f"{method} {path} HTTP/1.1\r\nHost: {url.host_port_subcomponent}",
        *(f"{name}: {value}" for name, value in headers.items()),
        "Accept-Encoding: identity",
    ]
    if body is not None:
        lines.append(f"Content-Type: {body.content_type}")
    content = body.content if body is not None else b""
    if content or method != "GET":
        lines.append(f"Content-Length: {len(content)}")
    lines.append("\r\n")
    return "\r\n".join(lines).encode("ascii") + content


class _Connection(asyncio.Protocol):
    """One connection, and the one answer that is awaited on it."""

    _transport: asyncio.Transport

    def __init__(self, origin: _Origin, all_open: set["_Connection"]) -> None:
        self.origin = origin
        self._all_open = all_open
        self.is_free = True
        """Whether the next request may be made on it."""
        self._loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(self)
        self._answer: asyncio.Future[ApiAnswer] | None = None
        self._no_answer = NoAnswer
        self._kept_since = self._loop.time()
        self._heard = 0
        self._begin()

    def _begin(self) -> None:
        self._status: int | None = None
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._content: list[bytes] = []

    def is_old(self) -> bool:
        return self._loop.time() - self._kept_since > KEEP_ALIVE

    def is_spent(self) -> bool:
        """Whether it can no more be used: it was kept for too long, or hung up, which the event
        loop need not have seen yet.

        What is written then has an unknown outcome, so it is better not written. A connection on
        which nothing was asked has nothing to say but that it ends.
        """
        if self._transport.is_closing() or self.is_old():
            return True
        watch = select.poll()
        watch.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(watch.poll(0))

    async def ask(
        self, request: bytes, within: float | None, no_answer: type[NoAnswer]
    ) -> ApiAnswer:
        """Make a request; the connection is free after a whole answer only.

        Raises:
            NoAnswer: none came.
        """
        self.is_free, self._heard, self._no_answer = False, 0, no_answer
        self._begin()
        answer: asyncio.Future[ApiAnswer] = self._loop.create_future()
        self._answer = answer
        self._transport.write(request)
        timer = None if within is None else self._loop.call_later(within, self._time_out)
        try:
            return await answer
        finally:
            self._answer = None
            if timer is not None:
                timer.cancel()

    def close(self) -> None:
        self.is_free = False
        self._transport.abort()

    # --- from the transport ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._all_open.add(self)

    def data_received(self, data: bytes) -> None:
        self._heard += len(data)
        if self._answer is None:
            self.close()  # it speaks unasked
        elif self._heard > ANSWER_LIMIT:
            self._fail("an answer without end")
        else:
            try:
                self._parser.feed_data(data)
            except (HttpParserError, HttpParserUpgrade) as error:
                self.is_free = False  # whatever came before
                self._fail(type(error).__name__)

    def connection_lost(self, exc: Exception | None) -> None:
        self._all_open.discard(self)
        self.is_free = False
        if exc is None and self._status is not None and not self._has_length():
            self._succeed()
        self._fail("the connection was closed" if exc is None else type(exc).__name__)

    # --- from the parser ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            self.is_free = False  # another answer than was asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._content.append(body)

    def on_message_complete(self) -> None:
        if self._status is not None and self._status < 200:
            self._begin()  # the answer itself is still to come
            return
        if self._answer is None or self._answer.done():
            return  # nobody has asked for this one
        whole = self._transport.get_write_buffer_size() == 0
        self.is_free = whole and self._parser.should_keep_alive()
        self._kept_since = self._loop.time()
        self._succeed()

    def _has_length(self) -> bool:
        return any(name in self._headers for name in ("Content-Length", "Transfer-Encoding"))

    # --- how it ends ----------------------------------------------------------------------

    def _succeed(self) -> None:
        if self._answer is not None and not self._answer.done() and self._status is not None:
            answer = ApiAnswer(self._status, self._headers, b"".join(self._content))
            self._answer.set_result(answer)

    def _time_out(self) -> None:
        self._fail("timed out", timed_out=True)

    def _fail(self, detail: str, **given: Any) -> None:
        if self._answer is not None and not self._answer.done():
            reached = Reached.SENT if self._status is None else Reached.ANSWERING
            failure = self._no_answer(detail, reached=reached, status=self._status, **given)
            self._answer.set_exception(failure)
