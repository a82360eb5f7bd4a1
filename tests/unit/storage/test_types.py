"""Columns: instants keep their order and precision, foreign texts can always be stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from storage.engine.types import KEY_LIMIT, Instant, key, storable

DIALECT = sqlite.dialect()
instants = st.datetimes(
    timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 hypothesis wants them without
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
)


def stored(instant: datetime) -> int:
    store = Instant().bind_processor(DIALECT)
    assert store is not None
    value = store(instant)
    assert isinstance(value, int)
    return value


@given(instants)
def test_an_instant_comes_back_to_the_microsecond_and_in_utc(instant: datetime):
    read = Instant().result_processor(DIALECT, None)
    assert read is not None
    back = read(stored(instant))

    assert back == instant
    assert back is not None
    assert back.tzinfo is UTC


@given(instants, instants)
def test_instants_keep_their_order(one: datetime, two: datetime):
    assert (one < two) == (stored(one) < stored(two))


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(TypeError):
        stored(datetime(2026, 1, 5))  # noqa: DTZ001 that is the point


@given(st.text(st.characters()))
def test_any_text_can_be_stored_and_most_as_it_is(text: str):
    kept = storable(text)

    kept.encode()
    assert "\0" not in kept
    assert storable(kept) == kept
    if "\0" not in text and not any(0xD800 <= ord(character) < 0xE000 for character in text):
        assert kept == text


@given(st.text(st.characters()), st.integers(1, 50))
def test_a_key_is_bounded_and_the_same_for_the_same_text(text: str, times: int):
    long = text * times

    assert len(key(long)) <= KEY_LIMIT
    assert key(long) == key("".join(long))
    assert "\0" not in key(long)


def test_long_keys_with_one_beginning_are_told_apart():
    assert key("x" * KEY_LIMIT + "a") != key("x" * KEY_LIMIT + "b")
