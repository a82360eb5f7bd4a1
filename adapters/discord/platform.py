"""Discord, as one of the chat platforms that the product opens and looks at."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from adapters.chat.exchange import NoAnswer
from adapters.discord.bot import DiscordBot, open_discord
from adapters.discord.endpoint import PATH
from adapters.discord.faults import REASONS
from adapters.discord.handles import NoHandles
from adapters.discord.settings import DiscordSettings, invitation
from adapters.discord.transport import DiscordRefusal, RateLimited
from bot.errors import Refused
from bot.ports import Handles, Journal
from bot.services.chat_platforms import Around, ChatBot, pace, wait_for_rate, wait_for_rate_of_bot
from bot.services.pace import Pace


class Discord:
    """Implements `chats.ChatPlatform`."""

    reasons = REASONS

    def __init__(self, settings: DiscordSettings) -> None:
        self._settings = settings

    @property
    def exposed(self) -> str | None:
        if not self._settings.exposed:
            return None
        return (
            "the bot's token travels unencrypted: use https in TRADEBELL_DISCORD_API_URL and wss in"
            " TRADEBELL_DISCORD_GATEWAY_URL"
        )

    @asynccontextmanager
    async def open(
        self, around: Around, journal: Journal, handles: Handles
    ) -> AsyncIterator[ChatBot]:
        its = self._pace()
        async with self._bot(around, its, handles) as bot:
            listener = bot.listener
            yield ChatBot(
                messenger=bot.messenger,
                pace=its,
                begin=listener.begin,
                listen=listener.listen,
                readership=bot.readership,
                topics=bot.topics,
                webhooks={} if listener.endpoint is None else {PATH: listener.endpoint},
                trouble=lambda: f"Discord: {listener.trouble}." if listener.trouble else None,
            )

    async def look(self, around: Around) -> str:
        async with self._bot(around, self._pace(), NoHandles()) as bot:
            listener = bot.listener
            await listener.begin()
            try:
                await listener.introduce()
            except (DiscordRefusal, RateLimited, NoAnswer) as failure:
                raise Refused(
                    f"{self._settings.api_url} cannot be used now ({failure}): see whether"
                    " TRADEBELL_DISCORD_API_URL is right and this machine has a way there."
                ) from failure
            to_account = invitation(listener.application, to_server=False)
            to_server = invitation(listener.application, to_server=True)
            return (
                f"{self._settings.api_url}: the token opens bot {bot.messenger.bot}; to add it to"
                f" your own account, open {to_account} , to a server {to_server}"
            )

    def _pace(self) -> Pace:
        # How fast one chat may get messages Discord tells itself, with every answer.
        return pace(self._settings.rate, lambda _: 0)

    def _bot(
        self, around: Around, its: Pace, handles: Handles
    ) -> AbstractAsyncContextManager[DiscordBot]:
        return open_discord(
            self._settings,
            handles,
            now=around.now,
            chance=around.chance,
            meter=around.meter,
            may_send=partial(wait_for_rate, its),
            may_ask=partial(wait_for_rate_of_bot, its),
            public_url=around.public_url,
        )
