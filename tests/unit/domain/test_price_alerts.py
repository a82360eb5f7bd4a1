"""When a price rings: once for each crossing, with room between, and late after a silence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.ids import AccountId
from bot.domain.price_alerts import GAP, Crossing, PriceAlert, PriceSeen, Rung, begun, looked

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

ALERT = PriceAlert(
    id="a",
    account=AccountId("x"),
    pair="BTC/USDT",
    what=Crossing.ABOVE,
    amount=Decimal(100),
    repeats=True,
    made_at=NOON,
)
MOVE = replace(ALERT, what=Crossing.MOVES, amount=Decimal(3), within=timedelta(minutes=15))


def rings(
    alert: PriceAlert, *prices: float, apart: timedelta = SECOND
) -> tuple[PriceAlert, list[tuple[int, Rung]]]:
    """Which prices, by their place, ring."""
    found, at = [], alert.seen.at if alert.seen else NOON
    for place, price in enumerate(prices):
        at += apart
        alert, rung = looked(alert, Decimal(str(price)), at)
        if rung is not None:
            found.append((place, rung))
    return alert, found


def places(found: list[tuple[int, Rung]]) -> list[int]:
    return [place for place, _ in found]


@pytest.mark.parametrize(
    ("what", "prices", "which"),
    [
        (Crossing.ABOVE, [99, 100, 101, 99.9, 100, 99.75, 100, 99, 103], [1, 6, 8]),
        (Crossing.BELOW, [101, 100, 99, 100.1, 100, 100.25, 100], [1, 6]),
    ],
)
def test_a_level_rings_again_only_after_the_price_has_been_back(what, prices, which):
    after, found = rings(replace(ALERT, what=what), *prices)

    assert places(found) == which
    assert after.rung == len(which)


@pytest.mark.parametrize(
    ("what", "prices", "which"),
    [
        (Crossing.MOVES, [100, 102.9, 103, 104, 106.1, 103], [2, 4]),
        (Crossing.MOVES, [100, 97, 96, 94, 98], [1, 3, 4]),
        (Crossing.RISES, [100, 96, 98.9, 100, 97], [2]),
        (Crossing.FALLS, [100, 104, 100.8, 104, 100.8], [2, 4]),
    ],
)
def test_a_move_is_measured_from_where_it_rang_last(what, prices, which):
    _, found = rings(replace(MOVE, what=what), *prices)

    assert places(found) == which


def test_a_move_that_takes_longer_than_its_time_is_none():
    slow = [100 + step / 10 for step in range(50)]

    assert places(rings(MOVE, *slow, apart=timedelta(minutes=1))[1]) == []
    assert places(rings(MOVE, *slow, apart=timedelta(seconds=20))[1])[0] == 30


@pytest.mark.parametrize(("what", "end"), [(Crossing.RISES, 103.5), (Crossing.FALLS, 96.5)])
def test_of_a_price_that_stood_still_a_move_is_measured_from_its_last_moment(what, end):
    prices = [100] * 50 + [100 + (end - 100) / 2] * 860 + [end]
    alert = replace(MOVE, what=what, amount=Decimal("3.2"))

    [(_, rung)] = rings(alert, *prices)[1]

    assert rung.since == PriceSeen(Decimal(100), NOON + 50 * SECOND)


def test_what_happened_while_no_price_came_rings_late_and_says_for_how_long():
    level, move = (rings(one, 98)[0] for one in (ALERT, MOVE))
    hour = timedelta(hours=1)

    [(_, crossed)] = rings(level, 101, apart=hour)[1]
    [(_, moved)] = rings(move, 101, apart=hour)[1]
    [(_, prompt)] = rings(level, 101, apart=GAP)[1]

    assert (crossed.gap, moved.gap, prompt.gap) == (hour, hour, None)
    assert moved.since == PriceSeen(Decimal(98), NOON + SECOND)
    assert rings(level, 99, apart=hour)[1] == [], "it may have been there: nobody knows"


def test_what_is_beyond_its_level_when_it_is_made_has_to_come_back_first():
    there = begun(ALERT, PriceSeen(Decimal(101), NOON))

    assert (there.armed, there.rung) == (False, 0)
    assert places(rings(there, 102, 99.9, 101, 99, 100)[1]) == [4]
    assert places(rings(begun(ALERT, None), 102)[1]) == [0], "where none was known"


def test_a_clock_that_is_set_back_and_prices_that_are_none_do_no_harm():
    seen, _ = rings(MOVE, 100)

    back, _ = looked(seen, Decimal(101), NOON - timedelta(hours=2))

    assert back.seen == PriceSeen(Decimal(101), NOON + SECOND)
    for price in ("0", "-1", "NaN", "Infinity", "1e300"):
        assert looked(back, Decimal(price), NOON + SECOND) == (back, None)


PRICES = some.lists(some.integers(9800, 10200).map(lambda cents: cents / 100), max_size=60)


@given(prices=PRICES, what=some.sampled_from([Crossing.ABOVE, Crossing.BELOW]))
def test_between_two_rings_the_price_has_been_back_and_no_crossing_is_left_out(prices, what):
    alert = replace(ALERT, what=what)
    sign = 1 if what is Crossing.ABOVE else -1
    found = places(rings(alert, *prices)[1])

    armed, expected = True, []
    for place, price in enumerate(prices):
        if armed and sign * (price - 100) >= 0:
            armed = False
            expected.append(place)
        elif sign * (price - float(alert.back_at)) <= 0:
            armed = True
    assert found == expected


@given(prices=PRICES, what=some.sampled_from(list(Crossing)), cut=some.integers(0, 60))
def test_an_alert_that_is_stored_and_read_in_between_rings_for_the_same(prices, what, cut):
    alert = replace(ALERT if what in (Crossing.ABOVE, Crossing.BELOW) else MOVE, what=what)
    whole, all_at_once = rings(alert, *prices)

    halfway, first = rings(alert, *prices[:cut])
    end, second = rings(halfway, *prices[cut:])

    assert (end, len(first) + len(second)) == (whole, len(all_at_once))
    assert end.rung == len(all_at_once)
