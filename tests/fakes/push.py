"""The stand-ins of push services without HTTP: the real messengers on virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from aiohttp import web
from yarl import URL

from adapters.chat.connections import Body, Limits
from adapters.chat.exchange import ApiAnswer, NoAnswer, Reached
from adapters.push.platform import LIMITS
from tests.standins.faults import Answer, Drop, Slow
from tests.standins.push.ntfy import NtfyCall, NtfyServer
from tests.standins.push.pushover import PushoverCall, PushoverServer


@dataclass(eq=False)
class PushWire:
    """Plays `adapters.chat.connections.Requests` before one server, whose faults hold here too.

    Attributes:
        away: no connection is to be had.
        asked_at: when each request was made.
    """

    server: NtfyServer | PushoverServer
    now: Callable[[], datetime]
    away: bool = False
    asked_at: list[datetime] = field(default_factory=list)

    async def ask(
        self,
        method: str,
        url: str | URL,
        body: Body | None = None,
        *,
        headers: Mapping[str, str],
        limits: Limits | None = None,
    ) -> ApiAnswer:
        self.asked_at.append(self.now())
        if self.away:
            raise NoAnswer("refused", reached=Reached.CONNECTING)
        return await self._answered(self._call(method, URL(url), body, headers))

    def _call(
        self, method: str, url: URL, body: Body | None, headers: Mapping[str, str]
    ) -> NtfyCall | PushoverCall:
        content = b"" if body is None else body.content
        if isinstance(self.server, NtfyServer):
            said = json.loads(content) if content else {}
            return NtfyCall(method, url.path, said, headers)
        form = dict(url.query) if method == "GET" else dict(parse_qsl(content.decode()))
        return PushoverCall(url.path, form)

    async def _answered(self, call: NtfyCall | PushoverCall) -> ApiAnswer:
        self.server.calls.append(call)  # type: ignore[arg-type]
        match self.server.fault_of(call):  # type: ignore[arg-type]
            case None:
                return self._true(call)
            case Answer() as answer:
                if answer.executes:
                    self._true(call)
                return ApiAnswer(answer.status, answer.headers, answer.body)
            case Drop(executes=executes, midway=midway):
                if executes:
                    self._true(call)
                reached = Reached.ANSWERING if midway else Reached.SENT
                raise NoAnswer("it broke off", reached=reached)
            case Slow(seconds=seconds):
                answer_ = self._true(call)
                if seconds > (LIMITS.answer or seconds):
                    await asyncio.sleep(LIMITS.answer or seconds)
                    raise NoAnswer("timed out", reached=Reached.SENT, timed_out=True)
                await asyncio.sleep(seconds)
                return answer_
            case other:
                raise AssertionError(f"{other} is not for virtual time")

    def _true(self, call: NtfyCall | PushoverCall) -> ApiAnswer:
        response: web.Response = self.server.carry_out(call)  # type: ignore[arg-type]
        content = response.body
        assert isinstance(content, bytes)
        return ApiAnswer(response.status, response.headers, content)
