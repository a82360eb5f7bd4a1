"""Handles of messages: found until their time is over, by the bot that kept them, and secret."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.domain.chats import Channel
from bot.ports import Handles
from storage import Store
from storage.schema.tables import secret
from tests.contract.storage.conftest import OpenStore
from tests.contract.storage.given import MINUTE, NOW, SECOND
from tests.fakes.handles import FakeHandles

HERE = (Channel.DISCORD, "1")


@pytest.fixture(params=["stored", "fake"])
def handles(request: pytest.FixtureRequest, store: Store) -> Handles:
    return store.handles if request.param == "stored" else FakeHandles(lambda: NOW)


async def test_a_message_is_changed_by_what_was_kept_last(handles: Handles):
    await handles.keep(*HERE, "7", "first", NOW + MINUTE)
    await handles.keep(*HERE, "7", "second", NOW + SECOND)
    await handles.keep(*HERE, "8", "other", NOW + MINUTE)

    assert await handles.find(*HERE, "7") == "second"


async def test_nothing_changes_it_once_its_time_is_over(handles: Handles):
    await handles.keep(*HERE, "7", "handle", NOW)

    assert await handles.find(*HERE, "7") is None


async def test_another_bot_finds_nothing(handles: Handles):
    await handles.keep(*HERE, "7", "handle", NOW + MINUTE)

    assert await handles.find(Channel.DISCORD, "2", "7") is None
    assert await handles.find(Channel.TELEGRAM, "1", "7") is None


async def test_it_is_found_after_a_restart_and_nobody_reads_it_in_the_database(
    lasting_url: str, open_again: OpenStore
):
    async with open_again(lasting_url) as store:
        await store.handles.keep(*HERE, "7", "aGVsbG8", NOW + MINUTE)
        tokens = await store.database.read(
            lambda c: c.execute(select(secret.c.token)).scalars().all()
        )

    async with open_again(lasting_url) as store:
        assert await store.handles.find(*HERE, "7") == "aGVsbG8"
    assert not any("aGVsbG8" in token for token in tokens)


async def test_only_those_go_whose_time_is_over(store: Store):
    await store.handles.keep(*HERE, "7", "old", NOW + SECOND)
    await store.handles.keep(*HERE, "8", "new", NOW + MINUTE)

    gone = await store.handles.prune(NOW + SECOND)

    assert gone == 1
    assert await store.handles.find(*HERE, "8") == "new"
