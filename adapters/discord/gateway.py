"""The gateway's WebSocket, kept open: what it tells is given on as it comes."""

import asyncio
import json
import logging
import random
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import discord
import yarl
from aiohttp import ClientError
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.state import ConnectionState
from discord.voice_client import VoiceClient

from adapters.chat.exchange import NoAnswer
from adapters.discord.limits import Seconds
from adapters.discord.rhythm import RECONNECT
from adapters.discord.transport import DiscordHttp, DiscordRefusal, RateLimited
from bot.domain.backoff import Backoff

log = logging.getLogger(__name__)

Json = Mapping[str, Any]

INTENTS = discord.Intents(dm_messages=True, dm_reactions=True, guild_reactions=True)
"""What is written to us directly, and reactions everywhere; commands and buttons come without any.
None is privileged.
"""

HELLO_TIMEOUT = 30.0
STABLE: Seconds = 120.0
"""A connection that lasted so long was a good one."""

LOST_CAUSE = 4
"""After so many failures in a row a session is not taken up any more: its own address may be what
is broken."""

REFUSED_WAIT: Seconds = 300.0
REFUSALS = {
    4004: "Discord refuses the bot's token",
    4010: "Discord refuses the bot's shard",
    4011: "the bot is in so many servers that it needs shards",
    4012: "Discord does not speak this version any more",
    4013: "Discord refuses what we want to hear",
    4014: "Discord refuses what we want to hear",
}
"""Closes after which connecting again does not help by itself.

Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway
"""

# We neither speak nor need servers: the library warns of both.
VoiceClient.warn_nacl = VoiceClient.warn_dave = False
logging.getLogger("discord.state").addFilter(lambda record: "intent" not in str(record.msg))


@dataclass(slots=True)
class Redial:
    """How long to wait before the next connection."""

    chance: random.Random
    waits: Backoff = RECONNECT
    failures: int = 0

    def wait(self, lasted: Seconds, resumable: bool) -> Seconds:
        """Seconds; none only after a good connection that can be taken up again."""
        self.failures = 1 if lasted >= STABLE else self.failures + 1
        if self.failures == 1 and resumable:
            return 0.0
        return self.waits.wait(self.failures, self.chance).total_seconds()


class _State(ConnectionState[Any]):
    """Keeps hold of the socket from its first moment, and builds none of the library's objects."""

    socket: DiscordWebSocket | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.parsers = {}

    def _update_references(self, ws: DiscordWebSocket) -> None:
        self.socket = ws


class Gateway(discord.Client):
    """One session, resumed after every break as long as Discord remembers it.

    Args:
        take: gets every frame, in order; must not wait or raise.
        tell: gets a sentence when we do not hear anything, `None` when we do again.
    """

    def __init__(
        self,
        http: DiscordHttp,
        take: Callable[[Json], object],
        tell: Callable[[str | None], None],
        chance: random.Random,
        waits: Backoff = RECONNECT,
    ) -> None:
        # The library gives the bare frames only with this set.
        super().__init__(intents=INTENTS, enable_debug_events=True, max_messages=None)
        self.http = http
        self._take = take
        self._tell = tell
        self._chance = chance
        self._redial = Redial(chance, waits)

    def _get_state(self, **options: Any) -> _State:
        return _State(
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self.http,
            **options,
        )

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """What the library would start a task for; all that we want is what came."""
        if event != "socket_raw_receive":
            return
        frame = json.loads(args[0])
        if not isinstance(frame, dict):
            raise ValueError("not a frame")
        if frame.get("t") in ("READY", "RESUMED"):
            self._tell(None)
        self._take(frame)

    async def follow(self, address: Callable[[], Awaitable[str]]) -> NoReturn:
        """Stay connected, until cancelled.

        Args:
            address: asks where the gateway is; raises as a call of the API does.
        """
        clock = asyncio.get_running_loop().time
        session: DiscordWebSocket | None = None
        async with self:
            while True:
                began = clock()
                wait = None
                try:
                    session = await self._connect(address, session)
                    while True:
                        await session.poll_event()
                except ReconnectWebSocket as ended:
                    session = self._socket if ended.resume else None
                except discord.ConnectionClosed as closed:
                    session = None
                    if closed.code in REFUSALS:
                        wait = REFUSED_WAIT
                        self._tell(REFUSALS[closed.code])
                except (OSError, ClientError, DiscordRefusal, RateLimited, NoAnswer) as error:
                    log.info("no gateway", extra={"reason": type(error).__name__})
                    session = self._socket
                except (ValueError, KeyError, TypeError, zlib.error) as error:
                    # Whatever stands between us and Discord: nothing of the session is sure now.
                    log.warning("no sense in a frame", extra={"reason": type(error).__name__})
                    session = None
                finally:
                    await self._hang_up()
                resumable = session is not None and session.session_id is not None
                if self._redial.failures >= LOST_CAUSE:
                    session, resumable = None, False
                again = self._redial.wait(clock() - began, resumable)
                if wait is None and self._redial.failures > 2:
                    self._tell("Discord's gateway cannot be reached")
                await asyncio.sleep(wait or again)

    @property
    def _socket(self) -> DiscordWebSocket | None:
        state = self._connection
        assert isinstance(state, _State)
        return state.socket

    async def _connect(
        self, address: Callable[[], Awaitable[str]], last: DiscordWebSocket | None
    ) -> DiscordWebSocket:
        """Begin a session, or take up the last one."""
        resumes = last is not None and last.session_id is not None
        async with asyncio.timeout(HELLO_TIMEOUT):
            if last is not None and resumes:
                return await DiscordWebSocket.from_client(
                    self,
                    gateway=last.gateway,
                    session=last.session_id,
                    sequence=last.sequence,
                    resume=True,
                )
            # Else the library waits five seconds first; we have waited already.
            return await DiscordWebSocket.from_client(
                self, gateway=yarl.URL(await address()), initial=True
            )

    async def _hang_up(self) -> None:
        """End what is open; the library's thread for heartbeats too."""
        socket = self._socket
        if socket is not None:
            # 1000 would end the session: at the next connection it is to be taken up again.
            await socket.close(code=4000)
