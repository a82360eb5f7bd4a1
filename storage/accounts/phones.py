"""Phones that a push service rings: each is proven by a code before it is linked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, insert, literal, null, select, update

from bot.domain.chats import Address, Channel, Endpoint, EndpointState, Hears, Preferences
from bot.domain.deliveries import State
from bot.domain.ids import AccountId, EndpointId, LinkId, NewId
from bot.domain.lifetimes import PHONE_CODE_LIFE
from bot.domain.linking import DIGITS_TRIES, LinkProblem, WrongDigits
from bot.domain.phones import (
    OpenReceipt,
    Phone,
    PhoneTarget,
    PushTarget,
    Service,
    address_of,
    name_of,
)
from storage.accounts.links import is_at, unlink
from storage.engine.database import Database, each, invalidate
from storage.forgetting import forget_phone
from storage.schema.preferences import decode_preferences, encode_partner, encode_preferences
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.rows import address_of as address_in
from storage.schema.states import LinkState
from storage.schema.tables import (
    DELIVERY_HAS_ENDED,
    LINK_IS_ACTIVE,
    delivery,
    endpoint,
    is_one_of,
    link,
    phone,
    visit,
)
from storage.vault import Vault

UNPROVEN_LIFE = timedelta(days=1)
"""How long a phone is kept whose code nobody types."""


class _New(NamedTuple):
    id: str
    chat: str
    host: LinkId
    service: Service
    target: PushTarget
    now: datetime


class _Try(NamedTuple):
    """Digits that a person typed in a chat."""

    address: Address
    person: str
    digits: str
    now: datetime


class SqlPhones:
    """Implements `bot.ports.Phones`."""

    def __init__(self, database: Database, vault: Vault, new_id: NewId) -> None:
        self._database = database
        self._vault = vault
        self._new_id = new_id

    async def add(self, host: LinkId, service: Service, target: PushTarget, now: datetime) -> Phone:
        new = _New(self._new_id(), self._new_id(), host, service, target, now)
        return await self._database.write(self._add_all, new)

    async def of(self, host: LinkId) -> Sequence[Phone]:
        return await self._database.read(_of, host)

    async def target(self, address: Address) -> PhoneTarget | None:
        return await self._database.read(self._target, address)

    async def open_receipts(self, service: Service, since: datetime) -> Sequence[OpenReceipt]:
        return await self._database.read(_open_receipts, service, since)

    async def expect_digits(self, found: EndpointId, digits: str, now: datetime) -> None:
        hashed = self._vault.digits_hash(_proof(found), digits)
        await self._database.write(_expect, (found, hashed, now))

    async def waiting(self, address: Address, person: str, now: datetime) -> bool:
        return await self._database.read(_is_waiting, address, person, now)

    async def prove(
        self, address: Address, person: str, digits: str, now: datetime
    ) -> Phone | WrongDigits:
        return await self._database.write(self._prove_all, _Try(address, person, digits, now))

    async def set(
        self, found: EndpointId, *, details: bool | None = None, updates: bool | None = None
    ) -> None:
        given = {"details": details, "updates": updates}
        values = {name: value for name, value in given.items() if value is not None}
        await self._database.write(_set, (found, values))

    async def move(self, found: EndpointId, target: PushTarget) -> None:
        await self._database.write(self._move_all, (found, target))

    async def remove(self, found: EndpointId, now: datetime) -> None:
        await self._database.write(_remove, (found, now))

    async def prune(self, now: datetime) -> int:
        """Forget those that nobody has proven; gives how many."""
        return await self._database.write(_prune, now)

    def _add_all(self, connection: Connection, requests: Sequence[_New]) -> Sequence[Phone]:
        return [self._add(connection, new) for new in requests]

    def _add(self, connection: Connection, new: _New) -> Phone:
        address = address_of(new.service, new.chat)
        name = name_of(new.target)
        connection.execute(
            insert(endpoint),
            {
                "id": new.id,
                "channel": address.channel,
                "bot": address.bot,
                "chat": address.chat,
                "thread": address.thread,
                "private": True,
                "state": EndpointState.ACTIVE,
                "reason": "",
                "doubtful": 0,
                "name": name,
            },
        )
        connection.execute(
            insert(phone),
            {
                "endpoint": new.id,
                "host": new.host,
                "made_at": new.now,
                "details": False,
                "digits_tries": 0,
            },
        )
        found = EndpointId(new.id)
        self._vault.keep_target(connection, found, new.target)
        place = Endpoint(id=found, address=address, name=name)
        return Phone(endpoint=place, made_at=new.now)

    def _move_all(
        self, connection: Connection, requests: Sequence[tuple[EndpointId, PushTarget]]
    ) -> Sequence[None]:
        for found, target in requests:
            here = select(phone.c.endpoint).where(phone.c.endpoint == found)
            if connection.execute(here).first() is not None:
                self._vault.keep_target(connection, found, target)
        return [None for _ in requests]

    def _target(self, connection: Connection, address: Address) -> PhoneTarget | None:
        there = select(phone.c.endpoint, phone.c.details, phone.c.updates, link.c.account)
        there = there.join(link, link.c.id == phone.c.host)
        there = there.join(endpoint, endpoint.c.id == phone.c.endpoint).where(is_at(address))
        row = connection.execute(there).one_or_none()
        target = None if row is None else self._vault.target(connection, EndpointId(row.endpoint))
        return (
            None
            if row is None or target is None
            else PhoneTarget(
                target=target,
                account=AccountId(row.account),
                details=row.details,
                updates=row.updates,
            )
        )

    def _prove_all(
        self, connection: Connection, requests: Sequence[_Try]
    ) -> Sequence[Phone | WrongDigits]:
        return [self._prove(connection, request) for request in requests]

    def _prove(self, connection: Connection, request: _Try) -> Phone | WrongDigits:
        address, person, digits, now = request
        asked = _expected(address, person).with_for_update(of=phone)
        row = connection.execute(asked).first()
        if row is None:
            return WrongDigits(problem=LinkProblem.UNKNOWN)
        found = EndpointId(row.endpoint)
        if row.digits_until <= now:
            _forget_digits(connection, found)
            return WrongDigits(problem=LinkProblem.EXPIRED)
        if not self._vault.are_digits(_proof(found), digits, row.digits_hash):
            return _count_wrong(connection, found, row.digits_tries + 1)
        _forget_digits(connection, found)
        _link(connection, self._new_id(), found, row.host, now)
        return next(one for one in _of(connection, row.host) if one.endpoint.id == found)


def _proof(found: EndpointId) -> str:
    return f"phone {found}"


def _is_added_in(host: ColumnElement[str]) -> ColumnElement[bool]:
    """There, or in an inbox that was opened from there."""
    opened = select(visit.c.link).where(visit.c.host == host)
    return (phone.c.host == host) | phone.c.host.in_(opened)


def _of(connection: Connection, host: LinkId) -> Sequence[Phone]:
    own = (link.c.endpoint == phone.c.endpoint) & LINK_IS_ACTIVE
    rows = connection.execute(
        select(
            phone,
            endpoint.c.channel,
            endpoint.c.bot,
            endpoint.c.chat,
            endpoint.c.thread,
            endpoint.c.state,
            endpoint.c.name,
            link.c.id.label("link"),
            link.c.preferences,
        )
        .join(endpoint, endpoint.c.id == phone.c.endpoint)
        .outerjoin(link, own)
        .where(_is_added_in(literal(host)))
        .order_by(phone.c.made_at, phone.c.endpoint)
    )
    return [_phone(row) for row in rows]


def _phone(row: AnyRow) -> Phone:
    hears = Hears.CRITICAL if row.link is None else decode_preferences(row.preferences).hears
    return Phone(
        endpoint=Endpoint(
            id=EndpointId(row.endpoint), address=address_in(row), state=row.state, name=row.name
        ),
        link=row.link and LinkId(row.link),
        hears=hears,
        made_at=row.made_at,
        coded_at=row.digits_until and row.digits_until - PHONE_CODE_LIFE,
        details=row.details,
        updates=row.updates,
    )


def _open_receipts(
    connection: Connection, service: Service, since: datetime
) -> Sequence[OpenReceipt]:
    rows = connection.execute(
        select(
            endpoint.c.channel,
            endpoint.c.bot,
            endpoint.c.chat,
            endpoint.c.thread,
            link.c.person,
            delivery.c.message,
        )
        .join(endpoint, endpoint.c.id == delivery.c.endpoint)
        .join(link, link.c.id == delivery.c.link)
        .where(
            is_one_of(delivery.c.state, State.SENT),
            DELIVERY_HAS_ENDED,
            delivery.c.ended_at >= since,
            delivery.c.seen == "",
            delivery.c.message.is_not(None),
            endpoint.c.channel == Channel.PUSH,
            endpoint.c.bot == service,
            LINK_IS_ACTIVE,
        )
        .order_by(delivery.c.id)
    )
    return [
        OpenReceipt(address=address_in(row), person=row.person, message=row.message) for row in rows
    ]


@each
def _expect(connection: Connection, request: tuple[EndpointId, str, datetime]) -> None:
    """One code at a time: whoever types six digits means the last one that was sent."""
    found, hashed, now = request
    host = select(phone.c.host).where(phone.c.endpoint == found).scalar_subquery()
    connection.execute(
        update(phone)
        .where(phone.c.host == host, phone.c.endpoint != found)
        .values(digits_hash=null(), digits_until=null())
    )
    connection.execute(
        update(phone)
        .where(phone.c.endpoint == found)
        .values(digits_hash=hashed, digits_until=now + PHONE_CODE_LIFE, digits_tries=0)
    )


def _expected(address: Address, person: str) -> Select[*tuple[Any, ...]]:
    return (
        select(phone)
        .join_from(phone, link, _is_added_in(link.c.id))
        .join(endpoint, endpoint.c.id == link.c.endpoint)
        .where(
            is_at(address),
            LINK_IS_ACTIVE,
            link.c.person == person,
            phone.c.digits_hash.is_not(None),
        )
        .order_by(phone.c.digits_until.desc())
    )


def _is_waiting(connection: Connection, address: Address, person: str, now: datetime) -> bool:
    live = _expected(address, person).where(phone.c.digits_until > now)
    return connection.execute(live).first() is not None


def _count_wrong(connection: Connection, found: EndpointId, tries: int) -> WrongDigits:
    if tries >= DIGITS_TRIES:
        _forget_digits(connection, found)
        return WrongDigits(problem=LinkProblem.TOO_MANY_TRIES)
    wrong = update(phone).where(phone.c.endpoint == found).values(digits_tries=tries)
    connection.execute(wrong)
    return WrongDigits(problem=LinkProblem.WRONG_DIGITS, tries_left=DIGITS_TRIES - tries)


def _forget_digits(connection: Connection, found: EndpointId) -> None:
    over = update(phone).where(phone.c.endpoint == found)
    connection.execute(over.values(digits_hash=null(), digits_until=null()))


def _link(connection: Connection, id: str, found: EndpointId, host_id: str, now: datetime) -> None:
    """It belongs to who added it, and may no more than the chat where they did."""
    invalidate(connection)
    host = link_of(connection.execute(select_active_links().where(link.c.id == host_id)).one())
    wants = Preferences(
        hears=Hears.CRITICAL, language=host.preferences.language, zone=host.preferences.zone
    )
    connection.execute(
        insert(link),
        {
            "id": id,
            "account": host.account,
            "endpoint": found,
            "person": host.person,
            "role": host.role,
            "partner": None if host.partner is None else encode_partner(host.partner),
            "epoch": 1,
            "state": LinkState.ACTIVE,
            "preferences": encode_preferences(wants),
            "linked_at": now,
            "proven_at": now,  # its code was typed
        },
    )


@each
def _set(connection: Connection, request: tuple[EndpointId, dict[str, bool]]) -> None:
    found, values = request
    connection.execute(update(phone).where(phone.c.endpoint == found).values(values))


@each
def _remove(connection: Connection, request: tuple[EndpointId, datetime]) -> None:
    found, now = request
    row = connection.execute(select_active_links().where(endpoint.c.id == found)).one_or_none()
    if row is not None:
        unlink(connection, link_of(row), now)
    forget_phone(connection, found)


@each
def _prune(connection: Connection, now: datetime) -> int:
    proven = select(link.c.endpoint).where(LINK_IS_ACTIVE)
    old = select(phone.c.endpoint).where(
        phone.c.made_at < now - UNPROVEN_LIFE, phone.c.endpoint.not_in(proven)
    )
    left = connection.execute(old).scalars().all()
    for found in left:
        forget_phone(connection, EndpointId(found))
    return len(left)
