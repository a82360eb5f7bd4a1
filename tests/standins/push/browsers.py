"""A browser's push service that misbehaves on request, and what its browsers show.

It decrypts what reaches a browser, and does what our script does there.

Source: RFC 8030 (web push), RFC 8188 and 8291 (encryption), RFC 8292 (whose key signs)
"""

from __future__ import annotations

import itertools
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.push.encryption import decoded
from bot.domain.phones import BrowserTarget
from tests.standins.faults import Answer, Fault, Rule
from tests.standins.serving import Server

CURVE = ec.SECP256R1()


@dataclass(frozen=True, slots=True)
class PushCall:
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(eq=False)
class PushedBrowser:
    """One that has subscribed, and what it shows, by tag."""

    name: str
    url: str
    subscribed_to: str
    """The key, as `applicationServerKey`."""
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(CURVE)
    )
    auth: bytes = b"a" * 16
    expired: bool = False
    pushed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def target(self) -> BrowserTarget:
        return BrowserTarget(
            endpoint=self.url, p256dh=text_of(self.point), auth=text_of(self.auth), name=self.name
        )

    @property
    def point(self) -> bytes:
        key = self.private.public_key()
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def screen(self) -> list[dict[str, Any]]:
        """What shows, the newest last."""
        shown: dict[str, dict[str, Any]] = {}
        for number, one in enumerate(self.pushed):
            tag = one["tag"] or f"untagged {number}"
            shown.pop(tag, None)
            shown[tag] = one
        return list(shown.values())

    def texts(self) -> list[str]:
        return [f"{one['title']}\n{one['body']}" for one in self.screen()]

    def read(self, body: bytes) -> bytes:
        """Source: https://www.rfc-editor.org/rfc/rfc8291#section-4"""
        salt, length = body[:16], body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender)
        shared = self.private.exchange(ec.ECDH(), theirs)
        info = b"WebPush: info\0" + self.point + sender
        ikm = HKDF(SHA256(), 32, salt=self.auth, info=info).derive(shared)
        key = HKDF(SHA256(), 16, salt=salt, info=b"Content-Encoding: aes128gcm\0").derive(ikm)
        nonce = HKDF(SHA256(), 12, salt=salt, info=b"Content-Encoding: nonce\0").derive(ikm)
        return AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0").removesuffix(b"\x02")


def text_of(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def refused(status: int, **headers: str) -> Answer:
    return Answer(status=status, body=b"no", content_type="text/plain", headers=headers)


class BrowserServer(Server[PushCall]):
    """The push service that all browsers here have subscribed at.

    Args:
        limit: bytes of a message that it takes.
    """

    def __init__(self, port: int = 0, *, limit: int = 4096) -> None:
        super().__init__(port)
        self.limit = limit
        self.calls: list[PushCall] = []
        self.browsers: dict[str, PushedBrowser] = {}
        self._ids = itertools.count(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def browser(self, key: str, name: str = "Chrome · Android") -> PushedBrowser:
        """A new one, which subscribes to the holder of that key."""
        path = f"/push/{next(self._ids):022}"
        made = PushedBrowser(name=name, url=f"{self.url}{path}", subscribed_to=key)
        self.browsers[path] = made
        return made

    def fail(
        self,
        fault: Fault,
        *,
        fits: Callable[[PushCall], object] = lambda _: True,
        skip: int = 0,
        times: int | None = 1,
    ) -> None:
        self._rules.append(Rule(fault=fault, fits=fits, skip=skip, times=times))

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_post("/push/{id}", self._receive)
        app.add_routes(self.routes)
        return app

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        call = PushCall(request.path, request.headers, await request.read())
        self.calls.append(call)

        async def execute() -> web.Response:
            return self._push(call)

        return await self._answer(request, call, execute)

    def _push(self, call: PushCall) -> web.Response:
        browser = self.browsers.get(call.path)
        if browser is None:
            return web.Response(status=404)
        if browser.expired:
            return web.Response(status=410)
        if len(call.body) > self.limit:
            return web.Response(status=413)
        if not call.headers.get("TTL", "").isdecimal():
            return web.Response(status=400, text="TTL")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", call.headers.get("Topic", "none")):
            return web.Response(status=400, text="Topic")
        assert call.headers["Urgency"] in ("very-low", "low", "normal", "high")
        assert call.headers["Content-Encoding"] == "aes128gcm"
        if not self._is_signed(call.headers.get("Authorization", ""), browser):
            return web.Response(status=403)
        try:
            plain = browser.read(call.body)
        except InvalidTag:
            return web.Response(status=201)  # the service itself cannot tell
        browser.pushed.append(json.loads(plain))
        where = {"Location": f"{self.url}/m/{next(self._ids)}"}
        # Called a page, as Google's is.
        return web.Response(status=201, text="created", headers=where, content_type="text/html")

    def _is_signed(self, authorization: str, browser: PushedBrowser) -> bool:
        found = re.fullmatch(r"vapid t=([\w.-]+), k=([\w-]+)", authorization)
        if found is None or found[2] != browser.subscribed_to:
            return False
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decoded(found[2]))
        # Whether it is in time is a question of the sender's clock, which a test sets.
        claims = jwt.decode(
            found[1], key, ["ES256"], audience=self.url, options={"verify_exp": False}
        )
        return bool(claims["exp"]) and claims["sub"].startswith("https://")
