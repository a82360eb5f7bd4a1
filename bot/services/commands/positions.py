"""`/positions`: the trades that are open, as far as the platform tells when they were opened."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.domain.ledger import trade_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import BOT, asked, away_since, rates_of
from bot.texts import trades as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    entries = await request.desk.ledger.open(request.account.id, scope.about)
    held = tuple(map(trade_of, entries))
    return texts.positions(
        held,
        scope.bots if scope.about is None else scope.of.bots,
        of=scope.of.titled(""),
        away=await away_since(request),
        now=scope.now,
        rates=await rates_of(request, held),
    )


COMMAND = AccountCommand(
    spec=Spec(
        name="positions",
        summary=later("Trades that are open"),
        aliases=("open",),
        example="Grid BTC",
        arguments=(BOT,),
        showable=True,
        family=RESULTS,
    ),
    answer=_answer,
)
