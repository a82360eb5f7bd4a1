"""What people say on Discord: told by the gateway, or posted, and given on to be answered."""

import asyncio
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from discord.http import Route

from adapters.chat.exchange import NoAnswer
from adapters.chat.queues import ChatQueues
from adapters.discord.answering import DiscordAnswering
from adapters.discord.commands import is_registered, registered
from adapters.discord.endpoint import PATH, InteractionsEndpoint, bring
from adapters.discord.gateway import Gateway
from adapters.discord.rhythm import DiscordRhythm
from adapters.discord.settings import DiscordSettings
from adapters.discord.transport import DiscordHttp, DiscordRefusal, RateLimited
from adapters.discord.updates import DiscordUpdate, Reacted, Written, heard
from bot.domain.ids import Now
from bot.errors import Misconfigured
from bot.ports import Hear, Meter, Suggest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listening:
    """Where what people say goes."""

    hear: Hear
    suggest: Suggest
    group: asyncio.TaskGroup
    queues: ChatQueues
    """Of what is written in chats; interactions are answered each for itself."""


class DiscordListener:
    """Hears what people say, and has it answered.

    `trouble` is a sentence while Discord does not bring it to us.
    """

    def __init__(
        self,
        http: DiscordHttp,
        answering: DiscordAnswering,
        settings: DiscordSettings,
        chance: random.Random,
        meter: Meter,
        rhythm: DiscordRhythm,
        now: Now,
        public_url: str,
    ) -> None:
        self._http = http
        self._answering = answering
        self._settings = settings
        self._chance = chance
        self._meter = meter
        self._rhythm = rhythm
        self._application: str | None = None
        self._listening: _Listening | None = None
        self._under_way = 0
        self.trouble: str | None = "not listening yet"
        self.endpoint: InteractionsEndpoint | None = None
        """Where Discord posts interactions, if the settings want that; then there is no gateway."""
        if settings.posted:
            url = f"{public_url}{PATH}"
            self.endpoint = InteractionsEndpoint(
                http, self.introduce, self._take, self._told, url, now, rhythm
            )

    @property
    def application(self) -> str:
        """By what the bot is invited: for all but the oldest bots the same as its own id."""
        return self._application or self._settings.bot

    async def begin(self) -> None:
        """Introduce ourselves. Discord need not be there yet.

        Raises:
            Misconfigured: the token is refused.
        """
        try:
            await self.introduce()
        except DiscordRefusal as refusal:
            if refusal.status == 401:
                raise Misconfigured(
                    "TRADEBELL_DISCORD_TOKEN is refused by Discord: take the current one from the"
                    " Developer Portal."
                ) from None
            log.warning("Discord does not know us yet", extra={"reason": str(refusal)})
        except (NoAnswer, RateLimited) as lost:
            log.warning("Discord cannot be reached yet", extra={"reason": str(lost)})

    async def introduce(self) -> Mapping[str, Any]:
        """Learn what we are called by; gives all that Discord knows of our application.

        Raises:
            DiscordRefusal: the token is not good.
            RateLimited, NoAnswer: Discord is away.
        """
        about = await self._http.request(Route("GET", "/applications/@me"))
        match about:
            case {"id": str(id)}:
                self._application = id
        return about if isinstance(about, Mapping) else {}

    async def listen(self, hear: Hear, suggest: Suggest) -> NoReturn:
        """Answer what people say, until cancelled."""
        async with asyncio.TaskGroup() as group:
            most = self._rhythm.at_once
            queues = ChatQueues(group, at_once=most, most=most)
            self._listening = _Listening(hear=hear, suggest=suggest, group=group, queues=queues)
            group.create_task(self._register(), name="discord commands")
            try:
                await self._follow()
            finally:
                self._listening = None
        raise AssertionError("what is said is followed without an end")

    async def _follow(self) -> NoReturn:
        if self.endpoint is not None:
            await self.endpoint.follow()
        gateway = Gateway(self._http, self._take, self._told, self._chance, self._rhythm.reconnect)
        await gateway.follow(self._gateway_url)

    async def _gateway_url(self) -> str:
        if self._settings.gateway_url is not None:
            return self._settings.gateway_url
        match await self._http.request(Route("GET", "/gateway/bot")):
            case {"url": str(url)}:
                return url
            case _:
                raise DiscordRefusal(200, 0, "no address of a gateway")

    async def _register(self) -> None:
        """Have the commands registered as they are now; nothing is written if they are already."""
        wanted = registered()
        while True:
            try:
                about = await self.introduce()
                if self.endpoint is None:
                    await bring(self._http, about, None)
                route = partial(
                    Route,
                    path="/applications/{application_id}/commands",
                    application_id=self.application,
                )
                # Else what is there is told in one language only.
                whole = {"with_localizations": "true"}
                there = await self._http.request(route("GET"), params=whole)
                if not is_registered(wanted, there):
                    await self._http.request(route("PUT"), json=wanted)
                    log.info("commands registered")
                return
            except (DiscordRefusal, RateLimited, NoAnswer) as error:
                log.warning("the commands are not registered", extra={"reason": str(error)})
                await asyncio.sleep(self._rhythm.register_again.total_seconds())

    def _told(self, trouble: str | None) -> None:
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble is None:
            log.info("listening to Discord")
            return
        self._meter.alarm("discord_not_listening")
        log.error(trouble)

    def _take(self, frame: Mapping[str, Any]) -> bool:
        """Have it answered; `False` if it is not."""
        found = heard(frame, self._settings.bot)
        if found is None or self._listening is None:
            return False
        if self._under_way >= self._rhythm.at_once:
            log.warning("too much is asked at once, and some of it is not answered")
            return False
        self._under_way += 1
        serve = partial(self._serve, found, self._listening)
        if isinstance(found, Written | Reacted):
            self._listening.queues.put(found.said.place.address.chat, serve)
        else:
            self._listening.group.create_task(serve(), name="discord answer")
        return True

    async def _serve(self, found: DiscordUpdate, listening: _Listening) -> None:
        try:
            await self._answering.answer(found, listening.hear, listening.suggest)
        finally:
            self._under_way -= 1
