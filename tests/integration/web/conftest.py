"""A whole web application on loopback, with what it leans on in memory."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from adapters.web.chat import Chat
from adapters.web.inbox import InboxPages, inbox_talk
from adapters.web.server import serving, web_app
from adapters.web.settings import Listen, WebSettings
from bot.domain.chats import Address, Channel
from bot.ports import Webhook
from bot.texts.language import offering
from tests.fakes.conversation import Names
from tests.fakes.phones import LockScreenShown
from tests.fakes.web import InboxShown, LinkingDesk, SettingsShown, Talker
from tests.harness.pseudo import PSEUDO

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
CODE = "Ab3-_" + "c" * 17
TELEGRAM = Address(channel=Channel.TELEGRAM, bot="7", chat="812348213")


@dataclass
class Site:
    """What the tests lean on and look at. Changed before `opened`, or while it is open."""

    time: datetime = START
    settings: WebSettings = field(default_factory=lambda: local_settings())
    anywhere: bool = False
    chat: bool = True
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    talker: Talker = field(default_factory=Talker)
    names: Names = field(default_factory=Names)
    settings_desk: SettingsShown = field(default_factory=SettingsShown)
    inbox_desk: InboxShown = field(default_factory=InboxShown)
    lock_screen: LockScreenShown = field(default_factory=LockScreenShown)
    push_key: str = "BPushKey"
    plain_push: bool = False

    def __post_init__(self) -> None:
        self.desk = LinkingDesk(now=self.now)
        self.chat_page = Chat(self.settings, self.now, new_id, anywhere=self.anywhere)
        self.messenger = self.chat_page.talk
        self.inbox = inbox_talk(self.inbox_desk.shown, self.settings, self.now, new_id)

    @property
    def url(self) -> str:
        return self.settings.public_url

    def now(self) -> datetime:
        return self.time

    async def _health(self) -> list[str]:
        return self.problems

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Serve, listen and answer, also in the pseudo-language; gives a client."""
        with offering(PSEUDO):
            async with self._opened() as client:
                yield client

    def app(self) -> web.Application:
        return web_app(
            sign_in=self.desk,
            settings_desk=self.settings_desk,
            health=self._health,
            chat=self.chat_page if self.chat else None,
            webhooks=self.webhooks,
            settings=self.settings,
            now=self.now,
            new_id=new_id,
            inbox=InboxPages(
                self.inbox,
                self.inbox_desk,
                self.settings,
                new_id,
                push_key=self.push_key,
                plain_push=self.plain_push,
            ),
            lock_screen=self.lock_screen,
        )

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[aiohttp.ClientSession]:
        async with (
            serving(self.app(), self.settings.listen) as bound,
            asyncio.TaskGroup() as group,
            # What the client keeps would hide which cookies the server sets.
            aiohttp.ClientSession(f"http://{bound}", cookie_jar=aiohttp.DummyCookieJar()) as client,
        ):
            talks = (self.messenger, self.inbox)
            listening = [group.create_task(one.listen(self.talker, self.names)) for one in talks]
            yield client
            for task in listening:
                task.cancel()


def new_id() -> str:
    return secrets.token_urlsafe(16)


def local_settings() -> WebSettings:
    """The page's own address must be known before the server has one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return WebSettings(
        public_url=f"http://127.0.0.1:{port}", listen=Listen(host="127.0.0.1", port=port)
    )


def with_public_url(url: str) -> WebSettings:
    return replace(local_settings(), public_url=url)


@pytest.fixture
def site() -> Site:
    site = Site()
    site.desk.invite(CODE, TELEGRAM)
    return site
