"""What a REST server, or what stands in front of it, can do to us."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from adapters.cryptorobot.client import CryptorobotPlatform, open_platform
from adapters.cryptorobot.rest import LARGEST_ANSWER
from adapters.cryptorobot.session import CryptorobotSession
from adapters.cryptorobot.settings import PlatformSettings, PodCommand
from bot.domain.accounts import (
    Credential,
    CredentialKind,
    KeyLogin,
    Login,
    PasswordLogin,
    TokenLogin,
)
from bot.domain.events import Event, Position, Stream, Trader
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pods import BotCommand
from bot.errors import (
    NeedsLogin,
    NoSuchRecord,
    NotOffered,
    OutcomeUnknown,
    Refused,
    TryLater,
)
from tests.integration.cryptorobot.conftest import now
from tests.integration.cryptorobot.server import PATIENCE, Rest, Server, members_only, says

BOT = TraderId("bot-1")
NOON = Position(at=datetime(2026, 1, 5, 12, tzinfo=UTC))
HTML = "<!DOCTYPE html><html><body>Bad gateway of proxy-7.internal</body></html>"


def trades(count: int) -> list[dict[str, Any]]:
    return [
        {"_id": str(number), "price": number, "createdAt": f"2026-01-05T12:00:{number:02}.000Z"}
        for number in range(count)
    ]


async def read_all(session: CryptorobotSession) -> list[Event]:
    events: list[Event] = []
    since = NOON
    async with asyncio.timeout(PATIENCE):
        while True:
            page = await session.page(Stream.TRADES, since)
            events += page.events
            if page.last is None or not page.more:
                return events
            assert page.last > since
            since = page.last


# Answers.


async def test_a_write_whose_kept_connection_breaks_is_not_sent_again(
    server: Server, session: CryptorobotSession
):
    await session.latest(Stream.TRADES)

    async def hangs_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.rest = hangs_up
    with pytest.raises(OutcomeUnknown):
        await session.remove_strategy(StrategyId("momentum"))

    assert [request.method for request in server.requests].count("DELETE") == 1


@pytest.mark.parametrize(
    ("status", "content", "error", "says_what"),
    [
        (401, {"message": "jwt expired"}, NeedsLogin, "jwt expired"),
        (402, {"message": "Upgrade"}, NotOffered, "Upgrade"),
        (403, {"message": "Missing scope"}, NotOffered, "Missing scope"),
        (404, {"message": "Page not found"}, NotOffered, "Page not found"),
        (405, HTML, NotOffered, "Method Not Allowed"),
        (400, {"message": "Bad", "errors": {"name": "is empty"}}, Refused, "Bad: name is empty"),
        (400, {"message": "Bad", "errors": {}}, Refused, "Bad"),
        (422, {"message": "Bad", "data": [{"message": "no name"}]}, Refused, "Bad: no name"),
        (422, {"detail": [{"msg": "field required"}]}, Refused, "field required"),
        (500, {"message": "boom", "stack": "at /srv/x.js"}, TryLater, "boom"),
        (502, HTML, TryLater, "Bad Gateway"),
        (503, "upstream connect error", TryLater, "upstream connect error"),
        (502, {"error": "Error querying /api/v1/count: not running"}, Refused, "not running"),
        (599, "", TryLater, "without saying why"),
        (200, HTML, TryLater, "not readable"),
        (200, "[" * 100_000, TryLater, "not readable"),
        (200, {"message": "hello"}, TryLater, "no list"),
        (200, "", TryLater, "no list"),
        (302, "", TryLater, "leads elsewhere"),
    ],
)
async def test_an_answer_to_a_read_has_its_next_step(
    server: Server,
    session: CryptorobotSession,
    status: int,
    content: object,
    error: type[Exception],
    says_what: str,
):
    server.rest = says(content, status, Location="/elsewhere")

    with pytest.raises(error) as refusal:
        await session.latest(Stream.TRADES)

    assert says_what in str(refusal.value)
    assert not any(leak in str(refusal.value) for leak in ("/srv", "proxy-7", "<", "/api/v1"))
    assert type(refusal.value) is error
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (400, {"message": "Bad"}, Refused),
        (401, {"message": "jwt expired"}, NeedsLogin),
        (404, {"message": "No record found for id 'bot-1'"}, NoSuchRecord),
        (409, {"message": "Conflict"}, Refused),
        (429, {"message": "Slow down"}, TryLater),
        (408, {"message": "Timeout"}, OutcomeUnknown),
        (500, {"message": "boom"}, OutcomeUnknown),
        (502, HTML, OutcomeUnknown),
        (502, {"error": "Error querying /api/v1/start: no"}, Refused),
        (504, "", OutcomeUnknown),
        (200, HTML, OutcomeUnknown),
        (200, "", OutcomeUnknown),
        (200, {"message": "done"}, OutcomeUnknown),
        (302, "", OutcomeUnknown),
    ],
)
async def test_an_answer_to_a_write_says_whether_it_happened(
    server: Server,
    session: CryptorobotSession,
    status: int,
    content: object,
    error: type[Exception],
):
    server.rest = says(content, status, Location="/elsewhere")

    with pytest.raises(error) as refusal:
        await session.set_running(BOT, True)

    assert type(refusal.value) is error
    assert len(server.requests) == 1


async def test_a_connection_that_breaks_after_a_write_is_unclear_and_the_write_is_made_once(
    server: Server, session: CryptorobotSession
):
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    # A connection kept from an earlier call is what tempts a library to try again.
    assert await session.strategies() == ()
    server.requests.clear()
    server.rest = hang_up

    with pytest.raises(OutcomeUnknown, match="broke"):
        await session.set_running(BOT, True)

    assert len(server.requests) == 1


async def test_a_write_that_is_never_answered_is_unclear(server: Server):
    settings = PlatformSettings(url=server.url, call_limit=timedelta(milliseconds=100))

    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    server.rest = never
    async with open_platform(settings, now) as client:
        session = client.session(Credential(kind=CredentialKind.TOKEN, secret="token"))
        with pytest.raises(OutcomeUnknown, match="did not answer in time"):
            await session.set_running(BOT, True)
        with pytest.raises(TryLater, match="did not answer in time"):
            await session.strategies()

    assert len(server.requests) == 2


async def test_an_answer_without_end_is_not_read_to_its_end(
    server: Server, session: CryptorobotSession
):
    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(2 * LARGEST_ANSWER // 2**20):
            await response.write(b" " * 2**20)
        return response

    server.rest = flood

    with pytest.raises(TryLater, match="too large"):
        await session.strategies()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("0.5", 0.5),
        ("86400000", 3600),
        (lambda: format_datetime(now() + timedelta(seconds=90), usegmt=True), 89),
        ("-5", None),
        ("soon", None),
        ("Sat, 99 Foo", None),
        ("9" * 500, None),
    ],
)
async def test_the_platforms_wait_is_obeyed_and_kept_sane(
    server: Server,
    session: CryptorobotSession,
    header: str | Callable[[], str],
    seconds: float | None,
):
    text = header if isinstance(header, str) else header()
    server.rest = says({"code": 429, "message": "Too many requests"}, 429, Retry_After=text)

    with pytest.raises(TryLater, match="Too many requests") as busy:
        await session.strategies()

    wait = busy.value.retry_after
    assert (None if wait is None else wait.total_seconds()) == (
        None if seconds is None else pytest.approx(seconds, abs=1.1)
    )


async def test_nobody_asks_while_the_platform_wants_quiet(
    server: Server, client: CryptorobotPlatform
):
    server.rest = says({"code": 429, "message": "Too many requests"}, 429, Retry_After="600")
    credential = Credential(kind=CredentialKind.TOKEN, secret="token")

    with pytest.raises(TryLater, match="Too many requests"):
        await client.session(credential).strategies()
    with pytest.raises(TryLater, match="Too many requests for this account") as quiet:
        await client.session(credential).set_running(BOT, True)
    with pytest.raises(TryLater):
        await client.session(Credential(kind=CredentialKind.TOKEN, secret="other")).strategies()

    assert quiet.value.retry_after is not None
    assert quiet.value.retry_after > timedelta(seconds=590)
    assert len(server.requests) == 2


# Requests.


async def test_a_credential_goes_to_the_platform_and_nowhere_else(
    server: Server, session: CryptorobotSession
):
    server.rest = says("", 307, Location=f"{server.url}/elsewhere")

    with pytest.raises(TryLater):
        await session.strategies()

    (request,) = server.requests
    assert request.headers["Authorization"] == "Bearer token"
    assert request.headers["Accept"] == "application/json"


async def test_cookies_of_one_account_do_not_go_out_with_anothers_calls(server: Server):
    server.rest = says([], 200, Set_Cookie="session=one; Path=/")
    # A name: of a bare IP address no client keeps cookies.
    named = server.url.replace("127.0.0.1", "localhost")

    async with open_platform(PlatformSettings(url=named), now) as client:
        for secret in ("one", "two"):
            credential = Credential(kind=CredentialKind.TOKEN, secret=secret)
            await client.session(credential).strategies()

    assert len(server.requests) == 2
    assert not any("Cookie" in request.headers for request in server.requests)


async def test_a_server_that_refuses_to_select_fields_is_asked_for_all_of_them(
    server: Server, session: CryptorobotSession
):
    async def strict(request: web.Request) -> web.StreamResponse:
        if any(name.startswith("$select") for name in request.query):
            return web.json_response({"code": 400, "message": "validation failed"}, status=400)
        return web.json_response([{"_id": "1", "name": "Alpha", "api_server": {"password": "x"}}])

    server.rest = strict

    first = await session.traders()
    asked = len(server.requests)
    second = await session.traders()

    assert [bot.name for bot in first] == ["Alpha"]
    assert first == second
    assert all("$select" not in str(request.query) for request in server.requests[asked:])


# Lists.


@pytest.mark.parametrize("wrap", ["page", "data", "bare", "wrong total", "endless total"])
async def test_a_list_is_read_to_its_end_in_every_shape(
    server: Server, session: CryptorobotSession, wrap: str
):
    records = trades(7)

    async def find(request: web.Request) -> web.StreamResponse:
        skip, since = int(request.query["$skip"]), request.query["createdAt[$gte]"]
        matching = [record for record in records if record["createdAt"] >= since]
        data = matching[skip : skip + 3]
        shapes: dict[str, object] = {
            "page": {"total": len(matching), "limit": 3, "skip": skip, "data": data},
            "data": {"data": data},
            # A list that is not paged knows neither limit nor skip.
            "bare": matching,
            "wrong total": {"total": "many", "data": data},
            "endless total": {"total": 10**9, "data": data},
        }
        return web.json_response(shapes[wrap])

    server.rest = find

    events = await read_all(session)

    assert [event.origin.record for event in events] == [str(number) for number in range(7)]


async def test_a_server_that_filters_nothing_and_skips_nothing_is_read_to_its_end(
    server: Server, session: CryptorobotSession
):
    old = {"_id": "old", "createdAt": "2026-01-05T11:59:59.999Z"}
    undated = {"_id": "undated", "createdAt": None}
    server.rest = says({"data": [old, undated, *reversed(trades(4)), "hello"]})

    first = await session.page(Stream.TRADES, NOON)
    assert first.last is not None
    last = await session.page(Stream.TRADES, first.last)

    assert [event.origin.record for event in first.events] == ["0", "1", "2", "undated"]
    assert [event.origin.dated for event in first.events] == [True] * 3 + [False]
    assert first.more
    assert [event.origin.record for event in last.events] == ["3", "undated"]
    assert not last.more


async def test_a_server_that_skips_nothing_and_never_says_the_same_is_read_to_its_end(
    server: Server, session: CryptorobotSession
):
    async def find(_: web.Request) -> web.StreamResponse:
        served = len(server.requests)
        return web.json_response({"data": [{**one, "served": served} for one in trades(1)]})

    server.rest = find

    page = await session.page(Stream.TRADES, NOON)

    assert [event.origin.record for event in page.events] == ["0"]
    assert not page.more
    assert len(server.requests) == 2


async def test_a_page_of_nothing_readable_is_not_an_empty_one(
    server: Server, session: CryptorobotSession
):
    server.rest = says({"total": 2, "data": ["hello", None]})

    page = await session.page(Stream.TRADES, NOON)

    assert len(page.unreadable) == 2
    assert page.last == NOON
    assert not page.more


async def test_a_list_of_bots_without_end_is_no_list_of_bots(
    server: Server, session: CryptorobotSession
):
    numbers = iter(range(10**6))

    async def endless(_: web.Request) -> web.StreamResponse:
        return web.json_response({"data": [{"_id": next(numbers)}]})

    server.rest = endless

    with pytest.raises(TryLater, match="does not end"):
        await session.traders()


async def test_ids_that_are_numbers_stay_apart_and_in_order(
    server: Server, session: CryptorobotSession
):
    at = "2026-01-05T12:00:00.000Z"
    records = [{"_id": number, "createdAt": at} for number in (8, 9, 10, 11)]
    records.append({"_id": 12, "createdAt": "2026-01-05T12:00:01.000Z"})

    async def find(request: web.Request) -> web.StreamResponse:
        matching = [
            one for one in records if str(one["createdAt"]) >= request.query["createdAt[$gte]"]
        ]
        skip = int(request.query["$skip"])
        return web.json_response({"total": len(matching), "data": matching[skip : skip + 2]})

    server.rest = find

    events = await read_all(session)

    assert [event.origin.record for event in events] == ["10", "11", "8", "9", "12"]


# Records that are too large.


def heavy(number: int, size: int) -> dict[str, Any]:
    record = trades(number + 1)[number]
    return {**record, "note": "x" * size}


def finds(records: list[dict[str, Any]]) -> Rest:
    """Answer as Feathers does."""

    async def find(request: web.Request) -> web.StreamResponse:
        query = request.query
        since = query.get("createdAt[$gte]", "")
        matching = [one for one in records if one["createdAt"] >= since]
        if query.get("$sort[createdAt]") == "-1":
            matching.reverse()
        skip = int(query.get("$skip", 0))
        shown = matching[skip : skip + int(query["$limit"])]
        return web.json_response({"total": len(matching), "data": shown})

    return find


async def test_records_that_are_too_large_together_are_read_in_smaller_pages(
    server: Server, session: CryptorobotSession
):
    server.rest = finds([heavy(number, LARGEST_ANSWER // 5) for number in range(7)])

    events = await read_all(session)

    assert [event.origin.record for event in events] == [str(number) for number in range(7)]


async def test_a_record_that_nobody_can_take_is_set_aside_and_the_next_ones_come(
    server: Server, session: CryptorobotSession
):
    sizes = [10, LARGEST_ANSWER, LARGEST_ANSWER, 10, 10, LARGEST_ANSWER]
    server.rest = finds([heavy(number, size) for number, size in enumerate(sizes)])

    page = await session.page(Stream.TRADES, NOON)
    told, aside = [*page.events], [*page.unreadable]
    while page.more:
        assert page.last is not None
        page = await session.page(Stream.TRADES, page.last)
        told += page.events
        aside += page.unreadable

    assert [event.origin.record for event in told] == ["0", "3", "4"]
    assert {one.reason for one in aside} == {"too large"}
    assert {one.service for one in aside} == {"trades"}


async def test_a_stream_that_begins_with_records_that_nobody_can_take_is_read_on(
    server: Server, session: CryptorobotSession
):
    sizes = [LARGEST_ANSWER] * 3 + [10]
    server.rest = finds([heavy(number, size) for number, size in enumerate(sizes)])

    page = await session.page(Stream.TRADES, NOON)

    assert [event.origin.record for event in page.events] == ["3"]
    assert len(page.unreadable) == 3
    assert not page.more
    assert len(server.requests) < 20


async def test_the_latest_are_shown_without_what_nobody_can_take(
    server: Server, session: CryptorobotSession
):
    sizes = [10, 10, LARGEST_ANSWER // 2, LARGEST_ANSWER // 2, 10, LARGEST_ANSWER]
    server.rest = finds([heavy(number, size) for number, size in enumerate(sizes)])

    latest = await session.trades(5)
    newest = (await session.latest(Stream.TRADES)).last

    assert [trade.origin.record for trade in latest] == ["4", "3", "2", "1"]
    assert newest is not None
    assert newest.record == "4"


# Logging in.


def claiming(user: str) -> str:
    """What anybody can write: claims in the shape of a token, which nobody signed."""
    claims = base64.urlsafe_b64encode(json.dumps({"sub": user}).encode()).decode().rstrip("=")
    return f"x.{claims}.y<script>"


FORGED = [KeyLogin(api_key=claiming("victim")), TokenLogin(token=claiming("victim"))]

EMPTY: dict[str, Any] = {"total": 0, "limit": 1, "skip": 0, "data": []}


def showing(**services: Rest) -> Rest:
    """A platform without logins whose services answer so, and the others with no records."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/authentication":
            return web.json_response({"code": 401, "message": "Invalid strategy"}, status=401)
        return await services.get(request.path.strip("/"), says(EMPTY))(request)

    return answer


