"""Telegram's slice of the settings, and how its texts are read."""

import math
import re
from dataclasses import dataclass, field
from functools import partial

from bot.domain.chats import Address
from bot.domain.hosts import is_exposed
from bot.domain.typed_settings import api_address, switch
from bot.services.chat_platforms import SettingsBlock, SettingsReader

DEFAULT_API_URL = "https://api.telegram.org"

RATE = 30.0
"""Messages a second over the whole token. Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""

CHAT_RATE = 1.0
"""Messages a second to one chat. Source: as above."""

GROUP_RATE = 20 / 60
"""The same for a group: 20 a minute. Source: as above."""

_TOKEN = re.compile(r"([1-9]\d{0,15}):[A-Za-z0-9_-]+")
_LONGEST_TOKEN = 80
"""Source: `ClientManager::send` in tdlib/telegram-bot-api:telegram-bot-api/ClientManager.cpp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """One bot, and where its Bot API is.

    `rate` and `chat_rate` are messages a second, 0 for no limit. With `webhook` updates come to
    our web server, else we poll for them.
    """

    token: str = field(repr=False)
    api_url: str = DEFAULT_API_URL
    rate: float = RATE
    chat_rate: float = CHAT_RATE
    webhook: bool = False

    @property
    def bot(self) -> str:
        """Our bot's numeric id, which its token begins with."""
        return self.token.partition(":")[0]

    @property
    def exposed(self) -> bool:
        """Whether the token would cross a network unencrypted: worth a loud warning."""
        return is_exposed(self.api_url)

    @property
    def needs_https(self) -> bool:
        """A Bot API server of one's own also posts to http."""
        return self.webhook and self.api_url == DEFAULT_API_URL

    def rate_of(self, address: Address) -> float:
        """Messages a second to one chat; 0 for no limit."""
        in_group = address.chat.startswith("-")
        return min(self.chat_rate, GROUP_RATE) if in_group else self.chat_rate


def parse_token(text: str) -> str:
    """Read TRADEBELL_TELEGRAM_TOKEN.

    Raises:
        ValueError: a sentence that names the setting and the cure, without the token.
    """
    token = text.strip()
    if len(token) > _LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        raise ValueError(
            "TRADEBELL_TELEGRAM_TOKEN must be the token that @BotFather gave,"
            " like 1234567890:AAE..."
        )
    return token


def parse_api_url(text: str) -> str:
    """Read TRADEBELL_TELEGRAM_API_URL; gives it without a slash at its end.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    return api_address("TRADEBELL_TELEGRAM_API_URL", text, DEFAULT_API_URL)


def parse_rate(name: str, text: str) -> float:
    """Read TRADEBELL_TELEGRAM_RATE or TRADEBELL_TELEGRAM_CHAT_RATE, whose `name` is given.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= 100_000:
        raise ValueError(f"{name} must be messages a second, like 30 or 0.5; 0 is no limit.")
    return rate


def parse_webhook(text: str) -> bool:
    """Read TRADEBELL_TELEGRAM_WEBHOOK.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    return switch("TRADEBELL_TELEGRAM_WEBHOOK", text)


def _read(reader: SettingsReader) -> TelegramSettings:
    rates = {
        name: reader.value(name, partial(parse_rate, f"TRADEBELL_{name}"), default)
        for name, default in (("TELEGRAM_RATE", RATE), ("TELEGRAM_CHAT_RATE", CHAT_RATE))
    }
    return TelegramSettings(
        token=reader.value("TELEGRAM_TOKEN", parse_token, ""),
        api_url=reader.value("TELEGRAM_API_URL", parse_api_url, DEFAULT_API_URL),
        rate=rates["TELEGRAM_RATE"],
        chat_rate=rates["TELEGRAM_CHAT_RATE"],
        webhook=reader.value("TELEGRAM_WEBHOOK", parse_webhook, False),
    )


SETTINGS = SettingsBlock(
    texts=("TELEGRAM_TOKEN", "TELEGRAM_API_URL"),
    numbers=("TELEGRAM_RATE", "TELEGRAM_CHAT_RATE"),
    switches=("TELEGRAM_WEBHOOK",),
    read=_read,
)
