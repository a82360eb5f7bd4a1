"""Secrets by which chat platforms let single messages be changed for a while."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from bot.domain.chats import Channel
from bot.domain.ids import Now
from storage.engine.database import Database, each
from storage.schema.tables import secret
from storage.vault import Vault, message_secret


class _Kept(NamedTuple):
    message: str
    handle: str
    until: datetime


class SqlMessageHandles:
    """Implements `bot.ports.Handles`."""

    def __init__(self, database: Database, vault: Vault, now: Now) -> None:
        self._database = database
        self._vault = vault
        self._now = now

    async def keep(
        self, channel: Channel, bot: str, message: str, handle: str, until: datetime
    ) -> None:
        kept = _Kept(f"{channel}:{bot}:{message}", handle, until)
        await self._database.write(self._keep, kept)

    async def find(self, channel: Channel, bot: str, message: str) -> str | None:
        return await self._database.read(self._find, f"{channel}:{bot}:{message}", self._now())

    async def prune(self, now: datetime) -> int:
        """Forget those that change nothing any more; gives how many."""
        return await self._database.write(_prune, now)

    def _keep(self, connection: Connection, requests: Sequence[_Kept]) -> Sequence[None]:
        for kept in requests:
            self._vault.keep_handle(connection, *kept)
        return [None] * len(requests)

    def _find(self, connection: Connection, message: str, now: datetime) -> str | None:
        until = select(secret.c.until).where(secret.c.owner == message_secret(message))
        if (connection.execute(until).scalar() or now) <= now:
            return None
        return self._vault.handle(connection, message)


@each
def _prune(connection: Connection, now: datetime) -> int:
    return connection.execute(delete(secret).where(secret.c.until <= now)).rowcount
