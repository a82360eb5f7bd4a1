"""Push services' slice of the settings, and how its texts are read."""

import re
from dataclasses import dataclass, field

from bot.domain.typed_settings import api_address, switch
from bot.services.chat_platforms import SettingsReader

DEFAULT_PUSHOVER_API_URL = "https://api.pushover.net"

_TOKEN = re.compile(r"[A-Za-z0-9]{30}")
"""Source: https://pushover.net/api#registration"""

NAMES = ("PUSH_PRIVATE_HOSTS", "PUSHOVER_TOKEN", "PUSHOVER_API_URL")
SWITCHES = ("PUSH_PRIVATE_HOSTS",)
TOKEN = "PUSHOVER_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSettings:
    """Without a token of our application there is no Pushover; ntfy needs none.

    With `private_hosts` people may name servers of a private network, and such without https.
    """

    private_hosts: bool = False
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


def read_settings(reader: SettingsReader) -> PushSettings:
    return PushSettings(
        private_hosts=reader.value("PUSH_PRIVATE_HOSTS", parse_private_hosts, False),
        pushover_token=reader.value("PUSHOVER_TOKEN", parse_pushover_token, ""),
        pushover_api_url=reader.value(
            "PUSHOVER_API_URL", parse_pushover_api_url, DEFAULT_PUSHOVER_API_URL
        ),
    )
