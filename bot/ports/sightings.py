"""Who has seen which fact: an alert of it is enough, wherever it was told."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.chats import Address
from bot.domain.events import Kind
from bot.domain.ids import AccountId, ActionId, LinkId
from bot.domain.sightings import AlertShown, Noted, Sighting


class Sightings(Protocol):
    async def shown_by(self, address: Address, message: str) -> AlertShown | None:
        """The alert that a message shows, under an active link, as long as its text is kept.

        Args:
            address: its `chat` may be a topic or thread: not every platform tells what that is in.
        """

    async def note(
        self, link: LinkId, reference: str, sighting: Sighting, button: ActionId | None = None
    ) -> Noted:
        """An active link's alert of that reference was seen, and with it what is told within its
        message; gives whether that is new. A person sees a fact once, and never unsees it.

        Alerts of the same facts that have a *Seen* button are to be changed, in all chats of the
        account: the first who has seen one is told there. Of a drill, in that chat alone: each
        answers for itself. That what comes there is seen is proven by it.

        Args:
            button: is used up by it, in the same transaction; nothing is noted if it was before.
        """

    async def take_in_hand(self, account: AccountId, sighting: Sighting) -> int:
        """Somebody has all that nobody has seen, until then; gives how much that is."""

    async def of(
        self, account: AccountId, kind: Kind, record: str, revision: str
    ) -> Sequence[Sighting]:
        """Who has seen a fact, the first first; empty as long as nobody has."""
