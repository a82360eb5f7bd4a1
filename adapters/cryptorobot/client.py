"""The trading platform: who may log in, and a session for each account."""

import re
from asyncio import get_running_loop
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256

import aiohttp

from adapters.cryptorobot import calls, decode, frames, logins
from adapters.cryptorobot.calls import OWN, PROOFS, TELLING, Call, RestRequest
from adapters.cryptorobot.clock import PlatformClock
from adapters.cryptorobot.limits import Budget, plan_named
from adapters.cryptorobot.rest import Rest
from adapters.cryptorobot.session import CryptorobotSession
from adapters.cryptorobot.settings import PlatformSettings
from bot.domain.accounts import Credential, Grant, Login, PasswordLogin
from bot.domain.ids import Now
from bot.domain.pods import BotCommand
from bot.domain.text import clean
from bot.errors import NeedsLogin, Refused, TryLater
from bot.texts.errors import USE_PASSWORD, Sentence

_MOST_NAMES = 100
_MOST_BUDGETS = 1000

_HANDSHAKE = RestRequest(
    verb="GET", path="/socket.io/", parameters=(("EIO", "4"), ("transport", "polling"))
)
_SOCKET_IO_2 = re.compile(r"\d+:0\{")


@asynccontextmanager
async def open_platform(
    settings: PlatformSettings, now: Now
) -> AsyncIterator["CryptorobotPlatform"]:
    """The platform, with the connections of all accounts in one pool, TLS set up once."""
    redirections = aiohttp.TraceConfig()
    redirections.on_request_redirect.append(_stay)
    http = aiohttp.ClientSession(
        trace_configs=[redirections],
        # A socket stays; the library's limit of 100 connections would be 100 accounts.
        connector=aiohttp.TCPConnector(limit=0),
        # One account's cookies must not go out with another's calls.
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    # aiohttp sends what HTTP calls idempotent (DELETE, PUT) again by itself if a kept connection
    # breaks. A write is sent once; there is no public way to say so.
    writing = aiohttp.ClientSession(
        connector=http.connector, connector_owner=False, cookie_jar=aiohttp.DummyCookieJar()
    )
    writing._retry_connection = False
    async with http, writing:
        yield CryptorobotPlatform(http, writing, settings, now)


async def _stay(_: object, __: object, redirection: aiohttp.TraceRequestRedirectParams) -> None:
    """Let no socket lead elsewhere: it would take the login along.

    `ws_connect` follows redirections and has no way to forbid it.
    """
    answer = redirection.response
    raise aiohttp.WSServerHandshakeError(
        answer.request_info,
        answer.history,
        message="Redirected",
        status=answer.status,
        headers=answer.headers,
    )


class CryptorobotPlatform:
    """`ports.Platform` on the platform's API.

    `ignored` counts events of services that nobody asked for, by name, for diagnosis.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        writing: aiohttp.ClientSession,
        settings: PlatformSettings,
        now: Now,
    ) -> None:
        self.ignored: Counter[str] = Counter()
        self._http = http
        self._settings = settings
        self._clock = PlatformClock(now)
        self._rest = Rest(http, writing, settings, self._clock)
        self._budgets: dict[str, Budget] = {}
        self._guarded: set[str] = set()

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
            clock=self._clock,
            credential=credential,
            budget=self._budget(credential, plan),
            keep=self._keep,
        )

    @property
    def bot_commands(self) -> frozenset[BotCommand]:
        return self._settings.bot_commands

    @property
    def pod_templates(self) -> str:
        return self._settings.pod_templates

    async def reachable(self) -> str:
        answer = await self._rest.probe(_HANDSHAKE)
        if answer.status >= 500:
            raise TryLater(f"It answers, but is not working (HTTP {answer.status})")
        if answer.text.startswith("0{"):
            return "Socket.IO 4 answers"
        if _SOCKET_IO_2.match(answer.text):
            return "Socket.IO 2 answers"
        return f"It answers (HTTP {answer.status}) but offers no Socket.IO: polling only"

    async def _logged_in(self, login: Login) -> Grant:
        answer = await self._sign_in(login)
        credential = logins.kept(login, answer)
        if credential is None:
            raise TryLater(Sentence.NO_TOKEN)
        owner = None
        if logins.user(answer) is not None:
            await self._prove(credential, iter(PROOFS))
        else:
            owner = await self._owner(login, credential)
        return logins.grant(login, credential, answer, owner)

    async def _sign_in(self, login: Login) -> object:
        """Ask for a token. A key or a token can do without: it is proved by itself."""
        call = logins.signing_in(login)
        if isinstance(login, PasswordLogin):
            return await self._rest.call(call)
        with suppress(Refused):
            return await self._rest.call(call)
        return None

    async def _prove(self, credential: Credential, proofs: Iterator[Call]) -> tuple[object, ...]:
        """Have one service at least accept a credential; gives what it shows of the account's own.

        A refusal is no proof, however polite: it may come from what stands before the platform.

        Args:
            proofs: what to try; taken up to the one that succeeds.

        Raises:
            NeedsLogin: none accepts it, or one calls it wrong.
        """
        for call in proofs:
            try:
                records = await self._shown(call, credential)
            except NeedsLogin:
                raise
            except Refused:
                continue
            if records is not None:
                return records if call in OWN else ()
        raise logins.nothing_accepted(credential)

    async def _owner(self, login: Login, credential: Credential) -> str | None:
        """Prove a credential by all that can tell whose it is; gives the owner, if it is told.

        Raises:
            NeedsLogin: none accepts it, or what they show is not one person's.
        """
        proofs = iter(TELLING)
        shown = [*await self._prove(credential, proofs)]
        for call in proofs:
            if call in OWN:
                with suppress(Refused, TryLater):
                    shown.extend(await self._shown(call, credential) or ())
        try:
            return logins.agreed(shown)
        except NeedsLogin as refusal:
            if isinstance(login, PasswordLogin):
                raise
            raise NeedsLogin(USE_PASSWORD.format(reason=refusal)) from refusal

    async def _shown(self, call: Call, credential: Credential) -> tuple[object, ...] | None:
        """What a service shows to a credential, `None` if strangers are not turned away there."""
        found = calls.found(await self._rest.call(call, credential))
        if found is None:
            raise TryLater(Sentence.NO_LIST)
        return found.records if await self._is_guarded(call) else None

    async def _is_guarded(self, call: Call) -> bool:
        """Whether strangers are turned away, without which an answer proves nothing; asked once."""
        if call.service not in self._guarded:
            try:
                await self._rest.call(call)
            except NeedsLogin:
                self._guarded.add(call.service)
            except Refused:
                return False  # nor is this the platform's word that a login is missing
        return call.service in self._guarded

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
