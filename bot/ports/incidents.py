"""What somebody must see, and who is told of it until then."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.chats import Watch
from bot.domain.digests import Gathered
from bot.domain.escalation import Chain
from bot.domain.ids import AccountId
from bot.domain.incidents import Incident


class Incidents(Protocol):
    async def escalate(self, now: datetime) -> Gathered:
        """Owe what is due of incidents that nobody has seen: one message in each chat for all of an
        account that are due now or soon. Each step is taken once, by whichever process.
        """

    async def chain(self, account: AccountId) -> Chain: ...

    async def choose(self, account: AccountId, chain: Chain, now: datetime) -> None:
        """What is under way goes on by it."""

    async def watch(self, account: AccountId, person: str, watch: Watch, now: datetime) -> None:
        """Somebody is on watch so from now on; what is under way goes on by it."""

    async def unseen(self, account: AccountId) -> Sequence[Incident]:
        """Those that nobody has seen, or that somebody has in hand; the youngest first."""