def asked(server: Server) -> list[tuple[str, bool]]:
    """The services that were asked, and whether it was with a credential."""
    return [
        (request.path.strip("/"), "Authorization" in request.headers)
        for request in server.requests
        if request.path != "/authentication"
    ]


@pytest.mark.parametrize("login", FORGED, ids=["key", "token"])
@pytest.mark.parametrize("status", [400, 402, 403, 404, 405])
async def test_a_platform_that_refuses_every_service_has_let_nobody_in(
    server: Server, client: CryptorobotPlatform, login: Login, status: int
):
    async def firewall(request: web.Request) -> web.StreamResponse:
        code = 401 if request.path == "/authentication" else status
        return web.json_response({"code": code, "message": "No"}, status=code)

    server.rest = firewall

    with pytest.raises(NeedsLogin, match="accepted nothing"):
        await client.log_in(login)


@pytest.mark.parametrize("login", FORGED, ids=["key", "token"])
async def test_a_page_for_everybody_lets_nobody_in(
    server: Server, client: CryptorobotPlatform, login: Login
):
    server.rest = showing(trades=says({"data": [{"_id": "1", "userId": "victim"}]}))

    with pytest.raises(NeedsLogin, match="accepted nothing"):
        await client.log_in(login)


async def test_a_stranger_must_be_told_that_a_login_is_missing(
    server: Server, client: CryptorobotPlatform
):
    async def platform(request: web.Request) -> web.StreamResponse:
        if "Authorization" in request.headers:
            return await showing()(request)
        return web.json_response({"code": 403, "message": "Blocked"}, status=403)

    server.rest = platform

    with pytest.raises(NeedsLogin, match="accepted nothing"):
        await client.log_in(KeyLogin(api_key="cr_live_1"))


