"""Inboxes: chats in browsers that were signed in by an address from another chat."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.cards import Card
from bot.domain.chats import INBOX, Address, Channel, Link, Person
from bot.domain.ids import ActionId
from bot.domain.incoming import Place, Press
from bot.domain.phones import BrowserTarget, Phone, Service
from bot.domain.trail import by
from bot.domain.visits import (
    InboxMessage,
    Pressed,
    Purpose,
    Rings,
    Visit,
    VisitProblem,
)
from bot.ports import Audit, Hear, Links, Outbox
from bot.services.commands.desk import Desk
from bot.services.commands.phone import ring_browser
from bot.services.commands.throttle import OnceInAWhile
from bot.services.linking import Linking
from bot.services.steady import steady
from bot.services.visiting import Visiting
from bot.texts import access
from bot.texts.language import speaking
from bot.texts.presented import presented

HISTORY = 200
"""Messages that an inbox shows of what was sent before."""

RING_AGAIN = timedelta(seconds=3)
"""How soon the same browser may subscribe again: it is a press, and each costs a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inboxes:
    """Implements `bot.ports.InboxDesk`."""

    visiting: Visiting
    links: Links
    linking: Linking
    audit: Audit
    desk: Desk
    hear: Hear
    _subscribing: OnceInAWhile = field(default_factory=lambda: OnceInAWhile(RING_AGAIN))

    async def look(self, code: str) -> Visit | VisitProblem:
        return await self.visiting.look(Purpose.INBOX, code)

    async def enter(self, code: str, browser: str) -> tuple[str, Visit] | VisitProblem:
        entered = await self.visiting.enter(Purpose.INBOX, code, browser)
        if isinstance(entered, VisitProblem):
            return entered
        _, visit = entered
        link = await self.links.called(visit.link)
        if link is not None:
            who = by(Person(channel=Channel.WEB, id=visit.person))
            await self.audit.note("linked", link.linked_at, link.account, **who)
            await self.linking.announce(link)
        return entered

    async def at(self, secret: str) -> Link | None:
        visit = await self.visiting.at(Purpose.INBOX, secret)
        return None if visit is None else await self.links.called(visit.link)

    # --- as a phone ---------------------------------------------------------------------------

    async def rings(self, link: Link) -> Rings:
        phone = await self._phone(link)
        if phone is None:
            return Rings.NO
        return Rings.UNPROVEN if phone.link is None else Rings.YES

    async def ring(self, link: Link, target: BrowserTarget, before: str = "") -> Card | None:
        with speaking(link.preferences.language, link.preferences.zone):
            if not self._subscribing.is_due(link.id, timedelta(seconds=steady())):
                return access.too_fast()
            return await ring_browser(self.desk, link, _person(link), target, before)

    async def hush(self, link: Link) -> None:
        phone = await self._phone(link)
        if phone is not None:
            await self.desk.phoning.remove(link, _person(link), phone)

    async def press(self, link: Link, action: ActionId) -> Pressed:
        phone = await self._phone(link)
        if phone is None:
            return Pressed(done=False, told="")
        press = Press(
            place=Place(address=phone.endpoint.address, private=True),
            person=Person(channel=Channel.PUSH, id=link.person),
            action=action,
        )
        replies = [reply async for reply in self.hear(press)]
        told = [reply.toast or (reply.card.title if reply.card else "") for reply in replies]
        return Pressed(
            done=bool(replies) and all(reply.passing for reply in replies),
            told=" ".join(filter(None, told)),
        )

    async def _phone(self, link: Link) -> Phone | None:
        """The browser itself."""
        phones = await self.desk.phoning.of(link)
        return next((one for one in phones if one.service is Service.BROWSER), None)


def _person(link: Link) -> Person:
    return Person(channel=Channel.WEB, id=link.person)


async def inbox_messages(links: Links, outbox: Outbox, chat: str) -> Sequence[InboxMessage]:
    """What an inbox shows, the oldest first."""
    link = await links.at(Address(channel=Channel.WEB, bot=INBOX, chat=chat))
    if link is None:
        return ()
    shown = []
    for one in await outbox.shown(link.id, HISTORY):
        with speaking(one.delivery.language, one.delivery.zone):
            card = presented(one.delivery, False, one.shown_at, None)
        shown.append(InboxMessage(id=one.message, at=one.shown_at, card=card))
    return shown
