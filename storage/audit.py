"""The audit trail: rows that are only ever added, each sealed with the hash of the one before.

Of a row that has been kept long enough, or whose account is erased, account and facts go; what was
done when stays, and so does the chain.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    cast,
    insert,
    null,
    or_,
    select,
    text,
    update,
)

from bot.domain.chats import Person
from bot.domain.ids import AccountId
from bot.domain.trail import Trace, audited
from storage.engine.database import Database, each
from storage.engine.types import storable
from storage.schema.rows import AnyRow
from storage.schema.tables import audit

AUDIT_LIFE = timedelta(days=365)
"""How long it is kept who did it, and to what."""

ERASED_AT_ONCE = 500
"""Rows erased in one transaction."""

_FIRST = "0" * 64
"""What stands for the hash before the first row."""


class _Note(NamedTuple):
    at: datetime
    what: str
    account: AccountId | None
    facts: Mapping[str, str]


class SqlAudit:
    """Implements `bot.ports.Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, what: str, now: datetime, account: AccountId | None = None, **facts: str
    ) -> None:
        plain = {storable(name): storable(fact) for name, fact in facts.items()}
        await self._database.write(_append, _Note(now, storable(what), account, plain))

    async def trail(
        self, account: AccountId, limit: int, skip: int = 0, by: Person | None = None
    ) -> Sequence[Trace]:
        return await self._database.read(_trail, account, limit, skip, by)

    async def broken(self) -> int | None:
        """The number of the first row that is not as it was written; `None` if all are.

        Rows cut off at the end do not show: note the newest hash elsewhere to see that too.
        """
        return await self._database.read(broken)

    async def prune(self, now: datetime) -> int:
        """Erase from old rows whom they are about; gives of how many."""
        erased = 0
        while old := await self._database.read(_old, now - AUDIT_LIFE):
            erased += await self._database.write(_erase, old)
        return erased


def _append(connection: Connection, notes: Sequence[_Note]) -> Sequence[None]:
    if connection.dialect.name == "postgresql":
        # One writer at a time, or two rows would follow the same one.
        connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    newest = select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)
    previous = connection.execute(newest).scalar() or _FIRST
    rows = []
    for note in notes:
        # Without it, who knows the chats of some people could try which of them a row was about.
        salt = secrets.token_hex(8)
        digest = _digest(salt, note.account, note.facts)
        sealed = _sealed(previous, note.at, note.what, digest)
        rows.append(
            {
                "at": note.at,
                "what": note.what,
                "account": note.account,
                "facts": dict(note.facts),
                "salt": salt,
                "digest": digest,
                "previous": previous,
                "hash": sealed,
            }
        )
        previous = sealed
    connection.execute(insert(audit), rows)
    return [None] * len(notes)


def _digest(salt: str | None, account: str | None, facts: Mapping[str, str]) -> str:
    about = json.dumps([salt, account, sorted(facts.items())])
    return hashlib.sha256(about.encode()).hexdigest()


def _sealed(previous: str, at: datetime, what: str, *about: object) -> str:
    row = json.dumps([previous, at.astimezone(UTC).isoformat(), what, *about])
    return hashlib.sha256(row.encode()).hexdigest()


def broken(connection: Connection) -> int | None:
    """See `SqlAudit.broken`."""
    previous = _FIRST
    for row in connection.execute(select(audit).order_by(audit.c.id)):
        if row.previous != previous or not _is_as_written(row):
            return int(row.id)
        previous = row.hash
    return None


def _is_as_written(row: AnyRow) -> bool:
    erased = row.account is None and not row.facts
    if row.digest is None:
        # What such a row was sealed with is gone once it is erased: only its place can be checked.
        about = (row.account, sorted(row.facts.items()))
        return erased or bool(row.hash == _sealed(row.previous, row.at, row.what, *about))
    if row.hash != _sealed(row.previous, row.at, row.what, row.digest):
        return False
    is_erased = erased and row.salt is None
    return is_erased or bool(row.digest == _digest(row.salt, row.account, row.facts))


def _trail(
    connection: Connection, account: AccountId, limit: int, skip: int, by: Person | None
) -> Sequence[Trace]:
    traces = select(audit.c.at, audit.c.what, audit.c.facts).where(audit.c.account == account)
    if by is not None:
        traces = traces.where(
            audit.c.facts["channel"].as_string() == by.channel,
            audit.c.facts["person"].as_string() == audited(by),
        )
    rows = connection.execute(traces.order_by(audit.c.id.desc()).limit(limit).offset(skip))
    return [Trace(at=row.at, what=row.what, facts=row.facts) for row in rows]


_IS_ABOUT_SOMEBODY = or_(
    audit.c.account.is_not(None), audit.c.salt.is_not(None), cast(audit.c.facts, Text) != "{}"
)


def _old(connection: Connection, before: datetime) -> Sequence[int]:
    # Rows are in the order of their time: the first ones tell whether there is an old one at all.
    kept = select(audit.c.id, audit.c.at).where(_IS_ABOUT_SOMEBODY).order_by(audit.c.id)
    return [row.id for row in connection.execute(kept.limit(ERASED_AT_ONCE)) if row.at < before]


@each
def _erase(connection: Connection, rows: Sequence[int]) -> int:
    return erase(connection, audit.c.id.in_(rows))


def erase(connection: Connection, which: ColumnElement[bool]) -> int:
    """Leave of these rows no more than what was done when; gives of how many."""
    about = {"account": null(), "facts": {}, "salt": null()}
    return connection.execute(update(audit).where(which, _IS_ABOUT_SOMEBODY).values(about)).rowcount
