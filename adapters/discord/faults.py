"""What a failed call of Discord's API means for what was to be sent (`guarantees.md` 2.5, 2.6).

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from datetime import timedelta
from http import HTTPStatus

from adapters.chat.exchange import NoAnswer
from adapters.chat.faults import after_no_answer, reasons
from adapters.discord.transport import Refusal, Withheld
from bot.domain.deliveries import Attempt, Declined, Gone, Halted, Postponed, Scope, Sent

PLATFORM = "Discord"

UNKNOWN_MESSAGE = 10008
THREAD_SLEEPS = 50083
"""A new message wakes it, unless it is locked; a change of an old one does not.

Source: https://docs.discord.com/developers/topics/threads#active-and-archived-threads
"""
EXPIRED = frozenset({10015, 10062, 50027})
"""An interaction, or the webhook that answers it, that is not known any more."""
ALREADY_ANSWERED = 40060
DMS_TOO_FAST = 40003
NO_PERMISSION = 50013

AT_THE_DOOR = frozenset({0, 40333})
"""With a 403 or 404: no word about a channel, but of whatever stands before the API."""

DMS_WAIT = timedelta(minutes=10)
"""The rest of the whole bot when it has opened direct messages too fast."""

_CLOSED = {
    50007: "the person takes no messages from the bot",
    50278: "the person shares no server with the bot",
    10003: "the channel is gone",
    10004: "the bot was removed from the server",
    10013: "the account is gone",
    50001: "no access to the channel",
    NO_PERMISSION: "no right to write in the channel",
    50008: "not a channel that can be written to",
    50024: "not a channel that can be written to",
    THREAD_SLEEPS: "the thread is closed",
    160005: "the thread is closed",
}
"""Codes of an endpoint that is closed to us, and our words."""

MESSAGE_GONE = "the message is gone or can no longer be changed"

REASONS = reasons(PLATFORM) | frozenset(
    {
        *_CLOSED.values(),
        *("no access to the channel", "Discord refuses the bot's token"),
        *("Discord refuses the content", "asked to open chats more slowly"),
        *("asked to slow down", "refused too often", "turned away by what stands before Discord"),
        *("broke off", "the chat's history cannot be read", MESSAGE_GONE),
    }
)
"""All that an outcome here can be for, up to a colon: few enough to count by."""


def may_go_plain(refusal: Refusal, *, with_file: bool = False) -> bool:
    """Whether the words alone might be taken: without buttons, lists and files."""
    if refusal.code == NO_PERMISSION:
        return with_file  # which takes a right of its own
    return (
        refusal.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        and refusal.code not in _CLOSED
        and refusal.code not in (DMS_TOO_FAST, ALREADY_ANSWERED)
    )


def after_failure(error: Refusal | Withheld | NoAnswer) -> Attempt:
    """The outcome of a send that did not come back with a message."""
    match error:
        case Refusal():
            return after_refusal(error)
        case Withheld():
            return Postponed(
                reason=error.reason,
                retry_after=timedelta(seconds=error.wait),
                scope=Scope.CHANNEL if error.whole else Scope.ENDPOINT,
            )
        case NoAnswer():
            return after_no_answer(error, PLATFORM)


def after_refusal(refusal: Refusal) -> Attempt:
    """The outcome of a send that the API refused: certainly not sent, but for one case."""
    if refusal.code == UNKNOWN_MESSAGE:
        # The key against repeats found the first copy, and the person has deleted that since.
        # Source: https://github.com/Rapptz/discord.py/issues/10116
        return Sent(message="")
    if refusal.code == DMS_TOO_FAST:
        return Postponed(
            reason="asked to open chats more slowly", retry_after=DMS_WAIT, scope=Scope.CHANNEL
        )
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        return Halted(reason="Discord refuses the bot's token")
    if refusal.code in _CLOSED:
        return Gone(reason=_CLOSED[refusal.code])
    if refusal.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        if refusal.code in AT_THE_DOOR:
            return Postponed(reason=f"turned away: HTTP {refusal.status}", scope=Scope.CHANNEL)
        return Gone(reason="no access to the channel")
    return Declined(reason="Discord refuses the content")
