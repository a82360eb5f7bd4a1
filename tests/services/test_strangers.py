"""Many people who are not linked write at once: nobody who is linked waits for them."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from adapters.chat.queues import ChatQueues
from bot.domain.accounts import PasswordLogin
from bot.services.chat_platforms import wait_for_rate
from bot.services.pace import STRANGERS_BURST, STRANGERS_SHARE, Pace
from tests.harness.world import CHAT, code_in, running

RATE = 30
STRANGERS = 5_000


class Counter:
    """Answers as a chat platform's adapter does: each chat's queue, then the bot's pace."""

    def __init__(self, world, pace: Pace, group: asyncio.TaskGroup) -> None:
        self._world = world
        self._pace = pace
        self.queues = ChatQueues(group, at_once=64, most=10_000)
        self.shown: list[tuple[float, str]] = []
        """When an answer left, in seconds of the loop, and to which chat."""

    def hears(self, text: str, chat: str) -> None:
        self.queues.put(chat, partial(self._answer, text, chat))

    async def _answer(self, text: str, chat: str) -> None:
        for _ in await self._world.says(text, chat):
            await wait_for_rate(self._pace, self._world.place(chat).address)
            self.shown.append((asyncio.get_running_loop().time(), chat))

    def waited(self, chat: str, since: float) -> list[float]:
        return [at - since for at, shown_to in self.shown if shown_to == chat and at >= since]


@pytest.fixture
async def world(store, platform, chat, now):
    async with running(store, platform, chat, now, rate=RATE) as world:
        yield world


@pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)  # a day of statements
async def test_who_is_linked_is_answered_in_a_few_seconds_among_thousands_of_strangers(world):
    await world.links()
    async with asyncio.TaskGroup() as group:
        counter = Counter(world, world.pace, group)
        began = asyncio.get_running_loop().time()

        for number in range(STRANGERS):
            counter.hears("/start", f"stranger {number}")
        counter.hears("/status", CHAT)
        await asyncio.sleep(60)
        counter.hears("/status", CHAT)
        await asyncio.sleep(60)

    [first, second] = counter.waited(CHAT, began)
    assert first < 4
    assert second - 60 < 1


async def test_strangers_are_answered_with_a_part_of_the_rate_as_long_as_they_write(world):
    async with asyncio.TaskGroup() as group:
        counter = Counter(world, world.pace, group)
        for number in range(60 * 20):
            counter.hears("/start", f"stranger {number}")
            await asyncio.sleep(1 / 20)

    assert len(counter.shown) == pytest.approx(
        RATE * STRANGERS_SHARE * (60 + STRANGERS_BURST), rel=0.05
    )


async def test_who_types_digits_that_are_waited_for_is_no_stranger(world):
    [invited] = await world.says("/link", "new")
    login = PasswordLogin(email="alice@example.com", password="right")
    signed_in = await world.linking.sign_in(code_in(invited), login, "127.0.0.1")
    for number in range(200):
        await world.says("/start", f"stranger {number}")
    assert await world.says("/start", "one more") == []

    await world.says(signed_in.digits, "new")

    assert await world.link("new") is not None
    assert await world.says("/status", "new")


async def test_a_stranger_is_answered_ten_times_a_minute(world):
    answered = []
    for _ in range(300):
        answered += await world.says("/help", "stranger")
        await asyncio.sleep(1)

    told_to_wait = [reply for reply in answered if reply.card.title == "One moment, please"]
    assert 55 <= len(answered) - len(told_to_wait) <= 61
