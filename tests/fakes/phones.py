"""Where phones are, in memory."""

from __future__ import annotations

from bot.domain.chats import Address
from bot.domain.phones import PhoneTarget


class FakeTargets:
    """Implements `ports.PhoneTargets`."""

    def __init__(self, targets: dict[Address, PhoneTarget]) -> None:
        self.targets = targets

    async def target(self, address: Address) -> PhoneTarget | None:
        return self.targets.get(address)
