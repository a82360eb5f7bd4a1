"""Why an item came to its end in the database, without an attempt."""

from enum import StrEnum


class Reason(StrEnum):
    LATE = "too late to be of use"
    LATE_TO_REPEAT = "too late to repeat; it may have been shown"
    UNLINKED = "unlinked"
    NOT_LINKED = "the chat is not linked to this account any more"
    CLOSED = "the chat is closed"
    STAYED_CLOSED = "the chat stayed closed"
    MOVED = "moved"
    MOVED_AWAY = "the chat it moved to is linked to another account"
    REOPENED = "the chat is open again"
    IN_A_DIGEST = "told in a digest"
    MOVED_TOGETHER = "told already in the chat it moved to"


REASONS = frozenset(reason.value for reason in Reason)
"""Few enough to count by."""
