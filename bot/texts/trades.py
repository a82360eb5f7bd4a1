"""The latest trades."""

from collections.abc import Mapping, Sequence

from bot.domain.cards import Card, Field, Picture
from bot.domain.events import Trade, Trader, on_paper
from bot.texts.alerts import result_of, trade_title
from bot.texts.cards import plain
from bot.texts.language import _, ngettext
from bot.texts.names import trader_name
from bot.texts.times import moment


def listed(
    trades: Sequence[Trade], traders: Sequence[Trader], picture: Picture | None = None
) -> Card:
    if not trades:
        return plain(_("No trades yet"), _("The first one rings here by itself."))
    known: dict[str, Trader] = {trader.id: trader for trader in traders}
    rows = [Field(moment(trade.origin.at), _trade_line(trade, known)) for trade in trades]
    title = ngettext("Latest {count} trade", "Latest {count} trades", len(trades))
    return Card(title=title, fields=tuple(rows), picture=picture)


def _trade_line(trade: Trade, known: Mapping[str, Trader]) -> str:
    """'Sold 0.5 BTC/USDT at 42,400 USDT · Profit +12.43 USDT · Night Owl · paper'."""
    result = result_of(trade)
    trader = known.get(trade.trader) if trade.trader else None
    parts = (
        trade_title(trade),
        f"{result.label} {result.value}" if result else "",
        trader_name(trader, trade.trader) if trade.trader else "",
        _("paper") if on_paper(trade, trader) else "",
    )
    return " · ".join(filter(None, parts))
