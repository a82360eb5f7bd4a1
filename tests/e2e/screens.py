"""Pictures of what a person sees side by side: a chat of Telegram, one of Discord, a lock screen.

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

from playwright.async_api import Browser


@dataclass(frozen=True, slots=True)
class Bubble:
    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Screens:
    """What three screens show at one moment; `pushed` are notifications as a browser tells them."""

    telegram: Sequence[Bubble]
    discord: Sequence[Bubble]
    pushed: Sequence[Mapping[str, Any]]


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
"""


def _bubbles(called: str, bubbles: Sequence[Bubble]) -> str:
    return f"<section><h2>{called}</h2>{''.join(map(_bubble, bubbles))}</section>"


def _bubble(one: Bubble) -> str:
    buttons = "".join(f"<button>{escape(label)}</button>" for label in one.labels)
    return f"<article><p>{_INSTANT.sub(_clock, escape(one.text))}</p>{buttons}</article>"


_INSTANT = re.compile(r"&lt;t:(\d+):(\w)&gt;")
"""What Discord's apps show by the clock of who reads it."""


def _clock(found: re.Match[str]) -> str:
    at = datetime.fromtimestamp(int(found[1]), UTC)
    return "just now" if found[2] == "R" else f"{at:%d %b %Y %H:%M}"


def _lock_screen(pushed: Sequence[Mapping[str, Any]]) -> str:
    shown = "".join(
        f"<article><b>{escape(one['title'])}</b><p>{escape(one['body'])}</p>"
        + "".join(f"<button>{escape(label)}</button>" for _, label in one["actions"])
        + "</article>"
        for one in pushed
    )
    return f"<section class=dark><h2>Phone, locked</h2>{shown}</section>"


async def draw(screens: Screens, browser: Browser, path: Path) -> None:
    page = await browser.new_page(device_scale_factor=1.5)
    await page.set_content(
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
        + _bubbles("Telegram", screens.telegram)
        + _bubbles("Discord", screens.discord)
        + _lock_screen(screens.pushed)
    )
    await page.locator("body").screenshot(path=path)
    await page.close()
