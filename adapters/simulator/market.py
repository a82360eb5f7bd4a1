"""A market and the bots that trade on it, one step at a time and without any I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from adapters.simulator.times import iso

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A trader of the platform as the market sees it; `stake` is in quote currency."""

    trader: str
    owner: str
    symbol: str
    stake: Decimal


@dataclass(frozen=True, slots=True)
class Stored:
    """A record is to be stored and told."""

    service: str
    owner: str
    record: Record


@dataclass(frozen=True, slots=True)
class Changed:
    """A record is to be changed and told."""

    service: str
    id: str
    changes: Record


@dataclass(frozen=True, slots=True)
class Ticked:
    """A price is to be told to everyone; nothing is stored."""

    ticker: Record


Happening = Stored | Changed | Ticked


@dataclass(slots=True)
class _Pair:
    """A price that wanders around its anchor."""

    symbol: str
    anchor: Decimal
    tick_size: Decimal
    price: Decimal

    def move(self, chance: Random) -> None:
        drift = float(self.anchor / self.price - 1) * _PULL
        change = Decimal(repr(chance.gauss(drift, _VOLATILITY)))
        self.price = (self.price * (1 + change)).quantize(self.tick_size)


@dataclass(frozen=True, slots=True)
class Position:
    """What a bot holds."""

    amount: Decimal
    price: Decimal
    opened_at: datetime
    trade: str
    """By which what it was bought and sold for are one; our assumption, as freqtrade's trades."""

    @classmethod
    def of(cls, bot: Bot, price: Decimal, at: datetime, trade: str) -> Position:
        """Spend the bot's stake."""
        return cls((bot.stake / price).quantize(Decimal("0.0001")), price, at, trade)


_VOLATILITY = 0.0008
"""Of one step, as a ratio: lively enough that a trade of some seconds shows a result."""

_PULL = 0.01

_ERRORS_THAT_STOP = 0.4

_FEE = Decimal("0.001")
"""Of what is traded, as large exchanges take it."""

PAIRS = {
    "BTC/USDT": ("42400", "0.1"),
    "ETH/USDT": ("2310", "0.01"),
    "SOL/USDT": ("98.4", "0.01"),
    "EUR/USDT": ("1.0842", "0.0001"),
}

_DECK = ("trade",) * 7 + ("signal",) * 2 + ("warning", "error", "message", "event")
"""What happens, in shuffled order: each round brings some of everything."""

_WARNINGS = (
    "Exchange did not answer in time, trying again",
    "Order not filled after 10 minutes, cancelled",
    "Spread of {symbol} is wide, entry skipped",
)

_ERRORS = (
    "Insufficient balance: {stake} USDT needed to trade {symbol}",
    "Exchange refused the order: minimum notional not reached",
)

_MESSAGES = (
    ("Weekly report is ready", "Open the dashboard to read how your bots did."),
    ("New strategy template", "Bollinger Bands with RSI is now among the templates."),
    ("API key reminder", "One of your API keys has not been used for 30 days."),
)

_EVENTS = (
    ("maintenance", "Market data of Binance was delayed for 40 seconds"),
    ("stress", "Crypto Stress Index rose to 71: liquidity is thin"),
)


