"""The platform's socket under faults of the network: real bytes, the real client, real time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from aiohttp import web

from adapters.cryptorobot.client import open_platform
from adapters.cryptorobot.settings import PlatformSettings
from adapters.simulator import Options
from bot.domain.accounts import Account, PasswordLogin
from bot.domain.backoff import Backoff
from bot.domain.deliveries import PENDING, State
from bot.domain.feeds import FeedState
from bot.services.feeds import FeedRhythm
from storage import Store, open_memory
from tests.contract.platforms import Person, Simulated, simulated
from tests.fakes.messenger import FakeMessenger
from tests.harness.databases import opened
from tests.harness.judge import assert_kept_at_last, owed
from tests.harness.world import World, running
from tests.integration.cryptorobot import server as by_hand
from tests.standins.fault_proxy import Connection, Cut, Drip, FaultProxy, Reset, Swallow, Way

PATIENCE = 20
"""Seconds that something which has to happen may take before a test gives up."""

BEAT = timedelta(milliseconds=300)
"""Between pings, and again until the platform counts as gone."""

SOCKET = b"GET /socket.io/"

QUICK = FeedRhythm(
    reconnect=Backoff(first=timedelta(milliseconds=20), ceiling=timedelta(milliseconds=100)),
    poll_every=timedelta(milliseconds=200),
    socket_retry=Backoff(first=timedelta(milliseconds=200), ceiling=timedelta(milliseconds=200)),
    connects_a_second=100,
)

SHORT_READ_BACKS = (0.2, 0.2, 0.4)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - sockets live in real time


def bought(*numbers: int) -> list[str]:
    return [f"Bought {number} BTC/USDT" for number in numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A person's account, followed through a proxy."""

    server: Simulated
    person: Person
    proxy: FaultProxy
    world: World
    account: Account
    chat: FakeMessenger
    login: PasswordLogin

    @property
    def socket(self) -> Connection:
        """The one that is open now."""
        return self.proxy.open(SOCKET)[-1]

    @property
    def sockets(self) -> list[Connection]:
        return self.proxy.asked(SOCKET)

    async def trade(self, number: int, *, announce: bool = True, **facts: Any) -> dict[str, Any]:
        """Of a bot that makes no other, so that it is told by itself however many come."""
        own = {"side": "buy", "symbol": "BTC/USDT", "amount": number, "price": None}
        facts = {**own, "traderId": f"bot-{number}", **facts}
        return await self.server.add("trades", facts, self.person.id, announce=announce)

    async def until_shown(self, *titles: str) -> None:
        await self.world.until(lambda: set(titles) <= set(self.chat.titles()), PATIENCE)

    async def until_settled(self, trades: int) -> None:
        """Wait until so many trades have come to their end, each by itself or with others."""
        async with asyncio.timeout(PATIENCE):
            while True:
                items = await owed(self.world.store)
                told = [item for item in items if item.title.startswith("Bought")]
                if len(told) >= trades and not any(item.state in PENDING for item in items):
                    return
                await asyncio.sleep(0.05)

    async def until_live(self) -> None:
        """Wait for a socket that is none of those which were broken."""
        await self.world.until(
            lambda: self.proxy.open(SOCKET) and self.state is FeedState.LIVE, PATIENCE
        )

    @property
    def state(self) -> FeedState:
        status = self.world.feeds.status(self.account.id)
        assert status is not None
        return status.state

    async def kept(self, *titles: str) -> None:
        """Nothing but these was shown, each once, and all is accounted for."""
        await self.world.quiet(0.1)
        assert self.chat.titles() == [*titles]
        await assert_kept_at_last(self.world.store, self.chat.shown, created=len(titles))


@asynccontextmanager
async def playing(
    store: Store,
    rhythm: FeedRhythm = QUICK,
    options: Options | None = None,
    most_waiting: int = 5000,
) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(simulated(options))
        proxy = await stack.enter_async_context(FaultProxy(server.url))
        settings = PlatformSettings(
            url=proxy.url,
            connect_limit=timedelta(seconds=2),
            call_limit=timedelta(seconds=5),
            close_limit=timedelta(milliseconds=100),
            most_waiting=most_waiting,
        )
        client = await stack.enter_async_context(open_platform(settings, now))
        chat = FakeMessenger(now=now)
        world = await stack.enter_async_context(
            running(store, client, chat, now, rhythm, read_backs=SHORT_READ_BACKS)
        )
        person = await server.add_user(plan="enterprise")
        facts = {"name": "Night Owl", "running": True, "status": "running"}
        await server.add("traders", facts, person.id)
        login = PasswordLogin(email=person.email, password=person.password)
        account = await world.goes_live(
            email=person.email, password=person.password, within=PATIENCE
        )
        yield Scene(
            server=server,
            person=person,
            proxy=proxy,
            world=world,
            account=account,
            chat=chat,
            login=login,
        )


