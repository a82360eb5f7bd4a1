"""How somebody is invited to see an account in a chat of their own, without a login to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.chats import Partner, Role
from bot.domain.ids import AccountId, InvitationId, LinkId

OPEN_INVITATIONS = 5
"""That wait to be taken, of one account at a time."""

MOST_PARTNERS = 20
"""Of one account."""


class InvitationProblem(StrEnum):
    """Why an invitation is not taken, or not made."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    WITHDRAWN = "withdrawn"
    """By its owner, or the chat in which it was made is not linked any more."""
    OWN = "own"
    """Who would take it has linked a chat to the account already."""
    LINKED = "linked"
    """The chat shows an account already."""
    SHARED = "shared"
    """Others read along in the chat."""
    TOO_MANY = "too many"
    """So many are open already, or have been taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation that is open. Its code is known only to who made it, and to whom they sent it.

    `host` is the link of the chat in which it was made: it ends with that.
    """

    id: InvitationId
    account: AccountId
    host: LinkId
    role: Role
    partner: Partner
    made_at: datetime
    expires_at: datetime
