"""What Discord allows us, and how we stay inside it."""

import pytest

from adapters.discord.limits import KEPT, MOST_REFUSALS, WINDOW, Breaker, Buckets, number

SEND = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"


def spent(name: str, reset: str = "2.5") -> dict[str, str]:
    return {
        "X-RateLimit-Bucket": name,
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset-After": reset,
    }


def test_a_bucket_that_is_empty_rests_until_it_refills():
    buckets = Buckets()

    buckets.learn(SEND, "1", spent("a"), at=10.0)

    assert buckets.wait(SEND, "1", at=11.0) == 1.5
    assert buckets.wait(SEND, "1", at=12.5) == 0


def test_a_bucket_with_something_left_rests_nobody():
    buckets = Buckets()

    headers = {**spent("a"), "X-RateLimit-Remaining": "1"}
    buckets.learn(SEND, "1", headers, at=10.0)

    assert buckets.wait(SEND, "1", at=10.0) == 0


def test_another_channel_has_a_bucket_of_its_own():
    buckets = Buckets()

    buckets.learn(SEND, "1", spent("a"), at=10.0)

    assert buckets.wait(SEND, "2", at=10.0) == 0


def test_routes_share_a_bucket_where_discord_says_so():
    buckets = Buckets()

    buckets.learn(SEND, "1", spent("a"), at=10.0)
    assert buckets.wait(EDIT, "1", at=10.0) == 0
    buckets.learn(EDIT, "1", {"X-RateLimit-Bucket": "a"}, at=10.0)

    assert buckets.wait(EDIT, "1", at=10.0) == 2.5


def test_buckets_that_have_refilled_are_forgotten():
    buckets = Buckets()

    for channel in range(KEPT + 50):
        buckets.rest(SEND, str(channel), 1.0, at=float(channel))

    assert len(buckets._until) < KEPT


def test_the_breaker_opens_long_before_a_ban_and_closes_when_the_window_has_passed():
    breaker = Breaker()

    for refusal in range(MOST_REFUSALS - 1):
        breaker.count(at=refusal / 10)
    assert breaker.wait(at=100.0) == 0
    breaker.count(at=100.0)

    assert MOST_REFUSALS <= 10_000 / 5
    assert breaker.wait(at=100.0) == WINDOW - 100.0
    assert breaker.wait(at=WINDOW) == 0
    assert breaker.wait(at=3 * WINDOW) == 0


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1.5", 1.5),
        (3, 3.0),
        (0, 0),
        ("-1", 0),
        (None, 0),
        ("soon", 0),
        ("nan", 0),
        ("inf", 0),
        (1e9, 0),
        ({}, 0),
    ],
)
def test_a_wait_that_makes_no_sense_is_none(written: object, seconds: float):
    assert number(written) == seconds
