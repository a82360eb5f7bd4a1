"""Fields are read whatever their spelling, type or nesting."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.cryptorobot.fields import LONGEST_ID, Fields, instant, number, text

NOON = datetime(2024, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["dry_run", "dryRun", "DryRun", "dryrun", "DRY_RUN"])
def test_case_and_underscores_do_not_matter(name: str):
    assert Fields({name: True}).flag("dry_run") is True


def test_the_likeliest_name_that_can_be_read_wins():
    fields = Fields({"message": {"nested": True}, "text": "", "body": "hello"})

    assert fields.text("message", "text", "body") == "hello"


def test_a_field_of_no_value_hides_no_other_spelling():
    assert Fields({"created_at": None, "createdAt": 1705320000}).instant("createdAt") == NOON


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-15T12:00:00.000Z",
        "2024-01-15T12:00:00Z",
        "2024-01-15T14:00:00+02:00",
        "2024-01-15T12:00:00",
        "2024-01-15 12:00:00",
        " 2024-01-15T12:00:00Z ",
        1705320000,
        1705320000000,
        "1705320000",
        "1705320000000",
        Decimal("1705320000.0"),
        1705320000000000,
        1705320000000000000,
        "2024-01-15T12:00:00 UTC",
        "Mon, 15 Jan 2024 12:00:00 GMT",
        "Mon Jan 15 2024 14:00:00 GMT+0200 (Central European Summer Time)",
    ],
)
def test_an_instant_is_read_in_every_form(written: object):
    assert instant(written) == NOON


def test_an_instant_of_a_database_may_be_wrapped():
    wrapped = {"$date": {"$numberLong": "1705320000000"}}

    assert Fields({"createdAt": wrapped}).instant("createdAt") == NOON


@pytest.mark.parametrize(
    "written",
    [
        None,
        True,
        "",
        "yesterday",
        "20240115",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        0,
        -1,
        10**30,
        Decimal("1e29"),
        "9" * 39,
        {"$date": 1},
        ["2024-01-15"],
        "2024-01-15T12:00:00Z" + " " * 100,
    ],
)
def test_what_is_no_instant_is_none(written: object):
    assert instant(written) is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (1, Decimal(1)),
        (Decimal("0.10"), Decimal("0.10")),
        (" 42400.5 ", Decimal("42400.5")),
        ("-1e-8", Decimal("-1e-8")),
        (0, Decimal(0)),
        ("0e-400", Decimal(0)),
        ("4.2E4", Decimal(42000)),
        ("\u22125", Decimal(-5)),
    ],
)
def test_a_number_is_exact(written: object, value: Decimal):
    assert number(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,234.5", "1234.5"),
        ("-1,234.50", "-1234.50"),
        ("42,400.10", "42400.10"),
        ("1.234,5", "1234.5"),
        ("0,5", "0.5"),
        ("0,125", "0.125"),
        ("1234,567", "1234.567"),
        ("1,234,567", "1234567"),
        ("1.234.567,8", "1234567.8"),
        ("12,34,567.8", "1234567.8"),
        ("1 234,5", "1234.5"),
        ("1\u202f234.5", "1234.5"),
        ("1'234'567.8", "1234567.8"),
        ("1\u2019234", "1234"),
    ],
)
def test_a_number_is_read_however_it_is_grouped(written: str, value: str):
    assert number(written) == Decimal(value)


@pytest.mark.parametrize("written", ["0.5 BTC", "0.5btc", "BTC 0.5", "0,5 BTC", "0.5"])
def test_a_number_may_have_its_unit_beside_it(written: str):
    assert number(written, "BTC") == Decimal("0.5")


@pytest.mark.parametrize("written", ["0.5 ETH", "0.5 mBTC", "0.5%", "BTC"])
def test_another_unit_makes_it_another_number(written: str):
    assert number(written, "BTC") is None
    assert Fields({"amount": written}).unread("amount", unit="BTC") == written


@pytest.mark.parametrize("written", [5, "5", "1,234.5", "", "n/a", "NaN", None, {"a": "b"}])
def test_what_is_a_number_or_nothing_is_not_shown_as_sent(written: object):
    assert Fields({"amount": written}).unread("amount") is None


def test_a_percentage_is_a_ratio():
    fields = Fields({"profit": "-1.2 %", "plain": "1.2"})

    assert fields.ratio("plain", "profit") == Decimal("-0.012")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("too little", "too little"),
        ({"msg": "too little", "stack": "CANARY"}, "too little"),
        ({"code": -2010, "msg": "too little"}, "too little (code -2010)"),
        ({"error": {"message": "too little"}}, "too little"),
        ({"code": "ECONNREFUSED"}, "ECONNREFUSED"),
        ({"code": -2010}, "code -2010"),
        ([{"msg": "too"}, "little"], "too\nlittle"),
        ({"password": "CANARY"}, None),
        ({"a": {"message": "CANARY"}}, None),
        ([], None),
    ],
)
def test_words_are_found_in_an_object_or_a_list(value: object, said: str | None):
    assert Fields({"message": value}).words("message") == said


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ({"value": "0.5"}, "0.5"),
        ({"value": {"$numberDecimal": "-3.2"}}, "-3.2"),
        ({"value": 3, "currency": "USDT"}, "3"),
        ([{"$numberLong": "12"}], "12"),
        ({"value": 3, "currency": "EUR"}, None),
        ({"values": 3}, None),
        ([1, 2], None),
        ([[[[1]]]], None),
    ],
)
def test_a_value_may_be_wrapped(written: object, value: str | None):
    read = Fields({"price": written}).number("price", unit="USDT")

    assert read == (None if value is None else Decimal(value))


def test_an_amount_of_another_currency_is_kept_as_it_was_sent():
    assert Fields({"profit": {"value": 3, "currency": "EUR"}}).unread("profit") == "3 EUR"


@pytest.mark.parametrize(
    "written",
    [
        None,
        True,
        "",
        "NaN",
        "-Infinity",
        "1,234",
        "1,23.4",
        "1.2%",
        "1.5k",
        "0.5 BTC",
        "12 34",
        "unlimited",
        "1e31",
        10**31,
        "1e-31",
        [1],
        {},
        "9" * 41,
    ],
)
def test_what_is_no_sane_number_is_none(written: object):
    assert number(written) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("hello", "hello"),
        ("hello world", "hello"),
        ("\ud800x", "?x"),
        ("a\x00b", "ab"),
        (" \n ", None),
        (7, "7"),
        (Decimal("1.5"), "1.5"),
        (True, None),
        (None, None),
        (["x"], None),
    ],
)
def test_a_text_can_be_stored_and_is_bounded(written: object, read: str | None):
    assert text(written, 5) == read


@pytest.mark.parametrize(
    ("record", "id"),
    [
        ({"_id": "a", "id": "b"}, "a"),
        ({"_id": None, "id": "b"}, "b"),
        ({"_id": 7}, "7"),
        ({"_id": {"$oid": "x"}, "id": 8}, "8"),
        ({"_id": {"$oid": "x"}}, "x"),
        ({"_id": {"$oid": {"$oid": "x"}}}, None),
        ({"_id": True}, None),
        ({"_id": ""}, None),
        ({"_id": "x" * LONGEST_ID}, "x" * LONGEST_ID),
        ({"_id": "x" * (LONGEST_ID + 1)}, None),
        ({}, None),
    ],
)
def test_an_id_is_an_opaque_text(record: dict[str, object], id: str | None):
    assert Fields(record).id() == id


@pytest.mark.parametrize(
    ("value", "id"),
    [
        ("a", "a"),
        (7, "7"),
        ({"$oid": "a"}, "a"),
        ({"_id": "a", "password": "x"}, "a"),
        ({"id": 7}, "7"),
        ({}, None),
    ],
)
def test_a_link_may_be_the_linked_record_itself(value: object, id: str | None):
    assert Fields({"strategyId": value}).reference_id("strategyId") == id


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        ("BTC/USDT:USDT", "BTC/USDT:USDT"),
        ({"left": "BTC", "right": "USDT"}, "BTC/USDT"),
        ({"base": "BTC", "quote": "USDT"}, "BTC/USDT"),
        ({"left": "BTC"}, "BTC"),
        ({"right": "BTC"}, None),
        (["BTC", "USDT"], None),
        (7, None),
    ],
)
def test_a_pair_is_read_in_halves_too(value: object, pair: str | None):
    assert Fields({"pair": value}).symbol("symbol", "pair") == pair


def test_a_count_is_whole_and_not_negative():
    fields = Fields({"a": "3", "b": -1, "c": Decimal("1.5")})

    assert [fields.count(name) for name in "abc"] == [3, None, None]


def test_a_record_of_countless_fields_is_read_as_far_as_anyone_would():
    record: dict[str, object] = {f"field {n}": n for n in range(100_000)}

    fields = Fields({**record, "_id": "a"})

    assert fields.id() == "a"
    assert fields.text("field 7") == "7"
    assert fields.text("field 99999") is None
