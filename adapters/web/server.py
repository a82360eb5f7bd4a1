"""The web application, and the server that it runs on."""

import errno
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Protocol

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from adapters.web.chat import Chat
from adapters.web.guard import security_headers
from adapters.web.health import Health, HealthPages, Metrics
from adapters.web.links import LinkPages
from adapters.web.pages import (
    STATIC,
    Handler,
    page,
    problem_page,
    refusal,
    static_files,
)
from adapters.web.settings import Listen, WebSettings
from bot.domain.ids import NewId, Now
from bot.errors import Misconfigured
from bot.ports import SignIn

FORM_LIMIT = 8 * 1024
"""Bytes of a form (`guarantees.md` 3.3)."""

HOOK_LIMIT = 256 * 1024
"""Bytes of a webhook call: the longest message with all its entities and the one it answers."""

STOPPING = 3.0
"""Seconds that requests in progress may take when the server stops."""

log = logging.getLogger(__name__)


class Webhook(Protocol):
    """Takes what a chat platform posts to us."""

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Check and store it; gives the HTTP status to answer with."""


def web_app(
    *,
    sign_in: SignIn,
    health: Health,
    metrics: Metrics,
    chat: Chat | None,
    webhooks: Mapping[str, Webhook],
    settings: WebSettings,
    now: Now,
    new_id: NewId,
) -> web.Application:
    """All that we serve.

    Args:
        chat: the demo's chat; `None` leaves it out.
        webhooks: what receives at which path.
    """
    app = web.Application(client_max_size=FORM_LIMIT, middlewares=[_kindly])
    links = LinkPages(sign_in, settings, now, new_id)
    watch = HealthPages(health, metrics)
    app.add_routes(
        [
            web.get("/", _to_chat if chat else _home, name="home"),
            web.get("/link/{code}", links.show, name="link"),
            web.post("/link/{code}", links.submit),
            web.get("/healthz", watch.alive, name="healthz"),
            web.get("/readyz", watch.ready, name="readyz"),
            web.get("/metrics", watch.metrics, name="metrics"),
        ]
    )
    for path, serve in static_files().items():
        app.router.add_get(path, serve, name=path.removeprefix(STATIC))
    for number, (path, webhook) in enumerate(webhooks.items()):
        app.router.add_post(path, _receive(webhook), name=f"webhook{number}")
    if chat is not None:
        app.router.add_get("/chat", chat.page, name="chat")
        app.router.add_get("/chat/ws", chat.socket, name="chat-socket", allow_head=False)
        app.on_shutdown.append(lambda _: chat.close())

    headers = security_headers(settings.https)

    async def protect(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = "Tradebell"  # instead of all versions
        for name, value in headers.items():
            response.headers.setdefault(name, value)

    app.on_response_prepare.append(protect)
    return app


@asynccontextmanager
async def serving(app: web.Application, listen: Listen) -> AsyncIterator[Listen]:
    """Serve until left; gives the address that was bound.

    Raises:
        Misconfigured: nothing can listen there.
    """
    runner = web.AppRunner(
        app,
        access_log=log,
        access_log_class=AccessLog,
        shutdown_timeout=STOPPING,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, listen.host, listen.port).start()
        except OSError as problem:
            raise Misconfigured(_not_bound(listen, problem)) from problem
        host, port = runner.addresses[0][:2]
        log.info("web server listens", extra={"address": str(Listen(host=host, port=port))})
        yield Listen(host=host, port=port)
    finally:
        await runner.cleanup()


class AccessLog(AbstractAccessLogger):
    """One line per request, by the name of the route: paths hold codes and secrets."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        self.logger.log(
            logging.DEBUG if response.status < 400 else logging.INFO,
            "request",
            extra={
                "method": request.method[:10],
                "route": _route(request),
                "status": response.status,
                "milliseconds": round(time * 1000, 1),
            },
        )


@web.middleware
async def _kindly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal and every bug into a page that a person can read."""
    try:
        return await handler(request)
    except web.HTTPException as answer:
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise
        allow = answer.headers.get("Allow")
        return problem_page(refusal(answer.status), {"Allow": allow} if allow else None)
    except Exception:
        # One person's request must not end everybody's feeds; what fell is in the log.
        log.exception("request failed", extra={"route": _route(request)})
        return problem_page(refusal(HTTPStatus.INTERNAL_SERVER_ERROR))


def _receive(webhook: Webhook) -> Handler:
    async def receive(request: web.Request) -> web.StreamResponse:
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > HOOK_LIMIT:
                raise web.HTTPRequestEntityTooLarge(HOOK_LIMIT, len(body))
        return web.Response(status=await webhook.receive(request.headers, bytes(body)))

    return receive


async def _home(request: web.Request) -> web.StreamResponse:
    return page("home.html")


async def _to_chat(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/chat")


def _route(request: web.BaseRequest) -> str:
    if not isinstance(request, web.Request):
        return "none"
    return request.match_info.route.name or "none"


def _not_bound(listen: Listen, problem: OSError) -> str:
    host, port = listen.set_by
    match problem.errno:
        case errno.EADDRINUSE:
            reason = "another program listens there already"
            cure = f"stop it, or set {port} to a free port"
        case errno.EACCES:
            reason = "this user may not open that port"
            cure = f"set {port} to a port above 1023"
        case _:
            reason = "this machine has no such address"
            cure = f"set {host} to one that it has, like 127.0.0.1"
    settings = ", ".join(dict.fromkeys(listen.set_by))
    return f"Cannot listen on {listen} ({settings}): {reason}. To cure it, {cure}."
