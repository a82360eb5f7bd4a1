"""A channel whose readers follow: asked for by forwarding one of its posts to us in private."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.actions import Action, Target, Verb
from bot.domain.cards import Card
from bot.domain.chats import Address, Followers, Link, Person
from bot.domain.incoming import Forwarded
from bot.domain.linking import Audience
from bot.domain.trail import by
from bot.services.commands.desk import Desk
from bot.services.commands.sharing import audience_at
from bot.texts import access
from bot.texts import following as texts

LATER = timedelta(minutes=15)


async def offer(desk: Desk, said: Forwarded, link: Link | None) -> Card:
    """What is answered to a post of a channel."""
    if link is None:
        return access.not_linked()
    if said.person.id != link.person or link.partner is not None:
        return access.only_the_owner()
    audience = await _followers_of(desk, said.source, said.person)
    if isinstance(audience, Card):
        return audience
    there = await desk.links.at(said.source)
    if there is not None and there.account != link.account:
        return texts.shows_another(audience.name)
    deeds = {
        Verb.SHOW_FOLLOWERS: texts.show_at_once(),
        Verb.SHOW_FOLLOWERS_LATER: texts.show_later(LATER),
    }
    if there is not None:
        deeds[Verb.UNLINK] = texts.show_no_more()
    buttons = await desk.acting.confirm(
        link,
        said.person.id,
        deeds,
        () if there is None else (Target(id=there.id, name=audience.name),),
        said.source.chat,
    )
    return texts.ask(audience, None if there is None else there.preferences.followers, buttons)


async def shown(desk: Desk, action: Action, link: Link, person: Person) -> Card:
    """What the button does. Who has a say there is asked anew."""
    source = replace(link.endpoint.address, chat=action.arguments, thread="")
    audience = await _followers_of(desk, source, person)
    if isinstance(audience, Card):
        return audience
    later = action.verb is Verb.SHOW_FOLLOWERS_LATER
    followers = Followers(delay=LATER if later else timedelta(0))
    chat = await desk.links.endpoint(source, private=False, name=audience.name)
    made = await desk.links.show_followers(link.id, chat, followers, desk.now())
    if made is None:
        return texts.shows_another(audience.name)
    await desk.audit.note(
        "members", desk.now(), link.account, **by(person), role=f"followers of {audience.name}"
    )
    await desk.linking.announce(made)
    return texts.shown(audience.name, followers)


async def _followers_of(desk: Desk, source: Address, person: Person) -> Audience | Card:
    """Who reads a channel in which this person has a say and we may post; else why not."""
    audience = await audience_at(desk, source)
    if audience is None:
        return texts.not_in_channel()
    if isinstance(audience, Card):
        return audience
    if person.id not in audience.governors:
        return texts.cannot_govern(audience.name)
    return audience
