"""What a push service's answer, or none, means for what was to be sent."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from adapters.chat import faults
from adapters.chat.exchange import ApiAnswer, NoAnswer, Reached, parsed
from bot.domain.deliveries import Attempt, Declined, Gone, Halted, Postponed, Scope, Unknown
from bot.domain.reasons import Reason

LONGEST_WAIT = timedelta(hours=1)
"""A month's limit may be raised at any time, and a server that names a longer wait be mended."""

MESSAGE_GONE = Reason.MESSAGE_GONE

REASONS = faults.REASONS | frozenset(
    {
        *(Reason.NO_SERVICE, Reason.SERVICE_NOT_ALLOWED, Reason.FAILED_SOMEHOW),
        *(Reason.HOST_FORBIDDEN, Reason.NO_PUSH_SERVER, Reason.PUSH_LOGIN_REFUSED),
        *(Reason.PUSH_KEY_REFUSED, Reason.SUBSCRIPTION_ENDED, Reason.PUSH_USER_UNKNOWN),
        *(Reason.PHONE_REMOVED, Reason.TOKEN_REFUSED, MESSAGE_GONE),
    }
)
"""All that an outcome here can be for, up to a colon."""


def after_no_answer(lost: NoAnswer, *, own: bool) -> Attempt:
    """The outcome of a send without an answer.

    Args:
        own: the server is one that a person has named: what becomes of it is nobody else's.
    """
    if lost.reached is Reached.FORBIDDEN:
        return Gone(reason=Reason.HOST_FORBIDDEN)
    attempt = faults.after_no_answer(lost)
    if isinstance(attempt, Postponed) and own:
        return _alone(attempt.reason, attempt.retry_after)
    return attempt


def after_ntfy(answer: ApiAnswer) -> Attempt:
    """The outcome of what ntfy did not take.

    Source: https://github.com/binwiederhier/ntfy/blob/main/server/errors.go
    """
    match answer.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return _alone(Reason.SLOW_DOWN, _retry_after(answer) or faults.UNTOLD_WAIT)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return Gone(reason=Reason.PUSH_LOGIN_REFUSED)
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return Gone(reason=Reason.NO_PUSH_SERVER)
        case HTTPStatus.BAD_REQUEST | HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Declined(reason=Reason.CONTENT_REFUSED)
        case status if 200 <= status < 300:
            return Unknown(reason=Reason.FOREIGN_ANSWER)
        case status if status < 500:
            return _alone(f"{Reason.TURNED_AWAY}: HTTP {status}")
        case status:
            return Unknown(reason=f"{Reason.SERVER_ERROR}: HTTP {status}")


def after_pushover(answer: ApiAnswer, now: datetime) -> Attempt:
    """The outcome of what Pushover did not take.

    Source: https://pushover.net/api#friendly and #limits
    """
    said = parsed(answer.body)
    refused = isinstance(said, dict) and said.get("status") == 0
    match answer.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            wait = _until_reset(answer, now) or faults.UNTOLD_WAIT
            return Postponed(reason=Reason.SLOW_DOWN, retry_after=wait, scope=Scope.CHANNEL)
        case status if status >= 500:
            return Unknown(reason=f"{Reason.SERVER_ERROR}: HTTP {status}")
        case status if status >= 400 and refused:
            return _refused(said)
        case status if status >= 300:
            return Postponed(reason=f"{Reason.TURNED_AWAY}: HTTP {status}", scope=Scope.CHANNEL)
        case _:
            return Unknown(reason=Reason.FOREIGN_ANSWER)


def after_browser(answer: ApiAnswer) -> Attempt:
    """The outcome of what a browser's push service did not take.

    One that refuses our key holds up that phone alone: whoever subscribes names the service, and
    must not hold up the phones of others by what theirs says. It ends nothing: what is wrong may be
    our clock, and pass.

    Source: https://www.rfc-editor.org/rfc/rfc8030#section-5 and #section-8.4,
    https://www.rfc-editor.org/rfc/rfc8292#section-4.2
    """
    match answer.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return _alone(Reason.SLOW_DOWN, _retry_after(answer) or faults.UNTOLD_WAIT)
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return Gone(reason=Reason.SUBSCRIPTION_ENDED)
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return _alone(Reason.PUSH_KEY_REFUSED)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Declined(reason=Reason.CONTENT_REFUSED)
        case status if 200 <= status < 300:
            return Unknown(reason=Reason.FOREIGN_ANSWER)
        case status if status >= 500:
            return Unknown(reason=f"{Reason.SERVER_ERROR}: HTTP {status}")
        case status:
            return _alone(f"{Reason.TURNED_AWAY}: HTTP {status}")


def _refused(said: dict[str, Any]) -> Attempt:
    """Each parameter that is not taken stands there by its name."""
    if "token" in said:
        return Halted(reason=Reason.TOKEN_REFUSED)
    if "user" in said or "device" in said:
        return Gone(reason=Reason.PUSH_USER_UNKNOWN)
    return Declined(reason=Reason.CONTENT_REFUSED)


def _alone(reason: str, wait: timedelta | None = None) -> Postponed:
    # A server that is away counts for the item, so that it is asked less and less.
    return Postponed(reason=reason, retry_after=wait, scope=Scope.ENDPOINT, counts=wait is None)


def _retry_after(answer: ApiAnswer) -> timedelta | None:
    given = answer.headers.get("Retry-After", "")
    seconds = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
    return min(timedelta(seconds=seconds), LONGEST_WAIT) if seconds else None


def _until_reset(answer: ApiAnswer, now: datetime) -> timedelta | None:
    given = answer.headers.get("X-Limit-App-Reset", "")
    at = int(given) if given.isascii() and given.isdecimal() and len(given) < 12 else 0
    wait = at - now.timestamp()
    return min(timedelta(seconds=wait), LONGEST_WAIT) if wait > 0 else None
