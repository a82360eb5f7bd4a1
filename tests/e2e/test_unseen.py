"""The demo, with chats and a phone: a bot fails, the chats hear it, the phone rings since nobody
has seen it, and one press on its notification is enough everywhere.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from adapters import simulator
from bot.app.demo import Show, demo
from bot.settings import read
from tests.e2e.processes import free_port
from tests.e2e.screens import Bubble, Screen, draw, lock_screen
from tests.e2e.test_browser import CHROMIUM_ARGUMENTS
from tests.harness.devices import Device, device
from tests.harness.devices import sign_in as sign_in_inbox
from tests.harness.hurried_time import HurriedLoop
from tests.harness.waiting import until
from tests.integration.app.conftest import Running, linked
from tests.integration.app.test_discord import link
from tests.standins.bot_api import BotApi
from tests.standins.discord import DiscordApi
from tests.standins.push.browsers import BrowserServer

PICTURES = os.environ.get("TRADEBELL_TEST_PICTURES")
"""A folder for pictures of what each screen shows; they are in docs/escalation.md."""

QUIET = timedelta(days=1)
"""Between two things that happen by themselves."""

TIMES = 20.0
"""As fast as it may go while nobody does anything."""

FAILING = "Momentum ETH"
"""The one that trades with real money."""


@dataclass(frozen=True, slots=True)
class Given:
    """A demo that runs, and the market that it is about."""

    product: Running
    platform: simulator.SimulatedPlatform
    resident: simulator.Resident

    async def fails(self, name: str, why: str) -> None:
        """As a bot of the market does that stops at an error."""
        mine = self.platform.records.of("traders", self.resident.user.id)
        [bot] = [one["_id"] for one in mine if one["name"] == name]
        report = {"type": "error", "message": why, "traderId": bot}
        await self.platform.add("traders/pods/events", report, self.resident.user.id)
        stopped = {"running": False, "status": "error"}
        await self.platform.change("traders", bot, stopped)


@asynccontextmanager
async def given(monkeypatch, loop: HurriedLoop, **settings: str) -> AsyncIterator[Given]:
    """Give the demo, with these settings, until the block ends."""
    settled = []
    settle = simulator.settle

    async def noting(platform: simulator.SimulatedPlatform, **facts: Any) -> simulator.Resident:
        resident = await settle(platform, **facts)
        settled.append((platform, resident))
        return resident

    monkeypatch.setattr(simulator, "settle", noting)
    port, figures = free_port(), f"127.0.0.1:{free_port()}"
    settings = {"METRICS_LISTEN": figures, **settings}
    known = read({"TRADEBELL_LISTEN": f"127.0.0.1:{port}", "TRADEBELL_METRICS_LISTEN": figures})
    show = Show(port=port, pace=QUIET, browser=False, settings=settings, now=loop.now)
    stop, ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(demo(show, lambda _: None, stop, ready.set))
        async with asyncio.timeout(20):
            await ready.wait()
        [(platform, resident)] = settled
        try:
            yield Given(Running(known, stop, task), platform, resident)
        finally:
            stop.set()


async def shown(inbox: Device, count: int) -> list[dict[str, Any]]:
    """What shows on the phone once its push service had so many for it."""
    await until(lambda: len(inbox.pushed.pushed) >= count)
    await inbox.delivers()
    return await inbox.notifications(1)


def test_a_failing_bot_of_the_demo_rings_until_somebody_has_seen_it(chromium, monkeypatch):
    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        runner.run(until_seen(chromium, monkeypatch))


async def until_seen(chromium: str, monkeypatch) -> None:
    loop, moments = asyncio.get_running_loop(), {}
    assert isinstance(loop, HurriedLoop)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        playwright = await enter(async_playwright())
        browser: Browser = await enter(
            await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        )
        bot_api, discord_api = await enter(BotApi()), await enter(DiscordApi())
        service = await enter(BrowserServer())
        telegram, discord = bot_api.world, discord_api.world
        ann, dora = telegram.person("Ann"), discord.person("Dora")
        show = await enter(
            given(
                monkeypatch,
                loop,
                TELEGRAM_TOKEN=bot_api.token,
                TELEGRAM_API_URL=bot_api.url,
                DISCORD_TOKEN=discord_api.token,
                DISCORD_API_URL=discord_api.url,
                PUSH_PRIVATE_HOSTS="true",
            )
        )
        await linked(show.product, bot_api, ann, show.resident.user)
        await link(show.product, discord_api, dora, show.resident.user)

        # The inbox is installed on the phone, and proven to ring it.
        ann.types("/inbox")
        message = await telegram.message_where(lambda one: "/inbox/open/" in one.text)
        address = next(word for word in message.text.split() if "/inbox/open/" in word)
        phone = device(browser, address.partition("/inbox/")[0], service.browser(""))
        inbox = await enter(phone)
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
        await show.fails(FAILING, "Insufficient balance: 250 USDT needed to trade ETH/USDT")
        stopped = f"{FAILING} stopped with an error"
        here = await telegram.message_where(lambda one: stopped in one.text)
        there = await discord.message_where(lambda one: stopped in one.text)
        began = loop.time()

        def screens(pushed: list[dict[str, Any]]) -> list[Screen]:
            told = [one for one in telegram.messages if FAILING in one.text]
            there = [one for one in discord.messages if FAILING in one.text]
            on_discord = [Bubble(one.text.partition("\n")[2], one.labels) for one in there]
            return [
                Screen("Telegram", [Bubble(one.text, one.labels) for one in told]),
                Screen("Discord", on_discord),
                lock_screen(pushed),
            ]

        offered = here.labels, there.labels
        moments["rings"] = screens([])
        with loop.hurried(TIMES):
            await asyncio.sleep(110)
        before = len(inbox.pushed.pushed)

        # Two minutes after it failed nobody has seen it.
        rung = await shown(inbox, 2)
        waited = loop.time() - began
        moments["unseen"] = screens(rung)

        # One press on the phone.
        await inbox.presses("seen")
        await telegram.until(lambda: "Seen" not in here.labels)
        await discord.until(lambda: "Seen" not in there.labels)
        over = await shown(inbox, 3) if len(inbox.pushed.pushed) > 2 else []
        moments["seen"] = screens(over)
        if PICTURES:
            for name, moment in moments.items():
                await draw(moment, browser, Path(PICTURES, f"until-seen-{name}.png"))

    assert offered == (("Seen", "I have it …"),) * 2
    assert before == 1, "the code alone"
    assert 115 < waited < 150, waited
    assert [one["body"] for one in rung] == ["A bot needs you"]
    assert all("Seen on the phone" in one.text for one in (here, there))
