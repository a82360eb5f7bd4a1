"""What a browser sends that lets its inbox ring: its subscription, and presses on notifications."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.web.connections import body_of
from adapters.web.door import Door
from adapters.web.talk import Talk
from bot.domain.chats import Link
from bot.domain.ids import ActionId
from bot.domain.phones import BrowserTarget
from bot.ports import InboxDesk
from bot.texts.language import speaking

PLACE = "/inbox/ring"

LIMIT = 4 * 1024
"""Bytes of what is sent here; addresses of subscriptions have some hundred."""

_ADDRESS = re.compile(r"https?://[!#-;=?-Z_a-z~%]{1,1000}")

_TEXT = re.compile(r"[A-Za-z0-9_-]{1,100}={0,2}")

_ACTION = re.compile(r"[A-Za-z0-9_-]{1,64}")

Json = Mapping[str, Any]


class RingingPages:
    """`/inbox/ring`, by which a browser becomes a phone of who is signed in there, and
    `/inbox/seen`.

    Args:
        signed_in: gives the secret that the browser keeps, and its inbox.
        key: which browsers subscribe to.
        plain: whether push services without https are taken.
    """

    def __init__(
        self,
        door: Door,
        signed_in: Callable[[web.Request], Awaitable[tuple[str, Link | None]]],
        talk: Talk,
        desk: InboxDesk,
        key: str,
        *,
        plain: bool,
    ) -> None:
        self._door = door
        self._signed_in = signed_in
        self._talk = talk
        self._desk = desk
        self._key = key
        self._plain = plain

    def routes(self) -> Sequence[web.RouteDef]:
        return (
            web.get(PLACE, self.show, name="inbox-ring", allow_head=False),
            web.post(PLACE, self.ring),
            web.post("/inbox/seen", self.seen, name="inbox-seen"),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Whether it rings, and with what a script of ours asks that it does: no other site's can
        read it.
        """
        self._door.refuse_foreign(request)
        secret, link = await self._let_in(request)
        return web.json_response(
            {
                "key": self._key,
                "csrf": self._door.token(secret, PLACE),
                "rings": await self._desk.rings(link),
            }
        )

    async def ring(self, request: web.Request) -> web.Response:
        """Take a subscription, or `null` for that there is none any more."""
        _, link, said = await self._said(request)
        if not self._door.is_ours(request, PLACE, {"csrf": str(said.get("csrf", ""))}):
            raise web.HTTPForbidden
        subscription = said.get("subscription")
        if subscription is None:
            await self._desk.hush(link)
        else:
            target = read_subscription(subscription, link.endpoint.name, plain=self._plain)
            if target is None:
                raise web.HTTPBadRequest
            card = await self._desk.ring(link, target, str(said.get("before", "")))
            if card is not None:
                await self._talk.send(link.endpoint.address, card)
        return web.json_response({"rings": await self._desk.rings(link)})

    async def seen(self, request: web.Request) -> web.Response:
        """A press on a notification. What it does is known by its action alone, which no other
        site knows, and which works for nobody but the one to whom it was shown.
        """
        _, link, said = await self._said(request)
        action = str(said.get("action", ""))
        if not _ACTION.fullmatch(action):
            raise web.HTTPBadRequest
        with speaking(link.preferences.language, link.preferences.zone):
            pressed = await self._desk.press(link, ActionId(action))
        return web.json_response({"done": pressed.done, "told": pressed.told})

    async def _said(self, request: web.Request) -> tuple[str, Link, Json]:
        self._door.refuse_foreign(request)
        # A page of another site must ask us before it may send this type.
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        secret, link = await self._let_in(request)
        try:
            said = json.loads(await body_of(request, LIMIT))
        except (ValueError, RecursionError):
            raise web.HTTPBadRequest from None
        if not isinstance(said, dict):
            raise web.HTTPBadRequest
        return secret, link, said

    async def _let_in(self, request: web.Request) -> tuple[str, Link]:
        secret, link = await self._signed_in(request)
        if link is None:
            raise web.HTTPForbidden
        return secret, link


def read_subscription(said: object, name: str, *, plain: bool) -> BrowserTarget | None:
    """What `PushSubscription.toJSON` gives; `None` if it cannot be one.

    Args:
        name: what the browser is called.
        plain: http is taken too.

    Source: https://www.w3.org/TR/push-api/#pushsubscription-interface
    """
    keys = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(keys, dict):
        return None
    endpoint, p256dh, auth = said.get("endpoint"), keys.get("p256dh"), keys.get("auth")
    if not (isinstance(endpoint, str) and isinstance(p256dh, str) and isinstance(auth, str)):
        return None
    if not _is_address(endpoint, plain=plain) or len(_octets(auth)) != 16 or not _is_key(p256dh):
        return None
    return BrowserTarget(endpoint=endpoint, p256dh=p256dh, auth=auth, name=name)


def _is_address(text: str, *, plain: bool) -> bool:
    if not _ADDRESS.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return False
    good = parts.scheme == "https" or plain
    return good and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


def _is_key(text: str) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _octets(text))
    except ValueError:
        return False
    return True


def _octets(text: str) -> bytes:
    if not _TEXT.fullmatch(text):
        return b""
    try:
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError:
        return b""
