"""What happened in a night, for one chat: asked for, or told each morning."""

from datetime import datetime
from typing import Protocol

from bot.domain.digests import Gathered
from bot.domain.ids import LinkId
from bot.domain.nights import Night


class Nights(Protocol):
    async def of(self, link: LinkId, since: datetime, until: datetime) -> Night | None:
        """`None` if the link is not active. Nothing from before it was linked is told."""

    async def tell(self, now: datetime) -> Gathered:
        """Owe the nights that are due, once for each link and day, by whichever process. One that
        is due since long is passed over.
        """
