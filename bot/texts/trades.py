"""The latest trades."""

from collections.abc import Mapping, Sequence

from bot.domain.cards import Card, Field, Picture, moment
from bot.domain.events import Trade, Trader, on_paper
from bot.domain.telling import tell_trade
from bot.texts.cards import plain
from bot.texts.language import _, ngettext


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
    card = tell_trade(trade, known).card
    told = {field.label: field.value for field in card.fields}
    results = [f"{label} {told[label]}" for label in ("Profit", "Loss", "Result") if label in told]
    trader = known.get(trade.trader) if trade.trader else None
    paper = _("paper") if on_paper(trade, trader) else ""
    return " · ".join(filter(None, (card.title, *results, told.get("Bot"), paper)))
