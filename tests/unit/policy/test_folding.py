"""What is told by itself, what together with others, and what only counts up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import DeliveryId, TraderId
from bot.domain.rules import Matter, Topic
from bot.policy.folding import (
    BURST,
    COOL_DOWN,
    LIMIT,
    Count,
    Fold,
    Placement,
    Recent,
    Told,
    placed,
    series_of,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FILL = Matter(topic=Topic.ENTRY, bot=TraderId("grid"), pair="BTC/USDT")
ERROR = Matter(topic=Topic.ERROR, bot=TraderId("grid"), critical=True, bad=True)
WARNING = replace(ERROR, topic=Topic.WARNING, critical=False)
WORDS = ("Grid BTC: error", "Insufficient balance")
FIRST = DeliveryId(7)


def recent(count: int, apart: timedelta = SECOND, fold: DeliveryId | None = None) -> list[Recent]:
    """The last of these happened that long ago."""
    return [Recent(NOW - apart * number, fold) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("earlier", "placement"),
    [
        ([], None),
        (recent(LIMIT - 1), None),
        (recent(LIMIT), Fold()),
        (recent(LIMIT, BURST / LIMIT), None),
        (recent(1, BURST - SECOND, FIRST), Fold(FIRST)),
        (recent(1, BURST, FIRST), None),
        (recent(LIMIT, -SECOND), Fold()),
    ],
    ids=["the first", "few", "many", "slowly", "it goes on", "it is over", "an older one"],
)
def test_the_sixth_within_a_minute_is_told_with_those_that_follow(earlier, placement):
    assert placed(NOW, FILL, WORDS, (), earlier) == placement


@pytest.mark.parametrize(
    "matter", [ERROR, replace(FILL, critical=True), replace(WARNING, critical=True)]
)
def test_what_must_be_heard_each_time_is_told_however_many_come(matter):
    assert placed(NOW, matter, WORDS, (), recent(LIMIT, fold=FIRST)) is None


@pytest.mark.parametrize("matter", [ERROR, WARNING])
@pytest.mark.parametrize(
    ("ago", "words", "placement"),
    [
        (SECOND, WORDS, Count(FIRST)),
        (COOL_DOWN - SECOND, WORDS, Count(FIRST)),
        (COOL_DOWN, WORDS, None),
        (-SECOND, WORDS, None),
        (SECOND, (*WORDS, "of USDT"), None),
    ],
)
def test_the_same_error_within_half_an_hour_counts_up(matter, ago, words, placement):
    assert placed(NOW, matter, words, [Told(FIRST, NOW - ago, WORDS)], ()) == placement


def test_a_trade_that_reads_the_same_is_another_trade():
    assert placed(NOW, FILL, WORDS, [Told(FIRST, NOW - SECOND, WORDS)], ()) is None


@pytest.mark.parametrize(
    ("matter", "subject", "series"),
    [
        (FILL, "", "fill grid"),
        (replace(FILL, topic=Topic.EXIT), "", "fill grid"),
        (replace(FILL, topic=Topic.SIGNAL, bot=None), "", "signal BTC/USDT"),
        (replace(ERROR, bot=None), "pod-1", "error pod-1"),
        (replace(FILL, bot=None, pair=None), "", None),
        (replace(FILL, topic=Topic.MESSAGE), "the platform", None),
        (replace(FILL, topic=Topic.STATE), "", None),
        (None, "grid", None),
    ],
)
def test_a_series_is_of_one_bot_or_else_of_one_pair(matter, subject, series):
    assert series_of(matter, subject) == series


GAPS = st.lists(st.integers(0, 90), min_size=1, max_size=60)


def told(matter: Matter, gaps: list[int], saying: list[int]) -> list[tuple[datetime, Placement]]:
    """What becomes of one alert after the other, each shown before the next comes."""
    at = NOW
    became: list[tuple[datetime, Placement]] = []
    shown: list[Told] = []
    lately: list[Recent] = []
    for number, (gap, said) in enumerate(zip(gaps, saying, strict=False)):
        at += timedelta(seconds=gap)
        words = (f"error {said}",)
        placement = placed(at, matter, words, shown[::-1], lately[: -LIMIT - 1 : -1])
        became.append((at, placement))
        if placement is None:
            shown.append(Told(DeliveryId(number), at, words))
        if not isinstance(placement, Count):
            into = (placement.into or DeliveryId(number)) if placement else None
            lately.append(Recent(at, into))
    return became


@given(gaps=GAPS)
def test_no_more_are_told_one_by_one_within_a_minute_than_a_person_reads(gaps):
    became = told(FILL, gaps, [0] * len(gaps))

    alone = [at for at, placement in became if placement is None]
    assert became[0][1] is None
    assert all(sum(timedelta(0) <= at - since < BURST for at in alone) <= LIMIT for since in alone)


@given(gaps=GAPS)
def test_a_message_that_tells_of_more_is_closed_by_a_quiet_minute(gaps):
    became = told(FILL, gaps, [0] * len(gaps))

    last = became[0]
    for at, placement in became[1:]:
        if isinstance(placement, Fold) and placement.into is not None:
            assert at - last[0] < BURST
            assert isinstance(last[1], Fold)
        if isinstance(last[1], Fold) and at - last[0] < BURST:
            assert isinstance(placement, Fold)
        last = at, placement


@given(gaps=GAPS, saying=st.lists(st.integers(0, 2), min_size=60, max_size=60))
def test_what_is_critical_is_told_the_first_time_and_each_half_hour(gaps, saying):
    became = told(ERROR, [gap * 10 for gap in gaps], saying)

    rang: dict[int, datetime] = {}
    counts = Counter(type(placement) for _, placement in became)
    for said, (at, placement) in zip(saying, became, strict=False):
        assert (placement is None) == (said not in rang or at - rang[said] >= COOL_DOWN)
        if placement is None:
            rang[said] = at
    assert counts[Fold] == 0
    assert sum(counts.values()) == len(gaps)
