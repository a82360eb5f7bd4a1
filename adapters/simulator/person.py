"""The person of the demo: an account with bots, strategies and months of history."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from adapters.simulator.accounts import User
from adapters.simulator.market import Bot, Market, Stored
from adapters.simulator.past import past
from adapters.simulator.platform import SimulatedPlatform
from adapters.simulator.times import iso

EMAIL = "demo@example.com"

_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor")

_STRATEGIES = {
    "Grid": ("grid", "5m", -0.05),
    "Momentum": ("momentum", "15m", -0.08),
    "Mean reversion": ("mean reversion", "1h", -0.036),
}

# name, strategy, symbol, stake, dry run, running
_BOTS = (
    ("Grid BTC", "Grid", "BTC/USDT", "500", True, True),
    ("Momentum ETH", "Momentum", "ETH/USDT", "250", False, True),
    ("Night Owl", "Mean reversion", "SOL/USDT", "150", True, True),
    ("Sleeping Bear", "Momentum", "BTC/USDT", "100", True, False),
)

_LAST_DAY = timedelta(days=1)
_LAST_DAY_STEP = timedelta(minutes=40)

_PAST = timedelta(days=200)
"""So many trades that an account reads them within a minute of its link."""

_ASLEEP = timedelta(days=50)
"""How long ago a bot was stopped that is not running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Someone who has settled on the platform; their day went on in `market`."""

    user: User
    bots: tuple[Bot, ...]
    market: Market


async def settle(
    platform: SimulatedPlatform, *, now: Callable[[], datetime], chance: Random
) -> Resident:
    """Create the person of the demo, with a password made of three words."""
    user = platform.add_user(email=EMAIL, password="-".join(chance.sample(_WORDS, 3)), name="Demo")
    exchange = await platform.add("exchanges", {"which": "binance", "connected": True}, user.id)
    strategies = {}
    for name, (kind, interval, stoploss) in _STRATEGIES.items():
        strategy = {
            "name": name,
            "type": kind,
            "interval": interval,
            "stoploss": stoploss,
            "configured": True,
        }
        strategies[name] = await platform.add("strategies", strategy, user.id)
    bots, awake, last = [], [], {}
    for name, strategy_name, symbol, stake, dry_run, running in _BOTS:
        trader = await platform.add(
            "traders",
            {
                "name": name,
                "dry_run": dry_run,
                "stake_amount": float(stake),
                "exchangeId": exchange["_id"],
                "strategyId": strategies[strategy_name]["_id"],
                "running": running,
                "status": "running" if running else "stopped",
            },
            user.id,
        )
        bot = Bot(trader=trader["_id"], owner=user.id, symbol=symbol, stake=Decimal(stake))
        bots.append(bot)
        last[bot.trader] = now() - (_LAST_DAY if running else _ASLEEP)
        if running:
            awake.append(bot.trader)
    numbered = 0
    for bot, trade in past(chance, bots, last, _PAST):
        await platform.add("trades", trade, bot.owner, announce=False)
        numbered = max(numbered, int(trade["tradeId"]))
    market = Market(chance, bots, pace=_LAST_DAY_STEP / 10, trades=numbered)
    await _live_through(platform, market, now(), awake)
    return Resident(user=user, bots=tuple(bots), market=market)


async def _live_through(
    platform: SimulatedPlatform, market: Market, until: datetime, running: Collection[str]
) -> None:
    """Store what the market brings during the day before."""
    at = until - _LAST_DAY
    while at < until:
        for happening in market.step(at, running):
            if isinstance(happening, Stored):
                stamps = {"createdAt": iso(at), "updatedAt": iso(at)}
                record = {**happening.record, **stamps}
                await platform.add(happening.service, record, happening.owner, announce=False)
        at += _LAST_DAY_STEP
