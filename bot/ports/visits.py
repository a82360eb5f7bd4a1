"""The settings page: who may open it, and what it does."""

from datetime import datetime
from typing import Protocol

from bot.domain.ids import TraderId
from bot.domain.visits import Changed, SettingsView, Visit, VisitProblem


class Visits(Protocol):
    """One-time addresses and visits. Codes and secrets are stored only as SHA-256."""

    async def invite(self, code_hash: str, visit: Visit, now: datetime) -> None:
        """Open an address; the person's older ones for that chat end."""

    async def look(self, code_hash: str, now: datetime) -> Visit | VisitProblem:
        """What stands behind an address; changes nothing."""

    async def enter(
        self, code_hash: str, secret_hash: str, until: datetime, now: datetime
    ) -> Visit | VisitProblem:
        """Use the address up: one conditional UPDATE. From now on the secret stands for it."""

    async def at(self, secret_hash: str, now: datetime) -> Visit | None:
        """The visit that goes on by that secret, as long as its link is active."""

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
