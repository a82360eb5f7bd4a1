"""`python -m tests.week`: one week of an account with ten bots, and how often the phone rings."""

from __future__ import annotations

import argparse
import asyncio
import shutil
from pathlib import Path

from playwright.async_api import async_playwright

from tests.harness.virtual_time import VirtualTimeLoop
from tests.week.pictures import draw
from tests.week.run import Week, lived

SEED = 7


def a_week(seed: int = SEED, days: int = 7) -> Week:
    """Live it on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(lived(seed, days))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.week", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="another week")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of its chats")
    asked = parser.parse_args()
    week = a_week(asked.seed)
    print(*week.lines(), sep="\n")
    if asked.pictures:
        asyncio.run(_draw(week, asked.pictures))


async def _draw(week: Week, folder: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        await draw(week, folder, browser)
        await browser.close()


if __name__ == "__main__":
    main()
