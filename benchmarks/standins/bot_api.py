"""A Bot API that answers at once and notes when each message arrived: `python -m benchmarks...`."""

import asyncio
import json
import re
import time
from typing import Any
from urllib.parse import parse_qs

from benchmarks.children import answer

NUMBER = re.compile(r" at ([\d,]+)")
"""The price in a trade's message: no two trades of a run have the same."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

LONGEST_POLL = 10.0
"""Seconds that `getUpdates` is held at most."""


class BotApi:
    """What has been shown, for any number of bots."""

    def __init__(self) -> None:
        self._shown: list[tuple[int, str, str]] = []
        self._message = 0

    def send(self, asked: dict[str, str], arrived: int) -> dict[str, Any]:
        text = asked.get("text", "")
        self._shown.append((arrived, asked["chat_id"], text))
        self._message += 1
        return {
            "message_id": self._message,
            "date": arrived // 1_000_000_000,
            "chat": {"id": int(asked["chat_id"]), "type": "private", "first_name": "Ann"},
            "text": text,
        }

    def shown(self) -> list[tuple[int, str, int]]:
        """Trades' messages since the last call: the trade's number, its chat, the instant in ns."""
        shown, self._shown = self._shown, []
        found = ((NUMBER.search(text), chat, arrived) for arrived, chat, text in shown)
        return [
            (int(number[1].replace(",", "")), chat, arrived)
            for number, chat, arrived in found
            if number is not None
        ]


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as the clients measured here speak it: no pipelining, no chunks."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._poll: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._poll is not None:
            self._poll.cancel()

    def data_received(self, data: bytes) -> None:
        arrived = time.monotonic_ns()
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._received = b""
        path = head.split(b" ", 2)[1].decode()
        asked = _parameters(head, body)
        self._call(path.split("/")[1].removeprefix("bot"), path.rpartition("/")[2], asked, arrived)

    def _call(self, token: str, method: str, asked: dict[str, str], arrived: int) -> None:
        match method:
            case "sendMessage":
                self._answer(self._api.send(asked, arrived))
            case "getMe":
                self._answer(
                    {
                        "id": int(token.partition(":")[0]),
                        "is_bot": True,
                        "first_name": "Tradebell",
                        "username": "tradebell_bot",
                    }
                )
            case "getUpdates":
                wait = min(float(asked.get("timeout", 0)), LONGEST_POLL)
                self._poll = asyncio.get_running_loop().call_later(wait, self._answer, [])
            case "getMyCommands":
                self._answer([])
            case _:
                self._answer(True)

    def _answer(self, result: object) -> None:
        body = json.dumps({"ok": True, "result": result}).encode()
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )


def _parameters(head: bytes, body: bytes) -> dict[str, str]:
    if not body:
        return {}
    if b"application/json" in head:
        return {name: str(value) for name, value in json.loads(body).items()}
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


async def main() -> None:
    api = BotApi()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(api), "127.0.0.1", 0, backlog=1000)
    address = server.sockets[0].getsockname()
    await answer({"url": lambda: f"http://127.0.0.1:{address[1]}", "shown": api.shown})


if __name__ == "__main__":
    asyncio.run(main())
