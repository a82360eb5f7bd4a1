"""What only the simulated platform can do: fail on request, over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
import socketio
from yarl import URL

from adapters.simulator import Options
from tests.contract.bare_client import PATIENCE, Socket, by_key, connected, local, logged_in
from tests.contract.platforms import Simulated, simulated

QUICK = 2
"""Seconds within which the platform has to stop, whatever it is doing."""


@pytest.fixture
async def simulator() -> AsyncIterator[Simulated]:
    async with simulated() as simulator:
        yield simulator


async def test_the_platform_comes_back_at_the_same_address_with_its_records(
    simulator: Simulated,
):
    person = await simulator.add_user()

    async with logged_in(simulator.url, person) as socket:
        await simulator.platform.go_down()
        await socket.until_gone()
    await simulator.add("trades", {"price": 1}, person.id)
    url = URL(simulator.url)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(url.host, url.port)
    await simulator.platform.come_back()
    async with logged_in(simulator.url, person) as socket:
        page = await socket.result("find", "trades")

    assert page["total"] == 1


async def test_an_abrupt_cut_is_not_a_server_disconnect(simulator: Simulated):
    person = await simulator.add_user()

    async with logged_in(simulator.url, person) as socket:
        await simulator.platform.cut_sockets(person.id, abruptly=True)
        await socket.until_gone()

    assert socket.reason != socketio.AsyncClient.reason.SERVER_DISCONNECT
    assert simulator.platform.audience.sockets(person.id) == []


async def test_an_older_platform_keeps_a_socket_silently_past_its_token():
    async with simulated(Options(at_expiry="silence")) as simulator:
        person = await simulator.add_user()
        async with logged_in(simulator.url, person) as socket:
            await simulator.platform.expire_tokens(person.id)
            await simulator.add("trades", {"price": 1}, person.id)
            error = await socket.refusal("find", "trades")

    assert error["code"] == 401
    assert socket.heard.empty()


async def test_a_socket_beyond_the_plan_is_refused_in_the_handshake(simulator: Simulated):
    person = await simulator.add_user(plan="free")
    surplus = Socket()

    async with logged_in(simulator.url, person):
        with pytest.raises(socketio.exceptions.ConnectionError):
            await surplus.sio.connect(
                simulator.url, headers=by_key(person), transports=["websocket"]
            )

    assert surplus.refusals == [{"message": "Too many connections for plan 'free'"}]


async def test_too_many_requests_are_told_when_to_come_back():
    async with (
        simulated(Options(rate_limits=True)) as simulator,
        aiohttp.ClientSession(simulator.url, headers={"Accept": "application/json"}) as http,
    ):
        person = await simulator.add_user(plan="free")
        for _ in range(11):
            async with http.get("/traders", headers=by_key(person)) as answer:
                error = await answer.json()

    assert answer.status == error["code"] == 429
    assert answer.headers["Retry-After"] == "1"


async def test_a_call_may_never_be_answered_on_a_socket_that_lives_on(simulator: Simulated):
    person = await simulator.add_user()
    simulator.platform.script.never_answer("find", performed=True)

    async with logged_in(simulator.url, person) as socket:
        with pytest.raises(socketio.exceptions.TimeoutError):
            await socket.sio.call("find", ("trades", {}), timeout=0.2)
        page = await socket.result("find", "trades")

    assert page["total"] == 0


async def test_the_platform_stops_at_once_while_calls_wait(simulator: Simulated):
    person = await simulator.add_user()
    simulator.platform.script.never_answer("find", performed=True, service="trades")
    simulator.platform.script.delay("find", timedelta(hours=1), service="messages")

    async with (
        logged_in(simulator.url, person) as socket,
        aiohttp.ClientSession(simulator.url, headers=by_key(person)) as http,
        asyncio.TaskGroup() as tasks,
    ):
        waiting = tasks.create_task(outcome(http, "/trades"))
        delayed = tasks.create_task(outcome(http, "/messages"))
        async with asyncio.timeout(PATIENCE):
            await simulator.platform.changes.until(lambda: len(simulator.platform.calls) == 3)
        async with asyncio.timeout(QUICK):
            await simulator.platform.go_down()
            await socket.until_gone()

    assert waiting.result() == delayed.result() == "broken"


async def outcome(http: aiohttp.ClientSession, path: str) -> str:
    try:
        async with http.get(path):
            return "answered"
    except aiohttp.ClientError:
        return "broken"


async def test_events_may_be_named_with_spaces():
    async with simulated(Options(spaced_events=True)) as simulator:
        person = await simulator.add_user()
        async with logged_in(simulator.url, person) as socket:
            await simulator.add("traders/pods/events", {"type": "error"}, person.id)
            name, _ = await socket.next_event()

    assert name == "traders pods events created"


async def test_raw_text_reaches_the_client_as_it_is(simulator: Simulated):
    person = await simulator.add_user()

    async with logged_in(simulator.url, person) as socket:
        await simulator.platform.send_text(person.id, '2["trades created",{"price":NaN}]')
        name, trade = await socket.next_event()

    assert name == "trades created"
    assert trade["price"] != trade["price"]


async def test_a_burst_of_events_keeps_its_order(simulator: Simulated):
    person = await simulator.add_user()

    async with logged_in(simulator.url, person) as socket:
        for number in range(1000):
            await simulator.add("trades", {"number": number}, person.id)
        heard = [(await socket.next_event())[1]["number"] for _ in range(1000)]

    assert heard == list(range(1000))


async def test_a_surplus_login_by_call_is_refused_and_the_socket_stays(simulator: Simulated):
    person = await simulator.add_user(plan="free")

    async with logged_in(simulator.url, person), connected(simulator.url) as surplus:
        error = await surplus.refusal("create", "authentication", local(person))
        still = await surplus.refusal("find", "traders")

    assert error["code"] == 429
    assert still["code"] == 401
