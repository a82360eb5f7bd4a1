"""An account's requests stay within its plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cryptorobot.limits import FREE, PLANS, Budget, plan_named
from adapters.simulator.plans import Bucket, plan_of

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_a_burst_goes_at_once_and_the_rest_as_the_bucket_fills():
    budget = Budget(FREE, at=0)

    waits = []
    for _ in range(FREE.burst + 3):
        waits.append(budget.wait(0))
        budget.take(0)

    assert waits[: FREE.burst] == [0] * FREE.burst
    assert waits[FREE.burst :] == [pytest.approx(n * 60 / 39) for n in (1, 2, 3)]


def test_in_no_minute_do_more_go_than_four_fifths_of_the_plan():
    for plan in PLANS.values():
        budget, at, gone = Budget(plan, at=0), 0.0, 0
        while (at := at + budget.wait(at)) < 60:
            budget.take(at)
            gone += 1

        assert gone <= {FREE: 48, PLANS["pro"]: 240, PLANS["enterprise"]: 800}[plan]


@settings(max_examples=50, deadline=None)
@given(
    name=st.sampled_from(["free", "pro", "enterprise"]),
    pauses=st.lists(st.floats(0, 30), max_size=200),
)
def test_the_platform_never_has_to_refuse(name: str, pauses: list[float]):
    budget = Budget(plan_named(name), at=0)
    platform = Bucket.full(plan_of(name), START)

    at = 0.0
    for pause in pauses:
        at += pause
        at += budget.wait(at)
        budget.take(at)

        assert platform.take(START + timedelta(seconds=at)) == timedelta(0)


def test_a_budget_that_is_closed_opens_in_time():
    budget = Budget(FREE, at=0)

    budget.close(until=30)
    budget.close(until=10)

    assert budget.wait(0) == 30
    assert budget.wait(29) == 1
    assert budget.wait(31) == 0


def test_a_wider_plan_gives_its_burst_at_once_and_the_same_one_nothing():
    budget = Budget(FREE, at=0)
    for _ in range(FREE.burst):
        budget.take(0)

    budget.widen(PLANS["pro"])
    budget.widen(PLANS["pro"])

    for _ in range(PLANS["pro"].burst - FREE.burst):
        assert budget.wait(0) == 0
        budget.take(0)
    assert budget.wait(0) > 0


def test_a_budget_is_idle_once_it_is_full_and_open():
    budget = Budget(FREE, at=0)
    budget.take(0)

    assert not budget.idle(0)
    assert budget.idle(10)
    budget.close(until=20)
    assert not budget.idle(11)


@pytest.mark.parametrize("name", [None, "", "Free", "unheard of"])
def test_an_unknown_plan_is_the_smallest(name: str | None):
    assert plan_named(name) is FREE


def test_a_plan_is_known_in_any_case():
    assert plan_named(" Pro ") is PLANS["pro"]
