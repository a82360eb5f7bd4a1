"""For how long bots ran, by what was heard of their changes: what is not known is not counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.events import Trader
from bot.domain.ids import TraderId
from bot.domain.uptimes import Turn, Uptime, read_turn, turn_written, uptimes

SINCE = datetime(2026, 1, 5, 8, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=24)
OWL = TraderId("owl")
RUNS, RESTS = Trader(id=OWL, running=True), Trader(id=OWL, running=False)
FAILED = Trader(id=OWL, status="error")


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def turn(after: float, before: Trader | None, now: Trader | None) -> Turn:
    return read_turn(SINCE + hours(after), turn_written(before, now))


def of_owl(*turns: Turn, now: Trader | None = RUNS) -> Uptime | None:
    bots = [] if now is None else [now]
    return uptimes(bots, {OWL: turns} if turns else {}, SINCE, UNTIL).get(OWL)


def test_a_bot_that_nothing_is_heard_of_did_what_it_does_now():
    assert of_owl() == Uptime(ran=hours(24), known=hours(24))
    assert of_owl(now=RESTS) == Uptime(ran=hours(0), known=hours(24))
    assert of_owl(now=Trader(id=OWL, status="flying")) is None


def test_each_change_says_what_was_before_it_and_what_is_after_it():
    failed_and_back = (turn(6, RUNS, FAILED), turn(8, FAILED, RUNS))

    assert of_owl(*failed_and_back) == Uptime(ran=hours(22), known=hours(24))


def test_what_happened_since_its_end_does_not_count():
    assert of_owl(turn(30, RUNS, RESTS), now=RESTS) == Uptime(ran=hours(24), known=hours(24))


def test_before_a_bot_was_there_and_after_it_was_gone_it_did_nothing_that_counts():
    there = (turn(20, None, RUNS), turn(22, RUNS, None))

    assert of_owl(*there, now=None) == Uptime(ran=hours(2), known=hours(2))


def test_what_an_older_version_has_stored_without_a_state_is_not_known():
    old = read_turn(SINCE + hours(6), "news")

    assert of_owl(old, turn(12, RUNS, RESTS), now=RESTS) == Uptime(ran=hours(6), known=hours(18))
