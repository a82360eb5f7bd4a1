"""The market: lively, honest about what stopped bots do, and the same every time."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.simulator.market import Bot, Changed, Happening, Market, Stored, Ticked
from tests.harness.virtual_time import START

PACE = timedelta(seconds=4)
STEP = timedelta(milliseconds=250)

days = settings(deadline=None, max_examples=30)
"""Each example is a long run; how long it takes depends on the machine."""

BOTS = tuple(
    Bot(trader=f"t{i}", owner="o", symbol=symbol, stake=Decimal(250))
    for i, symbol in enumerate(("BTC/USDT", "ETH/USDT", "SOL/USDT"))
)


def run(
    seed: int, steps: int, running: set[str] | None = None, step: timedelta = STEP
) -> list[tuple[datetime, Happening]]:
    """Step a market; a bot that it stops stays stopped."""
    market = Market(Random(seed), BOTS, pace=PACE)
    active = {bot.trader for bot in BOTS} if running is None else set(running)
    happened: list[tuple[datetime, Happening]] = []
    for i in range(steps):
        now = START + i * step
        for happening in market.step(now, active):
            happened.append((now, happening))
            if isinstance(happening, Changed):
                active.discard(happening.id)
    return happened


def stored(happened: list[tuple[datetime, Happening]], service: str) -> list[Stored]:
    return [h for _, h in happened if isinstance(h, Stored) and h.service == service]


def test_the_same_seed_gives_the_same_day():
    assert run(5, 2000) == run(5, 2000)
    assert run(5, 2000) != run(6, 2000)


@days
@given(seed=st.integers(0, 1000), running=st.sets(st.sampled_from(["t0", "t1", "t2"])))
def test_only_running_bots_trade_or_err(seed: int, running: set[str]):
    happened = run(seed, 50, running, PACE)

    for service in ("trades", "traders/pods/events"):
        for happening in stored(happened, service):
            assert happening.record["traderId"] in running


@days
@given(seed=st.integers(0, 1000))
def test_a_bot_sells_exactly_what_it_bought(seed: int):
    held: dict[str, tuple[float, str]] = {}

    for trade in stored(run(seed, 80, step=PACE), "trades"):
        bot, position = trade.record["traderId"], (trade.record["amount"], trade.record["tradeId"])
        if trade.record["side"] == "buy":
            assert bot not in held
            held[bot] = position
        else:
            assert held.pop(bot) == position
            assert {"profit_abs", "profit_ratio"} <= trade.record.keys()


@days
@given(seed=st.integers(0, 1000))
def test_errors_never_stop_the_last_bot(seed: int):
    stops = [h.id for _, h in run(seed, 200, step=PACE) if isinstance(h, Changed)]

    assert len(stops) == len(set(stops)) <= len(BOTS) - 1


def test_each_trade_is_reported_by_its_pod_in_the_same_words():
    happened = run(1, 1000)

    trades = stored(happened, "trades")
    reports = [
        h.record["message"]
        for h in stored(happened, "traders/pods/events")
        if h.record["type"] == "trade_executed"
    ]
    assert len(trades) > 10
    for trade, report in zip(trades, reports, strict=True):
        verb = "Bought" if trade.record["side"] == "buy" else "Sold"
        verb_told, amount, _, _, price = report.split()
        assert verb_told == verb
        assert float(amount) == trade.record["amount"]
        assert float(price) == trade.record["price"]


def test_within_a_few_minutes_some_of_everything_happens():
    happened = run(2, 4 * 240)

    services = {h.service for _, h in happened if isinstance(h, Stored)}
    kinds = {h.record["type"] for h in stored(happened, "traders/pods/events")}
    assert services == {
        "trades",
        "traders/pods/events",
        "models/signals",
        "messages",
        "events",
    }
    assert kinds == {"trade_executed", "warning", "error"}


def test_something_happens_about_as_often_as_the_pace_says():
    minutes = 60

    happened = run(3, minutes * 240)
    moments = {at for at, h in happened if isinstance(h, Stored)}

    expected = timedelta(minutes=minutes) / PACE
    assert 0.8 * expected < len(moments) < 1.2 * expected


def test_prices_are_told_at_every_step_and_stay_near_their_anchor():
    ticks = [h.ticker for _, h in run(4, 10_000) if isinstance(h, Ticked)]

    bitcoin = [tick["last"] for tick in ticks if tick["symbol"] == "BTC/USDT"]
    assert len(bitcoin) == 10_000
    assert len(set(bitcoin)) > 1000
    assert all(42400 * 0.8 < price < 42400 * 1.2 for price in bitcoin)
    assert all(tick["bid"] < tick["last"] < tick["ask"] for tick in ticks)