class Market:
    """Prices, and bots that buy and sell while they run.

    The same chance and the same calls give the same happenings. `bots` are all there
    are, running or not.
    """

    def __init__(
        self, chance: Random, bots: Sequence[Bot], *, pace: timedelta, trades: int = 0
    ) -> None:
        """Open the market.

        Args:
            pace: the mean time from one happening, prices aside, to the next.
            trades: how many there were before: the next has the number after.
        """
        self._chance = chance
        self.bots = bots
        self._pace = pace
        self._pairs = [
            _Pair(symbol, Decimal(anchor), Decimal(tick), Decimal(anchor))
            for symbol, (anchor, tick) in PAIRS.items()
        ]
        self._positions: dict[str, Position] = {}
        self._to_sell: list[tuple[str, Decimal | None]] = []
        self.paused: Collection[str] = ()
        """Traders that buy nothing."""
        self._trades = trades
        self._deck: list[str] = []
        self._next_at: datetime | None = None

    def go_on(self, pace: timedelta) -> None:
        """Let things happen at another pace from here on."""
        self._pace, self._next_at = pace, None

    def step(self, now: datetime, running: Collection[str]) -> list[Happening]:
        """Move every price once and give what happens now.

        Args:
            running: the ids of the traders that are running; others do nothing.
        """
        for pair in self._pairs:
            pair.move(self._chance)
        happenings: list[Happening] = [Ticked(_ticker(p, now)) for p in self._pairs]
        happenings += self._sold(now)
        if self._next_at is None or now >= self._next_at:
            seconds = self._chance.expovariate(1 / self._pace.total_seconds())
            self._next_at = now + timedelta(seconds=seconds)
            happenings += self._happen([b for b in self.bots if b.trader in running], now)
        return happenings

    def _happen(self, bots: Sequence[Bot], now: datetime) -> Iterable[Happening]:
        if not self._deck:
            self._deck = self._chance.sample(_DECK, len(_DECK))
        kind = self._deck.pop()
        bot = self._chance.choice(bots) if bots else None
        match kind:
            case "trade" if bot:
                return self._trade(bot, now)
            case "warning" if bot:
                return [_report(bot, "warning", self._chance.choice(_WARNINGS))]
            case "error" if bot:
                return self._fail(bot, lonely=len(bots) == 1)
            case "message":
                return self._for_each_owner(_message(*self._chance.choice(_MESSAGES)))
            case "event":
                return self._for_each_owner(_event(*self._chance.choice(_EVENTS)))
            case _:
                return self._for_each_owner(self._signal())

    def held(self, trader: str) -> Sequence[Record]:
        """The open trades of a trader, as its pod tells them."""
        held = self._positions.get(trader)
        bot = next((one for one in self.bots if one.trader == trader), None)
        if held is None or bot is None:
            return ()
        return [
            {
                "trade_id": int(held.trade),
                "pair": bot.symbol,
                "base_currency": bot.symbol.split("/")[0],
                "amount": _number(held.amount),
                "profit_ratio": _number(self._price(bot) / held.price - 1, "0.0001"),
                "has_open_orders": trader in {one for one, _ in self._to_sell},
                "orders": [
                    {"ft_order_side": "sell", "ft_is_entry": False, "is_open": True}
                    for one, _ in self._to_sell
                    if one == trader
                ],
            }
        ]

    def sell(self, trader: str, trade: str, amount: float | None) -> None:
        """Close an open trade, or so much of it, at the next step."""
        self._to_sell.append((trader, None if amount is None else Decimal(repr(amount))))

    def _sold(self, now: datetime) -> Iterable[Happening]:
        for trader, amount in self._to_sell:
            bot = next(one for one in self.bots if one.trader == trader)
            held = self._positions.get(trader)
            if held is None:
                continue
            sold = held.amount if amount is None else min(amount, held.amount)
            self._positions[trader] = replace(held, amount=sold)
            yield from self._trade(bot, now, forced=True)
            if sold < held.amount:
                self._positions[trader] = replace(held, amount=held.amount - sold)
        self._to_sell.clear()

    def _price(self, bot: Bot) -> Decimal:
        return next(p.price for p in self._pairs if p.symbol == bot.symbol)

    def _trade(self, bot: Bot, now: datetime, *, forced: bool = False) -> Iterable[Happening]:
        """Buy when the bot holds nothing, else sell all of it."""
        price = self._price(bot)
        held = self._positions.pop(bot.trader, None)
        if held is None and bot.trader in self.paused:
            return ()
        if held is None:
            self._trades += 1
            held = Position.of(bot, price, now, str(self._trades))
            self._positions[bot.trader] = held
            return _executed(bot, "Bought", bought(bot, held), held.amount, price)
        reason = "roi" if price > held.price else "exit_signal"
        result = sold(bot, held, price, "force_exit" if forced else reason, now)
        return _executed(bot, "Sold", result, held.amount, price)

    def _fail(self, bot: Bot, *, lonely: bool) -> Iterable[Happening]:
        """Report an error; now and then it stops the bot, but never the last one."""
        yield _report(bot, "error", self._chance.choice(_ERRORS))
        if not lonely and self._chance.random() < _ERRORS_THAT_STOP:
            stopped = {"running": False, "status": "error"}
            yield Changed("traders", bot.trader, stopped)

    def _signal(self) -> tuple[str, Record]:
        return "models/signals", {
            "type": self._chance.choice(("buy", "sell")),
            "pair": self._chance.choice(self._pairs).symbol,
            "confidence": round(self._chance.uniform(0.55, 0.97), 2),
            "timeframe": "15m",
        }

    def _for_each_owner(self, what: tuple[str, Record]) -> Iterable[Happening]:
        service, record = what
        for owner in dict.fromkeys(bot.owner for bot in self.bots):
            yield Stored(service, owner, record)


