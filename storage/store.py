"""All of storage, opened and closed as one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cryptography.fernet import Fernet
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

from bot.domain.accounts import Account
from bot.domain.ids import NewId, Now
from bot.errors import Misconfigured, Refused
from storage import audit, personal
from storage.accounts.codes import SqlCodes
from storage.accounts.invitations import SqlInvitations
from storage.accounts.links import SqlAccounts, SqlLinks
from storage.accounts.phones import SqlPhones
from storage.accounts.visits import SqlVisits
from storage.answers import SqlAnswers
from storage.audit import SqlAudit
from storage.buttons.actions import SqlActions
from storage.buttons.handles import SqlMessageHandles
from storage.buttons.shown_cards import SqlShownCards
from storage.drills import SqlDrills
from storage.engine.database import Database, each, invalidate
from storage.engine.limits import Limits
from storage.engine.sqlite import open_sqlite
from storage.engine.sqlite_files import (
    looking_at,
    open_inline,
    open_inline_copy,
    refuse_damage,
)
from storage.escalation import SqlIncidents
from storage.inbox.ingest import SqlInbox
from storage.journal import SqlJournal
from storage.leases import SqlLeases
from storage.ledger.entries import SqlLedger
from storage.menus import SqlMenus
from storage.nights import SqlNights
from storage.outbox.deliveries import SqlOutbox
from storage.outbox.sightings import SqlSightings
from storage.permits import SqlPermits
from storage.price_alerts import SqlPriceAlerts
from storage.reports import SqlReports
from storage.retention import Retention
from storage.schema import versions as schema
from storage.schema.versions import Version
from storage.standing_orders import SqlStandingOrders
from storage.topics import SqlTopics
from storage.vault import Vault, is_locked

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open database: one implementation for each storage port, and what operators do."""

    database: Database
    vault: Vault
    accounts: SqlAccounts
    actions: SqlActions
    answers: SqlAnswers
    audit: SqlAudit
    codes: SqlCodes
    handles: SqlMessageHandles
    inbox: SqlInbox
    invitations: SqlInvitations
    drills: SqlDrills
    incidents: SqlIncidents
    journal: SqlJournal
    leases: SqlLeases
    ledger: SqlLedger
    links: SqlLinks
    menus: SqlMenus
    nights: SqlNights
    outbox: SqlOutbox
    permits: SqlPermits
    phones: SqlPhones
    price_alerts: SqlPriceAlerts
    reports: SqlReports
    retention: Retention
    shown_cards: SqlShownCards
    sightings: SqlSightings
    standing_orders: SqlStandingOrders
    topics: SqlTopics
    visits: SqlVisits

    async def prune(self, now: datetime) -> None:
        """Erase what has been kept long enough. Every hour is often enough, every day is not:
        a login whose digits nobody typed is among it.
        """
        await self.codes.prune(now)
        await self.invitations.prune(now)
        await self.phones.prune(now)
        await self.visits.prune(now)
        await self.outbox.prune(now)
        await self.sightings.prune(now)
        await self.incidents.prune(now)
        await self.inbox.prune(now)
        await self.journal.prune(now)
        await self.actions.prune(now)
        await self.answers.prune(now)
        await self.shown_cards.prune(now)
        await self.handles.prune(now)
        await self.audit.prune(now)
        await self.retention.prune(now)

    async def erase(self, called: str) -> Account:
        """Delete all that is kept of an account; gives which it was. See `storage.personal`.

        Raises:
            Refused: none or several are called so.
        """
        return await self.database.write(_erase, called)

    async def push_key(self, made: str) -> str:
        """What signs pushes to browsers, the same for all processes and for good: browsers have
        subscribed to it.

        Args:
            made: it is this one from now on, if there is none.

        Raises:
            Misconfigured: what is kept cannot be read.
        """
        kept = await self.database.read(self.vault.push_key)
        if kept is not None:
            return kept
        return await self.database.write(self._agree_on_push_key, made)

    def _agree_on_push_key(self, connection: Connection, made: Sequence[str]) -> Sequence[str]:
        return [self.vault.agree_on_push_key(connection, one) for one in made]

    async def rotate(self) -> int:
        """Encrypt all secrets with the first key; gives how many had another.

        Raises:
            Misconfigured: for some none of the keys fits; all others are done.
        """
        return await self.vault.rotate(self.database)


