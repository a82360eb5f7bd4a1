"""Invitations to see an account without a login to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.chats import Link
from bot.domain.ids import AccountId, EndpointId, InvitationId
from bot.domain.partners import InvitationProblem, Invited


class Invitations(Protocol):
    """Codes are stored only as SHA-256. An invitation is taken once, and as long as the chat in
    which it was made is linked.
    """

    async def open(self, code_hash: str, invited: Invited) -> InvitationProblem | None:
        """Keep one; TOO_MANY above `OPEN_INVITATIONS` that are open, or `MOST_PARTNERS` that were
        taken.
        """

    async def look(self, code_hash: str, now: datetime) -> Invited | InvitationProblem:
        """What stands behind a code; changes nothing."""

    async def take(
        self, invitation: InvitationId, chat: EndpointId, person: str, language: str, now: datetime
    ) -> Link | InvitationProblem:
        """Use it up, and link this person's private chat as it says: one transaction.

        OWN for who has linked a chat to the account themselves, LINKED where one is linked.
        """

    async def of(self, account: AccountId, now: datetime) -> Sequence[Invited]:
        """Those that are open, the oldest first."""

    async def withdraw(self, invitation: InvitationId, account: AccountId) -> bool:
        """Nobody takes it any more; false if it is not open."""
