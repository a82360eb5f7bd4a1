"""What comes before a card that confirms what cannot be undone: a fresh login of who asks."""

from collections.abc import Sequence

from bot.domain.actions import Target
from bot.domain.cards import Card
from bot.domain.linking import Proof
from bot.domain.step_up import CoolsOff
from bot.services.commands.desk import AccountRequest
from bot.services.commands.sharing import audience_at
from bot.texts import access
from bot.texts import step_up as texts


async def held_back(
    request: AccountRequest, deed: str, words: str, about: Sequence[Target] = ()
) -> Card | None:
    """What is told instead of asking for a confirmation; `None` if it may be asked for.

    Args:
        deed: what is to be confirmed, in words.
        words: what asks the same command for it once more.
        about: the bots that it is asked about.
    """
    desk, link, person = request.desk, request.link, request.command.person
    lacking = await desk.step_up.lacking_to_ask(link, person)
    if lacking is None:
        return None
    if isinstance(lacking, CoolsOff):
        return texts.cools_off(deed, lacking.until)
    place, owns = request.command.place, person.id == link.person
    proof = Proof(account=link.account, deed=deed)
    if place.answers_privately:
        [go_on] = await request.asking(words, about)
        url = await desk.linking.invite(place, person, proof=proof)
        cut_off = desk.linking.is_cut_off(place.address)
        return texts.log_in_first(deed, url, go_on, owns=owns, cut_off=cut_off)
    audience = await audience_at(desk, place.address)
    if isinstance(audience, Card):
        return audience
    if audience is None or not audience.private_chat:
        return access.only_in_private(request.spec)
    [go_on] = await request.asking(words, about)
    url = await desk.linking.call_over(place, person, audience, proof)
    return texts.log_in_in_private(deed, url, go_on, owns=owns)
