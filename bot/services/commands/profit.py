"""`/profit`: what closed trades have earned, today and longer, or in one span of time."""

from bot.domain.cards import Button, Card
from bot.domain.commands import Spec
from bot.domain.figures import EVER, Detail, Span
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import BOT, SPAN, asked, basis, record, span_of
from bot.texts import figures as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    if request.arguments.text(SPAN.name):
        span, found = await span_of(request, scope, Detail.TRADER, Detail.PAIR)
        return texts.profit_of(span, await basis(request, found), scope.of)
    found = await record(request, EVER, scope)
    about = () if scope.about is None else (targets_of(scope.of.bots),)
    actions = [action for span in Span for action in await request.asking(span, *about)]
    buttons = [
        Button(label=texts.span_label(span), action=action)
        for span, action in zip(Span, actions, strict=True)
    ]
    told = await basis(request, found)
    return texts.profit(told, scope.of, scope.now, scope.clock, buttons)


COMMAND = AccountCommand(
    spec=Spec(
        name="profit",
        summary=later("What your trades have earned"),
        example="week Grid BTC",
        arguments=(SPAN, BOT),
        showable=True,
        family=RESULTS,
    ),
    answer=_answer,
)
