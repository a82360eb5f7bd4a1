"""`/help`: what can be asked."""

from collections.abc import Sequence

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import CommandRequest, OpenCommand
from bot.texts import getting_started as texts
from bot.texts.language import later


async def _answer(request: CommandRequest) -> Card:
    answers_privately = request.command.place.answers_privately
    specs = await _listed(request)
    return texts.help_card(specs, request.link is not None, answers_privately)


async def _listed(request: CommandRequest) -> Sequence[Spec]:
    """Without what this account cannot use."""
    desk, link = request.desk, request.link
    if link is None:
        return [spec for spec in desk.specs if not spec.pods]
    session = await desk.feeds.session(link.account)
    denied = desk.offered.denied(link.account)
    told = session.bot_commands if session is not None else frozenset()
    return [
        one for one in desk.specs if (one.name in told or not one.pods) and one.name not in denied
    ]


COMMAND = OpenCommand(
    spec=Spec(name="help", summary=later("What you can ask me"), least=None, showable=True),
    answer=_answer,
)
