from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from adapters.pictures.draw import drawn
from bot.domain.cards import (
    Button,
    ButtonStyle,
    Card,
    Field,
    Look,
    Option,
    PickList,
    Severity,
    Table,
    as_shown,
)
from bot.domain.charts import (
    Bar,
    Bars,
)
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Sent
from bot.domain.ids import ActionId, TraderId
from bot.domain.incoming import Command, Incoming, Press, Reply
from bot.policy.rule_table import rule_table
from bot.services.commands.registry import SPECS
from bot.texts.language import speaking
from storage.schema.codec import decode_card, encode_card
from tests.fakes.conversation import Names
from tests.fakes.web import Talker
from tests.integration.web.conftest import CODE, START, Site
from tests.integration.web.test_settings_page import FULL, HERON, OPEN, a_view
from tests.parity.examples import EVERYTHING, QUIET, WIDE, every_card
from tests.parity.parts import found
from tests.parity.screens import PUBLIC_URL, of_the_page

# One browser serves all tests here, each with a context of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE = {"width": 360, "height": 740}
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def chatting(site: Site, browser: Browser) -> AsyncIterator[tuple[Page, Address]]:
    """A phone with the chat open; nothing may be wrong on its console."""
    context = await browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    async with site.opened():
        await page.goto(f"{site.url}/chat")
        await expect(page.locator("#state")).to_have_text("online")
        yield page, await address_of(context)
        await context.close()
    assert complaints == []


async def address_of(context: BrowserContext) -> Address:
    cookies = {cookie["name"]: cookie["value"] for cookie in await context.cookies()}
    return Address(channel=Channel.WEB, bot="web", chat=cookies["tradebell-chat"])


async def say(page: Page, text: str) -> None:
    await page.fill("#say", text)
    await page.press("#say", "Enter")


async def sideways(page: Page) -> int:
    """Pixels by which the page is wider than the phone."""
    width: int = await page.evaluate(
        "Math.max(document.documentElement.scrollWidth, scroller.scrollWidth - "
        "scroller.clientWidth + innerWidth) - innerWidth"
    )
    return width


# --- the settings page ----------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 390])
async def test_on_a_phone_without_scripts_only_the_table_scrolls_sideways(site, browser, width):
    many = tuple(replace(HERON, id=TraderId(f"b{n}"), name=f"Heron {n}") for n in range(9))
    view = replace(a_view(FULL), traders=many, cells=rule_table(many, FULL.rules))
    site.settings_desk.seen, site.settings_desk.code = view, CODE
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 844}
    )
    page = await context.new_page()
    async with site.opened():
        await page.goto(f"{site.url}{OPEN}")
        await page.get_by_role("button", name="Open the settings").press("Enter")
        table = page.get_by_role("region", name="How loudly what is told")
        page_box = await page.locator("html").evaluate("one => [one.scrollWidth, innerWidth]")
        table_box = await table.evaluate("one => [one.scrollWidth, one.clientWidth]")
        cell = page.get_by_role("link", name="Exits of Heron 8: ")
        await cell.focus()
        await cell.press("Enter")
        await page.get_by_label("off: not told").press("Space")
        await page.get_by_role("button", name="Save").press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Saved.")
        await page.get_by_role("link", name="Back to the settings").press("Enter")
        await expect(page).to_have_url(f"{site.url}/settings")
        await context.close()

    assert page_box[0] == page_box[1]
    assert table_box[0] > table_box[1]
    assert site.settings_desk.changes == [("rules", "exits off", "b8")]


# --- the link page -------------------------------------------------------------------------


async def test_a_person_without_scripts_signs_in_at_the_second_try(site, browser):
    context = await browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = await context.new_page()
    async with site.opened():
        await page.goto(f"{site.url}/link/{CODE}")
        await page.get_by_label("E-mail").fill("ann@example.com")
        await page.get_by_label("Password", exact=True).fill("wrong")
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("Wrong e-mail or password")

        await expect(page.get_by_label("E-mail")).to_have_value("ann@example.com")
        await page.get_by_label("Password", exact=True).fill(site.desk.password)
        await page.get_by_role("button", name="Sign in", exact=True).click()

        assert await page.locator("#digits").text_content() == site.desk.digits
        await context.close()
    assert site.desk.zones == ["", ""]


