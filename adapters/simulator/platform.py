"""The platform itself: people, records, calls and events, without any network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from adapters.simulator import query as queries
from adapters.simulator.accounts import SCOPES, Identity, SimulatedAccounts, User
from adapters.simulator.audience import Caller, SimulatedAudience
from adapters.simulator.catalogue import (
    SERVICES,
    Service,
    defaults,
    started_or_stopped,
    status_event,
)
from adapters.simulator.changes import Changes
from adapters.simulator.options import Options
from adapters.simulator.plans import Bucket, plan_of
from adapters.simulator.pods import SimulatedPods
from adapters.simulator.records import Record, Records
from adapters.simulator.refusals import SimulatedRefusal
from adapters.simulator.script import Delayed, Failed, Script, Unanswered
from adapters.simulator.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """One call of a service's method, however it travelled."""

    method: str
    service: str
    id: str | None = None
    data: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedCall:
    """A request that arrived; `user` is `None` when nobody was logged in.

    Its data is not kept: it may hold a password.
    """

    method: str
    service: str
    id: str | None
    query: Mapping[str, Any]
    user: str | None
    transport: str


class LeftUnanswered(Exception):
    """The caller is to wait for ever."""


class SimulatedPlatform:
    """One platform with all its users.

    Attributes:
        script: plans faults.
        calls: every call that arrived, oldest first.
        changes: tells of calls and sockets.
        accounts, records, audience: what the platform knows, for a test to look at.
    """

    def __init__(
        self,
        options: Options,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        chance: Random,
    ) -> None:
        self.options = options
        self.accounts = SimulatedAccounts(now, new_id, chance)
        self.changes = Changes()
        self.audience = SimulatedAudience(options, self.accounts, self.changes, now)
        self.records = Records()
        self.script = Script()
        self.pods = SimulatedPods(now)
        self.calls: list[ReceivedCall] = []
        self._now = now
        self._new_id = new_id
        self._chance = chance
        self._buckets: dict[str, Bucket] = {}

    # What happens on the platform.

    def add_user(
        self,
        *,
        email: str | None = None,
        password: str | None = None,
        name: str = "",
        plan: str = "pro",
        verified: bool = True,
        token_life: timedelta | None = None,
        scopes: Iterable[str] | None = None,
    ) -> User:
        """Register a person, with an API key; what is not given is made up.

        Args:
            scopes: of the API key; `None` lets it do everything.
        """
        return self.accounts.add(
            email=email or f"{self._new_id()}@example.com",
            password=password or f"{self._chance.getrandbits(64):016x}",
            name=name,
            plan=plan,
            verified=verified,
            token_life=token_life or self.options.token_life,
            scopes=scopes,
        )

    async def add(
        self,
        service: str,
        record: Record,
        owner: str,
        *,
        announce: bool = True,
        hidden: bool = False,
    ) -> Record:
        """Store a record of this owner.

        Args:
            announce: send the event to the owner's sockets.
            hidden: no call sees the record until `records.reveal`, as when its commit
                lags behind a younger one's.
        """
        now = iso(self._now())
        number = self.records.count(service, owner) + 1
        stored = {
            "_id": self._new_id(),
            "createdAt": now,
            "updatedAt": now,
            **defaults(service, number, self._chance),
            **record,
            "userId": owner,
        }
        self.records.put(service, owner, stored)
        if hidden:
            self.records.hide(service, stored["_id"])
        if announce:
            await self.tell(owner, service, "created", stored)
        return stored

    async def change(
        self, service: str, record_id: str, changes: Record, *, announce: bool = True
    ) -> Record:
        """Change fields of a stored record."""
        owner = self.records.owner(service, record_id)
        before = self.records.get(service, owner, record_id)
        stored = {**before, "updatedAt": iso(self._now()), **changes}
        self.records.put(service, owner, stored)
        if announce:
            await self.tell(owner, service, "patched", stored)
        return stored

    async def remove(self, service: str, record_id: str, *, announce: bool = True) -> Record:
        owner = self.records.owner(service, record_id)
        removed = self.records.remove(service, record_id)
        if announce:
            await self.tell(owner, service, "removed", removed)
        return removed

    async def tell(self, user: str, service: str, event: str, payload: Any) -> None:
        """Send an event to a user's sockets; nothing is stored.

        The payload may be anything, another user's record included.
        """
        await self.audience.tell(user, service, event, payload)

    async def tell_everyone(self, service: str, event: str, payload: Any) -> None:
        """Send an event to every socket that is logged in."""
        for user in self.audience.users():
            await self.audience.tell(user, service, event, payload)

    # What a test may do to it, beside what `script`, `records` and `accounts` offer.

    async def send_text(self, user: str, text: str) -> None:
        """Send raw text as one message to a user's sockets."""
        await self.audience.send_text(user, text)

    async def cut_sockets(self, user: str, *, abruptly: bool = False) -> int:
        """Disconnect a user's sockets, with or without a word; gives how many."""
        return await self.audience.cut(user, abruptly=abruptly)

    async def expire_tokens(self, user: str) -> None:
        """End every token of a user now, with what follows for their sockets."""
        self.accounts.expire_tokens(user)
        for socket in self.audience.sockets(user):
            await self.audience.expire(socket)

    async def go_down(self) -> None:
        """Stop the server as a crash does: every connection breaks."""
        if self.audience.wire is not None:
            await self.audience.wire.stop()

    async def come_back(self) -> None:
        """Serve again at the same address; nothing stored is lost."""
        if self.audience.wire is not None:
            await self.audience.wire.start()

    # What arrives over the wire.

    async def answer(self, caller: Caller, request: ServiceRequest) -> Any:
        """Perform one call; its events are sent before this returns.

        Raises:
            SimulatedRefusal: the platform says no.
            LeftUnanswered: a test wants this call never answered.
        """
        service = _service(request)
        identity = self._identify(caller, request)
        if identity is not None:
            self._check_rate(identity.user)
            _check_scope(identity, service, request)
        fate = self.script.fate(request.method, request.service)
        if isinstance(fate, Failed):
            raise SimulatedRefusal(fate.status, "Scripted failure", retry_after=fate.retry_after)
        if fate == Unanswered(performed=False):
            raise LeftUnanswered
        if identity is None:
            result = self._authenticate(caller, request)
        else:
            result = await self._perform(caller, identity.user, request)
        if isinstance(fate, Unanswered):
            raise LeftUnanswered
        if isinstance(fate, Delayed):
            await asyncio.sleep(fate.by.total_seconds())
        return result

    def _identify(self, caller: Caller, request: ServiceRequest) -> Identity | None:
        """Check the caller's credential afresh, as every protected call does.

        Gives `None` for a login or logout.

        Raises:
            SimulatedRefusal: 401.
        """
        identity = None
        try:
            if request.service != "authentication":
                identity = self.accounts.identify(_credential(caller))
            return identity
        finally:
            self.calls.append(
                ReceivedCall(
                    method=request.method,
                    service=request.service,
                    id=request.id,
                    query=request.query,
                    user=None if identity is None else identity.user.id,
                    transport="rest" if caller.socket is None else "socketio",
                )
            )
            self.changes.notify()

    def _authenticate(self, caller: Caller, request: ServiceRequest) -> dict[str, Any]:
        if request.method == "create":
            if not isinstance(request.data, Mapping):
                raise SimulatedRefusal(401, "Invalid authentication information")
            return self.audience.log_in(caller, request.data).answer()
        login = self.accounts.log_in(_credential(caller))
        self.audience.log_out(caller)
        return login.answer()

    async def _perform(self, caller: Caller, user: User, request: ServiceRequest) -> Any:
        service, query = request.service, request.query
        match request.method:
            case "find":
                return self._find(caller, user, request)
            case "get":
                return queries.pick(self._get(user, request), query)
            case "create" if service == "traders/pods":
                return self._tell_pod(user, _fields(request.data))
            case "create" if service == "keys":
                return await self._create_key(user, _fields(request.data))
            case "create":
                record = await self.add(service, _fields(request.data), user.id)
                return queries.pick(record, query)
            case "patch":
                return await self._patch(user, request)
            case "remove":
                removed = self._get(user, request)
                if service == "keys":
                    self.accounts.revoke_key(removed["_id"])
                await self.remove(service, removed["_id"])
                return queries.pick(removed, query)
        raise AssertionError(f"no such method: {request.method}")

    def _tell_pod(self, user: User, data: dict[str, Any]) -> Any:
        trader = self.records.get("traders", user.id, str(data.get("traderId")))
        params = data.get("params")
        given = params if isinstance(params, Mapping) else {}
        return self.pods.answer(trader, str(data.get("command")), given)

    def _find(self, caller: Caller, user: User, request: ServiceRequest) -> dict[str, Any]:
        if request.service == "users":
            own: Iterable[Record] = [_profile(user)]
        else:
            own = self.records.of(request.service, user.id)
        cap = self.script.page_cap
        return queries.page(
            own,
            request.query,
            max_limit=queries.MAX_LIMIT if cap is None else cap,
            text=caller.socket is None,
        )

    def _get(self, user: User, request: ServiceRequest) -> Record:
        if request.id is None:
            raise SimulatedRefusal(405, f"Can not {request.method} multiple entries")
        if request.service == "users" and request.id == user.id:
            return _profile(user)
        record = self.records.get(request.service, user.id, request.id)
        if not queries.matches(record, request.query):
            raise SimulatedRefusal(404, f"No record found for id '{request.id}'")
        return record

    async def _patch(self, user: User, request: ServiceRequest) -> dict[str, Any]:
        service = request.service
        before = self._get(user, request)
        changes = _fields(request.data)
        if service == "traders":
            changes = started_or_stopped(before, changes)
        stored = await self.change(service, before["_id"], changes, announce=False)
        picked = queries.pick(stored, request.query)
        await self.tell(user.id, service, "patched", picked)
        if service == "traders" and "running" in changes:
            await self.add("traders/pods/events", status_event(stored), user.id)
        return picked

    async def _create_key(self, user: User, data: dict[str, Any]) -> dict[str, Any]:
        scopes = data.get("scopes")
        if not isinstance(scopes, list) or not SCOPES.issuperset(map(str, scopes)):
            raise SimulatedRefusal(400, "Invalid scopes", errors={"scopes": "unknown scope"})
        key = self.accounts.add_key(user.id, scopes)
        name = str(data.get("name", ""))
        record = {"_id": key.id, "name": name, "scopes": scopes, "lastUsed": None}
        stored = await self.add("keys", record, user.id)
        # The secret is told once, here, and never stored with the record.
        return {**stored, "key": key.secret}

    def _check_rate(self, user: User) -> None:
        if not self.options.rate_limits:
            return
        now = self._now()
        bucket = self._buckets.get(user.id)
        if bucket is None:
            bucket = self._buckets[user.id] = Bucket.full(plan_of(user.plan), now)
        wait = bucket.take(now)
        if wait:
            raise SimulatedRefusal(429, "Rate limit exceeded", retry_after=wait)


