"""Interactions that are posted to an address of the bot's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.contract.discord_standin.driving import Bot, Wire
from tests.standins.discord import DiscordApi


@asynccontextmanager
async def server(api: DiscordApi, *, checks: bool = True, inline: bool) -> AsyncIterator[str]:
    """Answers as the documents have it; gives its address.

    Args:
        checks: it looks at signatures.
        inline: it answers at once, not by a call.
    """

    async def receive(request: web.Request) -> web.Response:
        body, headers = await request.read(), request.headers
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(api.endpoint.verify_key))
        signed = headers["X-Signature-Timestamp"].encode() + body
        try:
            key.verify(bytes.fromhex(headers["X-Signature-Ed25519"]), signed)
        except InvalidSignature:
            if checks:
                return web.Response(status=401)
        if json.loads(body)["type"] == 1:
            return web.json_response({"type": 1})
        if not inline:
            return web.Response(status=202)
        return web.json_response({"type": 4, "data": {"content": "at once"}})

    app = web.Application()
    app.router.add_post("/", receive)
    async with TestServer(app) as running:
        yield str(running.make_url("/"))


@pytest.mark.parametrize("checks", [True, False])
async def test_an_address_is_taken_only_if_it_checks_who_posts(
    api: DiscordApi, wire: Wire, checks: bool
):
    async with server(api, checks=checks, inline=True) as url:
        asked = {"interactions_endpoint_url": url}
        status, told, _ = await wire("PATCH", "/applications/@me", asked)

    if checks:
        assert (status, told["interactions_endpoint_url"]) == (200, url)
    else:
        (error,) = told["errors"]["interactions_endpoint_url"]["_errors"]
        assert (status, told["code"]) == (400, 50035)
        assert error["code"] == "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID"


@pytest.mark.parametrize("inline", [True, False])
async def test_what_is_posted_is_answered_at_once_or_by_a_call_and_not_told_by_the_gateway(
    api: DiscordApi, belled: Bot, wire: Wire, inline: bool
):
    ann = api.world.person("Ann")
    async with server(api, inline=inline) as url:
        await wire("PATCH", "/applications/@me", {"interactions_endpoint_url": url})
        asked = ann.runs("bell status")
        if not inline:
            path = f"/interactions/{asked.id}/{asked.token}/callback"
            await wire("POST", path, {"type": 4, "data": {"content": "by a call"}}, token=None)
        posted = await asked.answered()
        await wire("PATCH", "/applications/@me", {"interactions_endpoint_url": None})
        told = await ann.runs("bell status").answered()

    assert posted.text == ("at once" if inline else "by a call")
    assert told.text == "2 bots run"
    assert belled.heard.count("interaction") == 1
