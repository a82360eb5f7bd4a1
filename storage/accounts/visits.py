"""Visits to the settings page: an address that is used once, and a browser for a while."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from bot.domain.ids import LinkId
from bot.domain.visits import Visit, VisitProblem
from storage.engine.database import Database, each
from storage.schema.rows import AnyRow
from storage.schema.tables import LINK_IS_ACTIVE, link, visit


class _Entry(NamedTuple):
    code_hash: str
    secret_hash: str
    until: datetime
    now: datetime


class SqlVisits:
    """Implements `bot.ports.Visits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def invite(self, code_hash: str, visit: Visit, now: datetime) -> None:
        await self._database.write(_invite, (code_hash, visit))

    async def look(self, code_hash: str, now: datetime) -> Visit | VisitProblem:
        return await self._database.read(_look, code_hash, now)

    async def enter(
        self, code_hash: str, secret_hash: str, until: datetime, now: datetime
    ) -> Visit | VisitProblem:
        return await self._database.write(_enter, _Entry(code_hash, secret_hash, until, now))

    async def at(self, secret_hash: str, now: datetime) -> Visit | None:
        return await self._database.read(_at, secret_hash, now)

    async def leave(self, secret_hash: str) -> None:
        await self._database.write(_leave, secret_hash)

    async def prune(self, now: datetime) -> int:
        """Delete what is over; gives how many."""
        return await self._database.write(_prune, now)


@each
def _invite(connection: Connection, request: tuple[str, Visit]) -> None:
    code_hash, invited = request
    unused = (
        visit.c.link == invited.link,
        visit.c.person == invited.person,
        visit.c.secret_hash.is_(None),
    )
    connection.execute(delete(visit).where(*unused))
    connection.execute(
        insert(visit),
        {
            "code_hash": code_hash,
            "link": invited.link,
            "person": invited.person,
            "language": invited.language,
            "until": invited.until,
        },
    )


def _look(connection: Connection, code_hash: str, now: datetime) -> Visit | VisitProblem:
    row = connection.execute(
        select(visit)
        .join(link, link.c.id == visit.c.link)
        .where(visit.c.code_hash == code_hash, LINK_IS_ACTIVE)
    ).first()
    if row is None:
        return VisitProblem.UNKNOWN
    if row.secret_hash is not None:
        return VisitProblem.USED
    return VisitProblem.EXPIRED if row.until <= now else _visit_of(row)


@each
def _enter(connection: Connection, entry: _Entry) -> Visit | VisitProblem:
    looked = _look(connection, entry.code_hash, entry.now)
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
    return VisitProblem.USED if entered is None else _visit_of(entered)


def _at(connection: Connection, secret_hash: str, now: datetime) -> Visit | None:
    row = connection.execute(
        select(visit)
        .join(link, link.c.id == visit.c.link)
        .where(visit.c.secret_hash == secret_hash, visit.c.until > now, LINK_IS_ACTIVE)
    ).first()
    return None if row is None else _visit_of(row)


@each
def _leave(connection: Connection, secret_hash: str) -> None:
    connection.execute(delete(visit).where(visit.c.secret_hash == secret_hash))


@each
def _prune(connection: Connection, now: datetime) -> int:
    return connection.execute(delete(visit).where(visit.c.until <= now)).rowcount


def _visit_of(row: AnyRow) -> Visit:
    return Visit(link=LinkId(row.link), person=row.person, language=row.language, until=row.until)
