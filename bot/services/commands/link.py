"""`/link`: a one-time address to log in, and with digits the end of it."""

from bot.domain.cards import Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.incoming import Shared
from bot.domain.linking import LinkProblem
from bot.services.commands.desk import CommandRequest, OpenCommand
from bot.services.commands.digits import typed_digits
from bot.services.commands.sharing import audience_at, cannot_link, governed_at, is_taken
from bot.texts import access, step_up
from bot.texts import linking as texts
from bot.texts.language import later


async def _answer(request: CommandRequest) -> Card:
    desk, place, person = request.desk, request.command.place, request.command.person
    if not place.answers_privately:
        return await _call_over(request)
    digits = request.arguments.text("digits")
    if digits:
        card = await typed_digits(desk, place, person, digits)
        if card is not None:
            return card
    if place.shared is not None:
        refusal = cannot_link(place.shared)
        return await _link_shared(request, place.shared) if refusal is None else refusal
    if place.aside:
        return await _link_shared(request)
    url = await desk.linking.invite(place, person)
    cut_off = desk.linking.is_cut_off(place.address)
    return texts.link_address(url, again=request.link is not None, cut_off=cut_off)


async def _link_shared(request: CommandRequest, shared: Shared | None = None) -> Card:
    """Only for who has a say there and is the first; and who reads along is told before.

    Args:
        shared: `None` where the platform does not tell it: then it is asked who has a say.
    """
    desk, link = request.desk, request.link
    place, person = request.command.place, request.command.person
    if await is_taken(desk, link, person):
        return texts.taken()
    audience = await audience_at(desk, place.address)
    if audience is None:
        return texts.not_in_group() if shared is None else texts.not_there(shared)
    if isinstance(audience, Card):
        return audience
    if shared is None and person.id not in audience.governors:
        return texts.cannot_govern_group(audience.name)
    if link is not None and link.person != person.id:
        await desk.linking.end(link)
    url = await desk.linking.invite(place, person, audience)
    cut_off = desk.linking.is_cut_off(place.address)
    return texts.shared_link_address(url, audience, cut_off=cut_off)


async def _call_over(request: CommandRequest) -> Card:
    """In a group everybody reads what is answered: what is for one alone is said in private."""
    desk, place, person = request.desk, request.command.place, request.command.person
    audience = await audience_at(desk, place.address)
    if isinstance(audience, Card):
        return audience
    if audience is None or not audience.private_chat:
        return access.only_in_private(request.spec)
    if person.id not in audience.governors:
        return texts.cannot_govern_group(audience.name)
    if await is_taken(desk, request.link, person):
        return texts.taken()
    return texts.called_over(await desk.linking.call_over(place, person, audience))


async def go_on(request: CommandRequest, code: str) -> Card | None:
    """The consent and the address for who was called over from a group; `None` for no such code."""
    desk, place, person = request.desk, request.command.place, request.command.person
    called = await desk.linking.called_over(code)
    if called is LinkProblem.UNKNOWN:
        return None
    if isinstance(called, LinkProblem):
        return texts.call_is_over()
    if called.person != person.id:
        return texts.not_called()
    cut_off = desk.linking.is_cut_off(place.address)
    if called.proof is not None:
        url = await desk.linking.go_on(code, place, person)
        if isinstance(url, LinkProblem):
            return texts.call_is_over()
        return step_up.page_for_group(called.proof.deed, url, cut_off=cut_off)
    audience = await governed_at(desk, called.address, person)
    if isinstance(audience, Card):
        return audience
    link = await desk.links.at(called.address)
    if await is_taken(desk, link, person):
        return texts.taken()
    if link is not None and link.person != person.id:
        await desk.linking.end(link)
    url = await desk.linking.go_on(code, place, person)
    if isinstance(url, LinkProblem):
        return texts.call_is_over()
    return texts.shared_link_address(url, audience, cut_off=cut_off, elsewhere=True)


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
    ),
    answer=_answer,
)
