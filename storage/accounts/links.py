"""Accounts, the chats that are linked to them, and what unlinking leaves behind: nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, insert, select, update

from bot.domain.accounts import Account, AccountState, Credential
from bot.domain.chats import Address, Endpoint, EndpointState, Followers, Link, Preferences
from bot.domain.ids import AccountId, EndpointId, LinkId, NewId
from bot.domain.linking import Ended
from bot.domain.nights import next_morning
from bot.domain.reasons import Reason
from bot.domain.report_plans import next_due, told_by
from bot.domain.timetables import zone
from bot.errors import Refused
from storage.engine.database import Database, each, invalidate
from storage.engine.upsert import Insert, insert_into
from storage.menus import may_change
from storage.outbox import endpoints, gathered
from storage.schema.preferences import (
    decode_preferences,
    decode_told,
    encode_preferences,
    encode_told,
)
from storage.schema.rows import account_of, link_of, select_active_links
from storage.schema.states import LinkState
from storage.schema.tables import LINK_IS_ACTIVE, account, endpoint, link, topic
from storage.vault import Vault


class _Found(NamedTuple):
    """A chat met for the first time, perhaps."""

    id: str
    address: Address
    private: bool
    name: str


class _Following(NamedTuple):
    by: LinkId
    chat: EndpointId
    followers: Followers
    link: str
    now: datetime


class _Wish(NamedTuple):
    link: LinkId
    change: Callable[[Preferences], Preferences]
    now: datetime


class SqlLinks:
    """Implements `bot.ports.Links`."""

    def __init__(self, database: Database, new_id: NewId) -> None:
        self._database = database
        self._new_id = new_id

    async def at(self, address: Address) -> Link | None:
        return await self._database.read(_at, address)

    async def called(self, link: LinkId) -> Link | None:
        return await self._database.read(_called, link)

    async def endpoint(self, address: Address, private: bool, name: str = "") -> EndpointId:
        found = await self._database.read(_endpoint_at, address)
        if found is not None and not name:
            return found
        return await self._database.write(_meet, _Found(self._new_id(), address, private, name))

    async def of(self, account: AccountId) -> Sequence[Link]:
        return await self._database.read(links_of, account)

    async def partners_of(self, account: AccountId) -> Sequence[Link]:
        return await self._database.read(_partners_of, account)

    async def made_since(self, since: datetime) -> Sequence[Link]:
        return await self._database.read(_made_since, since)

    async def end(self, link: LinkId, now: datetime, *, tells: bool = False) -> Ended:
        return await self._database.write(_end, (link, now, tells))

    async def prefer(
        self, link: LinkId, change: Callable[[Preferences], Preferences], now: datetime
    ) -> Preferences:
        return await self._database.write(_prefer, _Wish(link, change, now))

    async def show_followers(
        self, link: LinkId, chat: EndpointId, followers: Followers, now: datetime
    ) -> Link | None:
        following = _Following(link, chat, followers, self._new_id(), now)
        return await self._database.write(_show_followers, following)

    async def move(self, address: Address, chat: str, now: datetime) -> None:
        await self._database.write(_move, (address, chat, now))

    async def disable(self, address: Address, reason: str, now: datetime) -> int:
        return await self._database.write(_disable, (address, reason, now))

    async def enable(self, address: Address, now: datetime) -> int:
        return await self._database.write(_enable, address)


def is_at(address: Address, chat: FromClause = endpoint) -> ColumnElement[bool]:
    return and_(
        chat.c.channel == address.channel,
        chat.c.bot == address.bot,
        chat.c.chat == address.chat,
        chat.c.thread == address.thread,
    )


def _at(connection: Connection, address: Address) -> Link | None:
    row = connection.execute(select_active_links().where(is_at(address))).one_or_none()
    if row is None and address.thread:
        row = connection.execute(_around(address)).first()
    return None if row is None else link_of(row)


def _around(address: Address) -> Select[*tuple[Any, ...]]:
    """The link of the chat that a topic of ours is in."""
    around = is_at(replace(address, thread=""))
    ours = (topic.c.endpoint == endpoint.c.id, topic.c.thread == address.thread)
    return select_active_links().where(around, select(topic.c.trader).where(*ours).exists())


def _called(connection: Connection, link_id: LinkId) -> Link | None:
    row = connection.execute(select_active_links().where(link.c.id == link_id)).one_or_none()
    return None if row is None else link_of(row)


def _made_since(connection: Connection, since: datetime) -> Sequence[Link]:
    rows = connection.execute(select_active_links().where(link.c.linked_at >= since))
    return [link_of(row) for row in rows]


def _endpoint_at(connection: Connection, address: Address) -> EndpointId | None:
    found = connection.execute(select(endpoint.c.id).where(is_at(address))).scalar()
    return None if found is None else EndpointId(found)


@cache
def _meeting(dialect: str) -> Insert:
    return insert_into(endpoint, dialect).on_conflict_do_nothing()


@each
def _meet(connection: Connection, found: _Found) -> EndpointId:
    address = found.address
    connection.execute(
        _meeting(connection.dialect.name),
        {
            "id": found.id,
            "channel": address.channel,
            "bot": address.bot,
            "chat": address.chat,
            "thread": address.thread,
            "private": found.private,
            "state": EndpointState.ACTIVE,
            "reason": "",
            "doubtful": 0,
            "name": found.name,
        },
    )
    if found.name:
        invalidate(connection)
        connection.execute(update(endpoint).where(is_at(address)).values(name=found.name))
    return EndpointId(connection.execute(select(endpoint.c.id).where(is_at(address))).scalar_one())


def links_of(connection: Connection, account_id: AccountId) -> Sequence[Link]:
    """Its owner's."""
    own = select_active_links().where(link.c.account == account_id, link.c.partner.is_(None))
    return [link_of(row) for row in connection.execute(own)]


