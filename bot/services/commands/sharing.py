"""Who reads along in a chat that is to be linked, and who may link it."""

import asyncio

from bot.domain.cards import Card
from bot.domain.chats import Address, Link, Person
from bot.domain.incoming import Shared
from bot.domain.linking import Audience
from bot.errors import TryLater
from bot.services.commands.desk import READ_LIMIT, Desk
from bot.texts import linking as texts
from bot.texts.errors import Sentence


def cannot_link(shared: Shared) -> Card | None:
    """Why this person cannot link a chat in which they are answered alone."""
    if not shared.can_manage:
        return texts.cannot_govern(shared)
    if not shared.missing_permissions:
        return None
    return texts.lacks_rights(shared) if shared.invited else texts.not_there(shared)


async def audience_at(desk: Desk, address: Address) -> Audience | Card | None:
    """Who reads along; `None` where our bot is not, and a card where nobody can tell now."""
    readership = desk.access.readership(address)
    try:
        async with asyncio.timeout(READ_LIMIT.total_seconds()):
            return None if readership is None else await readership.of(address)
    except TryLater as outage:
        return texts.readers_unknown(str(outage))
    except TimeoutError:
        return texts.readers_unknown(Sentence.NO_ANSWER_FROM_CHAT)


async def governed_at(desk: Desk, address: Address, person: Person) -> Audience | Card:
    """Who reads along in a group that this person has a say in; else why they cannot link it."""
    audience = await audience_at(desk, address)
    if audience is None:
        return texts.not_in_group()
    if isinstance(audience, Card) or person.id in audience.governors:
        return audience
    return texts.cannot_govern_group(audience.name)


async def is_taken(desk: Desk, link: Link | None, person: Person) -> bool:
    """Whether a chat is somebody else's who is still there."""
    if link is None or link.person == person.id:
        return False
    return await desk.access.has_left(link) is not True
