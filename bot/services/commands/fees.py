"""`/fees`: what trades have cost."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.domain.figures import began
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import BOT, SPAN, asked, basis, fees, span_of
from bot.texts import figures as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    span, found = await span_of(request, scope)
    paid = await fees(request, began(span, scope.now, scope.clock), scope)
    told = await basis(request, found, (one.money.currency for one in paid))
    return texts.fees(span, paid, scope.of, told)


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