@pytest.fixture
def store() -> Iterator[Store]:
    numbers = iter(range(1_000_000))
    with open_memory(now, lambda: f"row-{next(numbers)}") as store:
        yield store


@pytest.fixture
async def scene(request: pytest.FixtureRequest, store: Store) -> AsyncIterator[Scene]:
    async with playing(store, **getattr(request, "param", {})) as scene:
        yield scene


# --- what comes over it -----------------------------------------------------------------------


@pytest.mark.fault(1)
@pytest.mark.parametrize("fault", [Reset(), Cut()], ids=["reset", "truncated"])
async def test_an_event_whose_connection_ends_mid_frame_arrives_by_catch_up(
    scene: Scene, fault: Reset | Cut
):
    await scene.trade(1)
    await scene.until_shown(*bought(1))
    socket = scene.socket
    passed = socket.passed[Way.DOWN]
    socket.impair(fault, Way.DOWN, after=40)

    await scene.trade(2)
    await scene.until_shown(*bought(2))
    await scene.until_live()
    await scene.trade(3)
    await scene.until_shown(*bought(3))

    assert socket.passed[Way.DOWN] - passed == 40
    assert len(scene.sockets) == 2
    await scene.kept(*bought(1, 2, 3))


@pytest.mark.fault(1)
async def test_events_that_drip_in_arrive_whole_and_in_order(scene: Scene):
    scene.socket.impair(Drip(size=60, every=0.001), Way.DOWN)

    for number in (1, 2, 3):
        await scene.trade(number)
    await scene.until_shown(*bought(1, 2, 3))

    assert len(scene.sockets) == 1
    await scene.kept(*bought(1, 2, 3))


@pytest.mark.fault(2)
@pytest.mark.parametrize(
    "ways", [(Way.UP, Way.DOWN), (Way.DOWN,), (Way.UP,)], ids=["both ways", "to us", "from us"]
)
async def test_a_half_open_socket_is_noticed_by_its_heart_and_nothing_is_lost(
    store: Store, ways: tuple[Way, ...]
):
    async with playing(store, options=Options(ping_interval=BEAT, ping_timeout=BEAT)) as scene:
        socket = scene.socket
        socket.impair(Swallow(), *ways)

        await scene.trade(1)
        await scene.world.until(lambda: scene.socket is not socket, PATIENCE)
        await scene.until_live()
        await scene.trade(2)
        await scene.until_shown(*bought(1, 2))

        assert sum(socket.swallowed.values()) > 0
        await scene.kept(*bought(1, 2))


@pytest.mark.fault(4)
@pytest.mark.parametrize("after", [0, 60, 160, 300])
async def test_a_handshake_that_is_cut_anywhere_loses_and_doubles_nothing(scene: Scene, after: int):
    scene.proxy.impair(Cut(), Way.DOWN, after=after, once=SOCKET)
    for socket in scene.proxy.open(SOCKET):
        socket.impair(Reset())

    await scene.world.until(lambda: len(scene.sockets) >= 3, PATIENCE)
    await scene.trade(1)
    await scene.until_shown(*bought(1))
    scene.proxy.heal()
    await scene.until_live()
    await scene.trade(2)
    await scene.until_shown(*bought(2))

    assert scene.proxy.asked(b"transport=") == scene.proxy.asked(b"transport=websocket")
    await scene.kept(*bought(1, 2))


@pytest.mark.fault(4)
async def test_a_record_whose_event_never_came_is_found_by_a_sweep_and_told_once(
    store: Store,
):
    sweeping = timedelta(milliseconds=700)
    rhythm = FeedRhythm(sweep_every=sweeping, sweep_rest=timedelta(0), sweep_spacing=timedelta(0))
    async with playing(store, rhythm) as scene:
        record = await scene.trade(1, announce=False)
        await scene.until_shown(*bought(1))
        await scene.server.platform.tell(scene.person.id, "trades", "created", record)
        await scene.trade(2)
        await scene.until_shown(*bought(2))

        assert len(scene.sockets) == 1
        await scene.world.until(lambda: scene.world.meter.alarms == {"found_by_sweep": 1}, PATIENCE)
        await scene.kept(*bought(1, 2))