@pytest.mark.parametrize("login", FORGED, ids=["key", "token"])
async def test_nobody_is_who_the_text_that_they_typed_claims(
    server: Server, client: CryptorobotPlatform, login: Login
):
    server.rest = members_only(showing())

    with pytest.raises(NeedsLogin, match="does not say whose"):
        await client.log_in(login)


@pytest.mark.parametrize("login", FORGED, ids=["key", "token"])
async def test_a_record_says_who_it_is_whatever_the_typed_text_claims(
    server: Server, client: CryptorobotPlatform, login: Login
):
    mine = {"_id": "1", "user_id": "victim", "owner": "victim", "userId": "user-7"}
    server.rest = members_only(showing(trades=says({"data": [mine]})))

    grant = await client.log_in(login)

    assert grant.platform_user == "user-7"
    assert grant.inferred
    assert grant.plan is None


@pytest.mark.parametrize("service", ["strategies", "models/signals"])
async def test_what_others_may_have_shared_does_not_say_whose_a_key_is(
    server: Server, client: CryptorobotPlatform, service: str
):
    denied = says({"code": 403, "message": "Missing scope"}, 403)
    shared = says({"data": [{"_id": "1", "userId": "victim"}]})
    services = {"traders": denied, "trades": denied, "exchanges": denied, service: shared}
    server.rest = members_only(showing(**services))

    with pytest.raises(NeedsLogin, match="does not say whose"):
        await client.log_in(KeyLogin(api_key="cr_live_1"))


