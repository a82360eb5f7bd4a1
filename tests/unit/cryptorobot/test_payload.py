"""JSON from outside is decoded within bounds, or not at all."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cryptorobot.payload import Garbled, loads


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 0.10, true, null, "x"]}', {"a": [1, Decimal("0.10"), True, None, "x"]}),
        ("[NaN, Infinity, -Infinity]", [None, None, None]),
        (f"[{'9' * 41}, {'9' * 40}]", [None, int("9" * 40)]),
        (f"[0.{'1' * 40}, 1e400, 1e99999999999999999999]", [None, Decimal("1e400"), None]),
        (b'"\xc3\xa9"', "é"),
        ('"\\ud800"', "\ud800"),
    ],
)
def test_numbers_are_exact_or_nothing(text: str | bytes, value: object):
    assert loads(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[1] 2", "not JSON"),
        (b"\xff", "not JSON"),
        ("[" * 200_000, "nested too deep"),
        ('{"a":' * 200_000, "nested too deep"),
    ],
)
def test_what_cannot_be_decoded_has_a_reason(text: str | bytes, reason: str):
    with pytest.raises(Garbled, match=reason):
        loads(text)


@settings(max_examples=50, deadline=None)
@given(st.text() | st.binary())
def test_nothing_else_is_ever_raised(text: str | bytes):
    with suppress(Garbled):
        loads(text)
