"""What errors say that a person is shown: in English where they are raised, logged and kept, in the
language of who reads them where they are shown.
"""

import re
from enum import StrEnum

from bot.domain.text import clean
from bot.texts.language import _, later

LIMIT = 200
"""Characters of a reason that are shown."""


class Sentence(StrEnum):
    """Why something did not work, as far as we say it ourselves."""

    UNREACHABLE = later("The platform is not reachable")
    TAKES_NO_CONNECTIONS = later("The platform is not reachable: it takes no connections")
    NO_NETWORK = later("The platform is not reachable: there is no network")
    NO_WAY = later("The platform is not reachable: there is no way to it")
    ADDRESS_UNKNOWN = later("The platform's address is not known")
    NOT_TRUSTED = later("The platform's certificate is not trusted")
    NO_ANSWER = later("The platform did not answer in time")
    BROKE = later("The connection to the platform broke")
    NOT_OPEN = later("The connection is not open")
    ENDED = later("The connection ended")
    BROKE_OFF = later("The connection broke")
    CLOSED = later("The connection was closed")
    PLATFORM_ENDED_IT = later("The platform ended the connection")
    SILENT = later("The platform does not answer any more")
    TOO_MANY_EVENTS = later("More events came than could be taken")
    TOO_MUCH_AT_ONCE = later("More came at once than can be taken")
    NOT_CONNECTED = later("Not connected")
    TOO_LARGE = later("The platform's answer is too large")
    EMPTY = later("The platform's answer is empty")
    NOT_READABLE = later("The platform's answer is not readable")
    NO_LIST = later("The platform's answer is no list")
    NO_TOKEN = later("The platform's answer to the login has no token")
    LEADS_ELSEWHERE = later("The platform's address leads elsewhere")
    NO_REASON = later("The platform failed without saying why")
    NO_SOCKET = later("The platform gives no socket")
    SOCKET_TAKES_NO_LOGIN = later("The platform's socket does not take this login")
    SOCKET_ACCEPTS_NOTHING = later("The platform's socket accepts nothing with this login")
    LOGIN_FORGOTTEN = later("The platform forgot the login of the connection")
    TOO_MANY_REQUESTS = later("Too many requests for this account lately")
    NOT_RUNNING = later("The bot is not running")
    NAME_TAKEN = later("There is one of that name already")
    TRADE_CHANGED = later("The trade has changed since: ask again")
    NO_PLACE = later("Nobody has told me where in this command its amounts go")
    NO_SUCH_BOT = later("There is no bot of that id")
    NOTHING_OF_THAT_ID = later("There is nothing of that id")
    ANOTHER_USERS_BOT = later("This bot is another user's")
    ANSWERED_WITH_ANOTHERS = later("The platform answered with another user's bot")
    COMMANDS_UNKNOWN = later("I was not told how bots are commanded")
    NO_KEY_OR_TOKEN = later("This is no key or token: it holds characters that none has")
    ACCEPTS_NOTHING_WITH_KEY = later(
        "The platform accepted nothing with this key: does it have the scopes read:traders and"
        " read:portfolio?"
    )
    ACCEPTS_NOTHING_WITH_LOGIN = later(
        "The platform accepted nothing with this login: may it read its own bots?"
    )
    SHOWS_OTHERS = later(
        "The platform shows this login what belongs to others too, so I cannot tell whose it is"
    )
    WHOSE_KEY = later("The platform does not say whose key this is")
    WHOSE_TOKEN = later("The platform does not say whose token this is")
    WHOSE_LOGIN = later("The platform did not say which user this login is")
    LINKED_WITH_ANOTHER_LOGIN = later(
        "This account is linked already with another login, and the platform does not say that this"
        " one is its owner's"
    )
    OF_ANOTHER_ACCOUNT = later("This login is not the one of the account that this chat shows")
    NOT_IN_SERVER = later("I am not in that server.")
    NO_CHANNEL = later("That is no channel of a server.")
    DISCORD_SAYS_WAIT = later("Discord wants me to wait.")
    DISCORD_IS_SILENT = later("Discord does not answer.")
    DISCORD_DOES_NOT_SAY = later("Discord does not say.")
    TELEGRAM_SAYS_WAIT = later("Telegram wants me to wait.")
    TELEGRAM_IS_SILENT = later("Telegram does not answer.")
    MEMBERS_ARE_HIDDEN = later(
        "Telegram does not tell me who is in that group: make me an administrator there."
    )
    NO_TOPICS_HERE = later(
        "This chat has no topics: its administrator turns them on in its settings."
    )
    MAY_MAKE_NO_TOPICS = later(
        "I may not make topics here: make me an administrator who may manage topics."
    )
    MAY_MAKE_NO_THREADS = later(
        "I may not make threads here: let me create public threads and write in them."
    )
    NO_THREADS_HERE = later("Discord makes no threads here, only in a server's text channels.")
    NO_ANSWER_FROM_CHAT = later("There was no answer in time.")


_WHOLE = frozenset(one.value for one in Sentence)

PLATFORM_SAYS = later("The platform says: {phrase}")
NO_SOCKET_BY_STATUS = later("The platform gives no socket (HTTP {status})")
SOCKET_DOES_NOT_OPEN = later("The socket does not open, while the platform answers ({failure})")
ENDLESS_LIST = later("The platform's list of {service} does not end")
USE_PASSWORD = later("{reason}. Use your e-mail and password instead")

_FILLED = (PLATFORM_SAYS, NO_SOCKET_BY_STATUS, SOCKET_DOES_NOT_OPEN, ENDLESS_LIST, USE_PASSWORD)

_PATTERNS = tuple(
    (template, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.*)", re.escape(template))))
    for template in _FILLED
)


def told(reason: str, limit: int = LIMIT) -> str:
    """A reason as a person reads it: what we say in their language, what others say as it is."""
    return clean(_translated(reason), limit)


def _translated(reason: str) -> str:
    if reason in _WHOLE:
        return _(reason)
    for template, pattern in _PATTERNS:
        if found := pattern.fullmatch(reason):
            parts = {name: _translated(part) for name, part in found.groupdict().items()}
            return _(template, **parts)
    return reason
