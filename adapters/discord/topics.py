"""Public threads of a channel, which our bot makes where it may."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from discord.http import Route

from adapters.chat.exchange import NoAnswer, Reached
from adapters.discord.faults import NO_ACCESS, NO_PERMISSION, NOT_IN_THIS_CHANNEL
from adapters.discord.servers import MayAsk
from adapters.discord.transport import DiscordHttp, DiscordRefusal, RateLimited
from bot.domain.chats import Address
from bot.errors import OutcomeUnknown, Refused, TryLater
from bot.texts.errors import Sentence

PUBLIC_THREAD = 11

SLEEPS_AFTER = 10_080
"""Minutes without a message, the most that there are: the next message wakes it.

Source: https://docs.discord.com/developers/resources/channel#start-thread-without-message
"""


class Threads:
    """Implements `ports.MakeTopics`, in a server's text channels."""

    def __init__(self, http: DiscordHttp, may_ask: MayAsk) -> None:
        self._http = http
        self._may_ask = may_ask

    async def make(self, address: Address, name: str) -> str:
        if address.thread:
            raise Refused(Sentence.NO_THREADS_HERE)
        route = Route("POST", "/channels/{channel_id}/threads", channel_id=address.chat)
        wanted = {"name": name, "type": PUBLIC_THREAD, "auto_archive_duration": SLEEPS_AFTER}
        match await self._ask(route, wanted):
            case {"id": str(thread)}:
                return thread
        raise OutcomeUnknown(Sentence.DISCORD_IS_SILENT)

    async def rename(self, address: Address, thread: str, name: str) -> None:
        route = Route("PATCH", "/channels/{channel_id}", channel_id=thread)
        try:
            await self._ask(route, {"name": name})
        except OutcomeUnknown as unclear:
            raise TryLater(str(unclear)) from unclear

    async def _ask(self, route: Route, wanted: Mapping[str, Any]) -> Any:
        await self._may_ask()
        try:
            return await self._http.request(route, json=wanted)
        except RateLimited as asked:
            wait = timedelta(seconds=asked.wait)
            raise TryLater(Sentence.DISCORD_SAYS_WAIT, retry_after=wait) from asked
        except NoAnswer as lost:
            certain = lost.reached is Reached.CONNECTING
            raise (TryLater if certain else OutcomeUnknown)(Sentence.DISCORD_IS_SILENT) from lost
        except DiscordRefusal as refusal:
            if refusal.status == HTTPStatus.UNAUTHORIZED:
                raise TryLater(Sentence.DISCORD_DOES_NOT_SAY) from refusal
            raise Refused(_why(refusal)) from refusal


def _why(refusal: DiscordRefusal) -> str:
    if refusal.code in (NO_PERMISSION, NO_ACCESS):
        return Sentence.MAY_MAKE_NO_THREADS
    if refusal.code == NOT_IN_THIS_CHANNEL:
        return Sentence.NO_THREADS_HERE
    return str(refusal)
