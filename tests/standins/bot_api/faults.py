"""What can go wrong with a call of the Bot API.

Wording: tdlib/telegram-bot-api:telegram-bot-api/Client.cpp and Query.cpp.
"""

import json
from collections.abc import Callable

from tests.standins import faults
from tests.standins.faults import Answer, Fault, html


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


def too_many_requests_html() -> Answer:
    return html(429, "Too Many Requests")


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
    **faults.BY_NAME,
    "internal_error": internal_error,
    "too_many_requests": lambda: too_many_requests(1),
    "too_many_requests_html": too_many_requests_html,
    "blocked": blocked,
    "kicked": kicked,
    "cannot_parse": cannot_parse,
}
"""Those that a test outside this process can ask for."""
