"""Where phones are, in memory."""

from __future__ import annotations

from bot.domain.actions import Denied
from bot.domain.chats import Address
from bot.domain.ids import AccountId, ActionId
from bot.domain.phones import LockScreenButton, LockScreenPress, PhoneTarget

OWNER = AccountId("alice")
"""Of a phone that is only looked for."""


class FakeTargets:
    """Implements `ports.PhoneTargets`."""

    def __init__(self, targets: dict[Address, PhoneTarget]) -> None:
        self.targets = targets

    async def target(self, address: Address) -> PhoneTarget | None:
        return self.targets.get(address)


class FakeAddresses:
    """Implements `ports.ButtonAddresses`.

    Args:
        place: empty where no phone can reach our pages.
    """

    def __init__(self, place: str = "") -> None:
        self._place = place

    def of(self, action: ActionId) -> str | None:
        return f"{self._place}/seen/{action}.signed" if self._place else None


class LockScreenShown:
    """A `LockScreenDesk` with one address, and a ledger of what was pressed."""

    def __init__(self) -> None:
        self.code = ""
        self.button: LockScreenButton | None = None
        self.denied: Denied | None = None
        self.comes_to = LockScreenPress(is_new=True)
        self.looked: list[str] = []
        self.pressed: list[str] = []

    async def look(self, code: str) -> LockScreenButton | Denied:
        self.looked.append(code)
        if code != self.code or self.button is None:
            return Denied.UNKNOWN
        return self.denied or self.button

    async def press(self, code: str) -> LockScreenPress | Denied:
        found = await self.look(code)
        if isinstance(found, Denied):
            return found
        self.pressed.append(code)
        self.denied = Denied.USED
        return self.comes_to
