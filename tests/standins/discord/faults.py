"""What can go wrong with a request, scripted by request number or by what is asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.standins.bot_api.faults import Drop, Hold, Slow
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
from tests.standins.discord.world import Call

VIA = {"Via": "1.1 google"}
"""Discord's own servers stand behind this proxy: what lacks it comes from Cloudflare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Another answer than the true one. `executes`: the request is carried out all the same."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=lambda: VIA)
    executes: bool = False


Fault = Answer | Drop | Slow | Hold


@dataclass(slots=True, kw_only=True)
class Rule:
    """Which requests a fault meets: the first `skip` that fit pass, then `times` are met."""

    fault: Fault
    route: str | None = None
    channel: int | None = None
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
            self.route in (None, call.route)
            and self.channel in (None, call.channel)
            and (self.where is None or bool(self.where(call)))
        )


# --- the usual ones -----------------------------------------------------------------------


def refused(error: ApiError) -> Answer:
    return Answer(status=error.status, body=json.dumps(error.as_json()).encode())


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


def html(status: int, title: str, *, executes: bool = False) -> Answer:
    body = f"<html><head><title>{status} {title}</title></head></html>"
    return Answer(
        status=status,
        body=body.encode(),
        content_type="text/html",
        headers={},
        executes=executes,
    )


def bad_gateway(*, executes: bool = False) -> Answer:
    return html(502, "Bad Gateway", executes=executes)


def gateway_timeout(*, executes: bool = False) -> Answer:
    return html(504, "Gateway Time-out", executes=executes)


def internal_error(*, executes: bool = False) -> Answer:
    body = {"message": "500: Internal Server Error", "code": 0}
    return Answer(status=500, body=json.dumps(body).encode(), executes=executes)


def overloaded() -> Answer:
    """A 503, which discord.py does not retry."""
    body = {"message": "API resource is currently overloaded. Try again a little later."}
    return Answer(status=503, body=json.dumps(body | {"code": 130000}).encode())


def captive_portal() -> Answer:
    return html(200, "Welcome to the hotel")


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
    "drop": Drop,
    "drop_after": lambda: Drop(executes=True),
    "truncate": lambda: Drop(executes=True, midway=True),
    "bad_gateway": bad_gateway,
    "bad_gateway_after": lambda: bad_gateway(executes=True),
    "gateway_timeout": gateway_timeout,
    "internal_error": internal_error,
    "overloaded": overloaded,
    "captive_portal": captive_portal,
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

__all__ = ["Answer", "Drop", "Fault", "Hold", "Rule", "Slow"]
