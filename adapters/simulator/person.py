"""The person of the demo: an account with bots, strategies and a day of history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from adapters.simulator.accounts import User
from adapters.simulator.market import Bot, Market, Stored
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

_HISTORY = timedelta(days=1)
_HISTORY_STEP = timedelta(minutes=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Someone who has settled on the platform."""

    user: User
    bots: tuple[Bot, ...]


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
    bots = []
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
    resident = Resident(user=user, bots=tuple(bots))
    await _remember(platform, resident, now(), chance)
    return resident


async def _remember(
    platform: SimulatedPlatform, resident: Resident, until: datetime, chance: Random
) -> None:
    """Store what a market would have brought during the day before."""
    market = Market(chance, resident.bots, pace=_HISTORY_STEP / 10)
    traders = {bot.trader for bot in resident.bots}
    at = until - _HISTORY
    while at < until:
        for happening in market.step(at, traders):
            if isinstance(happening, Stored):
                stamps = {"createdAt": iso(at), "updatedAt": iso(at)}
                record = {**happening.record, **stamps}
                await platform.add(happening.service, record, happening.owner, announce=False)
        at += _HISTORY_STEP
