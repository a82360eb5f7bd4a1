"""The bucket of requests that a plan fills."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.simulator.plans import Bucket, plan_of
from tests.harness.virtual_time import START


@settings(deadline=None)
@given(waits=st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_no_minute_sees_more_than_the_plan_and_its_burst(waits: list[float]):
    plan = plan_of("free")
    bucket = Bucket.full(plan, START)
    at, allowed = START, []

    for wait in waits:
        at += timedelta(seconds=wait)
        if not bucket.take(at):
            allowed.append(at)

    for first in allowed:
        minute = [a for a in allowed if first <= a < first + timedelta(minutes=1)]
        assert len(minute) <= plan.requests_per_minute + plan.burst


@given(used=st.integers(11, 40))
def test_after_the_told_wait_a_request_is_allowed(used: int):
    bucket = Bucket.full(plan_of("free"), START)
    for _ in range(used):
        wait = bucket.take(START)

    later = START + wait + timedelta(microseconds=1)

    assert bucket.take(later) == timedelta(0)


def test_an_hour_of_silence_saves_no_more_than_the_burst():
    plan = plan_of("free")
    bucket = Bucket.full(plan, START)
    later = START + timedelta(hours=1)

    waits = [bucket.take(later) for _ in range(plan.burst + 1)]

    assert waits.count(timedelta(0)) == plan.burst
