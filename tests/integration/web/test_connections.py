"""What comes over the wire and is no good request: compressed, malformed, too many at once."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import zlib
from contextlib import suppress

import aiohttp
import pytest
from aiohttp import WSMsgType

from adapters.web.server import serving, web_app
from adapters.web.settings import Listen
from tests.fakes.web import SettingsShown
from tests.integration.web.conftest import CODE, Site
from tests.integration.web.test_server import Hook

BOMB = gzip.compress(b"\0" * 50_000_000, 9)
"""Fifty kilobytes that hold fifty megabytes."""


async def said(site: Site, request: bytes) -> bytes:
    """Everything that the server answers to these bytes."""
    listen = site.settings.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    writer.write(request)
    async with asyncio.timeout(20):
        try:
            answer = await reader.read()
        except ConnectionResetError:
            answer = b""
    writer.close()
    return answer


def raw(head: str, body: bytes = b"", length: bool = True) -> bytes:
    lines = [*head.splitlines(), "Host: bell", "Connection: close"]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


# --- compressed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["gzip", "deflate", "br", "zstd", "x-gzip", "GZIP", "nonsense"]
)
@pytest.mark.parametrize("path", ["/hook", f"/link/{CODE}", "/nowhere", "/chat/ws", "/healthz"])
async def test_a_compressed_body_is_refused_wherever_it_is_sent(site, encoding, path):
    hook = Hook()
    site.webhooks = {"/hook": hook}
    async with site.opened():
        answer = await said(site, raw(f"POST {path} HTTP/1.1\nContent-Encoding: {encoding}", BOMB))

    assert answer.startswith(b"HTTP/1.1 415 ")
    assert hook.received == []


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Encoding: identity, gzip",
        "Content-Encoding: identity\nContent-Encoding: gzip",
        "Content-Encoding:gzip,",
    ],
)
async def test_a_compressed_body_hides_behind_no_other_name(site, headers):
    async with site.opened():
        answer = await said(site, raw(f"POST /link/{CODE} HTTP/1.1\n{headers}", BOMB))

    assert answer.startswith(b"HTTP/1.1 415 ")


async def test_a_compressed_body_in_pieces_is_refused_too(site):
    piece = f"{len(BOMB):x}".encode() + b"\r\n" + BOMB + b"\r\n0\r\n\r\n"
    head = "POST /hook HTTP/1.1\nContent-Encoding: gzip\nTransfer-Encoding: chunked"
    site.webhooks = {"/hook": (hook := Hook())}
    async with site.opened():
        answer = await said(site, raw(head, piece, length=False))

    assert answer.startswith(b"HTTP/1.1 415 ")
    assert hook.received == []


async def test_a_compressed_transfer_is_refused(site):
    head = "POST /hook HTTP/1.1\nTransfer-Encoding: gzip, chunked"
    site.webhooks = {"/hook": (hook := Hook())}
    async with site.opened():
        answer = await said(site, raw(head, b"5\r\nhello\r\n0\r\n\r\n", length=False))

    assert re.match(rb"HTTP/1\.\d 4(00|15) ", answer)
    assert hook.received == []


async def test_a_body_that_says_it_is_not_compressed_is_taken(site):
    site.webhooks = {"/hook": (hook := Hook())}
    async with site.opened() as client:
        answer = await client.post("/hook", data=b"{}", headers={"Content-Encoding": "identity"})

    assert answer.status == 200
    assert hook.received == [(None, b"{}")]


async def test_the_chat_takes_no_compressed_frames(site):
    async with site.opened() as client:
        cookie = (await client.get("/chat")).headers["Set-Cookie"].partition(";")[0]
        headers = {"Cookie": cookie, "Origin": site.url}
        tab = await client.ws_connect("/chat/ws", headers=headers, compress=15)
        assert "Sec-WebSocket-Extensions" not in tab._response.headers
        await tab.receive()

        deflated = zlib.compress(b" " * 5_000_000)
        frame = bytes([0xC1, 0x80 | 126]) + min(len(deflated), 8000).to_bytes(2, "big")
        tab._response.connection.transport.write(frame + bytes(4) + deflated[:8000])
        last = await tab.receive()

    assert last.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)


# --- malformed -----------------------------------------------------------------------------

MALFORMED = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x8f" * 200,  # TLS on a plain port
    b"GARBAGE\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: bell\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: bell\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: bell\r\n" + b"".join(b"X%d: 1\r\n" % i for i in range(500)) + b"\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: bell\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: bell\r\nX: a\0b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: bell\r\nContent-Length: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: bell\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: bell\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /hook HTTP/1.1\r\nHost: bell\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    b"POST /hook HTTP/1.1\r\nHost: bell\r\nTransfer-Encoding: nonsense\r\n\r\nhello",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


@pytest.mark.parametrize("request_", MALFORMED, ids=range(len(MALFORMED)))
async def test_what_is_no_request_is_answered_calmly_and_without_versions(site, request_, caplog):
    caplog.set_level(logging.INFO)
    site.webhooks = {"/hook": Hook()}
    async with site.opened():
        answer = await said(site, request_)

    assert re.match(rb"HTTP/1\.\d 4\d\d ", answer)
    assert b"\r\nServer: Tradebell\r\n" in answer
    assert b"aiohttp" not in answer
    assert b"Python" not in answer
    lines = [record for record in caplog.records if record.name != "asyncio"]
    assert not any(record.exc_info for record in lines)
    assert sum(len(str(record.__dict__.get("reason", ""))) for record in lines) < 200


async def test_bodies_that_break_off_leave_no_traceback(site, caplog):
    site.webhooks = {"/hook": (hook := Hook())}
    async with site.opened():
        listen = site.settings.listen
        for path in ("/hook", f"/link/{CODE}"):
            _, writer = await asyncio.open_connection(listen.host, listen.port)
            head = f"POST {path} HTTP/1.1\r\nHost: bell\r\nContent-Length: 900\r\n"
            kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            writer.write(f"{head}{kind}email=".encode())
            await writer.drain()
            async with aiohttp.ClientSession(f"http://{listen}") as other:
                assert (await other.get("/healthz")).status == 200
            writer.close()
            await writer.wait_closed()
            async with aiohttp.ClientSession(f"http://{listen}") as other:
                assert (await other.get("/healthz")).status == 200

    assert hook.received == []
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


# --- too many ------------------------------------------------------------------------------


async def test_a_full_house_still_answers_who_sends_a_whole_request(site):
    app = web_app(
        sign_in=site.desk,
        settings_desk=SettingsShown(),
        health=nothing_wrong,
        chat=None,
        webhooks={},
        settings=site.settings,
        now=site.now,
        new_id=lambda: "id",
    )
    async with serving(app, Listen(host="127.0.0.1", port=0), most=10) as at:
        halves = []
        for _ in range(40):
            reader, writer = await asyncio.open_connection(at.host, at.port)
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: b")
            halves.append((reader, writer))
        async with aiohttp.ClientSession(f"http://{at}") as client, asyncio.timeout(2):
            assert (await client.get("/readyz")).status == 200

        cut = [reader for reader, _ in halves[:30]]
        async with asyncio.timeout(2):
            for reader in cut:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
        for _, writer in halves:
            writer.close()


async def nothing_wrong() -> list[str]:
    return []
