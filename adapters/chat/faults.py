"""What a request without an answer means for what was to be sent (`guarantees.md` 2.3)."""

from datetime import timedelta
from http import HTTPStatus

from adapters.chat.exchange import NoAnswer, Reached
from bot.domain.deliveries import Attempt, Declined, Postponed, Scope, Unclear

UNTOLD_WAIT = timedelta(seconds=30)
"""The rest of the whole bot after a 429 that does not say how long."""


def after_no_answer(lost: NoAnswer, platform: str) -> Postponed | Declined | Unclear:
    """The outcome of a send without an answer of the platform's API.

    Only a request that never had a connection, or that a 3xx or 4xx turned away, was certainly
    not carried out. That stands in the first line of an answer, whatever became of its body.

    Args:
        platform: what people call it.
    """
    if lost.reached is Reached.CONNECTING:
        reason = "no connection in time" if lost.timed_out else "no connection"
        return Postponed(reason=reason, scope=Scope.CHANNEL)
    if lost.status is not None and lost.status >= 300:
        return _after_status(lost.status, platform)
    if lost.timed_out:
        return Unclear(reason="no answer in time")
    match lost.reached:
        case Reached.ANSWERED:
            return Unclear(reason=f"an answer that is not {platform}'s")
        case Reached.ANSWERING:
            return Unclear(reason="the answer broke off")
        case _:
            return Unclear(reason="the connection broke off")


def _after_status(status: int, platform: str) -> Postponed | Declined | Unclear:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return after_untold_wait()
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Declined(reason=f"{platform} refuses the content")
    if status < 500:
        return Postponed(reason=f"turned away: HTTP {status}", scope=Scope.CHANNEL)
    return Unclear(reason=f"server error: HTTP {status}")


def after_part(attempt: Attempt, number: int, of: int) -> Attempt:
    """The outcome of a card in several messages, of which one was not shown: those before were.

    Args:
        number: how many were shown before it.
    """
    if number == 0:
        return attempt
    return Unclear(reason=f"broke off: after part {number} of {of}")


def after_untold_wait() -> Postponed:
    """The outcome where we are asked to slow down, and not told for how long."""
    return Postponed(reason="asked to slow down", retry_after=UNTOLD_WAIT, scope=Scope.CHANNEL)


def reasons(platform: str) -> frozenset[str]:
    """All that an outcome here can be for, up to a colon."""
    return frozenset(
        {
            *("no connection in time", "no connection", "turned away", "server error"),
            *(f"{platform} refuses the content", f"an answer that is not {platform}'s"),
            *("no answer in time", "the answer broke off", "the connection broke off"),
            "asked to slow down",
        }
    )
