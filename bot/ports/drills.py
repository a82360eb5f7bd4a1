"""Rehearsals of critical alerts, and the word that it is time for one."""

from datetime import datetime
from typing import Protocol

from bot.domain.digests import Gathered
from bot.domain.drills import Drilling
from bot.domain.ids import AccountId


class Drills(Protocol):
    """One begins as its notice is ingested; of an account there is one at a time."""

    async def of(self, account: AccountId) -> Drilling: ...

    async def end(self, account: AccountId, now: datetime) -> bool:
        """Let it end now; false if there is none. What came of it is told as at any other end."""

    async def remind(self, account: AccountId, wanted: bool) -> None:
        """Whether its people want to hear when alerts have not been proven for long."""

    async def tell(self, now: datetime) -> Gathered:
        """Owe what came of drills that are over, and the word that it is time for one: each once,
        by whichever process.
        """
