"""What can go wrong with a request, scripted by request number or by what is asked."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aiohttp import web

CallT = TypeVar("CallT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Another answer than the true one. `executes`: the request is carried out all the same."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    executes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The connection ends without a word, before or after the request is carried out.

    `midway`: in the middle of the answer's body.
    """

    executes: bool = False
    midway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """The request is carried out and answered after a while."""

    seconds: float
    executes: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class Hold:
    """The true answer, once `release` is called."""

    executes: bool = True
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self, *, within: float = 20.0) -> None:
        """Wait until a request is being held."""
        async with asyncio.timeout(within):
            await self.holding.wait()

    def release(self) -> None:
        self.released.set()


Fault = Answer | Drop | Slow | Hold


@dataclass(slots=True, kw_only=True)
class Rule(Generic[CallT]):
    """Which requests a fault meets: the first `skip` that fit pass, then `times` are met."""

    fault: Fault
    fits: Callable[[CallT], object]
    skip: int = 0
    times: int | None = 1

    def takes(self, call: CallT) -> bool:
        if self.times == 0 or not self.fits(call):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


async def suffer(
    fault: Fault, request: web.Request, true: web.Response | None
) -> web.StreamResponse | None:
    """Meet a request; `None` means that the true answer follows."""
    match fault:
        case Answer():
            return spoken(fault)
        case Drop(midway=True) if true is not None:
            return await _half(request, true)
        case Drop():
            if request.transport is not None:
                request.transport.abort()
            return web.Response()  # which goes nowhere
        case Slow():
            await asyncio.sleep(fault.seconds)
        case Hold():
            fault.holding.set()
            await fault.released.wait()
    return None


def spoken(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type,
        headers=answer.headers,
    )


async def _half(request: web.Request, true: web.Response) -> web.StreamResponse:
    assert isinstance(true.body, bytes)
    response = web.StreamResponse(status=true.status, headers=true.headers)
    response.content_length = len(true.body)
    await response.prepare(request)
    await response.write(true.body[: len(true.body) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


# --- the usual ones -----------------------------------------------------------------------


def html(status: int, title: str, *, executes: bool = False) -> Answer:
    body = f"<html><head><title>{status} {title}</title></head></html>"
    return Answer(status=status, body=body.encode(), content_type="text/html", executes=executes)


def bad_gateway(*, executes: bool = False) -> Answer:
    return html(502, "Bad Gateway", executes=executes)


def gateway_timeout(*, executes: bool = False) -> Answer:
    return html(504, "Gateway Time-out", executes=executes)


def captive_portal() -> Answer:
    return html(200, "Welcome to the hotel")


BY_NAME: dict[str, Callable[[], Fault]] = {
    "drop": Drop,
    "drop_after": lambda: Drop(executes=True),
    "truncate": lambda: Drop(executes=True, midway=True),
    "bad_gateway": bad_gateway,
    "bad_gateway_after": lambda: bad_gateway(executes=True),
    "gateway_timeout": gateway_timeout,
    "captive_portal": captive_portal,
}
"""Those that a test outside this process can ask for."""
