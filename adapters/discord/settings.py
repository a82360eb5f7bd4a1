"""Discord's slice of the settings, and how its texts are read."""

import binascii
import math
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bot.domain.hosts import is_exposed
from bot.domain.typed_settings import api_address
from bot.services.chat_platforms import SettingsBlock, SettingsReader

DEFAULT_API_URL = "https://discord.com/api/v10"

RATE = 40.0
"""Messages a second over the whole bot; Discord's own limit is 50 requests of any kind.

Source: https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
"""

SEND_MESSAGES, SEND_IN_THREADS, READ_HISTORY, VIEW, EMBED = (
    1 << 11,
    1 << 38,
    1 << 16,
    1 << 10,
    1 << 14,
)
PERMISSIONS = SEND_MESSAGES | SEND_IN_THREADS | READ_HISTORY | VIEW | EMBED
"""What we need in a server. Source: https://docs.discord.com/developers/topics/permissions"""

_TOKEN = re.compile(r"(?:Bot\s+)?(([A-Za-z0-9_-]{4,40})\.[A-Za-z0-9_-]{1,20}\.[A-Za-z0-9_-]{1,80})")
_NUMBER = re.compile(r"[1-9]\d{0,19}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """One bot, and where its API is.

    `rate` is messages a second, 0 for no limit. Without `gateway_url` the API is asked for it. With
    `posted` there is no gateway: Discord posts interactions to our web server.
    """

    token: str = field(repr=False)
    api_url: str = DEFAULT_API_URL
    gateway_url: str | None = None
    rate: float = RATE
    posted: bool = False

    @property
    def bot(self) -> str:
        """Our bot's numeric id, which its token begins with."""
        return _bot_of(self.token.partition(".")[0])

    @property
    def exposed(self) -> bool:
        """Whether the token would cross a network unencrypted: worth a loud warning."""
        gateway = (self.gateway_url or "").replace("ws", "http", 1)
        return is_exposed(self.api_url) or bool(gateway and is_exposed(gateway))

    @property
    def needs_https(self) -> bool:
        """A stand-in of one's own also posts to http."""
        return self.posted and self.api_url == DEFAULT_API_URL


def invitation(application: str, *, to_server: bool) -> str:
    """The address where a person adds the bot, to a server or to their own account.

    Source: https://docs.discord.com/developers/topics/oauth2#bot-authorization-flow
    """
    query = {"client_id": application, "integration_type": "1", "scope": "applications.commands"}
    if to_server:
        query |= {
            "integration_type": "0",
            "scope": "bot applications.commands",
            "permissions": str(PERMISSIONS),
        }
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


def parse_token(text: str) -> str:
    """Read TRADEBELL_DISCORD_TOKEN.

    Raises:
        ValueError: a sentence that names the setting and the cure, without the token.
    """
    found = _TOKEN.fullmatch(text.strip())
    if found is None or not _bot_of(found[2]):
        raise ValueError(
            "TRADEBELL_DISCORD_TOKEN must be the bot's token from the Developer Portal, three parts"
            " with dots between them, like MTIz....GaBcDe.xyz..."
        )
    return found[1]


def _bot_of(part: str) -> str:
    """The id that a token's first part stands for; empty if it is none."""
    try:
        number = urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return number if _NUMBER.fullmatch(number) else ""


def parse_api_url(text: str) -> str:
    """Read TRADEBELL_DISCORD_API_URL; gives it without a slash at its end.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    return api_address("TRADEBELL_DISCORD_API_URL", text, DEFAULT_API_URL)


def parse_gateway_url(text: str) -> str:
    """Read TRADEBELL_DISCORD_GATEWAY_URL; gives it without a slash at its end.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    example = "wss://gateway.discord.gg"
    return api_address("TRADEBELL_DISCORD_GATEWAY_URL", text, example, ("wss", "ws"))


def parse_rate(text: str) -> float:
    """Read TRADEBELL_DISCORD_RATE.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= 100_000:
        raise ValueError(
            "TRADEBELL_DISCORD_RATE must be messages a second, like 40 or 0.5; 0 is no limit."
        )
    return rate


def parse_interactions(text: str) -> bool:
    """Read TRADEBELL_DISCORD_INTERACTIONS; gives whether they are posted to us.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    match text.strip().lower():
        case "" | "gateway":
            return False
        case "http":
            return True
        case _:
            raise ValueError(
                "TRADEBELL_DISCORD_INTERACTIONS must be gateway, or http to have Discord call"
                " TRADEBELL_PUBLIC_URL."
            )


def _read(reader: SettingsReader) -> DiscordSettings:
    return DiscordSettings(
        token=reader.value("DISCORD_TOKEN", parse_token, ""),
        api_url=reader.value("DISCORD_API_URL", parse_api_url, DEFAULT_API_URL),
        gateway_url=reader.value("DISCORD_GATEWAY_URL", parse_gateway_url, None),
        rate=reader.value("DISCORD_RATE", parse_rate, RATE),
        posted=reader.value("DISCORD_INTERACTIONS", parse_interactions, False),
    )


SETTINGS = SettingsBlock(
    texts=("DISCORD_TOKEN", "DISCORD_API_URL", "DISCORD_GATEWAY_URL", "DISCORD_INTERACTIONS"),
    numbers=("DISCORD_RATE",),
    read=_read,
)
