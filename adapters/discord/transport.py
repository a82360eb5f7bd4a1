"""Calls of Discord's API: one request each."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from math import inf
from typing import Any

import yarl
from aiohttp import ClientSession, ClientTimeout, ClientWSTimeout, DummyCookieJar, FormData
from discord.gateway import DiscordClientWebSocketResponse
from discord.http import HTTPClient, Route

from adapters.chat.connections import Body, Connections, Limits, Requests, form_body
from adapters.chat.exchange import ApiAnswer, NoAnswer, Reached, parsed, quoted
from adapters.chat.faults import UNTOLD_WAIT
from adapters.discord.limits import Breaker, Buckets, Seconds, number
from bot.domain.reasons import Reason

BAN_WAIT = 600.0
"""Seconds of rest after a 429 that does not come from the API itself but from what stands before
it: our address is banned. Source: `discord/http.py`, "Banned by Cloudflare"."""


class DiscordRefusal(Exception):
    """The API said no: the call was certainly not carried out.

    `code` is its JSON error code, 0 for none.

    Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
    """

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code


class RateLimited(Exception):
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
        session: what the gateway is opened with.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        requests: Requests,
        session: ClientSession,
        token: str,
        api_url: str,
        clock: Callable[[], Seconds],
    ) -> None:
        super().__init__(asyncio.get_running_loop())
        self.token = token
        self._requests = requests
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
                order of its `attachments`; `params`, the query.

        Raises:
            DiscordRefusal: the API said no.
            RateLimited: not now.
            NoAnswer: nobody knows.
        """
        body = json.dumps(given["json"]).encode() if "json" in given else None
        files: Sequence[tuple[str, bytes]] = given.get("files", ())
        self._check(route)
        answer = await self._exchange(route, body, files, given.get("params"))
        self._told_buckets.learn(route.key, route.major_parameters, answer.headers, self._clock())
        if answer.is_good:
            return _result(answer)
        raise self._failure(route, answer)

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
            raise RateLimited(Reason.SLOW_DOWN, self._whole_until - at, whole=True)
        if wait := self._breaker.wait(at):
            raise RateLimited(Reason.REFUSED_TOO_OFTEN, wait, whole=True)
        if wait := self._told_buckets.wait(route.key, route.major_parameters, at):
            raise RateLimited(Reason.SLOW_DOWN, wait, whole=False)

    async def _exchange(
        self,
        route: Route,
        body: bytes | None,
        files: Sequence[tuple[str, bytes]],
        params: Mapping[str, Any] | None,
    ) -> ApiAnswer:
        headers = {**_AGENT, "Authorization": f"Bot {self.token}"}
        content = None if body is None else Body(body)
        if body is not None and files:
            content = await form_body(_form(body, files))
        # The address is escaped already, and must not be once more.
        url = yarl.URL(self._api_url + route.url.removeprefix(Route.BASE), encoded=True)
        url = url.extend_query(params or {})
        return await self._requests.ask(route.method, url, content, headers=headers)

    def _failure(self, route: Route, answer: ApiAnswer) -> Exception:
        at = self._clock()
        status, said = answer.status, parsed(answer.body)
        shared = answer.headers.get("X-RateLimit-Scope") == "shared"
        if status in _COUNTED and not shared:
            self._breaker.count(at)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._slowed(route, answer.headers, said, at)
        if not isinstance(said, dict) or "code" not in said or not 400 <= status < 500:
            detail = f"{status}, not the API's answer" if said is None else f"{status}"
            return NoAnswer(detail, reached=Reached.ANSWERED, status=status)
        code = said["code"] if isinstance(said["code"], int) else 0
        return DiscordRefusal(status, code, quoted(said.get("message", "")))

    def _slowed(
        self, route: Route, headers: Mapping[str, str], answer: object, at: Seconds
    ) -> RateLimited:
        if not headers.get("Via") or not isinstance(answer, dict):
            self._whole_until = at + BAN_WAIT
            return RateLimited(Reason.TURNED_AWAY_BEFORE, BAN_WAIT, whole=True)
        wait = number(answer.get("retry_after")) or number(headers.get("Retry-After"))
        wait = wait or UNTOLD_WAIT.total_seconds()
        whole = answer.get("global") is True or headers.get("X-RateLimit-Scope") == "global"
        if whole:
            self._whole_until = max(self._whole_until, at + wait)
        else:
            self._told_buckets.rest(route.key, route.major_parameters, wait, at)
        return RateLimited(Reason.SLOW_DOWN, wait, whole=whole)


_AGENT = {"User-Agent": "DiscordBot (https://tradebell.invalid, 1) Tradebell"}
"""Source: https://docs.discord.com/developers/reference#user-agent"""

_COUNTED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


@asynccontextmanager
async def open_http(
    token: str, api_url: str, clock: Callable[[], Seconds]
) -> AsyncIterator[DiscordHttp]:
    """The API over connections of its own."""
    limits = Limits()
    opening = ClientTimeout(total=limits.answer, connect=limits.connect, ceil_threshold=inf)
    async with (
        Connections(limits=limits) as requests,
        ClientSession(
            cookie_jar=DummyCookieJar(),
            timeout=opening,
            ws_response_class=DiscordClientWebSocketResponse,
        ) as session,
    ):
        yield DiscordHttp(requests, session, token, api_url, clock)


def _form(body: bytes, files: Sequence[tuple[str, bytes]]) -> FormData:
    """Source: https://docs.discord.com/developers/reference#uploading-files"""
    form = FormData()
    form.add_field("payload_json", body.decode(), content_type="application/json")
    for place, (name, content) in enumerate(files):
        form.add_field(f"files[{place}]", content, filename=name, content_type="image/png")
    return form


def _result(answer: ApiAnswer) -> Any:
    if not answer.body:
        return None
    result = parsed(answer.body)
    if result is None:
        raise NoAnswer("no result", reached=Reached.ANSWERED, status=answer.status)
    return result
