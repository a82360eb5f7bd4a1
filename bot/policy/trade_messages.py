"""Which message tells of a trade, and whether its next step is told within that one. Pure.

What belongs to one trade is decided by ids alone: what names none is told by itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bot.domain.cards import Card
from bot.domain.events import Event, PodEvent, Signal, Trade
from bot.domain.ids import DeliveryId
from bot.domain.rules import Matter
from bot.domain.trade_ids import TradeIds


def trade_ids(event: Event, matter: Matter | None) -> TradeIds | None:
    """By what an event is known to be of a trade; `None` if it is of none.

    Args:
        matter: which says whose bot it is: bots count their trades each for itself.
    """
    match event:
        case Signal():
            return TradeIds()
        case Trade() as trade:
            pass
        case PodEvent(trade=Trade() as trade):
            pass
        case _:
            return None
    return TradeIds(
        shared=_shared(trade, matter.bot) if matter is not None and matter.bot else (),
        parent=trade.parent,
        signal=trade.signal,
    )


def _shared(trade: Trade, bot: str) -> tuple[str, ...]:
    """With the pair: a bot that is set up anew counts from 1 again."""
    of = f"{(trade.symbol or '').upper()} of {bot}"
    named = (("trade", trade.trade_id), ("order", trade.order_id))
    return tuple(f"{what} {id} {of}" for what, id in named if id is not None)


class TradeMessage(NamedTuple):
    """A message that tells of a trade, or will, and can be told more.

    `message` is its id on the chat platform, once it is shown; `of_signal` says that it tells of
    the signal that the trade names, `is_grown` that it tells of more than its own item.
    """

    id: DeliveryId
    message: str | None
    of_signal: bool
    is_grown: bool


def continued(found: Sequence[TradeMessage]) -> TradeMessage | None:
    """The message that a step goes on with: the last of its trade, else that of its signal, unless
    another trade has gone on with it before.
    """
    own = [one for one in found if not one.of_signal]
    free = [one for one in found if one.of_signal and not one.is_grown]
    return max(own or free, key=lambda one: one.id, default=None)


def is_told_by_itself(matter: Matter | None, card: Card) -> bool:
    """Whether a step has a message of its own all the same: what is critical, or has a sound."""
    return matter is None or matter.critical or not card.silent
