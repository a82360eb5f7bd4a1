"""What each failure means for what was to be sent: `guarantees.md` 2.3 and 2.6, row by row."""

import inspect
import re
from datetime import timedelta

import pytest

from adapters.chat.exchange import NoAnswer, Reached
from adapters.telegram import faults
from adapters.telegram.faults import RefusalKind, after_no_answer, after_refusal, trouble
from adapters.telegram.transport import TelegramRefusal
from bot.domain.deliveries import Attempt, Declined, Gone, Halted, Moved, Postponed, Scope, Unknown
from bot.domain.reasons import Reason


def test_an_answer_of_somebody_else_leaves_unknown_what_became_of_the_message():
    portal = NoAnswer("detail", reached=Reached.ANSWERED, status=200)

    assert after_no_answer(portal) == Unknown(reason="foreign_answer")


@pytest.mark.parametrize(
    ("wait", "scope"),
    [
        (timedelta(seconds=1), Scope.ENDPOINT),
        (timedelta(seconds=30), Scope.ENDPOINT),
        (timedelta(seconds=31), Scope.CHANNEL),
        (timedelta(hours=1), Scope.CHANNEL),
    ],
)
def test_too_many_requests_is_obeyed_to_the_second(wait: timedelta, scope: Scope):
    refusal = TelegramRefusal(429, "Too Many Requests: retry after 1", retry_after=wait)

    outcome = after_refusal(refusal)

    assert outcome == Postponed(reason="slow_down", retry_after=wait, scope=scope)


def test_too_many_requests_without_a_time_rests_the_whole_token():
    outcome = after_refusal(TelegramRefusal(429, "Too Many Requests"))

    assert outcome == Postponed(
        reason="slow_down", retry_after=timedelta(seconds=30), scope=Scope.CHANNEL
    )


@pytest.mark.parametrize(
    ("status", "description", "outcome"),
    [
        (
            403,
            "Forbidden: bot was blocked by the user",
            Gone(reason="blocked"),
        ),
        (
            403,
            "Forbidden: user is deactivated",
            Gone(reason="deactivated"),
        ),
        (
            403,
            "Forbidden: bot was kicked from the supergroup chat",
            Gone(reason="removed_from_group"),
        ),
        (
            403,
            "Forbidden: bot is not a member of the channel chat",
            Gone(reason="removed_from_group"),
        ),
        (403, "Forbidden: the group chat was deleted", Gone(reason="group_deleted")),
        (
            403,
            "Forbidden: bot can't initiate conversation with a user",
            Gone(reason="not_started"),
        ),
        (403, "Forbidden: something new", Gone(reason="no_access")),
        (400, "Bad Request: chat not found", Gone(reason="chat_not_found")),
        (
            400,
            "Bad Request: not enough rights to send text messages to the chat",
            Gone(reason="no_right"),
        ),
        (
            400,
            "Bad Request: have no rights to send a message",
            Gone(reason="no_right"),
        ),
        (400, "Bad Request: PEER_ID_INVALID", Gone(reason="no_access")),
        (400, "Bad Request: TOPIC_CLOSED", Gone(reason="topic_closed")),
        (
            400,
            "Bad Request: message thread not found",
            Gone(reason="topic_closed"),
        ),
        (401, "Unauthorized", Halted(reason="token_refused")),
        (404, "Not Found", Halted(reason="token_refused")),
        (
            421,
            "Misdirected Request: unallowed token specified",
            Halted(reason="token_refused"),
        ),
        (
            400,
            "Bad Request: can't parse entities: Unclosed start tag at byte offset 0",
            Declined(reason="content_refused"),
        ),
        (
            400,
            "Bad Request: message is too long",
            Declined(reason="content_refused"),
        ),
        (
            400,
            "Bad Request: BUTTON_DATA_INVALID",
            Declined(reason="content_refused"),
        ),
        (413, "Request Entity Too Large", Declined(reason="content_refused")),
    ],
)
def test_a_refusal_says_who_or_what_was_refused(status: int, description: str, outcome: Attempt):
    assert after_refusal(TelegramRefusal(status, description)) == outcome


def test_a_chat_that_moved_is_followed():
    refusal = TelegramRefusal(
        400, "Bad Request: group chat was upgraded to a supergroup chat", moved_to=-1001
    )

    assert after_refusal(refusal) == Moved(chat="-1001")


@pytest.mark.parametrize(
    ("description", "what"),
    [
        (
            "Bad Request: message is not modified: specified new message content and reply"
            " markup are exactly the same as a current content",
            RefusalKind.UNCHANGED,
        ),
        ("Bad Request: message to edit not found", RefusalKind.MESSAGE),
        ("Bad Request: message can't be edited", RefusalKind.MESSAGE),
        ("Bad Request: message to be replied not found", RefusalKind.REPLY),
        ("Bad Request: REPLY_MESSAGE_ID_INVALID", RefusalKind.REPLY),
        ("Bad Request: entity begins after the end of the text", RefusalKind.CONTENT),
    ],
)
def test_an_edit_that_cannot_be_made_says_why(description: str, what: RefusalKind):
    assert trouble(TelegramRefusal(400, description)) is what


def test_every_reason_that_is_given_can_be_counted_by():
    """What is not listed would be counted as `other`."""
    named = {Reason[one] for one in re.findall(r"Reason\.([A-Z_]+)", inspect.getsource(faults))}

    assert named <= faults.REASONS
    assert len(named) > 3
