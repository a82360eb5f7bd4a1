"""`/performance`: which pairs, bots and reasons have earned most, and which least."""

from bot.domain.cards import Button, Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import SPAN, asked, basis, span_of
from bot.texts import figures as texts
from bot.texts.figures import By
from bot.texts.language import later

_BY = Argument(
    name="by",
    type=ArgumentType.CHOICE,
    description=later("pair, bot or reason"),
    choices=tuple(By),
    synonyms={"pairs": By.PAIR, "bots": By.BOT, "reasons": By.REASON, "exit": By.REASON},
)


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    by = By(request.arguments.text(_BY.name) or By.PAIR)
    span, found = await span_of(request, scope, texts.DETAIL_OF[by])
    others = [other for other in By if other is not by]
    actions = await request.asking_each([f"{other} {span}" for other in others])
    buttons = [
        Button(label=texts.by_label(other), action=action)
        for other, action in zip(others, actions, strict=True)
    ]
    return texts.performance(by, span, await basis(request, found), scope.of, buttons)


COMMAND = AccountCommand(
    spec=Spec(
        name="performance",
        summary=later("What has earned most and least: pairs, bots, reasons"),
        aliases=("perf",),
        example="bot month",
        arguments=(_BY, SPAN),
        showable=True,
        family=RESULTS,
    ),
    answer=_answer,
)
