"""Pages behind the buttons of lock screens: looking changes nothing, a POST presses, once.

The address is all that is needed, so no cookie and no other site's page can press for anybody.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from adapters.web.pages import Problem, page, problem_page
from bot.domain.actions import Denied
from bot.domain.chats import Link
from bot.ports import LockScreenDesk
from bot.texts import lock_screen as texts
from bot.texts import pages
from bot.texts.language import speaking

_STATUSES = {Denied.UNKNOWN: HTTPStatus.NOT_FOUND, Denied.USED: HTTPStatus.OK}
"""Whoever says it again, since the answer was lost, is told that it is known: all is well."""


class SeenPages:
    """`/seen/<code>`.

    Args:
        visitor: whose inbox the browser is signed in to.
    """

    def __init__(
        self,
        desk: LockScreenDesk,
        visitor: Callable[[web.Request], Awaitable[Link | None]],
    ) -> None:
        self._desk = desk
        self._visitor = visitor

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/seen/{code}", self.show, name="seen"),
            web.post("/seen/{code}", self.press, name="seen"),
        ]

    async def show(self, request: web.Request) -> web.Response:
        button = await self._desk.look(request.match_info["code"])
        if isinstance(button, Denied):
            return _refused(button)
        link, visitor = button.link, await self._visitor(request)
        with speaking(link.preferences.language, link.preferences.zone):
            return page(
                "seen.html",
                say=pages.said(texts.PAGE),
                label=texts.label(button.verb),
                inbox=visitor is not None
                and (visitor.account, visitor.person) == (link.account, link.person),
            )

    async def press(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        button = await self._desk.look(code)
        if isinstance(button, Denied):
            return _refused(button)
        pressed = await self._desk.press(code)
        if isinstance(pressed, Denied):
            return _refused(pressed)
        link = button.link
        with speaking(link.preferences.language, link.preferences.zone):
            return problem_page(Problem(status=HTTPStatus.OK, told=texts.pressed(pressed)))


def _refused(denied: Denied) -> web.Response:
    status = _STATUSES.get(denied, HTTPStatus.GONE)
    return problem_page(Problem(status=status, told=texts.refused(denied)))
