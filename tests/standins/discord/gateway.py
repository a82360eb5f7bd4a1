"""The gateway: sessions over WebSocket that are told what happens, and can be resumed.

JSON only, plain or compressed as discord.py asks for it: `zstd-stream` where Python has zstd
(since 3.14), else `zlib-stream`. Source: discord/discord-api-docs:developers/events/gateway.mdx and
developers/topics/opcodes-and-status-codes.mdx.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import secrets
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from aiohttp import WSMsgType, web

from tests.standins.discord.world import Event, World

Json = dict[str, Any]

GUILDS = 1 << 0
GUILD_MESSAGES = 1 << 9
GUILD_MESSAGE_REACTIONS = 1 << 10
DIRECT_MESSAGES = 1 << 12
DIRECT_MESSAGE_REACTIONS = 1 << 13
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
"""Members, presences, message content."""
KNOWN_INTENTS = (1 << 26) - 1

FRAMES = 120
FRAMES_WINDOW = timedelta(seconds=60)
STARTS_A_DAY = 1000


class Op(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    ACK = 11


class Close(IntEnum):
    """Why the gateway ends a connection."""

    UNKNOWN = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQUENCE = 4007
    RATE_LIMITED = 4008
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    SHARDING_REQUIRED = 4011
    INVALID_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


Compress = Callable[[bytes], bytes]
"""Turns one message after the other into what their common stream says of it."""


def _compressor(name: str) -> Compress | None:
    if name == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda data: deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
    if name == "zstd-stream":
        try:
            zstd = importlib.import_module("compression.zstd").ZstdCompressor()
        except ModuleNotFoundError:
            return None
        return lambda data: bytes(zstd.compress(data, zstd.FLUSH_BLOCK))
    return None


@dataclass(slots=True, eq=False)
class Session:
    """What one identified client is told; outlives its connections until it is forgotten."""

    id: str
    intents: int
    shard: tuple[int, int]
    sent: list[Json] = field(default_factory=list)
    """Every dispatch so far: that with sequence number n at place n - 1."""
    connection: Connection | None = None

    def dispatch(self, name: str, data: Json) -> None:
        frame: Json = {"op": int(Op.DISPATCH), "t": name, "s": len(self.sent) + 1, "d": data}
        self.sent.append(frame)
        if self.connection is not None:
            self.connection.send(frame)

    def hears(self, event: Event) -> bool:
        number, count = self.shard
        if number != ((event.guild.id >> 22) % count if event.guild else 0):
            return False
        if event.name == "INTERACTION_CREATE":
            return True
        if event.name.startswith("MESSAGE_REACTION_"):
            reactions = GUILD_MESSAGE_REACTIONS if event.guild else DIRECT_MESSAGE_REACTIONS
            return bool(self.intents & reactions)
        if event.name.startswith("MESSAGE_"):
            return bool(self.intents & (GUILD_MESSAGES if event.guild else DIRECT_MESSAGES))
        return bool(self.intents & GUILDS)


class Connection:
    """One WebSocket. What is sent goes out in order, the end of the connection too."""

    def __init__(self, request: web.Request, compress: Compress | None) -> None:
        self.session: Session | None = None
        self.closing = False
        self._request = request
        self._compress = compress
        self._outgoing: asyncio.Queue[Json | int] = asyncio.Queue()

    def send(self, frame: Json) -> None:
        self._outgoing.put_nowait(frame)

    def close(self, code: int) -> None:
        self.closing = True
        self._outgoing.put_nowait(code)

    def cut(self) -> None:
        """Reset the connection, whatever is still on its way."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def write(self, socket: web.WebSocketResponse) -> None:
        """Send what there is to send; returns once the connection is closed."""
        while True:
            frame = await self._outgoing.get()
            if isinstance(frame, int):
                await socket.close(code=frame)
                return
            text = json.dumps(frame)
            try:
                if self._compress is None:
                    await socket.send_str(text)
                else:
                    await socket.send_bytes(self._compress(text.encode()))
            except ConnectionError:
                return  # the reader finds out too


