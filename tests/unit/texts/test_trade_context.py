"""What helps to judge a closed trade: true where it is known, and left out where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.cards import Field
from bot.domain.events import Kind, Origin, Trade
from bot.domain.ids import TraderId
from bot.domain.results import Money, Result, Results
from bot.texts.trade_context import of_its_day, open_for, reason_in_words

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS = datetime.min.replace(tzinfo=UTC)
REAL = Money("USDT", paper=False)


def result(
    record: str, value: str, bot: str | None = "owl", at: datetime = NOW, money: Money = REAL
) -> Result:
    trader = None if bot is None else TraderId(bot)
    return Result(record=record, at=at, trader=trader, money=money, value=Decimal(value))


def results(*entries: Result, whole_from: datetime | None = ALWAYS) -> Results:
    return Results(since=NOW - 36 * HOUR, entries=entries, whole_from=whole_from)


LAST = result("last", "-3.2")


def shown(before: Results, last: Result = LAST, clock: str = "", now: datetime = NOW) -> list[str]:
    return [f"{field.label}: {field.value}" for field in of_its_day(last, before, now, clock)]


def test_a_day_of_a_bot_and_of_all():
    before = results(result("r1", "10"), result("r2", "0.5", "heron"), result("r3", "1", None))

    assert shown(before) == [
        "Bot today: +6.80 USDT, 2 trades",
        "All today: +8.30 USDT, 4 trades",
    ]


def test_a_day_of_one_bot_is_told_once():
    assert shown(results()) == ["Bot today: -3.20 USDT, 1 trade"]


def test_a_trade_of_no_known_bot_counts_to_the_day_of_all():
    assert shown(results(), result("last", "2", None)) == ["All today: +2 USDT, 1 trade"]


def test_currencies_are_never_added_up():
    before = results(result("r1", "0.0012", "heron", money=Money("BTC", paper=False)))

    [_, everything] = shown(before)

    assert everything == "All today: +0.0012 BTC · -3.20 USDT, 2 trades"


@pytest.mark.parametrize("paper", [False, True, None])
def test_real_money_and_paper_are_never_added_up(paper: bool | None):
    others = {False, True, None} - {paper}
    before = results(
        *(result(f"r{one}", "100", money=Money("USDT", one)) for one in others),
        result("same", "1", "heron", money=Money("USDT", paper)),
    )

    lines = shown(before, replace(LAST, money=Money("USDT", paper)))

    label = "All today, on paper" if paper else "All today"
    assert lines == ["Bot today: -3.20 USDT, 1 trade", f"{label}: -2.20 USDT, 2 trades"]


def test_a_trade_that_is_told_again_counts_once():
    assert shown(results(replace(LAST, value=Decimal(-1)))) == ["Bot today: -3.20 USDT, 1 trade"]


@pytest.mark.parametrize(
    ("clock", "ago", "count"),
    [
        ("", 11, "2 trades"),
        ("", 13, "1 trade"),
        ("Asia/Tokyo", 20, "2 trades"),  # 21:00 there
        ("Asia/Tokyo", 22, "1 trade"),
        ("Asia/Kathmandu", 17.5, "2 trades"),  # 17:45 there
        ("Asia/Kathmandu", 18, "1 trade"),
    ],
)
def test_the_day_is_that_of_who_reads_it(clock: str, ago: float, count: str):
    [line] = shown(results(result("r1", "1", at=NOW - ago * HOUR)), clock=clock)

    assert line.endswith(f", {count}")


@pytest.mark.parametrize(
    "before",
    [
        results(whole_from=None),
        results(whole_from=NOW - HOUR),
        Results(since=NOW - HOUR, whole_from=ALWAYS),
    ],
)
def test_a_day_that_is_not_wholly_known_is_not_told(before: Results):
    assert shown(before) == []


def test_what_is_told_a_day_late_says_nothing_of_its_day():
    assert shown(results(), now=NOW + 24 * HOUR) == []


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("roi", "profit target (ROI)"),
        ("trailing_stop_loss", "trailing stop loss"),
        ("force_exit", "closed by hand"),
        ("my_own_rule", "my own rule"),
        ("RSI > 70", "RSI > 70"),
    ],
)
def test_why_it_fired_is_said_in_words_and_unknown_ones_as_they_are(reason: str, words: str):
    assert reason_in_words(reason) == words


@pytest.mark.parametrize(
    ("lasted", "words"),
    [
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=14, seconds=30), "14 min"),
        (timedelta(hours=1, minutes=50), "1 h 50 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=3, hours=4), "3 days 4 h"),
        (timedelta(days=3), "3 days"),
        (-timedelta(seconds=1), None),
    ],
)
def test_how_long_it_was_open(lasted: timedelta, words: str | None):
    trade = Trade(
        origin=Origin(kind=Kind.TRADE, record="r1", at=NOW), opened_at=NOW, closed_at=NOW + lasted
    )

    assert open_for(trade) == (words and Field("Open for", words))


def test_without_both_ends_nobody_knows_how_long():
    trade = Trade(origin=Origin(kind=Kind.TRADE, record="r1", at=NOW), opened_at=NOW)

    assert open_for(trade) is None
