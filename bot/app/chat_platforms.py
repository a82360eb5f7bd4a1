"""The table of chat platforms, each loaded only where its settings ask for it; push services."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType

from adapters.discord.settings import DiscordSettings
from adapters.push.encryption import PushKey
from adapters.push.settings import PushSettings
from adapters.telegram.settings import TelegramSettings
from bot.domain.chats import Channel
from bot.ports import ButtonAddresses, Phones
from bot.services.chat_platforms import Around, ChatBot, ChatPlatform, ChatSettings
from bot.settings import Settings


def _telegram(settings: ChatSettings) -> ChatPlatform:
    from adapters.telegram.platform import Telegram

    assert isinstance(settings, TelegramSettings)
    return Telegram(settings)


def _discord(settings: ChatSettings) -> ChatPlatform:
    from adapters.discord.platform import Discord

    assert isinstance(settings, DiscordSettings)
    return Discord(settings)


PLATFORMS: Mapping[Channel, Callable[[ChatSettings], ChatPlatform]] = MappingProxyType(
    {Channel.TELEGRAM: _telegram, Channel.DISCORD: _discord}
)
"""Each is given what its block of the settings reads (`bot.settings.CHATS`)."""


def set_up(settings: Settings) -> Mapping[Channel, ChatPlatform]:
    """The chat platforms that have a bot of ours."""
    return {channel: PLATFORMS[channel](its) for channel, its in settings.chats.items()}


def push_services(
    settings: PushSettings,
    around: Around,
    phones: Phones,
    addresses: ButtonAddresses,
    key: PushKey,
) -> Iterator[AbstractAsyncContextManager[ChatBot]]:
    """What rings phones: people name ntfy servers themselves, browsers their push services;
    Pushover wants an application.
    """
    from adapters.push.platform import open_apprise, open_browsers, open_ntfy, open_pushover

    yield open_ntfy(settings, around, phones, addresses)
    yield open_browsers(settings, around, phones, key)
    if settings.apprise:
        yield open_apprise(settings, around, phones, addresses)
    if settings.pushover_token:
        yield open_pushover(settings, around, phones, addresses)
