"""The table of chat platforms; each is loaded only where its settings ask for it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.domain.chats import Channel
from bot.services.chat_platforms import ChatPlatform
from bot.settings import Settings


def _telegram(settings: Settings) -> ChatPlatform | None:
    if settings.telegram is None:
        return None
    from adapters.telegram.platform import Telegram

    return Telegram(settings.telegram)


def _discord(settings: Settings) -> ChatPlatform | None:
    if settings.discord is None:
        return None
    from adapters.discord.platform import Discord

    return Discord(settings.discord)


PLATFORMS: Mapping[Channel, Callable[[Settings], ChatPlatform | None]] = MappingProxyType(
    {Channel.TELEGRAM: _telegram, Channel.DISCORD: _discord}
)


def set_up(settings: Settings) -> Mapping[Channel, ChatPlatform]:
    """The chat platforms that have a bot of ours."""
    found = {channel: platform(settings) for channel, platform in PLATFORMS.items()}
    return {channel: platform for channel, platform in found.items() if platform is not None}


def token_of(channel: Channel) -> str:
    """The setting that sets a platform up."""
    return f"TRADEBELL_{channel.upper()}_TOKEN"
