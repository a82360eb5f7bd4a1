"""What an amount is worth in another currency, by the price of a pair."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.domain.conversion import currencies_of, pair_between, rate_by
from bot.domain.events import Tick

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "pairs", "found"),
    [
        ("USDT", "EUR", ["BTC/USDT", "EUR/USDT"], "EUR/USDT"),
        ("USDT", "EUR", ["USDT/EUR"], "USDT/EUR"),
        ("usdt", "BTC", ["BTC/USDT:USDT", "XBT/USDT"], "XBT/USDT"),
        ("USDT", "BTC", ["BTC/USDT:USDT"], None),
        ("USDT", "USD", ["BTC/USDT", "BTC/USD"], None),
    ],
)
def test_only_a_pair_of_just_the_two_tells_it(one, other, pairs, found):
    assert pair_between(one, other, pairs) == found


@pytest.mark.parametrize(
    ("symbol", "of", "last", "worth"),
    [
        ("EUR/USDT", "USDT", "1.25", "0.8"),
        ("EUR/USDT", "EUR", "1.25", "1.25"),
        ("USDT/EUR", "USDT", "0.8", "0.8"),
    ],
)
def test_a_price_is_read_in_both_directions(symbol, of, last, worth):
    rate = rate_by(Tick(symbol=symbol, last=Decimal(last), at=AT), of)

    assert rate is not None
    assert (rate.value, rate.pair, rate.at) == (Decimal(worth), symbol, AT)


@pytest.mark.parametrize("last", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_price_is_no_rate(last):
    assert rate_by(Tick(symbol="EUR/USDT", last=Decimal(last), at=AT), "USDT") is None


def test_currencies_are_those_of_spot_pairs():
    assert currencies_of(["BTC/USDT", "eur/usdt", "ETH/USD:ETH", "odd"]) == ("BTC", "EUR", "USDT")
