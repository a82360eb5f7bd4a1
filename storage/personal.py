"""All that is kept of one account: written out, or erased at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, not_, or_, select

from bot.domain.accounts import Account
from bot.domain.chats import Channel, Person
from bot.domain.ids import AccountId
from bot.domain.text import counted
from bot.domain.trail import audited
from bot.errors import Refused
from storage import audit as trail
from storage.forgetting import forget_phone
from storage.retention import forget_account, unused
from storage.schema.rows import AnyRow, account_of
from storage.schema.states import LinkState
from storage.schema.tables import (
    account,
    action,
    answer,
    attempt,
    audit,
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
from storage.vault import account_secret, forget_grant

UNTOLD = frozenset(
    {"code_hash", "digits_hash", "secret_hash", "salt", "digest", "previous", "hash", "token"}
)
"""Columns that an export leaves out: what is derived from secrets, and the trail's seals."""


def accounts(connection: Connection) -> Sequence[tuple[Account, int]]:
    """All accounts that say whose they are, oldest first, with the number of their chats."""
    chats = func.count(link.c.id).filter(link.c.state == LinkState.ACTIVE)
    rows = connection.execute(
        select(account, chats.label("chats"))
        .join(link, link.c.account == account.c.id)
        .group_by(account.c.id)
        .order_by(account.c.created_at, account.c.id)
    )
    return [(account_of(row), row.chats) for row in rows]


def find(connection: Connection, called: str) -> Account:
    """The account of that id, of ours or of the platform's, or the one that a chat was linked to.

    Args:
        called: the id, or a person's or chat's number on a chat platform: `telegram:4711`.

    Raises:
        Refused: there is none, or more than one.
    """
    channel, _, number = called.partition(":")
    is_called = or_(account.c.id == called, account.c.platform_user == called)
    if number and channel in set(Channel):
        here = and_(
            endpoint.c.channel == Channel(channel),
            or_(link.c.person == number, endpoint.c.chat == number),
        )
        linked = select(link.c.account).join(endpoint, endpoint.c.id == link.c.endpoint)
        is_called = or_(is_called, account.c.id.in_(linked.where(here)))
    found = connection.execute(select(account).where(is_called)).all()
    if len(found) == 1:
        return account_of(found[0])
    what = f"{counted(len(found), 'account')} of it" if found else "no account of that name"
    raise Refused(
        f"--account {called}: there is {what}. Give an id out of `tradebell accounts`, or the"
        " number of a person or chat, such as telegram:4711."
    )


def export(connection: Connection, account_id: AccountId) -> Mapping[str, Any]:
    """Everything about an account, ready for JSON; no secrets, and nothing derived from one."""
    kept = select(secret.c.kind).where(secret.c.owner == account_secret(account_id))
    [owner] = _rows(connection, account, account.c.id == account_id)
    return {
        "account": owner,
        "credential": connection.execute(kept).scalar(),
        "chats": [_plain(row) for row in _chats(connection, account_id)],
        "links": _rows(connection, link, link.c.account == account_id),
        "phones": _rows(connection, phone, _is_added_under(account_id)),
        "linking attempts": _rows(connection, attempt, _is_shown_here(attempt, account_id)),
        "alerts": _rows(connection, delivery, delivery.c.account == account_id),
        "facts": _rows(connection, inbox, inbox.c.account == account_id),
        "trades": _rows(connection, ledger, ledger.c.account == account_id),
        "seen": _rows(connection, sighting, sighting.c.account == account_id),
        "incidents": _rows(connection, incident, incident.c.account == account_id),
        "facts of incidents": _rows(
            connection, incident_fact, incident_fact.c.account == account_id
        ),
        "standing orders": _rows(
            connection, standing_order, standing_order.c.account == account_id
        ),
        "done by standing orders": _rows(
            connection, standing_deed, standing_deed.c.account == account_id
        ),
        "price alerts": _rows(connection, price_alert, price_alert.c.account == account_id),
        "permits": _rows(connection, permit, permit.c.account == account_id),
        "on watch": _rows(connection, watch, watch.c.account == account_id),
        "drills": _rows(connection, drill, drill.c.account == account_id),
        "drills seen": _rows(connection, drill_seen, drill_seen.c.account == account_id),
        "bots and strategies": _rows(connection, known, known.c.account == account_id),
        "answers of the platform": _rows(connection, answer, answer.c.account == account_id),
        "read up to": _rows(connection, cursor, cursor.c.account == account_id),
        "not understood": _rows(connection, quarantine, quarantine.c.account == account_id),
        "invitations": _rows(connection, invitation, invitation.c.account == account_id),
        "visits to pages": _rows(connection, visit, _is_visit(account_id)),
        "buttons": _rows(connection, action, action.c.account == account_id),
        "cards with buttons": _rows(connection, shown_card, _is_shown_here(shown_card, account_id)),
        "trail": _rows(connection, audit, _is_in_trail(connection, account_id)),
    }


