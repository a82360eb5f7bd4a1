"""A bot fails at night: the chats hear it, the phone rings since nobody has seen it, and one press
on its notification is enough everywhere.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from bot.app.sources import now
from tests.e2e.screens import Bubble, Screen, draw, lock_screen
from tests.e2e.test_browser import CHROMIUM_ARGUMENTS
from tests.harness.devices import Device, device
from tests.harness.devices import sign_in as sign_in_inbox
from tests.harness.waiting import until
from tests.integration.app import conftest, test_discord
from tests.integration.app.conftest import linked, running
from tests.integration.app.test_discord import link
from tests.standins.push.browsers import BrowserServer

ann, bot_api = conftest.ann, conftest.bot_api
settings, simulated = conftest.settings, conftest.simulated
dora, discord_api = test_discord.dora, test_discord.discord_api
on_discord = test_discord.on_discord

PICTURES = os.environ.get("TRADEBELL_TEST_PICTURES")
"""A folder for pictures of what each screen shows; they are in docs/escalation.md."""


@dataclass
class Clock:
    """The machine's, set ahead."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return now() + self.ahead


@pytest.fixture
async def chromium_browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM_ARGUMENTS
        )
        yield launched
        await launched.close()


async def shown(inbox: Device, count: int) -> list[dict[str, Any]]:
    """What shows on the phone once its push service had so many for it."""
    await until(lambda: len(inbox.pushed.pushed) >= count)
    await inbox.delivers()
    return await inbox.notifications(1)


async def test_a_failing_bot_rings_until_somebody_has_seen_it(
    settings, simulated, bot_api, ann, discord_api, dora, on_discord, chromium_browser
):
    clock, moments = Clock(), {}
    telegram, discord = bot_api.world, discord_api.world
    runs = {"running": True, "status": "running", "dry_run": False}
    await simulated.platform.change("traders", simulated.owl, runs)
    wishes = settings(PUSH_PRIVATE_HOSTS="true", **on_discord)
    async with (
        running(wishes, clock) as product,
        BrowserServer() as service,
        AsyncExitStack() as stack,
    ):
        await linked(product, bot_api, ann, simulated.alice)
        await link(product, discord_api, dora, simulated.alice)

        # The inbox is installed on the phone, and proven to ring it.
        ann.types("/inbox")
        message = await telegram.message_where(lambda one: "/inbox/open/" in one.text)
        address = next(word for word in message.text.split() if "/inbox/open/" in word)
        phone = device(chromium_browser, address.partition("/inbox/")[0], service.browser(""))
        inbox = await stack.enter_async_context(phone)
        await sign_in_inbox(inbox, address)
        switch = inbox.page.get_by_role("button", name="Ring this device")
        told = await inbox.page.evaluate("fetch('/inbox/ring').then((one) => one.json())")
        inbox.pushed.subscribed_to = told["key"]
        await switch.click()
        [code] = await shown(inbox, 1)
        ann.types("".join(filter(str.isdigit, code["body"].partition(".")[0])))
        await telegram.message_where(lambda one: "Your phone is linked" in one.text)
        await inbox.presses("open")

        # Both chats hear that the bot has failed; the phone does not, yet.
        await simulated.alarm("Insufficient balance")
        here = await telegram.message_where(lambda one: "Insufficient" in one.text)
        there = await discord.message_where(lambda one: "Insufficient" in one.text)

        def screens(pushed: list[dict[str, Any]]) -> list[Screen]:
            on_discord = Bubble(there.text.partition("\n")[2], there.labels)
            return [
                Screen("Telegram", [Bubble(here.text, here.labels)]),
                Screen("Discord", [on_discord]),
                lock_screen(pushed),
            ]

        at_once = len(inbox.pushed.pushed)
        offered = here.labels, there.labels
        moments["rings"] = screens([])

        # Two minutes later nobody has seen it. Only the clock was set ahead: it is looked at again
        # when the steps are chosen, here as they are anyway.
        clock.ahead = timedelta(minutes=2, seconds=1)
        ann.types("/escalate default")
        rung = await shown(inbox, 2)
        moments["unseen"] = screens(rung)

        # One press on the phone.
        await inbox.presses("seen")
        await telegram.until(lambda: "Seen" not in here.labels)
        await discord.until(lambda: "Seen" not in there.labels)
        over = await shown(inbox, 3) if len(inbox.pushed.pushed) > 2 else []
        moments["seen"] = screens(over)
    if PICTURES:
        for name, moment in moments.items():
            await draw(moment, chromium_browser, Path(PICTURES, f"until-seen-{name}.png"))

    assert [("Seen" in labels) for labels in offered] == [True, True]
    assert at_once == 1, "the code alone"
    assert [one["body"] for one in rung] == ["A bot needs you"]
    for message in (here, there):
        assert "Seen on the phone" in message.text
        assert "Stop Night Owl" in message.labels
