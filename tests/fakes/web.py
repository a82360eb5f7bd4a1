"""Stands behind the web pages: a linking service and a conversation that keep a ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.accounts import KeyLogin, Login, PasswordLogin, TokenLogin
from bot.domain.cards import Card
from bot.domain.chats import Address, Link, Role
from bot.domain.ids import ActionId, EndpointId, TraderId
from bot.domain.incoming import Incoming, Reply
from bot.domain.lifetimes import CODE_LIFE, DIGITS_LIFE
from bot.domain.linking import (
    LOGIN_TRIES,
    Audience,
    Invitation,
    LinkProblem,
    LoginFailed,
    Proof,
    Proven,
    SignedIn,
    TooSoon,
)
from bot.domain.phones import BrowserTarget
from bot.domain.visits import (
    Changed,
    InboxMessage,
    Pressed,
    Rings,
    SettingsView,
    Visit,
    VisitProblem,
)


@dataclass
class LinkingDesk:
    """A `SignIn` with one good password, key and token, and a ledger of what was tried."""

    now: Callable[[], datetime]
    password: str = "correct horse"
    api_key: str = "key-1"
    token: str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    digits: str = "482913"
    refusal: str = "wrong e-mail or password"
    wait: timedelta | None = None
    """What a login has to wait for, if it must."""
    tried: list[tuple[str, Login, str]] = field(default_factory=list)
    """Code, login and source of every login try, in order."""
    zones: list[str] = field(default_factory=list)
    """What each try was told of the browser's time zone."""
    looked: list[str] = field(default_factory=list)
    _open: dict[str, Invitation] = field(default_factory=dict)
    _problems: dict[str, LinkProblem] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _failures: dict[str, int] = field(default_factory=dict)

    def invite(
        self,
        code: str,
        address: Address,
        life: timedelta = timedelta(minutes=10),
        *,
        audience: Audience | None = None,
        language: str = "en",
        problem: LinkProblem | None = None,
        proof: Proof | None = None,
    ) -> None:
        """
        Args:
            problem: why the address leads nowhere.
        """
        if problem is not None:
            self._problems[code] = problem
        self._open[code] = Invitation(
            endpoint=EndpointId("endpoint"),
            address=address,
            person=address.chat,
            role=Role.OWNER,
            expires_at=self.now() + life,
            name=audience.name if audience else "",
            readers=audience.readers if audience else "",
            language=language,
            proof=proof,
        )

    async def look(self, code: str) -> Invitation | LinkProblem:
        self.looked.append(code)
        return self._state(code)

    async def sign_in(
        self, code: str, login: Login, source: str, *, agreed: bool = False, zone: str = ""
    ) -> SignedIn | Proven | LoginFailed | TooSoon | LinkProblem:
        state = self._state(code)
        if isinstance(state, LinkProblem):
            return state
        if state.readers and not agreed:
            return LinkProblem.NO_CONSENT
        if self.wait is not None:
            return TooSoon(wait=self.wait)
        self.tried.append((code, login, source))
        self.zones.append(zone)
        if not self._right(login):
            failures = self._failures[code] = self._failures.get(code, 0) + 1
            return LoginFailed(reason=self.refusal, tries_left=LOGIN_TRIES - failures)
        self._used.add(code)
        if state.proof is not None:
            return Proven(proof=state.proof)
        return SignedIn(
            digits=self.digits,
            until=self.now() + DIGITS_LIFE,
            label="a***@example.com",
            login_ends=None if isinstance(login, KeyLogin) else self.now() + timedelta(days=7),
        )

    def _state(self, code: str) -> Invitation | LinkProblem:
        if code in self._problems:
            return self._problems[code]
        invitation = self._open.get(code)
        if invitation is None:
            return LinkProblem.UNKNOWN
        if code in self._used:
            return LinkProblem.USED if invitation.proof is None else LinkProblem.PROVEN
        if self._failures.get(code, 0) >= LOGIN_TRIES:
            return LinkProblem.TOO_MANY_TRIES
        if self.now() >= invitation.expires_at:
            return LinkProblem.EXPIRED
        return invitation

    def _right(self, login: Login) -> bool:
        match login:
            case PasswordLogin(password=password):
                return password == self.password
            case KeyLogin(api_key=key):
                return key == self.api_key
            case TokenLogin(token=token):
                return token == self.token


