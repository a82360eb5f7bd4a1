"""What followers are shown of a trade and a signal, and no more: no amount, nothing of the account,
no words that anybody could have written.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot.domain.events import Signal, Trade, Trader
from bot.texts.alerts import Alert, signal_alert, trade_alert
from bot.texts.trade_context import is_known


def followed_trade(trade: Trade, traders: Mapping[str, Trader]) -> Alert:
    """The bot, the pair, the price, the result in percent, how long it was open, and why it ended
    where that is one of the reasons that we know.
    """
    shown = Trade(
        origin=trade.origin,
        side=trade.side,
        symbol=trade.symbol,
        price=trade.price,
        profit_ratio=trade.profit_ratio,
        reason=trade.reason if is_known(trade.reason) else None,
        trader=trade.trader,
        type=trade.type if is_known(trade.type) else None,
        paper=trade.paper,
        order=trade.order,
        final=trade.final,
        opened_at=trade.opened_at,
        closed_at=trade.closed_at,
        changed_at=trade.changed_at,
    )
    return in_public(trade_alert(shown, traders))


def followed_signal(signal: Signal) -> Alert:
    return in_public(signal_alert(replace(signal, words=None)))


def in_public(alert: Alert) -> Alert:
    """Not a step of a trade either: messages that grow would tell of it before its time."""
    return replace(alert, card=replace(alert.card, protected=True), step="")
