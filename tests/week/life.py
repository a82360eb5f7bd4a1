"""What happens to one account in a week: ten bots, four hundred things a day, one bad night."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from bot.domain.events import (
    Event,
    Kind,
    Message,
    Origin,
    PodEvent,
    Signal,
    Stream,
    SystemEvent,
    Trade,
    Trader,
)
from bot.domain.ids import TraderId

DAY = timedelta(days=1)
EVENTS_A_DAY = 400
"""Besides what is special about some of the days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """A bot, and how it trades: so many trades a day, each with a result around `edge` percent."""

    bot: Trader
    symbol: str
    price: Decimal
    stake: Decimal
    trades: int
    spread: float
    edge: float = 0.06


def _bot(name: str, *, paper: bool = False) -> Trader:
    return Trader(
        id=TraderId(name.lower().replace(" ", "-")),
        name=name,
        running=True,
        status="running",
        dry_run=paper,
        stake_currency="USDT",
    )


def _habit(name: str, pair: str, price: str, trades: int, spread: float, **given: bool) -> Habit:
    return Habit(
        bot=_bot(name, **given),
        symbol=pair,
        price=Decimal(price),
        stake=Decimal(500),
        trades=trades,
        spread=spread,
    )


SCALPER = _habit("Scalp BTC", "BTC/USDT", "42400", 50, 0.12)
HABITS = (
    SCALPER,
    _habit("Grid BTC", "BTC/USDT", "42400", 30, 0.35),
    _habit("Grid ETH", "ETH/USDT", "2310", 24, 0.5),
    _habit("Momentum SOL", "SOL/USDT", "98.4", 8, 1.6),
    _habit("Momentum ETH", "ETH/USDT", "2310", 8, 1.4),
    _habit("Swing BTC", "BTC/USDT", "42400", 3, 2.2),
    _habit("DCA ADA", "ADA/USDT", "0.52", 4, 0.9),
    _habit("Arb XRP", "XRP/USDT", "0.57", 14, 0.2),
    _habit("Paper Grid", "SOL/USDT", "98.4", 14, 0.7, paper=True),
    _habit("Paper Swing", "BTC/USDT", "42400", 5, 2.0, paper=True),
)


@dataclass(frozen=True, slots=True)
class Told:
    """The platform keeps a record, and tells of it."""

    at: datetime
    stream: Stream
    event: Event


@dataclass(frozen=True, slots=True)
class Became:
    """A bot is another than before."""

    at: datetime
    bot: Trader


Happening = Told | Became


def week(seed: int, begin: datetime, days: int = 7) -> list[Happening]:
    """All that happens, in order; the same seed gives the same week."""
    chance = random.Random(seed)
    numbers = count(1)
    happenings: list[Happening] = []
    for day in range(days):
        midnight = begin + day * DAY
        made: list[Happening] = []
        for habit in HABITS:
            # Each trade is told twice: as it is opened, and as it is closed.
            for _ in range(habit.trades):
                made += _trade(habit, _moment(midnight, chance), numbers, chance)
        made += _said(midnight, EVENTS_A_DAY - len(made), numbers, chance)
        happenings += made
    happenings += _burst(begin + 3 * DAY + timedelta(hours=15), numbers, chance)
    happenings += _bad_night(begin + 2 * DAY + timedelta(hours=3, minutes=12), numbers)
    happenings += _short_of_money(begin + 4 * DAY + timedelta(hours=11), numbers)
    return sorted(happenings, key=lambda one: one.at)


def _moment(midnight: datetime, chance: random.Random) -> datetime:
    """More by day than by night, as markets are."""
    while True:
        hour = chance.uniform(0, 24)
        if chance.random() < 0.55 + 0.45 * math.sin((hour - 9) / 24 * 2 * math.pi):
            return midnight + timedelta(hours=hour)


