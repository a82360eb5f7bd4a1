"""A Discord that misbehaves on request."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web

from tests.standins.discord.answers import Answers
from tests.standins.discord.endpoint import Endpoint
from tests.standins.discord.errors import INVALID_JSON, ApiError, refusal, unauthorized
from tests.standins.discord.faults import VIA, banned
from tests.standins.discord.gateway import Gateway
from tests.standins.discord.limiter import Limiter, Quota
from tests.standins.discord.requests import Asked, File, Json, Reply
from tests.standins.discord.resources import Resources
from tests.standins.discord.world import Call, Channel, Clock, Person, World
from tests.standins.faults import Fault, Rule, spoken
from tests.standins.serving import Server

BOT = 1_100_000_000_000_000_001
TOKEN = "MTEwMDAwMDAwMDAwMDAwMDAwMQ.StandI.nStandInStandInStandInStandInStandIn"


@dataclass(frozen=True, slots=True)
class Route:
    """`major`: the parameters that have a rate limit of their own each.

    `free`: takes no bot token, and does not count for the limit over everything.
    """

    name: str
    method: str
    path: str
    major: tuple[str, ...] = ()
    free: bool = False


_MESSAGE = "/channels/{channel}/messages/{message}"
_ANSWER = "/webhooks/{application}/{token}/messages/{message}"
_OF_TOKEN = ("application", "token")

ROUTES = (
    Route("get_gateway", "GET", "/gateway/bot"),
    Route("get_me", "GET", "/users/@me"),
    Route("get_application", "GET", "/oauth2/applications/@me"),
    Route("get_application", "GET", "/applications/@me"),
    Route("edit_application", "PATCH", "/applications/@me"),
    Route("open_dm", "POST", "/users/@me/channels"),
    Route("get_user", "GET", "/users/{user}"),
    Route("get_guild", "GET", "/guilds/{guild}", ("guild",)),
    Route("get_member", "GET", "/guilds/{guild}/members/{user}", ("guild",)),
    Route("get_channel", "GET", "/channels/{channel}", ("channel",)),
    Route("type", "POST", "/channels/{channel}/typing", ("channel",)),
    Route("modify_channel", "PATCH", "/channels/{channel}", ("channel",)),
    Route("start_thread", "POST", "/channels/{channel}/threads", ("channel",)),
    Route("get_messages", "GET", "/channels/{channel}/messages", ("channel",)),
    Route("create_message", "POST", "/channels/{channel}/messages", ("channel",)),
    Route("get_message", "GET", _MESSAGE, ("channel",)),
    Route("edit_message", "PATCH", _MESSAGE, ("channel",)),
    Route("delete_message", "DELETE", _MESSAGE, ("channel",)),
    Route("get_commands", "GET", "/applications/{application}/commands"),
    Route("overwrite_commands", "PUT", "/applications/{application}/commands"),
    Route(
        "get_guild_commands",
        "GET",
        "/applications/{application}/guilds/{guild}/commands",
        ("guild",),
    ),
    Route(
        "overwrite_guild_commands",
        "PUT",
        "/applications/{application}/guilds/{guild}/commands",
        ("guild",),
    ),
    Route("answer", "POST", "/interactions/{interaction}/{token}/callback", ("token",), True),
    Route("follow_up", "POST", "/webhooks/{application}/{token}", _OF_TOKEN, True),
    Route("get_answer", "GET", _ANSWER, _OF_TOKEN, True),
    Route("edit_answer", "PATCH", _ANSWER, _OF_TOKEN, True),
    Route("delete_answer", "DELETE", _ANSWER, _OF_TOKEN, True),
)


class DiscordApi(Server[Call]):
    """Discord for one bot: HTTP, the gateway, the people behind them, and faults on request.

    ```
    async with DiscordApi() as api:
        ann = api.world.person("Ann")
        with pointed(api):
            ...  # start the bot, with api.token
        asked = ann.runs("bell status")
        card = await asked.answered()
        assert card.ephemeral
        await ann.presses(card, "Pause").answered()
        api.fail(bad_gateway(executes=True), route="create_message", channel=ann)
        api.clock.advance(minutes=15)
        api.gateway.cut()
    ```

    It plays what a bot of ours uses; any other route is answered as one that does not exist.
    """

    def __init__(self, token: str = TOKEN, username: str = "Tradebell", port: int = 0) -> None:
        super().__init__(port)
        self.token = token
        self.clock = Clock()
        self.world = World(_bot(username), self.clock)
        self.gateway = Gateway(self.world, token, lambda: self.gateway_url)
        self.limiter = Limiter(self.clock)
        self.resources = Resources(self.world)
        self.revoked = False
        answers = Answers(self.world).by_name
        self.endpoint = Endpoint(self.world, answers["answer"])
        self._acts: dict[str, Callable[[Asked], Reply | Awaitable[Reply]]] = {
            **self.resources.by_name,
            **answers,
            "get_application": lambda _: self._application(),
            "edit_application": self._edit_application,
            "get_gateway": lambda _: self.gateway.described(),
        }

    # --- for tests ------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """What `DISCORD_API_URL` is set to."""
        return f"http://127.0.0.1:{self._port}/api/v10"

    @property
    def gateway_url(self) -> str:
        """What `DISCORD_GATEWAY_URL` may be set to; GET /gateway/bot names it too."""
        return f"ws://127.0.0.1:{self._port}/gateway"

    def fail(
        self,
        fault: Fault,
        *,
        route: str | None = None,
        channel: Channel | Person | None = None,
        where: Callable[[Call], object] | None = None,
        skip: int = 0,
        times: int | None = 1,
    ) -> None:
        """Meet the next `times` requests that fit, after `skip` of them, with a fault.

        Args:
            route: its name in `ROUTES`.
            channel: a person stands for their DM.
            times: `None` for all.
        """
        assert route is None or route in self._acts, f"no route {route}"
        where_to = channel.dm if isinstance(channel, Person) else channel

        def fits(call: Call) -> bool:
            return (
                route in (None, call.route)
                and (where_to is None or where_to.id == call.channel)
                and (where is None or bool(where(call)))
            )

        self._rules.append(Rule(fault=fault, fits=fits, skip=skip, times=times))

    def limit(self, route: str | None, requests: int, *, per: float) -> None:
        """Give a route's buckets, or with `None` everything, so many requests in `per` seconds."""
        quota = Quota(requests, timedelta(seconds=per))
        if route is None:
            self.limiter.everything = quota
        else:
            assert route in self._acts, f"no route {route}"
            self.limiter.quotas[route] = quota

    # --- running --------------------------------------------------------------------------

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=50 << 20)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        for route in ROUTES:
            app.router.add_route(route.method, f"/api/v10{route.path}", self._serves(route))
        app.add_routes(self.routes)
        app.router.add_route("*", "/{anything:.*}", _not_found)
        return app

    async def _stop(self) -> None:
        """The gateway's sessions survive it."""
        self.gateway.cut()
        await self.endpoint.close()
        await super()._stop()

    # --- one request ----------------------------------------------------------------------

    def _serves(self, route: Route) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._on_call(route, request)

        return serve

    async def _on_call(self, route: Route, request: web.Request) -> web.StreamResponse:
        now = self.clock()
        asked = await _asked(request)
        payload = asked.payload if isinstance(asked.payload, dict) else {"list": asked.payload}
        call = Call(
            number=len(self.world.calls) + 1,
            route=route.name,
            path=request.path,
            parameters=asked.parameters,
            payload=payload,
            at=now,
        )
        self.world.calls.append(call)
        self.world.changed()
        if self.limiter.is_banned:
            response: web.StreamResponse = spoken(banned())
        else:
            response = await self._answer(
                request, call, lambda: self._execute(route, request, asked)
            )
        self.limiter.answered(response.status, response.headers.get("X-RateLimit-Scope"))
        return response

    async def _execute(self, route: Route, request: web.Request, asked: Asked) -> web.Response:
        major = "+".join(asked.parameters[name] for name in route.major)
        try:
            if not route.free and request.headers.get("Authorization") != f"Bot {self.token}":
                raise unauthorized()
            if not route.free and self.revoked:
                raise unauthorized()
            taken = self.limiter.take(route.name, major, counts_for_everything=not route.free)
            if taken.is_refused:
                late = _late(taken.headers, taken.wait)
                return _json(429, _too_many(taken.wait, taken.everything), late)
            if isinstance(asked.payload, _Broken):
                raise refusal(INVALID_JSON)
            acted = self._acts[route.name](asked)
            reply = await acted if inspect.isawaitable(acted) else acted
        except ApiError as error:
            return _json(error.status, error.as_json(), VIA)
        return _json(204 if reply is None else 200, reply, {**VIA, **taken.headers})

    # --- the application ------------------------------------------------------------------

    def _application(self) -> Json:
        about = {
            "verify_key": self.endpoint.verify_key,
            "interactions_endpoint_url": self.endpoint.url,
        }
        return self.resources.application() | about

    async def _edit_application(self, asked: Asked) -> Json:
        """Source: discord/discord-api-docs:developers/resources/application.mdx."""
        if "interactions_endpoint_url" in asked.payload:
            await self.endpoint.change(asked.payload["interactions_endpoint_url"] or None)
        return self._application()


