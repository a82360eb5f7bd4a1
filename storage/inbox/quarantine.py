"""Frames that nobody understood: counted by their shape, with what may be kept of them."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Connection, case, delete

from bot.domain.events import Unreadable
from bot.domain.ids import AccountId
from storage.engine.database import each
from storage.engine.upsert import Insert, insert_into
from storage.schema.tables import quarantine

QUARANTINE_LIFE = timedelta(days=30)
"""How long a shape is remembered after it has last come."""


@each
def set_aside(
    connection: Connection, request: tuple[AccountId, Sequence[Unreadable], datetime]
) -> None:
    account, unreadable, now = request
    rows = [
        {
            "account": account,
            "digest": _digest(item),
            "service": item.service,
            "reason": item.reason,
            "fields": list(item.fields),
            "size": item.size,
            "count": 1,
            "first_at": now,
            "last_at": now,
        }
        for item in unreadable
    ]
    connection.execute(_counting(connection.dialect.name), rows)


@cache
def _counting(dialect: str) -> Insert:
    row = insert_into(quarantine, dialect)
    larger = row.excluded.size > quarantine.c.size
    return row.on_conflict_do_update(
        index_elements=[quarantine.c.account, quarantine.c.digest],
        set_={
            "count": quarantine.c.count + 1,
            "size": case((larger, row.excluded.size), else_=quarantine.c.size),
            "last_at": row.excluded.last_at,
        },
    )


def _digest(item: Unreadable) -> str:
    text = json.dumps([item.service, item.reason, item.fields])
    return hashlib.sha256(text.encode()).hexdigest()


@each
def prune(connection: Connection, now: datetime) -> int:
    """Forget what has not come for long; gives how many shapes."""
    return connection.execute(
        delete(quarantine).where(quarantine.c.last_at < now - QUARANTINE_LIFE)
    ).rowcount
