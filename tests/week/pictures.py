"""Pictures of a week's chat, as the chat page shows it on a phone."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, ViewportSize

from adapters.web.chat import Chat as ChatPage
from adapters.web.server import serving, web_app
from bot.domain.chats import Address, Channel
from tests.fakes.web import LinkingDesk, SettingsShown
from tests.integration.web.conftest import local_settings
from tests.week.run import AS_IT_COMES, WISHING, Chat, Week

THERE = ZoneInfo("Europe/Berlin")
PHONE = ViewportSize(width=390, height=1180)


def _there(day: int, hour: int, minute: int = 0) -> datetime:
    """In January 2026, by the clock of who lives it."""
    return datetime(2026, 1, day, hour, minute, tzinfo=THERE)


@dataclass(frozen=True, slots=True)
class Scene:
    """What one chat shows of a time, on a phone whose end of the chat is in view."""

    chat: str
    begin: datetime
    end: datetime
    looked_at: datetime | None = None
    """When somebody looks at it, if that is later: messages may have been edited since."""


SCENES: Mapping[str, Scene] = {
    "night": Scene(WISHING, _there(8, 3), _there(8, 7, 3)),
    "burst": Scene(AS_IT_COMES, _there(9, 14, 50), _there(9, 15, 2)),
    "repeats": Scene(WISHING, _there(10, 10, 30), _there(10, 11, 8), _there(10, 11, 24)),
}


async def draw(week: Week, folder: Path, browser: Browser) -> None:
    for name, scene in SCENES.items():
        await _draw(week.chats[scene.chat], scene, folder / f"week-{name}.png", browser)


async def _draw(chat: Chat, scene: Scene, path: Path, browser: Browser) -> None:
    time = scene.begin
    ids = itertools.count()

    def now() -> datetime:
        return time

    def new_id() -> str:
        return f"{next(ids):022}"

    async def no_problems() -> list[str]:
        return []

    settings = local_settings()
    page_of = ChatPage(settings, now, new_id)
    app = web_app(
        sign_in=LinkingDesk(now=now),
        settings_desk=SettingsShown(),
        health=no_problems,
        chat=page_of,
        webhooks={},
        settings=settings,
        now=now,
        new_id=new_id,
    )
    async with serving(app, settings.listen) as bound:
        context = await browser.new_context(
            viewport=PHONE, device_scale_factor=1.5, timezone_id=THERE.key, locale="en-GB"
        )
        page = await context.new_page()
        await page.goto(f"http://{bound}/chat")
        [cookie] = await context.cookies()
        address = Address(channel=Channel.WEB, bot=page_of.talk.bot, chat=cookie["value"])
        looked_at = scene.looked_at or scene.end
        changed = {one.message: one for one in chat.changes if one.at <= looked_at}
        for one in chat.shown:
            if scene.begin <= one.at <= scene.end:
                time = one.at
                last = changed.get(one.message, one)
                await page_of.talk.send(address, last.card)
        await page.wait_for_timeout(timedelta(seconds=1) / timedelta(milliseconds=1))
        await page.screenshot(path=path)
        await context.close()
