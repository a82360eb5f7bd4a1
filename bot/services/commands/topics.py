"""`/topics`: each bot in a topic of its own."""

from bot.domain.cards import Card
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.trail import by
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import topics as texts
from bot.texts.language import later

_ON, _OFF = "on", "off"


async def _answer(request: AccountRequest) -> Card:
    desk, link = request.desk, request.link
    wanted, endpoint = request.arguments.text("switch"), link.endpoint
    if not desk.bot_topics.possible_in(endpoint.address):
        return texts.not_here()
    if wanted == _ON:
        refused = await desk.bot_topics.begin(link)
        if refused is not None:
            return texts.cannot(refused)
    elif wanted == _OFF:
        await desk.bot_topics.end(link)
    if wanted:
        whose = by(request.command.person)
        await desk.audit.note("topics", desk.now(), link.account, **whose, switch=wanted)
    if wanted == _OFF or not (wanted or endpoint.topics):
        return texts.off()
    topics = await desk.bot_topics.topics.of(endpoint.id)
    return texts.on(sorted(topics.values(), key=lambda one: one.name))


COMMAND = AccountCommand(
    spec=Spec(
        name="topics",
        summary=later("Tell of each bot in a topic of its own"),
        example="on",
        arguments=(
            Argument(
                name="switch",
                type=ArgumentType.CHOICE,
                description=later("on, or off"),
                choices=(_ON, _OFF),
            ),
        ),
        least=Role.OWNER,
        own=True,
        setting=True,
        menu=False,  # few chats have topics
    ),
    answer=_answer,
)
