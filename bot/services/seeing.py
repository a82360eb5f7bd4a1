"""Alerts that people have seen: by the button under them, or by a reaction on them."""

import logging
from datetime import datetime

from bot.domain.actions import Action, Verb
from bot.domain.chats import Link, Person
from bot.domain.ids import ActionId, LinkId, Now
from bot.domain.incidents import HOLD_FOR
from bot.domain.incoming import Reaction
from bot.domain.phones import LockScreenPress
from bot.domain.sightings import Noted, Sighting
from bot.domain.spoken_escalation import read_hold
from bot.domain.timetables import zone
from bot.domain.trail import audited, by
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Audit, Links, Sightings
from bot.services.amending import Amending
from bot.services.commands.access import Access
from bot.services.gathering import Gathering

log = logging.getLogger(__name__)


class Seeing:
    """Notes who has seen what, and has it shown wherever that was told."""

    def __init__(
        self,
        sightings: Sightings,
        links: Links,
        access: Access,
        amending: Amending,
        drilling: Gathering,
        audit: Audit,
        now: Now,
    ) -> None:
        self._sightings = sightings
        self._links = links
        self._access = access
        self._amending = amending
        self._drilling = drilling
        self._audit = audit
        self._now = now

    async def pressed(self, action: Action, person: Person) -> Noted:
        """A button under an alert was, by somebody who may."""
        return await self._note(action.link, action.arguments, person)

    async def taken(self, link: Link, reference: str, person: Person, until: datetime) -> Noted:
        """Somebody who may has it until then.

        Args:
            reference: of the alert; without, it is all that nobody has seen.
        """
        if reference:
            return await self._note(link.id, reference, person, until)
        sighting = self._sighting(person, until)
        if not await self._sightings.take_in_hand(link.account, sighting):
            return Noted.BEFORE
        self._amending.wake()
        return Noted.HELD

    async def pressed_once(self, action: Action, link: Link, person: Person) -> LockScreenPress:
        """A button where no chat is: on a lock screen, by an address that is used up by it."""
        reference, _, said = action.arguments.partition(" ")
        until = None
        if action.verb is Verb.HOLD:
            until = read_hold(said or HOLD_FOR, self._now(), zone(link.preferences.zone))
        noted = await self._note(action.link, reference, person, until, action.id)
        return LockScreenPress(
            is_new=bool(noted),
            until=until if noted is Noted.HELD else None,
            in_a_drill=noted is Noted.IN_A_DRILL,
        )

    async def reacted(self, reaction: Reaction) -> None:
        """It counts where an alert shows, of whoever may look at what is told there. Nothing is
        answered.
        """
        shown = await self._sightings.shown_by(reaction.place.address, reaction.message)
        link = None if shown is None else await self._links.at(shown.address)
        if shown is None or link is None or not await self._may_look(reaction.person, link):
            return
        if await self._note(link.id, shown.reference, reaction.person):
            try:
                facts = {**by(reaction.person), "verb": Verb.SEEN}
                await self._audit.note("press", self._now(), link.account, **facts)
            except (TryLater, OutcomeUnknown) as outage:
                log.error("what was seen was not audited", extra={"reason": str(outage)})

    async def _may_look(self, person: Person, link: Link) -> bool:
        if link.role_of(person.id) is None:
            return False
        return person.id == link.person or await self._access.has_left(link) is False

    async def _note(
        self,
        link: LinkId,
        reference: str,
        person: Person,
        until: datetime | None = None,
        button: ActionId | None = None,
    ) -> Noted:
        sighting = self._sighting(person, until)
        noted = await self._sightings.note(link, reference, sighting, button)
        if noted:
            self._amending.wake()
        if noted is Noted.IN_A_DRILL:
            self._drilling.wake()
        return noted

    def _sighting(self, person: Person, until: datetime | None) -> Sighting:
        return Sighting(channel=person.channel, person=audited(person), at=self._now(), until=until)
