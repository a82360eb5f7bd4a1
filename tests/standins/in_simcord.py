"""Our Discord client in a world of simcord: its real session, gateway and library, no sockets.

simcord is another Discord than our stand-in, written by others, and runs in process. It takes the
place of the library's two transports. Ours has its own, so here an aiohttp session of ours leads
to simcord's routes, and a WebSocket of ours tells what simcord tells the bot's account.

What the client does belongs to the bot, in simcord's words: whoever asks something there has the
whole answer when the call returns. What the client does not do itself (feeds, deliveries) is run
outside, and waited for. So is a client that has to wait with a limit on its own: simcord's clock
only moves once the bot is idle, and whoever waits for an event with `asyncio.timeout` never is.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import HTTP
from typing import Any, TypeVar, cast

import discord
import simcord
import yarl
from aiohttp import ClientSession, WSMessage, WSMsgType
from discord.http import Route

from adapters.chat.connections import Body
from adapters.chat.exchange import ApiAnswer
from adapters.discord.bot import DiscordBot, composed
from adapters.discord.gateway import INTENTS
from adapters.discord.rhythm import USUAL, DiscordRhythm
from adapters.discord.settings import DEFAULT_API_URL, DiscordSettings
from adapters.discord.transport import DiscordHttp
from bot.domain.incoming import Incoming, Reply
from bot.ports import Hear, Suggest
from tests.fakes.handles import FakeHandles
from tests.fakes.meter import FakeMeter

Json = Mapping[str, Any]
Given = TypeVar("Given")

GATEWAY_URL = "wss://gateway.simcord.invalid"
HEARTBEAT = 41_250
"""Milliseconds."""

PATIENCE = 15.0
"""Seconds, of real time, after which an answer has not come."""

OLDER_NAMES = {"/applications/@me": "/oauth2/applications/@me"}
"""Routes that simcord knows by their older names only."""


class InSimcord:
    """A world of simcord with our client in it. `env` is what a test arranges and asks.

    Args:
        owned: whether the client belongs to the bot.
    """

    def __init__(self, group: asyncio.TaskGroup, *, owned: bool, rhythm: DiscordRhythm) -> None:
        self._account = _Account(self._start if owned else _nothing)
        self._group = group
        self._owned = owned
        self._rhythm = rhythm
        self._ears: asyncio.Future[tuple[Hear, Suggest]] = asyncio.Future()
        self.env = simcord.Env(self._account, settle_timeout=PATIENCE)
        self.bot: DiscordBot

    async def listen(self, hear: Hear, suggest: Suggest) -> None:
        """Begin to answer; returns once the commands are registered."""
        self._ears.set_result((hear, suggest))
        await self.until(self.env.create_user("Registrar").available_commands)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for what simcord does not wait for."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - the condition is anything
                await asyncio.sleep(0.01)

    async def begin(self) -> None:
        await self.env.start()
        if not self._owned:
            self._start()
        user = self._account.user
        assert user is not None
        token = f"{base64.b64encode(str(user.id).encode()).decode().rstrip('=')}.sim.cord"
        clock = asyncio.get_running_loop().time
        requests = _Requests(self._account)
        session = cast("ClientSession", _Session(self._account, self))
        self.bot = composed(
            DiscordHttp(requests, session, token, DEFAULT_API_URL, clock),
            DiscordSettings(token=token, gateway_url=GATEWAY_URL),
            FakeHandles(self.env.now),
            now=self.env.now,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=_at_once,
            may_ask=_at_once,
            rhythm=self._rhythm,
        )

    async def end(self) -> None:
        await self.env.shutdown()
        self._listening.cancel()
        assert self.env.errors == []

    def _start(self) -> None:
        self._listening = self._group.create_task(self._listen(), name="discord")

    async def _listen(self) -> None:
        hear, suggest = await self.silence(self._ears)
        await self.bot.listener.listen(hear, suggest)

    async def silence(self, awaited: Awaitable[Given]) -> Given:
        """Wait for what comes from outside, which nobody is to wait for."""
        if not self._owned:
            return await awaited
        given: Given = await self.env.external_wait(awaited, reason="nothing is said")
        return given


@asynccontextmanager
async def in_simcord(
    *, owned: bool = True, rhythm: DiscordRhythm = USUAL
) -> AsyncIterator[InSimcord]:
    """A world of its own. What goes wrong in the bot's tasks fails the test at its end."""
    async with asyncio.TaskGroup() as group:
        world = InSimcord(group, owned=owned, rhythm=rhythm)
        await world.begin()
        try:
            yield world
        finally:
            await world.end()


