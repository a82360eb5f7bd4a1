"""`/stats`: how often trades win, what they win and lose on average, and the worst of it."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.domain.figures import Span
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import BOT, SPAN, asked, span_of
from bot.texts import figures as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    span, found, trusted = await span_of(request, scope, Span.ALL)
    return texts.statistics(span, found, scope.of, trusted)


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
