"""Why an alert is not where it should be, in words."""

from bot.domain.reasons import Reason
from bot.domain.text import clean
from bot.texts.language import _, later

_WORDS = {
    Reason.SENT: later("sent"),
    Reason.MOVED: later("moved"),
    Reason.INTERRUPTED: later("interrupted"),
    Reason.NOT_TRIED: later("not tried"),
    Reason.NOT_YET: later("not yet"),
    Reason.HOST_LEFT: later("the person who linked it has left"),
    Reason.READERS_UNKNOWN: later("nobody can tell who is there"),
    Reason.LOOKED_TOO_LONG: later("it took too long to see who is there"),
    Reason.SPOKEN_MEANWHILE: later("found closed, while somebody spoke there"),
    Reason.LATE: later("too late to be of use"),
    Reason.LATE_TO_REPEAT: later("too late to repeat; it may have been shown"),
    Reason.UNLINKED: later("unlinked"),
    Reason.NOT_LINKED: later("the chat is not linked to this account any more"),
    Reason.CLOSED: later("the chat is closed"),
    Reason.STAYED_CLOSED: later("the chat stayed closed"),
    Reason.MOVED_AWAY: later("the chat it moved to is linked to another account"),
    Reason.REOPENED: later("the chat is open again"),
    Reason.IN_A_DIGEST: later("told in a digest"),
    Reason.FOR_A_DIGEST: later("kept for the digest"),
    Reason.QUIET_HOURS: later("kept until the quiet hours end"),
    Reason.NOT_WANTED: later("switched off by a rule"),
    Reason.FOLDED: later("told together with others like it"),
    Reason.EDITED_IN: later("told in the message of its trade"),
    Reason.COUNTED_UP: later("counted in the message that told the same before"),
    Reason.MOVED_TOGETHER: later("told already in the chat it moved to"),
    Reason.SEEN: later("somebody had seen it before"),
    Reason.NO_CONNECTION_IN_TIME: later("no connection in time"),
    Reason.NO_CONNECTION: later("no connection"),
    Reason.NO_ANSWER_IN_TIME: later("no answer in time"),
    Reason.ANSWER_BROKE_OFF: later("the answer broke off"),
    Reason.CONNECTION_BROKE_OFF: later("the connection broke off"),
    Reason.SLOW_DOWN: later("asked to slow down"),
    Reason.CONTENT_REFUSED: later("the content is refused"),
    Reason.FOREIGN_ANSWER: later("an answer that is not the chat platform's"),
    Reason.TOKEN_REFUSED: later("the bot's token is refused"),
    Reason.NO_MESSAGES: later("the person takes no messages from the bot"),
    Reason.NO_SERVER_SHARED: later("the person shares no server with the bot"),
    Reason.CHANNEL_GONE: later("the channel is gone"),
    Reason.REMOVED_FROM_SERVER: later("the bot was removed from the server"),
    Reason.ACCOUNT_GONE: later("the account is gone"),
    Reason.NO_ACCESS: later("no access to the chat"),
    Reason.NO_RIGHT: later("no right to write there"),
    Reason.NOT_WRITABLE: later("not a channel that can be written to"),
    Reason.THREAD_CLOSED: later("the thread is closed"),
    Reason.MESSAGE_GONE: later("the message is gone or can no longer be changed"),
    Reason.OPEN_SLOWER: later("asked to open chats more slowly"),
    Reason.REFUSED_TOO_OFTEN: later("refused too often"),
    Reason.TURNED_AWAY_BEFORE: later("turned away by what stands before the chat platform"),
    Reason.HISTORY_UNREADABLE: later("the chat's history cannot be read"),
    Reason.BLOCKED: later("blocked by the user"),
    Reason.DEACTIVATED: later("the account or group was deactivated"),
    Reason.REMOVED_FROM_GROUP: later("removed from the group"),
    Reason.GROUP_DELETED: later("the group was deleted"),
    Reason.NOT_STARTED: later("the person has not started the bot"),
    Reason.CHAT_NOT_FOUND: later("chat not found"),
    Reason.CHAT_NOT_FOUND_AT_FIRST: later("chat not found at first"),
    Reason.TOPIC_CLOSED: later("the topic is closed"),
    Reason.NO_SERVICE: later("Apprise knows no service by its address"),
    Reason.SERVICE_NOT_ALLOWED: later("this Tradebell allows that service no more"),
    Reason.FAILED_SOMEHOW: later("it failed, and does not say how far it came"),
    Reason.HOST_FORBIDDEN: later("its server is in a private network"),
    Reason.NO_PUSH_SERVER: later("there is no ntfy server at its address"),
    Reason.PUSH_LOGIN_REFUSED: later("its server wants another token or password"),
    Reason.PUSH_USER_UNKNOWN: later("Pushover knows no such user or device"),
    Reason.PUSH_KEY_REFUSED: later("its push service refuses our key"),
    Reason.SUBSCRIPTION_ENDED: later("the browser takes no pushes any more"),
    Reason.PHONE_REMOVED: later("the phone was removed"),
    Reason.NOT_A_WEB_CHAT: later("not a web chat"),
    Reason.NO_SUCH_WEB_CHAT: later("no such web chat"),
    Reason.PAGE_SHOWS_NO_MORE: later("the page shows it no more"),
    Reason.TURNED_AWAY: later("turned away"),
    Reason.SERVER_ERROR: later("server error"),
    Reason.BROKE_OFF: later("broke off"),
    Reason.UNCERTAIN: later("uncertain"),
}

LIMIT = 60
"""Characters of what nobody foresaw."""


def in_words(reason: str) -> str:
    """Of a code, and of what follows it after a colon; older versions stored the words."""
    code, colon, rest = reason.partition(": ")
    if code not in _WORDS:
        return clean(reason, LIMIT)
    words = _(_WORDS[Reason(code)])
    return f"{words}: {in_words(rest)}" if colon else words
