"""The inbox: a chat of its own in a browser that was signed in by a one-time address."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files

from aiohttp import web

from adapters.web.chat import chat_page_for
from adapters.web.door import Door
from adapters.web.guard import (
    WORKER_POLICY,
    cookie_name,
)
from adapters.web.pages import STATIC, Problem, page, problem_page
from adapters.web.render import card_json
from adapters.web.ringing import RingingPages
from adapters.web.rooms import Recalled
from adapters.web.settings import WebSettings
from adapters.web.talk import SIGNED_OUT, Guest, Talk
from bot.domain.chats import INBOX, Link
from bot.domain.ids import NewId, Now
from bot.domain.lifetimes import INBOX_LIFE
from bot.domain.visits import InboxMessage, VisitProblem
from bot.ports import InboxDesk
from bot.texts import inbox as texts
from bot.texts import pages
from bot.texts.language import speaking, spoken_language

PLACE = "/inbox"

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
"""What browsers say of themselves, the most telling first.

Source: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/User-Agent
"""

_ICONS = (
    ("icon_192.png", "192x192", "image/png", "any"),
    ("icon_512.png", "512x512", "image/png", "any"),
    ("icon_maskable.png", "512x512", "image/png", "maskable"),
    ("bell.svg", "any", "image/svg+xml", "any"),
)


def inbox_talk(
    messages: Callable[[str], Awaitable[Sequence[InboxMessage]]],
    settings: WebSettings,
    now: Now,
    new_id: NewId,
) -> Talk:
    """What shows cards in inboxes, and hears what is said there.

    Args:
        messages: what an inbox shows, the oldest first, by its chat.
    """

    async def earlier(chat: str) -> Sequence[Recalled]:
        return [
            Recalled(
                id=one.id,
                at=one.at,
                card=card_json(one.card, settings.public_url),
                reference=one.card.reference,
            )
            for one in await messages(chat)
        ]

    return Talk(INBOX, settings, now, new_id, earlier)


class InboxPages:
    """`/inbox/open/<code>`, where looking uses nothing up, and `/inbox` behind it."""

    def __init__(
        self,
        talk: Talk,
        desk: InboxDesk,
        settings: WebSettings,
        new_id: NewId,
        *,
        push_key: str,
        plain_push: bool = False,
    ) -> None:
        """
        Args:
            push_key: which browsers subscribe to; `plain_push` as of `RingingPages`.
        """
        self.talk = talk
        self._desk = desk

        async def enter(code: str, request: web.Request) -> str | VisitProblem:
            browser = browser_of(request.headers.get("User-Agent", ""))
            entered = await desk.enter(code, browser)
            return entered if isinstance(entered, VisitProblem) else entered[0]

        self._door = Door(
            place=PLACE,
            template="inbox_open.html",
            words=texts.OPEN,
            again=pages.ask_for_inbox,
            look=desk.look,
            enter=enter,
            settings=settings,
            new_id=new_id,
            cookie=cookie_name("tradebell-inbox", settings.https),
            # Strict would hide it from an app that another one has opened.
            same_site="Lax",
            life=INBOX_LIFE,
        )
        self._ringing = RingingPages(
            self._door, self._signed_in, talk, desk, push_key, plain=plain_push
        )

    def routes(self) -> Sequence[web.RouteDef]:
        return (
            web.get(f"{PLACE}/open/{{code}}", self._door.show_address, name="inbox-open"),
            web.post(f"{PLACE}/open/{{code}}", self._door.come_in),
            web.get(PLACE, self.show, name="inbox"),
            web.get(f"{PLACE}/ws", self.socket, name="inbox-socket", allow_head=False),
            web.get(f"{PLACE}/app.webmanifest", self.manifest, name="inbox-manifest"),
            web.get(f"{PLACE}/worker.js", self.worker, name="inbox-worker"),
            web.get(f"{PLACE}/offline", self.offline, name="inbox-offline"),
            *self._ringing.routes(),
        )

    # --- the inbox ----------------------------------------------------------------------------

    async def show(self, request: web.Request) -> web.Response:
        secret, link = await self._signed_in(request)
        if link is None:
            return _not_signed_in()
        with speaking(link.preferences.language, link.preferences.zone):
            response = chat_page_for(f"{PLACE}/ws", inbox=True)
        self._door.keep(response, secret)  # anew: it ends when it is not used
        return response

    async def socket(self, request: web.Request) -> web.StreamResponse:
        secret, link = await self._signed_in(request)
        if link is None:
            return await _closed(request)
        guest = Guest(
            chat=link.endpoint.address.chat, person=link.person, stays=partial(self._stays, secret)
        )
        with speaking(link.preferences.language, link.preferences.zone):
            return await self.talk.serve(request, guest)

    # --- the app ------------------------------------------------------------------------------

    async def manifest(self, request: web.Request) -> web.Response:
        """What it is called and looks like, once it is installed.

        Source: https://www.w3.org/TR/appmanifest/
        """
        return web.json_response(
            {
                "id": PLACE,
                "name": "Tradebell",
                "short_name": "Tradebell",
                "description": texts.what_the_app_is(),
                "lang": spoken_language(),
                "start_url": PLACE,
                "scope": PLACE,
                "display": "standalone",
                "theme_color": "#0f766e",
                "background_color": "#e4edea",
                "icons": [
                    {"src": f"{STATIC}{name}", "sizes": size, "type": kind, "purpose": purpose}
                    for name, size, kind, purpose in _ICONS
                ],
            },
            content_type="application/manifest+json",
        )

    async def worker(self, request: web.Request) -> web.Response:
        """What runs for the app in the background. A new version of ours is another script: then
        browsers fetch all of it anew.
        """
        script = f'const VERSION = "{version("tradebell")}";\n{_worker()}'
        return web.Response(
            text=script,
            content_type="text/javascript",
            headers={
                "Cache-Control": "no-cache",
                "Content-Security-Policy": WORKER_POLICY,
                "Service-Worker-Allowed": PLACE,
            },
        )

    async def offline(self, request: web.Request) -> web.Response:
        """What is shown without a connection: nothing of anybody."""
        return page("inbox_offline.html", say=pages.said(texts.OFFLINE))

    async def visitor(self, request: web.Request) -> Link | None:
        """Whose browser asks, if it is signed in."""
        return (await self._signed_in(request))[1]

    def token(self, request: web.Request, use: str) -> str:
        """By which `ask` knows a form that was made for the browser that is signed in."""
        return self._door.token(self._door.secret_of(request) or "", use)

    async def ask(self, request: web.Request, use: str, owner: Link, text: str) -> web.Response:
        """Say in the inbox what the button of a form means, once, and lead there.

        Args:
            owner: whose inbox it must be.

        Raises:
            web.HTTPForbidden: it is no form of ours, made for this browser and that use.
        """
        fields = await self._door.sent(request)
        link = await self.visitor(request)
        if link is None or not of_one_person(link, owner):
            return _not_signed_in()
        if not self._door.is_ours(request, use, fields):
            raise web.HTTPForbidden
        guest = Guest(chat=link.endpoint.address.chat, person=link.person)
        with speaking(link.preferences.language, link.preferences.zone):
            self.talk.ask(guest, text, hashlib.sha256(use.encode()).hexdigest())
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": PLACE})

    async def _signed_in(self, request: web.Request) -> tuple[str, Link | None]:
        secret = self._door.secret_of(request)
        return (secret, await self._desk.at(secret)) if secret else ("", None)

    async def _stays(self, secret: str) -> bool:
        return await self._desk.at(secret) is not None


def of_one_person(one: Link, other: Link) -> bool:
    return (one.account, one.person) == (other.account, other.person)


@cache
def _worker() -> str:
    return files("adapters.web").joinpath("static").joinpath("worker.js").read_text("utf-8")


def browser_of(agent: str) -> str:
    """'Chrome · Android', as a browser calls itself; empty if it says nothing that we know."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return " · ".join(filter(None, (browser, system)))


async def _closed(request: web.Request) -> web.StreamResponse:
    """Browsers tell a page nothing of a refused WebSocket but that it was."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close(code=SIGNED_OUT)
    return socket


def _not_signed_in() -> web.Response:
    return problem_page(Problem(status=HTTPStatus.FORBIDDEN, told=texts.not_signed_in()))
