"""Why an item is where it is: codes, few enough to count by; `bot.texts.reasons` has their words.

What more is known follows after a colon: `turned_away: HTTP 403`.
"""

from enum import StrEnum


class Reason(StrEnum):
    SENT = "sent"
    MOVED = "moved"
    INTERRUPTED = "interrupted"
    NOT_TRIED = "not_tried"
    NOT_YET = "not_yet"
    HOST_LEFT = "host_left"
    READERS_UNKNOWN = "readers_unknown"
    LOOKED_TOO_LONG = "looked_too_long"
    SPOKEN_MEANWHILE = "spoken_meanwhile"
    LATE = "late"
    LATE_TO_REPEAT = "late_to_repeat"
    UNLINKED = "unlinked"
    NOT_LINKED = "not_linked"
    CLOSED = "closed"
    STAYED_CLOSED = "stayed_closed"
    MOVED_AWAY = "moved_away"
    REOPENED = "reopened"
    IN_A_DIGEST = "in_a_digest"
    FOR_A_DIGEST = "for_a_digest"
    QUIET_HOURS = "quiet_hours"
    NOT_WANTED = "not_wanted"
    FOLDED = "folded"
    COUNTED_UP = "counted_up"
    EDITED_IN = "edited_in"
    MOVED_TOGETHER = "moved_together"
    SEEN = "seen"
    NO_CONNECTION_IN_TIME = "no_connection_in_time"
    NO_CONNECTION = "no_connection"
    NO_ANSWER_IN_TIME = "no_answer_in_time"
    ANSWER_BROKE_OFF = "answer_broke_off"
    CONNECTION_BROKE_OFF = "connection_broke_off"
    SLOW_DOWN = "slow_down"
    CONTENT_REFUSED = "content_refused"
    FOREIGN_ANSWER = "foreign_answer"
    TOKEN_REFUSED = "token_refused"
    NO_MESSAGES = "no_messages"
    NO_SERVER_SHARED = "no_server_shared"
    CHANNEL_GONE = "channel_gone"
    REMOVED_FROM_SERVER = "removed_from_server"
    ACCOUNT_GONE = "account_gone"
    NO_ACCESS = "no_access"
    NO_RIGHT = "no_right"
    NOT_WRITABLE = "not_writable"
    THREAD_CLOSED = "thread_closed"
    MESSAGE_GONE = "message_gone"
    OPEN_SLOWER = "open_slower"
    REFUSED_TOO_OFTEN = "refused_too_often"
    TURNED_AWAY_BEFORE = "turned_away_before"
    HISTORY_UNREADABLE = "history_unreadable"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    REMOVED_FROM_GROUP = "removed_from_group"
    GROUP_DELETED = "group_deleted"
    NOT_STARTED = "not_started"
    CHAT_NOT_FOUND = "chat_not_found"
    CHAT_NOT_FOUND_AT_FIRST = "chat_not_found_at_first"
    TOPIC_CLOSED = "topic_closed"
    NO_SERVICE = "no_service"
    SERVICE_NOT_ALLOWED = "service_not_allowed"
    FAILED_SOMEHOW = "failed_somehow"
    HOST_FORBIDDEN = "host_forbidden"
    NO_PUSH_SERVER = "no_push_server"
    PUSH_LOGIN_REFUSED = "push_login_refused"
    PUSH_USER_UNKNOWN = "push_user_unknown"
    PUSH_KEY_REFUSED = "push_key_refused"
    SUBSCRIPTION_ENDED = "subscription_ended"
    PHONE_REMOVED = "phone_removed"
    NOT_A_WEB_CHAT = "not_a_web_chat"
    NO_SUCH_WEB_CHAT = "no_such_web_chat"
    PAGE_SHOWS_NO_MORE = "page_shows_no_more"
    TURNED_AWAY = "turned_away"
    SERVER_ERROR = "server_error"
    BROKE_OFF = "broke_off"
    UNCERTAIN = "uncertain"


STORED: frozenset[str] = frozenset(
    {
        *(Reason.LATE, Reason.LATE_TO_REPEAT, Reason.UNLINKED, Reason.NOT_LINKED, Reason.CLOSED),
        *(Reason.STAYED_CLOSED, Reason.MOVED, Reason.MOVED_AWAY, Reason.REOPENED),
        *(Reason.IN_A_DIGEST, Reason.MOVED_TOGETHER),
        *(Reason.FOR_A_DIGEST, Reason.QUIET_HOURS, Reason.NOT_WANTED),
        *(Reason.FOLDED, Reason.COUNTED_UP, Reason.EDITED_IN, Reason.SEEN),
    }
)
"""Why an item came to its end in the database, without an attempt."""
