"""The web application, and the server that it runs on."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from adapters.web.chat import Chat
from adapters.web.connections import (
    MOST_CONNECTIONS,
    SERVER,
    Crowd,
    attended,
    body_of,
    bound,
    refuse_compressed,
    take_connections,
)
from adapters.web.guard import security_headers
from adapters.web.health import Health, HealthPages, Metrics, MetricsPage
from adapters.web.inbox import InboxPages
from adapters.web.languages import accepted
from adapters.web.links import LinkPages
from adapters.web.pages import ICON, STATIC, Handler, page, problem_page, refusal, static_files
from adapters.web.seen import SeenPages
from adapters.web.settings import Listen, WebSettings
from adapters.web.settings_page import PLACE, SettingsPages
from bot.domain.ids import NewId, Now
from bot.errors import Misconfigured
from bot.ports import LockScreenDesk, SettingsDesk, SignIn, Webhook
from bot.texts import pages
from bot.texts.language import language_for, speaking

HOOK_LIMIT = 256 * 1024
"""Bytes of a webhook call: the longest message with all its entities and the one it answers."""

STOPPING = 3.0
"""Seconds that requests in progress may take when the server stops."""

TOLD = ("Allow", "Accept-Encoding")
"""What a refusal says of itself in its headers."""

ROUTE = web.RequestKey("route", str)
"""The name of its route; what is no request has none."""

log = logging.getLogger(__name__)


def web_app(
    *,
    sign_in: SignIn,
    settings_desk: SettingsDesk,
    health: Health,
    chat: Chat | None,
    webhooks: Mapping[str, Webhook],
    settings: WebSettings,
    now: Now,
    new_id: NewId,
    inbox: InboxPages | None = None,
    lock_screen: LockScreenDesk | None = None,
) -> web.Application:
    """All that we serve to people, and to who looks after us.

    Args:
        chat: the demo's chat; `None` leaves it out.
        webhooks: what receives at which path.
        inbox: `None` leaves it out.
        lock_screen: likewise.
    """
    app = web.Application(middlewares=[_in_language, _kindly])
    links = LinkPages(sign_in, settings, now, new_id)
    chosen = SettingsPages(settings_desk, settings, now, new_id)
    watch = HealthPages(health)
    app.add_routes(
        [
            web.get("/", _to_chat if chat else _home, name="home"),
            web.get("/link/{code}", links.show, name="link"),
            web.post("/link/{code}", links.submit),
            web.get("/settings/open/{code}", chosen.door.show_address, name="settings-open"),
            web.post("/settings/open/{code}", chosen.door.come_in),
            web.get(PLACE, chosen.show, name="settings"),
            web.get("/settings/rule", chosen.show_rule, name="settings-rule"),
            web.post("/settings/change", chosen.change, name="settings-change"),
            web.post("/settings/leave", chosen.leave, name="settings-leave"),
            web.get("/healthz", watch.alive, name="healthz"),
            web.get("/readyz", watch.ready, name="readyz"),
        ]
    )
    for path, serve in static_files().items():
        app.router.add_get(path, serve, name=path.removeprefix(STATIC))
        if path == f"{STATIC}{ICON}":
            app.router.add_get(f"/{ICON}", serve, name="icon")
    for number, (path, webhook) in enumerate(webhooks.items()):
        app.router.add_post(path, _receive(webhook), name=f"webhook{number}")
    if chat is not None:
        app.router.add_get("/chat", chat.page, name="chat")
        app.router.add_get("/chat/ws", chat.socket, name="chat-socket", allow_head=False)
        app.on_shutdown.append(lambda _: chat.talk.close())
    if inbox is not None:
        app.add_routes(inbox.routes())
        app.on_shutdown.append(lambda _: inbox.talk.close())
    if lock_screen is not None:
        app.add_routes(SeenPages(lock_screen, inbox).routes())

    _protect(app, settings.https)
    return app


def metrics_app(metrics: Metrics) -> web.Application:
    """The figures, which are the operator's alone: served apart from the pages."""
    app = web.Application(middlewares=[_kindly])
    app.router.add_get("/metrics", MetricsPage(metrics).show, name="metrics")
    _protect(app, https=False)
    return app


def _protect(app: web.Application, https: bool) -> None:
    headers = security_headers(https)

    async def protect(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = SERVER
        for name, value in headers.items():
            response.headers.setdefault(name, value)

    app.on_response_prepare.append(protect)


@asynccontextmanager
async def serving(
    app: web.Application, listen: Listen, most: int = MOST_CONNECTIONS
) -> AsyncIterator[Listen]:
    """Serve until left; gives the address that was bound.

    Args:
        most: connections at a time.

    Raises:
        Misconfigured: nothing can listen there.
    """
    runner = web.AppRunner(app, shutdown_timeout=STOPPING)
    await runner.setup()
    try:
        assert runner.server is not None  # it is set up
        try:
            listeners = await bound(listen)
        except OSError as problem:
            raise Misconfigured(_not_bound(listen, problem)) from problem
        crowd = Crowd(most)
        async with asyncio.TaskGroup() as group:
            taking = [
                group.create_task(
                    take_connections(listener, runner.server, crowd, AccessLog),
                    name="web server",
                )
                for listener in listeners
            ]
            host, port = listeners[0].getsockname()[:2]
            log.info("web server listens", extra={"address": str(Listen(host=host, port=port))})
            try:
                yield Listen(host=host, port=port)
            finally:
                for task, listener in zip(taking, listeners, strict=True):
                    task.cancel()
                    listener.close()
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
async def _in_language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Speak as the browser asks for, until more is known of the person."""
    with speaking(language_for(*accepted(request))):
        return await handler(request)


@web.middleware
async def _kindly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal and every bug into a page that a person can read."""
    request[ROUTE] = request.match_info.route.name or "none"
    with attended(request):
        try:
            refuse_compressed(request)
            return await handler(request)
        except web.HTTPException as answer:
            if answer.status < HTTPStatus.BAD_REQUEST:
                raise
            told = {name: answer.headers[name] for name in TOLD if name in answer.headers}
            return problem_page(refusal(answer.status), told)
        except Exception:
            # One person's request must not end everybody's feeds; what fell is in the log.
            log.exception("request failed", extra={"route": _route(request)})
            return problem_page(refusal(HTTPStatus.INTERNAL_SERVER_ERROR))


def _receive(webhook: Webhook) -> Handler:
    async def receive(request: web.Request) -> web.StreamResponse:
        body = await body_of(request, HOOK_LIMIT)
        answer = await webhook.receive(request.headers, body)
        if answer.told is None:
            return web.Response(status=answer.status)
        return web.json_response(answer.told, status=answer.status)

    return receive


async def _home(request: web.Request) -> web.StreamResponse:
    return page("home.html", say=pages.said(pages.HOME))


async def _to_chat(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/chat")


def _route(request: web.BaseRequest) -> str:
    name: str = request.get(ROUTE, "none")
    return name


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