POISON = {
    "without an id": '{"side":"buy","symbol":"BTC/USDT","amount":9001}',
    "another without an id": '{"side":"buy","symbol":"BTC/USDT","amount":9004}',
    "nested without end": "[" * 100_000,
    "broken off": '{"_id":"broken"',
    "not a number": '{"_id":"nan","side":"buy","amount":NaN,"price":Infinity}',
    "of an id that is taken": '{"_id":"nan","side":"buy","symbol":"BTC/USDT","amount":9003}',
    "half a character": '{"_id":"half","side":"buy","symbol":"\\ud800\\u0000/USDT","amount":9002}',
    "no object": "17",
    "five megabytes": f'{{"_id":"large","note":"{"x" * 5 * 2**20}"}}',
}


@pytest.fixture(params=["sqlite memory", "postgresql"])
async def either(request: pytest.FixtureRequest, secret_key: str) -> AsyncIterator[Store]:
    """A store of each kind: what a text may hold differs."""
    if request.param == "sqlite memory":
        yield request.getfixturevalue("store")
        return
    numbers = iter(range(1_000_000))
    url = request.getfixturevalue("postgres_without_rows")
    async with opened(url, secret_key, now, lambda: f"row-{next(numbers)}") as lasting:
        yield lasting


@pytest.mark.fault(9)
async def test_events_beyond_understanding_are_set_aside_and_all_others_flow(either: Store):
    async with playing(either) as scene:
        say = scene.server.platform.send_text
        good = 0
        for number, record in enumerate(POISON.values(), 1):
            for _ in range(2):
                await say(scene.person.id, f'2["trades created",{record}]')
            await say(scene.person.id, f'2["frobs created",{record}]')
            good = number
            await scene.trade(good)
            await scene.until_shown(*bought(good))
            await scene.until_live()

        assert [one for one in scene.chat.titles() if one in bought(*range(1, 100))] == bought(
            *range(1, good + 1)
        )
        # What has no id is known by what it says; two others say little, but they do.
        assert len(scene.chat.shown) == good + 4
        assert scene.world.meter.aside["trades"] >= 6
        assert scene.world.meter.alarms == {}
        await assert_kept_at_last(either, scene.chat.shown, created=good + 4)


@pytest.mark.fault(9)
async def test_records_beyond_understanding_are_set_aside_and_all_others_found(either: Store):
    async with playing(either) as scene:
        for socket in scene.proxy.open(SOCKET):
            socket.impair(Reset())
        await scene.trade(1, announce=False)
        await scene.trade(9001, announce=False, _id="", createdAt="yesterday")
        await scene.trade(9002, announce=False, symbol="\ud800\x00/USDT", profit=float("nan"))
        await scene.trade(9003, announce=False, note="x" * 9 * 2**20)
        await scene.trade(2, announce=False)
        # What has no date counts from when it was found.
        await scene.until_shown(*bought(2), "Bought 9,001 BTC/USDT")
        await scene.until_live()

        titles = scene.chat.titles()
        assert [title for title in titles if title in bought(1, 2)] == bought(1, 2)
        assert {*titles} == {*bought(1, 2), "Bought 9,001 BTC/USDT", "Bought 9,002 ?/USDT"}
        assert scene.world.meter.aside["trades"] > 0
        await assert_kept_at_last(either, scene.chat.shown, created=4)


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    "scene", [{"rhythm": replace(QUICK, most_held=20), "most_waiting": 20}], indirect=True
)
async def test_events_that_come_faster_than_they_are_found_are_bounded_and_none_is_lost(
    scene: Scene,
):
    scene.server.platform.script.delay("find", timedelta(seconds=0.5), service="trades")
    before = len(scene.sockets)

    for socket in scene.proxy.open(SOCKET):
        socket.impair(Reset())
    await scene.world.until(lambda: scene.state is FeedState.CATCHING_UP, PATIENCE)
    for number in range(1, 101):
        await scene.trade(number)
    await scene.until_settled(100)
    await scene.until_live()

    # One was broken by us, the next by itself, as more came than may wait.
    assert len(scene.sockets) >= before + 2
    ends = await assert_kept_at_last(scene.world.store, scene.chat.shown)
    assert {*ends} <= {State.SENT, State.COALESCED}


