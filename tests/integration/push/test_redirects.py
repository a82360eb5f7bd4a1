"""A push service that leads elsewhere is not followed: what it was given stays with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.domain.cards import Card, seen
from bot.domain.deliveries import Attempt, Postponed, Scope, Sent
from tests.integration.push import test_browsers, test_messengers
from tests.integration.push.test_messengers import ALARM, NTFY, PUSHOVER
from tests.standins.faults import Answer
from tests.standins.serving import Server

ntfy, pushover = test_messengers.ntfy, test_messengers.pushover
push = test_browsers.push

SEEN = seen(ALARM, "Seen")


@dataclass
class Elsewhere(Server[str]):
    """A server on this machine that writes down whoever asks it, and would take it all."""

    ledger: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/taken"

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._note)
        return app

    async def _note(self, request: web.Request) -> web.Response:
        self.ledger.append(f"{request.method} {request.path_qs}")
        return web.json_response({"id": "a", "status": 1, "request": "a"}, status=201)


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    async with Elsewhere() as server:
        yield server


@dataclass(frozen=True)
class Service:
    """A messenger with what can be asked of its service."""

    fail: Callable[..., None]
    asked: Mapping[str, Callable[[], Coroutine[Any, Any, Attempt]]]
    scope: Scope


@pytest.fixture(params=["ntfy", "pushover", "browser"])
def service(request: pytest.FixtureRequest) -> Service:
    match request.param:
        case "ntfy":
            own = request.getfixturevalue("ntfy")
            return Service(own.server.fail, _asked(own.messenger, NTFY), Scope.ENDPOINT)
        case "pushover":
            own = request.getfixturevalue("pushover")
            return Service(own.server.fail, _asked(own.messenger, PUSHOVER), Scope.CHANNEL)
        case _:
            own = request.getfixturevalue("push")
            asked = _asked(own.messenger, test_browsers.ADDRESS)
            return Service(own.server.fail, asked, Scope.ENDPOINT)


def _asked(messenger: Any, address: Any) -> Mapping[str, Callable[[], Any]]:
    async def amend(card: Card) -> Attempt:
        sent = await messenger.send(address, ALARM)
        assert isinstance(sent, Sent)
        done: Attempt = await messenger.amend(address, sent.message, card)
        return done

    return {"send": lambda: messenger.send(address, ALARM), "amend": lambda: amend(SEEN)}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("asked", ["send", "amend"])
async def test_nobody_is_sent_elsewhere_and_it_is_tried_again_later(
    service: Service, elsewhere: Elsewhere, asked: str, status: int
):
    leads = Answer(status=status, body=b"", headers={"Location": elsewhere.url})
    service.fail(leads, skip=int(asked == "amend"), times=None)

    outcome = await service.asked[asked]()

    assert elsewhere.ledger == []
    assert isinstance(outcome, Postponed)
    assert (outcome.reason, outcome.scope) == (f"turned_away: HTTP {status}", service.scope)


async def test_nobody_asks_elsewhere_what_became_of_a_receipt(pushover, elsewhere: Elsewhere):
    sent = await pushover.messenger.send(PUSHOVER, ALARM)
    leads = Answer(status=302, body=b"", headers={"Location": elsewhere.url})
    pushover.server.fail(leads, path="receipts")

    answer = await pushover.api.receipt(sent.message)

    assert answer.status == 302
    assert elsewhere.ledger == []
