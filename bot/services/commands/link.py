"""`/link`: a one-time address to log in, and with digits the end of it."""

import asyncio

from bot.domain.cards import Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.incoming import Shared
from bot.errors import TryLater
from bot.services.commands.desk import READ_LIMIT, CommandRequest, OpenCommand
from bot.services.commands.digits import cannot_link, typed_digits
from bot.texts import linking as texts
from bot.texts.errors import Sentence
from bot.texts.language import later


async def _answer(request: CommandRequest) -> Card:
    desk, place, person = request.desk, request.command.place, request.command.person
    digits = request.arguments.text("digits")
    if digits:
        card = await typed_digits(desk, place, person, digits)
        if card is not None:
            return card
    if place.shared is not None:
        return await _link_shared(request, place.shared)
    url = await desk.linking.invite(place, person)
    cut_off = desk.linking.is_cut_off(place.address)
    return texts.link_address(url, again=request.link is not None, cut_off=cut_off)


async def _link_shared(request: CommandRequest, shared: Shared) -> Card:
    """Only for who has a say there and is the first; and who reads along is told before."""
    desk, place, person = request.desk, request.command.place, request.command.person
    refusal = cannot_link(shared)
    if refusal is not None:
        return refusal
    link = request.link
    theirs = None if link is None or link.person == person.id else link
    if theirs is not None and await desk.access.has_left(theirs) is not True:
        return texts.taken()
    readership = desk.access.readership(place.address)
    try:
        async with asyncio.timeout(READ_LIMIT.total_seconds()):
            audience = None if readership is None else await readership.of(place.address)
    except TryLater as outage:
        return texts.readers_unknown(str(outage))
    except TimeoutError:
        return texts.readers_unknown(Sentence.NO_ANSWER_FROM_CHAT)
    if audience is None:
        return texts.not_there(shared)
    if theirs is not None:
        await desk.linking.end(theirs)
    url = await desk.linking.invite(place, person, audience)
    cut_off = desk.linking.is_cut_off(place.address)
    return texts.shared_link_address(url, audience, cut_off=cut_off)


COMMAND = OpenCommand(
    spec=Spec(
        name="link",
        summary=later("Connect your trading account"),
        example="123 456",
        arguments=(
            Argument(
                name="digits",
                type=ArgumentType.TEXT,
                description=later("the six digits, once the page shows them"),
            ),
        ),
        least=None,
        answers_privately=True,
    ),
    answer=_answer,
)
