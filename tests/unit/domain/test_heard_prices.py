"""Prices that have passed: one a minute, of a day, of few pairs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.charts import FEWEST_HEARD, MOST_POINTS, Point, on_prices
from bot.domain.heard_prices import HEARD_FOR, MOST_PAIRS, HeardPrice, HeardPrices
from bot.domain.ledger import Entry

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_of_each_minute_the_last_price_is_kept():
    heard = HeardPrices()
    for second, value in ((0, 1), (20, 9), (59, 3), (60, 4), (119, 5)):
        heard.hear("BTC/USDT", Decimal(value), START + timedelta(seconds=second))

    found = heard.of("btcusdt", START + 2 * MINUTE)

    assert [(one.at - START, one.value) for one in found] == [
        (timedelta(seconds=59), Decimal(3)),
        (timedelta(seconds=119), Decimal(5)),
    ]


def test_a_day_is_kept_and_no_more():
    heard = HeardPrices()
    for minute in range(3 * 24 * 60):
        heard.hear("BTC/USDT", Decimal(1), START + minute * MINUTE)
    now = START + 3 * HEARD_FOR

    assert len(heard.of("BTC/USDT", now)) == 24 * 60 - 1
    assert heard.of("BTC/USDT", now + HEARD_FOR) == []


def test_the_pair_that_was_heard_of_longest_ago_goes_first():
    heard = HeardPrices()
    for number in range(MOST_PAIRS):
        heard.hear(f"C{number}/USDT", Decimal(1), START)
    heard.hear("C0/USDT", Decimal(2), START + MINUTE)
    heard.hear("NEW/USDT", Decimal(1), START + MINUTE)

    assert not heard.of("C1/USDT", START)
    assert len(heard.of("C0/USDT", START)) == 2


@pytest.mark.parametrize("wrong", ["0", "-1", "1e40", "NaN"])
def test_what_is_no_price_is_not_kept(wrong):
    heard = HeardPrices()

    heard.hear("BTC/USDT", Decimal(wrong), START)

    assert heard.of("BTC/USDT", START) == []


def filled(minute: float, price: int, *, paper: bool = False) -> Entry:
    return Entry(
        record=f"{minute} {paper}",
        at=START + minute * MINUTE,
        as_of=START,
        step=0,
        side="buy",
        price=Decimal(price),
        paper=paper,
    )


def line(count: int) -> list[HeardPrice]:
    return [HeardPrice(START + number * MINUTE, Decimal(100 + number)) for number in range(count)]


def test_trades_stand_among_the_prices_that_were_heard_since():
    points = on_prices(line(5), [filled(-60, 1), filled(2.5, 102), filled(3.5, 7, paper=True)])

    assert points is not None
    assert [one for one in points if one.bought] == [
        Point(at=START + 2.5 * MINUTE, value=Decimal(102), bought=True)
    ]
    assert [one.at for one in points] == sorted(one.at for one in points)
    assert len(points) == 6


def test_many_prices_are_thinned_and_no_trade_is():
    trades = [filled(number, 150) for number in range(60)]

    points = on_prices(line(24 * 60), trades)

    assert points is not None
    assert len(points) <= MOST_POINTS
    assert sum(one.bought is True for one in points) == 60
    assert {min(one.value for one in points), max(one.value for one in points)} == {100, 1539}


def test_too_few_prices_are_no_picture():
    assert on_prices(line(FEWEST_HEARD - 1), [filled(1, 1)] * 9) is None
