"""Calls of Discord's API on aiohttp: one request each, which tells how far it got."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from math import inf
from typing import Any

import yarl
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWSTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    FormData,
    TCPConnector,
)
from discord.gateway import DiscordClientWebSocketResponse
from discord.http import HTTPClient, Route

from adapters.discord.limits import Breaker, Buckets, Seconds, number

CONNECTIONS = 100
CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 10.0
"""Seconds from the connection to the last byte of the answer."""

KEEP_ALIVE = 15.0
"""Seconds that an idle connection is kept: less than servers do."""

BAN_WAIT = 600.0
"""Seconds of rest after a 429 that does not come from the API itself but from what stands before
it: our address is banned. Source: `discord/http.py`, "Banned by Cloudflare"."""

UNTOLD_WAIT = 30.0
"""Seconds of rest after a 429 that does not say how long."""

MESSAGE_LIMIT = 300


class Reached(StrEnum):
    """How far a request got."""

    CONNECTING = "connecting"
    """Nothing has left, certainly."""
    SENT = "sent"
    """It had a connection: some or all of it may have left."""
    ANSWERING = "answering"
    """The status line has come, the body has not, or not wholly."""
    ANSWERED = "answered"
    """A whole answer has come, but not one of the API's."""


class NoAnswer(Exception):
    """The API gave no answer that can be read. The text never holds the address or the token."""

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


class Refusal(Exception):
    """The API said no: the call was certainly not carried out.

    `code` is its JSON error code, 0 for none.

    Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
    """

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code


class Withheld(Exception):
    """Not now: Discord asked us to wait, or would. Certainly not carried out.

    `wait` is in seconds; `whole` says that it is about more than one channel.
    """

    def __init__(self, reason: str, wait: Seconds, *, whole: bool) -> None:
        super().__init__(f"{reason}: {wait:.1f} s")
        self.reason = reason
        self.wait = wait
        self.whole = whole


