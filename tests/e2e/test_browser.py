"""The demo in a real browser: link an account, hear what happens, answer it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.e2e.processes import environment

expect.set_options(timeout=20_000)

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True, slots=True)
class Demo:
    """What the terminal shows."""

    address: str
    email: str
    password: str


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    log = tmp_path / "log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo", "--no-browser", "--pace", "1.5"),
            env=environment({}) | {"PYTHONUNBUFFERED": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    try:
        yield await _read(process.stdout)
    finally:
        process.terminate()
        async with asyncio.timeout(15):
            await process.wait()
    assert "Traceback" not in log.read_text()


async def _read(output: asyncio.StreamReader) -> Demo:
    seen = ""
    async with asyncio.timeout(40):
        while True:
            line = (await output.readline()).decode()
            assert line, f"the demo ended: {seen}"
            seen += line
            address = re.search(r"http://127\.0\.0\.1:\d+/chat", seen)
            email = re.search(r"\S+@\S+\.\S+", seen)
            password = re.search(r"[Pp]assword:?\s+(\S+)", seen)
            if address and email and password:
                return Demo(address[0], email[0], password[1])


@pytest.fixture
async def chromium_browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM_ARGUMENTS
        )
        yield launched
        await launched.close()


async def a_person(chromium_browser: Browser) -> BrowserContext:
    """Somebody with a browser profile, and so with a chat, of their own."""
    context = await chromium_browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2
    )
    context.set_default_timeout(20_000)
    return context


async def say(page: Page, text: str) -> None:
    await page.fill("#say", text)
    await page.press("#say", "Enter")


async def linked_chat(demo: Demo, browser: BrowserContext, problems: list[str]) -> Page:
    """Open the chat and go through the whole linking; what the page complains of is noted."""
    page = await browser.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda one: problems.append(one.text) if one.type == "error" else None)
    await page.goto(demo.address)

    await say(page, "/link")
    async with browser.expect_page() as opened:
        await page.locator("a[href*='/link/']").first.click()
    link_page = await opened.value
    await link_page.fill("input[name=email]", demo.email)
    await link_page.fill("input[name=password]", demo.password)
    await link_page.locator("form:has(input[name=password]) button[type=submit]").click()
    digits = await link_page.locator("#digits").text_content()
    assert digits is not None
    assert re.fullmatch(r"\d{6}", digits.strip())
    await link_page.close()

    await say(page, digits.strip())
    await expect(page.locator("[data-message]", has_text="Linked to")).to_be_visible()
    return page


async def test_the_whole_journey(demo: Demo, chromium_browser: Browser) -> None:
    problems: list[str] = []
    page = await linked_chat(demo, await a_person(chromium_browser), problems)

    await say(page, "/status")
    await expect(page.locator("[data-message]", has_text="bots running")).to_be_visible()
    await say(page, "/strategies")
    await expect(page.locator("[data-message]", has_text="strategies").first).to_be_visible()

    # The market brings some of everything within two rounds.
    for title in (r"(Bought|Sold) [\d.,]+ [A-Z]+/[A-Z]+ at", "Signal: (buy|sell) ", r"\w: error"):
        alert = page.locator("[data-message]", has_text=re.compile(title))
        await expect(alert.first).to_be_visible(timeout=90_000)
    other_page = await linked_chat(demo, await a_person(chromium_browser), problems)

    # Which bots run is the market's secret: take the first that can be paused.
    await say(page, "/pause")
    picking = page.locator("[data-message]", has_text="Stop which bot?")
    name = await picking.locator("button[data-action] .label").first.text_content()
    assert name is not None
    await picking.locator("button[data-action]").first.click()
    card = page.locator("[data-message]", has_text=f"Stop {name}, or only new trades?")
    await card.locator("button[data-action]", has_text=f"Stop {name}").click()
    paused = page.locator("[data-message]", has_text=f"{name} is stopped")
    await expect(paused.last).to_be_visible()
    change = other_page.locator("[data-message]", has_text=f"{name} was stopped")
    await expect(change.last).to_be_visible()
    await page.wait_for_timeout(500)  # let the last animation end before the picture
    await _picture(page)

    await say(page, "/status")
    await expect(page.locator("[data-message]", has_text="stopped").last).to_be_visible()
    shown = await page.locator("[data-message]").count()
    await page.reload()
    await expect(page.locator("[data-message]").nth(shown - 1)).to_be_visible()

    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert problems == []


async def _picture(page: Page) -> None:
    """Refresh the README's picture when asked to: `TRADEBELL_TEST_PICTURES=docs/pictures`."""
    folder = os.environ.get("TRADEBELL_TEST_PICTURES")
    if folder:
        await page.screenshot(path=Path(folder) / "demo.png")
