"""The person of the demo, and a market that happens to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest

from adapters.simulator import Market, play, settle
from tests.unit.simulator.conftest import Desk, OpenDesk, by_password

SECONDS_PER_STEP = 0.25


async def test_the_person_has_bots_strategies_and_months_of_history(
    desk: Desk, now: Callable[[], datetime]
):
    resident = await settle(desk.platform, now=now, chance=Random(1))

    caller = desk.connect("s", resident.user)
    traders = (await desk.call(caller, "find", "traders"))["data"]
    strategies = (await desk.call(caller, "find", "strategies"))["data"]
    trades = (await desk.call(caller, "find", "trades"))["data"]
    stored = list(desk.platform.records.of("trades", resident.user.id))
    assert resident.user.email == "demo@example.com"
    assert {trader["name"] for trader in traders} >= {"Grid BTC", "Momentum ETH"}
    assert {trader["dry_run"] for trader in traders} == {True, False}
    assert {trader["running"] for trader in traders} == {True, False}
    assert {t["strategyId"] for t in traders} <= {s["_id"] for s in strategies}
    span = datetime.fromisoformat(stored[-1]["createdAt"]) - datetime.fromisoformat(
        stored[0]["createdAt"]
    )
    assert span > timedelta(days=180)
    assert 300 < len(stored) < 600
    assert {trade.get("exit_reason") for trade in stored} >= {"roi", "stop_loss", "exit_signal"}
    for told in ("traders/pods/events", "messages", "events"):
        assert (await desk.call(caller, "find", told))["data"], told
    assert trades == sorted(trades, key=lambda trade: str(trade["createdAt"]))
    assert desk.heard("s") == []


async def test_what_was_bought_in_those_months_was_sold_for_what_is_told(
    desk: Desk, now: Callable[[], datetime]
):
    resident = await settle(desk.platform, now=now, chance=Random(1))

    bought = {}
    for trade in desk.platform.records.of("trades", resident.user.id):
        key = trade["traderId"], trade["tradeId"]
        assert trade["createdAt"] <= now().isoformat()
        if trade["side"] == "buy":
            assert key not in bought
            bought[key] = trade
        else:
            first = bought[key]
            gained = trade["amount"] * (trade["price"] - first["price"])
            assert trade["amount"] == first["amount"]
            assert trade["profit_abs"] == pytest.approx(gained, abs=0.006)
            assert trade["open_date"] == first["createdAt"] < trade["createdAt"]


async def test_the_same_chance_gives_the_same_months(open_desk: OpenDesk, now):
    of = []
    for _ in range(2):
        desk = open_desk()
        resident = await settle(desk.platform, now=now, chance=Random(1))
        of.append(list(desk.platform.records.of("trades", resident.user.id)))

    assert of[0] == of[1]


async def test_a_bot_of_the_person_can_be_started_from_outside(
    desk: Desk, now: Callable[[], datetime]
):
    resident = await settle(desk.platform, now=now, chance=Random(1))
    caller = desk.connect("s", resident.user)
    page = await desk.call(caller, "find", "traders", query={"running": False})

    started = await desk.call(
        caller, "patch", "traders", id=page["data"][0]["_id"], data={"running": True}
    )

    assert started["status"] == "running"


async def test_the_market_happens_to_the_platform_until_it_is_stopped(
    desk: Desk, now: Callable[[], datetime]
):
    chance = Random(1)
    resident = await settle(desk.platform, now=now, chance=chance)
    market = Market(chance, resident.bots, pace=timedelta(seconds=4))
    caller = desk.connect("s", resident.user)
    await desk.call(caller, "create", "authentication", data=by_password(resident.user))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(120):
            await play(desk.platform, market, now=now)

    names = [name for name, _ in desk.heard("s")]
    assert names.count("exchanges/ticker patched") >= 3 * 120 / SECONDS_PER_STEP
    assert names.count("trades created") >= 5
    assert "models/signals created" in names


async def test_paused_bots_do_not_trade(desk: Desk, now: Callable[[], datetime]):
    chance = Random(1)
    resident = await settle(desk.platform, now=now, chance=chance)
    caller = desk.connect("s", resident.user)
    for bot in resident.bots:
        await desk.call(caller, "patch", "traders", id=bot.trader, data={"running": False})
    market = Market(chance, resident.bots, pace=timedelta(seconds=4))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(120):
            await play(desk.platform, market, now=now)

    names = [name for name, _ in desk.heard("s")]
    assert "trades created" not in names
    assert "models/signals created" in names
