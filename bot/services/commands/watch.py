"""`/watch`: a price as it moves, in a message that changes by itself for an hour."""

from bot.domain.actions import Verb
from bot.domain.cards import Card
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.live_prices import LIVE_FOR, LivePrice
from bot.domain.pairs import nearest_pairs, pairs_meant
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.services.commands.price import PRICE_LIMIT, which_pair
from bot.services.live_cards import CHANGE_EVERY, LiveCard
from bot.services.steady import steady
from bot.texts import prices as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later

_STOP = "stop"


async def _answer(request: AccountRequest) -> Card:
    desk, wanted = request.desk, request.arguments.text("pair").strip()
    word, _, rest = wanted.partition(" ")
    if word.lower() == _STOP:
        return _stopped(request, rest.strip())
    if not wanted:
        return await which_pair(request)
    session = await desk.session(request.account)
    if not session.connected:
        return texts.no_prices_now()
    meant = pairs_meant(wanted, await desk.pairs(request.account.id))
    if len(meant) > 1:
        return texts.which_of_pairs(meant, await request.asking_each(meant[:MOST_CHOICES]))
    tick = await session.price(meant[0] if meant else wanted, PRICE_LIMIT)
    if tick is None:
        near = nearest_pairs(wanted, session.pairs)
        return texts.no_price(wanted, request.spec, near, await request.asking_each(near))
    now = desk.now()
    id = desk.new_id()
    [stop] = await request.asking(f"{_STOP} {id}", verb=Verb.STOP_WATCH)
    live = LiveCard(
        id=id,
        stop=stop,
        link=request.link,
        price=LivePrice(pair=tick.symbol, since=now, first=tick.last),
        until=now + LIVE_FOR,
        due=steady() + CHANGE_EVERY,
    )
    if not desk.live.begin(live):
        return texts.too_many_live()
    desk.amending.wake()
    return live.card(now)


def _stopped(request: AccountRequest, id: str) -> Card:
    desk = request.desk
    found = desk.live.stop(request.link, id)
    desk.amending.wake()
    if id and found:
        return found[0].card(desk.now())
    return texts.stopped_live(len(found))


COMMAND = AccountCommand(
    spec=Spec(
        name="watch",
        family=ALERTS,
        summary=later("A price as it moves, for an hour"),
        example="BTC/USDT",
        live=True,
        arguments=(
            Argument(
                name="pair",
                type=ArgumentType.PAIR,
                description=later("such as BTC/USDT; or: stop"),
            ),
        ),
    ),
    answer=_answer,
)
