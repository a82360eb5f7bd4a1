"""A sign of life, to a server that listens for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from adapters.watch.ping import pinging
from bot.errors import TryLater


class Watching:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status = 200

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(f"{request.method} {request.path_qs}")
        return web.Response(status=self.status, text="OK")


@pytest.fixture
def watching() -> Watching:
    return Watching()


@pytest.fixture
async def server(watching: Watching) -> AsyncIterator[BaseTestServer]:
    app = web.Application()
    app.router.add_get("/ping/{code}", watching.hear)
    async with TestServer(app) as server:
        yield server


async def test_a_sign_arrives_as_the_service_wants_it(watching: Watching, server: BaseTestServer):
    async with pinging(str(server.make_url("/ping/5f0e?status=up&msg=OK"))) as ping:
        await ping()
        await ping()

    assert watching.heard == ["GET /ping/5f0e?status=up&msg=OK"] * 2


async def test_a_sign_that_is_refused_did_not_arrive(watching: Watching, server: BaseTestServer):
    watching.status = 404
    async with pinging(str(server.make_url("/ping/secret"))) as ping:
        with pytest.raises(TryLater, match="HTTP 404") as raised:
            await ping()

    assert "secret" not in str(raised.value)


async def test_a_sign_that_nobody_takes_did_not_arrive(server: BaseTestServer):
    url = str(server.make_url("/ping/secret"))
    await server.close()
    async with pinging(url) as ping:
        with pytest.raises(TryLater) as raised:
            await ping()

    assert "secret" not in str(raised.value)
