"""Interactions that are posted to the bot's own server, signed, instead of told by the gateway.

Source: discord/discord-api-docs:developers/interactions/overview.mdx, "Configuring an Interactions
Endpoint URL", and developers/interactions/receiving-and-responding.mdx.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from aiohttp import ClientError, ClientSession, ClientTimeout
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.standins.discord.asks import FIRST_ANSWER
from tests.standins.discord.errors import ApiError, bad_field
from tests.standins.discord.requests import Asked, Json, Reply
from tests.standins.discord.world import World

PING = PONG = 1

Posted = tuple[dict[str, str], bytes]
"""Headers and body."""


class Endpoint:
    """What the bot's application has as its Interactions Endpoint URL.

    Attributes:
        url: `None` while the gateway tells interactions.
        posted: all that was posted there, as it was, checks included.
        refused: what was answered neither with 200 nor with 202, or in no way that is understood.
    """

    def __init__(self, world: World, answer: Callable[[Asked], Reply]) -> None:
        self.url: str | None = None
        self.posted: list[Posted] = []
        self.refused: list[int] = []
        self._world = world
        self._answer = answer
        self._key = Ed25519PrivateKey.generate()
        self._posting: set[asyncio.Task[None]] = set()

    @property
    def verify_key(self) -> str:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    async def change(self, url: str | None) -> None:
        """Take another address, once it has answered a PING, and one that is wrongly signed.

        Raises:
            ApiError: 50035.
        """
        if url is not None and not await self._is_good(url):
            raise bad_field(
                "interactions_endpoint_url",
                "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID",
                "The specified interactions endpoint url could not be verified.",
            )
        self.url = url
        self._world.endpoint = None if url is None else self.post
        self._world.changed()

    def post(self, interaction: Json) -> None:
        """Post an interaction, in the background."""
        task = asyncio.get_running_loop().create_task(self._deliver(interaction))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def again(self, posted: Posted) -> int:
        """Post something once more as it was, as who has overheard it may do; gives the status."""
        assert self.url is not None
        status, _ = await _post(self.url, posted)
        return status

    async def close(self) -> None:
        for task in list(self._posting):
            task.cancel()
        if self._posting:
            await asyncio.wait(self._posting)

    def signed(self, told: Json) -> Posted:
        body = json.dumps(told).encode()
        time = str(int(self._world.clock().timestamp()))
        signature = self._key.sign(time.encode() + body).hex()
        headers = {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": time}
        return {**headers, "Content-Type": "application/json"}, body

    async def _is_good(self, url: str) -> bool:
        bot = str(self._world.bot_id)
        ping = {"id": str(self._world.id()), "type": PING, "application_id": bot}
        headers, body = self.signed(ping)
        self.posted.append((headers, body))
        try:
            status, told = await _post(url, (headers, body))
            if status != 200 or told != {"type": PONG}:
                return False
            wrong = {**headers, "X-Signature-Ed25519": "0" * 128}
            status, _ = await _post(url, (wrong, body))
        except (ClientError, TimeoutError):
            return False
        return status == 401

    async def _deliver(self, interaction: Json) -> None:
        assert self.url is not None
        posted = self.signed(interaction)
        self.posted.append(posted)
        try:
            status, told = await _post(self.url, posted)
        except (ClientError, TimeoutError):
            status, told = 0, None
        if status == 200 and isinstance(told, dict):
            path = {"interaction": interaction["id"], "token": interaction["token"]}
            try:
                self._answer(Asked(path, {}, told))
            except ApiError:
                status = 0
        elif status == 202 and told is None:
            return  # it is answered by a call
        if status != 200:
            self.refused.append(status)
        self._world.changed()


async def _post(url: str, posted: Posted) -> tuple[int, Json | None]:
    headers, body = posted
    limit = ClientTimeout(total=FIRST_ANSWER.total_seconds())
    async with (
        ClientSession(timeout=limit) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as response,
    ):
        text = await response.read()
        is_json = response.content_type == "application/json"
        return response.status, json.loads(text) if is_json and text else None
