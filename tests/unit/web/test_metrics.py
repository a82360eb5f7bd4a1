import platform
import re
from datetime import timedelta
from importlib.metadata import version

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.web.health import ALARMS, Backlog, Metrics
from bot.domain.chats import Channel
from bot.domain.decisions import Course, Why
from bot.domain.deliveries import State
from bot.domain.events import Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import AccountId
from tests.conftest import ROOT

ONE, TWO = AccountId("one"), AccountId("two")


async def nothing_owed() -> Backlog:
    return Backlog(oldest=None, items={}, missed={})


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(nothing_owed, {Channel.TELEGRAM: ["blocked"], Channel.WEB: []})


async def figures(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name and the values of its labels."""
    families = text_string_to_metric_families((await metrics.text()).decode())
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


async def test_a_delivery_counts_by_channel_state_and_reason_with_its_delays(metrics):
    metrics.delivered(
        Channel.TELEGRAM, State.SENT, "sent", timedelta(seconds=40), timedelta(milliseconds=3)
    )
    metrics.delivered(
        Channel.TELEGRAM,
        State.HELD,
        "blocked",
        timedelta(seconds=9),
        timedelta(seconds=9),
    )

    seen = await figures(metrics)

    assert seen["tradebell_deliveries_total telegram sent sent"] == 1
    assert seen["tradebell_deliveries_total telegram blocked held"] == 1
    assert seen["tradebell_delivery_delay_seconds_count telegram"] == 1
    assert seen["tradebell_delivery_delay_seconds_sum telegram"] == 40
    assert seen["tradebell_delivery_own_delay_seconds_count telegram"] == 1
    assert seen["tradebell_delivery_own_delay_seconds_bucket telegram 0.005"] == 1
    assert seen["tradebell_delivery_own_delay_seconds_bucket telegram 0.0025"] == 0


async def test_a_fact_that_is_dated_later_than_now_has_no_delay(metrics):
    metrics.delivered(Channel.WEB, State.SENT, "sent", timedelta(seconds=-5), timedelta(0))

    assert (await figures(metrics))["tradebell_delivery_delay_seconds_sum web"] == 0


async def test_an_uncertain_end_counts_as_such_whatever_it_says_after_the_colon(metrics):
    metrics.delivered(
        Channel.WEB, State.DEAD, "uncertain: no_answer_in_time", timedelta(0), timedelta(0)
    )

    assert (await figures(metrics))["tradebell_deliveries_total web uncertain dead"] == 1


async def test_what_the_other_side_says_never_becomes_a_label(metrics):
    for number in range(100):
        metrics.delivered(Channel.WEB, State.DEAD, f"no {number}", timedelta(0), timedelta(0))
        metrics.unreadable(f"service-{number}")

    seen = await figures(metrics)

    assert seen["tradebell_deliveries_total web other dead"] == 100
    assert seen["tradebell_unreadable_total other"] == 100


async def test_known_services_are_named(metrics):
    metrics.unreadable("models/signals")
    metrics.unreadable("traders")

    seen = await figures(metrics)

    assert seen["tradebell_unreadable_total models/signals"] == 1
    assert seen["tradebell_unreadable_total traders"] == 1


async def test_ingested_events_count_as_told_and_as_known(metrics):
    metrics.ingested(told=3, known=1)
    metrics.ingested(told=1, known=0)

    seen = await figures(metrics)

    assert seen["tradebell_admitted_total told"] == 4
    assert seen["tradebell_admitted_total known"] == 1


async def test_what_was_decided_counts_by_how_it_is_told_and_why(metrics):
    metrics.decided({(Course.SILENT, Why.MUTED): 2, (Course.RING, Why.CRITICAL): 1})
    metrics.decided({(Course.SILENT, Why.MUTED): 1, (Course.SEND, "what nobody knows"): 1})

    seen = await figures(metrics)

    assert seen["tradebell_decisions_total silent muted"] == 3
    assert seen["tradebell_decisions_total ring critical"] == 1
    assert seen["tradebell_decisions_total send other"] == 1


async def test_what_can_be_counted_is_shown_as_zero_from_the_start(metrics):
    before = await figures(metrics)

    no_time = timedelta(0)
    for state, reason in (
        (State.SENT, "sent"),
        (State.READY, "moved"),
        (State.HELD, "blocked"),
        (State.UNKNOWN, "blocked"),
        (State.DEAD, "uncertain: no_answer_in_time"),
        (State.DEAD, "in words of its own"),
    ):
        metrics.delivered(Channel.TELEGRAM, state, reason, no_time, no_time)
        metrics.delivered(Channel.WEB, State.SENT, "sent", no_time, no_time)
    metrics.ingested(told=1, known=1)
    metrics.decided({(Course.HOLD, Why.QUIET_HOURS): 1, (Course.DROP, "what nobody knows"): 1})
    metrics.unreadable("trades")
    metrics.unreadable("what nobody knows")
    metrics.found_by_sweep(Stream.TRADES, 2)
    metrics.alarm("foreign_record")
    metrics.alarm("what nobody knows")

    assert (await figures(metrics)).keys() == before.keys()
    told = {key: before[key] for key in before if key.startswith("tradebell_")}
    assert {key for key in told if told[key]} == {key for key in told if "_build_info" in key}


def test_every_alarm_that_the_code_raises_has_its_label():
    raised = {
        what
        for package in ("bot", "adapters", "storage")
        for file in (ROOT / package).rglob("*.py")
        for what in re.findall(r"""\balarm(?:\(\s*|=)["'](\w+)""", file.read_text("utf-8"))
    }

    assert raised == ALARMS


async def test_the_build_and_the_process_are_told(metrics):
    text = (await metrics.text()).decode()
    seen = await figures(metrics)

    built = f'{{python="{platform.python_version()}",version="{version("tradebell")}"}}'
    assert f"tradebell_build_info{built} 1.0\n" in text
    assert seen["process_start_time_seconds"] > 0
    assert seen["process_open_fds"] > 0


async def test_the_operator_s_table_names_every_figure_and_no_other(metrics):
    families = text_string_to_metric_families((await metrics.text()).decode())
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    table = text.partition("<!-- metrics")[2].partition("<!-- end of")[0]

    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    suffix = {"counter": "_total", "info": "_info"}
    assert sorted(told) == sorted(
        f"{family.name}{suffix.get(family.type, '')}" for family in families
    )


async def test_feeds_count_once_each_in_their_present_state(metrics):
    metrics.feed(ONE, FeedState.CONNECTING)
    metrics.feed(TWO, FeedState.LIVE)
    metrics.feed(ONE, FeedState.LIVE)
    both = await figures(metrics)

    metrics.feed(TWO, None)
    metrics.feed(TWO, None)
    one = await figures(metrics)

    assert both["tradebell_feeds live"] == 2
    assert both["tradebell_feeds connecting"] == 0
    assert one["tradebell_feeds live"] == 1


async def test_alarms_count_by_name_and_even_they_are_bounded(metrics):
    for number in range(5):
        metrics.alarm(f"alarm {number}")
    metrics.alarm("feed_failed")
    metrics.alarm("feed_failed")

    seen = await figures(metrics)

    assert seen["tradebell_alarms_total feed_failed"] == 2
    assert seen["tradebell_alarms_total other"] == 5


async def test_what_is_owed_is_asked_at_each_scrape():
    owed = Backlog(oldest=timedelta(seconds=90), items={State.READY: 4, State.SENT: 9}, missed={})

    async def backlog() -> Backlog:
        return owed

    metrics = Metrics(backlog)
    before = await figures(metrics)
    owed = Backlog(oldest=None, items={State.SENT: 13}, missed={})
    after = await figures(metrics)

    assert before["tradebell_oldest_owed_seconds"] == 90
    assert before["tradebell_outbox_items ready"] == 4
    assert after["tradebell_oldest_owed_seconds"] == 0
    assert after["tradebell_outbox_items ready"] == 0
    assert after["tradebell_outbox_items sent"] == 13


async def test_what_did_not_arrive_counts_by_state_and_reason_at_each_scrape():
    missed = {
        (State.EXPIRED, "too late"): 2,
        (State.DEAD, "uncertain: no_answer_in_time"): 1,
        (State.DEAD, "uncertain: connection_broke_off"): 4,
        (State.DEAD, "what somebody said"): 1,
        (State.DEAD, "what somebody else said"): 1,
    }

    async def backlog() -> Backlog:
        return Backlog(oldest=None, items={}, missed=missed)

    metrics = Metrics(backlog, ends=["too late"])
    before = await figures(metrics)
    missed = {(State.EXPIRED, "too late"): 3}
    after = await figures(metrics)

    assert _missed(before) == {"too late expired": 2, "uncertain dead": 5, "other dead": 2}
    assert _missed(after) == {"too late expired": 3}


def _missed(figures: dict[str, float]) -> dict[str, float]:
    name = "tradebell_missed_items "
    return {key.removeprefix(name): figures[key] for key in figures if key.startswith(name)}
