"""`/traders`: the bots, one by one."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import bots as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    desk, account = request.desk, request.account
    traders = await request.bots()
    strategies = await desk.strategies(account.id)
    return request.aged(texts.listed(traders.value, strategies), traders)


COMMAND = AccountCommand(
    spec=Spec(
        name="traders", summary=later("Your bots, one by one"), aliases=("bots",), showable=True
    ),
    answer=_answer,
)
