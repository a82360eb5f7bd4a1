"""`/signals`: the latest ones, of all or of one pair or type."""

from collections.abc import Sequence

from bot.domain.cards import Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Signal
from bot.domain.pairs import pairs_meant
from bot.domain.text import folded
from bot.ports import Session
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.nearest import near
from bot.texts import signals as texts
from bot.texts.language import later

LATEST = 10
LOOKED_THROUGH = 100
"""Of which those are shown that are asked for."""


async def _answer(request: AccountRequest) -> Card:
    wanted = request.arguments.text("what")

    async def ask(session: Session) -> tuple[Signal, ...]:
        return await session.signals(LOOKED_THROUGH)

    answer = await request.read("signals", tuple[Signal, ...], ask)
    return request.aged(await _shown(request, wanted, answer.value), answer)


async def _shown(request: AccountRequest, wanted: str, latest: Sequence[Signal]) -> Card:
    if not wanted:
        return texts.listed(latest[:LATEST])
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
