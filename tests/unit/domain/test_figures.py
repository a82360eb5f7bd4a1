"""Figures of closed trades: what is counted, and what is not added up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bot.domain.figures import (
    EVER,
    Closed,
    Fill,
    Record,
    Span,
    began,
    by_money,
    by_span,
    first_in_first_out,
    latest,
    shares,
    summary,
)
from bot.domain.ids import TraderId
from bot.domain.results import Money
from bot.texts.figures import Basis, By, Scope, performance

REAL, PAPER = Money("USDT", False), Money("USDT", True)
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def closed(number: int, value: str, money: Money = REAL, pair: str = "BTC/USDT") -> Closed:
    at = START + number * HOUR
    return Closed(at, at - HOUR, TraderId("owl"), pair, None, money, Decimal(value))


def test_wins_losses_the_deepest_fall_and_the_longest_run_are_told():
    trades = [
        closed(n, value) for n, value in enumerate(["5", "-1", "-2", "-3", "4", "0", "-1", "10"])
    ]

    told = summary(trades)

    assert (told.count, told.won, told.lost, told.total) == (8, 3, 4, Decimal(12))
    assert (told.average_gain, told.average_loss) == (Decimal(19) / 3, Decimal(-7) / 4)
    assert told.expectancy == Decimal("1.5")
    assert told.factor == Decimal(19) / 7
    assert (told.drawdown, told.fell) == (Decimal(6), (trades[0].at, trades[3].at))
    assert told.longest_losses == 3
    assert (told.best, told.worst) == (trades[7], trades[3])
    assert told.held_won == HOUR


def test_a_fall_from_nothing_counts_and_one_that_never_was_does_not():
    assert summary([closed(0, "-4"), closed(1, "1")]).drawdown == Decimal(4)
    only_wins = summary([closed(0, "4"), closed(1, "1")])
    assert (only_wins.drawdown, only_wins.fell, only_wins.factor) == (Decimal(0), None, None)


def test_paper_and_other_currencies_are_never_added_up():
    euro = Money("EUR", False)
    trades = [closed(0, "1"), closed(1, "2", PAPER), closed(2, "4", euro), closed(3, "8")]

    found = by_money(trades)

    assert {money: sum(one.value for one in them) for money, them in found.items()} == {
        REAL: Decimal(9),
        euro: Decimal(4),
        PAPER: Decimal(2),
    }
    assert list(found) == [REAL, euro, PAPER]


def test_days_are_those_of_a_clock_also_where_it_changes():
    # The night in which Berlin's clocks go ahead: that day has 23 hours.
    now = datetime(2026, 3, 30, 12, tzinfo=UTC)
    days = latest(Span.DAY, 3, now, BERLIN)
    trades = [
        closed(0, "1")._replace(at=datetime(2026, 3, 28, 23, 30, tzinfo=UTC)),
        closed(0, "2")._replace(at=datetime(2026, 3, 29, 21, 59, tzinfo=UTC)),
        closed(0, "4")._replace(at=datetime(2026, 3, 29, 22, 0, tzinfo=UTC)),
    ]

    found = by_span(trades, days, BERLIN)

    assert days == [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)]
    assert [share.total for share in found.values()] == [Decimal(0), Decimal(3), Decimal(4)]


@pytest.mark.parametrize(
    ("span", "days"),
    [
        (Span.WEEK, [date(2025, 12, 22), date(2025, 12, 29)]),
        (Span.MONTH, [date(2025, 12, 1), date(2026, 1, 1)]),
        (Span.YEAR, [date(2025, 1, 1), date(2026, 1, 1)]),
    ],
)
def test_spans_begin_where_a_calendar_does(span, days):
    now = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)  # in Berlin it is the new year

    assert latest(span, 2, now, BERLIN) == days
    first = datetime(days[1].year, days[1].month, days[1].day, tzinfo=BERLIN)
    assert began(span, now, BERLIN) == first


def test_shares_come_best_first():
    trades = [closed(0, "1", pair="A/B"), closed(1, "-5", pair="C/D"), closed(2, "3", pair="A/B")]

    found = shares(trades, lambda one: one.pair)

    assert list(found.items()) == [("A/B", (Decimal(4), 2, 2)), ("C/D", (Decimal(-5), 1, 0))]


def fill(number: int, bought: bool, amount: str, price: str, fee: str = "0") -> Fill:
    return Fill(
        at=START + number * HOUR,
        trader=TraderId("owl"),
        pair="BTC/USDT",
        bought=bought,
        amount=Decimal(amount),
        price=Decimal(price),
        fee=Decimal(fee),
        money=REAL,
    )


def test_what_is_sold_is_what_was_bought_first():
    fills = [
        fill(0, True, "1", "100", "1"),
        fill(1, True, "1", "200"),
        fill(2, False, "1.5", "300", "3"),
        fill(3, False, "0.5", "100"),
    ]

    found = first_in_first_out(fills, START)

    # 450 - 3 for 101 + 100; then 50 for 100.
    assert [one.value for one in found.trades] == [Decimal(246), Decimal(-50)]
    assert [one.opened_at for one in found.trades] == [fills[0].at, fills[1].at]
    assert (found.method.since, found.method.unmatched) == (START, 0)


def test_a_sale_of_what_nobody_saw_bought_is_left_out_and_counted():
    fills = [
        fill(0, True, "1", "100"),
        fill(1, False, "2", "300"),
        fill(2, True, "1", "10"),
        fill(3, False, "1", "11"),
    ]

    found = first_in_first_out(fills, START)

    assert [one.value for one in found.trades] == [Decimal(1)]
    assert found.method.unmatched == 1


def test_what_was_bought_before_the_window_counts_in_it():
    fills = [fill(0, True, "1", "100"), fill(1, False, "0.5", "120"), fill(5, False, "0.5", "140")]

    found = first_in_first_out(fills, START + 4 * HOUR)

    assert [one.value for one in found.trades] == [Decimal(20)]


def test_ten_thousand_trades_of_300_pairs_fit_into_one_message():
    trades = tuple(closed(n, str(n % 300), pair=f"C{n % 300}/USDT") for n in range(10_000))
    found = Record(since=EVER, trades=trades, whole_from=EVER)
    scope, basis = Scope(bots=(), called={}), Basis(record=found, until=None)

    card = performance(By.PAIR, Span.ALL, basis, scope, ())

    assert card.table is not None
    assert len(card.table.rows) == 15
    assert card.table.rows[0][0] == "C299/USDT"
    assert card.table.rows[-1][0] == "C0/USDT"
    assert "285 between them are left out" in card.lines[1]
