"""Visits to pages: an address that is used once, and a browser for a while, or an inbox in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from bot.domain.chats import INBOX, Channel, EndpointState
from bot.domain.ids import LinkId, NewId
from bot.domain.reasons import Reason
from bot.domain.visits import Browser, Purpose, Visit, VisitProblem
from storage.engine.database import Database, each, invalidate
from storage.outbox import endpoints
from storage.schema.preferences import (
    decode_preferences,
    encode_preferences,
)
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.states import LinkState
from storage.schema.tables import LINK_IS_ACTIVE, endpoint, link, visit


class _Entry(NamedTuple):
    purpose: Purpose
    code_hash: str
    secret_hash: str
    browser: str
    until: datetime
    now: datetime


class SqlVisits:
    """Implements `bot.ports.Visits`."""

    def __init__(self, database: Database, new_id: NewId) -> None:
        self._database = database
        self._new_id = new_id

    async def invite(self, code_hash: str, visit: Visit, now: datetime) -> None:
        await self._database.write(_invite, (code_hash, visit))

    async def look(self, purpose: Purpose, code_hash: str, now: datetime) -> Visit | VisitProblem:
        return await self._database.read(_look, purpose, code_hash, now)

    async def enter(
        self,
        purpose: Purpose,
        code_hash: str,
        secret_hash: str,
        until: datetime,
        now: datetime,
        browser: str = "",
    ) -> Visit | VisitProblem:
        entry = _Entry(purpose, code_hash, secret_hash, browser, until, now)
        return await self._database.write(self._enter, entry)

    async def at(self, purpose: Purpose, secret_hash: str, now: datetime) -> Visit | None:
        return await self._database.read(_at, purpose, secret_hash, now)

    async def extend(self, secret_hash: str, until: datetime) -> None:
        await self._database.write(_extend, (secret_hash, until))

    async def browsers(self, host: LinkId, now: datetime) -> Sequence[Browser]:
        return await self._database.read(_browsers, host, now)

    async def leave(self, secret_hash: str) -> None:
        await self._database.write(_leave, secret_hash)

    async def prune(self, now: datetime) -> int:
        """Delete what is over; gives how many."""
        return await self._database.write(_prune, now)

    def _enter(
        self, connection: Connection, entries: Sequence[_Entry]
    ) -> Sequence[Visit | VisitProblem]:
        return [_entered(connection, entry, self._new_id) for entry in entries]


@each
def _invite(connection: Connection, request: tuple[str, Visit]) -> None:
    code_hash, invited = request
    unused = (
        visit.c.purpose == invited.purpose,
        visit.c.link == invited.link,
        visit.c.person == invited.person,
        visit.c.secret_hash.is_(None),
    )
    connection.execute(delete(visit).where(*unused))
    connection.execute(
        insert(visit),
        {
            "code_hash": code_hash,
            "purpose": invited.purpose,
            "link": invited.link,
            "person": invited.person,
            "language": invited.language,
            "until": invited.until,
        },
    )


def _look(
    connection: Connection, purpose: Purpose, code_hash: str, now: datetime
) -> Visit | VisitProblem:
    row = connection.execute(
        select(visit)
        .join(link, link.c.id == visit.c.link)
        .where(visit.c.code_hash == code_hash, visit.c.purpose == purpose, LINK_IS_ACTIVE)
    ).first()
    if row is None:
        return VisitProblem.UNKNOWN
    if row.secret_hash is not None:
        return VisitProblem.USED
    return VisitProblem.EXPIRED if row.until <= now else _visit_of(row)


def _entered(connection: Connection, entry: _Entry, new_id: NewId) -> Visit | VisitProblem:
    looked = _look(connection, entry.purpose, entry.code_hash, entry.now)
    if isinstance(looked, VisitProblem):
        return looked
    entered = connection.execute(
        update(visit)
        .where(
            visit.c.code_hash == entry.code_hash,
            visit.c.secret_hash.is_(None),
            visit.c.until > entry.now,
        )
        .values(secret_hash=entry.secret_hash, until=entry.until)
        .returning(*visit.c)
    ).first()
    if entered is None:
        return VisitProblem.USED
    if entry.purpose is Purpose.INBOX:
        own = _make_inbox(connection, entered, entry, new_id)
        this = update(visit).where(visit.c.code_hash == entry.code_hash)
        values = this.values(link=own, host=entered.link).returning(*visit.c)
        entered = connection.execute(values).one()
    return _visit_of(entered)


def _make_inbox(connection: Connection, row: AnyRow, entry: _Entry, new_id: NewId) -> str:
    """A chat of the browser's own, told of as the one where its address was asked for."""
    invalidate(connection)
    place = {
        **{"id": new_id(), "channel": Channel.WEB, "bot": INBOX, "chat": new_id(), "thread": ""},
        **{"private": True, "state": EndpointState.ACTIVE, "reason": "", "doubtful": 0},
        "name": entry.browser,
    }
    connection.execute(insert(endpoint), place)
    host = connection.execute(select(link).where(link.c.id == row.link)).one()
    preferences = decode_preferences(host.preferences).for_inbox()
    own = {
        **{"id": new_id(), "account": host.account, "endpoint": place["id"]},
        **{"person": row.person, "role": host.role, "partner": host.partner},
        **{"epoch": 1, "state": LinkState.ACTIVE},
        **{"preferences": encode_preferences(preferences), "linked_at": entry.now},
    }
    connection.execute(insert(link), own)
    return str(own["id"])


def _at(connection: Connection, purpose: Purpose, secret_hash: str, now: datetime) -> Visit | None:
    row = connection.execute(
        select(visit)
        .join(link, link.c.id == visit.c.link)
        .where(
            visit.c.secret_hash == secret_hash,
            visit.c.purpose == purpose,
            visit.c.until > now,
            LINK_IS_ACTIVE,
        )
    ).first()
    return None if row is None else _visit_of(row)


@each
def _extend(connection: Connection, request: tuple[str, datetime]) -> None:
    secret_hash, until = request
    connection.execute(update(visit).where(visit.c.secret_hash == secret_hash).values(until=until))


def _browsers(connection: Connection, host: LinkId, now: datetime) -> Sequence[Browser]:
    hosted = (visit.c.host == host, visit.c.until > now)
    visits = connection.execute(select(visit).where(*hosted).order_by(visit.c.until.desc())).all()
    ids = [row.link for row in visits]
    rows = connection.execute(select_active_links().where(link.c.id.in_(ids)))
    links = {row.link: link_of(row) for row in rows}
    return [
        Browser(link=links[row.link], person=row.person, until=row.until)
        for row in visits
        if row.link in links
    ]


@each
def _leave(connection: Connection, secret_hash: str) -> None:
    connection.execute(delete(visit).where(visit.c.secret_hash == secret_hash))


@each
def _prune(connection: Connection, now: datetime) -> int:
    over = (visit.c.until <= now, visit.c.host.is_not(None))
    unused = select(visit.c.link).where(*over).join(link, link.c.id == visit.c.link)
    for own in connection.execute(unused.where(LINK_IS_ACTIVE)).scalars().all():
        endpoints.end_link(connection, own, Reason.UNLINKED, now)
    return connection.execute(delete(visit).where(visit.c.until <= now)).rowcount


def _visit_of(row: AnyRow) -> Visit:
    return Visit(
        purpose=row.purpose,
        link=LinkId(row.link),
        person=row.person,
        language=row.language,
        until=row.until,
    )
