"""A one-time address that signs a browser in: looking uses nothing up, a press of its form does."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web

from adapters.web.forms import read_form
from adapters.web.guard import csrf_matches, csrf_token, foreign, well_formed
from adapters.web.pages import Problem, page, problem_page
from adapters.web.settings import WebSettings
from bot.domain.ids import NewId
from bot.domain.visits import Visit, VisitProblem
from bot.texts import pages
from bot.texts.language import speaking
from bot.texts.settings_page import leads_nowhere

log = logging.getLogger(__name__)

Fields = Mapping[str, str]

_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """`<place>/open/<code>`, and the cookie of those who have come in.

    Attributes:
        words: what the page of the address says.
        again: what to do for another address.
        enter: signs a browser in; gives the secret that it keeps.
        life: of the cookie; `None` for as long as the browser runs.
    """

    place: str
    template: str
    words: Any
    again: Callable[[], str]
    look: Callable[[str], Awaitable[Visit | VisitProblem]]
    enter: Callable[[str, web.Request], Awaitable[str | VisitProblem]]
    settings: WebSettings
    new_id: NewId
    cookie: str
    same_site: Literal["Strict", "Lax"] = "Strict"
    life: timedelta | None = None

    async def show_address(self, request: web.Request) -> web.Response:
        code, visit = await self._visit(request)
        if isinstance(visit, VisitProblem):
            return self._leads_nowhere(visit)
        with speaking(visit.language):
            return self._address(request, code, HTTPStatus.OK)

    async def come_in(self, request: web.Request) -> web.Response:
        fields = await self.sent(request)
        code, visit = await self._visit(request)
        if isinstance(visit, VisitProblem):
            return self._leads_nowhere(visit)
        if not self.is_ours(request, code, fields):
            with speaking(visit.language):
                return self._address(request, code, HTTPStatus.FORBIDDEN)
        secret = await self.enter(code, request)
        if isinstance(secret, VisitProblem):
            return self._leads_nowhere(secret)
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": self.place})
        self.keep(response, secret)
        return response

    async def sent(self, request: web.Request) -> Fields:
        """A form of ours; one that another site has sent is refused."""
        self.refuse_foreign(request)
        return await read_form(request)

    def refuse_foreign(self, request: web.Request) -> None:
        """
        Raises:
            web.HTTPForbidden: another site's page asks.
        """
        if (reason := foreign(request.headers, self.settings.public_url)) is not None:
            log.warning("form refused", extra={"reason": reason})
            raise web.HTTPForbidden

    def is_ours(self, request: web.Request, use: str, fields: Fields) -> bool:
        """Whether a form was made for this browser, and for that use."""
        cookie = self.secret_of(request)
        return cookie is not None and csrf_matches(cookie, use, fields.get("csrf", ""))

    def secret_of(self, request: web.Request) -> str | None:
        """What the browser keeps."""
        return well_formed(request.cookies.get(self.cookie))

    def keep(self, response: web.Response, secret: str) -> None:
        response.set_cookie(
            self.cookie,
            secret,
            path="/",
            max_age=None if self.life is None else int(self.life.total_seconds()),
            httponly=True,
            samesite=self.same_site,
            secure=self.settings.https,
        )

    def forget(self, response: web.Response) -> None:
        response.del_cookie(self.cookie, path="/", secure=self.settings.https)

    def token(self, secret: str, use: str) -> str:
        """By which `is_ours` knows a form of the browser that keeps this secret."""
        return csrf_token(secret, use)

    async def _visit(self, request: web.Request) -> tuple[str, Visit | VisitProblem]:
        code = request.match_info["code"]
        return code, await self.look(code) if _CODE.fullmatch(code) else VisitProblem.UNKNOWN

    def _leads_nowhere(self, problem: VisitProblem) -> web.Response:
        known = problem is not VisitProblem.UNKNOWN
        status = HTTPStatus.GONE if known else HTTPStatus.NOT_FOUND
        return problem_page(Problem(status=status, told=leads_nowhere(problem, self.again())))

    def _address(self, request: web.Request, code: str, status: HTTPStatus) -> web.Response:
        known = self.secret_of(request)
        cookie = known or self.new_id()
        response = page(
            self.template,
            say=pages.said(self.words),
            status=status,
            csrf=csrf_token(cookie, code),
        )
        if known is None:
            self.keep(response, cookie)
        return response
