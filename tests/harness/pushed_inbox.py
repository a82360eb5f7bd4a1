"""An inbox in Chromium that gets pushes: handed to it over the DevTools protocol, since no browser
here has a way to its push service.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page, Worker, expect

from tests.standins.push.browsers import PushedBrowser

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
    const [notification] = await self.registration.getNotifications();
    const event = new NotificationEvent("notificationclick", { notification, action });
    // Of an event that no browser has made nothing may be waited for, nor may it focus a window.
    event.waitUntil = (work) => work.catch(() => {});
    self.dispatchEvent(event);
}"""


@dataclass
class PushedInbox:
    """
    Attributes:
        url: where its pages are.
        complaints: what was wrong on its console.
        registrations: of background scripts, by what each is for.
    """

    url: str
    page: Page
    context: BrowserContext
    devtools: CDPSession
    pushed: PushedBrowser
    complaints: list[str] = field(default_factory=list)
    registrations: dict[str, str] = field(default_factory=dict)
    _delivered: int = 0
    _begun: int = 0

    @classmethod
    async def opened(
        cls, context: BrowserContext, address: str, pushed: PushedBrowser
    ) -> PushedInbox:
        """Signed in at a one-time address; it may show notifications."""
        url = address.partition("/inbox/")[0]
        await context.grant_permissions(["notifications"], origin=url)
        target = pushed.target
        keys = {"p256dh": target.p256dh, "auth": target.auth}
        subscription = json.dumps({"endpoint": target.endpoint, "keys": keys})
        await context.add_init_script(SUBSCRIBING.replace("SUBSCRIPTION", subscription))
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        inbox = cls(url, page, context, devtools, pushed)
        page.on("pageerror", lambda error: inbox.complaints.append(str(error)))
        devtools.on("ServiceWorker.workerRegistrationUpdated", inbox._registered)
        await devtools.send("ServiceWorker.enable")
        await page.goto(address)
        await page.get_by_role("button", name="Sign this browser in").click()
        await expect(page.locator("#state")).to_have_text("online")
        await page.evaluate(ACTIVATED)
        await (await inbox.worker()).evaluate(COUNTING)
        devtools.on(
            "ServiceWorker.workerErrorReported", lambda told: inbox.complaints.append(str(told))
        )
        return inbox

    def _registered(self, told: dict[str, Any]) -> None:
        for one in told["registrations"]:
            if not one["isDeleted"]:
                self.registrations[one["scopeURL"]] = one["registrationId"]

    async def delivers(self) -> None:
        """Hand the browser what its push service has for it, decrypted as a browser does it."""
        for told in self.pushed.pushed[self._delivered :]:
            await self.devtools.send(
                "ServiceWorker.deliverPushMessage",
                {
                    "origin": self.url,
                    "registrationId": self.registrations[f"{self.url}/inbox"],
                    "data": json.dumps(told),
                },
            )
            await self._settled()
        self._delivered = len(self.pushed.pushed)

    async def notifications(self, count: int, body: str = "") -> list[dict[str, Any]]:
        """All that show, once there are so many, and one of that body if that is given."""
        async with asyncio.timeout(10):
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
        async with asyncio.timeout(10):
            await worker.evaluate(DONE, self._begun)
