"""What machines ask: alive, ready, and the figures that an operator watches."""

import platform
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from importlib.metadata import version
from itertools import product
from typing import Any

import prometheus_client as prometheus
from aiohttp import web

from bot.domain.chats import Channel
from bot.domain.decisions import Course, Why
from bot.domain.deliveries import State
from bot.domain.events import Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import AccountId
from bot.domain.reasons import Reason

Health = Callable[[], Awaitable[Sequence[str]]]
"""Gives what is wrong, a short sentence each; nothing if all is well."""

DELAYS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 6 * 3600.0, 24 * 3600.0),
)
"""From a quiet machine's millisecond to a day's outage; 2 s is what G8 promises."""

SERVICES = frozenset(
    {
        *(stream.value for stream in Stream),
        *("traders", "strategies", "traders/pods", "tickers", "users"),
    }
)
"""Services of the platform that may be named in a label."""

REASONS = frozenset({Reason.SENT, Reason.MOVED, Reason.UNCERTAIN})
"""Outcomes that the core itself decides on."""

DECIDED_BY = frozenset(why.value for why in Why)

OTHER = "other"

ALARMS = frozenset(
    {
        *("foreign_record", "found_by_sweep", "feed_failed", "channel_halted"),
        *("telegram_not_listening", "unusable_update", "discord_not_listening"),
        *("database_lost", "disk_full", "push_key_refused", "picture_not_drawn"),
    }
)
"""All that the code can raise."""

OUTCOMES = (State.READY, State.UNKNOWN, State.HELD, State.DEAD)
"""What an attempt can lead to, other than to have been sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is owed at the moment of asking, and what did not arrive.

    `oldest` is the age of the oldest item owed; `missed` counts by state and reason.
    """

    oldest: timedelta | None
    items: Mapping[State, int]
    missed: Mapping[tuple[State, str], int]


FIGURES: Mapping[str, tuple[Any, str, Sequence[str], Mapping[str, Any]]] = {
    "tradebell_delivery_delay_seconds": (
        prometheus.Histogram,
        "From the time of an event, as the platform dates it, to its arrival in the chat.",
        ["channel"],
        {"buckets": DELAYS},
    ),
    "tradebell_delivery_own_delay_seconds": (
        prometheus.Histogram,
        "From the ingestion of an event to its arrival in the chat.",
        ["channel"],
        {"buckets": DELAYS},
    ),
    "tradebell_deliveries": (
        prometheus.Counter,
        "Attempts settled, by the state they led to.",
        ["channel", "state", "reason"],
        {},
    ),
    "tradebell_admitted": (
        prometheus.Counter,
        "Deliveries owed (told) and repeats recognised (known).",
        ["result"],
        {},
    ),
    "tradebell_decisions": (
        prometheus.Counter,
        "Deliveries owed, by how they are told, and what that rests on.",
        ["course", "reason"],
        {},
    ),
    "tradebell_unreadable": (
        prometheus.Counter,
        "Frames and records of the platform that could not be understood.",
        ["service"],
        {},
    ),
    "tradebell_sweep_found": (
        prometheus.Counter,
        "Records that a sweep found although the feed was live. Must stay 0.",
        ["stream"],
        {},
    ),
    "tradebell_feeds": (
        prometheus.Gauge,
        "Accounts, by the state of their feed.",
        ["state"],
        {},
    ),
    "tradebell_alarms": (prometheus.Counter, "Things that must not happen.", ["what"], {}),
    "tradebell_oldest_owed_seconds": (
        prometheus.Gauge,
        "Age of the oldest item that is still owed; 0 if there is none.",
        [],
        {},
    ),
    "tradebell_outbox_items": (prometheus.Gauge, "Items in the outbox, by state.", ["state"], {}),
    "tradebell_missed_items": (
        prometheus.Gauge,
        "Items that did not end as sent, by state and reason.",
        ["state", "reason"],
        {},
    ),
}
"""Kind, help, labels and options of each figure, by its name."""


