"""`/trades`: the latest ones, in words and as a picture."""

import logging

from bot.domain.cards import Card, Picture
from bot.domain.charts import Chart, profits
from bot.domain.commands import Spec
from bot.ports import Draw
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import trades as texts
from bot.texts.charts import chart
from bot.texts.language import later

log = logging.getLogger(__name__)

LATEST = 10


async def _answer(request: AccountRequest) -> Card:
    desk = request.desk
    session = await desk.session(request.account)
    known = await desk.known_bots(request.account.id)
    trades = await session.trades(LATEST)
    earned = profits(trades, {trader.id: trader for trader in known})
    picture = None if earned is None else drawn(chart(earned), desk.draw)
    return texts.listed(trades, known, picture)


def drawn(chart: Chart, draw: Draw) -> Picture | None:
    try:
        return draw(chart)
    except Exception:
        # The words say it all: they must not be lost with it.
        log.exception("a picture could not be drawn")
        return None


COMMAND = AccountCommand(
    spec=Spec(name="trades", summary=later("Latest trades"), showable=True), answer=_answer
)
