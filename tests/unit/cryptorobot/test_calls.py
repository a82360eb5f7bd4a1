"""Calls as they travel, and the lists that they give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.cryptorobot.calls import (
    PROOFS,
    STRATEGY_FIELDS,
    TRADER_FIELDS,
    Call,
    FoundPage,
    found,
    oldest,
    segment,
    youngest,
)

SECRETS = {"api_server", "webhook", "jwt_secret_key", "password"}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (Call(method="find", service="trades", query={"$limit": 1}), ("trades", {"$limit": 1})),
        (Call(method="get", service="traders", id="1"), ("traders", "1", {})),
        (
            Call(method="patch", service="traders", id="1", data={"running": True}),
            ("traders", "1", {"running": True}, {}),
        ),
        (
            Call(method="create", service="authentication", data={"strategy": "jwt"}),
            ("authentication", {"strategy": "jwt"}, {}),
        ),
    ],
)
def test_arguments_come_in_the_order_of_the_protocol(call: Call, arguments: tuple[object, ...]):
    assert call.arguments == arguments


def test_a_query_is_nested_in_brackets_over_rest():
    since = datetime(2026, 1, 5, 13, 0, 0, 123999, tzinfo=timezone(timedelta(hours=1)))

    request = oldest("models/signals", since, limit=1000, skip=7).over_rest()

    assert (request.verb, request.path) == ("GET", "/models/signals")
    assert request.parameters == (
        ("createdAt[$gte]", "2026-01-05T12:00:00.123Z"),
        ("$sort[createdAt]", "1"),
        ("$sort[_id]", "1"),
        ("$limit", "100"),
        ("$skip", "7"),
    )


def test_lists_and_flags_have_their_forms_over_rest():
    call = Call(method="find", service="x", query={"$select": ["a", "b"], "active": True})

    assert call.over_rest().parameters == (
        ("$select[]", "a"),
        ("$select[]", "b"),
        ("active", "true"),
    )


def test_a_change_is_patched_at_the_records_address():
    call = Call(method="patch", service="traders", id="a/b?c", data={"running": False})

    request = call.over_rest()

    assert (request.verb, request.path) == ("PATCH", "/traders/a%2Fb%3Fc")
    assert request.data == {"running": False}


@pytest.mark.parametrize("id", ["", ".", ".."])
def test_an_id_leads_to_no_other_place(id: str):
    with pytest.raises(ValueError, match="no step"):
        segment(id)


def test_only_writes_write():
    assert Call(method="patch", service="traders").writes
    assert Call(method="create", service="traders").writes
    assert not Call(method="create", service="authentication").writes
    assert not any(proof.writes for proof in PROOFS)
    assert not youngest("trades", 5).writes


def test_data_is_not_shown():
    call = Call(method="create", service="authentication", data={"password": "CANARY"})

    assert "CANARY" not in repr(call)
    assert "CANARY" not in repr(call.over_rest())


def test_no_more_fields_are_asked_for_than_an_address_can_name():
    assert max(len(TRADER_FIELDS), len(STRATEGY_FIELDS)) <= 20


def test_no_secret_is_asked_for():
    assert not SECRETS & {*TRADER_FIELDS, *STRATEGY_FIELDS}


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        ({"total": 9, "limit": 2, "skip": 0, "data": [1, 2]}, FoundPage(records=(1, 2), total=9)),
        ({"data": [1]}, FoundPage(records=(1,))),
        ([1, 2], FoundPage(records=(1, 2))),
        ({"total": "9", "data": []}, FoundPage(records=())),
        ({"total": True, "data": []}, FoundPage(records=())),
        ({"data": {}}, None),
        ({}, None),
        (None, None),
        ("x", None),
    ],
)
def test_a_list_is_read_in_every_shape(answer: object, page: FoundPage | None):
    assert found(answer) == page


@pytest.mark.parametrize(
    ("page", "skipped", "ends"),
    [
        (FoundPage(records=(1, 2), total=4), 0, False),
        (FoundPage(records=(1, 2), total=4), 2, True),
        (FoundPage(records=(1, 2), total=-1), 0, True),
        (FoundPage(records=(1,)), 0, False),
        (FoundPage(records=()), 5, True),
        (FoundPage(records=(), total=9), 5, True),
    ],
)
def test_a_short_page_is_not_the_last_unless_the_platform_says_so(
    page: FoundPage, skipped: int, ends: bool
):
    assert page.ends(skipped) is ends


def test_an_instant_is_written_in_utc():
    call = oldest("trades", datetime(2026, 1, 5, 12, tzinfo=UTC), limit=5, skip=0)

    assert call.query["createdAt"] == {"$gte": "2026-01-05T12:00:00.000Z"}
    assert call.query["$limit"] == 5
