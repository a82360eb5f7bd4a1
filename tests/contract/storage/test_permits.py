"""What the platform lets accounts do: the latest answer of each command."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.permits import Permit
from storage import Store
from tests.contract.storage.given import NOW, linked


async def test_the_latest_answer_is_kept_of_each_command_as_long_as_a_chat_is_linked(store: Store):
    chat = await linked(store)
    first = Permit(account=chat.account, command="logs", allowed=True, at=NOW, templates="one")
    denied = replace(first, allowed=False, at=NOW + timedelta(days=1), templates="two")
    other = replace(first, command="balance")

    for one in (first, denied, other):
        await store.permits.note(one)
    assert await store.permits.of(chat.account) == [other, denied]

    await store.links.end(chat.id, NOW)
    await store.permits.note(first)
    assert await store.permits.of(chat.account) == []
