"""Who reads along in a server's channels, and whether somebody is still there."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from discord.http import Route

from adapters.chat.exchange import NoAnswer, Reached
from adapters.discord.limits import Seconds
from adapters.discord.transport import DiscordHttp, DiscordRefusal, RateLimited
from bot.domain.chats import Address
from bot.domain.linking import Audience
from bot.domain.text import without_links
from bot.errors import Refused, TryLater, Unreachable
from bot.texts.errors import Sentence
from bot.texts.language import _, ngettext

KEPT = 10_000
"""So much is remembered before what is no longer fresh is forgotten."""

NAME_LIMIT = 60

NO_MEMBER = frozenset({10007, 10013})
"""Not a member, or no account at all."""

NOT_THERE = frozenset({10003, 10004, 50001})
"""No channel or server that we are in.

Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""


MayAsk = Callable[[], Awaitable[None]]


class Servers:
    """Implements `ports.Readership`. None of its calls needs a privileged intent.

    Args:
        clock: monotonic seconds.
        may_ask: returns once the rate of the bot allows one more request.
        fresh: how long it is believed that somebody is there.
    """

    def __init__(
        self, http: DiscordHttp, clock: Callable[[], Seconds], may_ask: MayAsk, fresh: timedelta
    ) -> None:
        self._http = http
        self._clock = clock
        self._may_ask = may_ask
        self._fresh: Seconds = fresh.total_seconds()
        self._servers: dict[str, str] = {}
        """The server of each channel: it never changes."""
        self._seen: dict[tuple[str, str], Seconds] = {}
        """When a person was last seen in a server."""

    async def of(self, address: Address) -> Audience | None:
        """The channel, its server and how many people that has."""
        try:
            channel = await self._get("/channels/{channel_id}", channel_id=_channel(address))
            server = channel.get("guild_id")
            if not isinstance(server, str):
                return None
            found = await self._get("/guilds/{guild_id}", {"with_counts": "true"}, guild_id=server)
        except DiscordRefusal as refusal:
            _settle(refusal)
            return None
        where, whose = _named(channel, _("channel")), _named(found, _("a server"))
        name = _("#{channel} in {server}", channel=where, server=whose)
        people = found.get("approximate_member_count")
        size = isinstance(people, int) and ngettext(
            " (a server of about {count} person)", " (a server of about {count} people)", people
        )
        readers = _(
            "everyone who can read {name}{size}, and whoever joins later",
            name=name,
            size=size or "",
        )
        return Audience(name=name, readers=readers)

    async def has_left(self, address: Address, person: str) -> bool:
        try:
            server = await self._server_of(address)
            now = self._clock()
            if now - self._seen.get((server, person), now - self._fresh) < self._fresh:
                return False
            path = "/guilds/{guild_id}/members/{user_id}"
            await self._get(path, guild_id=server, user_id=person)
        except DiscordRefusal as refusal:
            if refusal.code in NO_MEMBER:
                return True
            _settle(refusal)
            raise Refused(Sentence.NOT_IN_SERVER) from None
        if len(self._seen) >= KEPT:
            self._seen = {key: at for key, at in self._seen.items() if now - at < self._fresh}
        self._seen[server, person] = now
        return False

    async def _server_of(self, address: Address) -> str:
        channel = _channel(address)
        if channel not in self._servers:
            found = await self._get("/channels/{channel_id}", channel_id=channel)
            server = found.get("guild_id")
            if not isinstance(server, str):
                raise Refused(Sentence.NO_CHANNEL)
            self._servers[channel] = server
        return self._servers[channel]

    async def _get(
        self, path: str, params: Mapping[str, str] | None = None, **ids: str
    ) -> Mapping[str, Any]:
        """What the API has there.

        Raises:
            DiscordRefusal: it has nothing for us.
            Unreachable: Discord is away.
            TryLater: nobody can tell now.
        """
        await self._may_ask()
        try:
            found = await self._http.request(Route("GET", path, **ids), params=params or {})
        except RateLimited as asked:
            raise TryLater(
                Sentence.DISCORD_SAYS_WAIT, retry_after=timedelta(seconds=asked.wait)
            ) from None
        except NoAnswer as lost:
            kind = Unreachable if lost.reached is Reached.CONNECTING else TryLater
            raise kind(Sentence.DISCORD_IS_SILENT) from None
        return found if isinstance(found, Mapping) else {}


def _settle(refusal: DiscordRefusal) -> None:
    """
    Raises:
        TryLater: it does not say that we are not there.
    """
    # A refused token is found out by whatever is sent.
    if refusal.code not in NOT_THERE and refusal.status != HTTPStatus.UNAUTHORIZED:
        raise TryLater(Sentence.DISCORD_DOES_NOT_SAY) from None


def _channel(address: Address) -> str:
    return address.thread or address.chat


def _named(found: Mapping[str, Any], otherwise: str) -> str:
    name = found.get("name")
    if not isinstance(name, str) or not name.strip():
        return otherwise
    return without_links(name, NAME_LIMIT)
