"""A fresh login before what cannot be undone."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.chats import Link, Person
from bot.domain.ids import Now
from bot.domain.lifetimes import CONFIRM_LIFE, PROOF_LIFE
from bot.domain.step_up import Lacking, NotProven, cools_off
from bot.ports import Codes


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """
    Attributes:
        asked_for: the operator wants it so.
    """

    codes: Codes
    now: Now
    asked_for: bool

    async def lacking_to_ask(self, link: Link, person: Person) -> Lacking | None:
        """What keeps a person from being shown what confirms such a deed."""
        return await self._lacking(link, person, PROOF_LIFE)

    async def lacking_to_press(self, link: Link, person: Person) -> Lacking | None:
        """The same of pressing it: who was shown it in time may press it as long as it works."""
        return await self._lacking(link, person, PROOF_LIFE + CONFIRM_LIFE)

    async def _lacking(self, link: Link, person: Person, life: timedelta) -> Lacking | None:
        if not self.asked_for:
            return None
        now = self.now()
        cooling = cools_off(link, now)
        if cooling is not None:
            return cooling
        since = now - life
        proven = await self.codes.proven(link.account, person.channel, person.id, since, now)
        return None if proven else NotProven()
