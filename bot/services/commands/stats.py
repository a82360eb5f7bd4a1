"""`/stats`: how often trades win, what they win and lose on average, and the worst of it."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.domain.figures import Detail
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import BOT, SPAN, asked, basis, span_of
from bot.texts import figures as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    span, found = await span_of(request, scope, Detail.OPENED_AT)
    return texts.statistics(span, await basis(request, found), scope.of)


COMMAND = AccountCommand(
    spec=Spec(
        name="stats",
        summary=later("How often trades win, and how deep it fell"),
        example="month Grid BTC",
        arguments=(SPAN, BOT),
        showable=True,
        family=RESULTS,
    ),
    answer=_answer,
)
