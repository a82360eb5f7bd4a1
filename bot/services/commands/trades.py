"""`/trades`: the latest ones, of all or of one bot or pair, page by page; also as a picture."""

import asyncio
import logging

from bot.domain.cards import Card
from bot.domain.charts import profits
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Trade
from bot.domain.ledger import trade_of
from bot.errors import NeedsLogin, Refused, TryLater
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.figuring import (
    BOT,
    PAGE,
    PAIR,
    asked,
    away_since,
    older,
    pair_meant,
    rates_of,
)
from bot.services.picturing import pictured
from bot.texts import trades as texts
from bot.texts.charts import chart
from bot.texts.language import later

log = logging.getLogger(__name__)

LATEST = 10
_COUNT = Argument(name="count", type=ArgumentType.NUMBER, description=later("how many, up to 25"))


async def _answer(request: AccountRequest) -> Card:
    desk, given = request.desk, request.arguments
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    count, page = min(given.number("count") or LATEST, texts.MOST), given.number("page") or 1
    pair = await pair_meant(request, scope)
    if isinstance(pair, Card):
        return pair
    entries = await desk.ledger.latest(
        request.account.id, count + 1, (page - 1) * count, traders=scope.about, pair=pair or None
    )
    trades = tuple(map(trade_of, entries[:count]))
    if len(trades) < count and page == 1 and not pair and scope.about is None:
        trades = await _told_now(request, count) or trades
    words = f"{pair} {count}".strip()
    more = [await older(request, scope, page, words)] if len(entries) > count else []
    earned = profits(trades, {trader.id: trader for trader in scope.bots})
    shown = None if earned is None or page > 1 else chart(earned)
    picture = await pictured(shown, request.link.preferences.look, desk.draw)
    return texts.listed(
        trades,
        scope.bots,
        picture,
        of=scope.of.titled(pair),
        page=page,
        away=await away_since(request),
        rates=await rates_of(request, trades),
        buttons=more,
    )


async def _told_now(request: AccountRequest, count: int) -> tuple[Trade, ...]:
    """The latest as the platform tells them: right after the link the ledger has not read them."""
    try:
        async with asyncio.timeout_at(request.read_by):
            session = await request.desk.session(request.account)
            return await session.trades(count)
    except (TryLater, Refused, NeedsLogin, TimeoutError) as failure:
        log.warning("showing the trades that are known", extra={"reason": str(failure)})
        return ()


COMMAND = AccountCommand(
    spec=Spec(
        name="trades",
        summary=later("Latest trades, of all or of one bot or pair"),
        example="Grid BTC 5",
        arguments=(BOT, PAIR, _COUNT, PAGE),
        showable=True,
    ),
    answer=_answer,
)
