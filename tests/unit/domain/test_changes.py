"""What is news about a bot, and what is only another patch."""

from datetime import UTC, datetime

import pytest

from bot.domain.changes import (
    Change,
    condition,
    first_to_believe,
    merged,
    strategy_changes,
    trader_changes,
)
from bot.domain.events import Strategy, Trader
from bot.domain.ids import StrategyId, TraderId

RUNNING = Trader(id=TraderId("t"), name="Owl", running=True, status="running", dry_run=True)


def trader(**facts):
    return Trader(id=TraderId("t"), **{"name": "Owl", "dry_run": True, **facts})


def test_the_same_state_is_no_news():
    touched = trader(running=True, status="running", updated_at=datetime(2026, 1, 5, tzinfo=UTC))

    assert trader_changes(RUNNING, touched) == ()


@pytest.mark.parametrize(
    ("now", "change"),
    [
        (trader(status="stopped"), Change.STOPPED),
        (trader(running=False), Change.STOPPED),
        (trader(status="error"), Change.FAILED),
        (trader(status="rebalancing", running=True), Change.LOST),
        (trader(status="Restarting"), Change.PASSING),
        (trader(status="running", running=True, dry_run=False), Change.WENT_LIVE),
    ],
)
def test_a_real_change_is_told(now, change):
    assert trader_changes(RUNNING, merged(RUNNING, now)) == (change,)


def test_a_bot_that_stops_after_an_error_is_told_again():
    failed = trader(status="error")

    assert trader_changes(failed, trader(status="stopped")) == (Change.STOPPED,)


def test_status_speaks_before_running():
    assert condition(trader(status="error", running=True)).failed


def test_an_unknown_status_is_shown_as_it_is():
    assert condition(trader(status="Zeppelin", running=True)).word == "Zeppelin"


def test_what_a_patch_leaves_out_is_still_known():
    assert merged(RUNNING, trader(name=None, status="stopped")).name == "Owl"


def test_an_old_status_does_not_contradict_a_new_running():
    now = merged(RUNNING, trader(running=False))

    assert condition(now).running is False


def test_several_changes_are_told_at_once():
    now = trader(status="error", dry_run=False, name="Hawk")

    assert trader_changes(RUNNING, merged(RUNNING, now)) == (
        Change.FAILED,
        Change.WENT_LIVE,
        Change.RENAMED,
    )


def test_a_strategy_that_becomes_ready_is_told():
    before = Strategy(id=StrategyId("s"), configured=False)

    assert strategy_changes(before, Strategy(id=StrategyId("s"), configured=True)) == (
        Change.CONFIGURED,
    )


@pytest.mark.parametrize(
    "word",
    [
        "OOMKilled",
        "terminated",
        "offline",
        "liquidated",
        "exited (137)",
        "Stopped on error",
        "停止",
    ],
)
@pytest.mark.parametrize("running", [True, False, None])
def test_a_bot_that_no_longer_says_that_it_runs_is_lost_with_its_word(word, running):
    now = trader(status=word, running=running)

    assert trader_changes(trader(status="running", running=True), now)[0] is Change.LOST
    assert condition(now).word == word


@pytest.mark.parametrize(
    "word",
    [
        *("Running", "ONLINE", "Up 3 hours (healthy)", "running for 3h", "active (running)", "1"),
        *(
            "On",
            "\U0001f7e2 running",
            "RUNNING \u2705",
            "is running",
            "Currently running.",
            "Run\u200bning",
        ),
        "\uff32unning",
    ],
)
def test_a_bot_that_says_that_it_runs_is_no_news(word):
    before = trader(status="running", running=True)

    assert trader_changes(before, trader(status=word)) == ()


@pytest.mark.parametrize("word", ["Stopped.", "paused_by_user", "disabled", "0", "no", "False"])
def test_a_bot_that_says_that_it_is_off_is_stopped(word):
    before = trader(status="running", running=True)

    assert trader_changes(before, trader(status=word)) == (Change.STOPPED,)


@pytest.mark.parametrize(
    "word",
    [
        *("Up 3 hours (unhealthy)", "running with errors", "not running", "ready", "Exited (0)"),
        *("\U0001f534 running", "\u274c running", "running?", "-1", "\U0001f534"),
    ],
)
def test_a_word_that_only_looks_like_running_is_none(word):
    before = trader(status="running", running=True)

    assert trader_changes(before, trader(status=word)) == (Change.LOST,)


def test_a_stopped_bot_with_an_unknown_word_is_only_told_as_that():
    stopped = trader(status="stopped", running=False)

    assert trader_changes(stopped, trader(status="archived")) == (Change.OTHER_STATUS,)


def test_a_bot_that_is_switched_off_while_its_status_still_says_that_it_runs_is_told():
    before = trader(status="running", running=True)
    now = merged(before, trader(status="running", running=False))

    assert trader_changes(before, now) == (Change.OTHER_STATUS,)
    assert condition(now).word == "running, but switched off"
    assert trader_changes(now, trader(status="stopped", running=False)) == (Change.STOPPED,)


@pytest.mark.parametrize(
    ("words", "believed"),
    [
        (("running", "error"), "error"),
        (("running", "OOMKilled"), "OOMKilled"),
        (("active", "stopped"), "stopped"),
        (("running", "v2"), "running"),
        (("error", "running"), "error"),
        ((), None),
    ],
)
def test_of_several_words_for_a_state_the_bad_one_is_believed(words, believed):
    assert first_to_believe(words) == believed


def test_a_word_in_another_case_is_no_change():
    assert trader_changes(trader(status="OOMKilled"), trader(status="oomkilled")) == ()
