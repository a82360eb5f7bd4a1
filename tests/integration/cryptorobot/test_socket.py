"""What a socket can do to us, and may not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from adapters.cryptorobot.client import CryptorobotPlatform, open_platform
from adapters.cryptorobot.session import CryptorobotSession
from adapters.cryptorobot.settings import PlatformSettings
from adapters.cryptorobot.socket import LARGEST_FRAME
from bot.domain.accounts import Credential, CredentialKind
from bot.domain.events import Event, Position, Stream, Trade, Unreadable
from bot.domain.ids import TraderId
from bot.errors import (
    ConnectionLost,
    NeedsLogin,
    NotOffered,
    OutcomeUnknown,
    SocketRefused,
    TryLater,
)
from tests.harness.waiting import until
from tests.integration.cryptorobot.conftest import now
from tests.integration.cryptorobot.server import (
    CONNECTED,
    OPENING,
    PATIENCE,
    Call,
    Server,
    nothing_found,
    says,
    serving,
)

BOT = TraderId("bot-1")
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def created(price: int, **fields: object) -> str:
    return "42" + json.dumps(["trades created", {"_id": str(price), "price": price, **fields}])


def prices(events: Iterable[Event]) -> list[int]:
    return [int(event.price) for event in events if isinstance(event, Trade) and event.price]


async def heard_until(
    session: CryptorobotSession, price: int
) -> tuple[list[Event], list[Unreadable]]:
    """Take what comes up to a trade of this price."""
    events: list[Event] = []
    unreadable: list[Unreadable] = []
    async with asyncio.timeout(PATIENCE):
        while price not in prices(events):
            live = await session.receive()
            events += live.events
            unreadable += live.unreadable
    return events, unreadable


IGNORED = {
    "a pong": "3",
    "nothing": "6",
    "connected again": '40{"sid":"three"}',
    "an answer to no call": "4399[null,1]",
    "an answer to the library's own counter": "430[null,1]",
    "an answer without a number": "43[null,1]",
    "an answer of a number without end": "43" + "9" * 500 + "[1]",
    "an answer that is no list": '431{"a":1}',
    "an answer that is no JSON": "431[[[",
    "an answer nested without end": "431" + "[" * 100_000,
    "an event of nobody": '42["keys removed",{"_id":"1"}]',
    "an event without a name": "42[]",
    "an event with a number for a name": "42[1,2]",
    "an event of another namespace": '42/admin,["trades created",{}]',
    "a price": '42["exchanges/ticker patched",{"symbol":"BTC/USDT","last":1}]',
    "a broken price": '42["exchanges ticker patched",{',
    "a price nested without end": '42["exchanges.ticker patched",' + "[" * 100_000,
    "a stored trade that changed": '42["trades patched",{"_id":"1"}]',
}

SET_ASIDE = {
    "an upgrade": "5",
    "nothing at all": "",
    "half a type": "4",
    "an unknown type": "9hello",
    "no frame": "hello",
    "an unknown type of message": "47",
    "bytes": b"\x00\x01",
    "an event with bytes to come": '451-["trades created",{"_placeholder":true,"num":0}]',
    "an event broken off": '42["trades created",{"_id":"1"',
    "an event nested without end": '42["trades created",' + '{"a":' * 100_000,
    "an event without a record": '42["trades created"]',
    "a removal without a record": '42["traders removed",null]',
    "a record that is text": '42["messages created","hello"]',
    "a record that is a list": '42["trades created",[{"_id":"1"}]]',
    "a bot without an id": '42["traders patched",{"name":"x","api_server":{}}]',
    "a bot with an id without end": f'42["traders patched",{{"_id":"{"9" * 5000}"}}]',
}


@pytest.mark.parametrize("frame", IGNORED.values(), ids=IGNORED.keys())
async def test_what_concerns_nobody_passes(server: Server, session: CryptorobotSession, frame: str):
    await session.connect()

    await server.send(frame, created(1))
    events, unreadable = await heard_until(session, 1)
    bots = await session.traders()

    assert prices(events) == [1]
    assert unreadable == []
    assert bots == ()
    assert session.connected


@pytest.mark.parametrize("frame", SET_ASIDE.values(), ids=SET_ASIDE.keys())
async def test_what_nobody_understands_is_set_aside_and_the_next_event_comes(
    server: Server, session: CryptorobotSession, frame: str | bytes
):
    await session.connect()

    await server.send(frame, created(1))
    events, unreadable = await heard_until(session, 1)
    bots = await session.traders()

    assert prices(events) == [1]
    assert len(unreadable) == 1
    assert unreadable[0].size == len(frame)
    assert bots == ()
    assert session.connected


async def test_both_spellings_and_an_event_that_wants_an_answer_are_heard(
    server: Server, session: CryptorobotSession
):
    await session.connect()

    for number, name in enumerate(
        [
            "traders pods events created",
            "traders/pods/events created",
            "traders.pods.events created",
        ]
    ):
        await server.send(f'42["{name}",{{"_id":"{number}","type":"started"}}]')
    await server.send('427["trades created",{"_id":"9","price":9}]')
    events, _ = await heard_until(session, 9)

    assert [event.origin.record for event in events] == ["0", "1", "2", "9"]


async def test_a_megabyte_in_one_event_is_cut_to_what_can_be_shown(
    server: Server, session: CryptorobotSession
):
    await session.connect()

    await server.send(created(1, side="x" * 2**20), created(2))
    events, _ = await heard_until(session, 2)

    assert prices(events) == [1, 2]
    assert len(repr(events[0])) < 1000


async def test_a_frame_beyond_all_measure_ends_the_connection(
    server: Server, session: CryptorobotSession
):
    await session.connect()

    with suppress(ConnectionError):
        await server.send(created(1), created(2, side="x" * LARGEST_FRAME))
    events, _ = await heard_until(session, 1)

    assert prices(events) == [1]
    with pytest.raises(ConnectionLost):
        await session.receive()


async def test_a_stored_record_beyond_all_measure_leaves_the_connection_alone(
    server: Server, session: CryptorobotSession
):
    huge = {"_id": "1", "createdAt": "2026-01-05T12:00:00.000Z", "side": "x" * LARGEST_FRAME}
    stored = {"total": 1, "data": [huge]}
    server.rest = says(stored)
    server.answer = lambda call: (
        f"[null,{json.dumps(stored)}]" if call[1] == "trades" else "[null,[]]"
    )
    await session.connect()

    page = await session.page(Stream.TRADES, Position(at=NOON))
    newest = (await session.latest(Stream.TRADES)).last
    latest = await session.trades(5)

    assert [event.origin.record for event in page.events] == ["1"]
    assert newest == page.last
    assert len(latest) == 1
    assert session.connected


async def test_bots_that_are_too_much_for_the_socket_do_not_keep_it_from_being_opened(
    server: Server, session: CryptorobotSession
):
    huge = {"total": 1, "data": [{"_id": "1", "name": "x" * LARGEST_FRAME}]}
    server.rest = says(huge)
    server.answer = lambda call: (
        f"[null,{json.dumps(huge)}]" if call[-1]["$limit"] > 1 else "[null,[]]"
    )

    await session.connect()

    assert session.connected


async def test_the_bots_that_prove_the_login_are_not_read_twice(
    server: Server, session: CryptorobotSession
):
    bots = {"total": 1, "data": [{"_id": "1", "name": "Owl"}]}
    server.answer = lambda _: f"[null,{json.dumps(bots)}]"

    await session.connect()
    first = await session.traders()
    proved = len(server.calls)
    again = await session.traders()

    assert [bot.name for bot in first] == ["Owl"] == [bot.name for bot in again]
    assert (proved, len(server.calls)) == (1, 2)


async def test_bots_that_are_too_much_for_the_socket_are_read_over_rest(
    server: Server, session: CryptorobotSession
):
    await session.connect()
    await session.traders()
    huge = {"total": 1, "data": [{"_id": "1", "name": "x" * LARGEST_FRAME}]}
    server.rest = says(huge)
    server.answer = lambda _: f"[null,{json.dumps(huge)}]"

    bots = await session.traders()

    assert [bot.id for bot in bots] == ["1"]
    with pytest.raises(ConnectionLost):
        await session.receive()


async def test_numbers_without_end_or_meaning_are_none(server: Server, session: CryptorobotSession):
    await session.connect()

    for value in ("NaN", "Infinity", "-Infinity", "9" * 5000, "1e999999999", "0." + "3" * 5000):
        await server.send(f'42["trades created",{{"_id":"1","amount":{value}}}]')
    await server.send(created(7))
    events, unreadable = await heard_until(session, 7)

    assert [event.amount for event in events if isinstance(event, Trade)] == [None] * 7
    assert unreadable == []


async def test_more_events_than_can_be_taken_end_the_connection_after_those_that_could(
    server: Server, session: CryptorobotSession
):
    await session.connect()

    most = PlatformSettings().most_waiting
    for number in range(most + 1):
        await server.send(created(number + 1))
    await until(lambda: not session.connected, within=PATIENCE)
    events, _ = await heard_until(session, most)

    assert prices(events) == list(range(1, most + 1))
    with pytest.raises(ConnectionLost, match="More events"):
        await session.receive()


async def test_megabytes_that_wait_end_the_connection_and_those_that_are_taken_do_not(
    server: Server, session: CryptorobotSession
):
    await session.connect()

    for number in range(1, 11):
        await server.send(created(number, side="x" * 2**20))
        await heard_until(session, number)
    still_connected = session.connected
    for number in range(1, 11):
        await server.send(created(number, side="x" * 2**20))
    await until(lambda: not session.connected, within=PATIENCE)

    assert still_connected


async def test_names_that_nobody_knows_are_counted_in_bounds(
    server: Server, client: CryptorobotPlatform, session: CryptorobotSession
):
    await session.connect()

    for number in range(500):
        await server.send(f'42["service{number} created",{{}}]')
    await server.send(created(1))
    await heard_until(session, 1)

    assert client.ignored.total() == 500
    assert len(client.ignored) < 150


@pytest.mark.parametrize("frame", ["41", "1", '44{"message":"enough"}'])
async def test_the_servers_word_ends_the_connection(
    server: Server, session: CryptorobotSession, frame: str
):
    await session.connect()

    await server.send(created(1), frame)
    events, _ = await heard_until(session, 1)

    assert prices(events) == [1]
    with pytest.raises(ConnectionLost):
        async with asyncio.timeout(PATIENCE):
            await session.receive()
    assert not session.connected


async def test_a_platform_whose_heart_stops_is_lost(server: Server, session: CryptorobotSession):
    opening = '0{"sid":"one","upgrades":[],"pingInterval":100,"pingTimeout":100,"maxPayload":1}'
    server.greeting = ([opening], server.greeting[1])
    await session.connect()

    with pytest.raises(ConnectionLost, match="broke"):
        async with asyncio.timeout(PATIENCE):
            await session.receive()


async def test_a_platform_between_the_versions_is_asked_to_connect_when_it_keeps_silent(
    server: Server, session: CryptorobotSession
):
    opening = '0{"sid":"one","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
    server.greeting = ([opening], server.greeting[1])
    await session.connect()

    await server.send(created(1))
    events, _ = await heard_until(session, 1)

    assert prices(events) == [1]


async def test_prices_are_no_heartbeat(server: Server, session: CryptorobotSession):
    opening = '0{"sid":"one","upgrades":[],"pingInterval":100,"pingTimeout":100,"maxPayload":1}'
    server.greeting = ([opening], server.greeting[1])
    await session.connect()

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        lost = group.create_task(_failure(session.receive()))
        while not lost.done():
            await server.send(IGNORED["a price"])
            await asyncio.sleep(0.01)

    assert isinstance(lost.result(), ConnectionLost)


async def test_a_connection_that_breaks_ends_the_calls_in_flight_at_once(
    server: Server, session: CryptorobotSession
):
    await session.connect()
    server.answer = lambda _: None

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        read = group.create_task(_failure(session.strategies()))
        await server.until_called()
        server.abort()

    assert isinstance(read.result(), ConnectionLost)
    assert "did not answer" not in str(read.result())


async def test_a_write_whose_connection_breaks_is_unclear_and_made_once(
    server: Server, session: CryptorobotSession
):
    await session.connect()
    server.answer = lambda call: None if call[0] == "patch" else nothing_found(call)

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        write = group.create_task(_failure(session.set_running(BOT, False)))
        await server.until_called()
        server.abort()

    assert isinstance(write.result(), OutcomeUnknown)
    assert [call[0] for call in server.calls].count("patch") == 1
    assert server.requests == []


async def _failure(call: Awaitable[object]) -> Exception | None:
    try:
        await call
    except (TryLater, OutcomeUnknown) as failure:
        return failure
    return None


@pytest.mark.parametrize(
    "answer",
    ["[]", "[null]", "[[", "{}", '[{"message":"boom","stack":"at /srv/app.js"}]', '[null,"done"]'],
)
async def test_a_write_that_is_answered_beyond_understanding_is_unclear(
    server: Server, session: CryptorobotSession, answer: str
):
    await session.connect()
    server.answer = lambda call: answer if call[0] == "patch" else nothing_found(call)

    with pytest.raises(OutcomeUnknown) as unclear:
        await session.set_running(BOT, False)

    assert "/srv" not in str(unclear.value)


@pytest.mark.parametrize("answer", ["[]", "[null]", "[[", "{}", '[{"message":"boom"}]', "[null,7]"])
async def test_a_read_that_is_answered_beyond_understanding_may_be_tried_again(
    server: Server, session: CryptorobotSession, answer: str
):
    await session.connect()
    server.answer = lambda _: answer

    with pytest.raises(TryLater):
        await session.strategies()

    assert session.connected


async def test_a_call_that_is_never_answered_has_a_time_limit(server: Server):
    settings = PlatformSettings(url=server.url, call_limit=timedelta(milliseconds=200))
    async with open_platform(settings, now) as client:
        session = client.session(_token(), "pro")
        await session.connect()
        server.answer = lambda _: None

        with pytest.raises(TryLater, match="did not answer in time"):
            await session.strategies()
        with pytest.raises(OutcomeUnknown, match="did not answer in time"):
            await session.set_running(BOT, True)
        server.answer = nothing_found
        late = await session.strategies()
        await session.close()

    assert late == ()


# Opening.


async def test_a_socket_that_ignores_our_header_is_logged_in_by_a_call(
    server: Server, session: CryptorobotSession
):
    logged_in = False

    def answer(call: Call) -> str:
        nonlocal logged_in
        if call[:2] == ["create", "authentication"]:
            assert call[2] == {"strategy": "jwt", "accessToken": "token"}
            logged_in = True
            return '[null,{"accessToken":"token"}]'
        return nothing_found(call) if logged_in else '[{"code":401,"message":"Not authenticated"}]'

    server.answer = answer

    await session.connect()

    assert session.connected
    assert server.requests == []


async def test_a_socket_that_takes_no_key_is_none_while_rest_takes_it(
    server: Server, client: CryptorobotPlatform
):
    server.answer = lambda _: '[{"code":401,"message":"Not authenticated"}]'
    session = client.session(Credential(kind=CredentialKind.API_KEY, secret="cr_live_1"))

    with pytest.raises(SocketRefused, match="does not take this login"):
        await session.connect()

    assert server.requests[0].headers["Authorization"] == "ApiKey cr_live_1"
    assert server.sockets[0].closed


async def test_a_connection_that_breaks_while_logging_in_is_no_refusal(
    server: Server, session: CryptorobotSession
):
    def answer(call: Call) -> str | None:
        if call[1] == "authentication":
            server.abort()
            return None
        return '[{"code":401,"message":"Not authenticated"}]'

    server.answer = answer

    with pytest.raises(ConnectionLost):
        await session.connect()


async def test_a_key_that_is_refused_everywhere_needs_a_new_login(
    server: Server, client: CryptorobotPlatform
):
    server.answer = lambda _: '[{"code":401,"message":"Not authenticated"}]'
    server.rest = says({"code": 401, "message": "Invalid API key"}, 401)
    session = client.session(Credential(kind=CredentialKind.API_KEY, secret="cr_live_1"))

    with pytest.raises(NeedsLogin, match="Invalid API key"):
        await session.connect()


DENIED = '[{"code":403,"message":"Missing scope"}]'


async def test_a_socket_on_which_every_service_is_closed_is_not_known_to_be_logged_in(
    server: Server, session: CryptorobotSession
):
    server.answer = lambda _: DENIED

    with pytest.raises(SocketRefused, match="nothing"):
        await session.connect()

    assert not session.connected
    assert server.sockets[0].closed


async def test_a_login_without_bots_is_proved_by_another_service_which_is_then_remembered(
    server: Server, session: CryptorobotSession
):
    server.answer = lambda call: DENIED if call[1] == "traders" else nothing_found(call)

    await session.connect()
    await session.connect()

    assert session.connected
    assert [call[1] for call in server.calls] == ["traders", "trades", "trades"]
    with pytest.raises(NotOffered, match="Missing scope"):
        await session.traders()


async def test_a_login_is_proved_by_one_call(server: Server, session: CryptorobotSession):
    await session.connect()

    assert [call[:2] for call in server.calls] == [["find", "traders"]]
    assert server.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_socket_is_opened_where_the_operator_said_and_nowhere_else(
    server: Server, session: CryptorobotSession, status: int
):
    async with serving() as elsewhere:
        place = f"{elsewhere.url}/socket.io/?EIO=4&transport=websocket"
        server.handshake = lambda _: web.Response(status=status, headers={"Location": place})

        with pytest.raises(SocketRefused, match=f"HTTP {status}"):
            await session.connect()

        assert elsewhere.sockets == []


@pytest.mark.parametrize(
    ("status", "wait"), [(400, None), (403, None), (302, None), (502, None), (429, 30)]
)
async def test_a_handshake_that_http_refuses_gives_no_socket(
    server: Server, session: CryptorobotSession, status: int, wait: int | None
):
    headers = {} if wait is None else {"Retry-After": str(wait)}
    server.handshake = lambda _: web.Response(
        text="<html>proxy</html>", status=status, headers=headers
    )

    with pytest.raises(SocketRefused, match=f"HTTP {status}") as refusal:
        await session.connect()

    assert refusal.value.retry_after == (None if wait is None else timedelta(seconds=wait))
    assert await session.strategies() == ()


@pytest.mark.parametrize(
    "greeting",
    [
        (["0"], []),
        (["0[]"], []),
        (["0{}"], []),
        (['0{"sid":1,"pingInterval":"x"}'], []),
        (["0" + "[" * 900], []),
        (["2"], []),
        (["41"], []),
        ([OPENING], ["41"]),
        ([OPENING], ["1"]),
        ([OPENING], ['44{"message":"Too many connections"}']),
        ([OPENING], ["44"]),
        ([OPENING], ["44[1]"]),
    ],
)
async def test_what_is_no_socket_io_or_says_no_gives_no_socket(
    server: Server, session: CryptorobotSession, greeting: tuple[list[str], list[str]]
):
    server.greeting = greeting

    with pytest.raises(SocketRefused):
        async with asyncio.timeout(PATIENCE / 2):
            await session.connect()


SILENCES = [([], []), ([""], []), (["hello"], []), ([OPENING], []), ([OPENING], ["3"])]


@pytest.mark.parametrize("greeting", SILENCES)
async def test_what_does_not_go_on_gives_no_socket_while_rest_works(
    server: Server, greeting: tuple[list[str], list[str]]
):
    server.greeting = greeting

    async with open_platform(_hasty(server), now) as client:
        session = client.session(_token())
        with pytest.raises(SocketRefused, match="did not answer in time"):
            await session.connect()
        asked = len(server.requests)
        bots = await session.traders()

    assert asked == 1
    assert bots == ()


@pytest.mark.parametrize("greeting", SILENCES)
async def test_what_does_not_go_on_may_be_tried_again_while_rest_is_silent_too(
    server: Server, greeting: tuple[list[str], list[str]]
):
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    server.greeting = greeting
    server.rest = never

    async with open_platform(_hasty(server), now) as client:
        with pytest.raises(TryLater, match="did not answer in time") as silence:
            await client.session(_token()).connect()

    assert not isinstance(silence.value, SocketRefused)


async def test_a_broken_handshake_gives_no_socket_while_rest_works(
    server: Server, session: CryptorobotSession
):
    server.handshake = _cut

    with pytest.raises(SocketRefused, match="connection to the platform broke"):
        await session.connect()


@pytest.mark.parametrize(("status", "wait"), [(502, None), (503, 30)])
async def test_a_broken_handshake_may_be_tried_again_while_rest_does_not_work(
    server: Server, session: CryptorobotSession, status: int, wait: int | None
):
    server.handshake = _cut
    headers = {} if wait is None else {"Retry-After": str(wait)}
    server.rest = says("<html>proxy</html>", status, **headers)

    with pytest.raises(TryLater) as away:
        await session.connect()

    assert not isinstance(away.value, SocketRefused)
    assert away.value.retry_after == (None if wait is None else timedelta(seconds=wait))


async def test_a_silent_socket_does_not_hide_that_the_credential_is_refused(server: Server):
    server.greeting = [], []
    server.rest = says({"code": 401, "message": "jwt expired"}, 401)

    async with open_platform(_hasty(server), now) as client:
        with pytest.raises(NeedsLogin, match="jwt expired"):
            await client.session(_token()).connect()


@pytest.mark.parametrize("greeting", [([], []), ([OPENING], []), ([OPENING], [CONNECTED])])
async def test_connecting_can_be_cancelled_at_every_step(
    server: Server, session: CryptorobotSession, greeting: tuple[list[str], list[str]]
):
    server.greeting = greeting
    server.answer = lambda _: None

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await session.connect()
    await until(lambda: server.sockets[0].closed, within=PATIENCE)

    assert not session.connected


async def test_closing_does_not_wait_for_a_platform_that_does_not(server: Server):
    settings = PlatformSettings(url=server.url, close_limit=timedelta(milliseconds=100))

    async with open_platform(settings, now) as client:
        session = client.session(_token())
        await session.connect()
        server.deaf = True
        server.answer = lambda _: None
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(_failure(session.receive()))
            await asyncio.sleep(0)
            async with asyncio.timeout(PATIENCE / 2):
                await session.close()

    assert isinstance(waiting.result(), ConnectionLost)


async def test_an_address_where_nothing_listens_may_be_tried_again(unused_tcp_port: int):
    settings = PlatformSettings(url=f"http://127.0.0.1:{unused_tcp_port}")

    async with open_platform(settings, now) as client:
        session = client.session(_token())
        with pytest.raises(TryLater, match="not reachable") as away:
            await session.connect()
        assert str(away.value) == "The platform is not reachable: it takes no connections"
        with pytest.raises(TryLater, match="not reachable"):
            await session.set_running(BOT, True)

    assert not isinstance(away.value, SocketRefused)


async def test_sessions_share_connections_and_leave_them_open(
    server: Server, client: CryptorobotPlatform, session: CryptorobotSession
):
    other = client.session(_token("other"))
    await session.connect()
    await other.connect()

    await session.close()
    bots = await other.traders()
    await other.close()
    again = await session.strategies()

    assert bots == ()
    assert again == ()


def _cut(request: web.Request) -> web.Response:
    """Break the connection instead of answering."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _hasty(server: Server) -> PlatformSettings:
    limit = timedelta(milliseconds=100)
    return PlatformSettings(url=server.url, connect_limit=limit, call_limit=2 * limit)


def _token(secret: str = "token") -> Credential:
    return Credential(kind=CredentialKind.TOKEN, secret=secret)
