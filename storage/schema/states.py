"""States and kinds of rows that the core has no word for."""

from enum import StrEnum


class LinkState(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class AttemptState(StrEnum):
    """How far a linking attempt has come."""

    OPEN = "open"
    """The address works: nobody has logged in yet."""
    SIGNED_IN = "signed in"
    """The digits are shown and wait to be typed."""
    DONE = "done"
    REPLACED = "replaced"
    """The person has asked for too many others since."""
    FAILED = "failed"
    """Too many wrong digits."""


class InvitationState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"


class KnownKind(StrEnum):
    """What a last known state is about."""

    TRADER = "trader"
    STRATEGY = "strategy"
