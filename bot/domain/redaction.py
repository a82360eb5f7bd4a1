"""What never reaches a log: tokens, keys, passwords and one-time codes, wherever they stand."""

import re
from collections.abc import Iterable, Iterator

REDACTED = "[redacted]"

# Every pattern is searched in the text as it came, so that none hides a secret from another, and
# finds all there is of its kind, so that no text before a secret can swallow its beginning.
# A pattern with a group covers that group. All take time in proportion to the text.

_BOT_KEY = re.compile(r"(?:(?<=\d{3}:)|(?<=\d{3}%3A)|(?<=\d{3}%3a))[A-Za-z0-9_-]{30,}")
"""The secret part of a Telegram bot's token, also inside an address; the bot's id may be seen.

Source: https://core.telegram.org/bots/api#authorizing-your-bot
"""

_DISCORD_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,30}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_.-]{27,}")
"""Source: https://docs.discord.com/developers/reference#authentication"""

_WEB_TOKEN = re.compile(r"eyJ[A-Za-z0-9_=.-]{8,}")
"""A JWT, or the part of one that is left: each begins as JSON in base64 does.

Source: https://www.rfc-editor.org/rfc/rfc7519#section-3
"""

_PLATFORM_KEY = re.compile(r"cr_(?:live|test)_[A-Za-z0-9_-]+")
"""Source: https://cryptorobot.ai/docs/guides/api-keys"""

_SECRET_KEY = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43,}+=")
"""32 bytes in base64.

Source: https://cryptography.io/en/latest/fernet/#cryptography.fernet.Fernet
"""

_SEALED = re.compile(r"gAAAAA[A-Za-z0-9_=-]{20,}")
"""A Fernet token begins with its version and the high bytes of a time of this century.

Source: https://github.com/fernet/spec/blob/master/Spec.md
"""

_LINK_CODE = re.compile(r"(?:(?<=/link/)|(?<=/open/)|(?<=/seen/))[A-Za-z0-9_.-]+")
"""What our own addresses are known by."""

_URL_PASSWORD = re.compile(r"://[^\s:/@]*:([^\s/]+)@")

_SCHEME = re.compile(
    r"(?=(?:bearer|api-?key|basic|jwt)\s{1,3}([^\s\"',;<>]{8,1000}))", re.IGNORECASE
)
"""Credentials after the name of their scheme, as in an Authorization header.

Source: https://www.rfc-editor.org/rfc/rfc9110#section-11.4
"""

_NAME = (
    r"(?:pass(?:word|wd|phrase|code)|secret|token|api[_-]?key"
    r"|authorization|cookie|credential|csrf|digits)"
)

_NAMED = re.compile(
    rf"(?={_NAME}[\w-]{{0,30}}[\"']?\s{{0,3}}[=:]\s{{0,3}}"
    r"""("(?:[^"\\]|\\.){0,1000}"|'(?:[^'\\]|\\.){0,1000}'|[^\s&,;]{1,1000}))""",
    re.IGNORECASE,
)
"""`password=...`, `"api_key": "..."`, `Authorization: ...` and their kind."""

_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)

_PATTERNS = (
    *(_BOT_KEY, _DISCORD_TOKEN, _WEB_TOKEN, _PLATFORM_KEY, _SECRET_KEY, _SEALED),
    *(_LINK_CODE, _URL_PASSWORD, _SCHEME, _NAMED),
)

SHORTEST_KNOWN = 8
"""A known secret that is shorter would blot out ordinary text, and show by that what it is."""


class Redaction:
    """Takes secrets out of a text.

    Args:
        known: secrets that are known by their value: they are found whatever they look like.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        values = {value for value in known if len(value) >= SHORTEST_KNOWN}
        by_value = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
        self._patterns = (*_PATTERNS, re.compile(by_value)) if values else _PATTERNS

    def __call__(self, text: str) -> str:
        spans = sorted(
            found.span(found.lastindex or 0)
            for pattern in self._patterns
            for found in pattern.finditer(text)
        )
        return "".join(_without(text, spans)) if spans else text


def _without(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[str]:
    """The parts of the text outside the spans, which come in the order of their beginning."""
    shown_to = 0
    for start, end in spans:
        if start >= shown_to:
            yield text[shown_to:start]
            yield REDACTED
        shown_to = max(shown_to, end)
    yield text[shown_to:]


def names_secret(name: str) -> bool:
    """Whether a value with this name is to be left out, whatever it looks like."""
    return _SECRET_NAME.search(name) is not None
