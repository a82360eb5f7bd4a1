"""The query language, where the servers' common tests do not reach."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.simulator.query import from_brackets, matches, page
from adapters.simulator.refusals import SimulatedRefusal

PRICES = st.lists(st.integers(0, 9), max_size=30)


@settings(deadline=None)
@given(prices=PRICES, size=st.integers(1, 10))
def test_pages_by_skip_join_to_the_whole_in_order(prices: list[int], size: int):
    records = [{"_id": str(i), "price": price} for i, price in enumerate(prices)]
    query = {"$sort": {"price": 1}, "$limit": size}

    pages = [
        page(records, {**query, "$skip": skip})["data"] for skip in range(0, len(records), size)
    ]

    joined = [record for data in pages for record in data]
    # A stable sort: what is equal stays in the order of creation.
    assert joined == sorted(records, key=itemgetter("price"))


@settings(deadline=None)
@given(prices=PRICES, bound=st.integers(0, 9))
def test_an_operator_and_its_opposite_divide_the_records(prices: list[int], bound: int):
    records = [{"_id": str(i), "price": price} for i, price in enumerate(prices)]

    for one, other in (("$gt", "$lte"), ("$lt", "$gte"), ("$in", "$nin")):
        first = page(records, {"price": {one: bound}})["total"]
        second = page(records, {"price": {other: bound}})["total"]

        assert first + second == len(records)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"running": True}, True),
        ({"running": 1}, False),
        ({"price": 42.0}, True),
        ({"price": {"$gt": True}}, False),
        ({"stressShield.enabled": True}, True),
        ({"stressShield.enabled.deeper": True}, False),
        ({"absent": None}, True),
        ({"absent": {"$in": [None]}}, True),
        ({"absent": {"$gt": 0}}, False),
        ({"price": {"$gt": 1}, "name": {"$gt": "A", "$lt": "C"}}, True),
        ({"$or": []}, False),
    ],
)
def test_values_fit_only_values_of_their_type(query: dict[str, Any], fits: bool):
    record = {
        "price": 42,
        "running": True,
        "name": "B",
        "stressShield": {"enabled": True},
    }

    assert matches(record, query) is fits


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"price": "42"}, True),
        ({"price": {"$gte": "41.5"}}, True),
        ({"price": {"$in": ["41", "42"]}}, True),
        ({"price": "much"}, False),
        ({"running": "true"}, True),
        ({"running": "false"}, False),
        ({"running": "yes"}, False),
        ({"absent": "null"}, True),
        ({"name": "1"}, True),
    ],
)
def test_text_is_read_in_the_type_of_the_value_beside_it(query: dict[str, Any], fits: bool):
    record = {"price": 42, "running": True, "name": "1"}

    assert matches(record, query, text=True) is fits


def test_values_of_different_types_sort_as_nothing_numbers_texts_booleans():
    values: list[Any] = ["b", None, 2, True, "a", 10, {"x": 1}]
    records = [{"_id": str(i), "value": value} for i, value in enumerate(values)]

    found = page(records, {"$sort": {"value": 1}})["data"]

    assert [r["value"] for r in found] == [None, 2, 10, "a", "b", True, {"x": 1}]


@pytest.mark.parametrize(
    ("limit", "given"),
    [(None, 25), (3, 3), ("3", 3), (0, 0), (-1, 25), ("many", 25), (1e400, 25)],
)
def test_a_limit_that_makes_no_sense_is_the_usual_one(limit: Any, given: int):
    assert page([], {"$limit": limit})["limit"] == given


def test_brackets_make_objects_and_lists():
    pairs = [
        ("a", "1"),
        ("createdAt[$gte]", "x"),
        ("$select[]", "a"),
        ("$select[]", "b"),
        ("$or[0][a]", "1"),
        ("$or[1][b][$in][]", "2"),
        ("twice", "1"),
        ("twice", "2"),
    ]

    assert from_brackets(pairs) == {
        "a": "1",
        "createdAt": {"$gte": "x"},
        "$select": ["a", "b"],
        "$or": [{"a": "1"}, {"b": {"$in": ["2"]}}],
        "twice": ["1", "2"],
    }


@pytest.mark.parametrize("pairs", [[("a", "1"), ("a[b]", "2")], [("$or", "1")]], ids=["both", "or"])
def test_a_query_that_contradicts_itself_is_refused(pairs: list[tuple[str, str]]):
    with pytest.raises(SimulatedRefusal) as refused:
        page([], from_brackets(pairs))

    assert refused.value.code == 400