def _partners_of(connection: Connection, account_id: AccountId) -> Sequence[Link]:
    theirs = (link.c.account == account_id, link.c.partner.is_not(None))
    return [link_of(row) for row in connection.execute(select_active_links().where(*theirs))]


@each
def _end(connection: Connection, request: tuple[LinkId, datetime, bool]) -> Ended:
    link_id, now, tells = request
    row = connection.execute(select_active_links().where(link.c.id == link_id)).one_or_none()
    if row is None:
        raise Refused("This chat is not linked any more.")
    return unlink(connection, link_of(row), now, tells=tells)


def unlink(connection: Connection, ended: Link, now: datetime, *, tells: bool = False) -> Ended:
    """End a link; see `endpoints.forget_if_left`.

    Args:
        tells: a partner whose chat it is, too.
    """
    told: tuple[Endpoint, ...] = ()
    if tells and ended.partner is not None:
        cancelled = endpoints.part(connection, ended, now)
        told = (ended.endpoint,)
    else:
        cancelled = endpoints.end_link(connection, ended.id, Reason.UNLINKED, now)
    last, left = endpoints.forget_if_left(connection, ended.account, now)
    return Ended(link=ended, cancelled=cancelled, last=last, told=(*told, *left))


def next_night(
    connection: Connection, link_id: str, preferences: Preferences, after: datetime
) -> datetime | None:
    if preferences.night_at is None:
        return None
    told = connection.execute(select(link.c.night_of).where(link.c.id == link_id)).scalar()
    last = None if told is None else date.fromisoformat(told)
    due, _ = next_morning(after, preferences.night_at, zone(preferences.zone), last)
    return due


@each
def _prefer(connection: Connection, wish: _Wish) -> Preferences:
    chosen = select_active_links().where(link.c.id == wish.link).with_for_update(of=link)
    row = connection.execute(chosen.add_columns(link.c.reports_told)).one_or_none()
    if row is None:
        raise Refused("This chat is not linked any more.")
    before = decode_preferences(row.preferences)
    preferences = wish.change(before)
    invalidate(connection)
    connection.execute(
        update(link)
        .where(link.c.id == wish.link)
        .values(preferences=encode_preferences(preferences))
    )
    if (preferences.followers is None) is not (before.followers is None):
        # What is owed there was made for other eyes.
        connection.execute(
            update(link).where(link.c.id == wish.link).values(epoch=link.c.epoch + 1)
        )
    if preferences.language != before.language:
        may_change(connection, endpoint.c.id == row.endpoint)
    if (preferences.night_at, preferences.zone) != (before.night_at, before.zone):
        when_told = {"night_due_at": next_night(connection, wish.link, preferences, wish.now)}
        connection.execute(update(link).where(link.c.id == wish.link).values(when_told))
    if (preferences.reports, preferences.zone) != (before.reports, before.zone):
        there = zone(preferences.zone)
        told = told_by(
            before.reports,
            preferences.reports,
            decode_told(row.reports_told, before),
            wish.now,
            there,
            moved=preferences.zone != before.zone,
        )
        up_to_when = {
            "reports_told": encode_told(told),
            "report_due_at": next_due(preferences.reports, told, there),
        }
        connection.execute(update(link).where(link.c.id == wish.link).values(up_to_when))
    if (preferences.quiet, preferences.zone) != (before.quiet, before.zone):
        gathered.wait_for(connection, wish.link, preferences, wish.now)
    return preferences