async def test_a_key_can_be_used_instead_and_the_browser_s_time_zone_goes_along(site, browser):
    page = await browser.new_page(timezone_id="Asia/Tokyo")
    async with site.opened():
        await page.goto(f"{site.url}/link/{CODE}")
        await page.get_by_text("Use an API key instead").click()
        await page.get_by_label("API key", exact=True).fill(site.desk.api_key)
        await page.get_by_role("button", name="Sign in with the key").click()

        assert await page.locator("#digits").text_content() == site.desk.digits
        await page.close()
    assert site.desk.zones == ["Asia/Tokyo"]


async def test_another_site_s_form_never_gets_as_far_as_a_login(site, browser):
    page = await browser.new_page()
    async with site.opened():
        await page.goto(f"{site.url}/link/{CODE}")
        csrf = await page.locator("[name=csrf]").first.get_attribute("value")
        await page.goto("about:blank")
        await page.set_content(
            f"""<form method="post" action="{site.url}/link/{CODE}">
                <input name="csrf" value="{csrf}"><input name="api_key" value="key-1">
                <button>Win a prize</button></form>"""
        )
        await page.get_by_role("button").click()

        await expect(page.get_by_role("heading", level=1)).to_contain_text("not sent from our page")
        await page.close()
    assert site.desk.tried == []


# --- the chat ------------------------------------------------------------------------------

ASK = Card(
    title="Pause BTC swing?",
    severity=Severity.WARNING,
    buttons=(
        (
            Button(label="Pause BTC swing", action=ActionId("a1"), style=ButtonStyle.DANGER),
            Button(label="Cancel", action=ActionId("a2")),
        ),
    ),
)


def careful(said: Incoming) -> Sequence[Reply]:
    match said:
        case Press(action="a1"):
            return [
                Reply(
                    toast="Done", card=Card(title="Paused", severity=Severity.GOOD), replaces=True
                )
            ]
        case Command(name="pause"):
            return [Reply(card=ASK)]
        case _:
            return [Reply(card=Card(title="Hello"))]


async def test_a_question_is_answered_by_its_button_and_the_history_survives_a_reload(browser):
    site = Site(talker=Talker(careful))
    async with chatting(site, browser) as (page, _):
        await expect(page.locator("#empty")).to_be_visible()
        await page.get_by_role("button", name="Start").click()
        await say(page, "/pause BTC swing")
        card = page.locator("[data-message][data-severity=warning]")
        await expect(card).to_contain_text("Warning")
        identity = await card.get_attribute("data-message")
        await card.locator("button[data-action=a1]").click()

        done = page.locator(f"[data-message='{identity}']")
        await expect(done).to_have_attribute("data-severity", "good")
        await expect(done).to_contain_text("Paused")
        await expect(page.locator("#toasts")).to_have_text("Done")
        await expect(page.locator("button[data-action]")).to_have_count(0)
        before = await page.locator(".said, .title").all_text_contents()

        await page.reload()
        await expect(page.locator("[data-message]")).to_have_count(4)
        assert await page.locator(".said, .title").all_text_contents() == before
        assert before == ["/start", "Hello", "/pause BTC swing", "Paused"]


PICK = PickList(
    prompt="Choose a bot",
    options=(
        Option(label="Night Owl", action=ActionId("a1"), hint="running · paper"),
        Option(label="Heron", action=ActionId("a2"), hint="running · real money"),
        Option(label="All 2", action=ActionId("a3")),
    ),
)


