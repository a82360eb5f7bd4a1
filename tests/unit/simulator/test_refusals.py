"""The error object, as the platform and its library write it."""

from datetime import timedelta

from adapters.simulator.refusals import SimulatedRefusal


def test_an_error_has_the_four_documented_fields_and_no_empty_ones():
    assert SimulatedRefusal(401, "Not authenticated").as_record() == {
        "name": "NotAuthenticated",
        "message": "Not authenticated",
        "code": 401,
        "className": "not-authenticated",
    }


def test_what_is_wrong_with_the_fields_is_a_list():
    record = SimulatedRefusal(422, "No", errors={"exchangeId": "is required"}).as_record()

    assert record["errors"] == [{"field": "exchangeId", "message": "is required"}]


def test_the_wait_is_told_in_whole_seconds_rounded_up():
    record = SimulatedRefusal(429, "Slow", retry_after=timedelta(seconds=1.2)).as_record()

    assert record["data"] == {"retryAfter": 2}
