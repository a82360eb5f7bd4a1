"""`/missed`: alerts that did not reach this chat as they were, and why; page by page."""

from collections.abc import Sequence

from bot.domain.cards import Button, Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.deliveries import LOST
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import missed as texts
from bot.texts.language import later

PAGE = Argument(
    name="page", type=ArgumentType.NUMBER, description=later("2 for the older ones, and so on")
)


async def _answer(request: AccountRequest) -> Card:
    outbox, endpoint = request.desk.outbox, request.link.endpoint.id
    count = await outbox.missed_count(endpoint)
    if not count:
        return texts.nothing()
    lost = await outbox.missed_count(endpoint, LOST)
    page = request.arguments.number("page") or 1
    if page > texts.pages(count):
        return texts.no_such_page(count, lost)
    items = await outbox.missed(endpoint, texts.ROWS, skip=(page - 1) * texts.ROWS)
    older: Sequence[Button] = ()
    if page < texts.pages(count):
        older = (await request.older(page),)
    return texts.page(items, page, count, lost, older)


COMMAND = AccountCommand(
    spec=Spec(
        name="missed",
        summary=later("Alerts that did not reach you, and why"),
        example="2",
        arguments=(PAGE,),
    ),
    answer=_answer,
)
