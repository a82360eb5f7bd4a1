"""Work begun in order for each chat, and for many chats at once."""

import asyncio

import pytest

from adapters.chat.queues import HEAD_START, ChatQueues, Work


class Ledger:
    """What ended, and when."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, float]] = []

    def takes(self, seconds: float, name: str) -> Work:
        async def work() -> None:
            await asyncio.sleep(seconds)
            self.ended.append((name, asyncio.get_running_loop().time()))

        return work


async def test_what_is_quick_ends_in_order_and_does_not_hold_up_another_chat():
    ledger = Ledger()

    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(group, at_once=10, most=100)
        queues.put("a", ledger.takes(0.4, "a1"))
        queues.put("a", ledger.takes(0.1, "a2"))
        queues.put("b", ledger.takes(0.2, "b1"))

    assert [name for name, _ in ledger.ended] == ["b1", "a1", "a2"]
    assert ledger.ended[-1][1] == pytest.approx(0.5)


async def test_what_is_slow_holds_nothing_up_in_its_own_chat():
    ledger = Ledger()

    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(group, at_once=1, most=100)
        for number in range(5):
            queues.put("a", ledger.takes(16, f"slow {number}"))
        queues.put("a", ledger.takes(0, "quick"))
        queues.put("b", ledger.takes(0, "another chat's"))

    assert ledger.ended[:2] == [("another chat's", HEAD_START), ("quick", 5 * HEAD_START)]


async def test_what_is_to_be_alone_is_waited_for():
    ledger = Ledger()

    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(group, at_once=10, most=100)
        queues.put("a", ledger.takes(3, "left"), alone=True)
        queues.put("a", ledger.takes(0, "returned"), alone=True)

    assert ledger.ended == [("left", 3), ("returned", 3)]


async def test_only_so_many_chats_are_served_at_once():
    ledger = Ledger()

    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(group, at_once=2, most=100)
        for chat in "abcd":
            queues.put(chat, ledger.takes(0.25, chat))

    assert [at for _, at in ledger.ended] == [0.25, 0.25, 0.5, 0.5]


async def test_who_brings_too_much_is_held_back_until_there_is_room():
    ledger = Ledger()

    async with asyncio.TaskGroup() as group:
        queues = ChatQueues(group, at_once=1, most=2)
        queues.put("a", ledger.takes(5, "first"))
        await queues.room()
        queues.put("a", ledger.takes(5, "second"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4):
                await queues.room()

        await queues.room()

        assert asyncio.get_running_loop().time() == 5
