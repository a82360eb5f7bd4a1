"""Draws the icons of the installed inbox from the logo, in Chromium: `python -m tests.icons`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import async_playwright

STATIC = Path("adapters/web/static")

GREEN = "#0f766e"

ICONS = {
    "icon_192.png": (192, 1.0, None),
    "icon_512.png": (512, 1.0, None),
    # Only the inner four fifths are sure to be seen: https://www.w3.org/TR/appmanifest/#icon-masks
    "icon_maskable.png": (512, 0.8, GREEN),
}
"""Their pixels, how much of these the logo takes, and what is behind it."""


async def draw(chromium: str) -> None:
    logo = (STATIC / "bell.svg").read_text()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (pixels, share, ground) in ICONS.items():
            page = await browser.new_page(viewport={"width": pixels, "height": pixels})
            size = round(pixels * share)
            await page.set_content(
                f"<style>body {{ margin: 0; height: 100vh; display: grid; place-items: center;"
                f" background: {ground or 'transparent'} }}"
                f" svg {{ width: {size}px; height: {size}px }}</style>{logo}"
            )
            await page.screenshot(path=STATIC / name, omit_background=ground is None)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(draw("/usr/bin/chromium"))