def _service(request: ServiceRequest) -> Service:
    service = SERVICES.get(request.service)
    if service is None:
        raise SimulatedRefusal(404, f"Service '{request.service}' not found")
    if request.method not in service.methods:
        raise SimulatedRefusal(
            405,
            f"Method '{request.method}' not allowed on service '{request.service}'",
        )
    return service


def _credential(caller: Caller) -> Mapping[str, Any]:
    if caller.credential is None:
        raise SimulatedRefusal(401, "Not authenticated")
    return caller.credential


def _check_scope(identity: Identity, service: Service, request: ServiceRequest) -> None:
    if identity.key is None or identity.key.scopes is None:
        return
    if service.scope(request.method) not in identity.key.scopes:
        raise SimulatedRefusal(403, f"API key may not {request.method} {request.service}")


def _profile(user: User) -> Record:
    return {**user.visible(), "createdAt": iso(user.created_at)}


def _fields(data: Any) -> dict[str, Any]:
    """Give what a client may set: the id and the owner are not among it."""
    if isinstance(data, list):
        raise SimulatedRefusal(405, "Can not create multiple entries")
    if not isinstance(data, Mapping):
        raise SimulatedRefusal(400, "Invalid data")
    return {key: value for key, value in data.items() if key not in ("_id", "userId")}