async def test_records_that_everybody_sees_do_not_say_whose_a_key_is(
    server: Server, client: CryptorobotPlatform
):
    public = says({"data": [{"_id": "1", "userId": "victim"}]})

    async def platform(request: web.Request) -> web.StreamResponse:
        inner = showing(trades=public)
        return await (inner if request.path == "/trades" else members_only(inner))(request)

    server.rest = platform

    with pytest.raises(NeedsLogin, match="does not say whose"):
        await client.log_in(KeyLogin(api_key="cr_live_1"))


@pytest.mark.fault(76)
@pytest.mark.parametrize(
    "other",
    ["victim", ["user-7"], {"$oid": "user-7"}, {}],
    ids=["named", "list", "object", "empty"],
)
@pytest.mark.parametrize("service", ["traders", "trades", "exchanges"])
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
async def test_a_key_that_is_shown_what_is_anothers_too_is_nobodys(
    server: Server, client: CryptorobotPlatform, service: str, other: object, first: bool
):
    own, strange = {"_id": "1", "userId": "user-7"}, {"_id": "2", "userId": other}
    both = [strange, own] if first else [own, strange]
    services = {"trades": says({"data": [own]}), service: says({"data": both})}
    server.rest = members_only(showing(**services))

    with pytest.raises(NeedsLogin, match=r"belongs to others.*e-mail and password instead"):
        await client.log_in(KeyLogin(api_key="cr_live_1"))


