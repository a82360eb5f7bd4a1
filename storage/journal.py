"""What chat platforms have sent us, kept before they are told that we have it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, null, select, update

from bot.domain.chats import Channel
from bot.domain.ids import Now
from storage.engine.database import Database, each
from storage.engine.upsert import insert_into
from storage.schema.tables import journal

UPDATE_LIFE = timedelta(days=7)
"""Longer than any platform repeats an update: Telegram keeps them for a day.

Source: https://core.telegram.org/bots/api#getting-updates
"""


class _Updates(NamedTuple):
    channel: Channel
    bot: str
    updates: Mapping[int, str]
    now: datetime


class SqlJournal:
    """Implements `bot.ports.Journal`."""

    def __init__(self, database: Database, now: Now) -> None:
        self._database = database
        self._now = now

    async def keep(self, channel: Channel, bot: str, updates: Mapping[int, str]) -> Sequence[int]:
        if not updates:
            return []
        return await self._database.write(_keep, _Updates(channel, bot, updates, self._now()))

    async def open(self, channel: Channel, bot: str) -> Mapping[int, str]:
        return await self._database.read(_open, channel, bot)

    async def done(self, channel: Channel, bot: str, update: int) -> None:
        await self._database.write(_done, (channel, bot, update))

    async def prune(self, now: datetime) -> int:
        """Forget old updates; gives how many."""
        return await self._database.write(_prune, now)


@cache
def _keeping(dialect: str) -> Any:
    return insert_into(journal, dialect).on_conflict_do_nothing().returning(journal.c.number)


@each
def _keep(connection: Connection, kept: _Updates) -> Sequence[int]:
    rows = [
        {
            "channel": kept.channel,
            "bot": kept.bot,
            "number": number,
            "body": body,
            "kept_at": kept.now,
        }
        for number, body in kept.updates.items()
    ]
    return sorted(connection.execute(_keeping(connection.dialect.name), rows).scalars())


def _open(connection: Connection, channel: Channel, bot: str) -> Mapping[int, str]:
    rows = connection.execute(
        select(journal.c.number, journal.c.body)
        .where(journal.c.channel == channel, journal.c.bot == bot, journal.c.body.is_not(None))
        .order_by(journal.c.number)
    )
    return {row.number: row.body for row in rows}


@each
def _done(connection: Connection, request: tuple[Channel, str, int]) -> None:
    channel, bot, number = request
    connection.execute(
        update(journal)
        .where(journal.c.channel == channel, journal.c.bot == bot, journal.c.number == number)
        .values(body=null())
    )


@each
def _prune(connection: Connection, now: datetime) -> int:
    old = journal.c.kept_at < now - UPDATE_LIFE
    return connection.execute(delete(journal).where(old)).rowcount
