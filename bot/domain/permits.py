"""Which commands the platform lets an account use, as far as it has said so."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.ids import AccountId

ASKED_AGAIN = timedelta(days=1)
"""An answer older than this says little: plans and scopes change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What the platform said when a command was last asked.

    `templates` are those that bots' commands were addressed by then.
    """

    account: AccountId
    command: str
    allowed: bool
    at: datetime
    templates: str

    def holds(self, templates: str, now: datetime) -> bool:
        return self.templates == templates and timedelta(0) <= now - self.at < ASKED_AGAIN
