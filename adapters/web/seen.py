"""Pages behind the buttons of lock screens: looking changes nothing, a POST presses, once.

To press, the address is all that is needed, so no cookie and no other site's page can press for
anybody. It changes no bot: to have one stopped, the browser must be signed in to the inbox of the
same person, which then asks as any chat does.
"""

from http import HTTPStatus

from aiohttp import web

from adapters.web.inbox import InboxPages, of_one_person
from adapters.web.pages import Problem, page, problem_page
from bot.domain.actions import Denied
from bot.ports import LockScreenDesk
from bot.texts import lock_screen as texts
from bot.texts import pages
from bot.texts.language import speaking

_STATUSES = {Denied.UNKNOWN: HTTPStatus.NOT_FOUND, Denied.USED: HTTPStatus.OK}
"""Whoever says it again, since the answer was lost, is told that it is known: all is well."""


class SeenPages:
    """`/seen/<code>`, and `/seen/<code>/stop` where there are inboxes."""

    def __init__(self, desk: LockScreenDesk, inbox: InboxPages | None) -> None:
        self._desk = desk
        self._inbox = inbox

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/seen/{code}", self.show, name="seen"),
            web.post("/seen/{code}", self.press, name="seen"),
            web.post("/seen/{code}/stop", self.stop, name="seen-stop"),
        ]

    async def show(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        button = await self._desk.look(code)
        if isinstance(button, Denied):
            return _refused(button)
        link, inbox = button.link, self._inbox
        visitor = None if inbox is None else await inbox.visitor(request)
        csrf = None
        if inbox is not None and visitor is not None and of_one_person(visitor, link):
            csrf = inbox.token(request, _stopping(code))
        with speaking(link.preferences.language, link.preferences.zone):
            return page(
                "seen.html",
                say=pages.said(texts.PAGE),
                label=texts.label(button.verb),
                stop=f"/seen/{code}/stop",
                csrf=csrf,
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

    async def stop(self, request: web.Request) -> web.Response:
        """Has the inbox ask which bot, and whether it is meant: nothing is stopped by this yet."""
        code = request.match_info["code"]
        if self._inbox is None:
            raise web.HTTPNotFound
        button = await self._desk.look(code)
        if isinstance(button, Denied):
            return _refused(button)
        return await self._inbox.ask(request, _stopping(code), button.link, "/pause")


def _stopping(code: str) -> str:
    """What its form is for."""
    return f"stop {code}"


def _refused(denied: Denied) -> web.Response:
    status = _STATUSES.get(denied, HTTPStatus.GONE)
    return problem_page(Problem(status=status, told=texts.refused(denied)))
