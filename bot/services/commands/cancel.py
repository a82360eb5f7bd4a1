"""`/cancel`: end what this person could still press or type here, and nobody else's."""

from collections.abc import Sequence

from bot.domain.actions import Action
from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import CommandRequest, OpenCommand
from bot.texts import asking as texts
from bot.texts.answered import question
from bot.texts.language import later


async def _answer(request: CommandRequest) -> Card:
    desk, link, person = request.desk, request.link, request.command.person
    cards: Sequence[tuple[Action, ...]] = ()
    if link is not None:
        desk.live.stop(link)
        cards = await desk.shown_cards.withdraw(link.endpoint.id, person.id, desk.now())
    addresses = await desk.linking.withdraw(request.command.place, person)
    if cards or addresses:
        desk.amending.wake()
    return texts.cancelled_open([question(actions) for actions in cards], addresses)


COMMAND = OpenCommand(
    spec=Spec(name="cancel", summary=later("Leave whatever we were doing"), least=None, menu=False),
    answer=_answer,
)
