"""Pages of a chat's own, its settings and inboxes: who may open them, and what they do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.cards import Card
from bot.domain.chats import Link
from bot.domain.ids import ActionId, LinkId, TraderId
from bot.domain.phones import BrowserTarget
from bot.domain.visits import (
    Browser,
    Changed,
    Pressed,
    Purpose,
    Rings,
    SettingsView,
    Visit,
    VisitProblem,
)


class Visits(Protocol):
    """One-time addresses and visits. Codes and secrets are stored only as SHA-256; an address for
    one purpose is unknown for another.
    """

    async def invite(self, code_hash: str, visit: Visit, now: datetime) -> None:
        """Open an address; the person's older ones for that chat and purpose end."""

    async def look(self, purpose: Purpose, code_hash: str, now: datetime) -> Visit | VisitProblem:
        """What stands behind an address; changes nothing."""

    async def enter(
        self,
        purpose: Purpose,
        code_hash: str,
        secret_hash: str,
        until: datetime,
        now: datetime,
        browser: str = "",
    ) -> Visit | VisitProblem:
        """Use the address up: one conditional UPDATE. From now on the secret stands for it.

        For an inbox a chat of its own is linked, in the same transaction: by the same person, in
        the same role, with what the chat wants where the address was asked for. It ends with that
        link, and when its visit is pruned.

        Args:
            browser: what an inbox is called.
        """

    async def at(self, purpose: Purpose, secret_hash: str, now: datetime) -> Visit | None:
        """The visit that goes on by that secret, as long as its link is active."""

    async def extend(self, secret_hash: str, until: datetime) -> None:
        """Let a visit go on."""

    async def browsers(self, host: LinkId, now: datetime) -> Sequence[Browser]:
        """Inboxes that were opened by addresses that were asked for in a chat; the last used one
        first.
        """

    async def leave(self, secret_hash: str) -> None: ...


class SettingsDesk(Protocol):
    """What the settings page does; a service implements it."""

    async def look(self, code: str) -> Visit | VisitProblem: ...

    async def enter(self, code: str) -> tuple[str, Visit] | VisitProblem:
        """Begin a visit; gives the secret that the browser keeps."""

    async def view(self, secret: str) -> SettingsView | None:
        """`None` if the visit is over, or the person may not see it any more."""

    async def change(
        self, secret: str, command: str, words: str, bot: TraderId | None = None
    ) -> Changed | None:
        """Ask a command as the person, and tell the chat if that has changed something.

        Args:
            command: one of those that stand below `/settings`.
            bot: what it is about, besides the words.
        """

    async def leave(self, secret: str) -> None: ...


class InboxDesk(Protocol):
    """What an inbox needs besides a chat's `Hear`; a service implements it."""

    async def look(self, code: str) -> Visit | VisitProblem: ...

    async def enter(self, code: str, browser: str) -> tuple[str, Visit] | VisitProblem:
        """Sign a browser in; gives the secret that it keeps."""

    async def at(self, secret: str) -> Link | None:
        """The inbox of the browser with that secret; `None` if it is not signed in any more."""

    async def rings(self, link: Link) -> Rings:
        """Whether the browser of an inbox is a phone of its person."""

    async def ring(self, link: Link, target: BrowserTarget, before: str = "") -> Card | None:
        """Make it one, to be proven as any; gives what is to be told there, if anything.

        Args:
            before: the address that its push service had for it until now.
        """

    async def hush(self, link: Link) -> None:
        """Let it be none."""

    async def press(self, link: Link, action: ActionId) -> Pressed:
        """A notification's button was pressed, there: as a button in a chat."""
