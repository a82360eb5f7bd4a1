"""Invitations of partners: opened, looked at, taken once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, delete, insert, select, update

from bot.domain.chats import Link, Preferences
from bot.domain.clocks import was_set_back
from bot.domain.ids import AccountId, EndpointId, InvitationId, LinkId, NewId
from bot.domain.partners import MOST_PARTNERS, OPEN_INVITATIONS, InvitationProblem, Invited
from storage.engine.database import Database, each, invalidate
from storage.menus import may_change
from storage.outbox import endpoints
from storage.schema.preferences import decode_partner, encode_partner, encode_preferences
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.states import InvitationState, LinkState
from storage.schema.tables import LINK_IS_OWN, account, endpoint, invitation, link

KEPT_AFTER_EXPIRY = timedelta(days=30)
"""So long it is told what became of one, and later that it is unknown."""


class _Taking(NamedTuple):
    invitation: InvitationId
    link: str
    chat: EndpointId
    person: str
    language: str
    now: datetime


class SqlInvitations:
    """Implements `bot.ports.Invitations`."""

    def __init__(self, database: Database, new_id: NewId) -> None:
        self._database = database
        self._new_id = new_id

    async def open(self, code_hash: str, invited: Invited) -> InvitationProblem | None:
        return await self._database.write(_open, (code_hash, invited))

    async def look(self, code_hash: str, now: datetime) -> Invited | InvitationProblem:
        return await self._database.read(_look, code_hash, now)

    async def take(
        self, invitation: InvitationId, chat: EndpointId, person: str, language: str, now: datetime
    ) -> Link | InvitationProblem:
        taking = _Taking(invitation, self._new_id(), chat, person, language, now)
        return await self._database.write(_take, taking)

    async def of(self, account: AccountId, now: datetime) -> Sequence[Invited]:
        return await self._database.read(_of, account, now)

    async def withdraw(self, invitation: InvitationId, account: AccountId) -> bool:
        return await self._database.write(_withdraw, (invitation, account))

    async def prune(self, now: datetime) -> int:
        """Delete those that nobody can take any more; gives how many."""
        return await self._database.write(_prune, now)


@each
def _open(connection: Connection, request: tuple[str, Invited]) -> InvitationProblem | None:
    code_hash, invited = request
    # One after the other: they are counted.
    lock = select(account.c.id).where(account.c.id == invited.account).with_for_update()
    connection.execute(lock)
    theirs = select_active_links().where(
        link.c.account == invited.account, link.c.partner.is_not(None)
    )
    partners = [one for one in map(link_of, connection.execute(theirs)) if one.is_chat]
    waiting = len(_of(connection, invited.account, invited.made_at))
    if waiting >= OPEN_INVITATIONS or waiting + len(partners) >= MOST_PARTNERS:
        return InvitationProblem.TOO_MANY
    connection.execute(
        insert(invitation),
        {
            "id": invited.id,
            "code_hash": code_hash,
            "account": invited.account,
            "host": invited.host,
            "role": invited.role,
            "partner": encode_partner(invited.partner),
            "state": InvitationState.OPEN,
            "made_at": invited.made_at,
            "expires_at": invited.expires_at,
        },
    )
    return None


def _look(connection: Connection, code_hash: str, now: datetime) -> Invited | InvitationProblem:
    row = connection.execute(_all().where(invitation.c.code_hash == code_hash)).one_or_none()
    if row is None:
        return InvitationProblem.UNKNOWN
    return _problem(row, now) or _invited(row)


def _all() -> Select[*tuple[Any, ...]]:
    """With whether the chat in which each was made is linked."""
    host = link.alias("host")
    return select(invitation, host.c.state.label("host_state")).join(
        host, host.c.id == invitation.c.host
    )


def _problem(row: AnyRow, now: datetime) -> InvitationProblem | None:
    match row.state:
        case InvitationState.TAKEN:
            return InvitationProblem.USED
        case InvitationState.WITHDRAWN:
            return InvitationProblem.WITHDRAWN
    if row.host_state is not LinkState.ACTIVE:
        return InvitationProblem.WITHDRAWN
    late = row.expires_at <= now or was_set_back(row.made_at, now)
    return InvitationProblem.EXPIRED if late else None


def _invited(row: AnyRow) -> Invited:
    partner = decode_partner(row.partner)
    assert partner is not None, "the column is not empty"
    return Invited(
        id=InvitationId(row.id),
        account=AccountId(row.account),
        host=LinkId(row.host),
        role=row.role,
        partner=partner,
        made_at=row.made_at,
        expires_at=row.expires_at,
    )


@each
def _take(connection: Connection, taking: _Taking) -> Link | InvitationProblem:
    # One after the other: two people may press at the same time, or one in two chats.
    wanted = _all().where(invitation.c.id == taking.invitation)
    row = connection.execute(wanted.with_for_update(of=invitation)).one_or_none()
    if row is None:
        return InvitationProblem.UNKNOWN
    chosen = select(endpoint).where(endpoint.c.id == taking.chat).with_for_update()
    chat = connection.execute(chosen).one()
    problem = _problem(row, taking.now) or _unfit(connection, row, chat, taking.person)
    if problem is not None:
        return problem
    used = update(invitation).where(invitation.c.id == row.id)
    connection.execute(used.values(state=InvitationState.TAKEN))
    endpoints.reopen_if_closed(connection, taking.chat)  # who takes it is there
    invalidate(connection)
    connection.execute(
        insert(link),
        {
            "id": taking.link,
            "account": row.account,
            "endpoint": taking.chat,
            "person": taking.person,
            "role": row.role,
            "partner": row.partner,
            "epoch": 1,
            "state": LinkState.ACTIVE,
            "preferences": encode_preferences(Preferences(language=taking.language)),
            "linked_at": taking.now,
        },
    )
    may_change(connection, endpoint.c.id == taking.chat)
    made = select_active_links().where(link.c.id == taking.link)
    return link_of(connection.execute(made).one())


def _unfit(
    connection: Connection, row: AnyRow, chat: AnyRow, person: str
) -> InvitationProblem | None:
    """Why this person does not take it in that chat."""
    if not chat.private:
        return InvitationProblem.SHARED
    theirs = (
        select(link.c.id)
        .join(endpoint, endpoint.c.id == link.c.endpoint)
        .where(
            link.c.account == row.account,
            link.c.person == person,
            endpoint.c.channel == chat.channel,
            LINK_IS_OWN,
        )
    )
    if connection.execute(theirs.limit(1)).first() is not None:
        return InvitationProblem.OWN
    there = select_active_links().where(endpoint.c.id == chat.id)
    return InvitationProblem.LINKED if connection.execute(there).first() is not None else None


def _of(connection: Connection, account_id: AccountId, now: datetime) -> Sequence[Invited]:
    theirs = (invitation.c.account == account_id, invitation.c.state == InvitationState.OPEN)
    rows = connection.execute(_all().where(*theirs).order_by(invitation.c.made_at, invitation.c.id))
    return [_invited(row) for row in rows if _problem(row, now) is None]


@each
def _withdraw(connection: Connection, request: tuple[InvitationId, AccountId]) -> bool:
    invitation_id, account_id = request
    withdrawn = update(invitation).where(
        invitation.c.id == invitation_id,
        invitation.c.account == account_id,
        invitation.c.state == InvitationState.OPEN,
    )
    values = {"state": InvitationState.WITHDRAWN}
    return connection.execute(withdrawn.values(values)).rowcount > 0


@each
def _prune(connection: Connection, now: datetime) -> int:
    old = delete(invitation).where(invitation.c.expires_at < now - KEPT_AFTER_EXPIRY)
    return connection.execute(old).rowcount
