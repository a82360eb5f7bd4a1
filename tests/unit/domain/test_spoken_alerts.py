"""Price alerts as people write them, in any order; what is not clear is no alert."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.price_alerts import LEVELS, Crossing
from bot.domain.spoken_alerts import AlertProblem, SpokenAlert, alert_written, read_alert


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("BTC/USDT above 50000", "BTC/USDT above 50000"),
        ("above 50k btc", "BTC above 50000"),
        ("tell me when the price of BTC/USDT is over $50,000.5 once", "BTC/USDT above 50000.5"),
        ("btc >= 50.000,5", "btc above 50000.5"),
        ("below 45'000 USDT eth/usdt every time", "eth/usdt below 45000 every time"),
        ("drops to 45k SOL", "SOL below 45000"),
        ("below 45k ETH", "ETH below 45000"),
        ("1INCH/USDT < 0.5", "1INCH/USDT below 0.5"),
        ("1000PEPE/USDT above 0.01", "1000PEPE/USDT above 0.01"),
        ("50000 BTC/USDT above", "BTC/USDT above 50000"),
        ("BTC-PERP above 60k, repeat", "BTC-PERP above 60000 every time"),
        ("3% in 15m btc", "btc moves 3% in 15m"),
        ("BTC moves 3,5 percent within the last 2 hours", "BTC moves 3.5% in 120m"),
        (
            "when BTC USDT rises 10 % in an hour each time",
            "BTC USDT rises 10% in 60m every time",
        ),
        ("-3% in 1h btc", "btc falls 3% in 60m"),
    ],
)
def test_it_is_understood_in_any_order(text, written):
    read = read_alert(text)

    assert isinstance(read, SpokenAlert), read
    [amount] = read.amounts
    assert alert_written(read, amount) == written


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("btc", AlertProblem.AMOUNT),
        ("btc above 1.5m", AlertProblem.AMOUNT),
        ("btc above 1e5", AlertProblem.AMOUNT),
        ("btc below 0", AlertProblem.AMOUNT),
        ("btc above 5 or 6", AlertProblem.AMOUNT),
        ("btc falls 100% in 1h", AlertProblem.AMOUNT),
        ("above 5", AlertProblem.PAIR),
        ("btc above 5 eth/usdt", AlertProblem.PAIR),
        ("btc hits 50000", AlertProblem.SIDE),
        ("btc above or below 50000", AlertProblem.SIDE),
        ("btc rises or falls 3% in 1h", AlertProblem.SIDE),
        ("btc moves 3%", AlertProblem.WITHIN),
        ("btc moves 3% in 2 days", AlertProblem.TIME),
        ("btc above 50 in 1h", AlertProblem.TIME),
        ("btc above 3%", AlertProblem.PERCENT),
        ("btc above 5 once every time", AlertProblem.OFTEN),
    ],
)
def test_what_may_mean_another_thing_is_asked_back(text, problem):
    assert read_alert(text) is problem


def test_a_number_that_is_two_in_different_places_stays_two():
    read = read_alert("btc above 50.000")

    assert isinstance(read, SpokenAlert)
    assert read.amounts == (Decimal("50.000"), Decimal(50000))
    assert [alert_written(read, one) for one in read.amounts] == [
        "btc above 50.0000",
        "btc above 50000",
    ]


@given(
    what=some.sampled_from(list(Crossing)),
    amount=some.decimals("0.00000001", "99", places=8),
    minutes=some.integers(1, 1440),
    repeats=some.booleans(),
)
def test_what_is_written_is_read_as_it_was(what, amount, minutes, repeats):
    within = None if what in LEVELS else timedelta(minutes=minutes)
    alert = SpokenAlert(
        pair="BTC/USDT", what=what, amounts=(amount,), within=within, repeats=repeats
    )

    assert read_alert(alert_written(alert, amount)) == alert


@given(text=some.text(max_size=60))
def test_anything_may_be_typed(text):
    read_alert(text)