# --- over the wire ------------------------------------------------------------------------


class _Broken:
    """A body that is no JSON."""


async def _asked(request: web.Request) -> Asked:
    files: dict[int, File] = {}
    if request.content_type == "multipart/form-data":
        payload: Any = {}
        for name, field in (await request.post()).items():
            numbered = re.fullmatch(r"files\[(\d+)\]", name)
            if isinstance(field, web.FileField) and numbered:
                files[int(numbered[1])] = File(field.filename, field.file.read())
            elif name == "payload_json":
                # It may be a plain text, or say that it is JSON.
                data = field if isinstance(field, bytes | bytearray) else str(field).encode()
                payload = _parsed(bytes(data))
    else:
        payload = _parsed(await request.read())
    return Asked(dict(request.match_info), dict(request.query), payload, files)


def _parsed(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return json.loads(body)
    except ValueError:
        return _Broken()


def _too_many(wait: float, everything: bool) -> Json:
    return {
        "message": "You are being rate limited.",
        "retry_after": round(wait, 3),
        "global": everything,
    }


def _late(headers: Mapping[str, str], wait: float) -> dict[str, str]:
    return {**VIA, **headers, "Retry-After": str(max(1, round(wait)))}


def _json(status: int, reply: Reply, headers: Mapping[str, str]) -> web.Response:
    if reply is None:
        return web.Response(status=status, headers=headers)
    body = json.dumps(reply, ensure_ascii=False).encode()
    # discord.py reads JSON only where the type stands alone.
    return web.Response(
        status=status, body=body, headers={**headers, "Content-Type": "application/json"}
    )


async def _not_found(_: web.Request) -> web.Response:
    body = json.dumps({"message": "404: Not Found", "code": 0}).encode()
    return web.Response(status=404, body=body, content_type="application/json", headers=VIA)


def _bot(username: str) -> Json:
    return {
        "id": str(BOT),
        "username": username,
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": True,
        "flags": 0,
        "public_flags": 0,
        "verified": True,
        "mfa_enabled": False,
        "locale": "en-US",
    }
