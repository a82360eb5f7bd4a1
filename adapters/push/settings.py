"""Push services' slice of the settings, and how its texts are read."""

import re
from dataclasses import dataclass, field
from importlib.util import find_spec

from bot.domain.typed_settings import api_address, switch
from bot.services.chat_platforms import SettingsReader

DEFAULT_PUSHOVER_API_URL = "https://api.pushover.net"

_TOKEN = re.compile(r"[A-Za-z0-9]{30}")
"""Source: https://pushover.net/api#registration"""

NAMES = ("APPRISE", "PUSH_PRIVATE_HOSTS", "PUSHOVER_TOKEN", "PUSHOVER_API_URL")
LISTS = ("APPRISE",)
SWITCHES = ("PUSH_PRIVATE_HOSTS",)
TOKEN = "PUSHOVER_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSettings:
    """Without a token of our application there is no Pushover; ntfy needs none.

    With `private_hosts` people may name servers of a private network, and such without https.
    """

    private_hosts: bool = False
    apprise: frozenset[str] = frozenset()
    """Schemes of addresses that people may have rung by the library Apprise."""
    pushover_token: str = field(default="", repr=False)
    pushover_api_url: str = DEFAULT_PUSHOVER_API_URL


def parse_pushover_token(text: str) -> str:
    """Read TRADEBELL_PUSHOVER_TOKEN.

    Raises:
        ValueError: a sentence that names the setting and the cure, without the token.
    """
    if not _TOKEN.fullmatch(text):
        raise ValueError(
            "TRADEBELL_PUSHOVER_TOKEN must be the 30 letters and digits of the API token that"
            " https://pushover.net/apps/build gives."
        )
    return text


def parse_pushover_api_url(text: str) -> str:
    """Read TRADEBELL_PUSHOVER_API_URL; gives it without a slash at its end.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    return api_address("TRADEBELL_PUSHOVER_API_URL", text, DEFAULT_PUSHOVER_API_URL)


def parse_private_hosts(text: str) -> bool:
    """Read TRADEBELL_PUSH_PRIVATE_HOSTS.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    return switch("TRADEBELL_PUSH_PRIVATE_HOSTS", text)


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,30}")

_NEVER = frozenset(
    {
        *("blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"),
        *("file", "mqtt", "mqtts", "xmpp", "xmpps"),
    }
)
"""What these show, nobody's phone shows; or they work in threads that nobody guards."""


def parse_apprise(text: str) -> frozenset[str]:
    """Read TRADEBELL_APPRISE.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    schemes = frozenset(filter(None, re.split(r"[\s,]+", text.lower())))
    if wrong := sorted(one for one in schemes if not _SCHEME.fullmatch(one)):
        raise ValueError(
            f"TRADEBELL_APPRISE must be schemes such as gotifys, mailtos: {wrong[0][:40]} is none."
        )
    if never := sorted(schemes & _NEVER):
        raise ValueError(
            f"TRADEBELL_APPRISE must not name {never[0]}: it shows on this machine, or cannot be"
            " kept from what it must not do."
        )
    if find_spec("apprise") is None:
        raise ValueError(
            "TRADEBELL_APPRISE needs the library Apprise: install tradebell[apprise], or leave it"
            " out."
        )
    return schemes


def read_settings(reader: SettingsReader) -> PushSettings:
    return PushSettings(
        apprise=reader.value("APPRISE", parse_apprise, frozenset()),
        private_hosts=reader.value("PUSH_PRIVATE_HOSTS", parse_private_hosts, False),
        pushover_token=reader.value("PUSHOVER_TOKEN", parse_pushover_token, ""),
        pushover_api_url=reader.value(
            "PUSHOVER_API_URL", parse_pushover_api_url, DEFAULT_PUSHOVER_API_URL
        ),
    )
