"""`/start`: the first words in a chat, with what its address may have carried."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import CommandRequest, OpenCommand
from bot.services.commands.digits import typed_digits
from bot.services.commands.link import go_on
from bot.texts import getting_started as texts
from bot.texts.language import later


async def _answer(request: CommandRequest) -> Card:
    command = request.command
    if not command.place.answers_privately:
        return texts.among_others()
    if command.arguments:
        card = await typed_digits(request.desk, command.place, command.person, command.arguments)
        card = card or await go_on(request, command.arguments)
        if card is not None:
            return card
    return texts.welcome(request.link is not None, carried=command.arguments)


COMMAND = OpenCommand(
    spec=Spec(
        name="start", summary=later("Say hello and show how to begin"), least=None, menu=False
    ),
    answer=_answer,
)
