"""`/signals`: the latest ones, of all or of one pair or type."""

from bot.domain.cards import Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.pairs import pairs_meant
from bot.domain.text import folded
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.nearest import near
from bot.texts import signals as texts
from bot.texts.language import later

LATEST = 10
LOOKED_THROUGH = 100
"""Of which those are shown that are asked for."""


async def _answer(request: AccountRequest) -> Card:
    session = await request.desk.session(request.account)
    wanted = request.arguments.text("what")
    if not wanted:
        return texts.listed(await session.signals(LATEST))
    latest = await session.signals(LOOKED_THROUGH)
    pairs = pairs_meant(wanted, (one.pair for one in latest if one.pair))
    found = [one for one in latest if one.pair in pairs or folded(one.type or "") == folded(wanted)]
    if found:
        return texts.found(found[:LATEST], wanted, len(latest))
    known = pairs_meant(wanted, await request.desk.pairs(request.account.id))
    options = () if known else await near(request, "what", wanted)
    return texts.none_of(wanted, len(latest), request.spec, options)


COMMAND = AccountCommand(
    spec=Spec(
        name="signals",
        summary=later("Latest signals, of all or of one pair or type"),
        example="BTC/USDT",
        arguments=(
            Argument(
                name="what",
                type=ArgumentType.PAIR,
                description=later("a pair, or a type such as buy"),
            ),
        ),
        showable=True,
    ),
    answer=_answer,
)