async def test_any_one_service_is_proof_enough(server: Server, client: CryptorobotPlatform):
    denied = says({"code": 403, "message": "Missing scope"}, 403)
    found = says({"data": [{"_id": "1", "userId": "user-7"}]})
    server.rest = members_only(showing(traders=denied, trades=found))

    grant = await client.log_in(KeyLogin(api_key="cr_live_1"))

    assert grant.platform_user == "user-7"
    assert asked(server) == [
        ("traders", True),
        ("trades", True),
        ("trades", False),
        ("exchanges", True),
        ("exchanges", False),
    ]


async def test_what_a_stranger_is_answered_is_asked_once(
    server: Server, client: CryptorobotPlatform
):
    found = says({"data": [{"_id": "1", "userId": "user-7"}]})
    server.rest = members_only(showing(traders=found))

    await client.log_in(KeyLogin(api_key="cr_live_1"))
    await client.log_in(KeyLogin(api_key="cr_live_2"))

    services = ("traders", "trades", "exchanges")
    assert asked(server) == [
        *((service, known) for service in services for known in (True, False)),
        *((service, True) for service in services),
    ]


async def test_an_answer_that_is_no_list_is_no_proof(server: Server, client: CryptorobotPlatform):
    server.rest = members_only(showing(traders=says({"message": "Welcome"})))

    with pytest.raises(TryLater, match="no list"):
        await client.log_in(KeyLogin(api_key="cr_live_1"))


@pytest.mark.parametrize("place", ["accessToken", "authentication"])
async def test_the_token_is_found_in_either_place(
    server: Server, client: CryptorobotPlatform, place: str
):
    answer: dict[str, object] = {"user": {"id": 7, "name": "Ada"}}
    answer |= {place: "t.o.ken" if place == "accessToken" else {"accessToken": "t.o.ken"}}
    services, login = members_only(says(EMPTY)), says(answer, 201)

    async def platform(request: web.Request) -> web.StreamResponse:
        return await (login if request.path == "/authentication" else services)(request)

    server.rest = platform

    grant = await client.log_in(PasswordLogin(email="ada@example.com", password="secret"))

    assert grant.platform_user == "7"
    assert grant.label == "Ada"
    assert grant.credential.secret == "t.o.ken"
    assert grant.credential.expires_at is None


