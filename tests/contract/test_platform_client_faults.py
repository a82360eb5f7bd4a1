"""The platform client against faults that only the simulated platform has on request."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from adapters.cryptorobot.client import CryptorobotPlatform, open_platform
from adapters.cryptorobot.settings import PlatformSettings
from adapters.simulator import Options
from bot.domain.accounts import Credential, CredentialKind, KeyLogin
from bot.domain.events import PodEvent, Position, Stream, Trade
from bot.domain.ids import TraderId
from bot.errors import (
    ConnectionLost,
    NeedsLogin,
    NotOffered,
    OutcomeUnknown,
    SocketRefused,
    TryLater,
)
from tests.contract.platforms import Simulated, simulated
from tests.contract.test_platform_client import (
    NOON,
    everything,
    heard,
    listening,
    now,
    numbers,
    token_of,
    trade,
)

BEGINNING = Position(at=NOON)
SOON = timedelta(milliseconds=300)


@asynccontextmanager
async def clients(
    simulator: Simulated, call_limit: timedelta = timedelta(seconds=15)
) -> AsyncIterator[CryptorobotPlatform]:
    settings = PlatformSettings(url=simulator.url, call_limit=call_limit)
    async with open_platform(settings, now) as client:
        yield client


@pytest.fixture
async def simulator() -> AsyncIterator[Simulated]:
    async with simulated() as simulator:
        yield simulator


@pytest.fixture
async def client(simulator: Simulated) -> AsyncIterator[CryptorobotPlatform]:
    async with clients(simulator) as client:
        yield client


# The socket.


async def test_an_abrupt_cut_is_noticed_and_mended(
    simulator: Simulated, client: CryptorobotPlatform
):
    person = await simulator.add_user()

    async with listening(client, person) as session:
        await simulator.platform.cut_sockets(person.id, abruptly=True)
        with pytest.raises(ConnectionLost):
            await session.receive()
        await session.connect()
        await simulator.add("trades", trade(1), person.id)
        events = await heard(session, 1)

    assert numbers(events) == [1]


async def test_a_platform_that_went_down_is_away_and_comes_back(
    simulator: Simulated, client: CryptorobotPlatform
):
    person = await simulator.add_user()

    async with listening(client, person) as session:
        await simulator.platform.go_down()
        with pytest.raises(ConnectionLost):
            await session.receive()
        with pytest.raises(TryLater) as away:
            await session.connect()
        with pytest.raises(TryLater):
            await session.strategies()
        await simulator.platform.come_back()
        await session.connect()
        assert session.connected

    assert not isinstance(away.value, SocketRefused)


async def test_events_in_the_spelling_of_the_guide_are_heard():
    async with (
        simulated(Options(spaced_events=True)) as simulator,
        clients(simulator) as client,
    ):
        person = await simulator.add_user()
        async with listening(client, person) as session:
            report = {
                "type": "trade_executed",
                "podId": "pod-123",
                "message": "Bought 0.1 BTC/USDT",
            }
            await simulator.add("traders/pods/events", report, person.id)
            (event,) = await heard(session, 1)

    assert isinstance(event, PodEvent)
    assert (event.type, event.pod, event.message) == tuple(report.values())


async def test_an_event_of_another_user_keeps_its_owner(
    simulator: Simulated, client: CryptorobotPlatform
):
    person = await simulator.add_user()

    async with listening(client, person) as session:
        stray = {"_id": "1", "userId": "somebody else", "price": 1}
        await simulator.platform.tell(person.id, "trades", "created", stray)
        (event,) = await heard(session, 1)

    assert isinstance(event, Trade)
    assert event.origin.owner == "somebody else"


async def test_a_surplus_socket_is_refused_and_rest_still_works():
    async with simulated(Options(socket_limits=True)) as simulator, clients(simulator) as client:
        person = await simulator.add_user(plan="free")
        await simulator.add("traders", {"name": "Alpha"}, person.id)
        async with listening(client, person):
            surplus = client.session(await token_of(client, person))
            with pytest.raises(SocketRefused, match="Too many connections"):
                await surplus.connect()
            (bot,) = await surplus.traders()

    assert bot.name == "Alpha"


async def test_a_socket_that_lost_its_login_silently_is_given_up_when_it_is_used():
    """As version 4 of the library does: it stays open, and nothing comes any more."""
    async with simulated(Options(at_expiry="silence")) as simulator, clients(simulator) as client:
        person = await simulator.add_user()
        await simulator.add("traders", {"name": "Alpha"}, person.id)
        session = client.session(Credential(kind=CredentialKind.API_KEY, secret=person.api_key))
        await session.connect()
        await session.traders()
        await simulator.platform.expire_tokens(person.id)
        connected = session.connected

        (bot,) = await session.traders()
        with pytest.raises(ConnectionLost, match="forgot"):
            await session.receive()
        await session.connect()
        again = session.connected
        await session.close()

    assert connected
    assert bot.name == "Alpha"
    assert again


async def test_a_token_that_ended_silently_needs_a_new_login():
    async with simulated(Options(at_expiry="silence")) as simulator, clients(simulator) as client:
        person = await simulator.add_user()
        async with listening(client, person) as session:
            await simulator.platform.expire_tokens(person.id)
            with pytest.raises(NeedsLogin, match="jwt expired"):
                await session.latest(Stream.TRADES)
            with pytest.raises(NeedsLogin, match="jwt expired"):
                await session.set_running(TraderId("1"), True)


async def test_a_write_refused_for_want_of_the_sockets_login_is_not_made_again():
    async with simulated(Options(at_expiry="silence")) as simulator, clients(simulator) as client:
        person = await simulator.add_user()
        bot = await simulator.add("traders", {"running": True}, person.id)
        session = client.session(Credential(kind=CredentialKind.API_KEY, secret=person.api_key))
        await session.connect()
        await simulator.platform.expire_tokens(person.id)

        with pytest.raises(TryLater, match="forgot"):
            await session.set_running(TraderId(bot["_id"]), False)
        read = await session.trader(TraderId(bot["_id"]))
        await session.close()

    assert read.running
    assert [call["method"] for call in await simulator.calls()].count("patch") == 1


async def test_a_message_of_a_megabyte_does_not_stop_the_session(
    simulator: Simulated, client: CryptorobotPlatform
):
    person = await simulator.add_user()

    async with listening(client, person) as session:
        huge = {"title": "big", "message": "x" * 1_000_000}
        await simulator.add("messages", huge, person.id)
        hostile = ["[" * 50_000, '{"_id":NaN,"createdAt":NaN,"price":NaN}', '{"_id":"\\ud800"}']
        for content in hostile:
            await simulator.platform.send_text(person.id, f'2["trades created",{content}]')
        await simulator.add("trades", trade(1), person.id)
        events = await heard(session, 4)
        read = await session.page(Stream.MESSAGES, BEGINNING)

    assert numbers(events) == [1]
    assert len(repr(events)) < 10_000
    assert len(read.events) == 1
    json.dumps(repr(events)).encode()


# Calls.


@pytest.mark.parametrize("connected", [True, False], ids=["socket", "rest"])
@pytest.mark.parametrize("performed", [True, False])
async def test_a_write_without_an_answer_is_unclear_and_never_repeated(
    simulator: Simulated, connected: bool, performed: bool
):
    person = await simulator.add_user()
    bot = await simulator.add("traders", {"running": True}, person.id)
    simulator.platform.script.never_answer("patch", performed=performed)

    async with clients(simulator, call_limit=SOON) as client:
        session = client.session(await token_of(client, person))
        if connected:
            await session.connect()
        with pytest.raises(OutcomeUnknown):
            await session.set_running(TraderId(bot["_id"]), False)
        read = await session.trader(TraderId(bot["_id"]))
        await session.close()

    assert read.running is not performed
    assert [call["method"] for call in await simulator.calls()].count("patch") == 1


@pytest.mark.parametrize("connected", [True, False], ids=["socket", "rest"])
async def test_a_read_without_an_answer_may_be_tried_again(simulator: Simulated, connected: bool):
    person = await simulator.add_user()

    async with clients(simulator, call_limit=SOON) as client:
        session = client.session(await token_of(client, person))
        if connected:
            await session.connect()
        simulator.platform.script.never_answer("find", performed=False)
        with pytest.raises(TryLater):
            await session.strategies()
        again = await session.strategies()
        await session.close()

    assert again == ()


@pytest.mark.parametrize("connected", [True, False], ids=["socket", "rest"])
async def test_a_wait_that_the_platform_asks_for_is_told(
    simulator: Simulated, client: CryptorobotPlatform, connected: bool
):
    person = await simulator.add_user()
    session = client.session(await token_of(client, person))
    if connected:
        await session.connect()
    wait = timedelta(seconds=40)
    simulator.platform.script.fail("find", 429, retry_after=wait)

    with pytest.raises(TryLater) as busy:
        await session.strategies()
    await session.close()

    assert busy.value.retry_after == wait


async def test_a_page_that_fails_in_the_middle_is_read_again_without_loss(
    simulator: Simulated, client: CryptorobotPlatform
):
    person = await simulator.add_user()
    for number in range(9):
        moment = f"2026-01-05T12:00:0{number}.000Z"
        await simulator.add("trades", trade(number, createdAt=moment), person.id, announce=False)
    await simulator.cap_pages(4)
    session = client.session(await token_of(client, person))

    first = await session.page(Stream.TRADES, BEGINNING)
    simulator.platform.script.fail("find", 500)
    assert first.last is not None
    with pytest.raises(TryLater):
        await session.page(Stream.TRADES, first.last)
    others = await everything(session, first.last)

    assert numbers([*first.events, *others]) == list(range(9))


async def test_a_key_without_the_scope_is_denied_the_service_and_keeps_the_rest(
    simulator: Simulated, client: CryptorobotPlatform
):
    user = simulator.platform.add_user(scopes=["read:portfolio"])
    grant = await client.log_in(KeyLogin(api_key=user.api_key))
    session = client.session(grant.credential)

    await session.connect()
    with pytest.raises(NotOffered):
        await session.traders()
    trades = await session.trades(5)
    await session.close()

    assert grant.platform_user == user.id
    assert trades == ()


@pytest.mark.parametrize("scope", ["portfolio", "exchanges", "models", "strategies"])
async def test_a_key_needs_no_more_than_one_scope_to_log_in(
    simulator: Simulated, client: CryptorobotPlatform, scope: str
):
    user = simulator.platform.add_user(scopes=[f"read:{scope}"])

    grant = await client.log_in(KeyLogin(api_key=user.api_key))
    session = client.session(grant.credential)
    await session.connect()
    connected = session.connected
    await session.close()

    assert grant.platform_user == user.id
    assert connected


async def test_a_key_that_may_read_nothing_is_told_what_it_lacks(
    simulator: Simulated, client: CryptorobotPlatform
):
    user = simulator.platform.add_user(scopes=["write:traders"])

    with pytest.raises(NeedsLogin, match="read:traders and read:portfolio"):
        await client.log_in(KeyLogin(api_key=user.api_key))


async def test_a_revoked_key_needs_a_new_login(simulator: Simulated, client: CryptorobotPlatform):
    user = simulator.platform.add_user()
    session = client.session(Credential(kind=CredentialKind.API_KEY, secret=user.api_key))
    await session.traders()

    simulator.platform.accounts.revoke_key(user.api_key)

    with pytest.raises(NeedsLogin, match="Invalid API key"):
        await session.traders()
    with pytest.raises(NeedsLogin, match="Invalid API key"):
        await session.connect()
