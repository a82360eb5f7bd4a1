"""The HTML pages and the files they load, all from this package."""

import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from bot.domain.marks import shown
from bot.texts import pages
from bot.texts.language import spoken_language
from bot.texts.pages import Told

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

STATIC = "/static/"
ICON = "favicon.ico"
"""Browsers ask for it at the root too, whatever a page names."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A page that says what is wrong and what to do next."""

    status: HTTPStatus
    told: Told
    retry_after: int | None = None
    """Seconds, for the header of that name."""


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # loaded with the first page

    environment = Environment(
        loader=PackageLoader("adapters.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["filled"] = _filled
    return environment


def _filled(sentence: str, **values: object) -> "Markup":
    """A sentence with values where `{name}` is: markup of a template, or else escaped."""
    from markupsafe import escape

    return escape(sentence).format(**values)


@cache
def script(name: str) -> "Markup":
    """One of the templates, as it stands between the tags of a page."""
    from markupsafe import Markup

    return Markup(files("adapters.web").joinpath("templates", name).read_text("utf-8"))


def page(template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: object) -> web.Response:
    """Render a template in the language that is spoken; every value is escaped."""
    html = _environment().get_template(template).render(values, language=spoken_language())
    return web.Response(text=shown(html), status=status, content_type="text/html", charset="utf-8")


def problem_page(problem: Problem, headers: Mapping[str, str] | None = None) -> web.Response:
    response = page("problem.html", status=problem.status, told=problem.told)
    response.headers.update(headers or {})
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def refusal(status: int) -> Problem:
    """What a person is told about a request that leads nowhere."""
    match status:
        case HTTPStatus.NOT_FOUND:
            told = pages.nothing_there()
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            told = pages.too_much_text()
        case HTTPStatus.METHOD_NOT_ALLOWED:
            told = pages.not_like_that()
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            told = pages.our_fault()
        case _:
            told = pages.not_understood()
    return Problem(status=HTTPStatus(status), told=told)


def static_files() -> Mapping[str, Handler]:
    """A handler for each file that the pages load, by its path."""
    return {
        f"{STATIC}{file.name}": _serve(file.name, file.read_bytes())
        for file in files("adapters.web").joinpath("static").iterdir()
        if file.is_file()
    }


def _serve(name: str, content: bytes) -> Handler:
    media, _ = mimetypes.guess_type(name)
    if name.endswith(".js"):  # the machine's own table may say otherwise
        media = "text/javascript"
    tag = hashlib.sha256(content).hexdigest()[:32]
    headers = {"Cache-Control": "no-cache", "ETag": f'"{tag}"'}

    async def serve(request: web.Request) -> web.StreamResponse:
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return web.Response(body=content, content_type=media, charset="utf-8", headers=headers)

    return serve
