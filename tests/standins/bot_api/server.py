"""A Bot API server that misbehaves on request."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import Any, NoReturn

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.standins.bot_api.methods import ApiError, Methods, Parameters, bad
from tests.standins.bot_api.world import Call, Chat, Json, Person, World
from tests.standins.faults import Fault, Rule
from tests.standins.serving import Server

TOKEN = "1234567890:AAStandInStandInStandInStandInStandIn"

OTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is"
    " running"
)
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the"
    " webhook first"
)
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
UPDATES_LIMIT = 100
LONGEST_POLL = 50


class BotApi(Server[Call]):
    """Telegram for one bot: an HTTP server, the people behind it, and faults on request.

    ```
    async with BotApi() as api:
        ann = api.world.person("Ann")
        ann.types("/status")
        message = await api.world.message_where(lambda m: "running" in m.text)
        press = ann.presses(message, "Pause")
        await press.answered()
        api.fail(bad_gateway(), method="sendMessage", chat=ann.chat)
    ```

    It plays what a bot of ours uses; any other method is answered as one that does not exist.
    """

    def __init__(
        self,
        token: str = TOKEN,
        username: str = "tradebell_bot",
        port: int = 0,
    ) -> None:
        super().__init__(port)
        self.token = token
        id = int(token.partition(":")[0])
        self.world = World(
            {"id": id, "is_bot": True, "first_name": "Tradebell", "username": username}
        )
        self.revoked = False
        self._acts: dict[str, Callable[[Parameters], Any]] = {
            **Methods(self.world).by_name,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
        }
        self._names = {name.lower(): name for name in self._acts}
        self._poll: asyncio.Future[str] | None = None
        self._webhook: _Webhook | None = None

    # --- for tests ------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """What `TELEGRAM_API_URL` is set to."""
        return f"http://127.0.0.1:{self._port}"

    def fail(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        chat: Chat | Person | int | None = None,
        where: Callable[[Call], object] | None = None,
        skip: int = 0,
        times: int | None = 1,
    ) -> None:
        """Meet the next `times` requests that fit, after `skip` of them, with a fault.

        Args:
            times: `None` for all.
        """
        id = chat if isinstance(chat, int) or chat is None else chat.id

        def fits(call: Call) -> bool:
            return (
                method in (None, call.method)
                and id in (None, call.chat)
                and (where is None or bool(where(call)))
            )

        self._rules.append(Rule(fault=fault, fits=fits, skip=skip, times=times))

    # --- running --------------------------------------------------------------------------

    async def __aexit__(self, *raised: object) -> None:
        if self._webhook is not None:
            await self._webhook.close()
        await super().__aexit__(*raised)

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=50 << 20)
        app.router.add_route("*", "/bot{token}/{method}", self._on_call)
        app.add_routes(self.routes)
        app.router.add_route("*", "/{anything:.*}", _not_found)
        return app

    # --- one request ----------------------------------------------------------------------

    async def _on_call(self, request: web.Request) -> web.StreamResponse:
        arrived = time.monotonic()
        asked = await _parameters(request)
        method = request.match_info["method"]
        call = Call(
            number=len(self.world.calls) + 1,
            method=self._names.get(method.lower(), method),
            parameters=asked.texts,
            at=arrived,
        )
        self.world.calls.append(call)
        self.world.changed()
        token = request.match_info["token"]
        return await self._answer(request, call, lambda: self._execute(token, call, asked))

    async def _execute(self, token: str, call: Call, asked: Parameters) -> web.Response:
        try:
            self._check_token(token)
            act = self._acts.get(call.method)
            if act is None:
                raise ApiError(404, "Not Found: method not found")
            result = act(asked)
            if isawaitable(result):
                result = await result
            return _json(200, {"ok": True, "result": result})
        except ApiError as error:
            refusal: Json = {
                "ok": False,
                "error_code": error.code,
                "description": error.description,
            }
            if error.parameters:
                refusal["parameters"] = error.parameters
            return _json(error.code, refusal)

    def _check_token(self, token: str) -> None:
        if not re.fullmatch(r"[1-9]\d*:[^/]{1,69}", token):
            raise ApiError(401, "Unauthorized: invalid token specified")
        if token != self.token or self.revoked:
            raise ApiError(401, "Unauthorized")

    # --- updates --------------------------------------------------------------------------

    async def _get_updates(self, asked: Parameters) -> list[Json]:
        """Source: `process_get_updates_query`, `do_get_updates`, `abort_long_poll`."""
        if self._webhook is not None:
            raise ApiError(409, WEBHOOK_ACTIVE)
        self._allow(asked)
        offset = asked.number("offset")
        limit = min(max(asked.number("limit", UPDATES_LIMIT), 1), UPDATES_LIMIT)
        wait = min(max(asked.number("timeout"), 0), LONGEST_POLL)
        world = self.world
        if offset < 0 and world.updates:
            offset = max(world.updates[-1]["update_id"] + 1 + offset, 0)
        if offset > 0:
            world.confirm(offset)
        if world.updates or not wait:
            return world.updates[:limit]
        self._end_poll(OTHER_POLLER)
        ended = self._poll = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(wait):
                while not world.updates and not ended.done():
                    await world.change()
        except TimeoutError:
            pass
        finally:
            if self._poll is ended:
                self._poll = None
        if ended.done():
            raise ApiError(409, ended.result())
        return world.updates[:limit]

    def _end_poll(self, reason: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(reason)
            self.world.changed()

    def _allow(self, asked: Parameters) -> None:
        kinds = asked.json("allowed_updates", "allowed updates")
        if kinds is not None:
            self.world.allowed = frozenset(kinds) or None

    async def _set_webhook(self, asked: Parameters) -> bool:
        """Plain HTTP and any port will do, as for a server run with `--local`."""
        if not asked.text("url"):
            return await self._delete_webhook(asked)
        if not re.fullmatch(r"https?://[^\s/]+.*", asked.text("url")):
            raise bad("invalid webhook URL specified")
        secret = asked.text("secret_token")
        if len(secret) > 256:
            raise bad("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
            raise bad("secret token contains unallowed characters")
        self._allow(asked)
        self._end_poll("Conflict: terminated by setWebhook request")
        await self._delete_webhook(asked)
        self._webhook = _Webhook(self.world, asked.text("url"), secret)
        return True

    async def _delete_webhook(self, asked: Parameters) -> bool:
        if asked.flag("drop_pending_updates"):
            self.world.updates.clear()
        if self._webhook is not None:
            webhook, self._webhook = self._webhook, None
            await webhook.close()
        return True

    def _webhook_info(self, _: Parameters) -> Json:
        info: Json = {
            "url": self._webhook.url if self._webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.world.updates),
        }
        if self._webhook is not None and self._webhook.error is not None:
            date, message = self._webhook.error
            info |= {"last_error_date": date, "last_error_message": message}
        return info


class _Webhook:
    """Delivers updates one by one, in order; one that is not answered with 2xx comes again."""

    RETRY = 0.05
    """Seconds; the real server begins with one second and doubles."""

    def __init__(self, world: World, url: str, secret: str) -> None:
        self.url = url
        self.error: tuple[int, str] | None = None
        self._world = world
        self._headers = {SECRET_HEADER: secret} if secret else {}
        self._task = asyncio.get_running_loop().create_task(self._deliver())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _deliver(self) -> NoReturn:
        async with ClientSession(timeout=ClientTimeout(total=60)) as session:
            while True:
                while not self._world.updates:
                    await self._world.change()
                update = self._world.updates[0]
                problem = await self._post(session, update)
                if problem is None:
                    self._world.confirm(update["update_id"] + 1)
                    continue
                self.error = int(time.time()), problem  # noqa: TID251 - it is a date
                await asyncio.sleep(self.RETRY)

    async def _post(self, session: ClientSession, update: Json) -> str | None:
        """Deliver one update; gives what went wrong."""
        try:
            async with session.post(self.url, json=update, headers=self._headers) as response:
                if 200 <= response.status < 300:
                    return None
                return f"Wrong response from the webhook: {response.status} {response.reason}"
        except (ClientError, TimeoutError):
            return "Webhook connection closed"


# --- over the wire ------------------------------------------------------------------------


async def _parameters(request: web.Request) -> Parameters:
    texts: dict[str, str] = dict(request.query)
    files: dict[str, bytes] = {}
    if request.content_type == "application/json":
        for name, value in (await _object(request)).items():
            texts[name] = value if isinstance(value, str) else json.dumps(value)
    else:
        for name, field in (await request.post()).items():
            if isinstance(field, web.FileField):
                files[name] = field.file.read()
            else:
                texts[name] = str(field)
    return Parameters(texts, files)


async def _object(request: web.Request) -> Mapping[str, Any]:
    body = await request.read()
    found = json.loads(body) if body else {}
    return found if isinstance(found, dict) else {}


def _json(status: int, body: Json) -> web.Response:
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
    )


async def _not_found(_: web.Request) -> web.Response:
    return _json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
