"""`/traders`: the bots, one by one."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import bots as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    desk, account = request.desk, request.account
    traders, read_at = await desk.bots(account)
    strategies = await desk.strategies(account.id)
    return texts.listed(traders, strategies, known_only=read_at is not None)


COMMAND = AccountCommand(
    spec=Spec(
        name="traders", summary=later("Your bots, one by one"), aliases=("bots",), showable=True
    ),
    answer=_answer,
)
