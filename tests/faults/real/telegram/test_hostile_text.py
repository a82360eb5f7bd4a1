"""Text of strangers on Telegram: row 69 of the fault matrix, and the address of row 67."""

from __future__ import annotations

import json

import pytest

from bot.app.sources import now
from bot.domain.deliveries import State
from tests.faults.hostile import HOSTILE, hidden_in, hostile_bot, hostile_events
from tests.faults.real.telegram.conftest import HURRIED, at_work, kept, listening, our_bot, settled
from tests.harness.world import running
from tests.standins.bot_api.text import utf16_length

OURS = {"bold", "italic", "pre", "date_time"}
"""The entities that we make: none of them leads anywhere or calls anybody."""


@pytest.mark.fault(69)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_text_of_the_platform_is_inert_on_telegram(store, platform, api, text):
    ann = api.world.person("Ann")
    platform.bots["owl"] = hostile_bot(text)
    async with at_work(store, platform, api) as world:
        account = await world.links(str(ann.id))
        await world.until(lambda: world.is_live(account), within=5)
        await world.ingest.take(account, hostile_events(text, now()))
        await settled(world)

    assert len(ann.chat.shown) == 5
    for message in ann.chat.shown:
        assert {entity["type"] for entity in message.entities} <= OURS
        assert utf16_length(message.text) <= 2000
        assert hidden_in(message.text) == []
        assert not message.preview
    for call in api.world.calls_of("sendMessage"):
        assert "parse_mode" not in call.parameters
        assert json.loads(call.parameters["link_preview_options"]) == {"is_disabled": True}
    assert await kept(api, store, created=5) == {State.SENT: 5}


@pytest.mark.fault(67)
async def test_the_one_time_address_comes_without_a_preview(store, platform, api):
    ann = api.world.person("Ann")
    async with (
        our_bot(api) as ours,
        running(store, platform, ours.messenger, now, waits=HURRIED) as world,
        listening(world, ours),
    ):
        ann.types("/link")
        message = await api.world.message_where(lambda one: one.buttons)

    assert "/link/" in message.buttons[0][0].url
    assert not message.preview
    await kept(api, store)
