"""`/audit`: what was done on the account, by whom; page by page."""

from collections.abc import Sequence

from bot.domain.cards import Button, Card
from bot.domain.chats import Role
from bot.domain.commands import Spec
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.missed import PAGE
from bot.texts import trail as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    """Who owns the account sees, in a chat of their own, what anybody did on it; others see what
    they did themselves.
    """
    link, person = request.link, request.command.person
    all_of_it = link.endpoint.private and person.id == link.person and link.role is Role.OWNER
    page = request.arguments.number("page") or 1
    traces = await request.desk.audit.trail(
        request.account.id,
        texts.ROWS + 1,
        (page - 1) * texts.ROWS,
        None if all_of_it else person,
    )
    older: Sequence[Button] = ()
    if len(traces) > texts.ROWS:
        older = (await request.older(page),)
    return texts.page(traces[: texts.ROWS], page, older, person)


COMMAND = AccountCommand(
    spec=Spec(
        name="audit",
        summary=later("What was done on your account, by whom"),
        aliases=("trail",),
        example="2",
        arguments=(PAGE,),
    ),
    answer=_answer,
)
