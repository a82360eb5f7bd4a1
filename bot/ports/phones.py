"""Phones that a push service rings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.actions import Denied
from bot.domain.chats import Address
from bot.domain.ids import ActionId, EndpointId, LinkId
from bot.domain.linking import WrongDigits
from bot.domain.phones import (
    LockScreenButton,
    LockScreenPress,
    OpenReceipt,
    Phone,
    PhoneTarget,
    PushTarget,
    Service,
)


class PhoneTargets(Protocol):
    async def target(self, address: Address) -> PhoneTarget | None:
        """Where the service finds a phone; `None` if it is not one of ours any more."""


class Phones(PhoneTargets, Protocol):
    """What is kept of phones. Where a service finds each is stored encrypted, the digits that
    prove it only as a keyed hash. A phone ends with the link of the chat where it was added.
    """

    async def add(self, host: LinkId, service: Service, target: PushTarget, now: datetime) -> Phone:
        """A phone that is not linked yet, added in the chat of an active link."""

    async def of(self, host: LinkId) -> Sequence[Phone]:
        """Those that were added there, or in inboxes that were opened from there, the oldest
        first.
        """

    async def open_receipts(self, service: Service, since: datetime) -> Sequence[OpenReceipt]:
        """What was shown on phones since, asks to be seen, and has not been."""

    async def expect_digits(self, found: EndpointId, digits: str, now: datetime) -> None:
        """From now on these prove it, for `PHONE_CODE_LIFE`; what proved another one that was added
        in the same chat does so no more.
        """

    async def waiting(self, address: Address, person: str, now: datetime) -> bool:
        """Whether this person, in this chat, is expected to type what a phone shows that `of`
        finds.
        """

    async def prove(
        self, address: Address, person: str, digits: str, now: datetime
    ) -> Phone | WrongDigits:
        """Check the digits, counting the try; if right, link the phone as its person's own, with
        the role that they have where they added it, and to be told only what is critical.
        """

    async def set(
        self, found: EndpointId, *, details: bool | None = None, updates: bool | None = None
    ) -> None:
        """Note what is given of a phone."""

    async def move(self, found: EndpointId, target: PushTarget) -> None:
        """The same phone is there from now on; it stays as proven as it is."""

    async def remove(self, found: EndpointId, now: datetime) -> None:
        """End its link, if it has one, and forget where it is."""


class Signing(Protocol):
    """Signs short texts with the operator's keys."""

    def sign(self, text: str) -> str:
        """128 bits, in letters that an address may have."""

    def is_signed(self, text: str, signature: str) -> bool:
        """Whether one of the keys has made it; takes as long whatever is given."""


class ButtonAddresses(Protocol):
    """Where the buttons of a message are pressed without a chat, on a lock screen."""

    def of(self, action: ActionId) -> str | None:
        """Of one that says that something was seen; `None` where no phone can reach our pages."""


class LockScreenDesk(Protocol):
    """What the pages behind these addresses do; a service implements it.

    Every refusal says why: a forged address is unknown, and costs no look into the database.
    """

    async def look(self, code: str) -> LockScreenButton | Denied:
        """Changes nothing."""

    async def press(self, code: str) -> LockScreenPress | Denied:
        """Once; as if the phone's person had pressed it in a chat."""
