"""Pushover for one application that misbehaves on request, and what a user's phone shows.

Source: https://pushover.net/api and https://pushover.net/api/receipts
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web

from tests.standins.faults import Answer, Fault, Rule
from tests.standins.serving import Server

TOKEN = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
USER = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"


@dataclass(frozen=True, slots=True)
class PushoverCall:
    path: str
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Notice:
    """What the phone shows. `ringing`: it rings until somebody says that they have seen it."""

    title: str
    message: str
    priority: int
    receipt: str = ""
    ringing: bool = False
    acknowledged: bool = False
    callback: str = ""
    called_back: bool = False


def slow_down(reset: int) -> Answer:
    """The month's messages are used up; `reset` is when the next month begins, as a Unix time."""
    body = {"status": 0, "errors": ["application has exceeded its message limit"]}
    headers = {"X-Limit-App-Remaining": "0", "X-Limit-App-Reset": str(reset)}
    return Answer(status=429, body=json.dumps(body).encode(), headers=headers)


def internal_error() -> Answer:
    return Answer(status=500, body=b'{"status": 0, "errors": ["internal server error"]}')


class PushoverServer(Server[PushoverCall]):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.token = TOKEN
        self.users = {USER: {"iphone"}}
        self.calls: list[PushoverCall] = []
        self.phone: list[Notice] = []
        self._ids = itertools.count(1)

    @property
    def url(self) -> str:
        """What `PUSHOVER_API_URL` is set to."""
        return f"http://127.0.0.1:{self._port}"

    def fail(self, fault: Fault, *, path: str = "", skip: int = 0, times: int | None = 1) -> None:
        """Meet the next requests, whose path has that in it, with a fault."""

        def fits(call: PushoverCall) -> bool:
            return path in call.path

        self._rules.append(Rule(fault=fault, fits=fits, skip=skip, times=times))

    def texts(self) -> list[str]:
        return [f"{one.title}\n{one.message}" for one in self.phone]

    def acknowledge(self) -> None:
        """The person says on the phone that they have seen what rings."""
        for notice in self.phone:
            notice.acknowledged = notice.acknowledged or notice.ringing
            notice.ringing = False

    async def call_back(self, at: Callable[[str], str] = str) -> list[int]:
        """Tell of what was acknowledged since the last time; gives the statuses of the answers.

        Args:
            at: where an address is on this machine.
        """
        answers = []
        async with ClientSession() as client:
            for notice in self.phone:
                if notice.called_back or not (notice.acknowledged and notice.callback):
                    continue
                said = {"receipt": notice.receipt, "acknowledged": "1", "acknowledged_at": "1"}
                said |= {"acknowledged_by": USER, "acknowledged_by_device": "iphone"}
                async with client.post(at(notice.callback), data=said) as answer:
                    answers.append(answer.status)
                notice.called_back = answer.status == 200
        return answers

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/1/messages.json", self._meet)
        app.router.add_get("/1/apps/limits.json", self._meet)
        app.router.add_get("/1/receipts/{receipt}.json", self._meet)
        app.router.add_post("/1/receipts/{receipt}/cancel.json", self._meet)
        app.add_routes(self.routes)
        return app

    async def _meet(self, request: web.Request) -> web.StreamResponse:
        given = request.query if request.method == "GET" else await request.post()
        call = PushoverCall(request.path, {name: str(value) for name, value in given.items()})
        self.calls.append(call)

        async def execute() -> web.Response:
            return self.carry_out(call)

        return await self._answer(request, call, execute)

    def carry_out(self, call: PushoverCall) -> web.Response:
        """What Pushover does where nothing goes wrong."""
        if call.form.get("token") != self.token:
            return self._no(token="invalid", errors=["application token is invalid"])
        match call.path.removeprefix("/1/").removesuffix(".json").split("/"):
            case ["messages"]:
                return self._send(call.form)
            case ["apps", "limits"]:
                return self._yes(limit=10000, remaining=7496, reset=1393653600)
            case ["receipts", receipt]:
                return self._receipt(receipt)
            case ["receipts", receipt, "cancel"]:
                return self._cancel(receipt)
        raise AssertionError(f"{call.path} is not of the API")

    def _no(self, status: int = 400, **said: Any) -> web.Response:
        return web.json_response({"status": 0, "request": self._id(), **said}, status=status)

    def _yes(self, **said: Any) -> web.Response:
        return web.json_response({"status": 1, "request": self._id(), **said})

    def _send(self, form: Mapping[str, str]) -> web.Response:
        devices = self.users.get(form.get("user", ""))
        if devices is None:
            return self._no(user="invalid", errors=["user identifier is not a valid user"])
        if form.get("device", "iphone") not in devices:
            return self._no(device="invalid for this user", errors=["device name is not valid"])
        assert len(form["title"]) <= 250
        assert len(form["message"]) <= 1024
        priority = int(form["priority"])
        notice = Notice(title=form["title"], message=form["message"], priority=priority)
        said = {}
        if priority == 2:
            assert int(form["retry"]) >= 30
            assert int(form["expire"]) <= 10800
            notice.ringing = True
            notice.callback = form.get("callback", "")
            notice.receipt = said["receipt"] = f"r{next(self._ids):029}"
        self.phone.append(notice)
        return self._yes(**said)

    def _receipt(self, receipt: str) -> web.Response:
        notice = self._of(receipt)
        if notice is None:
            return self._no(404, receipt="not found", errors=["receipt not found"])
        expired = not notice.ringing and not notice.acknowledged
        return self._yes(acknowledged=int(notice.acknowledged), expired=int(expired))

    def _cancel(self, receipt: str) -> web.Response:
        notice = self._of(receipt)
        if notice is None:
            return self._no(404, receipt="not found", errors=["receipt not found"])
        notice.ringing = False
        return self._yes()

    def _of(self, receipt: str) -> Notice | None:
        return next((one for one in self.phone if one.receipt == receipt), None)

    def _id(self) -> str:
        return f"647d2300-702c-4b38-8b2f-{next(self._ids):012}"
