"""One HTTP exchange with a chat platform's API: its answer, or how far it got when none came."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

QUOTE_LIMIT = 300


class Reached(StrEnum):
    """How far a request got."""

    FORBIDDEN = "forbidden"
    """The host is one that must not be connected to: nothing has left."""
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
    """What came back, wholly, whatever it says. The names of `headers` have any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


def quoted(words: object) -> str:
    """What an API says, in short. An address may hold a one-time code, so it is left out."""
    return re.sub(r"\w+://[^\s'\"]+", "…", str(words))[:QUOTE_LIMIT]


def parsed(body: bytes) -> Any:
    """The JSON in a body; `None` if there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
