"""Requests to the Bot API."""

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, TypeGuard

from aiohttp import ClientSession, ClientTimeout, FormData
from aiohttp.payload import BytesPayload
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData
from yarl import URL

from adapters.chat.exchange import (
    ANSWER_TIMEOUT,
    CONNECT_TIMEOUT,
    CONNECTIONS,
    ApiAnswer,
    NoAnswer,
    Reached,
    exchange,
    open_session,
    parsed,
    quoted,
    time_limits,
)

POOL_TIMEOUT = 5.0
UPLOAD_TIMEOUT = 30.0
"""Seconds like `ANSWER_TIMEOUT`, for a request that carries a file."""

LONGEST_WAIT = 24 * 3600
"""Seconds; a longer `retry_after` than this is taken for nonsense."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = "application/json"


class _NoAnswer(NoAnswer, TelegramError):
    """The library lets no error pass but its own."""


class TelegramRefusal(TelegramError):
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


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's way to the Bot API.

    A request is never repeated here: ours is POST. Whatever is not a result raises
    `TelegramRefusal` or `NoAnswer`; the library's own exceptions, which mix up the two, are not
    used.
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
        self._timeout = time_limits(_sum(pool_timeout, connect_timeout), answer_timeout)
        self._session: ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._answer_timeout

    async def initialize(self) -> None:
        if self._session is None:
            self._session = open_session(
                self._timeout, connections=self._connections, headers={"User-Agent": "Tradebell"}
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
            TelegramRefusal: the Bot API said no.
            NoAnswer: no answer came, or none of the Bot API's.
        """
        data, headers = _body(request_data)
        timeout = self._timeout_of(
            request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        )
        answer = await self._exchange(method, url, data=data, headers=headers, timeout=timeout)
        return answer.status, answer.body

    async def ask(self, url: str, parameters: Mapping[str, Any]) -> Any:
        """Call a method of the Bot API with JSON; gives its result.

        The library's own way there, through `RequestParameter`s, costs a third more.

        Raises:
            TelegramRefusal: the Bot API said no.
            NoAnswer: no answer came, or none of the Bot API's.
        """
        body = BytesPayload(json.dumps(parameters).encode(), content_type=_JSON)
        answer = await self._exchange("POST", url, data=body)
        return self.parse_json_payload(answer.body)["result"]

    async def _exchange(self, method: str, url: str, **given: Any) -> ApiAnswer:
        if self._session is None:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        answer = await exchange(self._session, method, url, no_answer=_NoAnswer, **given)
        if answer.is_good:
            return answer
        raise _failure(answer)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer that `do_request` let pass.

        Raises:
            NoAnswer: it is not a JSON object with a result.
        """
        answer = parsed(payload)
        if not isinstance(answer, dict) or "result" not in answer:
            raise _NoAnswer("no result", reached=Reached.ANSWERED, status=HTTPStatus.OK)
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
        return time_limits(
            _sum(_given(pool, self._pool_timeout), _given(connect, self._connect_timeout)),
            _sum(_given(read, answer), _given(write, 0.0)),
        )


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


def _failure(answer: ApiAnswer) -> TelegramError:
    """What an answer without a result says.

    A refusal is a 4xx in the Bot API's JSON. After a 5xx nobody knows: the server itself gives it
    when it lost a request half-way.
    """
    status, said = answer.status, parsed(answer.body)
    if not isinstance(said, dict) or said.get("ok") is not False or not 400 <= status < 500:
        detail = f"{status}" if isinstance(said, dict) else f"{status}, not a Bot API answer"
        return _NoAnswer(detail, reached=Reached.ANSWERED, status=status)
    parameters = said.get("parameters")
    given = parameters if isinstance(parameters, dict) else {}
    wait = given.get("retry_after")
    moved_to = given.get("migrate_to_chat_id")
    return TelegramRefusal(
        status,
        quoted(said.get("description", "")),
        retry_after=timedelta(seconds=wait) if _is_wait(wait) else None,
        moved_to=moved_to if isinstance(moved_to, int) else None,
    )


def _is_wait(seconds: object) -> TypeGuard[float]:
    return isinstance(seconds, int | float) and 0 < seconds <= LONGEST_WAIT
