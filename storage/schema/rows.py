"""Rows as values of the domain."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, select

from bot.domain.accounts import Account
from bot.domain.chats import Address, Endpoint, Link
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.domain.incidents import Incident, of_key
from storage.schema.preferences import decode_partner, decode_preferences, decode_watch
from storage.schema.tables import LINK_IS_ACTIVE, endpoint, link, watch

AnyRow = Row[*tuple[Any, ...]]


def select_links() -> Select[*tuple[Any, ...]]:
    """All links with their endpoints, for `link_of`."""
    return (
        select(
            link.c.id.label("link"),
            link.c.account,
            link.c.person,
            link.c.role,
            link.c.epoch,
            link.c.preferences,
            link.c.linked_at,
            link.c.proven_at,
            link.c.partner,
            endpoint.c.id.label("endpoint"),
            endpoint.c.channel,
            endpoint.c.bot,
            endpoint.c.chat,
            endpoint.c.thread,
            endpoint.c.private,
            endpoint.c.name,
            endpoint.c.topics,
            endpoint.c.state,
            watch.c.hours,
            watch.c.second,
        )
        .join_from(link, endpoint, endpoint.c.id == link.c.endpoint)
        .outerjoin(watch, (watch.c.account == link.c.account) & (watch.c.person == link.c.person))
    )


def select_active_links() -> Select[*tuple[Any, ...]]:
    """Those that count, oldest first."""
    return select_links().where(LINK_IS_ACTIVE).order_by(link.c.linked_at, link.c.id)


def link_of(row: AnyRow) -> Link:
    return Link(
        id=LinkId(row.link),
        account=AccountId(row.account),
        endpoint=Endpoint(
            id=EndpointId(row.endpoint),
            address=address_of(row),
            state=row.state,
            private=row.private,
            name=row.name,
            topics=row.topics,
        ),
        person=row.person,
        role=row.role,
        epoch=row.epoch,
        preferences=decode_preferences(row.preferences),
        watch=decode_watch(row.hours, row.second),
        linked_at=row.linked_at,
        partner=decode_partner(row.partner),
        proven_at=row.proven_at,
    )


def address_of(row: AnyRow) -> Address:
    return Address(channel=row.channel, bot=row.bot, chat=row.chat, thread=row.thread)


def account_of(row: AnyRow) -> Account:
    return Account(
        id=AccountId(row.id),
        platform_user=row.platform_user,
        label=row.label,
        plan=row.plan,
        state=row.state,
        created_at=row.created_at,
    )


def incident_of(row: AnyRow) -> Incident:
    return Incident(
        id=row.id,
        account=AccountId(row.account),
        cause=row.cause,
        of=of_key(row.key),
        called=row.called,
        state=row.state,
        opened_at=row.opened_at,
        last_at=row.last_at,
        count=row.times,
        since=row.since,
        done=timedelta(seconds=row.done),
        due_at=row.due_at,
        held_until=row.held_until,
    )