async def test_a_login_without_a_token_may_be_tried_again(
    server: Server, client: CryptorobotPlatform
):
    server.rest = says({"user": {"_id": "7"}}, 201)

    with pytest.raises(TryLater, match="no token"):
        await client.log_in(PasswordLogin(email="ada@example.com", password="secret"))


@pytest.mark.parametrize("status", [400, 403, 404, 422])
async def test_any_refusal_of_a_login_asks_for_another(
    server: Server, client: CryptorobotPlatform, status: int
):
    server.rest = says({"code": status, "message": "No"}, status)

    with pytest.raises(NeedsLogin, match="No"):
        await client.log_in(PasswordLogin(email="ada@example.com", password="secret"))


async def test_a_platform_that_is_away_is_not_a_refused_login(unused_tcp_port: int):
    async with open_platform(
        PlatformSettings(url=f"http://127.0.0.1:{unused_tcp_port}"), now
    ) as client:
        with pytest.raises(TryLater, match="not reachable"):
            await client.log_in(TokenLogin(token="a.b.c"))
        with pytest.raises(TryLater, match="not reachable"):
            await client.reachable()


@pytest.mark.parametrize(
    ("status", "content", "sentence"),
    [
        (200, '0{"sid":"a","maxPayload":1000000}', "Socket.IO 4 answers"),
        (200, '97:0{"sid":"a"}2:40', "Socket.IO 2 answers"),
        (404, "Not found", "HTTP 404"),
    ],
)
async def test_what_answers_is_told(
    server: Server, client: CryptorobotPlatform, status: int, content: str, sentence: str
):
    server.rest = says(content, status)

    assert sentence in await client.reachable()


async def test_a_platform_that_is_not_working_is_not_reachable(
    server: Server, client: CryptorobotPlatform
):
    server.rest = says(HTML, 503)

    with pytest.raises(TryLater, match="HTTP 503"):
        await client.reachable()


# Pods.


async def test_open_trades_are_asked_of_running_bots_where_the_template_says_how(server: Server):
    command = PodCommand(
        path="/traders/{traderId}/pods",
        method="POST",
        body={"command": "{command}", "pod": ["{podId}"]},
    )
    asked: list[tuple[str, object]] = []

    async def platform(request: web.Request) -> web.StreamResponse:
        if request.path == "/traders":
            bots = [
                {"_id": "a/b", "podId": "pod-1", "running": True},
                {"_id": "idle", "running": False},
                {"_id": "broken", "status": "running"},
            ]
            return web.json_response({"total": 3, "data": bots})
        asked.append((request.raw_path, json.loads(await request.text())))
        if "broken" in request.path:
            error = {"error": "Error querying /api/v1/count: trader is not running"}
            return web.json_response(error, status=502)
        return web.json_response({"data": {"current": 2, "max": 3, "total_stake": 10.5}})

    server.rest = platform
    settings = PlatformSettings(url=server.url, pod_command=command)
    async with open_platform(settings, now) as client:
        session = client.session(Credential(kind=CredentialKind.TOKEN, secret="token"))
        bots = await session.traders()

    assert [bot.open_trades for bot in bots] == [2, None, None]
    assert asked == [
        ("/traders/a%2Fb/pods", {"command": "count", "pod": ["pod-1"]}),
        ("/traders/broken/pods", {"command": "count", "pod": ["broken"]}),
    ]


