"""Amounts as people read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.amounts import brief, percent, quantity, signed


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


def test_a_ratio_is_shown_as_percent():
    assert percent(Decimal("0.0512")) == "+5.12 %"


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
