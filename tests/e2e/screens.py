"""Pictures of what people see: chats of Telegram and Discord, a lock screen.

The words and buttons are those that the stand-ins and the browser have; only the frame is ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from tests.e2e.test_browser import CHROMIUM_ARGUMENTS


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message; `by`: whose, or to whom it answers; `aside`: what shows for a moment above all."""

    text: str
    labels: tuple[str, ...] = ()
    by: str = ""
    ours: bool = True
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """What one screen shows at one moment."""

    called: str
    bubbles: Sequence[Bubble]
    dark: bool = False


STYLE = """
body { margin: 0; padding: 20px; display: flex; gap: 18px; background: #e9eceb;
  font: 15px/1.4 "DejaVu Sans", sans-serif; color: #14201d; width: max-content; }
section { width: 330px; min-height: 200px; border-radius: 18px; padding: 14px; background: #fff; }
h2 { margin: 0 0 12px; font-size: 14px; font-weight: 600; color: #54635e; }
article { border-radius: 12px; padding: 10px 12px; background: #eef3f1; margin-bottom: 10px; }
article p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.dark { background: #17211f; color: #eef3f1; } .dark h2 { color: #a9bab4; }
.dark article { background: #26332f; }
b { display: block; } button { font: inherit; border: 1px solid #9fb2ab; border-radius: 8px;
  padding: 4px 12px; margin: 8px 6px 0 0; background: transparent; color: inherit; }
small { display: block; color: #54635e; } .dark small { color: #a9bab4; }
.theirs { margin-left: 60px; background: #d9ece4; } .aside { background: #14201d; color: #fff; }
.aside small { color: #a9bab4; } .stacked { flex-direction: column; }
"""


def _section(screen: Screen) -> str:
    tone = " class=dark" if screen.dark else ""
    shown = "".join(map(_bubble, screen.bubbles))
    return f"<section{tone}><h2>{escape(screen.called)}</h2>{shown}</section>"


def _bubble(one: Bubble) -> str:
    tone = "aside" if one.aside else "ours" if one.ours else "theirs"
    by = f"<small>{escape(one.by)}</small>" if one.by else ""
    first, _, rest = _INSTANT.sub(_clock, escape(one.text)).partition("\n")
    text = f"<b>{first}</b>{rest}" if rest else first
    buttons = "".join(f"<button>{escape(label)}</button>" for label in one.labels)
    return f"<article class={tone}>{by}<p>{text}</p>{buttons}</article>"


_INSTANT = re.compile(r"&lt;t:(\d+):(\w)&gt;")
"""What Discord's apps show by the clock of who reads it."""


def _clock(found: re.Match[str]) -> str:
    at = datetime.fromtimestamp(int(found[1]), UTC)
    return "just now" if found[2] == "R" else f"{at:%d %b %Y %H:%M}"


def lock_screen(pushed: Sequence[Mapping[str, Any]]) -> Screen:
    """
    Args:
        pushed: notifications as a browser tells them.
    """
    shown = [
        Bubble(f"{one['title']}\n{one['body']}", tuple(label for _, label in one["actions"]))
        for one in pushed
    ]
    return Screen("Phone, locked", shown, dark=True)


async def draw_all(pictures: Mapping[Path, Sequence[Screen]], chromium: str) -> None:
    """Draw each to its file, its screens one below the other."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM_ARGUMENTS
        )
        for path, screens in pictures.items():
            await draw(screens, browser, path, stacked=True)
        await browser.close()


async def draw(
    screens: Sequence[Screen], browser: Browser, path: Path, *, stacked: bool = False
) -> None:
    """Side by side, or one below the other so that it reads on a phone, too."""
    page = await browser.new_page(device_scale_factor=1.5)
    await page.set_content(
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
        + f"<body class={'stacked' if stacked else 'beside'}>"
        + "".join(map(_section, screens))
    )
    await page.locator("body").screenshot(path=path)
    await page.close()
