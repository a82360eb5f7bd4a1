"""The web server's connections: how many there are, and how long one may keep us waiting.

A connection waits until a request has come in whole, and again once it is answered. Who waits too
long is cut off; where there are too many, who has waited longest makes room for the next one.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from adapters.web.guard import security_headers
from adapters.web.pages import problem_page, refusal
from adapters.web.settings import Listen

MOST_CONNECTIONS = 1_000
"""Connections at a time, where descriptors allow it."""

READ_LIMIT = 10.0
"""Seconds that a request's head may take to come in, and its body again."""

IDLE_LIMIT = 75.0
"""Seconds after an answer in which the next request may begin: longer than a proxy keeps a
connection that it does not use, or it would meet a closed one.

Source: https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive_timeout
"""

BACKLOG = 128
"""Connections that the kernel keeps for us until we take them."""

REST = 1.0
"""Seconds without taking connections, after the machine had none to give."""

SERVER = "Tradebell"
"""What we call ourselves in answers, instead of all versions."""

log = logging.getLogger(__name__)


class Crowd:
    """All connections of a server.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}
        """Who has waited longest comes first."""

    def enter(self, connection: "Connection") -> bool:
        """Whether there is room, which somebody who waits may have to make."""
        if len(self._all) >= self._most:
            longest = next(iter(self._waiting), None)
            log.warning("too many connections", extra={"most": self._most})
            if longest is None:
                return False
            longest.cut_off()
        self._all.add(connection)
        return True

    def leave(self, connection: "Connection") -> None:
        self._all.discard(connection)
        self._waiting.pop(connection, None)

    def waits(self, connection: "Connection") -> None:
        self.served(connection)
        if connection in self._all:
            self._waiting[connection] = None

    def served(self, connection: "Connection") -> None:
        self._waiting.pop(connection, None)


class Connection(web.RequestHandler):
    """A connection to a browser or a proxy."""

    __slots__ = ("_crowd", "_due", "_idle", "_wire")

    def __init__(
        self, server: web.Server, crowd: Crowd, access_log: type[AbstractAccessLogger]
    ) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=log,
            access_log_class=access_log,
            auto_decompress=False,  # what comes small would become big, and hold up everything
        )
        self._crowd = crowd
        self._wire: asyncio.BaseTransport | None = None
        self._due: asyncio.TimerHandle | None = None
        self._idle = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = transport
        if not self._crowd.enter(self):
            self.cut_off()
            return
        super().connection_made(transport)
        self.waits(READ_LIMIT)

    def data_received(self, data: bytes) -> None:
        if self._idle:
            self._expect(READ_LIMIT)
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._crowd.leave(self)
        self._forget_due()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP: the sender's mistake, so worth a line and no more."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("a request failed outside the application", exc_info=exc)
        else:
            log.info("a request could not be read", extra={"reason": type(exc).__name__})
        # What the application would add (`https` only adds what such a sender does not heed).
        headers = security_headers(https=False) | {"Server": SERVER}
        response = problem_page(refusal(status), headers)
        response.force_close()
        return response

    def waits(self, limit: float | None) -> None:
        """The next move is the other side's, within so many seconds; without, somebody watches."""
        self._crowd.waits(self)
        self._expect(limit)

    def idles(self) -> None:
        """An answer is on its way, and another request may follow."""
        self.waits(IDLE_LIMIT)
        self._idle = True

    def serves(self) -> None:
        """The next move is ours."""
        self._crowd.served(self)
        self._expect(None)

    def cut_off(self) -> None:
        """End it now, whatever is still to be sent."""
        self._crowd.leave(self)
        if isinstance(self._wire, asyncio.Transport):
            self._wire.abort()

    def _expect(self, limit: float | None) -> None:
        self._idle = False
        self._forget_due()
        if limit is not None:
            self._due = asyncio.get_running_loop().call_later(limit, self.cut_off)

    def _forget_due(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None


@contextmanager
def attended(request: web.Request) -> Iterator[None]:
    """While we work on a request its connection stays, whoever else would like to have one."""
    connection = _connection(request)
    connection.serves()
    try:
        yield
    finally:
        connection.idles()


async def body_of(request: web.Request, limit: int) -> bytes:
    """The body of a request, as it came.

    Args:
        limit: bytes that it may have.

    Raises:
        web.HTTPException: it is too large, too slow or malformed, or breaks off.
    """
    connection = _connection(request)
    connection.waits(None)
    body = bytearray()
    try:
        async with asyncio.timeout(READ_LIMIT):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise web.HTTPRequestEntityTooLarge(limit, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, ConnectionError):
        raise web.HTTPBadRequest from None
    finally:
        connection.serves()
    return bytes(body)


def refuse_compressed(request: web.Request) -> None:
    """Nothing that we take needs it, and a little of it can hold a lot.

    Raises:
        web.HTTPUnsupportedMediaType: the body is compressed, in whatever way.
    """
    content = ",".join(request.headers.getall("Content-Encoding", []))
    transfer = ",".join(request.headers.getall("Transfer-Encoding", []))
    if _names(content) - {"identity"} or _names(transfer) - {"chunked"}:
        # Source: https://www.rfc-editor.org/rfc/rfc9110, section 15.5.16
        raise web.HTTPUnsupportedMediaType(headers={"Accept-Encoding": "identity"})


def _names(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")} - {""}


def _connection(request: web.Request) -> Connection:
    connection = request.protocol
    assert isinstance(connection, Connection)
    return connection


async def bound(listen: Listen) -> Sequence[socket.socket]:
    """Listen at all addresses that a host name has here.

    Raises:
        OSError: nothing can listen there.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(
        listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listeners: list[socket.socket] = []
    missing: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
        except OSError as problem:
            if problem.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                for other in listeners:
                    other.close()
                raise
            missing = problem  # a name may stand for more than this machine has
        else:
            listener.setblocking(False)
            listeners.append(listener)
    if not listeners and missing is not None:
        raise missing
    return listeners


async def take_connections(
    listener: socket.socket,
    server: web.Server,
    crowd: Crowd,
    access_log: type[AbstractAccessLogger],
) -> NoReturn:
    """Take connections one by one, so that a rush of them holds up nothing else.

    asyncio's own server takes as many as wait at once, and where descriptors have run out it tries
    again without a pause.
    """
    loop = asyncio.get_running_loop()
    while True:
        try:
            taken, _ = await loop.sock_accept(listener)
        except ConnectionAbortedError:
            continue
        except OSError as failure:
            log.error("no connection can be taken", extra={"reason": failure.strerror})
            await asyncio.sleep(REST)
            continue
        await loop.connect_accepted_socket(lambda: Connection(server, crowd, access_log), taken)
