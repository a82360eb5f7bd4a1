"""`/signals`: the latest ones."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import signals as texts
from bot.texts.language import later

LATEST = 10


async def _answer(request: AccountRequest) -> Card:
    session = await request.desk.session(request.account)
    return texts.listed(await session.signals(LATEST))


COMMAND = AccountCommand(
    spec=Spec(name="signals", summary=later("Latest signals"), showable=True), answer=_answer
)
