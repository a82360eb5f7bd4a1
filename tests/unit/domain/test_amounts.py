"""Amounts as people read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.amounts import brief, gained, money, percent, quantity, signed


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("42400", "42,400"),
        ("42400.50", "42,400.5"),
        ("0.1", "0.1"),
        ("0.00001234", "0.00001234"),
        ("100", "100"),
        ("0", "0"),
        ("1E+30", "1.0000e+30"),
        ("NaN", "not a number"),
    ],
)
def test_a_quantity_is_grouped_and_tidy(value, shown):
    assert quantity(Decimal(value)) == shown


def test_a_sign_is_always_shown_where_it_matters():
    assert [signed(Decimal("12.5")), signed(Decimal("-3"))] == ["+12.5", "-3"]


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        ("0.0512", "+5.12 %"),
        ("0.012", "+1.20 %"),
        ("0", "0.00 %"),
        ("-0.00", "0.00 %"),
        ("-0.00001", "-0.001 %"),
        ("0.00004", "+0.004 %"),
        ("-0.00056789", "-0.057 %"),
        ("0.005", "+0.50 %"),
        ("-12.5", "-1,250.00 %"),
    ],
)
def test_a_ratio_is_shown_as_a_percentage_that_is_true(ratio: str, shown: str):
    assert percent(Decimal(ratio)) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("501.97056", "USDT", "501.97 USDT"),
        ("4240", "USDT", "4,240 USDT"),
        ("-3.2", "EUR", "-3.20 EUR"),
        ("1234.56", "JPY", "1,235 JPY"),
        ("0.123456789", "BTC", "0.12345679 BTC"),
        ("0.5", "BTC", "0.5 BTC"),
        ("0.0012345", "USDT", "0.0012 USDT"),
        ("0.4", "JPY", "0.4 JPY"),
        ("1.23456", "KWD", "1.235 KWD"),
        ("-0.0", "USDT", "0 USDT"),
        ("0.00000000123", "BTC", "0.0000000012 BTC"),
        ("12.345678", "DOGE", "12.345678 DOGE"),
        ("12.5", "", "12.5"),
        ("99.999", "USD", "100.00 USD"),
    ],
)
def test_money_has_the_usual_digits_of_its_currency(value: str, currency: str, shown: str):
    assert money(Decimal(value), currency) == shown


def test_what_was_gained_has_a_sign_unless_it_is_nothing():
    shown = [gained(Decimal(value), "USDT") for value in ("12.43", "-0.001", "0", "-0")]

    assert shown == ["+12.43 USDT", "-0.001 USDT", "0 USDT", "0 USDT"]


@given(
    value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12),
    currency=st.sampled_from(["USDT", "JPY", "BTC", "KWD", "DOGE", ""]),
)
def test_no_amount_is_shown_as_nothing_or_with_another_sign(value: Decimal, currency: str):
    for shown in (gained(value, currency), signed(value), percent(value)):
        number = shown.split(" ")[0].replace(",", "")
        if number == "extreme":
            continue
        assert (Decimal(number) > 0) == (value > 0)
        assert (Decimal(number) < 0) == (value < 0)
        assert number[0] in "+-" or value == 0


@given(value=st.decimals())
def test_no_number_makes_a_long_text(value):
    assert len(quantity(value)) < 60
    assert len(percent(value)) < 60


@given(value=st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_cents_are_never_lost(value):
    assert Decimal(quantity(value).replace(",", "")) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0"),
        ("1.234", "+1.23"),
        ("-12.34", "-12.3"),
        ("999.4", "+999"),
        ("4567", "+4.57k"),
        ("-1234567", "-1.23M"),
        ("0.0123", "+0.01"),
        ("-0.00123", "-1.2e-3"),
        ("3e15", "+3.0e+15"),
    ],
)
def test_over_a_bar_three_digits_are_enough(value: str, shown: str):
    assert brief(Decimal(value)) == shown


@given(value=st.decimals(allow_nan=False, allow_infinity=False))
def test_no_number_is_too_long_for_a_bar_and_none_loses_its_sign(value: Decimal):
    shown = brief(value)

    assert len(shown) <= 20
    assert shown[0] == ("0" if value == 0 else "-" if value < 0 else "+")
