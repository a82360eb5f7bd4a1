"""What a failed call of the Bot API means for what was to be sent (`guarantees.md` 2.3, 2.6).

Wording of refusals: tdlib/telegram-bot-api:telegram-bot-api/Client.cpp.
"""

import re
from datetime import timedelta
from enum import Enum, auto
from http import HTTPStatus

from adapters.chat import faults
from adapters.chat.exchange import NoAnswer
from adapters.telegram.transport import TelegramRefusal
from bot.domain.deliveries import Attempt, Declined, Gone, Halted, Moved, Postponed, Scope, Unknown
from bot.domain.reasons import Reason

PLATFORM = "Telegram"

CHAT_WAIT = timedelta(seconds=30)
"""A longer wait than this is not about one chat."""


class RefusalKind(Enum):
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
    REPLY = auto()
    """The message to be replied to is gone."""
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


_REPLY = re.compile(
    r"(?:message to be replied|replied message|reply message) not found|REPLY_MESSAGE_ID_INVALID",
    re.IGNORECASE,
)


def trouble(refusal: TelegramRefusal) -> RefusalKind:
    """Tell what a refusal is about."""
    if refusal.moved_to is not None:
        return RefusalKind.MOVED
    match refusal.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return RefusalKind.PACE
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.NOT_FOUND | HTTPStatus.MISDIRECTED_REQUEST:
            return RefusalKind.TOKEN
        case HTTPStatus.FORBIDDEN:
            return RefusalKind.CHAT
    description = refusal.description
    if re.search(r"chat not found", description, re.I):
        return RefusalKind.UNKNOWN_CHAT
    if "message is not modified" in description:
        return RefusalKind.UNCHANGED
    for pattern, what in (
        (_CHAT, RefusalKind.CHAT),
        (_TOPIC, RefusalKind.TOPIC),
        (_REPLY, RefusalKind.REPLY),
        (_MESSAGE, RefusalKind.MESSAGE),
    ):
        if pattern.search(description):
            return what
    return RefusalKind.CONTENT


def knows_no_entity(refusal: TelegramRefusal) -> bool:
    """Whether the server does not know the type of an entity: an older one.

    Source: `Client::get_text_entity` in tdlib/telegram-bot-api:telegram-bot-api/Client.cpp
    """
    return refusal.status == 400 and "Unsupported type" in refusal.description


def after_refusal(refusal: TelegramRefusal) -> Attempt:
    """The outcome of a send that the Bot API refused: certainly not sent."""
    match trouble(refusal):
        case RefusalKind.MOVED:
            return Moved(chat=str(refusal.moved_to))
        case RefusalKind.PACE:
            return _after_wait(refusal.retry_after)
        case RefusalKind.TOKEN:
            return Halted(reason=Reason.TOKEN_REFUSED)
        case RefusalKind.CHAT:
            return Gone(reason=_why_closed(refusal.description))
        case RefusalKind.UNKNOWN_CHAT:
            return Gone(reason=Reason.CHAT_NOT_FOUND)
        case RefusalKind.TOPIC:
            return Gone(reason=Reason.TOPIC_CLOSED)
        case RefusalKind.UNCHANGED | RefusalKind.MESSAGE | RefusalKind.REPLY | RefusalKind.CONTENT:
            return Declined(reason=Reason.CONTENT_REFUSED)


def after_no_answer(lost: NoAnswer) -> Postponed | Declined | Unknown:
    """The outcome of a send without an answer of the Bot API."""
    return faults.after_no_answer(lost)


def _after_wait(wait: timedelta | None) -> Postponed:
    if wait is None:
        return faults.after_untold_wait()
    scope = Scope.CHANNEL if wait > CHAT_WAIT else Scope.ENDPOINT
    return Postponed(reason=Reason.SLOW_DOWN, retry_after=wait, scope=scope)


_CLOSED = {
    "blocked by the user": Reason.BLOCKED,
    "deactivated": Reason.DEACTIVATED,
    "kicked": Reason.REMOVED_FROM_GROUP,
    "not a member": Reason.REMOVED_FROM_GROUP,
    "deleted": Reason.GROUP_DELETED,
    "initiate conversation": Reason.NOT_STARTED,
    "rights": Reason.NO_RIGHT,
}
"""Telegram's words for a closed chat, and ours."""

MESSAGE_GONE = Reason.MESSAGE_GONE

REASONS = faults.REASONS | frozenset(
    {
        *_CLOSED.values(),
        *(
            Reason.NO_ACCESS,
            Reason.CHAT_NOT_FOUND,
            Reason.CHAT_NOT_FOUND_AT_FIRST,
            Reason.TOPIC_CLOSED,
        ),
        *(Reason.TOKEN_REFUSED, Reason.CONTENT_REFUSED),
        *(Reason.SLOW_DOWN, Reason.BROKE_OFF, MESSAGE_GONE),
    }
)
"""All that an outcome here can be for, up to a colon: few enough to count by."""


def _why_closed(description: str) -> str:
    found = (reason for words, reason in _CLOSED.items() if words in description)
    return next(found, Reason.NO_ACCESS)
