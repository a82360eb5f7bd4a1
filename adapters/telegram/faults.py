"""What a failed call of the Bot API means for what was to be sent (`guarantees.md` 2.3, 2.6).

Wording of refusals: tdlib/telegram-bot-api:telegram-bot-api/Client.cpp.
"""

import re
from datetime import timedelta
from enum import Enum, auto
from http import HTTPStatus

from adapters.telegram.transport import NoAnswer, Reached, Refusal
from bot.domain.deliveries import (
    Attempt,
    Declined,
    Gone,
    Halted,
    Moved,
    Postponed,
    Scope,
    Unclear,
)

TOKEN_WAIT = timedelta(seconds=30)
"""The rest of the whole token after a 429 that does not say how long."""

CHAT_WAIT = timedelta(seconds=30)
"""A longer wait than this is not about one chat."""


class Trouble(Enum):
    """What a refusal is about."""

    PACE = auto()
    TOKEN = auto()
    MOVED = auto()
    CHAT = auto()
    """The chat is closed to us."""
    UNKNOWN_CHAT = auto()
    """As if closed, but the server may only have forgotten it."""
    TOPIC = auto()
    """The chat is open, its topic is not."""
    UNCHANGED = auto()
    """An edit that would change nothing."""
    MESSAGE = auto()
    """The message to be edited is gone, or too old."""
    CONTENT = auto()
    """Anything else: text, entities or buttons."""


_CHAT = re.compile(
    r"PEER_ID_INVALID|USER_DEACTIVATED|CHAT_WRITE_FORBIDDEN|CHAT_RESTRICTED|CHANNEL_PRIVATE"
    r"|(?:not enough|have no) rights to send|need administrator rights"
    r"|have no write access to the chat|group chat was deactivated",
    re.IGNORECASE,
)
_TOPIC = re.compile(r"TOPIC_CLOSED|TOPIC_DELETED|TOPIC_ID_INVALID|message thread not found", re.I)
_MESSAGE = re.compile(
    r"message to edit not found|message can't be edited|MESSAGE_ID_INVALID"
    r"|there is no text in the message to edit",
    re.IGNORECASE,
)


def trouble(refusal: Refusal) -> Trouble:
    """Tell what a refusal is about."""
    if refusal.moved_to is not None:
        return Trouble.MOVED
    match refusal.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Trouble.PACE
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.NOT_FOUND | HTTPStatus.MISDIRECTED_REQUEST:
            return Trouble.TOKEN
        case HTTPStatus.FORBIDDEN:
            return Trouble.CHAT
    description = refusal.description
    if re.search(r"chat not found", description, re.I):
        return Trouble.UNKNOWN_CHAT
    if "message is not modified" in description:
        return Trouble.UNCHANGED
    for pattern, what in (
        (_CHAT, Trouble.CHAT),
        (_TOPIC, Trouble.TOPIC),
        (_MESSAGE, Trouble.MESSAGE),
    ):
        if pattern.search(description):
            return what
    return Trouble.CONTENT


def after_refusal(refusal: Refusal) -> Attempt:
    """The outcome of a send that the Bot API refused: certainly not sent."""
    match trouble(refusal):
        case Trouble.MOVED:
            return Moved(chat=str(refusal.moved_to))
        case Trouble.PACE:
            return _postponed_by_pace(refusal.retry_after)
        case Trouble.TOKEN:
            return Halted(reason="Telegram refuses the bot's token")
        case Trouble.CHAT:
            return Gone(reason=_why_closed(refusal.description))
        case Trouble.UNKNOWN_CHAT:
            return Gone(reason="chat not found")
        case Trouble.TOPIC:
            return Gone(reason="the topic is closed")
        case Trouble.UNCHANGED | Trouble.MESSAGE | Trouble.CONTENT:
            return Declined(reason="Telegram refuses the content")


def after_no_answer(lost: NoAnswer) -> Postponed | Declined | Unclear:
    """The outcome of a send without an answer of the Bot API.

    Only a request that never had a connection, or that a 3xx or 4xx turned away before the Bot
    API saw it, was certainly not carried out.
    """
    if lost.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _postponed_by_pace(None)
    if lost.reached is Reached.CONNECTING:
        reason = "no connection in time" if lost.timed_out else "no connection"
        return Postponed(reason=reason, scope=Scope.CHANNEL)
    if lost.reached is Reached.ANSWERED and lost.status is not None:
        if lost.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Declined(reason="Telegram refuses the content")
        if 300 <= lost.status < 500:
            return Postponed(reason=f"turned away: HTTP {lost.status}", scope=Scope.CHANNEL)
        if lost.status >= 500:
            return Unclear(reason=f"server error: HTTP {lost.status}")
        return Unclear(reason="an answer that is not Telegram's")
    if lost.timed_out:
        return Unclear(reason="no answer in time")
    if lost.reached is Reached.ANSWERING:
        return Unclear(reason="the answer broke off")
    return Unclear(reason="the connection broke off")


def _postponed_by_pace(retry_after: timedelta | None) -> Postponed:
    wait = retry_after or TOKEN_WAIT
    whole = retry_after is None or retry_after > CHAT_WAIT
    return Postponed(
        reason="asked to slow down",
        retry_after=wait,
        scope=Scope.CHANNEL if whole else Scope.ENDPOINT,
    )


_CLOSED = {
    "blocked by the user": "blocked by the user",
    "deactivated": "the account or group was deactivated",
    "kicked": "removed from the group",
    "not a member": "removed from the group",
    "deleted": "the group was deleted",
    "initiate conversation": "the person has not started the bot",
    "rights": "no right to write in the group",
}
"""Telegram's words for a closed chat, and ours."""

MESSAGE_GONE = "the message is gone or can no longer be changed"

REASONS = frozenset(
    {
        *_CLOSED.values(),
        *(
            "no access to the chat",
            "chat not found",
            "chat not found at first",
            "the topic is closed",
        ),
        *("Telegram refuses the bot's token", "Telegram refuses the content"),
        *("no connection in time", "no connection", "turned away", "server error"),
        *("an answer that is not Telegram's", "no answer in time", "asked to slow down"),
        *("the answer broke off", "the connection broke off", "broke off"),
        MESSAGE_GONE,
    }
)
"""All that an outcome here can be for, up to a colon: few enough to count by."""


def _why_closed(description: str) -> str:
    found = (reason for words, reason in _CLOSED.items() if words in description)
    return next(found, "no access to the chat")