def erase(connection: Connection, account_id: AccountId) -> None:
    """Delete everything about an account; of its trail, whom it is about."""
    trail.erase(connection, _is_in_trail(connection, account_id))
    added = select(phone.c.endpoint).where(_is_added_under(account_id))
    phones = connection.execute(added).scalars().all()
    for endpoint_id in phones:
        forget_phone(connection, endpoint_id)
    here = [*phones, *(row.id for row in _chats(connection, account_id))]
    begun = select(attempt.c.id).where(_is_shown_here(attempt, account_id))
    for attempt_id in connection.execute(begun).scalars().all():
        forget_grant(connection, attempt_id)
    for table in (attempt, shown_card):
        connection.execute(delete(table).where(_is_shown_here(table, account_id)))
    connection.execute(delete(action).where(action.c.account == account_id))
    connection.execute(delete(visit).where(_is_visit(account_id)))
    connection.execute(delete(delivery).where(delivery.c.account == account_id))
    connection.execute(delete(invitation).where(invitation.c.account == account_id))
    connection.execute(delete(link).where(link.c.account == account_id))
    forget_account(connection, account_id)
    connection.execute(delete(account).where(account.c.id == account_id))
    of_another = endpoint.c.id.in_(select(delivery.c.endpoint))
    connection.execute(delete(endpoint).where(endpoint.c.id.in_(here), unused(), not_(of_another)))


def _chats(connection: Connection, account_id: AccountId) -> Sequence[AnyRow]:
    linked = select(link.c.endpoint).where(link.c.account == account_id)
    return connection.execute(select(endpoint).where(endpoint.c.id.in_(linked))).all()


def _is_added_under(account_id: AccountId) -> ColumnElement[bool]:
    return phone.c.host.in_(select(link.c.id).where(link.c.account == account_id))


def _is_shown_here(table: Table, account_id: AccountId) -> ColumnElement[bool]:
    """Of a table that knows chats but not accounts: where nobody else's account was ever linked."""
    mine = select(link.c.endpoint).where(link.c.account == account_id)
    others = select(link.c.endpoint).where(link.c.account != account_id)
    return table.c.endpoint.in_(mine) & table.c.endpoint.not_in(others)


def _is_visit(account_id: AccountId) -> ColumnElement[bool]:
    return visit.c.link.in_(select(link.c.id).where(link.c.account == account_id))


def _is_in_trail(connection: Connection, account_id: AccountId) -> ColumnElement[bool]:
    """What was done on the account, and what its people did before it was theirs."""
    people = connection.execute(
        select(endpoint.c.channel, link.c.person)
        .join(endpoint, endpoint.c.id == link.c.endpoint)
        .where(link.c.account == account_id)
    )
    theirs = [
        and_(
            audit.c.account.is_(None),
            audit.c.facts["channel"].as_string() == row.channel,
            audit.c.facts["person"].as_string()
            == audited(Person(channel=row.channel, id=row.person)),
        )
        for row in people
    ]
    return or_(audit.c.account == account_id, *theirs)


def _rows(
    connection: Connection, table: Table, which: ColumnElement[bool]
) -> Sequence[Mapping[str, Any]]:
    order: Iterable[Any] = table.primary_key.columns
    return [_plain(row) for row in connection.execute(select(table).where(which).order_by(*order))]


def _plain(row: AnyRow) -> Mapping[str, Any]:
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, Decimal)
        else value
        for name, value in row._mapping.items()
        if name not in UNTOLD
    }