@pytest.mark.parametrize(
    ("config", "opens"),
    [
        ({"state": "running", "max_open_trades": 3}, True),
        ({"state": "running", "max_open_trades": -1}, True),
        ({"state": "running", "max_open_trades": 0}, False),
        ({"data": {"state": "paused", "max_open_trades": 3}}, False),
        ({"result": {"state": "STOPPED", "max_open_trades": 3}}, False),
        ({"status": "what?"}, None),
        ([], None),
    ],
)
async def test_a_bot_is_told_to_open_no_more_trades_once_and_asked_whether_it_does(
    server: Server, config: object, opens: bool | None
):
    answers: dict[str, object] = {"stopbuy": {"status": "No more buy"}, "show_config": config}
    command = PodCommand(path="/traders/{traderId}/pods/{command}", method="POST")
    asked: list[tuple[str, str]] = []

    async def platform(request: web.Request) -> web.StreamResponse:
        asked.append((request.method, request.path))
        return web.json_response(answers[request.path.rpartition("/")[2]])

    server.rest = platform
    bot = Trader(id=TraderId("1"), name="Owl", running=True)
    async with open_platform(PlatformSettings(url=server.url, pod_command=command), now) as client:
        session = client.session(Credential(kind=CredentialKind.TOKEN, secret="token"))
        assert BotCommand.STOP_ENTRY in client.bot_commands
        await session.stop_entries(bot)
        found = await session.opens_trades(bot)

    assert found is opens
    assert asked == [("POST", "/traders/1/pods/stopbuy"), ("POST", "/traders/1/pods/show_config")]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (502, {"error": "Error querying /api/v1/stopbuy: trader is not running"}, Refused),
        (500, {"message": "boom"}, OutcomeUnknown),
        (200, "no json", OutcomeUnknown),
        (401, {"message": "jwt expired"}, NeedsLogin),
    ],
)
async def test_what_a_bot_says_to_it_is_done_refused_or_unclear(
    server: Server, status: int, body: object, error: type[Exception]
):
    async def platform(request: web.Request) -> web.StreamResponse:
        if isinstance(body, str):
            return web.Response(text=body, status=status)
        return web.json_response(body, status=status)

    server.rest = platform
    command = PodCommand(path="/traders/{traderId}/pods/{command}", method="POST")
    bot = Trader(id=TraderId("1"), name="Owl", running=True)
    async with open_platform(PlatformSettings(url=server.url, pod_command=command), now) as client:
        session = client.session(Credential(kind=CredentialKind.TOKEN, secret="token"))
        with pytest.raises(error):
            await session.stop_entries(bot)

    assert len(server.requests) == 1


async def test_parameters_go_where_each_template_has_them(server: Server):
    asked: list[tuple[str, str, object]] = []

    async def platform(request: web.Request) -> web.StreamResponse:
        body = await request.text()
        asked.append((request.method, request.path_qs, json.loads(body) if body else None))
        return web.json_response({"logs": [], "result": "Created exit order for trade 5."})

    server.rest = platform
    own = PodCommand(path="/pods", body={"do": "{command}", "with": "{params}"})
    bot = Trader(id=TraderId("1"), name="Owl", running=True)
    plain = PodCommand(path="/traders/{traderId}/pods/{command}")
    for templates in ({}, {"forceexit": own}, {"logs": replace(plain, path="/x?{params}")}):
        settings = PlatformSettings(url=server.url, pod_command=plain, pod_commands=templates)
        async with open_platform(settings, now) as client:
            pods = client.session(Credential(kind=CredentialKind.TOKEN, secret="token")).pods
            await pods.logs(bot)
            await pods.force_exit(bot, "5", Decimal("0.25"))

    exit = {"tradeid": "5", "amount": 0.25}
    assert asked == [
        ("GET", "/traders/1/pods/logs?limit=60", None),
        ("POST", "/traders/1/pods/forceexit", exit),
        ("GET", "/traders/1/pods/logs?limit=60", None),
        ("POST", "/pods", {"do": "forceexit", "with": exit}),
        ("GET", "/x?limit=60", None),
        ("POST", "/traders/1/pods/forceexit", exit),
    ]


async def test_a_trade_is_not_closed_where_nobody_has_told_where_its_number_goes(server: Server):
    command = PodCommand(path="/pods/{traderId}", body={"command": "{command}"})
    bot = Trader(id=TraderId("1"), name="Owl", running=True)
    async with open_platform(PlatformSettings(url=server.url, pod_command=command), now) as client:
        session = client.session(Credential(kind=CredentialKind.TOKEN, secret="token"))
        with pytest.raises(Refused, match="where in this command its amounts go"):
            await session.pods.force_exit(bot, "5", Decimal("0.25"))
        await session.stop_entries(bot)

    assert len(server.requests) == 1, "what needs no place is told"


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_a_command_that_is_denied_is_told_as_that(server: Server, status: int):
    async def platform(_: web.Request) -> web.StreamResponse:
        return web.json_response({"message": "No"}, status=status)

    server.rest = platform
    command = PodCommand(path="/traders/{traderId}/pods/{command}")
    bot = Trader(id=TraderId("1"), name="Owl", running=True)
    async with open_platform(PlatformSettings(url=server.url, pod_command=command), now) as client:
        pods = client.session(Credential(kind=CredentialKind.TOKEN, secret="token")).pods
        with pytest.raises(NotOffered):
            await pods.balance(bot)
        with pytest.raises(NotOffered):
            await pods.force_exit(bot, "5", None)


