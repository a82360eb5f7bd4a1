"""Work in order for each chat, and for many chats at once."""

import asyncio
from collections.abc import Callable

import pytest

from adapters.telegram.queues import ChatQueues, Work


def takes(seconds: float, done: Callable[[], None]) -> Work:
    async def work() -> None:
        await asyncio.sleep(seconds)
        done()

    return work


async def test_one_chat_is_served_in_order_and_does_not_hold_up_another():
    done: list[tuple[str, float]] = []

    def note(name: str) -> Callable[[], None]:
        return lambda: done.append((name, asyncio.get_running_loop().time()))

    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(group, at_once=10, most=100)
        queues.put("a", takes(10, note("a1")))
        queues.put("a", takes(1, note("a2")))
        queues.put("b", takes(2, note("b1")))

    assert done == [("b1", 2), ("a1", 10), ("a2", 11)]


async def test_only_so_many_chats_are_served_at_once():
    ended: list[float] = []

    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(group, at_once=2, most=100)
        for chat in "abcd":
            queues.put(
                chat,
                takes(1, lambda: ended.append(asyncio.get_running_loop().time())),
            )

    assert ended == [1, 1, 2, 2]


async def test_who_brings_too_much_is_held_back_until_there_is_room():
    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(group, at_once=1, most=2)
        queues.put("a", takes(5, lambda: None))
        await queues.room()
        queues.put("a", takes(5, lambda: None))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4):
                await queues.room()

        await queues.room()

        assert asyncio.get_running_loop().time() == 5
