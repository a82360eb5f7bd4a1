"""The inbox in a real Chromium: it lets the device ring, and shows what is pushed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from adapters.chat.connections import Connections
from adapters.push.api import WebPushApi
from adapters.push.encryption import PushKey, new_private_key
from adapters.push.messenger import BrowserMessenger
from adapters.web.rooms import Rooms
from bot.domain.cards import Button, Card, Severity, seen
from bot.domain.deliveries import Sent
from bot.domain.ids import ActionId
from bot.domain.phones import PhoneTarget, Service, address_of
from bot.domain.visits import InboxMessage
from bot.services.commands.registry import SPECS
from tests.fakes.meter import FakeMeter
from tests.fakes.phones import OWNER, FakeTargets
from tests.harness.devices import Device, device, sign_in
from tests.integration.web.conftest import CODE, START, Site, new_id
from tests.integration.web.test_in_browser import ARGUMENTS, leading_to
from tests.integration.web.test_inbox import ADDRESS as INBOX_ADDRESS
from tests.integration.web.test_inbox import LINK, OPEN
from tests.parity.examples import every_card
from tests.standins.push.browsers import BrowserServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE_ADDRESS = address_of(Service.BROWSER, "phone")
ALARM = Card(
    title="Grid BTC: error",
    severity=Severity.CRITICAL,
    lines=("The exchange said no.",),
    buttons=((Button(label="Seen", action=ActionId("a1"), until_seen=True),),),
    at=START,
    reference="A7B2C3",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Phone(Device):
    """A phone with an inbox, and what pushes to it."""

    site: Site = field(kw_only=True)
    messenger: BrowserMessenger = field(kw_only=True)


@asynccontextmanager
async def carried(browser: Browser) -> AsyncIterator[Phone]:
    """A phone with its inbox open."""
    key = PushKey(new_private_key())
    site = Site(push_key=key.public, plain_push=True)
    site.inbox_desk.link, site.inbox_desk.code = LINK, CODE
    async with BrowserServer() as server, Connections() as connections, site.opened():
        pushed = server.browser(key.public)
        targets = FakeTargets(
            {PHONE_ADDRESS: PhoneTarget(target=pushed.target, account=OWNER, details=True)}
        )
        api = WebPushApi(connections, key, "https://bell.example", site.now)
        messenger = BrowserMessenger(api, targets, FakeMeter(), site.now)
        async with device(browser, site.url, pushed) as bare:
            phone = Phone(**vars(bare), site=site, messenger=messenger)
            await sign_in(phone, f"{site.url}{OPEN}")
            yield phone


async def test_a_device_rings_once_its_button_was_pressed_and_no_more_after_another_press(browser):
    async with carried(browser) as phone:
        switch = phone.page.get_by_role("button", name="Ring this device")
        await expect(switch).to_have_attribute("aria-pressed", "false")
        await switch.click()

        await expect(switch).to_have_attribute("aria-pressed", "true")
        await expect(phone.page.locator(".title").last).to_have_text("Look at your phone")
        [(target, _)] = phone.site.inbox_desk.subscribed
        assert target == replace(phone.pushed.target, name=LINK.endpoint.name)
        assert await phone.page.evaluate("subscribedTo") == phone.site.push_key

        await switch.click()
        await expect(switch).to_have_attribute("aria-pressed", "false")
        assert phone.site.inbox_desk.ringing == "no"
        assert await phone.page.evaluate("Boolean(notices.hidden)")


async def test_a_push_shows_what_happened_and_seen_closes_it_and_is_told_to_the_server(browser):
    async with carried(browser) as phone:
        sent = await phone.messenger.send(PHONE_ADDRESS, ALARM)
        await phone.delivers()
        [shown] = await phone.notifications(1)
        await phone.presses("seen")
        await phone.notifications(0)

        assert isinstance(sent, Sent)
        assert shown == {
            "title": "Critical · Grid BTC: error",
            "body": "The exchange said no.\n12:00 UTC · ref A7B2C3",
            "tag": "A7B2C3",
            "silent": False,
            "stays": True,
            "actions": [["seen", "Seen"], ["open", "Open"]],
        }
        assert phone.site.inbox_desk.pressed == ["a1"]


async def test_a_press_that_the_server_does_not_take_or_hear_says_so_on_the_notification(browser):
    async with carried(browser) as phone:
        phone.site.inbox_desk.good_action = "another"
        await phone.messenger.send(PHONE_ADDRESS, ALARM)
        await phone.delivers()
        await phone.notifications(1)
        await phone.presses("seen")
        [refused] = await phone.notifications(1, "a1 was pressed")

        assert refused["actions"] == [["open", "Open"]]

        await phone.presses("open")
        await expect(phone.page).to_have_url(f"{phone.site.url}/inbox#A7B2C3")
        await expect(phone.page.locator("#state")).to_have_text("online")
        await phone.notifications(0)

        phone.site.inbox_desk.secrets.clear()
        await phone.messenger.send(PHONE_ADDRESS, ALARM)
        await phone.delivers()
        await phone.notifications(1)
        await phone.presses("seen")
        unsaid = "That you have seen it could not be noted. Open the inbox to say so."
        await phone.notifications(1, unsaid)


async def test_what_was_seen_elsewhere_goes_where_the_inbox_is_looked_at(browser):
    async with carried(browser) as phone:
        await phone.messenger.send(PHONE_ADDRESS, ALARM)
        await phone.delivers()
        await phone.notifications(1)

        await phone.messenger.amend(PHONE_ADDRESS, "A7B2C3", seen(ALARM, "Seen in Discord"))
        await phone.delivers()

        await phone.notifications(0)


async def test_what_was_seen_elsewhere_says_so_quietly_where_nobody_looks(browser):
    async with carried(browser) as phone:
        await phone.messenger.send(PHONE_ADDRESS, ALARM)
        await phone.delivers()
        await phone.notifications(1)
        await (await phone.worker()).evaluate("() => { self.clients.matchAll = async () => []; }")

        await phone.messenger.amend(PHONE_ADDRESS, "A7B2C3", seen(ALARM, "Seen in Discord"))
        await phone.delivers()

        [shown] = await phone.notifications(1, "Seen in Discord")
        assert (shown["silent"], shown["stays"]) == (True, False)
        assert shown["actions"] == [["open", "Open"]]


async def test_what_its_push_service_has_moved_is_told_to_the_server_with_where_it_was(browser):
    async with carried(browser) as phone:
        moved = phone.pushed.target
        subscription = {
            "endpoint": f"{moved.endpoint}-moved",
            "keys": {"p256dh": moved.p256dh, "auth": moved.auth},
        }
        old = {"endpoint": moved.endpoint}
        await (await phone.worker()).evaluate(MOVED, [old, subscription])

    [(target, before)] = phone.site.inbox_desk.subscribed
    assert (target.endpoint, before) == (subscription["endpoint"], moved.endpoint)


MOVED = """async ([oldSubscription, newSubscription]) => {
    const event = new Event("pushsubscriptionchange");
    const begun = new Promise((done) => { event.waitUntil = (work) => done([work]); });
    self.dispatchEvent(Object.assign(event, { oldSubscription, newSubscription }));
    const [work] = await begun;
    await work;
}"""


# --- as a chat ----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_an_inbox_with_every_card(browser, inbox_witnesses, scheme):
    axe = (inbox_witnesses / "node_modules" / "axe-core" / "axe.min.js").read_text()
    async with carried(browser) as phone:
        await phone.page.emulate_media(color_scheme=scheme)
        for card in every_card():
            await phone.site.inbox.send(INBOX_ADDRESS, leading_to(phone.site.url, card))
        await phone.page.get_by_role("button", name="Filter").click()
        await phone.page.fill("#say", "/")
        await expect(phone.page.get_by_role("option").first).to_be_visible()
        await phone.page.evaluate(axe)
        found = await phone.page.evaluate("axe.run().then((one) => one.violations)")

    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


async def test_it_has_the_commands_of_a_chat_and_what_was_told_before(browser):
    async with carried(browser) as phone:
        page, desk = phone.page, phone.site.inbox_desk
        await page.get_by_role("button", name="Show all commands").click()
        await expect(page.get_by_role("option")).to_have_count(
            sum(spec.menu and not spec.pods for spec in SPECS)
        )

        desk.messages = [
            InboxMessage(id=f"m{number}", at=START, card=card)
            for number, card in enumerate((ALARM, Card(title="Bought", reference="BBBBBB")))
        ]
        # A process that begins anew recalls what was shown.
        phone.site.inbox._rooms = Rooms(phone.site.now, new_id, whole=False)
        await page.goto(f"{phone.site.url}/inbox#A7B2C3")
        await page.reload()

        await expect(page.locator(".title")).to_have_text(["Grid BTC: error", "Bought"])
        await expect(page.locator("[data-message=m0]")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.locator("[data-action=a1]")).to_be_focused()


async def test_what_it_shows_is_sifted_by_keyboard_and_nothing_is_lost_by_it(browser):
    async with carried(browser) as phone:
        page = phone.page
        for card in (ALARM, Card(title="Bought", reference="BBBBBB"), Card(title="Help")):
            await phone.site.inbox.send(INBOX_ADDRESS, card)
        titles = page.locator(".title").filter(visible=True)
        await page.get_by_role("button", name="Filter").press("Enter")
        for sort, shown in (
            ("Alerts", ["Grid BTC: error", "Bought"]),
            ("Warnings", ["Grid BTC: error"]),
            ("Everything", ["Grid BTC: error", "Bought", "Help"]),
        ):
            await page.get_by_role("radio", name=sort).press("Space")
            await expect(titles).to_have_text(shown)

        words = page.get_by_role("searchbox", name="Bot, pair or word")
        await words.fill("exchange")
        await expect(titles).to_have_text(["Grid BTC: error"])
        await words.fill("nowhere")
        await page.get_by_role("button", name="Show everything").press("Enter")
        await expect(titles).to_have_count(3)
