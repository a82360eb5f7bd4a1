"""What can go wrong with a request to Discord."""

import json
from collections.abc import Callable

from tests.standins import faults
from tests.standins.discord.errors import (
    DMS_CLOSED,
    DMS_TOO_FAST,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    UNKNOWN_CHANNEL,
    ApiError,
    Json,
    refusal,
    unauthorized,
)
from tests.standins.faults import Answer, Fault

VIA = {"Via": "1.1 google"}
"""Discord's own servers stand behind this proxy: what lacks it comes from Cloudflare."""


def refused(error: ApiError) -> Answer:
    return _told(error.status, error.as_json())


def _told(status: int, body: Json, *, executes: bool = False) -> Answer:
    return Answer(status=status, body=json.dumps(body).encode(), headers=VIA, executes=executes)


def too_many_requests(
    retry_after: float, *, scope: str = "user", everything: bool = False, via: bool = True
) -> Answer:
    """A 429 out of the blue.

    Args:
        retry_after: seconds.
        scope: `user`, `shared` or, with `everything`, `global`.
        via: whether Discord itself says so, not Cloudflare.

    Source: discord/discord-api-docs:developers/topics/rate-limits.mdx.
    """
    body: Json = {
        "message": "You are being rate limited.",
        "retry_after": retry_after,
        "global": everything,
    }
    headers = {
        "Retry-After": str(max(1, round(retry_after))),
        "X-RateLimit-Scope": "global" if everything else scope,
        **({"X-RateLimit-Global": "true"} if everything else {}),
        **(VIA if via else {}),
    }
    return Answer(status=429, body=json.dumps(body).encode(), headers=headers)


def banned(retry_after: int = 600) -> Answer:
    """Cloudflare, after too many invalid requests: no JSON, no `Via`."""
    return Answer(
        status=429,
        body=b"<html><head><title>Access denied | discord.com</title></head></html>",
        content_type="text/html",
        headers={"Retry-After": str(retry_after)},
    )


def internal_error(*, executes: bool = False) -> Answer:
    body = {"message": "500: Internal Server Error", "code": 0}
    return _told(500, body, executes=executes)


def overloaded() -> Answer:
    """A 503, which discord.py does not retry."""
    message = "API resource is currently overloaded. Try again a little later."
    return _told(503, {"message": message, "code": 130000})


def dms_closed() -> Answer:
    return refused(refusal(DMS_CLOSED))


def dms_too_fast() -> Answer:
    return refused(refusal(DMS_TOO_FAST))


def channel_gone() -> Answer:
    return refused(refusal(UNKNOWN_CHANNEL))


def no_access() -> Answer:
    return refused(refusal(MISSING_ACCESS))


def no_permission() -> Answer:
    return refused(refusal(MISSING_PERMISSIONS))


def token_refused() -> Answer:
    return refused(unauthorized())


BY_NAME: dict[str, Callable[[], Fault]] = {
    **faults.BY_NAME,
    "internal_error": internal_error,
    "overloaded": overloaded,
    "too_many_requests": lambda: too_many_requests(1),
    "too_many_requests_everywhere": lambda: too_many_requests(1, everything=True),
    "banned": banned,
    "dms_closed": dms_closed,
    "dms_too_fast": dms_too_fast,
    "channel_gone": channel_gone,
    "no_access": no_access,
    "no_permission": no_permission,
    "token_refused": token_refused,
}
"""Those that a test outside this process can ask for."""