class Metrics:
    """Implements `bot.ports.Meter` on a registry of its own.

    Every label has a bounded set of values, whatever the other side sends.
    """

    def __init__(
        self,
        backlog: Callable[[], Awaitable[Backlog]],
        reasons: Mapping[Channel, Collection[str]] | None = None,
        ends: Collection[str] = (),
    ) -> None:
        """
        Args:
            backlog: asked at each scrape.
            reasons: what an attempt can come to, by the channels that are set up.
            ends: what an item can come to without an attempt. All else counts as `other`.
        """
        self._backlog = backlog
        reasons = reasons or {}
        self._reasons = REASONS.union(ends, *reasons.values())
        self._feeds: dict[AccountId, FeedState] = {}
        # Each counter would come twice, with the time of its first count.
        prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = prometheus.CollectorRegistry(auto_describe=True)
        figures = {
            name: kind(name, help, labels, registry=self.registry, **options)
            for name, (kind, help, labels, options) in FIGURES.items()
        }
        self._delay = figures["tradebell_delivery_delay_seconds"]
        self._own_delay = figures["tradebell_delivery_own_delay_seconds"]
        self._deliveries = figures["tradebell_deliveries"]
        self._ingested = figures["tradebell_admitted"]
        self._decided = figures["tradebell_decisions"]
        self._unreadable = figures["tradebell_unreadable"]
        self._swept = figures["tradebell_sweep_found"]
        self._by_state = figures["tradebell_feeds"]
        self._alarmed = figures["tradebell_alarms"]
        self._oldest = figures["tradebell_oldest_owed_seconds"]
        self._items = figures["tradebell_outbox_items"]
        self._missed = figures["tradebell_missed_items"]
        build = prometheus.Info(
            "tradebell_build", "What runs here; always 1.", registry=self.registry
        )
        build.info({"version": version("tradebell"), "python": platform.python_version()})
        prometheus.ProcessCollector(registry=self.registry)
        self._begin(reasons)

    def _begin(self, reasons: Mapping[Channel, Collection[str]]) -> None:
        """Show all counters as 0: one that first appears as 1 has not risen, to Prometheus."""
        for stream in Stream:
            self._swept.labels(stream.value)
        for result in ("told", "known"):
            self._ingested.labels(result)
        for course, why in product(Course, {*DECIDED_BY, OTHER}):
            self._decided.labels(course.value, why)
        for service in SERVICES | {OTHER}:
            self._unreadable.labels(service)
        for what in ALARMS | {OTHER}:
            self._alarmed.labels(what)
        for channel, named in reasons.items():
            self._delay.labels(channel.value)
            self._own_delay.labels(channel.value)
            self._deliveries.labels(channel.value, State.SENT.value, Reason.SENT)
            self._deliveries.labels(channel.value, State.READY.value, Reason.MOVED)
            self._deliveries.labels(channel.value, State.DEAD.value, Reason.UNCERTAIN)
            for state, reason in product(OUTCOMES, {*named, OTHER}):
                self._deliveries.labels(channel.value, state.value, reason)

    def delivered(
        self,
        channel: Channel,
        state: State,
        reason: str,
        delay: timedelta,
        own_delay: timedelta,
    ) -> None:
        self._deliveries.labels(channel.value, state.value, label_of(reason, self._reasons)).inc()
        if state is State.SENT:
            # The platform's clock may be ahead, and a sum must never go down.
            self._delay.labels(channel.value).observe(max(0.0, delay.total_seconds()))
            self._own_delay.labels(channel.value).observe(own_delay.total_seconds())

    def ingested(self, told: int, known: int) -> None:
        self._ingested.labels("told").inc(told)
        self._ingested.labels("known").inc(known)

    def decided(self, decisions: Mapping[tuple[Course, str], int]) -> None:
        for (course, reason), count in decisions.items():
            self._decided.labels(course.value, label_of(reason, DECIDED_BY)).inc(count)

    def unreadable(self, service: str) -> None:
        self._unreadable.labels(label_of(service, SERVICES)).inc()

    def found_by_sweep(self, stream: Stream, count: int) -> None:
        self._swept.labels(stream.value).inc(count)

    def feed(self, account: AccountId, state: FeedState | None) -> None:
        if state is None:
            self._feeds.pop(account, None)
        else:
            self._feeds[account] = state

    def alarm(self, what: str) -> None:
        self._alarmed.labels(label_of(what, ALARMS)).inc()

    async def text(self) -> bytes:
        """The exposition of this moment."""
        backlog = await self._backlog()
        self._oldest.set(backlog.oldest.total_seconds() if backlog.oldest else 0)
        for state in State:
            self._items.labels(state.value).set(backlog.items.get(state, 0))
        self._missed.clear()
        for (state, reason), count in backlog.missed.items():
            self._missed.labels(state.value, label_of(reason, self._reasons)).inc(count)
        feeds = Counter(self._feeds.values())
        for feed_state in FeedState:
            self._by_state.labels(feed_state.value).set(feeds[feed_state])
        return prometheus.generate_latest(self.registry)


def label_of(text: str, known: Collection[str]) -> str:
    """The label for a text that may say more after a colon: `uncertain: no answer`."""
    if text in known:
        return text
    head = text.partition(":")[0]
    return head if head in known else OTHER


class HealthPages:
    """`/healthz` and `/readyz`."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def alive(self, request: web.Request) -> web.Response:
        """The process answers: nothing more is asked, so that nothing else restarts it."""
        return web.Response(text="ok\n")

    async def ready(self, request: web.Request) -> web.Response:
        problems = await self._health()
        if not problems:
            return web.Response(text="ready\n")
        return web.Response(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            text="".join(f"{problem}\n" for problem in problems),
        )


class MetricsPage:
    """`/metrics`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def show(self, request: web.Request) -> web.Response:
        return web.Response(
            body=await self._metrics.text(),
            headers={"Content-Type": prometheus.CONTENT_TYPE_LATEST},
        )