class Gateway:
    """All sessions, and what a test can do to them.

    Attributes:
        heartbeat: how often clients are told to send one.
        acks: whether heartbeats are acknowledged.
        privileged: the privileged intents that the bot was granted.
        identifies: how often a session was begun; 1,000 a day are allowed.
        resumes: how often one was taken up again.
    """

    def __init__(self, world: World, token: str, url: Callable[[], str]) -> None:
        self.heartbeat = timedelta(milliseconds=41_250)
        self.acks = True
        self.privileged = 0
        self.identifies = 0
        self.resumes = 0
        self.heartbeats = 0
        self.token = token
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self._world = world
        self._url = url
        world.hears.append(self._tell)

    # --- for tests ------------------------------------------------------------------------

    def cut(self) -> None:
        """Reset all connections. Their sessions can be resumed."""
        for connection in list(self.connections):
            connection.cut()

    def close(self, code: int) -> None:
        """Close all connections with a code. Their sessions can be resumed."""
        for connection in list(self.connections):
            connection.close(code)

    def ask_to_reconnect(self) -> None:
        """Op 7, as before every deployment of Discord's."""
        for connection in list(self.connections):
            connection.send({"op": int(Op.RECONNECT), "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Op 9 to all; unless resumable, their sessions are over."""
        if not resumable:
            self.sessions.clear()
        for connection in list(self.connections):
            connection.send({"op": int(Op.INVALID_SESSION), "d": resumable})

    def forget(self) -> None:
        """Forget all sessions: whoever resumes from now on is told to begin anew."""
        for session in self.sessions.values():
            session.connection = None
        self.sessions.clear()

    async def connected(self, *, within: float = 20.0) -> Session:
        """Give the first session that has a connection."""

        def found() -> Session | None:
            return next((s for s in self.sessions.values() if s.connection), None)

        return await self._world.until(found, within=within)

    def described(self) -> Json:
        """What GET /gateway/bot answers."""
        limit = {
            "total": STARTS_A_DAY,
            "remaining": max(0, STARTS_A_DAY - self.identifies),
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return {"url": self._url(), "shards": 1, "session_start_limit": limit}

    # --- one connection -------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        # It waits so long for a client to say goodbye in turn.
        socket = web.WebSocketResponse(timeout=1.0, compress=False, max_msg_size=4096)
        await socket.prepare(request)
        asked = request.query.get("compress")
        compress = _compressor(asked) if asked else None
        connection = Connection(request, compress)
        if request.query.get("v") != "10" or request.query.get("encoding", "json") != "json":
            await socket.close(code=Close.INVALID_VERSION)
            return socket
        if asked and compress is None:
            await socket.close(code=Close.DECODE_ERROR, message=b"no such compression here")
            return socket
        interval = self.heartbeat / timedelta(milliseconds=1)
        connection.send({"op": int(Op.HELLO), "d": {"heartbeat_interval": interval}})
        self.connections.append(connection)
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(connection.write(socket))
                await self._read(socket, connection)
                if not connection.closing:
                    writer.cancel()
        finally:
            self._gone(connection, socket.close_code)
        return socket

    async def _read(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        arrived: deque[datetime] = deque()
        async for message in socket:
            now = self._world.clock()
            arrived.append(now)
            while now - arrived[0] > FRAMES_WINDOW:
                arrived.popleft()
            code = (
                Close.RATE_LIMITED
                if len(arrived) > FRAMES
                else self._receive(connection, message.data)
                if message.type is WSMsgType.TEXT
                else Close.DECODE_ERROR
            )
            if code is not None:
                connection.close(code)

    def _gone(self, connection: Connection, code: int | None) -> None:
        self.connections.remove(connection)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            if code in (1000, 1001) and not connection.closing:
                # Source: "Initiating a Disconnect".
                self.sessions.pop(session.id, None)
        self._world.changed()

    def _receive(self, connection: Connection, text: str) -> Close | None:
        """Act on a frame; gives why the connection is to end, if it is."""
        try:
            frame = json.loads(text)
            op, data = frame["op"], frame.get("d")
        except (ValueError, TypeError, KeyError):
            return Close.DECODE_ERROR
        match op:
            case Op.HEARTBEAT:
                self.heartbeats += 1
                if self.acks:
                    connection.send({"op": int(Op.ACK)})
                self._world.changed()
                return None
            case Op.IDENTIFY | Op.RESUME if connection.session is not None:
                return Close.ALREADY_AUTHENTICATED
            case Op.IDENTIFY:
                return self._identify(connection, data)
            case Op.RESUME:
                return self._resume(connection, data)
            case Op.PRESENCE | Op.REQUEST_MEMBERS:
                return None if connection.session is not None else Close.NOT_AUTHENTICATED
        return Close.UNKNOWN_OPCODE

    def _identify(self, connection: Connection, data: Json) -> Close | None:
        if data.get("token") != self.token:
            return Close.AUTHENTICATION_FAILED
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            return Close.INVALID_INTENTS
        if intents & PRIVILEGED & ~self.privileged:
            return Close.DISALLOWED_INTENTS
        number, count = data.get("shard") or (0, 1)
        if not 0 <= number < count:
            return Close.INVALID_SHARD
        self.identifies += 1
        session = Session(secrets.token_hex(16), intents, (number, count))
        self.sessions[session.id] = session
        session.connection, connection.session = connection, session
        world = self._world
        guilds = [
            guild
            for guild in world.guilds.values()
            if guild.has_bot and session.hears(Event(name="GUILD_CREATE", data={}, guild=guild))
        ]
        ready: Json = {
            "v": 10,
            "user": world.bot,
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self._url(),
            "shard": [number, count],
            "application": {"id": str(world.bot_id), "flags": 0},
            "private_channels": [],
        }
        session.dispatch("READY", ready)
        for guild in guilds:
            session.dispatch("GUILD_CREATE", guild.created_json())
        world.changed()
        return None

    def _resume(self, connection: Connection, data: Json) -> Close | None:
        if data.get("token") != self.token:
            return Close.AUTHENTICATION_FAILED
        session = self.sessions.get(data.get("session_id") or "")
        if session is None:
            connection.send({"op": int(Op.INVALID_SESSION), "d": False})
            return None
        seen = data.get("seq") or 0
        if seen > len(session.sent):
            return Close.INVALID_SEQUENCE
        self.resumes += 1
        session.connection, connection.session = connection, session
        for frame in session.sent[seen:]:
            connection.send(frame)
        session.dispatch("RESUMED", {})
        self._world.changed()
        return None

    # --- telling --------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        for session in self.sessions.values():
            if session.hears(event):
                session.dispatch(event.name, event.data)
