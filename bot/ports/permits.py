"""What the platform was found to let an account do."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.ids import AccountId
from bot.domain.permits import Permit


class Permits(Protocol):
    async def of(self, account: AccountId) -> Sequence[Permit]:
        """The latest of each command, by its name."""

    async def note(self, permit: Permit) -> None:
        """Keep it in place of an earlier one; nothing of an account that nobody is linked to."""
