"""Who is connected, as whom, and hears what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from adapters.simulator.accounts import Credential, Login, SimulatedAccounts, User
from adapters.simulator.changes import Changes
from adapters.simulator.options import Options
from adapters.simulator.plans import plan_of
from adapters.simulator.refusals import SimulatedRefusal


class Wire(Protocol):
    """The sockets of a running server; one that has gone is ignored."""

    async def emit(self, socket: str, event: str, payload: Any) -> None:
        """Send one event."""

    async def send_text(self, socket: str, text: str) -> None:
        """Send this as one message, whether or not the protocol allows it."""

    async def disconnect(self, socket: str) -> None:
        """Tell the client that the server has disconnected it."""

    def abort(self, socket: str) -> None:
        """Break the TCP connection without a word."""

    def expire_later(self, socket: str, wait: timedelta) -> Callable[[], None]:
        """Call `SimulatedAudience.expire` after a wait; gives what cancels that."""

    async def stop(self) -> None:
        """Break every connection and stop listening."""

    async def start(self) -> None:
        """Listen, on the same port as before."""


@dataclass(slots=True, eq=False)
class Caller:
    """Where calls come from: a socket, or one REST request.

    `credential` is what every call is checked against; a socket hears events by its
    `login`, a REST request hears nothing.
    """

    socket: str | None = None
    credential: Credential | None = None
    login: Login | None = None
    cancel_expiry: Callable[[], None] = field(default=lambda: None)


class SimulatedAudience:
    """All sockets; those that are logged in hear the events of their user."""

    def __init__(
        self,
        options: Options,
        accounts: SimulatedAccounts,
        changes: Changes,
        now: Callable[[], datetime],
    ) -> None:
        self.wire: Wire | None = None
        self._options = options
        self._accounts = accounts
        self._changes = changes
        self._now = now
        self._callers: dict[str, Caller] = {}
        self._listeners: dict[str, dict[str, Caller]] = {}

    def connect(self, socket: str, credential: Credential | None) -> Caller:
        """Take a new socket, logged in if its handshake carried a credential.

        Raises:
            SimulatedRefusal: the credential is refused, or the plan allows no more sockets.
        """
        caller = Caller(socket=socket)
        if credential is not None:
            self.log_in(caller, credential)
        self._callers[socket] = caller
        self._changes.notify()
        return caller

    def disconnected(self, socket: str) -> None:
        """Take note that a socket has gone."""
        caller = self._callers.pop(socket, None)
        if caller is not None:
            self.log_out(caller)

    def log_in(self, caller: Caller, credential: Credential) -> Login:
        """Log a caller in; a socket then hears its user's events until the token ends.

        Raises:
            SimulatedRefusal: the credential is refused, or the plan allows no more sockets.
        """
        login = self._accounts.log_in(credential)
        if caller.socket is None or self.wire is None:
            return login
        user = login.identity.user
        self._check_plan(user, caller.socket)
        self.log_out(caller)
        caller.credential = {"strategy": "jwt", "accessToken": login.token}
        caller.login = login
        self._listeners.setdefault(user.id, {})[caller.socket] = caller
        wait = login.expires_at - self._now()
        caller.cancel_expiry = self.wire.expire_later(caller.socket, wait)
        self._changes.notify()
        return login

    def log_out(self, caller: Caller) -> None:
        caller.cancel_expiry()
        if caller.login is not None and caller.socket is not None:
            self._listeners[caller.login.identity.user.id].pop(caller.socket)
        caller.login = caller.credential = None
        self._changes.notify()

    async def expire(self, socket: str) -> None:
        """Do what the platform does when the token of a socket ends."""
        caller = self._callers.get(socket)
        if caller is None or self.wire is None:
            return
        self.log_out(caller)
        if self._options.at_expiry == "disconnect":
            await self.wire.disconnect(socket)

    def sockets(self, user: str) -> list[str]:
        """Give the sockets that are logged in as a user."""
        return list(self._listeners.get(user, {}))

    def users(self) -> list[str]:
        """Give the users with a socket that is logged in."""
        return [user for user, sockets in self._listeners.items() if sockets]

    async def tell(self, user: str, service: str, event: str, payload: Any) -> None:
        """Send an event to a user's sockets."""
        path = service.replace("/", " ") if self._options.spaced_events else service
        for socket in self.sockets(user):
            if self.wire is not None:
                await self.wire.emit(socket, f"{path} {event}", payload)

    async def send_text(self, user: str, text: str) -> None:
        """Send raw text as one message to a user's sockets."""
        for socket in self.sockets(user):
            if self.wire is not None:
                await self.wire.send_text(socket, text)

    async def cut(self, user: str, *, abruptly: bool) -> int:
        """Disconnect a user's sockets, with or without a word; gives how many."""
        sockets = self.sockets(user)
        for socket in sockets:
            if self.wire is not None and abruptly:
                self.wire.abort(socket)
            elif self.wire is not None:
                await self.wire.disconnect(socket)
        return len(sockets)

    def _check_plan(self, user: User, socket: str) -> None:
        """Refuse a socket beyond the plan; that it is refused, not cut, is a guess."""
        others = set(self.sockets(user.id)) - {socket}
        if self._options.socket_limits and len(others) >= plan_of(user.plan).sockets:
            raise SimulatedRefusal(429, f"Too many connections for plan '{user.plan}'")
