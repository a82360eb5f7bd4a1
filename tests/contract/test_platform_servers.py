"""The simulator and FeathersJS 5 speak the same protocol, seen from the bare wire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import socketio

from tests.contract.bare_client import PATIENCE, Socket, bearer, by_key, connected, local, logged_in
from tests.contract.platforms import PlatformUnderTest, trades

# A bare client of Socket.IO 4 is of no use to FeathersJS 4.
pytestmark = pytest.mark.parametrize("platform", ["simulator", "feathers"], indirect=True)


# Logging in.


async def test_a_password_gives_a_token_and_the_user(platform: PlatformUnderTest):
    person = await platform.add_user(name="Ada", plan="pro")

    async with connected(platform.url) as socket:
        answer = await socket.log_in(person)

    assert answer["accessToken"].count(".") == 2
    assert answer["authentication"]["strategy"] == "local"
    visible = {"_id", "email", "name", "plan", "verified"}
    assert {key: answer["user"][key] for key in visible} == {
        "_id": person.id,
        "email": person.email,
        "name": "Ada",
        "plan": "pro",
        "verified": True,
    }
    assert person.password not in str(answer)


async def test_a_token_gives_the_same_token_back(platform: PlatformUnderTest):
    person = await platform.add_user()
    async with connected(platform.url) as first:
        token = (await first.log_in(person))["accessToken"]

    async with connected(platform.url) as socket:
        answer = await socket.result(
            "create", "authentication", {"strategy": "jwt", "accessToken": token}
        )

    assert answer["accessToken"] == token
    assert answer["user"]["_id"] == person.id


async def test_an_api_key_logs_a_socket_in(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with connected(platform.url) as socket:
        answer = await socket.result(
            "create",
            "authentication",
            {"strategy": "apiKey", "apiKey": person.api_key},
        )
        page = await socket.result("find", "traders")

    assert answer["user"]["_id"] == person.id
    assert page["total"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"strategy": "local", "email": "nobody@example.com", "password": "x"},
        {"strategy": "local", "email": "nobody@example.com"},
        {"strategy": "jwt", "accessToken": "no.token.really"},
        {"strategy": "jwt"},
        {"strategy": "apiKey", "apiKey": "cr_live_none"},
        {"strategy": "carrier pigeon"},
        {},
    ],
    ids=lambda wrong: " ".join(wrong) or "nothing",
)
async def test_a_wrong_credential_is_refused_and_the_socket_stays(
    platform: PlatformUnderTest, wrong: dict[str, str]
):
    async with connected(platform.url) as socket:
        error = await socket.refusal("create", "authentication", wrong)
        again = await socket.refusal("find", "traders", {})

    assert error["code"] == again["code"] == 401
    assert error["name"] == "NotAuthenticated"
    assert error["className"] == "not-authenticated"


async def test_a_wrong_password_is_named_an_invalid_login(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with connected(platform.url) as socket:
        error = await socket.refusal(
            "create", "authentication", {**local(person), "password": "wrong"}
        )

    assert error == {
        "name": "NotAuthenticated",
        "message": "Invalid login",
        "code": 401,
        "className": "not-authenticated",
    }


async def test_after_logout_calls_and_events_stop(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        await socket.result("remove", "authentication", None)
        await platform.add("messages", {"text": "lost"}, person.id)
        error = await socket.refusal("find", "traders", {})

    assert error["code"] == 401
    assert socket.heard.empty()


# Handshake.


@pytest.mark.parametrize("scheme", ["Bearer", "ApiKey"])
async def test_a_header_logs_in_before_the_connection_is_made(
    platform: PlatformUnderTest, http: aiohttp.ClientSession, scheme: str
):
    person = await platform.add_user()
    async with http.post("/authentication", json=local(person)) as answer:
        token = (await answer.json())["accessToken"]
    headers = bearer(token) if scheme == "Bearer" else by_key(person)

    async with connected(platform.url, headers) as socket:
        await platform.add("trades", {"symbol": "BTC/USDT"}, person.id)
        name, trade = await socket.next_event()

    assert name == "trades created"
    assert trade["symbol"] == "BTC/USDT"


@pytest.mark.parametrize(
    "header", ["Bearer no.token.really", "ApiKey cr_live_none"], ids=["token", "key"]
)
async def test_a_wrong_header_refuses_the_connection(platform: PlatformUnderTest, header: str):
    socket = Socket()

    with pytest.raises(socketio.exceptions.ConnectionError):
        await socket.sio.connect(
            platform.url, headers={"Authorization": header}, transports=["websocket"]
        )

    (refusal,) = socket.refusals
    assert refusal["message"]
    assert "code" not in refusal


async def test_an_expired_token_in_the_header_is_named(platform: PlatformUnderTest):
    person = await platform.add_user(token_life=timedelta(seconds=1))
    async with connected(platform.url) as first:
        token = (await first.log_in(person))["accessToken"]
        await first.until_gone()
    socket = Socket()

    with pytest.raises(socketio.exceptions.ConnectionError):
        await socket.sio.connect(platform.url, headers=bearer(token), transports=["websocket"])

    (refusal,) = socket.refusals
    assert refusal["message"] == "jwt expired"
    assert refusal["data"]["name"] == "TokenExpiredError"
    assert refusal["data"]["expiredAt"].endswith("Z")


async def test_a_header_that_nobody_understands_leaves_the_socket_anonymous(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()

    async with connected(platform.url, {"Authorization": "Pigeon coo"}) as socket:
        error = await socket.refusal("find", "traders")
        await socket.log_in(person)
        page = await socket.result("find", "traders")

    assert error["message"] == "Not authenticated"
    assert page["total"] == 0


async def test_a_surplus_socket_is_refused_with_a_reason(platform: PlatformUnderTest):
    await platform.refuse_sockets(True)
    socket = Socket()

    with pytest.raises(socketio.exceptions.ConnectionError):
        await socket.sio.connect(platform.url, transports=["websocket"])
    await platform.refuse_sockets(False)
    async with connected(platform.url):
        pass

    assert socket.refusals == [{"message": "Too many connections"}]


# The end of a token.


def end(login: Mapping[str, Any]) -> int:
    """Give the second at which the token of a login ends."""
    exp: int = login["authentication"]["payload"]["exp"]
    return exp


async def test_the_socket_is_disconnected_when_its_token_ends(
    platform: PlatformUnderTest,
):
    person = await platform.add_user(token_life=timedelta(seconds=1))

    async with logged_in(platform.url, person) as socket:
        await socket.until_gone()

    assert socket.reason == socketio.AsyncClient.reason.SERVER_DISCONNECT


async def test_a_login_in_time_moves_the_end(platform: PlatformUnderTest):
    person = await platform.add_user(token_life=timedelta(seconds=2))

    async with logged_in(platform.url, person) as socket, logged_in(platform.url, person) as other:
        first = await socket.log_in(person)
        async with asyncio.timeout(PATIENCE):
            while end(await socket.log_in(person)) == end(first):
                pass  # ends are told in whole seconds
        await other.until_gone()
        alive = await socket.result("find", "traders")

    assert alive["total"] == 0


async def test_an_expired_token_is_refused_over_rest(
    platform: PlatformUnderTest, http: aiohttp.ClientSession
):
    person = await platform.add_user(token_life=timedelta(seconds=1))
    async with connected(platform.url) as socket:
        token = (await socket.log_in(person))["accessToken"]
        await socket.until_gone()

    async with http.get("/traders", headers=bearer(token)) as answer:
        error = await answer.json()

    assert answer.status == 401
    assert error["message"] == "jwt expired"


# Calls and their acknowledgements.


async def test_success_is_acknowledged_with_nothing_and_the_data(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        answer = await socket.call("find", "traders", {})

    assert answer == (None, {"total": 0, "limit": 25, "skip": 0, "data": []})


async def test_an_unknown_service_is_not_found(platform: PlatformUnderTest):
    async with connected(platform.url) as socket:
        error = await socket.refusal("find", "pigeons", {})

    assert error == {
        "name": "NotFound",
        "message": "Service 'pigeons' not found",
        "code": 404,
        "className": "not-found",
    }


async def test_a_method_that_the_service_lacks_is_not_allowed(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        error = await socket.refusal("create", "trades", {"price": 1}, {})

    assert error["code"] == 405
    assert error["message"] == "Method 'create' not allowed on service 'trades'"


async def test_too_many_arguments_are_refused(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        error = await socket.refusal("find", "traders", {}, {})

    assert error["code"] == 400
    assert error["message"] == "Too many arguments for 'find' method"


async def test_a_method_that_nobody_knows_is_never_answered(
    platform: PlatformUnderTest,
):
    async with connected(platform.url) as socket:
        with pytest.raises(socketio.exceptions.TimeoutError):
            await socket.sio.call("frobnicate", ("traders", {}), timeout=0.3)


async def test_slashes_around_a_path_are_tolerated(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        page = await socket.result("find", "/traders/pods/events/")

    assert page["total"] == 0


async def test_records_live_from_create_to_remove(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        created = await socket.result("create", "strategies", {"name": "Slow"}, {})
        got = await socket.result("get", "strategies", created["_id"])
        patched = await socket.result("patch", "strategies", created["_id"], {"name": "Fast"}, {})
        removed = await socket.result("remove", "strategies", created["_id"])
        error = await socket.refusal("get", "strategies", created["_id"])

    assert got == created
    assert created["userId"] == person.id
    assert created["createdAt"].endswith("Z")
    assert patched["name"] == removed["name"] == "Fast"
    assert patched["updatedAt"] >= created["updatedAt"]
    assert error["code"] == 404
    assert error["message"] == f"No record found for id '{created['_id']}'"


async def test_many_records_cannot_be_patched_at_once(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        error = await socket.refusal("patch", "traders", None, {"running": True}, {})

    assert error["code"] == 405


# Finding.


@pytest.mark.parametrize(
    ("query", "prices"),
    [
        ({}, [30, 10, 50, 20, 40]),
        ({"price": 20}, [20]),
        ({"price": {"$gt": 20, "$lte": 40}}, [30, 40]),
        ({"price": {"$gte": 20, "$lt": 40}}, [30, 20]),
        ({"price": {"$ne": 20}}, [30, 10, 50, 40]),
        ({"price": {"$in": [10, 50, 60]}}, [10, 50]),
        ({"price": {"$nin": [10, 50, 60]}}, [30, 20, 40]),
        ({"side": "sell", "price": {"$gt": 10}}, [20]),
        ({"$or": [{"price": 10}, {"side": "sell"}]}, [10, 20]),
        ({"$sort": {"price": 1}}, [10, 20, 30, 40, 50]),
        ({"$sort": {"side": -1, "price": -1}}, [20, 10, 50, 40, 30]),
        ({"$sort": {"price": -1}, "$limit": 2, "$skip": 1}, [40, 30]),
        ({"createdAt": {"$gte": "2026-01-05T12:00:03.000Z"}}, [20, 40]),
        ({"price": {"$gt": "20"}}, []),
        ({"price": "20"}, []),
        ({"absent": {"$ne": 1}, "price": 10}, [10]),
    ],
)
async def test_find_filters_sorts_and_pages(
    platform: PlatformUnderTest, query: dict[str, Any], prices: list[int]
):
    person = await platform.add_user()
    await trades(platform, person, 30, 10, 50, 20, 40)

    async with logged_in(platform.url, person) as socket:
        page = await socket.result("find", "trades", query)

    assert [trade["price"] for trade in page["data"]] == prices


async def test_keyset_pages_over_equal_times_miss_nothing(platform: PlatformUnderTest):
    person = await platform.add_user()
    at = "2026-01-05T12:00:00.000Z"
    ids = [(await platform.add("trades", {"createdAt": at}, person.id))["_id"] for _ in range(5)]

    async with logged_in(platform.url, person) as socket:
        query: dict[str, Any] = {"$sort": {"createdAt": 1, "_id": 1}, "$limit": 2}
        seen: list[str] = []
        while batch := (await socket.result("find", "trades", query))["data"]:
            seen += [trade["_id"] for trade in batch]
            after = [
                {"createdAt": {"$gt": at}},
                {"createdAt": at, "_id": {"$gt": seen[-1]}},
            ]
            query = {**query, "$or": after}

    assert seen == sorted(ids)


async def test_a_page_holds_25_records_and_at_most_100(platform: PlatformUnderTest):
    person = await platform.add_user()
    await trades(platform, person, *[1] * 30)

    async with logged_in(platform.url, person) as socket:
        usual = await socket.result("find", "trades")
        greedy = await socket.result("find", "trades", {"$limit": 1000})
        count = await socket.result("find", "trades", {"$limit": 0})

    assert (usual["total"], usual["limit"], len(usual["data"])) == (30, 25, 25)
    assert (greedy["limit"], len(greedy["data"])) == (100, 30)
    assert count == {"total": 30, "limit": 0, "skip": 0, "data": []}


async def test_a_page_may_be_capped_below_what_was_asked(platform: PlatformUnderTest):
    person = await platform.add_user()
    await trades(platform, person, *[1] * 30)
    await platform.cap_pages(10)

    async with logged_in(platform.url, person) as socket:
        page = await socket.result("find", "trades", {"$limit": 100})

    assert (page["total"], page["limit"], len(page["data"])) == (30, 10, 10)


async def test_select_gives_the_named_fields_and_the_id(platform: PlatformUnderTest):
    person = await platform.add_user()
    (trade,) = await trades(platform, person, 30)

    async with logged_in(platform.url, person) as socket:
        page = await socket.result("find", "trades", {"$select": ["price"]})
        got = await socket.result("get", "trades", trade, {"$select": ["side"]})

    assert page["data"] == [{"_id": trade, "price": 30}]
    assert got == {"_id": trade, "side": "buy"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"price": {"$near": 1}}, "Invalid query parameter $near"),
        ({"$near": 1}, "Invalid filter value $near"),
        ({"$or": [{"price": {"$near": 1}}]}, "Invalid query parameter $near"),
    ],
)
async def test_an_unknown_operator_is_refused(
    platform: PlatformUnderTest, query: dict[str, Any], message: str
):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        error = await socket.refusal("find", "trades", query)

    assert error["code"] == 400
    assert error["message"] == message


async def test_a_failing_find_is_refused_with_its_status_and_then_works(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()
    await platform.fail_finds(2, 503)

    async with logged_in(platform.url, person) as socket:
        first = await socket.refusal("find", "trades")
        second = await socket.refusal("find", "trades")
        page = await socket.result("find", "trades")

    assert first["code"] == second["code"] == 503
    assert first["name"] == "Unavailable"
    assert page["total"] == 0


async def test_the_platform_tells_its_operator_what_was_called(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()
    before = len(await platform.calls())

    async with logged_in(platform.url, person) as socket:
        await socket.result("find", "trades", {"side": "buy"})

    login, find = (await platform.calls())[before:]
    assert (login["method"], login["service"]) == ("create", "authentication")
    assert find == {
        "method": "find",
        "service": "trades",
        "id": None,
        "query": {"side": "buy"},
        "transport": "socketio",
    }


# Events and ownership.


async def test_events_come_in_order_to_every_socket_of_the_owner(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as one, logged_in(platform.url, person) as other:
        stored = await platform.add("strategies", {"name": "Slow"}, person.id)
        await platform.change("strategies", stored["_id"], {"name": "Fast"})
        await platform.remove("strategies", stored["_id"])
        heard = [[await s.next_event() for _ in range(3)] for s in (one, other)]

    names = ["strategies created", "strategies patched", "strategies removed"]
    for events in heard:
        assert [name for name, _ in events] == names
        assert [record["name"] for _, record in events] == ["Slow", "Fast", "Fast"]
        assert {record["_id"] for _, record in events} == {stored["_id"]}


async def test_event_names_keep_the_slashes_of_the_path(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        await platform.add("traders/pods/events", {"type": "error"}, person.id)
        await platform.add("models/signals", {"type": "buy"}, person.id)
        await platform.tick({"symbol": "BTC/USDT", "last": 42400.5})
        events = [await socket.next_event() for _ in range(3)]

    assert [name for name, _ in events] == [
        "traders/pods/events created",
        "models/signals created",
        "exchanges/ticker patched",
    ]
    assert events[2][1] == {"symbol": "BTC/USDT", "last": 42400.5}


async def test_a_record_may_be_stored_without_an_event(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        await platform.add("messages", {"text": "quiet"}, person.id, announce=False)
        await platform.add("messages", {"text": "loud"}, person.id)
        _, message = await socket.next_event()
        page = await socket.result("find", "messages")

    assert message["text"] == "loud"
    assert page["total"] == 2


async def test_nobody_sees_hears_or_changes_what_is_another_s(
    platform: PlatformUnderTest,
):
    person, stranger = await platform.add_user(), await platform.add_user()
    mine = await platform.add("traders", {"name": "Mine"}, person.id)

    async with logged_in(platform.url, stranger) as socket:
        page = await socket.result("find", "traders", {"userId": person.id})
        errors = [
            await socket.refusal("get", "traders", mine["_id"]),
            await socket.refusal("patch", "traders", mine["_id"], {"running": True}),
            await socket.refusal("remove", "traders", mine["_id"]),
            await socket.refusal("get", "users", person.id),
        ]
        await platform.change("traders", mine["_id"], {"running": True})
        await platform.add("traders", {"name": "Theirs"}, stranger.id)
        _, heard = await socket.next_event()

    assert page["total"] == 0
    assert {error["code"] for error in errors} == {404}
    assert heard["name"] == "Theirs"


async def test_a_client_cannot_give_a_record_to_another(platform: PlatformUnderTest):
    person, stranger = await platform.add_user(), await platform.add_user()
    gift = {"name": "Gift", "userId": stranger.id}

    async with logged_in(platform.url, person) as socket:
        created = await socket.result("create", "strategies", gift)
        patched = await socket.result("patch", "strategies", created["_id"], gift)

    assert created["userId"] == patched["userId"] == person.id


async def test_a_cut_socket_hears_that_the_server_disconnected_it(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        cut = await platform.cut_sockets(person.id)
        await socket.until_gone()

    assert cut == 1
    assert socket.reason == socketio.AsyncClient.reason.SERVER_DISCONNECT


# Traders.


async def test_a_trader_carries_the_secrets_of_its_pod(platform: PlatformUnderTest):
    person = await platform.add_user()

    async with logged_in(platform.url, person) as socket:
        trader = await socket.result("create", "traders", {})

    assert trader["name"] == "Trader 1"
    assert trader["dry_run"] is True
    assert {"jwt_secret_key", "username", "password"} <= trader["api_server"].keys()
    assert trader["webhook"]["url"].startswith("https://")


async def test_a_trader_that_lacks_its_parts_does_not_start(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()
    trader = await platform.add("traders", {"exchangeId": "e"}, person.id)

    async with logged_in(platform.url, person) as socket:
        error = await socket.refusal("patch", "traders", trader["_id"], {"running": True})
        after = await socket.result("get", "traders", trader["_id"])

    assert error["code"] == 422
    assert [one["field"] for one in error["errors"]] == ["strategyId"]
    assert after["running"] is False


async def test_starting_a_trader_is_told_before_it_is_acknowledged(
    platform: PlatformUnderTest,
):
    person = await platform.add_user()
    parts = {"exchangeId": "e", "strategyId": "s"}
    trader = await platform.add("traders", parts, person.id)

    async with logged_in(platform.url, person) as socket:
        answer = await socket.result(
            "patch",
            "traders",
            trader["_id"],
            {"running": True},
            {"$select": ["running", "status"]},
        )
        told_by_then = socket.heard.qsize()
        events = dict([await socket.next_event(), await socket.next_event()])

    assert answer == {"_id": trader["_id"], "running": True, "status": "running"}
    assert told_by_then >= 1
    assert events["traders patched"] == answer
    report = events["traders/pods/events created"]
    assert (report["traderId"], report["message"]) == (trader["_id"], "Bot started")


async def test_what_rest_changes_the_socket_hears(
    platform: PlatformUnderTest, http: aiohttp.ClientSession
):
    person = await platform.add_user()
    parts = {"exchangeId": "e", "strategyId": "s"}
    trader = await platform.add("traders", parts, person.id)

    async with logged_in(platform.url, person) as socket:
        path = f"/traders/{trader['_id']}"
        async with http.patch(path, json={"running": True}, headers=by_key(person)) as answer:
            assert answer.status == 200
        events = dict([await socket.next_event(), await socket.next_event()])

    assert events["traders patched"]["status"] == "running"
