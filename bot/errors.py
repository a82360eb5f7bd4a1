"""Errors named after the caller's next step, each with what that step needs."""

from datetime import timedelta


class TradebellError(Exception):
    """Root of ours. The text is a short sentence without secrets, fit to be shown."""


class TryLater(TradebellError):
    """It certainly did not happen and may be tried again, after `retry_after` if given."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ConnectionLost(TryLater):
    """The realtime connection is gone: connect again."""


class SocketRefused(TryLater):
    """The platform answers but grants no socket (plan limit, proxy): poll, and try later."""


class Unreachable(TryLater):
    """Nobody answers there at all: that goes for whatever else is asked there."""


class StoreAway(TryLater):
    """Our own database cannot do it now, which says nothing of anybody else."""


class Refused(TradebellError):
    """It certainly did not happen, and asking again cannot help. The text is the reason given."""


class NotOffered(Refused):
    """The platform denies this whole service to the account (403, 404, 405): do without it."""


class NoSuchRecord(Refused):
    """The platform has no record of that id (any more)."""


class NeedsLogin(Refused):
    """The credential is missing, wrong or expired: only the person can give a new one."""


class OutcomeUnknown(TradebellError):
    """It may or may not have happened: read the state back, never just repeat."""


class Misconfigured(TradebellError):
    """The operator must change a setting; the text names it and the cure."""
