"""`/whoami`: whose account this is, and what the person and the login may do."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import links as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    desk, account, link = request.desk, request.account, request.link
    role = link.role_of(request.command.person.id)
    assert role is not None, "who has none is not answered"
    now = desk.now()
    login = texts.login_in_words(
        account,
        await desk.accounts.credential(account.id),
        desk.feeds.status(account.id),
        sorted(await desk.offered.denied(account.id)),
        now,
    )
    return texts.who(account, link, role, now, login)


COMMAND = AccountCommand(
    spec=Spec(
        name="whoami",
        summary=later("Whose account this is, and what you may do here"),
    ),
    answer=_answer,
)
