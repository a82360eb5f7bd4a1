"""Discord, as one of the chat platforms that the product opens and looks at."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from adapters.chat.exchange import NoAnswer
from adapters.discord.client import DiscordClient, open_discord
from adapters.discord.faults import REASONS
from adapters.discord.settings import DiscordSettings, invitation
from adapters.discord.transport import Refusal, Withheld
from bot.errors import Refused
from bot.ports import Journal
from bot.services.chats import Around, ChatBot, pace, take_place, take_turn
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
    async def open(self, around: Around, journal: Journal) -> AsyncIterator[ChatBot]:
        its = self._pace()
        async with self._client(around, its) as client:
            yield ChatBot(
                messenger=client,
                pace=its,
                begin=client.begin,
                listen=client.listen,
                readership=client.readership,
                trouble=lambda: f"Discord: {client.trouble}." if client.trouble else None,
            )

    async def look(self, around: Around) -> str:
        async with self._client(around, self._pace()) as client:
            await client.begin()
            try:
                await client.introduce()
            except (Refusal, Withheld, NoAnswer) as failure:
                raise Refused(
                    f"{self._settings.api_url} cannot be used now ({failure}): see whether"
                    " TRADEBELL_DISCORD_API_URL is right and this machine has a way there."
                ) from failure
            return (
                f"{self._settings.api_url}: the token opens bot {client.bot}; to add it to your own"
                f" account, open {invitation(client.application, to_server=False)} , to a server"
                f" {invitation(client.application, to_server=True)}"
            )

    def _pace(self) -> Pace:
        # How fast one chat may get messages Discord tells itself, with every answer.
        return pace(self._settings.rate, lambda _: 0)

    def _client(self, around: Around, its: Pace) -> AbstractAsyncContextManager[DiscordClient]:
        return open_discord(
            self._settings,
            now=around.now,
            chance=around.chance,
            meter=around.meter,
            may_send=partial(take_turn, its),
            may_ask=partial(take_place, its),
        )