async def test_the_focus_stays_where_it_was_when_something_was_pressed(browser):
    def slowly_careful(said: Incoming) -> Sequence[Reply]:
        if isinstance(said, Press) and said.action == "a2":
            return [Reply(card=replace(ASK, title="Really?"), replaces=True)]
        return careful(said)

    talker = Talker(slowly_careful)
    site = Site(talker=talker)
    async with chatting(site, browser) as (page, _):
        await page.get_by_role("button", name="Start").press("Enter")
        await expect(page.locator("#say")).to_be_focused()
        await say(page, "/pause BTC swing")
        card = page.locator("[data-message][data-severity=warning]")
        cancel, danger = card.locator("[data-action=a2]"), card.locator("[data-action=a1]")

        await cancel.press("Enter")
        await expect(card).to_contain_text("Really?")
        await expect(cancel).to_be_focused()

        async with talker.held():
            await danger.press("Enter")
            await expect(danger).to_have_attribute("aria-busy", "true")
            await expect(danger).to_be_focused()
            await danger.press("Enter")
        done = page.locator("[data-message][data-severity=good]")
        await expect(done).to_be_focused()
    presses = [said for said in talker.heard if isinstance(said, Press)]
    assert [press.action for press in presses] == ["a2", "a1"]


async def test_the_page_is_built_as_screen_readers_need_it(site, browser):
    """The rules of axe that such a page could break, on every kind of card."""
    async with chatting(site, browser) as (page, address):
        for card in every_card():
            await site.messenger.send(address, leading_to(site.url, card))
        await say(page, "/status")
        await expect(page.locator(".mine")).to_be_visible()

        assert await page.evaluate(ILL_BUILT) == []


ILL_BUILT = """() => {
    const ill = [];
    const expect = (holds, what, one) => {
        if (!holds) ill.push(`${what}: ${one.outerHTML.slice(0, 90)}`);
    };
    for (const item of document.querySelectorAll("li:not([role])")) {
        const list = item.parentElement;
        expect(/^[OU]L$/.test(list.tagName) && !list.hasAttribute("role"), "item of no list", item);
    }
    for (const list of document.querySelectorAll("ol:not([role]), ul:not([role])")) {
        const items = [...list.children].every((one) => one.matches("li:not([role])"));
        expect(items, "list of other things", list);
    }
    let level = 0;
    for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
        const its = Number(heading.tagName[1]);
        expect(its <= level + 1, "skips a level", heading);
        level = its;
    }
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    for (const one of document.querySelectorAll("[id]")) {
        expect(ids.filter((id) => id === one.id).length === 1, "an id twice", one);
    }
    for (const one of document.querySelectorAll("button, a, img, input")) {
        const label = one.getAttribute("aria-label") ?? one.getAttribute("alt") ?? one.textContent;
        const hidden = one.matches("[hidden], [hidden] *");
        expect(hidden || label.trim() || one.alt === "", "no name", one);
    }
    return ill;
}"""


async def test_all_times_are_those_of_the_reader_s_clock(site, browser):
    noon = "26 Nov 12:03 UTC"
    card = Card(
        title="2 events, 23:30 UTC to 23:59 UTC",
        lines=(f"Paused from Discord · {noon}",),
        fields=(Field(noon, "bought"),),
        table=Table(columns=("When",), rows=((noon,),)),
        notes=("31 Dec 22:00 UTC, the year before.",),
    )
    context = await browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    page = await context.new_page()
    async with site.opened():
        await page.goto(f"{site.url}/chat")
        await expect(page.locator("#state")).to_have_text("online")
        await site.messenger.send(await address_of(context), card)

        await expect(page.locator(".title")).to_have_text("2 events, 08:30 to 08:59")
        await expect(page.locator(".line")).to_have_text("Paused from Discord · 26 Nov, 21:03")
        await expect(page.locator("dt")).to_have_text("26 Nov, 21:03")
        await expect(page.locator("td")).to_have_text("26 Nov, 21:03")
        await expect(page.locator("td time")).to_have_attribute("title", noon)
        told = page.locator(".note time")
        await expect(told).to_have_text("1 Jan, 07:00")
        year = START.year if START.month > 6 else START.year - 1
        await expect(told).to_have_attribute("datetime", f"{year}-12-31T22:00:00.000Z")
        await context.close()


