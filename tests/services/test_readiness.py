"""What makes a process unfit to work, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.domain.deliveries import Priority
from bot.domain.feeds import FeedState, FeedStatus
from bot.domain.ids import AccountId
from bot.errors import TryLater
from bot.services.dead_man import DeadMan
from bot.services.readiness import Readiness

MINUTE = timedelta(minutes=1)


@dataclass
class Surroundings:
    """What readiness looks at, as a test wants it; it is its own outbox."""

    now: Callable[[], datetime]
    troubles: list[str] = field(default_factory=list)
    chats: list[str | None] = field(default_factory=lambda: [None])
    states: dict[AccountId, FeedStatus] = field(default_factory=dict)
    oldest: dict[Priority, datetime] = field(default_factory=dict)
    failure: Exception | None = None
    seconds: float = 0

    async def probe(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.failure:
            raise self.failure

    async def oldest_pending(self, priority: Priority | None = None) -> datetime | None:
        return self.oldest.get(priority) if priority is not None else None

    def feed(self, account: str, state: FeedState, age: timedelta, reason: str = "") -> None:
        self.states[AccountId(account)] = FeedStatus(
            state=state, since=self.now() - age, reason=reason
        )

    def readiness(self) -> Readiness:
        return Readiness(
            probe=self.probe,
            outbox=self,  # type: ignore[arg-type]  # all that is asked of one
            feeds=lambda: self.states,
            troubles=lambda: self.troubles,
            chats=lambda: self.chats,
            now=self.now,
        )

    async def problems(self) -> list[str]:
        return list(await self.readiness().problems())


@pytest.fixture
def around(now: Callable[[], datetime]) -> Surroundings:
    return Surroundings(now)


async def test_a_process_without_accounts_is_ready(around):
    assert await around.problems() == []


async def test_a_database_that_cannot_be_written_is_a_problem(around):
    around.failure = TryLater("The database cannot do it now (disk full).")

    assert await around.problems() == ["The database cannot do it now (disk full)."]


async def test_a_database_that_does_not_answer_is_a_problem(around):
    around.seconds = 60

    assert await around.problems() == ["The database does not answer within 2 s."]


async def test_what_a_chat_adapter_complains_of_is_a_problem(around):
    around.chats = [None, "Telegram refuses the bot's token."]

    assert await around.problems() == ["Telegram refuses the bot's token."]


async def test_an_urgent_alert_that_is_owed_for_long_is_a_problem(around):
    around.oldest[Priority.URGENT] = around.now() - 6 * MINUTE

    assert await around.problems() == ["An urgent alert has been owed for 6 min."]


async def test_an_urgent_alert_of_this_moment_is_none_nor_a_queue_of_quiet_ones(around):
    around.oldest[Priority.URGENT] = around.now() - MINUTE
    around.oldest[Priority.INFO] = around.now() - 600 * MINUTE

    assert await around.problems() == []


async def test_all_feeds_down_are_a_problem(around):
    around.feed("a", FeedState.CONNECTING, 3 * MINUTE, "connection refused")
    around.feed("b", FeedState.CONNECTING, 3 * MINUTE, "connection refused")
    around.feed("c", FeedState.NEEDS_LOGIN, 3 * MINUTE)

    assert await around.problems() == [
        "No account has a connection to the trading platform (connection refused)."
    ]


@pytest.mark.parametrize(
    ("state", "age"),
    [
        (FeedState.LIVE, 3 * MINUTE),
        (FeedState.POLLING, 3 * MINUTE),
        (FeedState.CONNECTING, timedelta(seconds=20)),
    ],
)
async def test_one_feed_that_is_up_or_just_redialling_is_enough(around, state, age):
    around.feed("a", FeedState.CONNECTING, 3 * MINUTE)
    around.feed("b", state, age)

    assert await around.problems() == []


async def test_a_feed_that_waits_for_its_person_is_no_problem_of_the_process(around):
    around.feed("a", FeedState.NEEDS_LOGIN, 3 * MINUTE)

    assert await around.problems() == []


# --- signs of life ------------------------------------------------------------------------------


@dataclass
class Watcher:
    """Whoever is to notice that no sign of life comes any more."""

    signs: int = 0
    away: bool = False

    async def ping(self) -> None:
        if self.away:
            raise TryLater("connecting: timed out")
        self.signs += 1


async def watched_for(around: Surroundings, watcher: Watcher, span: timedelta) -> int:
    """How many signs came in that time."""
    before = watcher.signs
    with suppress(TimeoutError):
        async with asyncio.timeout(span.total_seconds()):
            await DeadMan(watcher.ping, around.readiness().works).run()
    return watcher.signs - before


async def test_a_sign_of_life_comes_every_minute_as_long_as_one_chat_works(around):
    around.chats = ["Telegram refuses the bot's token.", None]

    assert await watched_for(around, Watcher(), 10 * MINUTE - timedelta(seconds=1)) == 10


@pytest.mark.parametrize(
    "spoil",
    [
        lambda around: setattr(around, "failure", TryLater("The database is away.")),
        lambda around: setattr(around, "chats", ["Telegram is away.", "Discord is away."]),
        lambda around: setattr(around, "chats", []),
        lambda around: setattr(around, "troubles", ["The right to work is another's."]),
        lambda around: around.feed("a", FeedState.CONNECTING, 3 * MINUTE),
    ],
)
async def test_no_sign_of_life_is_given_where_no_alert_would_arrive(around, spoil):
    spoil(around)

    assert await watched_for(around, Watcher(), 10 * MINUTE) == 0


async def test_signs_that_do_not_arrive_are_logged_once_and_go_on(around, caplog):
    watcher = Watcher(away=True)
    assert await watched_for(around, watcher, 3 * MINUTE + timedelta(seconds=1)) == 0

    assert caplog.text.count("did not arrive") == 1
    watcher.away = False
    assert await watched_for(around, watcher, MINUTE / 2) == 1