def bought(bot: Bot, held: Position) -> Record:
    """Give the trade by which a bot came to what it holds."""
    opened = {"tradeId": held.trade, "open_date": iso(held.opened_at)}
    return {**_traded(bot, "buy", held.amount, held.price), **opened}


def sold(bot: Bot, held: Position, price: Decimal, reason: str, at: datetime) -> Record:
    """Give the trade by which a bot sold it.

    Source of the fields of a result: freqtrade's rpc/api_server/api_schemas.py.
    """
    return {
        **_traded(bot, "sell", held.amount, price),
        "tradeId": held.trade,
        "profit_abs": _number(held.amount * (price - held.price), "0.01"),
        "profit_ratio": _number(price / held.price - 1, "0.0001"),
        "exit_reason": reason,
        "open_date": iso(held.opened_at),
        "close_date": iso(at),
    }


def _traded(bot: Bot, side: str, amount: Decimal, price: Decimal) -> Record:
    return {
        "side": side,
        "amount": _number(amount),
        "symbol": bot.symbol,
        "price": _number(price),
        "traderId": bot.trader,
        "fee": {
            "cost": _number(amount * price * _FEE, "0.0001"),
            "currency": bot.symbol.split("/")[1],
        },
    }


def _executed(
    bot: Bot, verb: str, trade: Record, amount: Decimal, price: Decimal
) -> Iterable[Happening]:
    """Tell a trade twice, as the platform does: the trade, and its pod's report."""
    yield Stored("trades", bot.owner, trade)
    base = bot.symbol.split("/")[0]
    text = f"{verb} {amount.normalize():f} {base} @ {price.normalize():f}"
    yield _report(bot, "trade_executed", text)


def _report(bot: Bot, kind: str, text: str) -> Stored:
    """Give a pod's event, of the documented fields.

    Source: https://cryptorobot.ai/docs/guides/realtime; `traderId` is our assumption.
    """
    record = {
        "type": kind,
        "podId": f"pod-{bot.trader}",
        "traderId": bot.trader,
        "message": text.format(symbol=bot.symbol, stake=bot.stake),
    }
    return Stored("traders/pods/events", bot.owner, record)


def _message(title: str, text: str) -> tuple[str, Record]:
    return "messages", {"title": title, "message": text}


def _event(kind: str, text: str) -> tuple[str, Record]:
    return "events", {"type": kind, "message": text}


def _ticker(pair: _Pair, now: datetime) -> Record:
    """Give a price; the fields beyond the documented two are those of CCXT."""
    return {
        "symbol": pair.symbol,
        "last": _number(pair.price),
        "bid": _number(pair.price - pair.tick_size),
        "ask": _number(pair.price + pair.tick_size),
        "percentage": _number((pair.price / pair.anchor - 1) * 100, "0.01"),
        "timestamp": int(now.timestamp() * 1000),
    }


def _number(value: Decimal, step: str | None = None) -> float:
    """Give the JSON number for a decimal, rounded to multiples of `step`."""
    return float(value if step is None else value.quantize(Decimal(step)))
