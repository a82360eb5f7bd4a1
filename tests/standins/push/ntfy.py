"""An ntfy server that misbehaves on request, and what a phone shows that has subscribed.

Source: https://docs.ntfy.sh/publish/ and binwiederhier/ntfy:server/server.go, model/model.go
"""

from __future__ import annotations

import itertools
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.standins.faults import Answer, Fault, Rule
from tests.standins.serving import Server

LIMIT = 4096


@dataclass(frozen=True, slots=True)
class NtfyCall:
    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def authorization(self) -> str:
        return self.headers.get("Authorization", "")

    def kept_from(self, *names: str) -> bool:
        """Whether something is switched off that is on unless a publisher says so."""
        given = [value for name, value in self.headers.items() if name.lower() in names]
        return any(value.lower() in ("no", "0", "false") for value in given)


@dataclass(slots=True)
class Notification:
    """What stands on the phone, as it was last replaced."""

    sequence: str
    title: str
    message: str
    priority: int
    tags: Sequence[str] = ()
    actions: Sequence[Mapping[str, Any]] = ()
    rang: int = 0
    """How often it came with a sound: of a priority of 3 and more."""
    cached: bool = True
    """Also a phone gets it that was offline meanwhile.

    Source: https://docs.ntfy.sh/publish/#message-caching
    """
    forwarded: bool = True
    """Also a phone gets it whose app is asleep and woken by Google or Apple.

    Source: https://docs.ntfy.sh/publish/#disable-firebase
    """


def refused(status: int, code: int, error: str, **headers: str) -> Answer:
    body = {"code": code, "http": status, "error": error}
    return Answer(status=status, body=json.dumps(body).encode(), headers=headers)


def slow_down(seconds: int) -> Answer:
    words = "limit reached: too many requests"
    return refused(429, 42901, words, **{"Retry-After": str(seconds)})


class NtfyServer(Server[NtfyCall]):
    """One server with one phone that has subscribed to all of its topics.

    Args:
        knows_sequences: false for one of before 2.16.
        token: that a publisher must have, if any; or a login, as `user:password`.
    """

    def __init__(
        self, port: int = 0, *, knows_sequences: bool = True, token: str = "", login: str = ""
    ) -> None:
        super().__init__(port)
        self.knows_sequences = knows_sequences
        self.token = token
        self.login = login
        self.calls: list[NtfyCall] = []
        self.phone: dict[str, list[Notification]] = {}
        self._ids = itertools.count(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def fail(self, fault: Fault, *, method: str = "", skip: int = 0, times: int | None = 1) -> None:
        """Meet the next requests, of that method if one is given, with a fault."""

        def fits(call: NtfyCall) -> bool:
            return not method or call.method == method

        self._rules.append(Rule(fault=fault, fits=fits, skip=skip, times=times))

    def screen(self, topic: str | None = None) -> list[Notification]:
        return [one for name, shown in self.phone.items() if topic in (None, name) for one in shown]

    def texts(self) -> list[str]:
        return [f"{one.title}\n{one.message}" for one in self.screen()]

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/", self._publish)
        app.router.add_put("/{topic}/{sequence}/clear", self._clear)
        app.add_routes(self.routes)
        return app

    async def _publish(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await self._met(request, NtfyCall("POST", "/", body, request.headers))

    async def _clear(self, request: web.Request) -> web.StreamResponse:
        return await self._met(request, NtfyCall("PUT", request.path, {}, request.headers))

    async def _met(self, request: web.Request, call: NtfyCall) -> web.StreamResponse:
        self.calls.append(call)

        async def execute() -> web.Response:
            return self.carry_out(call)

        return await self._answer(request, call, execute)

    def carry_out(self, call: NtfyCall) -> web.Response:
        """What the server does where nothing goes wrong."""
        if not self._may(call.authorization):
            status = 403 if call.authorization else 401
            return web.json_response({"code": status * 100 + 1, "http": status}, status=status)
        return self._show(call) if call.method == "POST" else self._take_away(call)

    def _take_away(self, call: NtfyCall) -> web.Response:
        if not self.knows_sequences:
            return web.json_response({"code": 40401, "http": 404}, status=404)
        _, topic, sequence, _ = call.path.split("/")
        shown = self.phone.get(topic, [])
        self.phone[topic] = [one for one in shown if one.sequence != sequence]
        return web.json_response(
            {"id": self._id(), "event": "message_clear", "topic": topic, "sequence_id": sequence}
        )

    def _may(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        if self.token:
            return (scheme, given) == ("Bearer", self.token)
        if self.login:
            return scheme == "Basic" and b64decode(given).decode() == self.login
        return True

    def _show(self, call: NtfyCall) -> web.Response:
        body = call.body
        assert len(body["message"].encode()) <= LIMIT, "ntfy would make a file of it"
        assert len(body.get("actions", ())) <= 3
        assert 1 <= body["priority"] <= 5
        id = self._id()
        sequence = body.get("sequence_id", id) if self.knows_sequences else id
        shown = self.phone.setdefault(body["topic"], [])
        old = next((one for one in shown if one.sequence == sequence), None)
        new = Notification(
            sequence=sequence,
            title=body.get("title", ""),
            message=body["message"] or "triggered",
            priority=body["priority"],
            tags=body.get("tags", ()),
            actions=body.get("actions", ()),
            rang=(old.rang if old else 0) + (body["priority"] >= 3),
            cached=not call.kept_from("cache", "x-cache"),
            forwarded=not call.kept_from("firebase", "x-firebase"),
        )
        self.phone[body["topic"]] = [one for one in shown if one is not old] + [new]
        answer = {"id": id, "event": "message", **body}
        del answer["message"]
        if not self.knows_sequences or sequence == id:
            answer.pop("sequence_id", None)
        return web.json_response(answer)

    def _id(self) -> str:
        return f"ntfy{next(self._ids):08}"