@each
def _erase(connection: Connection, called: str) -> Account:
    if connection.dialect.name == "sqlite":
        # Else it can still be read in the file.
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    erased = personal.find(connection, called)
    personal.erase(connection, erased.id)
    invalidate(connection)
    return erased


def exported(called: str, connection: Connection | None) -> Mapping[str, Any]:
    """All that is kept of an account, for `look`.

    Raises:
        Refused: none or several are called so.
    """
    whose = found(called, connection)
    assert connection is not None
    return personal.export(connection, whose.id)


def found(called: str, connection: Connection | None) -> Account:
    """The one account that is called so, for `look`.

    Raises:
        Refused: none is, or several are.
    """
    if connection is None or schema.version(connection).present is None:
        raise Refused("There is no database yet, so nothing is kept of anybody.")
    schema.check(connection)
    return personal.find(connection, called)


def listed(connection: Connection | None) -> Sequence[tuple[Account, int]]:
    """All accounts and the number of their chats, for `look`."""
    if connection is None or schema.version(connection).present is None:
        return ()
    schema.check(connection)
    return personal.accounts(connection)


Through = Callable[[Database], Database]
"""Puts something between the ports and the database, which sees every request."""


@asynccontextmanager
async def open_store(
    url: str,
    secret_keys: Sequence[str],
    now: Now,
    new_id: NewId,
    *,
    migrate: bool = True,
    through: Through | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Store]:
    """Open the database, bring its tables up to date, and see that the keys fit.

    Args:
        url: `sqlite:///path`, `sqlite://` for one in memory, or `postgresql://...`.
        secret_keys: Fernet keys, newest first.
        migrate: false leaves PostgreSQL's tables to `tradebell migrate`.
        limits: other than the usual ones.

    Raises:
        Misconfigured: a setting is wrong; the text says which, and what to do.
    """
    place = parsed(url)
    vault = Vault(secret_keys)
    may_upgrade = migrate or place.get_backend_name() == "sqlite"

    def prepare(connection: Connection) -> None:
        (schema.upgrade if may_upgrade else schema.check)(connection)
        vault.mark(connection)

    async with _open(place, prepare, limits or Limits()) as database:
        yield store_on(through(database) if through else database, vault, now, new_id)


@contextmanager
def open_memory(now: Now, new_id: NewId) -> Iterator[Store]:
    """A store that lives as long as the context, on the event loop's own thread."""
    with open_inline_copy(schema.create) as database:
        yield store_on(database, Vault([Fernet.generate_key().decode()]), now, new_id)