def _trade(
    habit: Habit, at: datetime, numbers: count[int], chance: random.Random
) -> Iterator[Told]:
    bought = (habit.price * Decimal(repr(round(chance.gauss(1, 0.01), 5)))).quantize(
        habit.price / 1000
    )
    amount = (habit.stake / bought).quantize(Decimal("0.0001"))
    percent = round(chance.gauss(habit.edge, habit.spread), 2)
    lasts = timedelta(minutes=chance.expovariate(1 / 40) + 1)
    opened = Trade(
        origin=_origin(Kind.TRADE, at, numbers),
        side="buy",
        symbol=habit.symbol,
        amount=amount,
        price=bought,
        trader=habit.bot.id,
        opened_at=at,
    )
    yield Told(at, Stream.TRADES, opened)
    closed_at = at + lasts
    ratio = Decimal(repr(percent)) / 100
    closed = replace(
        opened,
        side="sell",
        price=(bought * (1 + ratio)).quantize(habit.price / 1000),
        profit=(amount * bought * ratio).quantize(Decimal("0.01")),
        profit_ratio=ratio,
        reason="stop_loss" if percent < -2 * habit.spread else "roi" if percent > 0 else "exit",
        final=True,
        changed=True,
        changed_at=closed_at,
        closed_at=closed_at,
    )
    yield Told(closed_at, Stream.TRADES, closed)


def _said(
    midnight: datetime, most: int, numbers: count[int], chance: random.Random
) -> Iterator[Told]:
    """What models, bots and the platform say besides."""
    for _ in range(most):
        at = _moment(midnight, chance)
        habit = chance.choice(HABITS)
        match chance.choices(range(4), (80, 4, 1, 1))[0]:
            case 0:
                signal = Signal(
                    origin=_origin(Kind.SIGNAL, at, numbers),
                    type=chance.choice(("buy", "sell")),
                    pair=habit.symbol,
                    confidence=Decimal(repr(round(chance.uniform(0.55, 0.97), 2))),
                )
                yield Told(at, Stream.SIGNALS, signal)
            case 1:
                words = "Exchange did not answer in time, trying again"
                yield _report(at, habit.bot, "warning", words, numbers)
            case 2:
                message = Message(
                    origin=_origin(Kind.MESSAGE, at, numbers),
                    title="New strategy template",
                    text="Bollinger Bands with RSI is now among the templates.",
                )
                yield Told(at, Stream.MESSAGES, message)
            case _:
                event = SystemEvent(
                    origin=_origin(Kind.SYSTEM_EVENT, at, numbers),
                    type="maintenance",
                    text="Market data of Binance was delayed for 40 seconds",
                )
                yield Told(at, Stream.SYSTEM_EVENTS, event)


def _burst(at: datetime, numbers: count[int], chance: random.Random) -> Iterator[Happening]:
    """The market runs, and the scalper with it: forty trades in three minutes."""
    for _ in range(40):
        moment = at + timedelta(minutes=chance.uniform(0, 3))
        for told in _trade(SCALPER, moment, numbers, chance):
            # Bought and sold within seconds.
            yield (
                told
                if told.at == moment
                else Told(
                    moment + timedelta(seconds=20), told.stream, _closed_at(told.event, moment)
                )
            )


def _closed_at(event: Event, moment: datetime) -> Event:
    assert isinstance(event, Trade)
    at = moment + timedelta(seconds=20)
    return replace(event, changed_at=at, closed_at=at)


def _bad_night(at: datetime, numbers: count[int]) -> Iterator[Happening]:
    """A bot fails while everybody sleeps, and somebody starts it on the platform's page later."""
    bot = HABITS[1].bot
    words = "Exchange refused the API key: trading is not allowed from this address"
    yield _report(at, bot, "error", words, numbers)
    yield Became(at + timedelta(seconds=2), replace(bot, running=False, status="error"))
    yield Became(at + timedelta(hours=4, minutes=20), bot)


def _short_of_money(at: datetime, numbers: count[int]) -> Iterator[Happening]:
    """The same error every ten minutes, for four hours."""
    for turn in range(24):
        words = "Insufficient balance: 500 USDT needed to trade ADA/USDT"
        yield _report(at + turn * timedelta(minutes=10), HABITS[6].bot, "error", words, numbers)


def _report(at: datetime, bot: Trader, kind: str, words: str, numbers: count[int]) -> Told:
    event = PodEvent(
        origin=_origin(Kind.POD_EVENT, at, numbers), type=kind, message=words, trader=bot.id
    )
    return Told(at, Stream.POD_EVENTS, event)


def _origin(kind: Kind, at: datetime, numbers: count[int]) -> Origin:
    return Origin(kind=kind, record=f"record-{next(numbers):05}", at=at)
