"""Requests to the Bot API."""

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, TypeGuard

from aiohttp import FormData
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from adapters.chat.connections import CONNECTIONS, Body, Connections, Limits, form_body
from adapters.chat.exchange import ApiAnswer, NoAnswer, Reached, parsed, quoted

LIMITS = Limits(connect=10.0)
UPLOAD_TIMEOUT = 30.0
"""Seconds like `Limits.answer`, for a request that carries a file."""

LONGEST_WAIT = 24 * 3600
"""Seconds; a longer `retry_after` than this is taken for nonsense."""

_HEADERS = {"User-Agent": "Tradebell"}


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


class BotApiRequest(BaseRequest):
    """python-telegram-bot's way to the Bot API.

    A request is never repeated here. Whatever is not a result raises `TelegramRefusal` or
    `NoAnswer`; the library's own exceptions, which mix up the two, are not used.

    Args:
        connections: how many there are at most.
        upload_timeout: the limit to the answer where a file is sent.
    """

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        limits: Limits = LIMITS,
        upload_timeout: float | None = UPLOAD_TIMEOUT,
    ) -> None:
        self._connections = connections
        self._limits = limits
        self._upload_timeout = upload_timeout
        self._open: Connections | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._limits.answer

    async def initialize(self) -> None:
        if self._open is None:
            self._open = Connections(
                most=self._connections, limits=self._limits, no_answer=_NoAnswer
            )

    async def shutdown(self) -> None:
        if self._open is not None:
            connections, self._open = self._open, None
            await connections.close()

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
        usual = self._limits
        upload = request_data is not None and request_data.contains_files
        answer = self._upload_timeout if upload else usual.answer
        # The library's four timeouts are two here.
        waits = (pool_timeout, connect_timeout)
        limits = Limits(
            connect=usual.connect if all(_is_unset(each) for each in waits) else _sum(*waits),
            answer=_sum(answer if _is_unset(read_timeout) else read_timeout, write_timeout),
        )
        answered = await self._ask(method, url, await _body(request_data), limits)
        return answered.status, answered.body

    async def ask(self, url: str, parameters: Mapping[str, Any]) -> Any:
        """Call a method of the Bot API with JSON; gives its result.

        The library's own way there, through `RequestParameter`s, costs more than the request.

        Raises:
            TelegramRefusal: the Bot API said no.
            NoAnswer: no answer came, or none of the Bot API's.
        """
        answer = await self._ask("POST", url, Body(json.dumps(parameters).encode()))
        return self.parse_json_payload(answer.body)["result"]

    async def _ask(
        self, method: str, url: str, body: Body | None, limits: Limits | None = None
    ) -> ApiAnswer:
        if self._open is None:
            raise RuntimeError("This BotApiRequest is not initialized!")
        answer = await self._open.ask(method, url, body, headers=_HEADERS, limits=limits)
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


def _is_unset(seconds: ODVInput[float]) -> bool:
    return isinstance(seconds, DefaultValue)


def _sum(*each: ODVInput[float]) -> float | None:
    """Of those that are set; `None`, for no limit, if one of them is."""
    total = 0.0
    for seconds in each:
        if seconds is None:
            return None
        total += 0.0 if isinstance(seconds, DefaultValue) else seconds
    return total


async def _body(request_data: RequestData | None) -> Body | None:
    if request_data is None:
        return None
    if not request_data.contains_files:
        return Body(json.dumps(request_data.parameters).encode())
    form = FormData(request_data.json_parameters)
    for name, (filename, content, mimetype) in request_data.multipart_data.items():
        # aiohttp takes no large one but from a file.
        file = BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, file, filename=filename, content_type=mimetype)
    return await form_body(form)


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
