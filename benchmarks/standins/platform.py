"""A trading platform that knows its users by their tokens and sends what it is told to send."""

import asyncio
import itertools
import json
import struct
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import jwt
from aiohttp import WSMsgType, web

from benchmarks.children import answer

PING_EVERY = 25.0
PING_PATIENCE = 20.0
"""Seconds. Source: https://socket.io/docs/v4/server-options/#pinginterval"""

SERVICES = frozenset(
    {
        "users",
        "traders",
        "strategies",
        "trades",
        "traders/pods/events",
        "models/signals",
        "messages",
        "events",
    }
)

Json = dict[str, Any]

BOTS = 16
"""Of each user, whose trades they make in turn: many of one bot would be told in one message."""


class Platform:
    """Sockets by user, and what may be read with `find`: a user's own bots, nothing else."""

    def __init__(self) -> None:
        self._sockets: dict[str, _Socket] = {}
        self._turns: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
        self._ids = itertools.count(1)

    # --- asked by the benchmark -----------------------------------------------------------

    def online(self) -> list[str]:
        """Users whose socket is open and logged in."""
        return list(self._sockets)

    async def trade(
        self, users: list[str], first: int, count: int, every: float
    ) -> list[tuple[int, int]]:
        """Send `count` trades to these users in turn, numbered from `first`, one every so many
        seconds; gives number and instant (ns) of each frame.
        """
        planned = [
            (number, self._sockets[user], self._trade_frame(user, number))
            for number, user in zip(
                range(first, first + count), itertools.cycle(users), strict=False
            )
        ]
        loop = asyncio.get_running_loop()
        begin = loop.time()
        sent = []
        for turn, (number, socket, frame) in enumerate(planned):
            if every:
                await asyncio.sleep(begin + turn * every - loop.time())
            sent.append((number, time.monotonic_ns()))
            socket.write(frame)
        return sent

    async def tick(self, user: str, count: int, symbol: str) -> None:
        """Send prices to a user one after the other; returns once all have been read."""
        socket = self._sockets[user]
        for turn in range(count):
            socket.write(_tick_frame(turn, symbol))
            await asyncio.sleep(0)
        await socket.round_trip()

    def _trade_frame(self, user: str, number: int) -> bytes:
        now = _iso_now()
        record = {
            "_id": f"{next(self._ids):024x}",
            "userId": user,
            "traderId": _bot(user, next(self._turns[user]) % BOTS),
            "symbol": "BTC/USDT",
            "side": "buy",
            "amount": 0.1,
            "price": number,
            "createdAt": now,
            "updatedAt": now,
        }
        return _event("trades created", record)

    # --- asked over the wire --------------------------------------------------------------

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        wire = web.WebSocketResponse(autoping=False)
        await wire.prepare(request)
        assert request.transport is not None
        socket = _Socket(request.transport)
        socket.open(f"{next(self._ids):020x}")
        token = _bearer(request)
        if token is not None:
            socket.user = _user(token)
            self._sockets[socket.user] = socket
        try:
            with socket.kept_awake():
                async for message in wire:
                    if message.type is WSMsgType.TEXT:
                        self._receive(socket, message.data)
        finally:
            self._sockets = {user: each for user, each in self._sockets.items() if each != socket}
        return wire

    def _receive(self, socket: "_Socket", text: str) -> None:
        if text == "3":
            socket.pong.set()
        elif text.startswith("40"):
            socket.send(f'40{{"sid":"{next(self._ids):020x}"}}')
        elif text.startswith("42"):
            number, _, call = text[2:].partition("[")
            method, service, *arguments = json.loads(f"[{call}")
            result = self._call(socket, method, service, arguments)
            socket.send(f"43{number}{json.dumps([None, result])}")

    def _call(
        self, socket: "_Socket", method: str, service: str, arguments: list[Any]
    ) -> Json | None:
        if service == "authentication":
            token = arguments[0]["accessToken"]
            user = socket.user = _user(token)
            self._sockets[user] = socket
            return {
                "accessToken": token,
                "authentication": {"strategy": "jwt", "payload": _claims(token)},
                "user": _profile(user),
            }
        return _read(socket.user, method, service)

    async def rest(self, request: web.Request) -> web.Response:
        token = _bearer(request)
        user = "" if token is None else _user(token)
        service = request.path.strip("/")
        if service in SERVICES:
            return web.json_response(_read(user, "find", service))
        return web.json_response(_read(user, "get", service.rpartition("/")[0]))


