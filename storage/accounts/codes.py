"""Linking attempts: a one-time address, a login, six digits, each step taken once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    delete,
    insert,
    null,
    or_,
    select,
    update,
)

from bot.domain.accounts import Grant
from bot.domain.chats import Address, Channel
from bot.domain.clocks import was_set_back
from bot.domain.ids import AccountId, EndpointId, NewId
from bot.domain.lifetimes import DIGITS_LIFE
from bot.domain.linking import (
    DIGITS_TRIES,
    LOGIN_TRIES,
    OPEN_CODES,
    Completed,
    Invitation,
    LinkProblem,
    Proof,
    Proven,
    SignedIn,
    TooSoon,
    WrongDigits,
)
from storage.accounts.completing import is_anothers, is_taken, link_by
from storage.accounts.links import is_at
from storage.accounts.wrong_logins import Keys, begin_login, forgive_login, login_keys, prune_logins
from storage.buttons.shown_cards import end_address
from storage.engine.database import Database, each
from storage.schema.rows import AnyRow, address_of
from storage.schema.states import AttemptState
from storage.schema.tables import account, attempt, endpoint
from storage.vault import Vault, forget_grant

KEPT_AFTER_EXPIRY = timedelta(days=1)
"""So long an old address says that it has expired, and later that it is unknown."""


class _Try(NamedTuple):
    """Digits that a person typed in a chat."""

    address: Address
    person: str
    digits: str
    now: datetime


class _Renewal(NamedTuple):
    code_hash: str
    new_hash: str
    digits_in: EndpointId
    person: str
    now: datetime


class _SignIn(NamedTuple):
    code_hash: str
    grant: Grant
    digits: str
    now: datetime
    zone: str


class _Proving(NamedTuple):
    code_hash: str
    grant: Grant
    now: datetime


class SqlCodes:
    """Implements `bot.ports.Codes`."""

    def __init__(self, database: Database, vault: Vault, new_id: NewId) -> None:
        self._database = database
        self._vault = vault
        self._new_id = new_id

    async def invite(self, code_hash: str, invitation: Invitation, now: datetime) -> None:
        await self._database.write(_invite, (self._new_id(), code_hash, invitation, now))

    async def look(self, code_hash: str, now: datetime) -> Invitation | LinkProblem:
        return await self._database.read(_look, code_hash, now)

    async def renew(
        self, code_hash: str, new_hash: str, digits_in: EndpointId, person: str, now: datetime
    ) -> Invitation | LinkProblem:
        request = _Renewal(code_hash, new_hash, digits_in, person, now)
        return await self._database.write(_renew, request)

    async def count_login(
        self, code_hash: str, who: str, source: str, now: datetime
    ) -> int | TooSoon | LinkProblem:
        keys = login_keys(self._vault, who, source)
        return await self._database.write(_count_login, (code_hash, keys, now))

    async def forgive_login(self, who: str, source: str, *, right: bool) -> None:
        keys = login_keys(self._vault, who, source)
        await self._database.write(_forgive_login, (keys, right))

    async def sign_in(
        self, code_hash: str, grant: Grant, digits: str, now: datetime, zone: str = ""
    ) -> SignedIn | LinkProblem:
        request = _SignIn(code_hash, grant, digits, now, zone)
        return await self._database.write(self._sign_in_all, request)

    async def prove(self, code_hash: str, grant: Grant, now: datetime) -> Proven | LinkProblem:
        return await self._database.write(self._prove_all, _Proving(code_hash, grant, now))

    async def proven(
        self, account: AccountId, channel: Channel, person: str, since: datetime, now: datetime
    ) -> bool:
        return await self._database.read(_proven, account, channel, person, since, now)

    async def withdraw(self, address: Address, person: str, now: datetime) -> int:
        return await self._database.write(_withdraw, (address, person, now))

    async def waiting(self, address: Address, person: str, now: datetime) -> Address | None:
        return await self._database.read(_waiting, address, person, now)

    async def complete(
        self, address: Address, person: str, digits: str, now: datetime
    ) -> Completed | WrongDigits:
        return await self._database.write(self._complete_all, _Try(address, person, digits, now))

    async def prune(self, now: datetime) -> int:
        """Delete old attempts, what is left of wrong logins, and logins whose digits were never
        typed; gives how many attempts.
        """
        return await self._database.write(_prune, now)

    def _sign_in_all(
        self, connection: Connection, requests: Sequence[_SignIn]
    ) -> Sequence[SignedIn | LinkProblem]:
        return [self._sign_in(connection, request) for request in requests]

    def _sign_in(self, connection: Connection, request: _SignIn) -> SignedIn | LinkProblem:
        code_hash, grant, digits, now, zone = request
        found = connection.execute(_attempts().where(attempt.c.code_hash == code_hash)).first()
        if found is None:
            return LinkProblem.UNKNOWN
        if is_anothers(connection, self._vault, grant):
            return _problem(found, now) or LinkProblem.NOT_CERTAIN
        until = now + DIGITS_LIFE
        used_up = connection.execute(
            update(attempt)
            .where(
                attempt.c.id == found.id,
                attempt.c.state == AttemptState.OPEN,
                attempt.c.expires_at > now,
                attempt.c.proves.is_(None),
            )
            .values(
                state=AttemptState.SIGNED_IN,
                digits_hash=self._vault.digits_hash(found.id, digits),
                digits_until=until,
                zone=zone,
            )
        )
        if not used_up.rowcount:
            return _problem(found, now) or LinkProblem.USED
        others = select(attempt.c.id).where(
            _is_typed_in(found.digits_in or found.endpoint),
            attempt.c.person == found.person,
            attempt.c.state == AttemptState.SIGNED_IN,
            attempt.c.id != found.id,
        )
        for other in connection.execute(others).scalars().all():
            _close(connection, other, AttemptState.REPLACED)
        self._vault.keep_grant(connection, found.id, grant)
        ends = grant.credential.expires_at
        return SignedIn(digits=digits, until=until, label=grant.label, login_ends=ends)

    def _prove_all(
        self, connection: Connection, requests: Sequence[_Proving]
    ) -> Sequence[Proven | LinkProblem]:
        return [self._prove(connection, request) for request in requests]

    def _prove(self, connection: Connection, request: _Proving) -> Proven | LinkProblem:
        code_hash, grant, now = request
        found = connection.execute(_attempts().where(attempt.c.code_hash == code_hash)).first()
        proof = None if found is None else _proof(found)
        if found is None or proof is None:
            return LinkProblem.UNKNOWN
        named = select(account.c.id).where(account.c.platform_user == grant.platform_user)
        whose = connection.execute(named).scalar()
        if whose != proof.account or is_anothers(connection, self._vault, grant):
            return _problem(found, now) or LinkProblem.NOT_CERTAIN
        used_up = connection.execute(
            update(attempt)
            .where(
                attempt.c.id == found.id,
                attempt.c.state == AttemptState.OPEN,
                attempt.c.expires_at > now,
            )
            .values(state=AttemptState.DONE, proven_at=now)
        )
        if not used_up.rowcount:
            return _problem(found, now) or LinkProblem.PROVEN
        return Proven(proof=proof)

    def _complete_all(
        self, connection: Connection, tries: Sequence[_Try]
    ) -> Sequence[Completed | WrongDigits]:
        return [self._complete(connection, each_try) for each_try in tries]

    def _complete(self, connection: Connection, typed: _Try) -> Completed | WrongDigits:
        found = connection.execute(
            _signed_in(typed.address, typed.person).with_for_update(of=attempt)
        ).first()
        if found is None:
            return WrongDigits(problem=LinkProblem.UNKNOWN)
        grant = self._vault.grant(connection, found.id)
        late = found.digits_until <= typed.now or was_set_back(found.created_at, typed.now)
        if late or grant is None:
            _close(connection, found.id, AttemptState.REPLACED)
            return WrongDigits(problem=LinkProblem.EXPIRED)
        if not self._vault.are_digits(found.id, typed.digits, found.digits_hash):
            return _count_wrong(connection, found)
        # One after the other: two people may type their digits at the same time.
        lock = select(endpoint.c.id).where(endpoint.c.id == found.endpoint).with_for_update()
        connection.execute(lock)
        if is_taken(connection, found.endpoint, typed.person):
            _close(connection, found.id, AttemptState.FAILED)
            return WrongDigits(problem=LinkProblem.TAKEN)
        if is_anothers(connection, self._vault, grant):
            _close(connection, found.id, AttemptState.FAILED)
            return WrongDigits(problem=LinkProblem.NOT_CERTAIN)
        _close(connection, found.id, AttemptState.DONE)
        return link_by(connection, self._vault, self._new_id, found, grant, typed.now)


def _attempts() -> Select[*tuple[Any, ...]]:
    return select(
        attempt,
        endpoint.c.channel,
        endpoint.c.bot,
        endpoint.c.chat,
        endpoint.c.thread,
        endpoint.c.name,
    ).join(endpoint, endpoint.c.id == attempt.c.endpoint)


def _proof(found: AnyRow) -> Proof | None:
    if found.proves is None:
        return None
    return Proof(account=AccountId(found.proves), deed=found.deed)


def _proven(
    connection: Connection,
    account_id: AccountId,
    channel: Channel,
    person: str,
    since: datetime,
    now: datetime,
) -> bool:
    lately = _attempts().where(
        attempt.c.proves == account_id,
        attempt.c.person == person,
        attempt.c.proven_at > since,
        attempt.c.proven_at <= now,  # else the clock was set back since
        endpoint.c.channel == channel,
    )
    return connection.execute(lately).first() is not None


def _problem(found: AnyRow, now: datetime) -> LinkProblem | None:
    """Why an address cannot be used to log in."""
    problem = _problem_of_any(found, now)
    if problem is None or found.proves is None:
        return problem
    return LinkProblem.PROVEN if problem is LinkProblem.USED else LinkProblem.NOT_PROVEN


def _problem_of_any(found: AnyRow, now: datetime) -> LinkProblem | None:
    match found.state:
        case AttemptState.SIGNED_IN | AttemptState.DONE:
            return LinkProblem.USED
        case AttemptState.REPLACED:
            return LinkProblem.EXPIRED
        case AttemptState.FAILED:
            return LinkProblem.TOO_MANY_TRIES
    if found.expires_at <= now or was_set_back(found.created_at, now):
        return LinkProblem.EXPIRED
    return LinkProblem.TOO_MANY_TRIES if found.logins >= LOGIN_TRIES else None


@each
def _invite(connection: Connection, request: tuple[str, str, Invitation, datetime]) -> None:
    attempt_id, code_hash, invitation, now = request
    connection.execute(
        insert(attempt),
        {
            "id": attempt_id,
            "code_hash": code_hash,
            "endpoint": invitation.endpoint,
            "person": invitation.person,
            "role": invitation.role,
            "state": AttemptState.OPEN,
            "created_at": now,
            "expires_at": invitation.expires_at,
            "logins": 0,
            "digits_tries": 0,
            "readers": invitation.readers,
            "language": invitation.language,
            "digits_in": invitation.digits_in,
            "proves": None if invitation.proof is None else invitation.proof.account,
            "deed": "" if invitation.proof is None else invitation.proof.deed,
        },
    )
    surplus = (
        select(attempt.c.id)
        .join(endpoint, endpoint.c.id == attempt.c.endpoint)
        .where(
            # A person is one on a chat platform, in whatever chat there.
            endpoint.c.channel == invitation.address.channel,
            attempt.c.person == invitation.person,
            attempt.c.state == AttemptState.OPEN,
            attempt.c.id != attempt_id,
        )
        .order_by(attempt.c.created_at.desc(), attempt.c.id)
        .offset(OPEN_CODES - 1)
    )
    for old in connection.execute(surplus).scalars().all():
        _close(connection, old, AttemptState.REPLACED)


def _look(connection: Connection, code_hash: str, now: datetime) -> Invitation | LinkProblem:
    found = connection.execute(_attempts().where(attempt.c.code_hash == code_hash)).first()
    if found is None:
        return LinkProblem.UNKNOWN
    return _problem(found, now) or Invitation(
        endpoint=EndpointId(found.endpoint),
        address=address_of(found),
        person=found.person,
        role=found.role,
        expires_at=found.expires_at,
        name=found.name,
        readers=found.readers,
        language=found.language,
        digits_in=found.digits_in and EndpointId(found.digits_in),
        proof=_proof(found),
    )


@each
def _renew(connection: Connection, request: _Renewal) -> Invitation | LinkProblem:
    renewed = connection.execute(
        update(attempt)
        .where(
            attempt.c.code_hash == request.code_hash,
            attempt.c.person == request.person,
            attempt.c.state == AttemptState.OPEN,
            attempt.c.expires_at > request.now,
        )
        .values(code_hash=request.new_hash, digits_in=request.digits_in)
    )
    if renewed.rowcount:
        return _look(connection, request.new_hash, request.now)
    looked = _look(connection, request.code_hash, request.now)
    return looked if isinstance(looked, LinkProblem) else LinkProblem.UNKNOWN


@each
def _count_login(
    connection: Connection, request: tuple[str, Keys, datetime]
) -> int | TooSoon | LinkProblem:
    code_hash, keys, now = request
    counted = connection.execute(
        update(attempt)
        .where(
            attempt.c.code_hash == code_hash,
            attempt.c.state == AttemptState.OPEN,
            attempt.c.expires_at > now,
            attempt.c.logins < LOGIN_TRIES,
        )
        .values(logins=attempt.c.logins + 1)
        .returning(attempt.c.logins)
    ).scalar()
    if counted is None:
        looked = _look(connection, code_hash, now)
        return looked if isinstance(looked, LinkProblem) else LinkProblem.UNKNOWN
    wait = begin_login(connection, keys, now)
    return TooSoon(wait=wait) if wait else LOGIN_TRIES - counted


@each
def _forgive_login(connection: Connection, request: tuple[Keys, bool]) -> None:
    keys, right = request
    forgive_login(connection, keys, right=right)


def _signed_in(address: Address, person: str) -> Select[*tuple[Any, ...]]:
    return _attempts().where(
        _is_typed_at(address),
        attempt.c.person == person,
        attempt.c.state == AttemptState.SIGNED_IN,
    )


def _is_typed_at(address: Address) -> ColumnElement[bool]:
    chat = endpoint.alias("typed_in")
    return _is_typed_in(select(chat.c.id).where(is_at(address, chat)).scalar_subquery())


def _is_typed_in(chat: ScalarSelect[str] | str) -> ColumnElement[bool]:
    """Whether it is there that the digits are to be typed."""
    here = and_(attempt.c.digits_in.is_(None), attempt.c.endpoint == chat)
    return or_(attempt.c.digits_in == chat, here)


@each
def _withdraw(connection: Connection, request: tuple[Address, str, datetime]) -> int:
    address, person, now = request
    open_ones = _attempts().where(
        _is_typed_at(address),
        attempt.c.person == person,
        or_(
            (attempt.c.state == AttemptState.OPEN) & (attempt.c.expires_at > now),
            (attempt.c.state == AttemptState.SIGNED_IN) & (attempt.c.digits_until > now),
        ),
    )
    found = connection.execute(open_ones).all()
    for row in found:
        _close(connection, row.id, AttemptState.REPLACED)
        shown_in = row.digits_in or row.endpoint
        end_address(connection, shown_in, row.code_hash, now, withdrawn=True)
    return len(found)


def _waiting(
    connection: Connection, address: Address, person: str, now: datetime
) -> Address | None:
    live = _signed_in(address, person).where(attempt.c.digits_until > now)
    found = connection.execute(live).first()
    return None if found is None else address_of(found)


def _count_wrong(connection: Connection, found: AnyRow) -> WrongDigits:
    tries = found.digits_tries + 1
    if tries >= DIGITS_TRIES:
        _close(connection, found.id, AttemptState.FAILED)
        return WrongDigits(problem=LinkProblem.TOO_MANY_TRIES)
    connection.execute(update(attempt).where(attempt.c.id == found.id).values(digits_tries=tries))
    return WrongDigits(problem=LinkProblem.WRONG_DIGITS, tries_left=DIGITS_TRIES - tries)


def _close(connection: Connection, attempt_id: str, state: AttemptState) -> None:
    """Nothing can be done with an attempt any more: what it waited with goes."""
    connection.execute(
        update(attempt).where(attempt.c.id == attempt_id).values(state=state, digits_hash=null())
    )
    forget_grant(connection, attempt_id)


@each
def _prune(connection: Connection, now: datetime) -> int:
    untyped = select(attempt.c.id).where(
        attempt.c.state == AttemptState.SIGNED_IN, attempt.c.digits_until <= now
    )
    for late in connection.execute(untyped).scalars().all():
        _close(connection, late, AttemptState.REPLACED)
    prune_logins(connection, now)
    old = delete(attempt).where(
        attempt.c.expires_at < now - KEPT_AFTER_EXPIRY, attempt.c.state != AttemptState.SIGNED_IN
    )
    return connection.execute(old).rowcount
