"""`/fees`: what trades have cost."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.domain.figures import Span, began
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import BOT, SPAN, asked, fees, span_of
from bot.texts import figures as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    span, _found, trusted = await span_of(request, scope, Span.ALL)
    paid = await fees(request, began(span, scope.now, scope.clock), scope)
    return texts.fees(span, paid, scope.of, trusted)


COMMAND = AccountCommand(
    spec=Spec(
        name="fees",
        summary=later("What your trades have cost in fees"),
        example="month Grid BTC",
        arguments=(SPAN, BOT),
        showable=True,
        family=RESULTS,
    ),
    answer=_answer,
)