async def test_what_may_be_used_is_seen_by_reads_alone(server: Server):
    asked: list[tuple[str, str]] = []

    async def platform(request: web.Request) -> web.StreamResponse:
        asked.append((request.method, request.path_qs.rpartition("/")[2]))
        return web.json_response("whatever", status=405 if "locks" in request.path else 200)

    server.rest = platform
    command = PodCommand(path="/traders/{traderId}/pods/{command}")
    bot = Trader(id=TraderId("1"), name="Owl", running=True)
    denied = []
    async with open_platform(PlatformSettings(url=server.url, pod_command=command), now) as client:
        pods = client.session(Credential(kind=CredentialKind.TOKEN, secret="token")).pods
        for one in BotCommand:
            try:
                await pods.probe(bot, one)
            except NotOffered:
                denied.append(one)

    told = {"balance", "whitelist", "blacklist", "locks", "logs?limit=1", "health"}
    assert set(asked) == {("GET", one) for one in told | {"show_config", "status"}}
    assert denied == [BotCommand.LOCKS]


KEYS = (
    "apikey=abcdefghijkl/ABCDEFGH+9xyz1234567890",
    "secret kLmNoPqRsTuVwXyZaBcDeFgHiJkLmNoP",
    "password=hunter2-hunter2",
    "bot 123456789:AAEhBOweik-1234567890abcdefghijklmn",
    "x" * 5 + " word" * 37 + " A1b2C3d4E5f6G7h8I9j0K1l2M3n4",
)
"""As logs have them; the last is where a line is cut."""


async def test_what_a_bot_says_is_read_without_its_keys(server: Server):
    answers: dict[str, object] = {
        "logs": {
            "data": {
                "logs": [
                    ["2026-01-05", 1767614400000.0, "ccxt", "INFO", "key cr_live_abc used"],
                    ["2026-01-05", 1767614400000.0, "ccxt", "ERROR", "sign A1b2C3d4E5f6G7h8I9j0K1"],
                    *(["2026-01-05", 1767614400000.0, "x", "INFO", one] for one in KEYS),
                    ["broken"],
                    7,
                ]
            }
        },
        "status": [
            {
                "trade_id": 5,
                "pair": "BTC/USDT",
                "amount": 0.4,
                "has_open_orders": True,
                "orders": [
                    {"ft_order_side": "buy", "ft_is_entry": True, "is_open": True},
                    {"ft_order_side": "stoploss", "ft_is_entry": False, "is_open": True},
                    {"ft_order_side": "sell", "ft_is_entry": False, "is_open": False},
                ],
            }
        ],
        "balance": {
            "currencies": [{"currency": "BTC", "free": 1, "balance": 2, "apiKey": "secret"}],
            "total": 12.5,
            "stake": "USDT",
        },
        "whitelist": {"whitelist": ["BTC/USDT", 7], "length": 2},
        "locks": {"locks": [{"pair": "*", "lock_end_timestamp": 1767614400000, "reason": "x"}]},
        "health": {"last_process_ts": 1767614400, "bot_start_ts": None},
    }

    async def platform(request: web.Request) -> web.StreamResponse:
        return web.json_response(answers[request.path.rpartition("/")[2]])

    server.rest = platform
    command = PodCommand(path="/traders/{traderId}/pods/{command}")
    bot = Trader(id=TraderId("1"), name="Owl", running=True)
    async with open_platform(PlatformSettings(url=server.url, pod_command=command), now) as client:
        pods = client.session(Credential(kind=CredentialKind.TOKEN, secret="token")).pods
        lines = await pods.logs(bot)
        [trade] = await pods.open_trades(bot)
        balance = await pods.balance(bot)
        [lock] = await pods.locks(bot)
        health = await pods.health(bot)
        pairs = await pods.whitelist(bot)
        answers["balance"] = {"what": "ever"}
        with pytest.raises(TryLater):
            await pods.balance(bot)

    assert [(one.level, one.words) for one in lines[:2]] == [
        ("INFO", "key [redacted] used"),
        ("ERROR", "sign …"),
    ]
    assert not any(key[-9:] in one.words for key in KEYS for one in lines)
    assert len(lines) == 2 + len(KEYS)
    assert (trade.id, trade.pair, trade.amount) == ("5", "BTC/USDT", Decimal("0.4"))
    assert "secret" not in repr(balance)
    assert (balance.worth, balance.holdings[0].amount) == (Decimal("12.5"), Decimal(2))
    assert (lock.pair, lock.until is not None, health.last_at is not None) == ("*", True, True)
    assert pairs == ("BTC/USDT",)


async def test_a_bot_that_does_not_run_is_not_told_what_would_start_it(
    server: Server, session: CryptorobotSession
):
    for running in (True, False):
        with pytest.raises(Refused):
            await session.stop_entries(Trader(id=TraderId("1"), name="Owl", running=running))

    assert server.requests == []


async def test_without_a_template_no_pod_is_asked(server: Server, session: CryptorobotSession):
    server.rest = says({"total": 1, "data": [{"_id": "1", "running": True}]})

    (bot,) = await session.traders()

    assert bot.open_trades is None
    assert len(server.requests) == 1