@pytest.mark.fault(5)
@pytest.mark.parametrize("at_expiry", ["silence", "disconnect"])
async def test_a_token_that_ends_is_noticed_and_a_new_login_brings_what_was_missed(
    store: Store, at_expiry: Literal["silence", "disconnect"]
):
    rhythm = replace(QUICK, sweep_every=timedelta(milliseconds=500))
    async with playing(store, rhythm, Options(at_expiry=at_expiry)) as scene:
        await scene.trade(1)
        await scene.until_shown(*bought(1))

        await scene.server.platform.expire_tokens(scene.person.id)
        await scene.trade(2)
        await scene.world.until(lambda: scene.state is FeedState.NEEDS_LOGIN, PATIENCE)
        asked = len(scene.server.platform.calls)
        await scene.world.quiet(0.7)
        assert len(scene.server.platform.calls) == asked

        grant = await scene.world.platform.log_in(scene.login)
        await scene.world.store.accounts.renew(scene.account.id, grant.credential)
        await scene.world.feeds.credential_renewed(scene.account)
        await scene.until_shown(*bought(2))
        await scene.kept(*bought(1), "I need you to log in again", *bought(2))


# --- what the client cannot bear --------------------------------------------------------------


@pytest.mark.fault(17)
async def test_a_reconnect_that_fails_in_ways_the_library_does_not_catch_is_tried_again(
    store: Store,
):
    beyond = ["0", "0[]", "0{}", '0{"sid":1,"pingInterval":"x"}', "0" + "[" * 900, "41", ""]
    told = json.dumps({"accessToken": "token", "user": {"_id": "user-1", "plan": "enterprise"}})
    nothing = by_hand.says({"total": 0, "limit": 1, "skip": 0, "data": []})

    async def rest(request: web.Request) -> web.StreamResponse:
        if request.path == "/authentication":
            return await by_hand.says(told)(request)
        return await by_hand.members_only(nothing)(request)

    async with by_hand.serving() as server:
        settings = PlatformSettings(url=server.url, connect_limit=timedelta(milliseconds=200))
        server.rest = rest
        chat = FakeMessenger(now=now)
        async with (
            open_platform(settings, now) as client,
            running(store, client, chat, now, QUICK) as world,
        ):
            account = await world.goes_live(within=PATIENCE)
            healthy, waiting = server.greeting, list(beyond)

            def greet(_: web.Request) -> None:
                server.greeting = ([waiting.pop(0)], []) if waiting else healthy

            server.handshake = greet
            server.abort()
            await world.until(lambda: not waiting, PATIENCE)
            await world.until_state(account, FeedState.LIVE, PATIENCE)
            trade = {"_id": "1", "side": "buy", "symbol": "BTC/USDT", "amount": 1}
            await server.send(f'42["trades created",{json.dumps(trade)}]')
            await world.until(chat.titles, PATIENCE)

            assert len(server.sockets) == 1 + len(beyond) + 1
            assert world.meter.alarms == {}
            assert chat.titles() == bought(1)
            await assert_kept_at_last(store, chat.shown, created=1)


# --- what we ask over it ----------------------------------------------------------------------


async def pauses(scene: Scene) -> list[str]:
    """Ask to pause the bot, and confirm; gives the titles of all that is answered."""
    [asked] = await scene.world.says("/pause night owl")
    replies = await scene.world.presses(asked, "Stop Night Owl")
    return [reply.card.title for reply in replies if reply.card]


def patches(scene: Scene) -> int:
    return sum(call.method == "patch" for call in scene.server.platform.calls)


@pytest.mark.fault(19)
async def test_a_write_whose_answer_is_lost_is_unclear_then_read_back_and_never_repeated(
    scene: Scene,
):
    scene.server.platform.script.never_answer("patch", performed=True, service="traders")
    async with asyncio.TaskGroup() as group:
        pausing = group.create_task(pauses(scene))
        await scene.world.until(lambda: patches(scene), PATIENCE)
        scene.socket.impair(Reset())
    await scene.until_live()

    assert pausing.result() == [
        "Stopping Night Owl …",
        "Unclear so far: stopping Night Owl",
        "Night Owl is stopped (checked by reading back)",
    ]
    assert patches(scene) == 1
    await assert_kept_at_last(scene.world.store, scene.chat.shown)


@pytest.mark.fault(19)
async def test_a_write_that_is_lost_on_its_way_is_unclear_then_read_back_and_never_repeated(
    scene: Scene,
):
    socket = scene.socket
    async with asyncio.TaskGroup() as group:
        [asked] = await scene.world.says("/pause night owl")
        socket.impair(Swallow(), Way.UP)
        pressing = group.create_task(scene.world.presses(asked, "Stop Night Owl"))
        await scene.world.until(lambda: socket.swallowed[Way.UP] > 40, PATIENCE)
        socket.impair(Reset())
    await scene.until_live()

    last = pressing.result()[-1].card
    assert last is not None
    assert last.title == "Night Owl: unclear"
    assert "still running" in last.lines[0]
    assert patches(scene) == 0
    await assert_kept_at_last(scene.world.store, scene.chat.shown, created=0)