class _Socket:
    """A connection with its server's duties; frames go out without any detour."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.user = ""
        self.pong = asyncio.Event()
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None

    def open(self, sid: str) -> None:
        facts = {
            "sid": sid,
            "upgrades": [],
            "pingInterval": int(PING_EVERY * 1000),
            "pingTimeout": int(PING_PATIENCE * 1000),
            "maxPayload": 1_000_000,
        }
        self.send(f"0{json.dumps(facts)}")

    def send(self, text: str) -> None:
        self.write(_frame(text))

    def write(self, frame: bytes) -> None:
        self._transport.write(frame)

    async def round_trip(self) -> None:
        """Return once the other side has read all that was sent before."""
        self.pong.clear()
        self.send("2")
        await self.pong.wait()

    @contextmanager
    def kept_awake(self) -> Iterator[None]:
        """Send the server's heartbeat meanwhile."""
        self._beat()
        try:
            yield
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _beat(self) -> None:
        if self._timer is not None:
            self.send("2")
        self._timer = asyncio.get_running_loop().call_later(PING_EVERY, self._beat)


def _frame(text: str) -> bytes:
    """A whole text frame, unmasked. Source: RFC 6455, section 5.2"""
    payload = text.encode()
    if len(payload) < 126:
        return struct.pack("!BB", 0x81, len(payload)) + payload
    return struct.pack("!BBH", 0x81, 126, len(payload)) + payload


def _event(name: str, record: Json) -> bytes:
    return _frame(f"42{json.dumps([name, record], separators=(',', ':'))}")


def _tick_frame(turn: int, symbol: str) -> bytes:
    """A price with the usual fields of CCXT, which platforms pass on."""
    last = 42_000 + turn % 1000
    record = {
        "symbol": symbol,
        "timestamp": 1_700_000_000_000 + turn,
        "datetime": _iso_now(),
        "high": last + 310.5,
        "low": last - 220.25,
        "bid": last - 0.01,
        "ask": last + 0.01,
        "last": last,
        "close": last,
        "percentage": 1.25,
        "baseVolume": 12345.678,
        "quoteVolume": 518518476.123,
    }
    return _event("exchanges/ticker patched", record)


def _read(user: str, method: str, service: str) -> Json:
    """What `find` and `get` give a user: a profile, bots, and empty pages."""
    own = _profile(user) if service == "users" else _trader(user, 0)
    if method == "get":
        return own
    records = [own] if service == "users" else []
    if service == "traders":
        records = [_trader(user, number) for number in range(BOTS)]
    return {"total": len(records), "limit": 100, "skip": 0, "data": records}


def _trader(user: str, number: int) -> Json:
    name = f"Trader {number + 1}"
    return {"_id": _bot(user, number), "userId": user, "name": name, "running": True}


def _bot(user: str, number: int) -> str:
    return f"bot-{number}-of-{user}"


def _profile(user: str) -> Json:
    return {"_id": user, "email": f"{user}@example.com"}


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else None


def _user(token: str) -> str:
    return str(_claims(token)["sub"])


def _claims(token: str) -> Json:
    """What a token says. It is believed: whose it is, is not what is measured."""
    return jwt.decode(token, options={"verify_signature": False})


def _iso_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def main() -> None:
    platform = Platform()
    app = web.Application()
    app.router.add_get("/socket.io/", platform.websocket)
    app.router.add_route("*", "/{path:.*}", platform.rest)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1000)
    await site.start()
    try:
        await answer(
            {
                "url": lambda: f"http://127.0.0.1:{runner.addresses[0][1]}",
                "online": platform.online,
                "trade": platform.trade,
                "tick": platform.tick,
            }
        )
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
