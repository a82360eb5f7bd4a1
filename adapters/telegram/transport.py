"""Requests to the Bot API on aiohttp, which tell how far they got when no answer came."""

import asyncio
import json
import re
import select
from collections.abc import Awaitable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from io import BytesIO
from math import inf
from typing import Any, TypeGuard
from weakref import WeakSet

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientRequest,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    FormData,
    TCPConnector,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.connector import Connection
from aiohttp.payload import BytesPayload
from aiohttp.tracing import Trace
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData
from yarl import URL

CONNECTIONS = 100
POOL_TIMEOUT = 5.0
CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 10.0
"""Seconds from the connection to the last byte of the answer. Generous, since an answer that is
not waited for is an alert that may be shown twice."""

UPLOAD_TIMEOUT = 30.0
"""The same for a request that carries a file."""

KEEP_ALIVE = 15.0
"""Seconds that an idle connection is kept: less than servers do (nginx: 75), because a request
written while the server hangs up has an unknown outcome."""

DESCRIPTION_LIMIT = 300
LONGEST_WAIT = 24 * 3600
"""Seconds; a longer `retry_after` than this is taken for nonsense."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = "application/json"


class Reached(StrEnum):
    """How far a request got."""

    CONNECTING = "connecting"
    """Waiting for a connection: nothing has left, certainly."""
    SENT = "sent"
    """It had a connection: some or all of it may have left."""
    ANSWERING = "answering"
    """The status line has come, the body has not, or not wholly."""
    ANSWERED = "answered"
    """A whole answer has come, but not one of the Bot API's."""