async def test_a_card_writes_its_times_as_its_language_does(site, browser):
    context = await browser.new_context(timezone_id="Europe/Berlin", locale="en-US")
    page = await context.new_page()
    async with site.opened():
        await page.goto(f"{site.url}/chat")
        await expect(page.locator("#state")).to_have_text("online")
        address = await address_of(context)
        for language in ("de", "en"):
            with speaking(language):
                await site.messenger.send(address, Card(title="12:03 UTC", at=START))

        titles, heads = page.locator(".title"), page.locator(".head time")
        await expect(titles).to_have_text(["13:03", "01:03 PM"])
        await expect(heads).to_have_text(["13:00", "01:00 PM"])
        await context.close()


async def test_every_page_has_an_icon_and_so_has_the_address_itself(site, browser):
    async with chatting(site, browser) as (page, _):
        for path in ("/favicon.ico", "/static/favicon.ico", "/static/bell.svg"):
            width = await page.evaluate(
                "path => new Promise((done) => { const icon = new Image(); icon.src = path;"
                " icon.onload = () => done(icon.width); icon.onerror = () => done(0); })",
                path,
            )
            assert width > 0


# What the browser would show, without a desktop to show it on.
NOTIFYING = """
    window.told = [];
    window.asked = 0;
    window.Notification = class extends EventTarget {
        static permission = "ANSWER";
        static async requestPermission() { window.asked += 1; return "ANSWER"; }
        constructor(title, { body, tag }) {
            super();
            if ("ANSWER" === "granted" && UNABLE) throw new TypeError("Illegal constructor");
            window.told.push({ title, body, tag });
        }
        close() {}
    };
    document.hasFocus = () => !window.away;
"""


async def test_loud_messages_notify_whoever_asked_for_it_and_looks_elsewhere(site, browser):
    async with chatting(site, browser) as (page, address):
        await page.add_init_script(
            NOTIFYING.replace("ANSWER", "granted").replace("UNABLE", "false")
        )
        await page.reload()
        switch = page.get_by_role("button", name="Notifications of loud messages")
        await expect(switch).to_have_attribute("aria-pressed", "false")
        assert await page.evaluate("asked") == 0

        await switch.click()
        await expect(switch).to_have_attribute("aria-pressed", "true")
        await page.reload()
        await expect(switch).to_have_attribute("aria-pressed", "true")
        for number, (away, severity) in enumerate(
            [(False, "critical"), (True, "good"), (True, "critical")]
        ):
            await page.evaluate("away => { window.away = away; }", away)
            bad = Card(title=f"Card {number}", severity=Severity(severity), at=START)
            await site.messenger.send(address, bad)
            await expect(page.locator("[data-message]")).to_have_count(number + 1)

        [told] = await page.evaluate("told")
        assert (told["title"], told["body"]) == ("Card 2", "Critical")
        identity = await page.locator("[data-message]").last.get_attribute("data-message")
        assert told["tag"] == identity

        await switch.click()
        await site.messenger.send(address, Card(title="Card 3", severity=Severity.CRITICAL))
        await expect(page.locator("[data-message]")).to_have_count(4)
        assert len(await page.evaluate("told")) == 1


@pytest.mark.parametrize(
    ("answer", "unable", "words"),
    [
        ("denied", "false", "Your browser blocks notifications here."),
        ("granted", "true", "This browser shows no notifications for a page."),
    ],
)
async def test_notifications_that_cannot_come_stay_off_and_it_is_said_why(
    site, browser, answer, unable, words
):
    async with chatting(site, browser) as (page, _):
        await page.add_init_script(NOTIFYING.replace("ANSWER", answer).replace("UNABLE", unable))
        await page.reload()
        switch = page.get_by_role("button", name="Notifications of loud messages")

        await switch.click()

        await expect(page.locator("#toasts")).to_contain_text(words)
        await expect(switch).to_have_attribute("aria-pressed", "false")


