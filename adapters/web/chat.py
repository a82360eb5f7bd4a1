"""The demo's chat: a page in the browser for whoever opens it."""

from aiohttp import web

from adapters.web.guard import (
    INBOX_POLICY,
    SCRIPT_POLICY,
    client_address,
    cookie_name,
    own_host,
    well_formed,
)
from adapters.web.pages import page
from adapters.web.settings import WebSettings
from adapters.web.talk import Guest, Talk
from bot.domain.hosts import is_loopback
from bot.domain.ids import NewId, Now
from bot.texts import chat_page, pages

BOT = "web"

KEPT = 30 * 24 * 3600
"""Seconds that a browser remembers which chat is its own."""


class Chat:
    """One browser is one person in one chat, known by a secret in a cookie."""

    def __init__(
        self, settings: WebSettings, now: Now, new_id: NewId, *, anywhere: bool = False
    ) -> None:
        """
        Args:
            anywhere: also serve people on other machines. Whoever can open the page can use the
                bot, so this is for a demo in a container, not for the public.
        """
        self.talk = Talk(BOT, settings, now, new_id)
        self._settings = settings
        self._new_id = new_id
        self._anywhere = anywhere
        self._cookie = cookie_name("tradebell-chat", settings.https)

    async def page(self, request: web.Request) -> web.Response:
        self._check(request)
        response = chat_page_for("/chat/ws")
        if well_formed(request.cookies.get(self._cookie)) is None:
            response.set_cookie(
                self._cookie,
                self._new_id(),
                path="/",
                max_age=KEPT,
                httponly=True,
                # Strict would hide it, and the history, after a click on a link elsewhere.
                samesite="Lax",
                secure=self._settings.https,
            )
        return response

    async def socket(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        chat = well_formed(request.cookies.get(self._cookie))
        if chat is None:
            raise web.HTTPForbidden
        return await self.talk.serve(request, Guest(chat=chat, person=chat))

    def _check(self, request: web.Request) -> None:
        """Keep others out, also those whose page rebinds its name to this machine."""
        if self._anywhere:
            return
        client = client_address(
            request.remote or "",
            request.headers.getall("X-Forwarded-For", []),
            self._settings.trusted_proxies,
        )
        host = request.headers.get("Host", "")
        if not is_loopback(client) or not own_host(host, self._settings.public_url):
            raise web.HTTPNotFound


def chat_page_for(socket: str, *, inbox: bool = False) -> web.Response:
    """
    Args:
        socket: the path of its WebSocket.
        inbox: it can be installed as an app, and shows much.
    """
    response = page(
        "chat.html",
        say=pages.said(chat_page.PAGE),
        sentences=chat_page.script(),
        socket=socket,
        inbox=inbox,
    )
    response.headers["Content-Security-Policy"] = INBOX_POLICY if inbox else SCRIPT_POLICY
    return response
