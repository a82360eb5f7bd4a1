"""Phones, with the whole product at work: what is pressed on a lock screen, what Pushover tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from bot.settings import Settings
from tests.e2e.processes import digits_in, sign_in
from tests.harness.waiting import until
from tests.integration.app.conftest import Running, Simulated, running
from tests.integration.web.test_links import csrf_of
from tests.standins.bot_api import BotApi, Person
from tests.standins.push.browsers import BrowserServer
from tests.standins.push.hooks import serving as apprise_target
from tests.standins.push.ntfy import NtfyServer
from tests.standins.push.pushover import TOKEN, USER, PushoverServer

BELL = "http://bell.example.org"
"""No name that anybody can resolve here: what comes by it is taken to where we listen."""


@pytest.fixture
async def ntfy() -> AsyncIterator[NtfyServer]:
    async with NtfyServer() as server:
        yield server


@pytest.fixture
async def pushover() -> AsyncIterator[PushoverServer]:
    async with PushoverServer() as server:
        yield server


@pytest.fixture
def reached(settings: Callable[..., Settings], pushover: PushoverServer) -> Settings:
    """A Tradebell that phones can reach."""
    return settings(
        PUBLIC_URL=BELL,
        PUSH_PRIVATE_HOSTS="true",
        PUSHOVER_TOKEN=TOKEN,
        PUSHOVER_API_URL=pushover.url,
        APPRISE="json",
    )


def here(product: Running) -> Callable[[str], str]:
    listen = product.settings.web.listen
    return lambda address: address.replace(BELL, f"http://{listen}")


async def link(product: Running, api: BotApi, ann: Person, simulated: Simulated) -> None:
    ann.types("/link")
    message = await api.world.message_where(lambda one: "/link/" in one.text, within=15)
    address = next(word for word in message.text.split() if "/link/" in word)
    alice = simulated.alice
    page = await sign_in(here(product)(address), email=alice.email, password=alice.password)
    ann.types(digits_in(page))
    await api.world.message_where(lambda one: "Linked to" in one.text, within=15)
    await product.becomes("/metrics", lambda _, text: 'tradebell_feeds{state="live"} 1.0' in text)
    ann.types("/escalate phone at once")
    await api.world.message_where(lambda one: "If nobody sees" in one.text)


async def proves(api: BotApi, ann: Person, words: str) -> None:
    """The phone's code is typed in the chat."""
    code = "".join(filter(str.isdigit, words.partition(".")[0]))
    ann.types(code)
    await api.world.message_where(lambda one: "Your phone is linked" in one.text)


async def test_seen_on_ntfy_s_lock_screen_closes_the_button_in_the_chat(
    reached, simulated, bot_api, ann, ntfy
):
    async with running(reached) as product, aiohttp.ClientSession() as app:
        await link(product, bot_api, ann, simulated)
        ann.types(f"/phone ntfy {ntfy.url}")
        added = await bot_api.world.message_where(lambda one: "Send the code" in one.labels)
        ann.presses(added, "Send the code")
        await bot_api.world.message_where(lambda one: "Look at your phone" in one.text)
        [code] = ntfy.screen()
        await proves(bot_api, ann, code.message)
        await simulated.alarm("Insufficient balance")
        alert = await bot_api.world.message_where(lambda one: "Insufficient" in one.text)
        await until(lambda: len(ntfy.screen()) == 2)
        seen, opened = ntfy.screen()[-1].actions
        labels = alert.labels
        async with app.get(here(product)(opened["url"])) as page:
            looked = page.status, await page.text()
        looked_at = alert.labels
        async with app.post(here(product)(seen["url"])) as answer:
            pressed = answer.status
        await bot_api.world.until(lambda: "Seen" not in alert.labels)
        await until(lambda: len(ntfy.screen()) == 1)

    assert (seen["label"], opened["label"], seen["method"]) == ("Seen", "Open", "POST")
    assert (looked[0], pressed) == (200, 200)
    assert "Insufficient" not in looked[1] + str(ntfy.calls)
    assert looked_at == labels
    assert "Seen" in labels
    assert "Seen on the phone" in alert.text


async def test_pushover_calls_back_and_a_forged_call_makes_nobody_see(
    reached, simulated, bot_api, ann, pushover
):
    async with running(reached) as product, aiohttp.ClientSession() as forger:
        await link(product, bot_api, ann, simulated)
        ann.types(f"/phone pushover {USER}")
        await bot_api.world.message_where(lambda one: "Look at your phone" in one.text)
        await proves(bot_api, ann, pushover.phone[0].message)
        await simulated.alarm("Insufficient balance")
        alert = await bot_api.world.message_where(lambda one: "Insufficient" in one.text)
        await until(lambda: len(pushover.phone) == 2)
        receipt = pushover.phone[-1].receipt
        address = here(product)(f"{BELL}/pushover")
        asked = len(pushover.calls)
        for said in ("f" * 30, receipt):
            form = {"receipt": said, "acknowledged": "1"}
            async with forger.post(address, data=form) as answer:
                assert answer.status == 200
        await until(lambda: len(pushover.calls) > asked)
        forged = [call.path for call in pushover.calls[asked:]], alert.labels
        pushover.acknowledge()
        called = await pushover.call_back(here(product))
        await bot_api.world.until(lambda: "Seen" not in alert.labels, within=8)

    assert not any("ntfy server is older" in one.text for one in bot_api.world.messages)
    assert pushover.phone[-1].callback == f"{BELL}/pushover"
    assert forged[0] == [f"/1/receipts/{receipt}.json"]
    assert "Seen" in forged[1]
    assert called == [200]
    assert "Seen on the phone" in alert.text


