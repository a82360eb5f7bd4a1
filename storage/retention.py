"""What is kept no longer: keys of old facts, and all that ended links leave behind.

Texts go earlier (`storage.outbox.deliveries`). Everything here goes in small transactions: events
and deliveries go on in between. `docs/data.md` tells it to people.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    null,
    or_,
    select,
    update,
)

from bot.domain.events import Kind
from bot.domain.ids import AccountId
from bot.domain.trade_stages import Step
from storage.engine.database import Database, each, invalidate
from storage.schema.states import LinkState
from storage.schema.tables import (
    DELIVERY_HAS_ENDED,
    account,
    action,
    answer,
    attempt,
    cursor,
    delivery,
    drill,
    drill_seen,
    endpoint,
    inbox,
    incident,
    incident_fact,
    invitation,
    known,
    ledger,
    link,
    permit,
    phone,
    price_alert,
    quarantine,
    secret,
    shown_card,
    sighting,
    standing_deed,
    standing_order,
    visit,
    watch,
)
from storage.vault import account_secret

KEYS_LIFE = timedelta(days=90)
"""How long it is kept that a fact was told, and to whom: nothing older than a week is read again
(`guarantees.md` G2).
"""

OPEN_TRADE_LIFE = timedelta(days=365)
"""The same of a trade whose end has not come: what its end is told against."""

LINK_LIFE = timedelta(days=30)
"""How long after its end a link is kept, with all that it was owed and was told."""

DELETED_AT_ONCE = 500
"""Rows deleted in one transaction."""


class _Old(NamedTuple):
    account: str
    before: datetime
    open_before: datetime


class Retention:
    """Deletes what has been kept long enough."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._left: frozenset[str] = frozenset()
        """Chats that nothing was linked to at the last look: somebody may just be beginning."""

    async def prune(self, now: datetime) -> None:
        await self._forget_facts(now)
        await self._forget_links(now - LINK_LIFE)
        await self._forget_chats()

    async def _forget_facts(self, now: datetime) -> None:
        database = self._database
        while items := await database.read(_old_items, now - KEYS_LIFE):
            await database.write(_delete_items, items)
        for account_id in await database.read(_accounts):
            old = _Old(account_id, now - KEYS_LIFE, now - OPEN_TRADE_LIFE)
            while keys := await database.read(_old_keys, old):
                await database.write(_delete_keys, keys)

    async def _forget_links(self, before: datetime) -> None:
        database = self._database
        for link_id in await database.read(_ended_links, before):
            while items := await database.read(_items_of, link_id):
                await database.write(_delete_items, items)
            await database.write(_delete_link, link_id)
        for account_id in await database.read(_unlinked_accounts):
            while keys := await database.read(_all_keys, account_id):
                await database.write(_delete_keys, keys)
            await database.write(_empty_account, account_id)

    async def _forget_chats(self) -> None:
        """A chat that was never linked, or is not any more: its address is somebody's."""
        left = frozenset(await self._database.read(_unused_endpoints))
        for endpoint_id in left & self._left:
            await self._database.write(_empty_endpoint, endpoint_id)
        self._left = left - self._left


# --- facts and what was owed of them --------------------------------------------------------------


def _accounts(connection: Connection) -> Sequence[str]:
    return connection.execute(select(account.c.id)).scalars().all()


def _old_items(connection: Connection, before: datetime) -> Sequence[int]:
    old = select(delivery.c.id).where(DELIVERY_HAS_ENDED, delivery.c.ended_at < before)
    return connection.execute(old.limit(DELETED_AT_ONCE)).scalars().all()


@each
def _delete_items(connection: Connection, items: Sequence[int]) -> None:
    connection.execute(delete(delivery).where(delivery.c.id.in_(items)))


_KEY = (inbox.c.account, inbox.c.kind, inbox.c.record, inbox.c.revision)


