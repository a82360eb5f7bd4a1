"""A server by hand, the client, and a watch over what nobody else would notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from engineio.base_client import connected_clients

from adapters.cryptorobot.client import CryptorobotPlatform, open_platform
from adapters.cryptorobot.session import CryptorobotSession
from adapters.cryptorobot.settings import PlatformSettings
from bot.domain.accounts import Credential, CredentialKind
from tests.integration.cryptorobot.server import Server, serving


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[CryptorobotPlatform]:
    settings = PlatformSettings(
        url=server.url, call_limit=timedelta(seconds=5), close_limit=timedelta(seconds=1)
    )
    async with open_platform(settings, now) as client:
        yield client


@pytest.fixture
async def session(client: CryptorobotPlatform) -> AsyncIterator[CryptorobotSession]:
    credential = Credential(kind=CredentialKind.TOKEN, secret="token")
    session = client.session(credential, "enterprise")
    yield session
    await session.close()


@pytest.fixture(autouse=True)
async def nothing_is_left_behind() -> AsyncIterator[None]:
    """No task fails unseen, and the library keeps no client."""
    unseen: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unseen.append(context))
    yield
    assert unseen == []
    assert connected_clients == []


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - servers live in real time
