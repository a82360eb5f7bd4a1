"""`/help`: what can be asked."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import CommandRequest, OpenCommand
from bot.texts import getting_started as texts
from bot.texts.language import later


async def _answer(request: CommandRequest) -> Card:
    answers_privately = request.command.place.answers_privately
    account = None if request.link is None else request.link.account
    specs = await request.desk.offered.listed(request.desk.specs, account)
    return texts.help_card(specs, request.link is not None, answers_privately)


COMMAND = OpenCommand(
    spec=Spec(name="help", summary=later("What you can ask me"), least=None, showable=True),
    answer=_answer,
)