async def test_one_of_several_is_chosen_by_keyboard_from_a_list_that_a_screen_reader_names(browser):
    def choosing(said: Incoming) -> Sequence[Reply]:
        if isinstance(said, Press):
            return [Reply(card=Card(title=f"Pause {said.action}?"), replaces=True)]
        return [Reply(card=Card(title="Pause which bot?", pick=PICK))]

    site = Site(talker=Talker(choosing))
    async with chatting(site, browser) as (page, _):
        await say(page, "/pause")
        choice = page.get_by_role("list", name="Choose a bot")
        buttons = choice.get_by_role("listitem").get_by_role("button")
        await expect(buttons).to_have_count(3)
        await expect(buttons.first).to_have_accessible_name("Night Owl running · paper")
        assert await sideways(page) == 0

        await buttons.first.focus()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")

        await expect(page.locator(".title")).to_have_text("Pause a2?")
        await expect(choice).to_have_count(0)


async def test_a_picture_is_seen_and_read_and_loads_nothing(site, browser):
    bars = tuple(Bar(value=Decimal(value), label=f"+{value}") for value in ("1.2", "2.3"))
    chart = drawn(Bars(title="Profit in %", bars=bars, alt="Profit: +1.2 %, +2.3 %."), Look.DARK)
    asked: list[str] = []
    async with chatting(site, browser) as (page, address):
        page.on("request", lambda request: asked.append(request.url))
        await site.messenger.send(address, Card(title="Latest trades", picture=chart))
        picture = page.get_by_role("img", name="Profit: +1.2 %, +2.3 %.")
        await expect(picture).to_be_visible()

        assert await picture.evaluate(
            "picture => picture.decode().then(() => picture.naturalWidth)"
        )
        assert await picture.evaluate("picture => picture.clientWidth <= innerWidth * 0.95")
        assert await sideways(page) == 0
    assert [url for url in asked if not url.startswith("data:image/png;base64,")] == []


async def test_every_part_of_every_card_is_on_the_page(site, browser):
    async with chatting(site, browser) as (page, address):
        for number, card in enumerate([EVERYTHING, QUIET, WIDE, *every_card()]):
            reference = card.reference and f"{card.reference}{number}"
            given = replace(leading_to(site.url, card), reference=reference)
            sent = await site.messenger.send(address, given)
            assert isinstance(sent, Sent)
            # By its name: the page keeps the last five hundred.
            shown = page.locator(f'[data-message="{sent.message}"]')
            screen = of_the_page(await shown.evaluate(AS_SHOWN))

            gaps = [part for part, place in found(as_shown(given), screen) if place is None]
            assert gaps == [], card.title


def leading_to(url: str, card: Card) -> Card:
    """The same card, its addresses those of this site."""
    return decode_card(json.loads(json.dumps(encode_card(card)).replace(PUBLIC_URL, url)))


AS_SHOWN = """message => {
    const all = (where, selector) =>
        [...where.querySelectorAll(selector)].filter((one) => one.checkVisibility());
    // Times of day are the reader's own; as they were told they stand behind them.
    const said = (one) => {
        const copy = one.cloneNode(true);
        for (const time of copy.querySelectorAll("time")) time.replaceWith(time.title);
        return copy.textContent;
    };
    const text = (where, selector) => all(where, selector).slice(0, 1).map(said).join("");
    const piece = (one) => [{ text: said(one) }];
    const seen = (key) => [...key.childNodes].filter((one) => one.ariaHidden !== "true");
    const picture = all(message, ".picture")[0];
    for (const summary of all(message, ".folded > summary")) summary.click();
    const list = all(message, ".options")[0];
    const name = list && document.getElementById(list.getAttribute("aria-labelledby"));
    return {
        title: text(message, ".title"),
        word: text(message, ".word"),
        lines: all(message, ".line").map(piece),
        fields: all(message, ".fields > div").map((row) => (
            { label: text(row, "dt"), value: [{ text: text(row, "dd") }] }
        )),
        table: {
            rows: all(message, "tbody tr").map((row) => all(row, "td").map(said)),
        },
        details: all(message, ".detail").map(said),
        notes: all(message, ".note").map(piece),
        reference: text(message, ".reference"),
        at: all(message, ".head time")[0]?.dateTime,
        picture: picture && { src: picture.src, alt: picture.alt },
        pick: list && {
            prompt: name.textContent,
            options: all(list, "button").map((one) => (
                { label: text(one, ".label"), hint: text(one, ".hint"), action: one.dataset.action }
            )),
        },
        buttons: [all(message, ".key").map((one) => ({
            label: seen(one).map((part) => part.textContent).join(""),
            action: one.dataset.action ?? null,
            href: one.getAttribute("href"),
        }))],
        silent: message.classList.contains("silent"),
    };
}"""


