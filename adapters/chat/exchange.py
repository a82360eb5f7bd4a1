"""One HTTP exchange on aiohttp, which tells how far it got when no answer came."""

import asyncio
import json
import re
import select
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Any
from weakref import WeakSet

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientRequest,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

CONNECTIONS = 100
CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 10.0
"""Seconds from the connection to the last byte of the answer. Generous, since an answer that is
not waited for is an alert that may be shown twice."""

KEEP_ALIVE = 15.0
"""Seconds that an idle connection is kept: less than servers do (nginx: 75), because a request
written while the server hangs up has an unknown outcome."""

QUOTE_LIMIT = 300


class Reached(StrEnum):
    """How far a request got."""

    CONNECTING = "connecting"
    """Waiting for a connection: nothing has left, certainly."""
    SENT = "sent"
    """It had a connection: some or all of it may have left."""
    ANSWERING = "answering"
    """The status line has come, the body has not, or not wholly."""
    ANSWERED = "answered"
    """A whole answer has come, but not one of the API's."""


class NoAnswer(Exception):
    """The API gave no answer that can be read.

    Neither the text nor a chained error holds the address, which may have a token in it.
    `status` is the HTTP status, where one came; `timed_out` says that we stopped waiting.
    """

    def __init__(
        self,
        detail: str,
        *,
        reached: Reached,
        status: int | None = None,
        timed_out: bool = False,
    ) -> None:
        super().__init__(f"{reached}: {detail}")
        self.reached = reached
        self.status = status
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What came back, wholly, whatever it says."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True)
class _RequestProgress:
    """How far a request has got by now."""

    reached: Reached = Reached.CONNECTING


_progress: ContextVar[_RequestProgress | None] = ContextVar("_progress", default=None)


def open_session(
    timeout: ClientTimeout, *, connections: int = CONNECTIONS, **given: Any
) -> ClientSession:
    """Connections for exchanges, to be closed by whoever opened them."""
    return ClientSession(
        connector=_Connector(limit=connections, keepalive_timeout=KEEP_ALIVE),
        cookie_jar=DummyCookieJar(),
        timeout=timeout,
        **given,
    )


def time_limits(
    connect: float | None = CONNECT_TIMEOUT, answer: float | None = ANSWER_TIMEOUT
) -> ClientTimeout:
    """Limits in seconds, to the connection and from there to the last byte; `None` for none."""
    total = None if connect is None or answer is None else connect + answer
    # aiohttp would otherwise round long timeouts up to a whole second.
    return ClientTimeout(total=total, connect=connect, ceil_threshold=inf)


async def exchange(
    session: ClientSession,
    method: str,
    url: str | URL,
    *,
    no_answer: type[NoAnswer] = NoAnswer,
    **given: Any,
) -> ApiAnswer:
    """Make one request.

    A POST or PATCH is never repeated: aiohttp does that with idempotent methods only. Redirects
    are not followed.

    Args:
        session: one of `open_session`.
        no_answer: what is raised.
        given: `data`, `headers` and the like, for aiohttp.

    Raises:
        NoAnswer: no answer came, or not wholly.
    """
    progress, status = _RequestProgress(), None
    outer = _progress.set(progress)
    try:
        async with session.request(method, url, allow_redirects=False, **given) as response:
            progress.reached, status = Reached.ANSWERING, response.status
            return ApiAnswer(status, response.headers, await response.read())
    except (ClientError, OSError, UnicodeError) as error:
        failure = no_answer(
            _described(error),
            reached=progress.reached,
            status=status,
            timed_out=isinstance(error, TimeoutError),
        )
    finally:
        _progress.reset(outer)
    # Raised outside the handler, so that aiohttp's error is not chained: several of them quote
    # the address.
    raise failure


class _Connector(TCPConnector):
    """Notes the moment from which a request may have left."""

    def __init__(self, *, limit: int, keepalive_timeout: float) -> None:
        super().__init__(limit=limit, keepalive_timeout=keepalive_timeout)
        self._used: WeakSet[asyncio.BaseTransport] = WeakSet()

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - the library's signature
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        while self._is_spent(connection.transport):
            connection.close()
            connection = await super().connect(req, traces, timeout)
        progress = _progress.get()
        if progress is not None:
            progress.reached = Reached.SENT
        return connection

    def _is_spent(self, transport: asyncio.BaseTransport | None) -> bool:
        """Whether a kept connection has been hung up; a new one has not been used yet."""
        if transport is None:
            return False
        if transport not in self._used:
            self._used.add(transport)
            return False
        return _has_ended(transport)


def _has_ended(transport: asyncio.BaseTransport) -> bool:
    """Whether a connection has been hung up without the event loop having seen it yet.

    What is written to it has an unknown outcome, so it is better not written. A connection on
    which nothing has been asked has nothing to say but that it ends.
    """
    watch = select.poll()
    watch.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _described(error: Exception) -> str:
    match error:
        case ClientConnectorError():
            return str(error)  # names host and port only
        case TimeoutError():
            return "timed out"
        case _:
            return type(error).__name__


def quoted(words: object) -> str:
    """What an API says, in short. An address may hold a one-time code, so it is left out."""
    return re.sub(r"\w+://[^\s'\"]+", "…", str(words))[:QUOTE_LIMIT]


def parsed(body: bytes) -> Any:
    """The JSON in a body; `None` if there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
