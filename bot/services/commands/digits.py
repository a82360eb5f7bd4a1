"""The six digits that the link page, or a new phone, shows, typed back in the chat."""

from bot.domain.cards import Card
from bot.domain.chats import Person
from bot.domain.deliveries import Priority
from bot.domain.incoming import Place
from bot.domain.linking import WrongDigits
from bot.domain.typed import digits_in, six_digits_in
from bot.services.commands.desk import Desk
from bot.services.commands.phone import phone_by
from bot.services.commands.sharing import cannot_link, governed_at
from bot.texts import linking as texts
from bot.texts import phones


async def typed_digits(desk: Desk, place: Place, person: Person, text: str) -> Card | None:
    """An answer about the six digits; `None` if that is not what this is about.

    Where they are waited for, what cannot be them costs no try.
    """
    six = six_digits_in(text)
    if six is not None:
        return await take_digits(desk, place, person, six)
    if await desk.linking.awaits_digits(place, person):
        return texts.not_six_digits(digits_in(text))
    if digits_in(text) is not None and await desk.phoning.awaits_digits(place, person):
        return phones.not_six_digits()
    return None


async def take_digits(desk: Desk, place: Place, person: Person, digits: str) -> Card:
    """Link the chat, or a phone that was added there: whichever waits for digits."""
    if await desk.linking.awaits_digits(place, person):
        return await _link_by(desk, place, person, digits)
    if await desk.phoning.awaits_digits(place, person):
        return await phone_by(desk, place, person, digits)
    return await _link_by(desk, place, person, digits)


async def _link_by(desk: Desk, place: Place, person: Person, digits: str) -> Card:
    # Whoever had a say when they asked for the address may have none any more.
    refusal = None if place.shared is None else cannot_link(place.shared)
    there = await desk.linking.awaits_digits(place, person)
    if there is not None and there != place.address:
        governed = await governed_at(desk, there, person)
        refusal = governed if isinstance(governed, Card) else None
    if refusal is not None:
        return refusal
    outcome = await desk.linking.complete(place, person, digits)
    if isinstance(outcome, WrongDigits):
        return texts.digits_refused(outcome)
    desk.amending.wake()
    endpoint = outcome.link.endpoint
    if await desk.outbox.pending(endpoint.id):
        # It had been closed, and is not any more.
        desk.delivering.wake({endpoint.id: (endpoint.address, Priority.NORMAL)})
    return texts.linked(outcome, elsewhere=endpoint.address != place.address)
