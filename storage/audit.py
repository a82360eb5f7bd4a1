"""The audit trail: rows that are only ever added, each sealed with the hash of the one before."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, text

from bot.domain.ids import AccountId
from storage.database import Database
from storage.tables import audit
from storage.types import storable

_FIRST = "0" * 64
"""What stands for the hash before the first row."""


class _Note(NamedTuple):
    at: datetime
    what: str
    account: AccountId | None
    facts: Mapping[str, str]


class Audit:
    """Implements `bot.ports.Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, what: str, now: datetime, account: AccountId | None = None, **facts: str
    ) -> None:
        plain = {storable(name): storable(fact) for name, fact in facts.items()}
        await self._database.write(_append, _Note(now, storable(what), account, plain))

    async def broken(self) -> int | None:
        """The number of the first row that is not as it was written; `None` if all are.

        Rows cut off at the end do not show: note the newest hash elsewhere to see that too.
        """
        return await self._database.read(broken)


def _append(connection: Connection, notes: Sequence[_Note]) -> Sequence[None]:
    if connection.dialect.name == "postgresql":
        # One writer at a time, or two rows would follow the same one.
        connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    newest = select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)
    previous = connection.execute(newest).scalar() or _FIRST
    rows = []
    for note in notes:
        sealed = _sealed(previous, note)
        rows.append(
            {
                "at": note.at,
                "what": note.what,
                "account": note.account,
                "facts": dict(note.facts),
                "previous": previous,
                "hash": sealed,
            }
        )
        previous = sealed
    connection.execute(insert(audit), rows)
    return [None] * len(notes)


def _sealed(previous: str, note: _Note) -> str:
    at = note.at.astimezone(UTC).isoformat()
    row = json.dumps([previous, at, note.what, note.account, sorted(note.facts.items())])
    return hashlib.sha256(row.encode()).hexdigest()


def broken(connection: Connection) -> int | None:
    """See `Audit.broken`."""
    previous = _FIRST
    for row in connection.execute(select(audit).order_by(audit.c.id)):
        note = _Note(row.at, row.what, row.account, row.facts)
        if row.hash != _sealed(previous, note):
            return int(row.id)
        previous = row.hash
    return None
