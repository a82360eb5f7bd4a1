"""Everybody comes back at once: the platform is not trampled."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.accounts import Account, AccountState, Credential, CredentialKind
from bot.domain.digests import Gathered
from bot.domain.events import Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import AccountId
from bot.domain.ingesting import IngestResult
from bot.services.amending import Amending
from bot.services.delivery import Delivering
from bot.services.feeds import FeedRhythm, Feeds
from bot.services.gathering import Gathering
from bot.services.ingest import Ingest
from bot.services.live_cards import LiveCards
from bot.services.offered import Offered
from tests.fakes.meter import FakeMeter
from tests.fakes.platform import MALLORY, FakePlatform
from tests.harness.judge import assert_kept


class Crowd:
    """So many accounts, of which nothing is remembered: what is used of the store's ports here."""

    def __init__(self, count: int, now: Callable[[], datetime]) -> None:
        self._accounts = [
            Account(
                id=AccountId(str(number)),
                platform_user="user-1",
                label="",
                plan="pro",
                state=AccountState.ACTIVE,
                created_at=now(),
            )
            for number in range(count)
        ]

    async def active(self):
        return self._accounts

    async def credential(self, account):
        return Credential(kind=CredentialKind.TOKEN, secret="token-1")

    async def cursors(self, account):
        return {}

    async def traders(self, account):
        return ()

    async def strategies(self, account):
        return ()

    async def of(self, account):
        return ()

    async def gather(self, now):
        return Gathered(owed={})

    async def ingest(self, *_):
        return IngestResult(new=0, known=0, told=0, owed={})


@asynccontextmanager
async def following(
    count: int, platform: FakePlatform, now: Callable[[], datetime], rhythm: FeedRhythm
) -> AsyncIterator[Feeds]:
    """Feeds of so many accounts, without a database behind them."""
    crowd: Any = Crowd(count, now)
    meter, chance = FakeMeter(), random.Random(7)
    delivering = Delivering(crowd, {}, meter, now, chance, look_every=rhythm.look_every)
    live = LiveCards(links=crowd)
    amending = Amending(
        crowd, crowd, {}, delivering, live, now, chance, look_every=rhythm.look_every
    )
    gathering = Gathering(crowd.gather, delivering, now)
    ingest = Ingest(crowd, meter, delivering, amending, gathering, gathering, now, lambda: "")
    offered = Offered(crowd, platform, now)
    feeds = Feeds(platform, crowd, crowd, crowd, crowd, offered, ingest, meter, now, chance, rhythm)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(feeds.run())
        await asyncio.sleep(0)
        yield feeds
        task.cancel()


async def until_all_are_live(feeds: Feeds, within: float) -> None:
    async with asyncio.timeout(within):
        while any(  # noqa: ASYNC110 feeds change by themselves
            one.state is not FeedState.LIVE for one in feeds.states().values()
        ):
            await asyncio.sleep(10)


def most_in_a_second(moments: list[datetime]) -> int:
    """The most that fall into any second, wherever it begins."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= timedelta(seconds=1):
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.fault(3)
async def test_ten_thousand_clients_that_come_back_at_once_keep_the_budget_of_connects(now):
    platform = FakePlatform(now=now, away=True)
    async with following(10_000, platform, now, FeedRhythm(connects_a_second=20)):
        await asyncio.sleep(60)

    connects = platform.asked_at["connect"]
    assert len(connects) == pytest.approx(60 * 20, rel=0.01)
    assert most_in_a_second(connects) <= 21


@pytest.mark.fault(3)
async def test_clients_that_lose_the_platform_together_come_back_scattered(now):
    platform = FakePlatform(now=now, away=True, denied={"traders", "strategies", *Stream})
    began = now()
    async with following(500, platform, now, FeedRhythm(connects_a_second=1e9)) as feeds:
        await asyncio.sleep(300)
        platform.away = False
        await until_all_are_live(feeds, within=70)

    connects = platform.asked_at["connect"]
    again = [moment - began for moment in connects[500:]]
    tenths = Counter(wait // timedelta(seconds=0.1) for wait in again)
    assert min(tenths[tenth] for tenth in range(10)) > 25
    later = [moment for moment in connects if moment - began > timedelta(seconds=200)]
    assert most_in_a_second(later) < 2 * 500 / 30


@pytest.mark.fault(3)
async def test_a_restart_of_the_platform_loses_nothing_of_anybody(world, platform, chat):
    await world.goes_live("100")
    await world.goes_live("200", MALLORY)

    platform.away = True
    platform.cut()
    platform.store(Stream.TRADES, world.trade(1))
    await world.quiet(60)
    platform.away = False
    await world.quiet(120)

    assert [title for title in chat.titles("100") if title.startswith("Bought")] == [
        "Bought 1 BTC/USDT"
    ]
    assert [title for title in chat.titles("200") if title.startswith("Bought")] == [
        "Bought 1 BTC/USDT"
    ]
    await assert_kept(world.store, chat.shown)