class DiscordHttp(HTTPClient):
    """The library's way to the API, without its patience.

    Its own `request` repeats after a 5xx and sleeps after a 429, so that nobody could tell what
    became of a message; here every call is one request, or none, and its outcome is told.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self, session: ClientSession, token: str, api_url: str, clock: Callable[[], Seconds]
    ) -> None:
        super().__init__(asyncio.get_running_loop())
        self.token = token
        self._session = session
        self._api_url = api_url
        self._clock = clock
        self._told_buckets = Buckets()
        self._breaker = Breaker()
        self._whole_until = 0.0

    async def request(self, route: Route, **given: Any) -> Any:
        """Make one request; gives what the API answers with, `None` for nothing.

        Args:
            given: `json`, the body; `files`, names and contents of PNGs that go with it, in the
                order of its `attachments`; `params`, the query; `after`, an awaitable: nothing
                leaves before it is done, and what it raises is raised.

        Raises:
            Refusal: the API said no.
            Withheld: not now.
            NoAnswer: nobody knows.
        """
        after: Awaitable[None] | None = given.get("after")
        body = json.dumps(given["json"]).encode() if "json" in given else None
        files: Sequence[tuple[str, bytes]] = given.get("files", ())
        self._check(route)
        if after is not None:
            await after
        status, headers, payload = await self._exchange(route, body, files, given.get("params"))
        self._told_buckets.learn(route.key, route.major_parameters, headers, self._clock())
        if 200 <= status < 300:
            return _result(status, payload)
        raise self._failure(route, status, headers, payload)

    async def ws_connect(self, url: str, *, compress: int = 0) -> Any:
        """Open the gateway's WebSocket."""
        return await self._session.ws_connect(
            url,
            max_msg_size=0,
            autoclose=False,
            compress=compress,
            headers=_AGENT,
            # Whoever does not answer our goodbye is not waited for.
            timeout=ClientWSTimeout(ws_close=2.0),
        )

    def _check(self, route: Route) -> None:
        at = self._clock()
        if self._whole_until > at:
            raise Withheld("asked to slow down", self._whole_until - at, whole=True)
        if wait := self._breaker.wait(at):
            raise Withheld("refused too often", wait, whole=True)
        if wait := self._told_buckets.wait(route.key, route.major_parameters, at):
            raise Withheld("asked to slow down", wait, whole=False)

    async def _exchange(
        self,
        route: Route,
        body: bytes | None,
        files: Sequence[tuple[str, bytes]],
        params: Mapping[str, Any] | None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = {**_AGENT, "Authorization": f"Bot {self.token}"}
        data: bytes | FormData | None = body
        if body is not None and files:
            data = _form(body, files)
        elif body is not None:
            headers["Content-Type"] = "application/json"
        # The address is escaped already, and must not be once more.
        url = yarl.URL(self._api_url + route.url.removeprefix(Route.BASE), encoded=True)
        reached, status = Reached.SENT, None
        try:
            async with self._session.request(
                route.method,
                url.extend_query(params or {}),
                data=data,
                headers=headers,
                allow_redirects=False,
            ) as response:
                reached, status = Reached.ANSWERING, response.status
                return response.status, response.headers, await response.read()
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            failure = NoAnswer(
                _described(error),
                reached=Reached.CONNECTING,
                timed_out=isinstance(error, TimeoutError),
            )
        except (ClientError, OSError) as error:
            failure = NoAnswer(
                _described(error),
                reached=reached,
                status=status,
                timed_out=isinstance(error, TimeoutError),
            )
        # Raised outside the handler, so that aiohttp's error is not chained: several of them
        # quote the address, which may hold an interaction's token.
        raise failure

    def _failure(
        self, route: Route, status: int, headers: Mapping[str, str], payload: bytes
    ) -> Exception:
        at = self._clock()
        answer = _parsed(payload)
        shared = headers.get("X-RateLimit-Scope") == "shared"
        if status in _COUNTED and not shared:
            self._breaker.count(at)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._slowed(route, headers, answer, at)
        if not isinstance(answer, dict) or "code" not in answer or not 400 <= status < 500:
            detail = f"{status}, not the API's answer" if answer is None else f"{status}"
            return NoAnswer(detail, reached=Reached.ANSWERED, status=status)
        code = answer["code"] if isinstance(answer["code"], int) else 0
        # What it says of an address is said without it: there may be a one-time code in it.
        message = re.sub(r"\w+://[^\s'\"]+", "…", str(answer.get("message", "")))
        return Refusal(status, code, message[:MESSAGE_LIMIT])

    def _slowed(
        self, route: Route, headers: Mapping[str, str], answer: object, at: Seconds
    ) -> Withheld:
        if not headers.get("Via") or not isinstance(answer, dict):
            self._whole_until = at + BAN_WAIT
            return Withheld("turned away by what stands before Discord", BAN_WAIT, whole=True)
        wait = number(answer.get("retry_after")) or number(headers.get("Retry-After"))
        wait = wait or UNTOLD_WAIT
        whole = answer.get("global") is True or headers.get("X-RateLimit-Scope") == "global"
        if whole:
            self._whole_until = max(self._whole_until, at + wait)
        else:
            self._told_buckets.rest(route.key, route.major_parameters, wait, at)
        return Withheld("asked to slow down", wait, whole=whole)


_AGENT = {"User-Agent": "DiscordBot (https://tradebell.invalid, 1) Tradebell"}
"""Source: https://docs.discord.com/developers/reference#user-agent"""

_COUNTED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


def new_session() -> ClientSession:
    """Connections for `DiscordHttp`, to be closed by whoever opened them."""
    return ClientSession(
        connector=TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE),
        cookie_jar=DummyCookieJar(),
        # aiohttp would otherwise round long timeouts up to a whole second.
        timeout=ClientTimeout(
            total=CONNECT_TIMEOUT + ANSWER_TIMEOUT, connect=CONNECT_TIMEOUT, ceil_threshold=inf
        ),
        ws_response_class=DiscordClientWebSocketResponse,
    )


def _form(body: bytes, files: Sequence[tuple[str, bytes]]) -> FormData:
    """Source: https://docs.discord.com/developers/reference#uploading-files"""
    form = FormData()
    form.add_field("payload_json", body.decode(), content_type="application/json")
    for place, (name, content) in enumerate(files):
        form.add_field(f"files[{place}]", content, filename=name, content_type="image/png")
    return form


def _result(status: int, payload: bytes) -> Any:
    if not payload:
        return None
    answer = _parsed(payload)
    if answer is None:
        raise NoAnswer("no result", reached=Reached.ANSWERED, status=status)
    return answer


def _described(error: Exception) -> str:
    match error:
        case ClientConnectorError():
            return str(error)  # names host and port only
        case TimeoutError():
            return "timed out"
        case _:
            return type(error).__name__


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None
