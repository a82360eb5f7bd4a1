"""Who may ask what, where."""

import asyncio
import logging
from collections.abc import Mapping

from bot.domain.cards import Card
from bot.domain.chats import Address, Channel, Link, Person
from bot.domain.commands import Spec
from bot.errors import Refused, TryLater
from bot.ports import Readership
from bot.services.shared_chats import READERSHIP_TIMEOUT
from bot.texts import access as texts

log = logging.getLogger(__name__)


FOR_FOLLOWERS = frozenset(
    {"unlink", "members", "whoami", "links", "rules", "timezone", "language", "test"}
)
"""What is asked where followers read: answers without amounts, and nothing that would bring any."""


class Access:
    """
    Args:
        readerships: by channel and our bot's id there; others have no chats to share.
    """

    def __init__(self, readerships: Mapping[tuple[Channel, str], Readership]) -> None:
        self._readerships = readerships

    def readership(self, address: Address) -> Readership | None:
        return self._readerships.get((address.channel, address.bot))

    async def refusal(self, spec: Spec, person: Person, link: Link) -> Card | None:
        """Why a command is not for this person here."""
        role = link.role_of(person.id)
        if role is None or (spec.own and person.id != link.person):
            alone = link.endpoint.private or link.for_followers or spec.own
            return texts.only_the_owner() if alone else texts.only_the_owner(person.id)
        if spec.least is not None and not role.covers(spec.least):
            return texts.role_too_low(spec)
        if link.for_followers and spec.name not in FOR_FOLLOWERS:
            return texts.followers_read()
        if person.id != link.person and await self.has_left(link) is not False:
            return texts.owner_absent()
        return None

    async def has_left(self, link: Link) -> bool | None:
        """Whether a shared chat has lost the person whose account is shown there; `None` if nobody
        can tell.
        """
        readership = self.readership(link.endpoint.address)
        if readership is None:
            return None
        try:
            async with asyncio.timeout(READERSHIP_TIMEOUT):
                return await readership.has_left(link.endpoint.address, link.person)
        except (TryLater, Refused, TimeoutError) as outage:
            log.warning("nobody can tell who is there", extra={"reason": str(outage)})
            return None