async def test_hostile_text_is_shown_and_does_nothing(site, browser):
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    link = "http://evil.example/ javascript:alert(3)"
    card = Card(
        title=hostile,
        severity=Severity.CRITICAL,
        lines=(hostile, link, f"{site.url}.evil.example/"),
        fields=(Field(hostile, link),),
        table=Table(columns=(hostile,), rows=((hostile,),)),
        pick=PickList(
            prompt=hostile,
            options=(Option(label=hostile, action=ActionId("a2"), hint=hostile),),
        ),
        buttons=((Button(label=hostile, action=ActionId("a1")), Button(label="x", url=link)),),
        notes=(hostile,),
        at=START,
    )
    async with chatting(site, browser) as (page, address):
        await site.messenger.send(address, card)
        shown = page.locator("[data-message]")
        await expect(shown.locator(".title")).to_have_text(hostile)

        assert await shown.locator("img, script, a").count() == 0
        assert await shown.locator("button").count() == 2
        await say(page, hostile)
        await expect(page.locator(".mine .said")).to_have_text(hostile)


async def test_our_own_address_opens_in_a_new_tab(site, browser):
    async with chatting(site, browser) as (page, address):
        card = Card(
            title="Link",
            lines=(f"Open {site.url}/link/{CODE}.",),
            buttons=((Button(label="Sign in", url=f"{site.url}/link/{CODE}"),),),
        )
        await site.messenger.send(address, card)
        for link in (page.locator(".line a"), page.get_by_role("link", name="Sign in")):
            async with page.context.expect_page() as opened:
                await link.click()
            other = await opened.value
            await expect(other).to_have_url(f"{site.url}/link/{CODE}")
            await expect(other.get_by_role("heading", level=1)).to_contain_text("Link your chat")
            assert await other.evaluate("opener") is None


async def test_nothing_is_wider_than_the_phone(site, browser):
    long = "W" * 300
    wide = Table(
        columns=("Pair", "Side", "Amount", "Price", "Profit"),
        rows=(("BTC/USDT", "buy", "0.02130000", "64,120.50000000", "+2.31 %"), (long,) * 5),
    )
    async with chatting(site, browser) as (page, address):
        for card in (
            Card(title=long, lines=(long,), fields=(Field(long, long),), notes=(long,)),
            Card(title="Trades", table=wide),
            Card(
                title="t",
                pick=PickList(
                    prompt=long,
                    options=(Option(label=long, action=ActionId("b"), hint=long),),
                ),
            ),
            Card(title="t", buttons=((*(Button(label=long[:40], action=ActionId("a")),) * 3,),)),
        ):
            await site.messenger.send(address, card)
        await say(page, long)
        await page.fill("#say", "/")
        await expect(page.get_by_role("option").first).to_be_visible()

        assert await sideways(page) == 0


