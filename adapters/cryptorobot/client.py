"""The trading platform: who may log in, and a session for each account."""

import re
from asyncio import get_running_loop
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256

import aiohttp

from adapters.cryptorobot import calls, decode, frames, logins
from adapters.cryptorobot.calls import PROOF, Call, Request
from adapters.cryptorobot.limits import Budget, plan_named
from adapters.cryptorobot.rest import Rest
from adapters.cryptorobot.session import CryptorobotSession
from adapters.cryptorobot.settings import PlatformSettings
from bot.domain.ids import Now
from bot.domain.links import NAMELESS, Credential, Grant, Login, PasswordLogin
from bot.domain.text import clean
from bot.errors import NeedsLogin, NotOffered, Refused, TryLater

_MOST_NAMES = 100
_MOST_BUDGETS = 1000

_OWNED = ("strategies", "exchanges", "trades")
"""Services whose records name the owner of a key when `traders` has none."""

_HANDSHAKE = Request(
    verb="GET", path="/socket.io/", parameters=(("EIO", "4"), ("transport", "polling"))
)
_SOCKET_IO_2 = re.compile(r"\d+:0\{")


@asynccontextmanager
async def open_platform(
    settings: PlatformSettings, now: Now
) -> AsyncIterator["CryptorobotPlatform"]:
    """The platform, with the connections of all accounts in one pool, TLS set up once."""
    http = aiohttp.ClientSession(
        # A socket stays; the library's limit of 100 connections would be 100 accounts.
        connector=aiohttp.TCPConnector(limit=0),
        # One account's cookies must not go out with another's calls.
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    async with http:
        yield CryptorobotPlatform(http, settings, now)


class CryptorobotPlatform:
    """`ports.Platform` on the platform's API.

    `ignored` counts events of services that nobody asked for, by name, for diagnosis.
    """

    def __init__(self, http: aiohttp.ClientSession, settings: PlatformSettings, now: Now) -> None:
        self.ignored: Counter[str] = Counter()
        self._http = http
        self._settings = settings
        self._now = now
        self._rest = Rest(http, settings, now)
        self._budgets: dict[str, Budget] = {}

    async def log_in(self, login: Login) -> Grant:
        try:
            grant = await self._logged_in(login)
        except NeedsLogin:
            raise
        except Refused as no:
            raise NeedsLogin(str(no)) from no
        # The proof was one of the account's requests.
        self._budget(grant.credential, grant.plan).take(get_running_loop().time())
        return grant

    def session(self, credential: Credential, plan: str | None = None) -> CryptorobotSession:
        """See `ports.Platform`.

        Args:
            plan: of the account; an unknown one is as small as the smallest.
        """
        return CryptorobotSession(
            http=self._http,
            rest=self._rest,
            settings=self._settings,
            now=self._now,
            credential=credential,
            budget=self._budget(credential, plan),
            keep=self._keep,
        )

    async def reachable(self) -> str:
        answer = await self._rest.probe(_HANDSHAKE)
        if answer.status >= 500:
            raise TryLater(f"It answers, but is not working (HTTP {answer.status})")
        if answer.text.startswith("0{"):
            return "Socket.IO 4 answers"
        if _SOCKET_IO_2.match(answer.text):
            return "Socket.IO 2 answers: the connection will end every 45 seconds"
        return f"It answers (HTTP {answer.status}) but offers no Socket.IO: polling only"

    async def _logged_in(self, login: Login) -> Grant:
        answer = await self._sign_in(login)
        credential = logins.kept(login, answer)
        if credential is None:
            raise TryLater("The platform's answer to the login has no token")
        owner = await self._prove(credential)
        grant = logins.grant(credential, answer, owner)
        if grant.platform_user.startswith(NAMELESS):
            grant = logins.grant(credential, answer, await self._owner(credential))
        return grant

    async def _sign_in(self, login: Login) -> object:
        """Ask for a token. A key or a token can do without: it is proved by itself."""
        call = logins.signing_in(login)
        if isinstance(login, PasswordLogin):
            return await self._rest.call(call)
        with suppress(Refused):
            return await self._rest.call(call)
        return None

    async def _prove(self, credential: Credential) -> str | None:
        """Make a call that only a login may make; gives the owner of what it finds."""
        try:
            return _first_owner(await self._rest.call(PROOF, credential))
        except NotOffered:
            return None

    async def _owner(self, credential: Credential) -> str | None:
        for service in _OWNED:
            call = Call(method="find", service=service, query={"$limit": 1})
            with suppress(Refused, TryLater):
                owner = _first_owner(await self._rest.call(call, credential))
                if owner is not None:
                    return owner
        return None

    def _budget(self, credential: Credential, plan: str | None) -> Budget:
        """The account's budget, the same for session after session."""
        at = get_running_loop().time()
        if len(self._budgets) >= _MOST_BUDGETS:
            self._budgets = {k: one for k, one in self._budgets.items() if not one.idle(at)}
        key = sha256(credential.secret.encode()).hexdigest()
        budget = self._budgets.setdefault(key, Budget(plan_named(None), at))
        if plan is not None:
            budget.widen(plan_named(plan))
        return budget

    def _keep(self, raw: str) -> bool:
        about = frames.heading(raw)
        if about is not None and decode.wanted(about):
            return True
        if about is None or not decode.is_ticker(about):
            self._ignore("?" if about is None else f"{about.service} {about.happening}")
        return False

    def _ignore(self, name: str) -> None:
        if name not in self.ignored and len(self.ignored) >= _MOST_NAMES:
            name = "others"
        self.ignored[clean(name)] += 1


def _first_owner(answer: object) -> str | None:
    found = calls.found(answer)
    records = () if found is None else found.records[:1]
    return next(map(decode.owner, records), None)
