"""What the core needs so that of several processes one does each thing."""

from datetime import timedelta
from typing import Protocol


class Leases(Protocol):
    """Rights that one owner has at a time, for as long as it renews them; the store's clock counts.

    All that wait raise `TryLater` or `OutcomeUnknown` while the store is away.
    """

    async def acquire(self, name: str, owner: str, life: timedelta) -> int | None:
        """Take the right if nobody else has it; gives its epoch, `None` if somebody has."""

    async def renew(self, name: str, owner: str, epoch: int, life: timedelta) -> bool:
        """Keep it for so long from now on; false if somebody else has had it since.

        It waits for nothing else that is to be stored.
        """

    async def release(self, name: str, owner: str, epoch: int) -> None:
        """Give it up, if it is still held."""

    async def guard(self, name: str, owner: str, epoch: int) -> None:
        """Store nothing of this process from now on but where nobody has had the right since.

        Returns once the transactions of earlier owners that are under way have ended: none that
        comes later is stored. Those fail as if the store were away.
        """
