"""The whole core with the real Telegram client, over HTTP to a stand-in that has faults."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.chat.connections import Limits
from adapters.telegram.api import BotApi as OurSide
from adapters.telegram.bot import TelegramBot, composed
from adapters.telegram.settings import TelegramSettings
from adapters.telegram.transport import BotApiRequest
from bot.app.sources import now
from bot.domain.backoff import Backoff
from bot.domain.chats import Address
from bot.domain.deliveries import ONE_MARKED_REPEAT, State, Waits
from storage import Store, open_memory
from tests.fakes.meter import FakeMeter
from tests.fakes.platform import FakePlatform
from tests.harness.judge import assert_kept
from tests.harness.world import World, owl, running
from tests.standins.bot_api import BotApi
from tests.standins.bot_api.devices import on_devices

QUICK = timedelta(seconds=0.05)
QUICKLY = Backoff(first=QUICK, ceiling=QUICK, jitter=(0.8, 1.2))

HURRIED = Waits(delivery=QUICKLY, outage=QUICKLY, channel=QUICK)
"""How long the waits are is tested in virtual time."""

IMPATIENT = Limits(connect=0.3, answer=0.3)
"""Seconds of `BotApiRequest` for an answer that does not come: twenty in all in the product."""


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
def platform() -> FakePlatform:
    fake = FakePlatform(now=now)
    fake.bots["owl"] = owl()
    return fake


@pytest.fixture
def store() -> Iterator[Store]:
    ids = itertools.count()
    with open_memory(now, lambda: f"row-{next(ids)}") as in_memory:
        yield in_memory


@asynccontextmanager
async def our_bot(
    api: BotApi, *, url: str | None = None, **given: Any
) -> AsyncIterator[TelegramBot]:
    """Our bot, without its opening `getMe`.

    Args:
        url: where it looks for the Bot API, if not at its true address.
        given: to `BotApiRequest`.
    """

    async def may_send(address: Address) -> None:
        pass

    url = url or api.url
    request = BotApiRequest(**given)
    polling = BotApiRequest(connections=2)
    ours = OurSide(api.token, base_url=f"{url}/bot", request=request, get_updates_request=polling)
    settings = TelegramSettings(token=api.token, api_url=url)
    async with request, polling:
        yield composed(
            ours,
            settings,
            now=now,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=may_send,
            repeats=replace(ONE_MARKED_REPEAT, waits=(QUICK,), urgent_waits=(QUICK, QUICK)),
        )


@asynccontextmanager
async def at_work(
    store: Store, platform: FakePlatform, api: BotApi, *, url: str | None = None, **given: Any
) -> AsyncIterator[World]:
    """The core with our bot, which sends and does not listen."""
    async with (
        our_bot(api, url=url, **given) as ours,
        running(store, platform, ours.messenger, now, waits=HURRIED) as world,
    ):
        yield world


@asynccontextmanager
async def listening(world: World, ours: TelegramBot) -> AsyncIterator[None]:
    """Our bot also hears what people say."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(ours.listener.listen(world.router.hear, world.store.journal))
        try:
            yield
        finally:
            task.cancel()


async def settled(world: World) -> None:
    """Wait until nothing is owed any more."""
    async with asyncio.timeout(20):
        while await world.store.outbox.pending_endpoints():  # noqa: ASYNC110 it is asked of the database
            await asyncio.sleep(0.01)


async def kept(
    api: BotApi,
    store: Store,
    *,
    created: int | None = None,
    moved: tuple[tuple[str, str], ...] = (),
    pending: bool = False,
) -> Counter[State]:
    """What the judge says of what the devices show."""
    shown = on_devices(api.world.messages, now)
    return await assert_kept(store, shown, created=created, moved=moved, pending=pending)
