"""Interactions that Discord posts to our own web server, instead of telling them by the gateway.

Source: https://docs.discord.com/developers/interactions/overview#configuring-an-interactions-endpoint-url
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from discord.http import Route

from adapters.chat.exchange import NoAnswer
from adapters.discord.rhythm import DiscordRhythm
from adapters.discord.transport import DiscordHttp, DiscordRefusal, RateLimited
from bot.domain.ids import Now
from bot.domain.incoming import HookAnswer

log = logging.getLogger(__name__)

Json = Mapping[str, Any]

PATH = "/discord/interactions"

SIGNATURE_HEADER, TIME_HEADER = "x-signature-ed25519", "x-signature-timestamp"
"""Source: https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint"""

OLD = timedelta(minutes=5)
"""What was signed longer ago, or so far in the future, is not believed: somebody may have kept it.
Discord itself waits three seconds for an answer, the rest is for clocks that differ.
"""

PING = PONG = 1

ENDPOINT = "interactions_endpoint_url"

SILENT = "Discord cannot be reached"


async def bring(http: DiscordHttp, about: Json, url: str | None) -> None:
    """Have interactions come to this address, or by the gateway. Before Discord takes an address
    it looks whether it is answered there as it should be.

    Args:
        about: what Discord knows of our application.

    Raises:
        DiscordRefusal: the address is no good.
        RateLimited, NoAnswer: Discord is away.
    """
    if (about.get(ENDPOINT) or None) == url:
        return
    await http.request(Route("PATCH", "/applications/@me"), json={ENDPOINT: url})
    log.info("interactions come another way from now on", extra={"posted": url is not None})


class InteractionsEndpoint:
    """Implements `ports.Webhook`, and sees to it that Discord posts there.

    Args:
        introduce: asks what Discord knows of our application; raises as a call of the API does.
        take: gets every interaction, in a frame like the gateway's; `False` if it is not answered.
        tell: gets a sentence while Discord posts nothing, `None` when it does again.
        url: where our web server is reached from outside, with `PATH`.
    """

    def __init__(
        self,
        http: DiscordHttp,
        introduce: Callable[[], Awaitable[Json]],
        take: Callable[[Json], bool],
        tell: Callable[[str | None], None],
        url: str,
        now: Now,
        rhythm: DiscordRhythm,
    ) -> None:
        self._http = http
        self._introduce = introduce
        self._take = take
        self._tell = tell
        self._url = url
        self._now = now
        self._rhythm = rhythm
        self._key: Ed25519PublicKey | None = None
        self._taken: dict[str, datetime] = {}
        """Interactions by their ids, and when they came; oldest first."""

    async def follow(self) -> NoReturn:
        """Look again and again whether Discord still posts to us, and have it do so."""
        trouble: str | None = SILENT
        while True:
            before, trouble = trouble, await self._arranged()
            # That Discord does not answer once does not keep it from posting.
            if trouble != SILENT or before == SILENT:
                self._tell(trouble)
            wait = self._rhythm.look_again if trouble is None else self._rhythm.register_again
            await asyncio.sleep(wait.total_seconds())

    async def _arranged(self) -> str | None:
        try:
            about = await self._introduce()
            # Without the key Discord would not be answered when it looks at the address.
            self._learn(about)
            await bring(self._http, about, self._url)
        except DiscordRefusal as refusal:
            if refusal.status == 401:
                return "Discord refuses the bot's token"
            return (
                f"Discord posts no interactions to {self._url} ({refusal}): TRADEBELL_PUBLIC_URL"
                f" must be reached from outside, {PATH} there must lead to Tradebell, and this"
                " machine's clock must be right; or unset TRADEBELL_DISCORD_INTERACTIONS"
            )
        except (RateLimited, NoAnswer) as lost:
            log.info("Discord does not say where it posts", extra={"reason": str(lost)})
            return SILENT
        return None

    def _learn(self, about: Json) -> None:
        try:
            key = bytes.fromhex(str(about.get("verify_key")))
            self._key = Ed25519PublicKey.from_public_bytes(key)
        except ValueError:
            log.error("Discord does not tell the key of what it posts")

    async def receive(self, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        """Take what Discord posts. It is answered by a call, as if the gateway had told it.

        Source: https://docs.discord.com/developers/interactions/receiving-and-responding#create-interaction-response
        """
        if self._key is None:
            return HookAnswer(status=503)
        if not self._is_discord(self._key, headers, body):
            return HookAnswer(status=401)
        try:
            interaction = json.loads(body)
        except (ValueError, RecursionError):
            return HookAnswer(status=400)
        match interaction:
            case {"type": int(kind)} if kind == PING:
                return HookAnswer(status=200, told={"type": PONG})
            case {"id": str(id)}:
                return HookAnswer(status=202 if self._is_taken(id, interaction) else 503)
            case _:
                return HookAnswer(status=400)

    def _is_discord(self, key: Ed25519PublicKey, headers: Mapping[str, str], body: bytes) -> bool:
        given = {name.lower(): value for name, value in headers.items()}
        signature, time = given.get(SIGNATURE_HEADER, ""), given.get(TIME_HEADER, "")
        try:
            key.verify(bytes.fromhex(signature), time.encode() + body)
            at = datetime.fromtimestamp(int(time), UTC)
        except (InvalidSignature, ValueError, OverflowError, OSError):
            return False
        if abs(self._now() - at) > OLD:
            log.warning(
                "an interaction is refused: by this machine's clock it is old, or not made yet",
                extra={"seconds": round((self._now() - at).total_seconds())},
            )
            return False
        return True

    def _is_taken(self, id: str, interaction: Json) -> bool:
        """Whether it is being answered; what comes twice is answered once."""
        now = self._now()
        while self._taken and now - next(iter(self._taken.values())) > 2 * OLD:
            del self._taken[next(iter(self._taken))]
        if id in self._taken:
            log.warning("an interaction came twice, and is answered once")
            return True
        if not self._take({"t": "INTERACTION_CREATE", "d": interaction}):
            return False
        self._taken[id] = now
        return True
