"""What happens to the accounts of a soak."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from bot.domain.events import Event, Kind, Message, Origin, Signal, Stream, SystemEvent, Trade
from bot.domain.ids import TraderId

BOTS = 8
"""That trade for each user."""


@dataclass(frozen=True, slots=True)
class Record:
    """Something that the platform keeps, and that must be told wherever its user is linked."""

    user: str
    id: str
    at: datetime


def name_of(user: str, number: int) -> str:
    """A record's id, which says whose it is: no part of the product looks into it."""
    return f"{user} record {number:06}"


def user_in(record: str) -> str:
    return record.partition(" ")[0]


def further(trade: Trade, at: datetime, chance: random.Random) -> Trade:
    """The record of a trade, changed: filled if it was only placed, else closed, well or badly."""
    changed = replace(trade, changed_at=at)
    if trade.order is not None:
        return replace(changed, order=None, price=Decimal(42400))
    ratio = Decimal(chance.randint(-40, 40)) / 1000
    closed = replace(changed, side="exit", price=Decimal(43000), final=True, closed_at=at)
    return replace(closed, profit=1000 * ratio, profit_ratio=ratio)


def made(
    record: str, number: int, at: datetime, owner: str | None, chance: random.Random
) -> tuple[Stream, Event]:
    """A record of some service; every tenth or so is urgent, every third can wait."""

    def origin(kind: Kind) -> Origin:
        return Origin(kind=kind, record=record, at=at, owner=owner)

    match chance.choices(range(4), (5, 2, 1, 2))[0]:
        case 0:
            # No two amounts are the same: what two services report alike would be told once.
            amount = Decimal(number + 1)
            side = chance.choice(("buy", "sell"))
            trade = Trade(
                origin=origin(Kind.TRADE),
                side=side,
                symbol="BTC/USDT",
                amount=amount,
                order=chance.choice((None, "placed")),
                # Of so many bots that not all are told together.
                trader=TraderId(f"bot-{chance.randrange(BOTS)}"),
            )
            return Stream.TRADES, trade
        case 1:
            signal = Signal(origin=origin(Kind.SIGNAL), type="buy", pair="ETH/USDT")
            return Stream.SIGNALS, signal
        case 2:
            text = f"position {number} was liquidated"
            return Stream.MESSAGES, Message(origin=origin(Kind.MESSAGE), title=record, text=text)
        case _:
            event = SystemEvent(origin=origin(Kind.SYSTEM_EVENT), title=record, level="info")
            return Stream.SYSTEM_EVENTS, event
