"""A phone with an inbox in a real Chromium, and its notifications."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Worker, expect

from tests.standins.push.browsers import PushedBrowser

expect.set_options(timeout=20_000)  # machines of tests are shared

SCREEN = {"width": 360, "height": 740}

# A browser without a way to its push service cannot subscribe; all else is its own.
SUBSCRIBING = """
    let subscription = null;
    PushManager.prototype.getSubscription = async () => subscription;
    PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
        window.subscribedTo = applicationServerKey;
        if (!userVisibleOnly) throw new DOMException("quiet pushes", "NotAllowedError");
        return subscription = {
            toJSON: () => (SUBSCRIPTION),
            unsubscribe: async () => { subscription = null; return true; },
        };
    };
"""


@dataclass
class Device:
    """
    Attributes:
        origin: of the inbox.
        pushed: who it is for its push service.
        complaints: what is wrong on its console.
    """

    origin: str
    page: Page
    context: BrowserContext
    devtools: CDPSession
    pushed: PushedBrowser
    complaints: list[str]
    registrations: dict[str, str] = field(default_factory=dict)
    """Of background scripts, by what each is for."""
    _delivered: int = 0
    _begun: int = 0

    def registered(self, told: dict[str, Any]) -> None:
        for one in told["registrations"]:
            if not one["isDeleted"]:
                self.registrations[one["scopeURL"]] = one["registrationId"]

    async def delivers(self) -> None:
        """Hand the browser what its push service has for it, decrypted as a browser does it."""
        for told in self.pushed.pushed[self._delivered :]:
            await self.devtools.send(
                "ServiceWorker.deliverPushMessage",
                {
                    "origin": self.origin,
                    "registrationId": self.registrations[f"{self.origin}/inbox"],
                    "data": json.dumps(told),
                },
            )
            await self._settled()
        self._delivered = len(self.pushed.pushed)

    async def notifications(self, count: int, body: str = "") -> list[dict[str, Any]]:
        """All that show, once there are so many, and one of that body if that is given."""
        async with asyncio.timeout(30):
            while True:
                found: list[dict[str, Any]] = await self.page.evaluate(SHOWN)
                if len(found) == count and (not body or body in [one["body"] for one in found]):
                    return found
                await asyncio.sleep(0.05)

    async def worker(self) -> Worker:
        [worker] = self.context.service_workers
        return worker

    async def presses(self, action: str) -> None:
        """A button of the notification, as nobody can press one without a desktop."""
        await (await self.worker()).evaluate(PRESS, action)
        await self._settled()

    async def _settled(self) -> None:
        """Wait until the script has done its work: who asks before a notification shows makes
        Chromium forget it.
        """
        self._begun += 1
        worker = await self.worker()
        async with asyncio.timeout(30):
            await worker.evaluate(DONE, self._begun)


COUNTING = """() => {
    self.done = 0;
    const counted = (work) => async (...all) => {
        try {
            return await work(...all);
        } finally {
            self.done += 1;
        }
    };
    arrived = counted(arrived);
    say = counted(say);
    open = counted(open);
}"""

DONE = """async (count) => {
    while (self.done < count) await new Promise((done) => setTimeout(done, 20));
}"""

# What is pushed before that is lost.
ACTIVATED = """async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active.state !== "activated") {
        await new Promise((done) => active.addEventListener("statechange", done, { once: true }));
    }
}"""

SHOWN = """async () => {
    const worker = await navigator.serviceWorker.ready;
    return (await worker.getNotifications()).map((one) => ({
        title: one.title,
        body: one.body,
        tag: one.tag,
        silent: one.silent,
        stays: one.requireInteraction,
        actions: one.actions.map(({ action, title }) => [action, title]),
    }));
}"""

PRESS = """async (action) => {
    const all = await self.registration.getNotifications();
    const notification = all.find((one) => one.actions.some((key) => key.action === action));
    const event = new NotificationEvent("notificationclick", { notification, action });
    // Of an event that no browser has made nothing may be waited for, nor may it focus a window.
    event.waitUntil = (work) => work.catch(() => {});
    self.dispatchEvent(event);
}"""


@asynccontextmanager
async def device(browser: Browser, origin: str, pushed: PushedBrowser) -> AsyncIterator[Device]:
    """A browser that may notify, and subscribes as that one; nothing may be wrong in it."""
    context = await browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]
    await context.grant_permissions(["notifications"], origin=origin)
    keys = {"p256dh": pushed.target.p256dh, "auth": pushed.target.auth}
    subscription = json.dumps({"endpoint": pushed.url, "keys": keys})
    await context.add_init_script(SUBSCRIBING.replace("SUBSCRIPTION", subscription))
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    devtools = await context.new_cdp_session(page)
    made = Device(
        origin=origin,
        page=page,
        context=context,
        devtools=devtools,
        pushed=pushed,
        complaints=complaints,
    )
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda told: made.registered(told))
    devtools.on("ServiceWorker.workerErrorReported", lambda told: complaints.append(str(told)))
    await devtools.send("ServiceWorker.enable")
    yield made
    await context.close()
    assert complaints == []


async def sign_in(device: Device, address: str) -> None:
    """By an address of an inbox."""
    await device.page.goto(address)
    await device.page.get_by_role("button", name="Sign this browser in").click()
    await expect(device.page.locator("#state")).to_have_text("online")
    await device.page.evaluate(ACTIVATED)
    await (await device.worker()).evaluate(COUNTING)
