"""A session that is to end does end, at whatever moment it is told."""

from __future__ import annotations

import asyncio

from adapters.cryptorobot.client import CryptorobotPlatform
from bot.domain.accounts import Credential, CredentialKind
from tests.integration.cryptorobot.server import Server

TRIES = 150
TURNS = 30
"""Of the event loop; a connection takes about half as many."""


async def test_a_cancellation_while_connecting_is_never_lost(
    server: Server, client: CryptorobotPlatform
):
    ends = {"connected": 0, "cancelled": 0, "lost": 0}
    for number in range(TRIES):
        session = client.session(Credential(kind=CredentialKind.TOKEN, secret=str(number)))
        async with asyncio.TaskGroup() as group:
            connecting = group.create_task(session.connect())
            for _ in range(number % TURNS):
                await asyncio.sleep(0)
            in_time = connecting.cancel()
        if connecting.cancelled():
            ends["cancelled"] += 1
        else:
            ends["lost" if in_time else "connected"] += 1
        await session.close()

    assert ends["lost"] == 0
    assert ends["cancelled"] > 0