@asynccontextmanager
async def outside(hear: Hear) -> AsyncIterator[Hear]:
    """Give a `ports.Hear` that has another one answer in a task that is not the bot's.

    What an answer begins belongs to the same, and a feed that goes on would be waited for.
    """
    asked: asyncio.Queue[tuple[Incoming, asyncio.Queue[Reply | None]]] = asyncio.Queue()

    async def answer() -> None:
        while True:
            one, replies = await asked.get()
            async for reply in hear(one):
                replies.put_nowait(reply)
            replies.put_nowait(None)

    async def ask(said: Incoming) -> AsyncIterator[Reply]:
        replies: asyncio.Queue[Reply | None] = asyncio.Queue()
        asked.put_nowait((said, replies))
        while (reply := await replies.get()) is not None:
            yield reply

    async with asyncio.TaskGroup() as group:
        answering = group.create_task(answer(), name="answering outside")
        yield ask
        answering.cancel()


async def _at_once(*_: object) -> None:
    """Implements `replies.MaySend` and `servers.MayAsk`."""


def _nothing() -> None:
    pass


class _Account(discord.Client):
    """The bot's account as simcord wants it: a client of the library.

    Args:
        start: called where what begins belongs to the bot.
    """

    def __init__(self, start: Callable[[], object]) -> None:
        super().__init__(intents=INTENTS, max_messages=None)
        self.hears: list[Callable[[str, Json], None]] = []
        """Get the name and the data of every event."""
        self._start = start
        parsers = self._connection.parsers
        for event, parse in list(parsers.items()):
            parsers[event] = self._telling(event, parse)

    async def setup_hook(self) -> None:
        self._start()

    def _telling(self, event: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        def tell(data: Any) -> None:
            for hear in self.hears:
                hear(event, data)
            parse(data)

        return tell


class _Requests:
    """Implements `Requests`: the API is simcord's."""

    def __init__(self, account: _Account) -> None:
        self._account = account

    async def ask(
        self, method: str, url: str | yarl.URL, body: Body | None = None, **_: Any
    ) -> ApiAnswer:
        url = yarl.URL(url)
        path = str(url.with_query(None)).removeprefix(DEFAULT_API_URL)
        route = Route(method, OLDER_NAMES.get(path, path))
        given = {"params": dict(url.query), **_read(body)}
        try:
            answer = await self._account.http.request(route, **given)
        except discord.HTTPException as refused:
            return _answer(refused.status, {"code": refused.code, "message": refused.text})
        return _answer(204 if answer is None else 200, answer)


def _answer(status: int, body: Any) -> ApiAnswer:
    return ApiAnswer(status, {}, b"" if body is None else json.dumps(body).encode())


class _Session:
    """What `DiscordHttp` uses of an `aiohttp.ClientSession`."""

    def __init__(self, account: _Account, world: InSimcord) -> None:
        self._account = account
        self._world = world

    async def ws_connect(self, url: str, **_: Any) -> _Socket:
        return _Socket(self._account, self._world)


def _read(given: Body | None) -> dict[str, Any]:
    """A body as the library's own client takes it, with the files and their alt texts."""
    if given is None:
        return {}
    if given.content_type == "application/json":
        return {"json": json.loads(given.content)}
    head = f"Content-Type: {given.content_type}\r\n\r\n".encode()
    files: list[discord.File] = []
    body: Any = {}
    for part in message_from_bytes(head + given.content, policy=HTTP).iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename() is None:
            body = json.loads(content)
        else:
            files.append(discord.File(io.BytesIO(content), part.get_filename()))
    # A first answer has its message one level deeper.
    told = body.get("data", body).get("attachments", [])
    for file, about in zip(files, told, strict=True):
        file.description = about.get("description")
    return {"form": [{"name": "payload_json", "value": json.dumps(body)}], "files": files}


class _Socket:
    """The library's end of the gateway: a session that is begun, and told what happens."""

    def __init__(self, account: _Account, world: InSimcord) -> None:
        self.closed = False
        self.close_code: int | None = None
        self._account = account
        self._world = world
        self._frames: asyncio.Queue[WSMessage] = asyncio.Queue()
        self._told = 0
        self._put({"op": 10, "d": {"heartbeat_interval": HEARTBEAT}})

    async def receive(self, timeout: float | None = None) -> WSMessage:  # noqa: ASYNC109 - aiohttp's
        return await self._world.silence(self._frames.get())

    async def send_str(self, text: str) -> None:
        match json.loads(text)["op"]:
            case 1:
                self._put({"op": 11})
            case 2:
                self._tell("READY", {"session_id": "sim", "resume_gateway_url": GATEWAY_URL})
                self._account.hears.append(self._tell)

    async def close(self, code: int = 1000) -> bool:
        if self._tell in self._account.hears:
            self._account.hears.remove(self._tell)
        self.closed, self.close_code = True, code
        return True

    def _tell(self, event: str, data: Json) -> None:
        self._told += 1
        self._put({"op": 0, "t": event, "s": self._told, "d": data})

    def _put(self, frame: Json) -> None:
        self._frames.put_nowait(WSMessage(WSMsgType.TEXT, json.dumps(frame), None))
