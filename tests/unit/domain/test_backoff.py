"""One back-off for all who wait."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backoff import Backoff

SECOND = timedelta(seconds=1)

spans = st.timedeltas(timedelta(milliseconds=1), timedelta(days=30))
failures = st.integers(-5, 10_000)
seeds = st.integers()


@st.composite
def backoffs(draw: st.DrawFn) -> Backoff:
    steps = sorted(draw(st.lists(spans, min_size=2, max_size=8)))
    parts = sorted(draw(st.lists(st.floats(0, 2), min_size=2, max_size=2)))
    return Backoff(
        first=steps[0],
        ceiling=steps[-1],
        between=tuple(steps[1:-1]),
        jitter=(parts[0], parts[1]),
    )


@given(backoff=backoffs(), failures=failures)
def test_steps_lead_from_the_first_to_the_ceiling_and_never_back(backoff, failures):
    here, next_one = backoff.step(failures), backoff.step(failures + 1)

    assert backoff.first == backoff.step(0) == backoff.step(1)
    assert backoff.first <= here <= next_one <= backoff.ceiling
    assert backoff.step(10_000) == backoff.ceiling


@given(first=spans, ceiling=spans, failures=st.integers(1, 10_000))
def test_without_steps_between_each_is_twice_the_one_before(first, ceiling, failures):
    backoff = Backoff(first=min(first, ceiling), ceiling=max(first, ceiling))

    assert backoff.step(failures + 1) == min(2 * backoff.step(failures), backoff.ceiling)


@given(backoff=backoffs(), failures=failures, seed=seeds)
def test_chance_takes_no_less_and_no_more_than_its_part(backoff, failures, seed):
    wait = backoff.wait(failures, random.Random(seed))

    least, most = backoff.jitter
    step = backoff.step(failures)
    slack = timedelta(microseconds=1)  # a product of a span is rounded to these
    assert step * least - slack <= wait <= step * most + slack


@given(backoff=backoffs(), failures=failures, seed=seeds, asked=st.timedeltas())
def test_a_wait_that_was_asked_for_is_never_shortened(backoff, failures, seed, asked):
    unasked = backoff.wait(failures, random.Random(seed))

    assert backoff.wait(failures, random.Random(seed), asked) == max(unasked, asked)


@given(backoff=backoffs(), failures=failures, seed=seeds)
def test_the_same_chance_gives_the_same_wait(backoff, failures, seed):
    waits = {backoff.wait(failures, random.Random(seed)) for _ in range(2)}

    assert len(waits) == 1


def test_who_failed_together_comes_back_over_the_whole_wait():
    backoff, chance = Backoff(first=SECOND, ceiling=60 * SECOND), random.Random(1)

    waits = [backoff.wait(7, chance) for _ in range(1000)]

    for part in range(10):
        tenth = [one for one in waits if part * 6 * SECOND <= one < (part + 1) * 6 * SECOND]
        assert 50 < len(tenth) < 150


@given(backoff=backoffs())
def test_where_failures_are_not_counted_the_time_doubles_from_look_to_look(backoff):
    waited = timedelta(0)
    waits: list[timedelta] = []
    while not waits or (waits[-1] < backoff.ceiling and len(waits) < 100):
        waits.append(backoff.after(waited))
        waited += waits[-1]

    doubling = Backoff(first=backoff.first, ceiling=backoff.ceiling)
    assert waits == [backoff.first, *map(doubling.step, range(1, len(waits)))]


@pytest.mark.parametrize(
    ("first", "between", "ceiling"),
    [(0, (), 1), (-1, (), 1), (2, (), 1), (1, (3,), 2), (1, (3, 2), 4)],
)
def test_waits_that_would_hammer_or_shrink_are_no_back_off(first, between, ceiling):
    with pytest.raises(ValueError, match="waits"):
        Backoff(
            first=first * SECOND,
            between=tuple(one * SECOND for one in between),
            ceiling=ceiling * SECOND,
        )
