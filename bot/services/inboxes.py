"""Inboxes: chats in browsers that were signed in by an address from another chat."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.chats import Address, Channel, Link, Person
from bot.domain.trail import by
from bot.domain.visits import INBOX, InboxMessage, Purpose, Visit, VisitProblem
from bot.ports import Audit, Links, Outbox
from bot.services.linking import Linking
from bot.services.visiting import Visiting
from bot.texts.language import speaking
from bot.texts.presented import presented

HISTORY = 200
"""Messages that an inbox shows of what was sent before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inboxes:
    """Implements `bot.ports.InboxDesk`."""

    visiting: Visiting
    links: Links
    linking: Linking
    audit: Audit

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
