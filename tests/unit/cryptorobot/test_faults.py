"""Every no, and every silence, has its next step and a sentence fit to be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cryptorobot import faults
from adapters.cryptorobot.calls import Call
from bot.errors import (
    ConnectionLost,
    NeedsLogin,
    NoSuchRecord,
    NotOffered,
    OutcomeUnknown,
    Refused,
    SocketRefused,
    TradebellError,
    TryLater,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIND = Call(method="find", service="traders")
GET = Call(method="get", service="traders", id="1")
PATCH = Call(method="patch", service="traders", id="1", data={"running": True})


@pytest.mark.parametrize(
    ("code", "read", "single", "write"),
    [
        (400, Refused, Refused, Refused),
        (401, NeedsLogin, NeedsLogin, NeedsLogin),
        (402, NotOffered, NotOffered, NotOffered),
        (403, NotOffered, NotOffered, NotOffered),
        (404, NotOffered, NoSuchRecord, NoSuchRecord),
        (405, NotOffered, NotOffered, NotOffered),
        (408, TryLater, TryLater, OutcomeUnknown),
        (409, Refused, Refused, Refused),
        (422, Refused, Refused, Refused),
        (429, TryLater, TryLater, TryLater),
        (500, TryLater, TryLater, OutcomeUnknown),
        (502, TryLater, TryLater, OutcomeUnknown),
        (503, TryLater, TryLater, OutcomeUnknown),
        (None, TryLater, TryLater, OutcomeUnknown),
        (200, TryLater, TryLater, OutcomeUnknown),
        (10**30, TryLater, TryLater, OutcomeUnknown),
    ],
)
def test_a_code_leads_to_its_next_step(
    code: int | None,
    read: type[TradebellError],
    single: type[TradebellError],
    write: type[TradebellError],
):
    error = {"name": "Name", "message": "The reason", "code": code, "className": "name"}

    kinds = [type(faults.refusal(call, error)) for call in (FIND, GET, PATCH)]

    assert kinds == [read, single, write]
    assert str(faults.refusal(FIND, error)) == "The reason"


def test_the_status_of_http_counts_where_the_object_has_no_code():
    assert isinstance(faults.refusal(FIND, {"message": "no"}, 401), NeedsLogin)
    assert isinstance(faults.refusal(FIND, "<html>", 403), NotOffered)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({"message": "Bad", "errors": [{"field": "name", "message": "is empty"}]}, "Bad: is empty"),
        ({"message": "Bad", "errors": {"name": "is empty"}}, "Bad: name is empty"),
        ({"message": "Bad", "errors": {}}, "Bad"),
        ({"message": "Bad", "errors": {"name": {"deep": 1}}}, "Bad"),
        (
            {"message": "Bad", "data": [{"instancePath": "/x", "message": "must be"}]},
            "Bad: must be",
        ),
        ({"message": "Bad", "data": {"name": "TokenExpiredError"}}, "Bad"),
        ({"message": "boom\n    at f (/srv/app.js:1)\n    at g"}, "boom"),
        ({"message": "boom", "stack": "Error: boom at /srv/app.js"}, "boom"),
        ({"error": "Error querying /api/v1/forceexit: invalid argument"}, "invalid argument"),
        ({"detail": "Unauthorized"}, "Unauthorized"),
        (
            {"detail": [{"msg": "field required"}]},
            "The platform failed without saying why: field required",
        ),
        ({}, "The platform failed without saying why"),
        ("plain words", "plain words"),
        ("<!doctype html><p>x", "The platform failed without saying why"),
        ("\n<HTML><p>x", "The platform failed without saying why"),
        (None, "The platform failed without saying why"),
        ([], "The platform failed without saying why"),
        ({"message": "\u202eevil\u0000\n\nlines"}, "evil lines"),
    ],
)
def test_a_refusal_is_one_clean_sentence(error: object, sentence: str):
    assert faults.words(error) == sentence


def test_a_code_without_words_has_words():
    assert faults.words("", 503) == "The platform says: Service Unavailable"


@pytest.mark.parametrize(
    "secret",
    [
        "https://user:CANARY@pods.example/CANARY?key=CANARY",
        "eyJhbGciOiJIUzI1NiJ9.eyJCANARYI6MX0.CANARY",
        "cr_live_CANARY",
        "Bearer CANARY",
        "ApiKey CANARY",
    ],
)
def test_a_refusal_shows_no_secret(secret: str):
    told = faults.words({"message": f"Cannot use {secret} here", "errors": {"x": f"is {secret}"}})

    assert "CANARY" not in told
    assert told.startswith("Cannot use … here")


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["message", "code", "errors", "data", "detail", "error", "retryAfter"]
                ),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_any_error_is_an_error_of_ours_with_a_short_sentence(error: object):
    for call in (FIND, GET, PATCH):
        ours = faults.refusal(call, error)

        assert isinstance(ours, TradebellError)
        assert 0 < len(str(ours)) <= 200
        assert "\n" not in str(ours)


def test_a_hint_in_the_error_is_a_wait():
    error = {"code": 429, "message": "slow", "data": {"retryAfter": 7}}

    busy = faults.refusal(FIND, error)

    assert isinstance(busy, TryLater)
    assert busy.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("7200", 3600),
        ("Mon, 05 Jan 2026 12:01:00 GMT", 60),
        ("Mon, 05 Jan 2026 12:01:00 -0000", 60),
        ("Mon, 05 Jan 2026 11:59:00 GMT", None),
        ("-1", None),
        ("NaN", None),
        ("", None),
        ("later", None),
        ("Fri, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Fri, 01 Jan 9999 00:00:00 GMT", 3600),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600),
        ("Sat, 01 Jan 0001 00:00:00 +2359", None),
        ("Fri, 99999999999999999999 Jan 2027 00:00:00 GMT", None),
        ("Fri, 01 Jan 2027 99999999999:00:00 GMT", None),
        ("Fri, 01 Jan 2027 00:00:00 +99999999999999", None),
        ("9" * 5000, None),
        ("99999999999", 3600),
        ("1e400", None),
        ("Infinity", None),
        ("1, 2", None),
        (None, None),
    ],
)
def test_a_wait_is_seconds_or_a_date(header: str | None, seconds: int | None):
    wait = faults.wait_asked(header, NOW)

    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_header_is_a_sane_wait_or_none(header: str):
    wait = faults.wait_asked(header, NOW)

    assert wait is None or timedelta(0) <= wait <= faults.LONGEST_WAIT


@pytest.mark.parametrize(
    ("arguments", "result"),
    [((None, {"_id": "1"}), {"_id": "1"}), ((None, None), None), ((None, [], "more"), [])],
)
def test_nothing_and_a_result_are_success(arguments: tuple[object, ...], result: object):
    assert faults.outcome(FIND, arguments) == result


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (({"code": 401, "message": "no"},), NeedsLogin),
        (({"message": "boom", "stack": "x"},), OutcomeUnknown),
        (({"code": 422, "message": "no"}, {"ignored": 1}), Refused),
        (("text",), OutcomeUnknown),
        ((), OutcomeUnknown),
        ((None,), OutcomeUnknown),
    ],
)
def test_an_error_alone_is_failure_and_nothing_at_all_is_unclear(
    arguments: tuple[object, ...], error: type[TradebellError]
):
    with pytest.raises(error) as failure:
        faults.outcome(PATCH, arguments)

    assert type(failure.value) is error


def test_a_cut_leaves_a_write_unclear_and_a_read_to_be_tried_again():
    assert type(faults.cut_off(PATCH, "gone")) is OutcomeUnknown
    assert type(faults.cut_off(FIND, "gone")) is ConnectionLost


def test_a_refused_socket_has_the_platforms_words():
    refusal = faults.unopened(None, {"message": "Too many connections"}, NOW)

    assert type(refusal) is SocketRefused
    assert str(refusal) == "Too many connections"
    assert str(faults.unopened(None, None, NOW)) == "The platform gives no socket"


def test_a_silent_handshake_is_no_refusal():
    assert type(faults.unopened(TimeoutError(), None, NOW)) is TryLater
