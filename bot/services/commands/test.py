"""`/test`: an alert through the whole chain. It rings in every chat of the account."""

from bot.domain.cards import Card
from bot.domain.chats import Role
from bot.domain.commands import Spec
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import asking as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    desk = request.desk
    await desk.ingest.take(request.account, (texts.test_alert(desk.new_id(), desk.now()),))
    return texts.test_started()


COMMAND = AccountCommand(
    spec=Spec(
        name="test", summary=later("Send a test alert through the whole chain"), least=Role.OPERATOR
    ),
    answer=_answer,
)
