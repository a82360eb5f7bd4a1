"""`/strategies`: all of them, those of one type, or one and its bots."""

from bot.domain.cards import Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.names import Found, Nothing, Several, pick, told_apart
from bot.domain.text import folded
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import strategies as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    desk = request.desk
    session = await desk.session(request.account)
    strategies = told_apart(await session.strategies())
    wanted = request.arguments.text("strategy")
    if request.about:
        [wanted] = request.about
    if not wanted:
        return texts.listed(strategies)
    match pick(wanted, strategies):
        case Nothing(nearest=near):
            types = {folded(one.type): one.type for one in strategies if one.type}
            if folded(wanted) in types:
                return texts.listed(told_apart(await session.strategies(types[folded(wanted)])))
            actions = await request.asking_about(near)
            return texts.no_such_strategy(wanted, near, actions, strategies)
        case Several(fitting=several):
            return texts.listed(several)
        case Found(meant=(strategy,)):
            return texts.one(strategy, await desk.known_bots(request.account.id))
        case Found(meant=found):
            return texts.listed(found)


COMMAND = AccountCommand(
    spec=Spec(
        name="strategies",
        summary=later("Your strategies, those of a type, or one and its bots"),
        arguments=(
            Argument(
                name="strategy",
                type=ArgumentType.STRATEGY,
                description=later("a strategy's name, or a type such as momentum"),
            ),
        ),
        showable=True,
    ),
    answer=_answer,
)
