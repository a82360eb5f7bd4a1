"""The journal: an update is recognised, and found again after a crash until it is answered."""

from __future__ import annotations

import asyncio
import json

from bot.domain.chats import Channel
from storage import Store
from storage.journal import UPDATE_LIFE
from tests.contract.storage.given import NOW, SECOND

HERE = (Channel.TELEGRAM, "1")


async def test_updates_that_are_new_are_named_in_their_order(store: Store):
    new = await store.journal.keep(*HERE, {9: "nine", 2: "two", 10: "ten"})

    assert new == [2, 9, 10]


async def test_an_update_that_comes_again_is_not_new(store: Store):
    await store.journal.keep(*HERE, {1: "one"})
    await store.journal.done(*HERE, 1)

    assert await store.journal.keep(*HERE, {1: "one", 2: "two"}) == [2]


async def test_an_update_that_many_bring_at_once_is_new_to_one(store: Store):
    async with asyncio.TaskGroup() as group:
        kept = [group.create_task(store.journal.keep(*HERE, {1: "one"})) for _ in range(10)]

    assert [number for task in kept for number in task.result()] == [1]


async def test_what_is_not_answered_is_found_again_in_its_order(lasting_url, open_again):
    async with open_again(lasting_url) as store:
        await store.journal.keep(*HERE, {3: "three", 1: "one", 2: "two"})
        await store.journal.done(*HERE, 2)

    async with open_again(lasting_url) as store:
        found = await store.journal.open(*HERE)

    assert list(found.items()) == [(1, "one"), (3, "three")]


async def test_bots_and_platforms_number_their_updates_apart(store: Store):
    await store.journal.keep(Channel.TELEGRAM, "1", {1: "a"})

    assert await store.journal.keep(Channel.TELEGRAM, "2", {1: "b"}) == [1]
    assert await store.journal.keep(Channel.WEB, "1", {1: "c"}) == [1]
    assert await store.journal.open(Channel.TELEGRAM, "1") == {1: "a"}


async def test_large_numbers_and_any_text_are_kept(store: Store):
    text = json.dumps({"text": "\0 \ud800 🤖"}, ensure_ascii=False)

    await store.journal.keep(*HERE, {2**53: text, 2**31: ""})

    found = await store.journal.open(*HERE)
    assert list(found) == [2**31, 2**53]
    assert "🤖" in found[2**53]


async def test_old_updates_are_forgotten(store: Store):
    await store.journal.keep(*HERE, {1: "one"})

    await store.journal.prune(NOW + UPDATE_LIFE)
    kept = await store.journal.keep(*HERE, {1: "one"})
    await store.journal.prune(NOW + UPDATE_LIFE + SECOND)

    assert kept == []
    assert await store.journal.keep(*HERE, {1: "one"}) == [1]


async def test_no_updates_are_no_work(store: Store):
    assert await store.journal.keep(*HERE, {}) == []
    await store.journal.done(*HERE, 1)
    assert await store.journal.open(*HERE) == {}
