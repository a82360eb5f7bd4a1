"""`/price`: what a pair costs right now."""

from datetime import timedelta

from bot.domain.cards import Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.pairs import nearest_pairs, pairs_meant
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import prices as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later

PRICE_LIMIT = timedelta(seconds=5)


async def _answer(request: AccountRequest) -> Card:
    wanted = request.arguments.text("pair")
    if not wanted:
        return await which_pair(request)
    session = await request.desk.session(request.account)
    if not session.connected:
        return texts.no_prices_now()
    meant = pairs_meant(wanted, await request.desk.pairs(request.account.id))
    if len(meant) > 1:
        return texts.which_of_pairs(meant, await request.asking_each(meant[:MOST_CHOICES]))
    if not meant and session.pairs:
        # It can be known at once that none of it comes.
        near = nearest_pairs(wanted, session.pairs)
        return texts.no_price(wanted, request.spec, near, await request.asking_each(near))
    [pair] = meant or (wanted,)
    tick = await session.price(pair, PRICE_LIMIT)
    if tick is not None:
        return texts.current(tick.symbol, tick.last, tick.at)
    near = nearest_pairs(wanted, session.pairs)
    return texts.no_price(pair, request.spec, near, await request.asking_each(near))


async def which_pair(request: AccountRequest) -> Card:
    """A list of those whose prices may come."""
    pairs = (await request.desk.pairs(request.account.id))[:MOST_CHOICES]
    return texts.which_pair(request.spec, pairs, await request.asking_each(pairs))


COMMAND = AccountCommand(
    spec=Spec(
        name="price",
        summary=later("The price of a pair right now"),
        example="BTC/USDT",
        arguments=(
            Argument(
                name="pair",
                type=ArgumentType.PAIR,
                description=later("such as BTC/USDT"),
                required=True,
            ),
        ),
        showable=True,
    ),
    answer=_answer,
)