async def signed_in(product: Running, api: BotApi, ann: Person, app: aiohttp.ClientSession) -> None:
    """The browser has an inbox from now on."""
    ann.types("/inbox")
    message = await api.world.message_where(lambda one: "/inbox/open/" in one.text)
    address = next(word for word in message.text.split() if "/inbox/open/" in word)
    form = await (await app.get(here(product)(address))).text()
    async with app.post(here(product)(address), data={"csrf": csrf_of(form)}) as entered:
        assert entered.status == 200


async def test_an_inbox_rings_and_seen_on_its_notification_closes_the_button_in_the_chat(
    reached, simulated, bot_api, ann
):
    world = bot_api.world
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        running(reached) as product,
        BrowserServer() as service,
        aiohttp.ClientSession(here(product)(BELL), cookie_jar=jar) as app,
    ):
        await link(product, bot_api, ann, simulated)
        await signed_in(product, bot_api, ann, app)
        told = await (await app.get("/inbox/ring")).json()
        browser = service.browser(told["key"])
        keys = {"p256dh": browser.target.p256dh, "auth": browser.target.auth}
        said = {"csrf": told["csrf"], "subscription": {"endpoint": browser.url, "keys": keys}}
        subscribed = await (await app.post("/inbox/ring", json=said)).json()
        [code] = browser.screen()
        await proves(bot_api, ann, code["body"])
        await simulated.alarm("Insufficient balance")
        alert = await world.message_where(lambda one: "Insufficient" in one.text)
        await until(lambda: len(browser.screen()) == 2)
        pushed = browser.screen()[-1]
        offered = alert.labels

        seen = await (await app.post("/inbox/seen", json={"action": pushed["seen"]})).json()
        await world.until(lambda: "Seen" not in alert.labels)
        await until(lambda: browser.screen()[-1]["over"])

        browser.expired = True
        await simulated.alarm("Insufficient margin")
        await world.message_where(lambda one: "rings no more" in one.text, within=15)
        # It is told of before it is forgotten.
        async with asyncio.timeout(10):
            while True:
                after = await (await app.get("/inbox/ring")).json()
                if after["rings"] == "no":
                    break
                await asyncio.sleep(0.05)

    assert [told["rings"], subscribed["rings"], after["rings"]] == ["no", "unproven", "no"]
    assert (pushed["title"], pushed["body"]) == ("Tradebell", "A bot needs you")
    assert "Seen" in offered
    assert seen["done"]
    assert "Seen on the phone" in alert.text
    assert browser.texts()[-1] == "Tradebell\nDealt with: you need do nothing here"
    assert "Insufficient" not in str(browser.pushed)


async def test_a_bot_is_stopped_from_a_lock_screen_s_page_as_the_inbox_asks_first(
    reached, simulated, bot_api, ann, ntfy
):
    def runs() -> bool:
        records = simulated.platform.records
        return bool(records.get("traders", simulated.alice.id, simulated.owl)["running"])

    world = bot_api.world
    await simulated.platform.change(
        "traders", simulated.owl, {"running": True, "status": "running"}
    )
    async with (
        running(reached) as product,
        aiohttp.ClientSession(
            here(product)(BELL), cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as app,
        aiohttp.ClientSession() as stranger,
    ):
        await link(product, bot_api, ann, simulated)
        ann.types(f"/phone ntfy {ntfy.url}")
        added = await world.message_where(lambda one: "Send the code" in one.labels)
        ann.presses(added, "Send the code")
        await world.message_where(lambda one: "Look at your phone" in one.text)
        await proves(bot_api, ann, ntfy.screen()[0].message)
        await signed_in(product, bot_api, ann, app)
        await simulated.alarm("Insufficient balance")
        await until(lambda: len(ntfy.screen()) == 2)
        page = here(product)(ntfy.screen()[-1].actions[1]["url"])
        form = await (await app.get(page)).text()
        foreign = await stranger.post(f"{page}/stop", data={"csrf": csrf_of(form)})
        async with app.post(f"{page}/stop", data={"csrf": csrf_of(form)}) as asked:
            led_to = asked.url.path
        async with app.ws_connect("/inbox/ws", origin=here(product)(BELL)) as socket:
            async with asyncio.timeout(10):
                shown: list[dict[str, Any]] = []
                while not shown or shown[-1]["mine"]:
                    frame = await socket.receive_json()
                    shown += frame.get("messages", [])
                    shown += [frame["message"]] if frame["type"] == "message" else []
                asked_first = runs()
                [[button], _] = shown[-1]["card"]["buttons"]
                press = {"message": shown[-1]["id"], "action": button["action"]}
                await socket.send_json({"type": "press", **press})
                await until(lambda: not runs())

    assert "Stop a bot" in form
    assert foreign.status == 403
    assert led_to == "/inbox"
    assert asked_first
    assert shown[-2]["text"] == "/pause"
    assert shown[-1]["card"]["title"] == "Stop Night Owl?"
    labels = [one["label"] for row in shown[-1]["card"]["buttons"] for one in row]
    assert labels == ["Stop Night Owl", "Cancel"]


async def test_a_phone_by_apprise_is_proven_and_rung(reached, simulated, bot_api, ann):
    async with apprise_target() as target, running(reached) as product:
        await link(product, bot_api, ann, simulated)
        ann.types(f"/phone apprise {target.url}")
        await bot_api.world.message_where(lambda one: "Look at your phone" in one.text, within=15)
        await proves(bot_api, ann, target.heard[0]["message"])
        await simulated.alarm("Insufficient balance")
        await until(lambda: len(target.heard) == 2, within=15)

    lines = target.heard[1]["message"].splitlines()
    assert lines[0] == "A bot needs you"
    assert lines[1].startswith(f"Open: {BELL}/seen/")