class NoAnswer(TelegramError):
    """The Bot API gave no answer that can be read.

    Neither the text nor a chained error holds the address, which has the token in it.
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


class Refusal(TelegramError):
    """The Bot API said no: the call was certainly not carried out.

    `retry_after` and `moved_to` (the id that a chat has now) are set where it gave them.

    Source: https://core.telegram.org/bots/api#making-requests and #responseparameters
    """

    def __init__(
        self,
        status: int,
        description: str,
        *,
        retry_after: timedelta | None = None,
        moved_to: int | None = None,
    ) -> None:
        super().__init__(f"{status} {description}")
        self.status = status
        self.description = description
        self.retry_after = retry_after
        self.moved_to = moved_to


@dataclass(slots=True)
class _Progress:
    reached: Reached = Reached.CONNECTING
    status: int | None = None
    held: bool = False
    """What is connected does not leave yet."""


_progress: ContextVar[_Progress] = ContextVar("_progress")


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
        if not progress.held:
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


class _Held(BytesPayload):
    """A body that waits, and with it the request: aiohttp keeps the head until the body comes."""

    def __init__(self, body: bytes, after: Awaitable[None], progress: _Progress) -> None:
        super().__init__(body, content_type=_JSON)
        self._after = after
        self._progress = progress

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        await self._after
        transport = getattr(writer, "transport", None)
        if transport is not None and _has_ended(transport):
            raise ConnectionResetError("hung up while the request was held")
        self._progress.reached = Reached.SENT
        await super().write_with_length(writer, content_length)


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's way to the Bot API.

    A request is never repeated here: aiohttp repeats only idempotent methods, ours is POST, and
    redirects are not followed. Whatever is not a result raises `Refusal` or `NoAnswer`; the
    library's own exceptions, which mix up the two, are not used.
    """

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        pool_timeout: float | None = POOL_TIMEOUT,
        connect_timeout: float | None = CONNECT_TIMEOUT,
        answer_timeout: float | None = ANSWER_TIMEOUT,
        upload_timeout: float | None = UPLOAD_TIMEOUT,
    ) -> None:
        """Take the limits; timeouts are in seconds, `None` for no limit."""
        self._connections = connections
        self._pool_timeout = pool_timeout
        self._connect_timeout = connect_timeout
        self._answer_timeout = answer_timeout
        self._upload_timeout = upload_timeout
        self._timeout = _timeout(_sum(pool_timeout, connect_timeout), answer_timeout)
        self._session: ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._answer_timeout

    @property
    def time_limit(self) -> float | None:
        """The seconds after which a request without a file has certainly ended."""
        return _sum(_sum(self._pool_timeout, self._connect_timeout), self._answer_timeout)

    async def initialize(self) -> None:
        if self._session is None:
            self._session = ClientSession(
                connector=_Connector(limit=self._connections, keepalive_timeout=KEEP_ALIVE),
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": "Tradebell"},
                timeout=self._timeout,
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one request; gives the status, which is 2xx, and the body.

        Raises:
            Refusal: the Bot API said no.
            NoAnswer: no answer came, or none of the Bot API's.
        """
        data, headers = _body(request_data)
        timeout = self._timeout_of(
            request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        )
        return await self._exchange(method, url, data, headers, timeout, _Progress())

    async def ask(
        self, url: str, parameters: Mapping[str, Any], after: Awaitable[None] | None = None
    ) -> Any:
        """Call a method of the Bot API with JSON; gives its result.

        The library's own way there, through `RequestParameter`s, costs a third more.

        Args:
            after: the request is prepared, and leaves once this is done. If it raises, nothing
                leaves, and the same is raised.

        Raises:
            Refusal: the Bot API said no.
            NoAnswer: no answer came, or none of the Bot API's.
        """
        body = json.dumps(parameters).encode()
        progress = _Progress(held=after is not None)
        if after is None:
            data = BytesPayload(body, content_type=_JSON)
        else:
            data = _Held(body, after, progress)
        try:
            _, payload = await self._exchange("POST", url, data, None, self._timeout, progress)
        except NoAnswer:
            if after is not None:
                await after
            raise
        return self.parse_json_payload(payload)["result"]

    async def _exchange(
        self,
        method: str,
        url: str,
        data: Any,
        headers: Mapping[str, str] | None,
        timeout: ClientTimeout,  # noqa: ASYNC109 - aiohttp minds it
        progress: _Progress,
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        _progress.set(progress)
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                progress.reached = Reached.ANSWERING
                progress.status = response.status
                payload = await response.read()
        except (ClientError, OSError, UnicodeError) as error:
            failure: TelegramError = NoAnswer(
                _described(error),
                reached=progress.reached,
                status=progress.status,
                timed_out=isinstance(error, TimeoutError),
            )
        else:
            if 200 <= response.status < 300:
                return response.status, payload
            failure = _failure(response.status, payload)
        # Raised outside the handler, so that aiohttp's error is not chained: several of them
        # quote the address.
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer that `do_request` let pass.

        Raises:
            NoAnswer: it is not a JSON object with a result.
        """
        answer = _parsed(payload)
        if answer is None or "result" not in answer:
            raise NoAnswer("no result", reached=Reached.ANSWERED, status=HTTPStatus.OK)
        return answer

    def _timeout_of(
        self,
        request_data: RequestData | None,
        read: ODVInput[float],
        write: ODVInput[float],
        connect: ODVInput[float],
        pool: ODVInput[float],
    ) -> ClientTimeout:
        """The library's four timeouts as aiohttp's two: to the connection, and over all."""
        unset = BaseRequest.DEFAULT_NONE
        upload = request_data is not None and request_data.contains_files
        if not upload and read is write is connect is pool is unset:
            return self._timeout
        answer = self._upload_timeout if upload else self._answer_timeout
        return _timeout(
            _sum(_given(pool, self._pool_timeout), _given(connect, self._connect_timeout)),
            _sum(_given(read, answer), _given(write, 0.0)),
        )


def _timeout(connect: float | None, answer: float | None) -> ClientTimeout:
    # aiohttp would otherwise round long timeouts up to a whole second.
    return ClientTimeout(total=_sum(connect, answer), connect=connect, ceil_threshold=inf)


def _given(value: ODVInput[float], default: float | None) -> float | None:
    return default if isinstance(value, DefaultValue) else value


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _body(
    request_data: RequestData | None,
) -> tuple[bytes | FormData | None, Mapping[str, str] | None]:
    if request_data is None:
        return None, None
    if not request_data.contains_files:
        # A form is what the library sends by itself, so every server for bots reads it. Its own
        # encoding costs as much again as the rest of a small request; yarl's is compiled.
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in request_data.parameters.items()
        }
        return URL.build(query=texts).raw_query_string.encode(), _FORM
    form = FormData(request_data.json_parameters)
    for name, (filename, content, mimetype) in request_data.multipart_data.items():
        # From a file, aiohttp writes in pieces and lets others run in between.
        file = BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, file, filename=filename, content_type=mimetype)
    return form, None


def _described(error: Exception) -> str:
    match error:
        case ClientConnectorError():
            return str(error)  # names host and port only
        case TimeoutError():
            return "timed out"
        case _:
            return type(error).__name__


def _failure(status: int, payload: bytes) -> TelegramError:
    """What an answer without a result says.

    A refusal is a 4xx in the Bot API's JSON. After a 5xx nobody knows: the server itself gives it
    when it lost a request half-way.
    """
    answer = _parsed(payload)
    if answer is None or answer.get("ok") is not False or not 400 <= status < 500:
        detail = f"{status}, not a Bot API answer" if answer is None else f"{status}"
        return NoAnswer(detail, reached=Reached.ANSWERED, status=status)
    # An address may hold a one-time code, and what it says of the address is said without it.
    description = re.sub(r"\w+://[^\s'\"]+", "…", str(answer.get("description", "")))
    parameters = answer.get("parameters")
    given = parameters if isinstance(parameters, dict) else {}
    wait = given.get("retry_after")
    moved_to = given.get("migrate_to_chat_id")
    return Refusal(
        status,
        description[:DESCRIPTION_LIMIT],
        retry_after=timedelta(seconds=wait) if _is_wait(wait) else None,
        moved_to=moved_to if isinstance(moved_to, int) else None,
    )


def _is_wait(seconds: object) -> TypeGuard[float]:
    return isinstance(seconds, int | float) and 0 < seconds <= LONGEST_WAIT


def _parsed(payload: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
