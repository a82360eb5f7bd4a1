"""The trading platform of a soak: many users, each with logins that end and their own troubles."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.accounts import Credential, CredentialKind, Grant, Login, PasswordLogin
from bot.domain.events import Event
from bot.domain.pods import BotCommand
from bot.errors import NeedsLogin, TryLater
from tests.fakes.platform import FakePlatform, FakeSession


@dataclass(eq=False)
class OneUser(FakePlatform):
    """What the platform has of one user. Sockets whose login has ended stay open, and silent."""

    def announce(self, event: Event) -> None:
        for session in self.sessions:
            if session.credential.secret in self.accepts:
                session.queue.append(event)
                session.stir.set()


@dataclass(eq=False)
class Platforms:
    """Implements `ports.Platform` for many users; the e-mail address is the user's id."""

    now: Callable[[], datetime]
    users: dict[str, OneUser] = field(default_factory=dict)
    bot_commands: frozenset[BotCommand] = frozenset()
    pod_templates: str = "one"
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def add(self, user: str) -> OneUser:
        self.users[user] = OneUser(now=self.now, accepts=set())
        return self.users[user]

    async def log_in(self, login: Login) -> Grant:
        if not isinstance(login, PasswordLogin) or login.email not in self.users:
            raise NeedsLogin("Invalid login")
        theirs = self.users[login.email]
        theirs.check("log_in")
        credential = self.new_credential(login.email)
        return Grant(
            platform_user=login.email, label=login.email, plan="pro", credential=credential
        )

    def new_credential(self, user: str) -> Credential:
        """One that is good until the user's `accepts` is cleared."""
        secret = f"{user}/{next(self._numbers)}"
        self.users[user].accepts.add(secret)
        return Credential(kind=CredentialKind.TOKEN, secret=secret)

    def session(self, credential: Credential, plan: str | None = None) -> FakeSession:
        user, _, _ = credential.secret.partition("/")
        return self.users[user].session(credential, plan)

    async def reachable(self) -> str:
        if all(theirs.away for theirs in self.users.values()):
            raise TryLater("the platform does not answer")
        return "many fakes"
