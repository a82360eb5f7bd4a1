"""What a request without an answer means for what was to be sent (`guarantees.md` 2.3)."""

from datetime import timedelta
from http import HTTPStatus

from adapters.chat.exchange import NoAnswer, Reached
from bot.domain.deliveries import Attempt, Declined, Postponed, Scope, Unknown
from bot.domain.reasons import Reason

UNTOLD_WAIT = timedelta(seconds=30)
"""The rest of the whole bot after a 429 that does not say how long."""


def after_no_answer(lost: NoAnswer) -> Postponed | Declined | Unknown:
    """The outcome of a send without an answer of the platform's API.

    Only a request that never had a connection, or that a 3xx or 4xx turned away, was certainly
    not carried out. That stands in the first line of an answer, whatever became of its body.
    """
    if lost.reached is Reached.CONNECTING:
        reason = Reason.NO_CONNECTION_IN_TIME if lost.timed_out else Reason.NO_CONNECTION
        return Postponed(reason=reason, scope=Scope.CHANNEL)
    if lost.status is not None and lost.status >= 300:
        return _after_status(lost.status)
    if lost.timed_out:
        return Unknown(reason=Reason.NO_ANSWER_IN_TIME)
    match lost.reached:
        case Reached.ANSWERED:
            return Unknown(reason=Reason.FOREIGN_ANSWER)
        case Reached.ANSWERING:
            return Unknown(reason=Reason.ANSWER_BROKE_OFF)
        case _:
            return Unknown(reason=Reason.CONNECTION_BROKE_OFF)


def _after_status(status: int) -> Postponed | Declined | Unknown:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return after_untold_wait()
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Declined(reason=Reason.CONTENT_REFUSED)
    if status < 500:
        return Postponed(reason=f"{Reason.TURNED_AWAY}: HTTP {status}", scope=Scope.CHANNEL)
    return Unknown(reason=f"{Reason.SERVER_ERROR}: HTTP {status}")


def after_part(attempt: Attempt, number: int, of: int) -> Attempt:
    """The outcome of a card in several messages, of which one was not shown: those before were.

    Args:
        number: how many were shown before it.
    """
    if number == 0:
        return attempt
    return Unknown(reason=f"{Reason.BROKE_OFF}: after part {number} of {of}")


def after_untold_wait() -> Postponed:
    """The outcome where we are asked to slow down, and not told for how long."""
    return Postponed(reason=Reason.SLOW_DOWN, retry_after=UNTOLD_WAIT, scope=Scope.CHANNEL)


REASONS: frozenset[str] = frozenset(
    {
        *(
            Reason.NO_CONNECTION_IN_TIME,
            Reason.NO_CONNECTION,
            Reason.TURNED_AWAY,
            Reason.SERVER_ERROR,
        ),
        *(Reason.CONTENT_REFUSED, Reason.FOREIGN_ANSWER),
        *(Reason.NO_ANSWER_IN_TIME, Reason.ANSWER_BROKE_OFF, Reason.CONNECTION_BROKE_OFF),
        Reason.SLOW_DOWN,
    }
)
"""All that an outcome here can be for, up to a colon."""
