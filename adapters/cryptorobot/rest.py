"""Calls over REST."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import aiohttp

from adapters.cryptorobot import faults, logins
from adapters.cryptorobot.calls import Call, RestRequest
from adapters.cryptorobot.clock import PlatformClock
from adapters.cryptorobot.payload import Garbled, loads
from adapters.cryptorobot.settings import PlatformSettings
from bot.domain.accounts import Credential
from bot.errors import Refused
from bot.texts.errors import Sentence

LARGEST_ANSWER = 8 * 2**20
"""Bytes: a page of a hundred records of 80 KiB each."""

_SAID = 2000
"""Bytes of an answer that is not JSON which may hold its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAnswer:
    status: int
    retry_after: timedelta | None
    body: bytes

    @property
    def refused(self) -> bool:
        return self.status >= HTTPStatus.BAD_REQUEST

    @property
    def elsewhere(self) -> bool:
        """A redirection. Never followed: it would take the credential along."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST

    @property
    def text(self) -> str:
        return self.body[:_SAID].decode(errors="replace")


class Rest:
    """The platform's REST interface, one for all accounts: it keeps nothing of any.

    Args:
        writing: never sends a request a second time by itself.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        writing: aiohttp.ClientSession,
        settings: PlatformSettings,
        clock: PlatformClock,
    ) -> None:
        self._http = http
        self._writing = writing
        self._base = settings.url
        self._limit = settings.call_limit.total_seconds()
        # Waiting for a connection ends first, and has its own exception: nothing was sent.
        self._timeout = aiohttp.ClientTimeout(connect=settings.connect_limit.total_seconds())
        self._clock = clock

    async def call(self, call: Call, credential: Credential | None = None) -> object:
        """Make a call, once; gives the JSON of the answer, `None` where it is empty."""
        try:
            request = call.over_rest()
        except ValueError as error:
            raise Refused(Sentence.NOTHING_OF_THAT_ID) from error
        return await self.send(call, request, credential)

    async def send(
        self, call: Call, request: RestRequest, credential: Credential | None = None
    ) -> object:
        """Send a request that stands for a call."""
        answer = await self._exchange(call, request, credential)
        if answer.elsewhere:
            raise faults.unanswered(call, Sentence.LEADS_ELSEWHERE)
        if not answer.body and not answer.refused:
            return None
        try:
            content = loads(answer.body)
        except Garbled as error:
            if not answer.refused:
                raise faults.unanswered(call, Sentence.NOT_READABLE) from error
            content = answer.text
        if answer.refused:
            raise faults.refusal(call, content, answer.status, answer.retry_after)
        return content

    async def probe(self, request: RestRequest) -> RestAnswer:
        """What a stranger is answered, whatever it is."""
        return await self._exchange(Call(method="get", service=""), request, None)

    async def _exchange(
        self, call: Call, request: RestRequest, credential: Credential | None
    ) -> RestAnswer:
        headers = {"Accept": "application/json"}
        if credential is not None:
            headers |= logins.authorization(credential)
        try:
            async with (
                asyncio.timeout(self._limit),
                (self._writing if call.writes else self._http).request(
                    request.verb,
                    self._base + request.path,
                    params=request.parameters,
                    json=request.data,
                    headers=headers,
                    timeout=self._timeout,
                    allow_redirects=False,
                ) as answer,
            ):
                self._clock.hear(answer.headers.get("Date"))
                wait = faults.wait_asked(answer.headers.get("Retry-After"), self._clock())
                body = await _bounded(answer.content)
                if body is None:
                    raise faults.too_large(call)
                return RestAnswer(status=answer.status, retry_after=wait, body=body)
        except (aiohttp.ClientError, OSError) as error:
            raise faults.broken(call, error) from error


async def _bounded(content: aiohttp.StreamReader) -> bytes | None:
    """All that comes, `None` if it is too much."""
    read = bytearray()
    async for chunk in content.iter_any():
        read += chunk
        if len(read) > LARGEST_ANSWER:
            return None
    return bytes(read)
