"""Who has seen an alert, and where."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.chats import Address, Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Somebody has pressed *Seen* under an alert, or put a reaction on it.

    Attributes:
        person: as `trail.audited` tells them.
    """

    channel: Channel
    person: str
    at: datetime

    @property
    def stored(self) -> str:
        """What is stored of the first with each alert that has a *Seen* button: words are made of
        it when it is shown.
        """
        return f"{self.channel.value} {self.at.isoformat()}"


@dataclass(frozen=True, slots=True)
class AlertShown:
    """What a message shows: the alert's reference, and the address that it was told at."""

    address: Address
    reference: str
