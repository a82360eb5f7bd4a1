"""Draws the pictures of docs/charts.md: `python -m tests.charts`."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.pictures.draw import drawn
from bot.domain.cards import Look
from bot.domain.charts import Chart, Point, on_prices
from bot.domain.figures import Closed, Record, Span, latest
from bot.domain.heard_prices import HeardPrices
from bot.domain.ids import TraderId
from bot.domain.ledger import Entry
from bot.domain.results import Money
from bot.texts import charts as texts
from bot.texts.figures import By, Scope

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
NOW = datetime(2026, 11, 29, 18, tzinfo=UTC)
BOTS = {"owl": "Night Owl", "heron": "Heron", "grid": "Grid BTC"}


def samples() -> Mapping[str, Chart | None]:
    chance = random.Random(7)
    found = Record(since=NOW - timedelta(days=30), trades=tuple(_closed(chance)))
    utc = ZoneInfo("UTC")
    days = latest(Span.DAY, 7, NOW, utc)
    return {
        "curve": texts.curve_of(found),
        "daily": texts.bars_of(Span.DAY, found, days, utc),
        "pairs": texts.ranking_of(By.PAIR, found, Scope(bots=(), called=BOTS)),
        "trades": texts.pair_of("BTC/USDT", tuple(_filled(chance))),
        "prices": _heard(chance),
    }


def _closed(chance: random.Random) -> Iterator[Closed]:
    at = NOW - timedelta(days=30)
    while at < NOW:
        bot, pair = chance.choice(sorted(BOTS)), chance.choice(("BTC", "ETH", "SOL", "XRP", "ADA"))
        value = Decimal(round(chance.gauss(1.2, 9), 2)).quantize(Decimal("0.01"))
        usdt = Money("USDT", False)
        yield Closed(at, None, TraderId(bot), f"{pair}/USDT", None, usdt, value)
        at += timedelta(hours=chance.uniform(2, 20))


def _filled(chance: random.Random) -> Iterator[Point]:
    at, price = NOW - timedelta(days=3), 42_000.0
    for number in range(24):
        value = Decimal(price).quantize(Decimal("0.1"))
        yield Point(at=at, value=value, bought=number % 2 == 0)
        at += timedelta(hours=chance.uniform(0.5, 5))
        price += chance.gauss(0, 150)


def _heard(chance: random.Random) -> Chart:
    heard, price = HeardPrices(), 42_000.0
    entries: list[Entry] = []
    for minute in range(24 * 60):
        at = NOW - timedelta(minutes=24 * 60 - minute)
        price += chance.gauss(0, 12)
        value = Decimal(price).quantize(Decimal("0.1"))
        heard.hear("BTC/USDT", value, at)
        if minute % 170 == 60:
            filled = Entry(
                record=str(minute),
                at=at,
                as_of=at,
                step=0,
                side="sell" if len(entries) % 2 else "buy",
                price=value,
                paper=False,
            )
            entries.append(filled)
    passed = heard.of("BTC/USDT", NOW)
    points = on_prices(passed, entries)
    assert points is not None
    return texts.prices_of("BTC/USDT", points, len(passed))


if __name__ == "__main__":
    for name, chart in samples().items():
        assert chart is not None
        for look in Look:
            path = FOLDER / f"chart-{name}-{look}.png"
            path.write_bytes(drawn(chart, look).png)
