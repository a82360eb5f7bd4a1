"""What can go wrong with a request, scripted by request number or by what is asked."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.standins.bot_api.world import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Another answer than the true one. `executes`: the method is carried out all the same."""

    status: int
    body: bytes
    content_type: str = "application/json"
    executes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The connection ends without a word, before or after the method is carried out.

    `midway`: in the middle of the answer's body.
    """

    executes: bool = False
    midway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """The method is carried out and answered after a while."""

    seconds: float
    executes: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class Hold:
    """The true answer, once `release` is called."""

    executes: bool = True
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self, *, within: float = 5.0) -> None:
        """Wait until a request is being held."""
        async with asyncio.timeout(within):
            await self.holding.wait()

    def release(self) -> None:
        self.released.set()


Fault = Answer | Drop | Slow | Hold


@dataclass(slots=True, kw_only=True)
class Rule:
    """Which requests a fault meets: the first `skip` that fit pass, then `times` are met."""

    fault: Fault
    method: str | None = None
    chat: int | None = None
    where: Callable[[Call], object] | None = None
    skip: int = 0
    times: int | None = 1

    def takes(self, call: Call) -> bool:
        if self.times == 0 or not self._fits(call):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def _fits(self, call: Call) -> bool:
        return (
            self.method in (None, call.method)
            and self.chat in (None, call.chat)
            and (self.where is None or bool(self.where(call)))
        )


# --- the usual ones -----------------------------------------------------------------------
# Wording: tdlib/telegram-bot-api:telegram-bot-api/Client.cpp and Query.cpp.


def refused(status: int, description: str, **parameters: int) -> Answer:
    body: dict[str, object] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Answer(status=status, body=json.dumps(body).encode())


def too_many_requests(retry_after: int) -> Answer:
    return refused(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def too_many_requests_for_how_long() -> Answer:
    """A 429 that does not say when to come back."""
    return refused(429, "Too Many Requests")


def html(status: int, title: str, *, executes: bool = False) -> Answer:
    body = f"<html><head><title>{status} {title}</title></head></html>"
    return Answer(status=status, body=body.encode(), content_type="text/html", executes=executes)


def too_many_requests_html() -> Answer:
    return html(429, "Too Many Requests")


def bad_gateway(*, executes: bool = False) -> Answer:
    return html(502, "Bad Gateway", executes=executes)


def gateway_timeout(*, executes: bool = False) -> Answer:
    return html(504, "Gateway Time-out", executes=executes)


def captive_portal() -> Answer:
    return html(200, "Welcome to the hotel")


def internal_error() -> Answer:
    return refused(500, "Internal Server Error: request aborted")


def blocked() -> Answer:
    return refused(403, "Forbidden: bot was blocked by the user")


def kicked() -> Answer:
    return refused(403, "Forbidden: bot was kicked from the supergroup chat")


def chat_not_found() -> Answer:
    return refused(400, "Bad Request: chat not found")


def cannot_parse() -> Answer:
    return refused(400, "Bad Request: can't parse entities: Unclosed start tag at byte offset 0")


def topic_closed() -> Answer:
    return refused(400, "Bad Request: TOPIC_CLOSED")


def migrated(chat: int) -> Answer:
    return refused(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=chat,
    )


BY_NAME: dict[str, Callable[[], Fault]] = {
    "drop": Drop,
    "drop_after": lambda: Drop(executes=True),
    "truncate": lambda: Drop(executes=True, midway=True),
    "bad_gateway": bad_gateway,
    "gateway_timeout": gateway_timeout,
    "internal_error": internal_error,
    "captive_portal": captive_portal,
    "too_many_requests": lambda: too_many_requests(1),
    "too_many_requests_html": too_many_requests_html,
    "blocked": blocked,
    "kicked": kicked,
    "cannot_parse": cannot_parse,
}
"""Those that a test outside this process can ask for."""