async def test_commands_are_found_and_sent_by_keyboard_alone(site, browser):
    async with chatting(site, browser) as (page, _):
        box = page.get_by_role("combobox")
        await page.locator("#scroller").focus()
        await page.keyboard.press("/")
        await expect(page.get_by_role("option")).to_have_count(
            sum(spec.menu and not spec.pods for spec in SPECS)
        )

        await page.keyboard.type("st")
        options = page.get_by_role("option")
        await expect(options).to_have_count(
            sum(
                any(word.startswith("st") for word in (spec.name, *spec.aliases))
                for spec in SPECS
                if not spec.pods
            )
        )
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
        await expect(box).to_have_attribute("aria-activedescendant", "suggestion-1")
        await page.keyboard.press("Enter")
        await expect(box).to_have_value("/status ")  # a bot may follow
        await page.keyboard.press("Enter")
        await expect(page.locator(".said")).to_have_text(["/status"])

        await page.keyboard.type("/pau")
        await page.keyboard.press("Tab")
        await expect(box).to_have_value("/pause ")
        await page.keyboard.type("all")
        await page.keyboard.press("Enter")
        await expect(page.locator(".said")).to_have_text(["/status", "/pause all"])

        await page.keyboard.type("/")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("listbox")).to_be_hidden()
        await page.keyboard.press("Backspace")
        await page.keyboard.press("ArrowUp")
        await expect(box).to_have_value("/pause all")


async def test_one_argument_after_the_other_is_completed_by_keyboard_and_by_touch(site, browser):
    site.names = Names(names=("week Heron", "week Night Owl"))
    async with chatting(site, browser) as (page, _):
        box, options = page.get_by_role("combobox"), page.get_by_role("option")
        await box.focus()
        await page.keyboard.type("/profit week n")
        await expect(options).to_have_text(["week Heron", "week Night Owl"])
        await expect(box).to_have_attribute("aria-expanded", "true")
        await page.keyboard.press("ArrowDown")
        await expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
        await page.keyboard.press("Enter")
        await expect(box).to_have_value("/profit week Heron ")
        await expect(options).to_have_count(2)
        await options.nth(1).click()
        await expect(box).to_have_value("/profit week Night Owl ")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Enter")
        await expect(page.locator(".said")).to_have_text(["/profit week Night Owl"])

    assert ("profit", "", "week n") in site.names.asked
    assert ("profit", "", "week Heron ") in site.names.asked


async def test_bad_news_is_loud_and_the_rest_arrives_silently(site, browser):
    async with chatting(site, browser) as (page, address):
        for severity in Severity:
            await site.messenger.send(
                address, Card(title=severity.value, severity=severity, at=START)
            )
        messages = page.locator("[data-message]")
        await expect(messages).to_have_count(4)

        for word, arrival in (
            *(("info", "silent"), ("good", "silent")),
            *(("warning", "loud"), ("critical", "loud")),
        ):
            message = page.locator(f"[data-severity={word}]")
            await expect(message).to_contain_class(arrival)
            await expect(message.get_by_label("Arrived silently")).to_have_count(
                1 if arrival == "silent" else 0
            )
            await expect(message.locator(".word")).to_have_text(word, ignore_case=True)


async def test_who_reads_older_messages_is_told_of_new_ones_and_not_torn_away(site, browser):
    async with chatting(site, browser) as (page, address):
        for number in range(30):
            await site.messenger.send(address, Card(title=f"{number}", lines=("text",) * 3))
        await expect(page.locator("[data-message]")).to_have_count(30)
        await expect(page.get_by_text("29", exact=True)).to_be_in_viewport()
        await page.evaluate("scroller.scrollTop = 0")
        await expect(page.get_by_text("0", exact=True)).to_be_in_viewport()

        await site.messenger.send(address, Card(title="new", severity=Severity.CRITICAL))
        pill = page.get_by_role("button", name="1 new message")
        await expect(pill).to_be_visible()
        await expect(page).to_have_title("(1) Tradebell")
        await expect(page.get_by_text("0", exact=True)).to_be_in_viewport()

        await pill.click()
        await expect(page.get_by_text("new", exact=True)).to_be_in_viewport()
        await expect(pill).to_be_hidden()
        await expect(page).to_have_title("Tradebell")


