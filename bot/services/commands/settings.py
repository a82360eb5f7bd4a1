"""`/settings`: what can be set, and how."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import CommandRequest, OpenCommand
from bot.texts import getting_started as texts
from bot.texts.language import later


async def _answer(request: CommandRequest) -> Card:
    return texts.settings(request.link)


COMMAND = OpenCommand(
    spec=Spec(name="settings", summary=later("What can be set, and how"), least=None),
    answer=_answer,
)