async def migrate(url: str) -> Version:
    """Bring the tables up to date and do nothing else; gives the version of before.

    Raises:
        Misconfigured: the database cannot be opened, or is of a newer version.
    """
    found: list[Version] = []
    async with _open(parsed(url), lambda each: found.append(schema.upgrade(each)), Limits()):
        return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a look at a database showed.

    `broken` is the first row of the audit trail that is not as it was written, if any; `locked`
    says that there are secrets, which need their key.
    """

    version: Version
    broken: int | None = None
    locked: bool = False


async def inspect(url: str, secret_keys: Sequence[str] = ()) -> Inspected:
    """Look at a database, whoever else has it open, and change nothing.

    Args:
        secret_keys: without any, nothing is opened.

    Raises:
        Misconfigured: it cannot be opened, is damaged or of a newer version, or the keys do not
            fit.
    """
    vault = Vault(secret_keys) if secret_keys else None
    return await look(url, partial(_inspected, vault))


async def look(url: str, at: Callable[[Connection | None], R]) -> R:
    """Read a database, whoever else has it open.

    Args:
        at: is given no connection where there is no database yet.

    Raises:
        Misconfigured: it cannot be opened.
    """
    place = parsed(url)
    if place.get_backend_name() == "postgresql":
        seen: list[R] = []
        async with _open(place, lambda each: seen.append(at(each)), Limits()):
            return seen[0]
    if _is_in_memory(place):
        return at(None)
    return await asyncio.to_thread(_look_at_file, Path(str(place.database)), at)


def _look_at_file(path: Path, at: Callable[[Connection | None], R]) -> R:
    with looking_at(path) as connection:
        return at(connection)


def _inspected(vault: Vault | None, connection: Connection | None) -> Inspected:
    if connection is None:
        return Inspected(version=Version(None, schema.newest()))
    version = schema.version(connection)
    if version.present is None:
        return Inspected(version=version)
    if vault is None:
        return Inspected(version=version, locked=is_locked(connection))
    if connection.dialect.name == "sqlite":
        refuse_damage(connection)
    return Inspected(
        version=version, broken=audit.broken(connection), locked=vault.fits(connection)
    )


def parsed(url: str) -> URL:
    """The address of a database of either kind, however its driver is spelt.

    Raises:
        Misconfigured: it is not one.
    """
    try:
        place = make_url(url)
    except ArgumentError:
        # No cause: its text could hold the address, and the address a password.
        raise Misconfigured(_WRONG_ADDRESS) from None
    match place.drivername.partition("+")[0]:
        case "sqlite":
            return place.set(drivername="sqlite")
        case "postgresql" | "postgres":
            query = dict(place.query)
            if "sslmode" in query:  # as libpq and most hosters spell it
                query["ssl"] = query.pop("sslmode")
            return place.set(drivername="postgresql+asyncpg", query=query)
        case _:
            raise Misconfigured(_WRONG_ADDRESS)


_WRONG_ADDRESS = (
    "TRADEBELL_DATABASE_URL must be like sqlite:////var/lib/tradebell/tradebell.db"
    " or postgresql://user:password@host/database."
)


def _open(
    place: URL, prepare: Callable[[Connection], object], limits: Limits
) -> AbstractAsyncContextManager[Database]:
    if place.get_backend_name() == "postgresql":
        from storage.engine.postgresql import open_postgresql  # whose driver takes a while to load

        return open_postgresql(place, prepare, limits)
    if _is_in_memory(place):
        return _opened(prepare)
    return open_sqlite(Path(str(place.database)), prepare, limits)


def _is_in_memory(place: URL) -> bool:
    return place.database in (None, "", ":memory:")


@asynccontextmanager
async def _opened(prepare: Callable[[Connection], object]) -> AsyncIterator[Database]:
    with open_inline(prepare) as database:
        yield database


def store_on(database: Database, vault: Vault, now: Now, new_id: NewId) -> Store:
    """All ports anew on an open database: nothing is remembered of what was done before."""
    return Store(
        database=database,
        vault=vault,
        accounts=SqlAccounts(database, vault),
        actions=SqlActions(database),
        answers=SqlAnswers(database),
        shown_cards=SqlShownCards(database),
        audit=SqlAudit(database),
        codes=SqlCodes(database, vault, new_id),
        handles=SqlMessageHandles(database, vault, now),
        inbox=SqlInbox(database),
        invitations=SqlInvitations(database, new_id),
        drills=SqlDrills(database, new_id),
        incidents=SqlIncidents(database, new_id),
        menus=SqlMenus(database),
        nights=SqlNights(database),
        journal=SqlJournal(database, now),
        leases=SqlLeases(database),
        ledger=SqlLedger(database),
        links=SqlLinks(database, new_id),
        outbox=SqlOutbox(database),
        permits=SqlPermits(database),
        phones=SqlPhones(database, vault, new_id),
        price_alerts=SqlPriceAlerts(database),
        reports=SqlReports(database),
        retention=Retention(database),
        sightings=SqlSightings(database),
        standing_orders=SqlStandingOrders(database),
        topics=SqlTopics(database),
        visits=SqlVisits(database, new_id),
    )
