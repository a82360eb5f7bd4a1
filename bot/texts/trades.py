"""The latest trades."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.cards import Button, Card, Field, Picture
from bot.domain.conversion import PLAIN, Rates
from bot.domain.events import Trade, Trader, on_paper
from bot.texts.alerts import result_of, trade_title
from bot.texts.cards import plain
from bot.texts.currencies import rates_in_words
from bot.texts.figures import as_known_at
from bot.texts.language import _, ngettext
from bot.texts.names import trader_name
from bot.texts.times import lasted, moment

MOST = 25
"""Rows that a message holds."""


def listed(
    trades: Sequence[Trade],
    traders: Sequence[Trader],
    picture: Picture | None = None,
    *,
    of: str = "",
    page: int = 1,
    away: datetime | None = None,
    rates: Rates = PLAIN,
    buttons: Sequence[Button] = (),
) -> Card:
    """
    Args:
        of: the pair and the bot that were asked for.
        away: since when the platform is.
    """
    notes = (*(() if away is None else (as_known_at(away),)), *rates_in_words(rates))
    if not trades:
        if of or page > 1:
            return plain(_("No trades"), _("There are none of that: /trades shows all."), *notes)
        return plain(_("No trades yet"), _("The first one rings here by itself."), *notes)
    known: dict[str, Trader] = {trader.id: trader for trader in traders}
    rows = [Field(moment(trade.origin.at), _trade_line(trade, known, rates)) for trade in trades]
    title = ngettext("Latest {count} trade", "Latest {count} trades", len(trades))
    if page > 1:
        title = ngettext("{count} older trade", "{count} older trades", len(trades))
    return Card(
        title=" · ".join(filter(None, (title, of))),
        fields=tuple(rows),
        picture=picture,
        notes=notes,
        buttons=(tuple(buttons),) if buttons else (),
    )


def positions(
    trades: Sequence[Trade],
    traders: Sequence[Trader],
    *,
    of: str,
    away: datetime | None,
    now: datetime,
    rates: Rates = PLAIN,
) -> Card:
    """Trades that are open; where a bot itself counts others, that is said.

    Args:
        traders: those that it is about.
        of: the bot that was asked for.
        away: since when the platform is.
    """
    known: dict[str, Trader] = {trader.id: trader for trader in traders}
    notes = [as_known_at(away)] if away is not None else []
    for trader in traders:
        seen = sum(trade.trader == trader.id for trade in trades)
        if trader.open_trades is not None and trader.open_trades != seen:
            notes.append(
                ngettext(
                    "{bot} itself counts {count} open trade.",
                    "{bot} itself counts {count} open trades.",
                    trader.open_trades,
                    bot=trader_name(trader),
                )
            )
    if not trades:
        line = _("None of the trades that the platform tells is open.")
        title = " · ".join(filter(None, (_("No open trades"), of)))
        return Card(title=title, lines=(line,), notes=tuple(notes))
    title = ngettext("{count} open trade", "{count} open trades", len(trades))
    fields = [
        Field(
            _("Open for {span}", span=lasted(now - (trade.opened_at or trade.origin.at))),
            _trade_line(trade, known, rates),
        )
        for trade in trades[:MOST]
    ]
    if len(trades) > MOST:
        left = len(trades) - MOST
        notes.insert(0, ngettext("{count} more is open.", "{count} more are open.", left))
    return Card(
        title=" · ".join(filter(None, (title, of))),
        fields=tuple(fields),
        notes=(*notes, *rates_in_words(rates)),
    )


def _trade_line(trade: Trade, known: Mapping[str, Trader], rates: Rates) -> str:
    """'Sold 0.5 BTC/USDT at 42,400 USDT · Profit +12.43 USDT · Night Owl · paper'."""
    result = result_of(trade, rates)
    trader = known.get(trade.trader) if trade.trader else None
    parts = (
        trade_title(trade),
        f"{result.label} {result.value}" if result else "",
        trader_name(trader, trade.trader) if trade.trader else "",
        _("paper") if on_paper(trade, trader) else "",
    )
    return " · ".join(filter(None, parts))