async def test_the_chat_page_speaks_the_language_of_the_browser(browser):
    site = Site(talker=Talker(careful))
    context = await browser.new_context(extra_http_headers={"Accept-Language": "qps"})
    page = await context.new_page()
    async with site.opened():
        await page.goto(f"{site.url}/chat")
        await expect(page.locator("#state")).to_have_text("«ONLINE»")
        await say(page, "/status")
        await expect(page.locator(".mine").get_by_label("«SENT»")).to_be_visible()
        await expect(page.locator(".day").first).to_have_text("«TODAY»")
    await expect(page.locator("#state")).to_have_text("«NO CONNECTION, TRYING AGAIN…»")
    await context.close()


async def test_a_lost_connection_is_shown_and_nothing_typed_meanwhile_is_lost(browser):
    site = Site(talker=Talker(careful))
    context = await browser.new_context()
    page = await context.new_page()
    state = page.locator("#state")
    async with site.opened():
        await page.goto(f"{site.url}/chat")
        await expect(state).to_have_text("online")
        await site.messenger.send(await address_of(context), ASK)
        await expect(page.locator("button[data-action=a1]")).to_be_visible()

    await expect(state).to_contain_text("no connection")
    await say(page, "/status")
    await expect(page.locator(".mine").get_by_label("Sending")).to_be_visible()
    await page.locator("button[data-action=a1]").click()
    await expect(page.locator("#toasts")).to_contain_text("was not pressed")
    await site.messenger.send(await address_of(context), Card(title="meanwhile"))

    async with site.opened():
        await expect(state).to_have_text("online", timeout=20_000)
        await expect(page.locator(".mine").get_by_label("Sent")).to_be_visible()
        await expect(page.locator(".said, .title")).to_have_text(
            ["Pause BTC swing?", "/status", "meanwhile", "Hello"]
        )
        await page.reload()
        await expect(page.locator(".said, .title")).to_have_text(
            ["Pause BTC swing?", "meanwhile", "/status", "Hello"]
        )
        await context.close()
    [asked] = site.talker.heard
    assert isinstance(asked, Command)
    assert asked.at is not None
    assert asked.at < START, "it was typed while nothing could be sent"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_small_print_can_be_read_in_daylight_and_at_night(site, browser, scheme):
    context = await browser.new_context(color_scheme=scheme, viewport=PHONE)
    page = await context.new_page()
    async with site.opened():
        await page.goto(f"{site.url}/chat")
        await expect(page.locator("#state")).to_have_text("online")
        for severity in Severity:
            card = Card(
                title="t", severity=severity, notes=("note",), at=START, reference=severity.value
            )
            await site.messenger.send(await address_of(context), card)
        await site.messenger.send(await address_of(context), Card(title="t", pick=PICK))
        await expect(page.locator("[data-message]")).to_have_count(5)
        contrasts = await page.evaluate(CONTRAST, [".note", ".word", ".title", ".reference"])
        contrasts += await page.evaluate(CONTRAST, [".prompt", ".option .label", ".option .hint"])
        await page.goto(f"{site.url}/link/{CODE}")
        contrasts += await page.evaluate(CONTRAST, ["dt", ".promises li", "summary", "label"])
        await context.close()

    # WCAG 2.2, 1.4.3
    assert min(contrasts) >= 4.5


CONTRAST = """selectors => {
    const channels = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = (text) => {
        const [r, g, b] = channels(text).map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        const clear = colour === "transparent" || colour === "rgba(0, 0, 0, 0)";
        return clear && element.parentElement ? ground(element.parentElement) : colour;
    };
    const contrast = (element) => {
        const both = [getComputedStyle(element).color, ground(element)].map(light);
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    };
    return selectors.flatMap((each) => [...document.querySelectorAll(each)]).map(contrast);
}"""


async def test_a_day_old_alert_says_when_it_happened(site, browser):
    card = Card(title="Bought", at=START - timedelta(days=1), reference="r")
    async with chatting(site, browser) as (page, address):
        await site.messenger.send(address, card)
        happened = page.locator(".head time")

        await expect(happened).to_have_attribute("datetime", "2026-01-04T12:00:00.000+00:00")
