"""Which change of a trade's record is news."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.events import Kind, Origin, Trade
from bot.domain.trade_stages import RECENT, is_recent, stage_of

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FILLED = Trade(origin=Origin(kind=Kind.TRADE, record="r1", at=NOW), amount=Decimal(10))
PLACED = replace(FILLED, order="placed")
WORDED = replace(FILLED, order="Triggered")
PART = replace(FILLED, amount=Decimal(3), asked=Decimal(10))
MORE = replace(PART, amount=Decimal("7.50"))
REST = replace(PART, rest="cancelled", final=True)
CANCELLED = replace(FILLED, order="cancelled", final=True)
CLOSED = replace(FILLED, side="exit", profit=Decimal(12), final=True)


@pytest.mark.parametrize(
    ("told", "now"),
    [
        ([PLACED], FILLED),
        ([PLACED], WORDED),
        ([PLACED], PART),
        ([PLACED], CANCELLED),
        ([WORDED], PLACED),
        ([PART], MORE),
        ([PLACED, PART], REST),
        ([PART, MORE], FILLED),
        ([FILLED], CLOSED),
        ([PLACED], CLOSED),
    ],
)
def test_what_has_come_further_is_news(told, now):
    assert stage_of(now).is_further_than([str(stage_of(one)) for one in told])


@pytest.mark.parametrize(
    ("told", "now"),
    [
        ([FILLED], FILLED),
        ([FILLED], PLACED),
        ([FILLED], PART),
        ([MORE], PART),
        ([PART, MORE], PART),
        ([FILLED, CLOSED], FILLED),
        ([CANCELLED], PLACED),
        ([CLOSED], replace(CLOSED, profit=Decimal(13))),
    ],
)
def test_what_comes_again_or_late_is_none(told, now):
    assert not stage_of(now).is_further_than([str(stage_of(one)) for one in told])


@pytest.mark.parametrize("now", [PLACED, PART, FILLED, CLOSED])
def test_a_trade_that_was_kept_without_a_stage_is_not_told_again(now):
    assert not stage_of(now).is_further_than([""])


def test_a_trade_is_recent_by_when_it_was_made_or_closed():
    old = replace(CLOSED, origin=replace(CLOSED.origin, at=NOW - 2 * RECENT))

    assert is_recent(CLOSED, NOW + timedelta(hours=23))
    assert not is_recent(old, NOW)
    assert is_recent(replace(old, closed_at=NOW - timedelta(hours=1)), NOW)


def test_a_forced_end_is_told_whatever_was_told_before():
    forced = stage_of(replace(CLOSED, reason="liquidation"))

    assert all(forced.is_further_than([told]) for told in ("placed", "filled", "ended closed"))
    assert not forced.is_further_than(["filled", str(forced)])


def test_a_part_that_was_closed_is_told_and_so_is_the_end():
    part, larger = (stage_of(replace(FILLED, side="exit long", amount=Decimal(n))) for n in (1, 2))
    end = stage_of(replace(FILLED, side="exit long", final=True))

    assert part.is_further_than(["filled"])
    assert larger.is_further_than(["filled", str(part)])
    assert not part.is_further_than(["filled", str(part)])
    assert end.is_further_than(["filled", str(part), str(larger)])


def test_a_forced_end_without_a_date_is_as_recent_as_the_change_of_its_record():
    old = replace(CLOSED, origin=replace(CLOSED.origin, at=NOW - 3 * RECENT), changed_at=NOW)
    forced = replace(old, reason="liquidation")

    assert not is_recent(old, NOW)
    assert is_recent(forced, NOW)
    assert not is_recent(replace(forced, closed_at=NOW - 2 * RECENT), NOW)