@each
def _show_followers(connection: Connection, wanted: _Following) -> Link | None:
    private = _called(connection, wanted.by)
    if private is None:
        raise Refused("This chat is not linked any more.")
    lock = select(endpoint.c.id).where(endpoint.c.id == wanted.chat).with_for_update()
    connection.execute(lock)
    active = select_active_links().where(endpoint.c.id == wanted.chat)
    there = connection.execute(active).one_or_none()
    if there is not None:
        shown = link_of(there)
        if shown.account != private.account:
            return None
        change = partial(Preferences.for_followers, followers=wanted.followers)
        _prefer(connection, [_Wish(shown.id, change, wanted.now)])
        return _called(connection, shown.id)
    endpoints.reopen_if_closed(connection, wanted.chat)
    invalidate(connection)
    spoken = Preferences(language=private.preferences.language, zone=private.preferences.zone)
    connection.execute(
        insert(link),
        {
            "id": wanted.link,
            "account": private.account,
            "endpoint": wanted.chat,
            "person": private.person,
            "role": private.role,
            "epoch": 1,
            "state": LinkState.ACTIVE,
            "preferences": encode_preferences(spoken.for_followers(wanted.followers)),
            "linked_at": wanted.now,
        },
    )
    may_change(connection, endpoint.c.id == wanted.chat)
    return _called(connection, LinkId(wanted.link))


@each
def _move(connection: Connection, request: tuple[Address, str, datetime]) -> None:
    address, chat, now = request
    found = _endpoint_at(connection, address)
    if found is not None:
        endpoints.move(connection, found, chat, now)


@each
def _disable(connection: Connection, request: tuple[Address, str, datetime]) -> int:
    address, reason, now = request
    found = _endpoint_at(connection, address)
    return 0 if found is None else endpoints.close(connection, found, reason, now)


@each
def _enable(connection: Connection, address: Address) -> int:
    found = _endpoint_at(connection, address)
    return 0 if found is None else endpoints.reopen(connection, found)


class SqlAccounts:
    """Implements `bot.ports.Accounts`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def active(self) -> Sequence[Account]:
        return await self._database.read(_active)

    async def get(self, account: AccountId) -> Account | None:
        return await self._database.read(_get, account)

    async def credential(self, account: AccountId) -> Credential | None:
        return await self._database.read(self._vault.credential, account)

    async def renew(self, account: AccountId, credential: Credential) -> None:
        await self._database.write(self._renew, (account, credential))

    async def mark(self, account: AccountId, state: AccountState) -> None:
        await self._database.write(_mark, (account, state))

    def _renew(
        self, connection: Connection, requests: Sequence[tuple[AccountId, Credential]]
    ) -> Sequence[None]:
        for account_id, credential in requests:
            linked = select(link.c.id).where(link.c.account == account_id, LINK_IS_ACTIVE)
            # Unlinked meanwhile: then nothing that opens the account may be kept.
            if connection.execute(linked.limit(1)).first() is not None:
                self._vault.keep_credential(connection, account_id, credential)
                _set_state(connection, account_id, AccountState.ACTIVE)
        return [None] * len(requests)


def _active(connection: Connection) -> Sequence[Account]:
    linked = select(link.c.account).where(LINK_IS_ACTIVE)
    rows = connection.execute(
        select(account).where(account.c.id.in_(linked)).order_by(account.c.created_at, account.c.id)
    )
    return [account_of(row) for row in rows]


def _get(connection: Connection, account_id: AccountId) -> Account | None:
    row = connection.execute(select(account).where(account.c.id == account_id)).one_or_none()
    return None if row is None else account_of(row)


@each
def _mark(connection: Connection, request: tuple[AccountId, AccountState]) -> None:
    _set_state(connection, *request)


def _set_state(connection: Connection, account_id: AccountId, state: AccountState) -> None:
    connection.execute(update(account).where(account.c.id == account_id).values(state=state))