def _old_keys(connection: Connection, old: _Old) -> Sequence[dict[str, Any]]:
    """By both clocks: a record may be dated years back, and be read again all the same."""
    stage = inbox.alias("stage")
    has_ended = exists().where(
        stage.c.account == inbox.c.account,
        stage.c.kind == inbox.c.kind,
        stage.c.record == inbox.c.record,
        or_(stage.c.revision == "", stage.c.revision.startswith(Step.ENDED.name.lower())),
    )
    rows = connection.execute(
        select(*_KEY)
        .where(
            inbox.c.account == old.account,
            inbox.c.at < old.before,
            inbox.c.admitted_at < old.before,
            or_(
                inbox.c.kind != Kind.TRADE,
                has_ended,
                (inbox.c.at < old.open_before) & (inbox.c.admitted_at < old.open_before),
            ),
        )
        .limit(DELETED_AT_ONCE)
    )
    return [dict(row._mapping) for row in rows]


def _all_keys(connection: Connection, account_id: str) -> Sequence[dict[str, Any]]:
    rows = connection.execute(
        select(*_KEY).where(inbox.c.account == account_id).limit(DELETED_AT_ONCE)
    )
    return [dict(row._mapping) for row in rows]


_DELETE_KEY = delete(inbox).where(*(column == bindparam(f"of_{column.name}") for column in _KEY))


@each
def _delete_keys(connection: Connection, keys: Sequence[dict[str, Any]]) -> None:
    rows = [{f"of_{name}": value for name, value in key.items()} for key in keys]
    connection.execute(_DELETE_KEY, rows)


# --- links that have ended ------------------------------------------------------------------------


def _ended_links(connection: Connection, before: datetime) -> Sequence[str]:
    ended = select(link.c.id).where(link.c.state == LinkState.ENDED, link.c.ended_at < before)
    return connection.execute(ended).scalars().all()


def _items_of(connection: Connection, link_id: str) -> Sequence[int]:
    items = select(delivery.c.id).where(delivery.c.link == link_id)
    return connection.execute(items.limit(DELETED_AT_ONCE)).scalars().all()


@each
def _delete_link(connection: Connection, link_id: str) -> None:
    connection.execute(delete(action).where(action.c.link == link_id))
    connection.execute(delete(visit).where(or_(visit.c.link == link_id, visit.c.host == link_id)))
    connection.execute(delete(invitation).where(invitation.c.host == link_id))
    connection.execute(delete(link).where(link.c.id == link_id))


def _unlinked_accounts(connection: Connection) -> Sequence[str]:
    linked = exists().where(link.c.account == account.c.id)
    named = select(account.c.id).where(account.c.platform_user != account.c.id, ~linked)
    return connection.execute(named).scalars().all()


@each
def _empty_account(connection: Connection, account_id: str) -> None:
    """Unless it has been linked again meanwhile.

    Of its row, and of a chat's, an id of ours is left: to see that no delivery needs the row,
    SQLite would read them all.
    """
    linked = select(link.c.id).where(link.c.account == account_id)
    if connection.execute(linked.limit(1)).first() is None:
        forget_account(connection, account_id)
        nobody = {"platform_user": account_id, "label": "", "plan": null(), "chain": null()}
        nobody |= {"drilled_at": null(), "rehearse_at": null()}
        connection.execute(update(account).where(account.c.id == account_id).values(nobody))


def forget_account(connection: Connection, account_id: str) -> None:
    """All that is kept of it, but for its row and its links."""
    owner = account_secret(AccountId(account_id))
    connection.execute(delete(secret).where(secret.c.owner == owner))
    told = (sighting, drill_seen, drill, standing_deed, incident_fact, incident)
    chosen = (standing_order, price_alert, permit, watch, invitation)
    for table in (quarantine, cursor, known, answer, ledger, inbox, *told, *chosen):
        connection.execute(delete(table).where(table.c.account == account_id))


# --- chats ----------------------------------------------------------------------------------------


def unused() -> ColumnElement[bool]:
    """Of an endpoint: nobody is linked there, or about to be, and no card has open buttons."""
    users = (link, attempt, shown_card, phone)
    return and_(*(endpoint.c.id.not_in(select(table.c.endpoint)) for table in users))


def _unused_endpoints(connection: Connection) -> Sequence[str]:
    named = select(endpoint.c.id).where(endpoint.c.chat != endpoint.c.id, unused())
    return connection.execute(named).scalars().all()


@each
def _empty_endpoint(connection: Connection, endpoint_id: str) -> None:
    invalidate(connection)
    nowhere = {"chat": endpoint_id, "name": "", "reason": ""}
    chosen = update(endpoint).where(endpoint.c.id == endpoint_id, unused())
    connection.execute(chosen.values(nowhere))