class Talker:
    """A `Hear` that answers as it is told, and keeps what it heard."""

    def __init__(self, answer: Callable[[Incoming], Sequence[Reply]] = lambda _: ()) -> None:
        self.heard: list[Incoming] = []
        self._answer = answer
        self._may_answer = asyncio.Event()
        self._may_answer.set()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Meanwhile it hears, and answers nothing."""
        self._may_answer.clear()
        try:
            yield
        finally:
            self._may_answer.set()

    def __call__(self, said: Incoming) -> AsyncIterator[Reply]:
        return self._replies(said)

    async def _replies(self, said: Incoming) -> AsyncIterator[Reply]:
        self.heard.append(said)
        await self._may_answer.wait()
        for reply in self._answer(said):
            yield reply


@dataclass
class InboxShown:
    """An `InboxDesk` with one address, and the inbox behind it."""

    link: Link | None = None
    code: str = ""
    secrets: list[str] = field(default_factory=list)
    """Of the browsers that are signed in."""
    browsers: list[str] = field(default_factory=list)
    """What they call themselves."""
    messages: list[InboxMessage] = field(default_factory=list)
    used: bool = False
    ringing: Rings = Rings.NO
    subscribed: list[tuple[BrowserTarget, str]] = field(default_factory=list)
    """Targets, and the addresses that they were at before."""
    pressed: list[str] = field(default_factory=list)
    good_action: str = "a1"

    async def look(self, code: str) -> Visit | VisitProblem:
        if code != self.code or self.link is None:
            return VisitProblem.UNKNOWN
        if self.used:
            return VisitProblem.USED
        until = self.link.linked_at + CODE_LIFE
        return Visit(link=self.link.id, person=self.link.person, language="en", until=until)

    async def enter(self, code: str, browser: str) -> tuple[str, Visit] | VisitProblem:
        looked = await self.look(code)
        if isinstance(looked, VisitProblem):
            return looked
        self.used = True
        self.browsers.append(browser)
        self.secrets.append("i" * 22)
        return self.secrets[-1], looked

    async def at(self, secret: str) -> Link | None:
        return self.link if secret in self.secrets else None

    async def rings(self, link: Link) -> Rings:
        return self.ringing

    async def ring(self, link: Link, target: BrowserTarget, before: str = "") -> Card | None:
        self.subscribed.append((target, before))
        self.ringing = Rings.UNPROVEN
        return Card(title="Look at your phone")

    async def hush(self, link: Link) -> None:
        self.ringing = Rings.NO

    async def press(self, link: Link, action: ActionId) -> Pressed:
        self.pressed.append(action)
        return Pressed(done=action == self.good_action, told=f"{action} was pressed")

    async def shown(self, chat: str) -> list[InboxMessage]:
        return self.messages


@dataclass
class SettingsShown:
    """A `SettingsDesk` with one address, one visitor, and a ledger of what was changed."""

    seen: SettingsView | None = None
    answer: Changed = field(
        default_factory=lambda: Changed(card=Card(title="Every day 22:00-07:00"), stored=True)
    )
    changes: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Command, words and bot of each, in order."""
    problem: VisitProblem | None = None
    secrets: list[str] = field(default_factory=list)
    """Of all visits that have begun."""
    code: str = ""

    async def look(self, code: str) -> Visit | VisitProblem:
        if code != self.code or self.seen is None:
            return VisitProblem.UNKNOWN
        return self.problem or self.seen.visit

    async def enter(self, code: str) -> tuple[str, Visit] | VisitProblem:
        looked = await self.look(code)
        if isinstance(looked, VisitProblem):
            return looked
        self.problem = VisitProblem.USED
        self.secrets.append("s" * 22)
        return self.secrets[-1], looked

    async def view(self, secret: str) -> SettingsView | None:
        return self.seen if secret in self.secrets else None

    async def change(
        self, secret: str, command: str, words: str, bot: TraderId | None = None
    ) -> Changed | None:
        if secret not in self.secrets:
            return None
        self.changes.append((command, words, bot))
        return self.answer

    async def leave(self, secret: str) -> None:
        self.secrets.remove(secret)
