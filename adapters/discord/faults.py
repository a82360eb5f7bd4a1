"""What a failed call of Discord's API means for what was to be sent (`guarantees.md` 2.5, 2.6).

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from datetime import timedelta
from http import HTTPStatus

from adapters.chat import faults
from adapters.chat.exchange import NoAnswer
from adapters.discord.transport import DiscordRefusal, RateLimited
from bot.domain.deliveries import Attempt, Declined, Gone, Halted, Postponed, Scope, Sent
from bot.domain.reasons import Reason

PLATFORM = "Discord"

UNKNOWN_MESSAGE = 10008
NO_REPLY = 160002
"""To reply takes the right to read what was said before."""
THREAD_SLEEPS = 50083
"""A new message wakes it, unless it is locked; a change of an old one does not.

Source: https://docs.discord.com/developers/topics/threads#active-and-archived-threads
"""
EXPIRED = frozenset({10015, 10062, 50027})
"""An interaction, or the webhook that answers it, that is not known any more."""
ALREADY_ANSWERED = 40060
DMS_TOO_FAST = 40003
NO_ACCESS = 50001
NO_PERMISSION = 50013
NOT_IN_THIS_CHANNEL = 50024

AT_THE_DOOR = frozenset({0, 40333})
"""With a 403 or 404: no word about a channel, but of whatever stands before the API."""

DMS_WAIT = timedelta(minutes=10)
"""The rest of the whole bot when it has opened direct messages too fast."""

_CLOSED = {
    50007: Reason.NO_MESSAGES,
    50278: Reason.NO_SERVER_SHARED,
    10003: Reason.CHANNEL_GONE,
    10004: Reason.REMOVED_FROM_SERVER,
    10013: Reason.ACCOUNT_GONE,
    NO_ACCESS: Reason.NO_ACCESS,
    NO_PERMISSION: Reason.NO_RIGHT,
    50008: Reason.NOT_WRITABLE,
    NOT_IN_THIS_CHANNEL: Reason.NOT_WRITABLE,
    THREAD_SLEEPS: Reason.THREAD_CLOSED,
    160005: Reason.THREAD_CLOSED,
}
"""Codes of an endpoint that is closed to us, and our words."""

MESSAGE_GONE = Reason.MESSAGE_GONE

REASONS = faults.REASONS | frozenset(
    {
        *_CLOSED.values(),
        *(Reason.NO_ACCESS, Reason.TOKEN_REFUSED),
        *(Reason.CONTENT_REFUSED, Reason.OPEN_SLOWER),
        *(Reason.SLOW_DOWN, Reason.REFUSED_TOO_OFTEN, Reason.TURNED_AWAY_BEFORE),
        *(Reason.BROKE_OFF, Reason.HISTORY_UNREADABLE, MESSAGE_GONE),
    }
)
"""All that an outcome here can be for, up to a colon: few enough to count by."""


def may_go_plain(refusal: DiscordRefusal, *, with_file: bool = False) -> bool:
    """Whether the words alone might be taken: without buttons, lists and files."""
    if refusal.code == NO_PERMISSION:
        return with_file  # which takes a right of its own
    return (
        refusal.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        and refusal.code not in _CLOSED
        and refusal.code not in (DMS_TOO_FAST, ALREADY_ANSWERED)
    )


def after_failure(error: DiscordRefusal | RateLimited | NoAnswer) -> Attempt:
    """The outcome of a send that did not come back with a message."""
    match error:
        case DiscordRefusal():
            return after_refusal(error)
        case RateLimited():
            return Postponed(
                reason=error.reason,
                retry_after=timedelta(seconds=error.wait),
                scope=Scope.CHANNEL if error.whole else Scope.ENDPOINT,
            )
        case NoAnswer():
            return faults.after_no_answer(error)


def after_refusal(refusal: DiscordRefusal) -> Attempt:
    """The outcome of a send that the API refused: certainly not sent, but for one case."""
    if refusal.code == UNKNOWN_MESSAGE:
        # The key against repeats found the first copy, and the person has deleted that since.
        # Source: https://github.com/Rapptz/discord.py/issues/10116
        return Sent(message="")
    if refusal.code == DMS_TOO_FAST:
        return Postponed(reason=Reason.OPEN_SLOWER, retry_after=DMS_WAIT, scope=Scope.CHANNEL)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        return Halted(reason=Reason.TOKEN_REFUSED)
    if refusal.code in _CLOSED:
        return Gone(reason=_CLOSED[refusal.code])
    if refusal.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        if refusal.code in AT_THE_DOOR:
            return Postponed(
                reason=f"{Reason.TURNED_AWAY}: HTTP {refusal.status}", scope=Scope.CHANNEL
            )
        return Gone(reason=Reason.NO_ACCESS)
    return Declined(reason=Reason.CONTENT_REFUSED)
