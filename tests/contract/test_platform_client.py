"""The platform client against both platforms: logging in, listening, reading, writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.cryptorobot.client import CryptorobotPlatform, open_platform
from adapters.cryptorobot.session import CryptorobotSession
from adapters.cryptorobot.settings import PlatformSettings
from bot.domain.accounts import (
    Credential,
    CredentialKind,
    KeyLogin,
    Login,
    PasswordLogin,
    TokenLogin,
)
from bot.domain.events import Event, PodEvent, Position, StrategySeen, Stream, Trade, TraderSeen
from bot.domain.ids import TraderId
from bot.errors import ConnectionLost, NeedsLogin, Refused, SocketRefused, TryLater
from tests.contract.platforms import Person, PlatformUnderTest

PATIENCE = 10
"""Seconds that something which has to happen may take before a test gives up."""

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the platforms live in real time


@pytest.fixture
async def client(platform: PlatformUnderTest) -> AsyncIterator[CryptorobotPlatform]:
    async with open_platform(PlatformSettings(url=platform.url), now) as client:
        yield client


async def token_of(client: CryptorobotPlatform, person: Person) -> Credential:
    grant = await client.log_in(PasswordLogin(email=person.email, password=person.password))
    return grant.credential


@asynccontextmanager
async def listening(
    client: CryptorobotPlatform, person: Person
) -> AsyncIterator[CryptorobotSession]:
    session = client.session(await token_of(client, person), "pro")
    await session.connect()
    try:
        yield session
    finally:
        await session.close()


async def heard(session: CryptorobotSession, count: int) -> list[Event]:
    """Wait for as many events, and take no more than came with them."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        while len(events) < count:
            events += (await session.receive()).events
    return events


async def everything(session: CryptorobotSession, since: Position, limit: int = 100) -> list[Event]:
    """Read a stream on to its end."""
    events: list[Event] = []
    while True:
        page = await session.page(Stream.TRADES, since, limit)
        events += page.events
        if page.last is None or not page.more:
            return events
        assert page.last > since
        since = page.last


def at(millisecond: int) -> str:
    instant = NOON + timedelta(milliseconds=millisecond)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def numbers(events: list[Event]) -> list[int]:
    """What `trade(n)` was given, read back from the events."""
    return [
        int(event.price) for event in events if isinstance(event, Trade) and event.price is not None
    ]


def trade(number: int, **fields: object) -> dict[str, object]:
    return {"symbol": "BTC/USDT", "side": "buy", "amount": 0.1, "price": number, **fields}


# Logging in.


async def test_a_password_gives_a_token_with_its_expiry_and_tells_who_it_is(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user(plan="pro", token_life=timedelta(hours=2))

    grant = await client.log_in(PasswordLogin(email=person.email, password=person.password))

    assert grant.platform_user == person.id
    assert grant.plan == "pro"
    assert grant.label == f"{person.email[0]}***@example.com"
    assert grant.credential.kind is CredentialKind.TOKEN
    assert grant.credential.expires_at is not None
    left = grant.credential.expires_at - now()
    assert timedelta(minutes=119) < left <= timedelta(hours=2)


async def test_an_api_key_is_kept_as_it_is_and_does_not_expire(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    grant = await client.log_in(KeyLogin(api_key=f" {person.api_key}\n"))

    assert grant.platform_user == person.id
    assert grant.credential == Credential(kind=CredentialKind.API_KEY, secret=person.api_key)


async def test_a_token_that_the_person_has_logs_in(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    credential = await token_of(client, person)

    grant = await client.log_in(TokenLogin(token=credential.secret))

    assert grant.platform_user == person.id
    assert grant.credential == credential


@pytest.mark.parametrize(
    "login",
    [
        PasswordLogin(email="nobody@example.com", password="wrong"),
        KeyLogin(api_key="cr_live_wrong"),
        KeyLogin(api_key="not\na key"),
        TokenLogin(token="eyJhbGciOiJIUzI1NiJ9.e30.wrong"),
        TokenLogin(token="wrong"),
        TokenLogin(token=""),
    ],
    ids=["password", "key", "no key", "token", "no token", "nothing"],
)
async def test_a_wrong_login_asks_for_another(client: CryptorobotPlatform, login: Login):
    with pytest.raises(NeedsLogin) as refusal:
        await client.log_in(login)

    assert str(refusal.value)
    assert "wrong" not in str(refusal.value)


async def test_a_password_is_never_part_of_a_refusal(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    with pytest.raises(NeedsLogin) as refusal:
        await client.log_in(PasswordLogin(email=person.email, password="s3cret"))

    assert "s3cret" not in repr(refusal.value)


async def test_what_answers_at_the_address_is_told(
    client: CryptorobotPlatform, request: pytest.FixtureRequest
):
    version = 2 if "feathers4" in request.node.name else 4

    assert await client.reachable() == f"Socket.IO {version} answers"


# The socket.


@pytest.mark.parametrize("kind", ["token", "key"])
async def test_a_session_hears_what_happens_to_its_account(
    client: CryptorobotPlatform, platform: PlatformUnderTest, kind: str
):
    person, stranger = await platform.add_user(), await platform.add_user()
    credential = await token_of(client, person)
    if kind == "key":
        credential = Credential(kind=CredentialKind.API_KEY, secret=person.api_key)
    session = client.session(credential)

    await session.connect()
    await platform.add("trades", trade(1), stranger.id)
    stored = await platform.add("trades", trade(2), person.id)
    events = await heard(session, 1)
    connected = session.connected
    await session.close()

    assert connected
    assert not session.connected
    assert numbers(events) == [2]
    (event,) = events
    assert event.origin.record == stored["_id"]
    assert event.origin.owner == person.id
    assert event.origin.dated


async def test_three_hundred_events_come_in_order(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    async with listening(client, person) as session:
        for number in range(300):
            await platform.add("trades", trade(number), person.id)
        events = await heard(session, 300)

    assert numbers(events) == list(range(300))


async def test_events_come_before_they_are_asked_for_and_are_kept(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    async with listening(client, person) as session:
        for number in range(3):
            await platform.add("trades", trade(number), person.id)
        page = await session.page(Stream.TRADES, Position(at=NOON))
        live = await session.receive()

    assert page.events == live.events


async def test_a_bot_that_changes_is_seen_with_its_new_state(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    bot = await platform.add("traders", {"name": "Alpha"}, person.id)
    plan = await platform.add("strategies", {"name": "RSI"}, person.id, announce=False)

    async with listening(client, person) as session:
        await platform.change("traders", bot["_id"], {"status": "error"})
        await platform.remove("strategies", plan["_id"])
        changed, removed = await heard(session, 2)

    assert isinstance(changed, TraderSeen)
    assert (changed.trader.name, changed.trader.status) == ("Alpha", "error")
    assert isinstance(removed, StrategySeen)
    assert removed.removed
    assert removed.strategy.id == plan["_id"]


async def test_nothing_of_a_bots_secrets_reaches_an_event_or_a_list(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    bot = await platform.add("traders", {"name": "Alpha"}, person.id)
    secrets = [bot["api_server"]["password"], bot["api_server"]["jwt_secret_key"]]

    async with listening(client, person) as session:
        await platform.change("traders", bot["_id"], {"name": "Beta"})
        told = repr([await heard(session, 1), await session.traders()])

    assert "Beta" in told
    assert not any(secret in told for secret in [*secrets, bot["webhook"]["url"]])


async def test_secrets_are_not_even_fetched(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    bot = await platform.add("traders", {"name": "Alpha"}, person.id)
    session = client.session(await token_of(client, person))

    await session.traders()
    await session.trader(TraderId(bot["_id"]))

    reads = [call for call in await platform.calls() if call["service"] == "traders"]
    assert len(reads) >= 3  # the proof of the login is among them
    assert all(call["query"]["$select"] for call in reads)
    assert not any("api_server" in call["query"]["$select"] for call in reads)


async def test_a_price_is_heard_by_those_who_wait_for_it_and_by_nobody_else(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    async with listening(client, person) as session, asyncio.TaskGroup() as group:
        await platform.tick({"symbol": "BTC/USDT", "last": 1})
        await platform.add("trades", trade(0), person.id)
        await heard(session, 1)
        price = group.create_task(session.price("btc/usdt", timedelta(seconds=PATIENCE)))
        await asyncio.sleep(0)
        await platform.tick({"symbol": "ETH/USDT", "last": 2})
        await platform.tick({"symbol": "BTC/USDT", "last": 42400.1})
        await price
        await platform.tick({"symbol": "BTC/USDT", "last": 3})
        await platform.add("trades", trade(4), person.id)
        events = await heard(session, 1)

    found = price.result()
    assert found is not None
    assert (found.symbol, found.last) == ("BTC/USDT", Decimal("42400.1"))
    assert {*session.pairs} == {"BTC/USDT", "ETH/USDT"}
    assert numbers(events) == [4]
    assert client.ignored == {}


async def test_of_pairs_that_are_followed_the_newest_price_is_given_and_of_no_others(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    async with listening(client, person) as session:
        await platform.tick({"symbol": "SOL/USDT", "last": 1})
        await platform.tick({"symbol": "ETH/USDT", "last": None})
        await platform.add("trades", trade(0), person.id)
        await heard(session, 1)
        session.follow(("btcusdt", "SOL/USDT", "ETH/USDT"))
        assert await session.ticks() == [], "it is told that others are followed"
        await platform.tick({"symbol": "ETH/USDT", "last": None})
        for last in range(2, 20):
            await platform.tick({"symbol": "BTC/USDT", "last": last})
            await platform.tick({"symbol": "BTC/USDT:USDT", "last": 1000 + last})
            await platform.tick({"symbol": "SOL/USDT", "last": 100 + last})
        await platform.tick({"symbol": "ETH/USDT", "last": 3})
        newest: dict[str, Decimal] = {}
        async with asyncio.timeout(PATIENCE):
            while newest != {"BTC/USDT": 19, "SOL/USDT": 119, "ETH/USDT": 3}:
                newest |= {tick.symbol: tick.last for tick in await session.ticks()}
        await platform.tick({"symbol": "BTC/USDT", "last": 20})
        await platform.tick({"symbol": "SOL/USDT", "last": 120})
        await platform.add("trades", trade(1), person.id)
        await heard(session, 1)
        session.follow(("BTC/USDT",))
        assert [tick.last for tick in await session.ticks()] == [20], "what was heard is kept"
        session.follow(())
        assert await session.ticks() == []
        await platform.tick({"symbol": "BTC/USDT", "last": 21})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await session.ticks()


@pytest.mark.parametrize("wanted", ["btcusdt", "BTC-USDT", "btc_usdt", "BTC", "xbt/usdt"])
async def test_a_pair_is_meant_however_it_is_parted(
    client: CryptorobotPlatform, platform: PlatformUnderTest, wanted: str
):
    person = await platform.add_user()

    async with listening(client, person) as session, asyncio.TaskGroup() as group:
        price = group.create_task(session.price(wanted, timedelta(seconds=PATIENCE)))
        await asyncio.sleep(0)
        await platform.tick({"symbol": "ETH/USDT", "last": 2})
        await platform.tick({"last": 42400.1, "symbol": "BTC/USDT"})
        await price

    found = price.result()
    assert found is not None
    assert (found.symbol, found.last) == ("BTC/USDT", Decimal("42400.1"))


async def test_a_price_that_does_not_come_in_time_is_none(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    async with listening(client, person) as session:
        price = await session.price("BTC/USDT", timedelta(milliseconds=10))

    assert price is None


async def test_events_of_services_that_nobody_asked_for_are_counted_and_dropped(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    stored = await platform.add("models/signals", {"type": "buy"}, person.id, announce=False)

    async with listening(client, person) as session:
        await platform.change("models/signals", stored["_id"], {"confidence": 2})
        await platform.add("trades", trade(3), person.id)
        events = await heard(session, 1)

    assert numbers(events) == [3]
    assert client.ignored == {"models/signals patched": 1}


async def test_what_came_before_a_cut_is_given_and_then_the_loss_is_told(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    async with listening(client, person) as session:
        await platform.add("trades", trade(1), person.id)
        assert await platform.cut_sockets(person.id) == 1
        events = await heard(session, 1)
        with pytest.raises(ConnectionLost):
            await session.receive()
        await session.connect()
        await platform.add("trades", trade(2), person.id)
        events += await heard(session, 1)

    assert numbers(events) == [1, 2]


@pytest.mark.parametrize("platform", ["simulator", "feathers"], indirect=True)
async def test_a_socket_is_lost_when_its_token_ends(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user(token_life=timedelta(seconds=2))

    async with listening(client, person) as session:
        with pytest.raises(ConnectionLost):
            async with asyncio.timeout(PATIENCE):
                await session.receive()
        with pytest.raises(NeedsLogin, match="jwt expired"):
            await session.connect()
        with pytest.raises(NeedsLogin):
            await session.traders()


async def test_an_expired_token_is_refused_at_the_handshake(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user(token_life=timedelta(seconds=1))
    session = client.session(await token_of(client, person))
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await session.strategies()
            except NeedsLogin:
                break

    with pytest.raises(NeedsLogin):
        await session.connect()

    assert not session.connected


async def test_a_platform_without_a_socket_for_us_is_read_over_rest(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    await platform.add("traders", {"name": "Alpha"}, person.id)
    session = client.session(await token_of(client, person))

    await platform.refuse_sockets(True)
    with pytest.raises(SocketRefused, match="Too many connections"):
        await session.connect()
    (bot,) = await session.traders()

    assert bot.name == "Alpha"
    assert not session.connected


async def test_a_token_that_the_platform_hands_back_is_not_a_renewal(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()

    async with listening(client, person) as session:
        over_the_socket = await session.renew()
    over_rest = await session.renew()

    assert over_the_socket is None
    assert over_rest is None


async def test_a_key_needs_no_renewal(client: CryptorobotPlatform, platform: PlatformUnderTest):
    person = await platform.add_user()
    key = Credential(kind=CredentialKind.API_KEY, secret=person.api_key)

    assert await client.session(key).renew() is None


# Reading.


@pytest.mark.parametrize("connected", [True, False], ids=["socket", "rest"])
async def test_a_stream_is_read_from_a_position_to_its_end(
    client: CryptorobotPlatform, platform: PlatformUnderTest, connected: bool
):
    person = await platform.add_user()
    for number in range(12):
        record = trade(number, createdAt=at(number))
        await platform.add("trades", record, person.id, announce=False)
    await platform.cap_pages(5)
    session = client.session(await token_of(client, person), "pro")

    if connected:
        await session.connect()
    whole = await everything(session, Position(at=NOON))
    rest = await everything(session, Position(at=NOON + timedelta(milliseconds=9)))
    third = Position(at=whole[2].origin.at, record=whole[2].origin.record)
    beyond = await everything(session, third)
    nothing = await session.page(Stream.TRADES, Position(at=NOON + timedelta(hours=1)))
    await session.close()

    assert numbers(whole) == list(range(12))
    assert numbers(rest) == [9, 10, 11]
    assert numbers(beyond) == list(range(3, 12))
    assert nothing.last is None
    assert not nothing.more


async def test_many_records_of_one_instant_are_all_read_once(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user(plan="enterprise")
    for number in range(30):
        # 3 records, then 24 of one instant, then 3 more: ids in no order.
        instant = number if number < 3 else 3 if number < 27 else number
        record = trade(number, _id=f"{number * 7 % 31:02}", createdAt=at(instant))
        await platform.add("trades", record, person.id, announce=False)
    await platform.cap_pages(5)
    session = client.session(await token_of(client, person), "enterprise")

    events = await everything(session, Position(at=NOON))

    assert sorted(numbers(events)) == list(range(30))
    keys = [(event.origin.at, event.origin.record) for event in events]
    assert keys == sorted(keys)


async def test_the_youngest_record_gives_the_position_to_begin_at(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    session = client.session(await token_of(client, person))

    before = (await session.latest(Stream.TRADES)).last
    for number in range(3):
        record = trade(number, createdAt=at(number))
        stored = await platform.add("trades", record, person.id, announce=False)
    after = (await session.latest(Stream.TRADES)).last

    assert before is None
    assert after == Position(at=NOON + timedelta(milliseconds=2), record=stored["_id"])


async def test_the_latest_trades_come_youngest_first(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    for number in range(5):
        record = trade(number, createdAt=at(number))
        await platform.add("trades", record, person.id, announce=False)
    session = client.session(await token_of(client, person))

    latest = await session.trades(3)

    assert numbers(list(latest)) == [4, 3, 2]


async def test_all_bots_are_listed_whatever_the_size_of_a_page(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    for number in range(7):
        await platform.add("traders", {"name": f"Bot {number}"}, person.id, announce=False)
    await platform.cap_pages(3)
    session = client.session(await token_of(client, person))

    bots = await session.traders()

    assert sorted(bot.name or "" for bot in bots) == [f"Bot {number}" for number in range(7)]


async def test_strategies_of_one_type_are_found_by_the_platform(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    for number, kind in enumerate(("momentum", "grid", "momentum")):
        record = {"name": f"Plan {number}", "type": kind}
        await platform.add("strategies", record, person.id, announce=False)
    session = client.session(await token_of(client, person))

    found = await session.strategies("momentum")

    assert sorted(one.name or "" for one in found) == ["Plan 0", "Plan 2"]


async def test_a_failing_platform_is_asked_again_later(
    client: CryptorobotPlatform, platform: PlatformUnderTest
):
    person = await platform.add_user()
    session = client.session(await token_of(client, person))

    await platform.fail_finds(1, 500)
    with pytest.raises(TryLater):
        await session.strategies()

    assert await session.strategies() == ()


# Writing.


@pytest.mark.parametrize("connected", [True, False], ids=["socket", "rest"])
async def test_a_bot_is_started_and_paused(
    client: CryptorobotPlatform, platform: PlatformUnderTest, connected: bool
):
    person = await platform.add_user()
    ready = {"exchangeId": "exchange-1", "strategyId": "strategy-1"}
    bot = await platform.add("traders", ready, person.id)
    session = client.session(await token_of(client, person))
    if connected:
        await session.connect()

    started = await session.set_running(TraderId(bot["_id"]), True)
    paused = await session.set_running(TraderId(bot["_id"]), False)
    read = await session.trader(TraderId(bot["_id"]))
    await session.close()

    assert (started.running, started.status) == (True, "running")
    assert (paused.running, paused.status) == (False, "stopped")
    assert read == paused


@pytest.mark.parametrize("connected", [True, False], ids=["socket", "rest"])
async def test_a_refusal_gives_the_platforms_reason(
    client: CryptorobotPlatform, platform: PlatformUnderTest, connected: bool
):
    person, stranger = await platform.add_user(), await platform.add_user()
    bare = await platform.add("traders", {}, person.id)
    foreign = await platform.add("traders", {}, stranger.id)
    session = client.session(await token_of(client, person))
    if connected:
        await session.connect()

    with pytest.raises(Refused, match="Trader is not configured: exchangeId is required"):
        await session.set_running(TraderId(bare["_id"]), True)
    with pytest.raises(Refused, match="No record found"):
        await session.set_running(TraderId(foreign["_id"]), False)
    for climbing in ("..", "../keys", "", "%2e%2e"):
        with pytest.raises(Refused):
            await session.set_running(TraderId(climbing), False)
    await session.close()


async def test_own_writes_are_heard_too(client: CryptorobotPlatform, platform: PlatformUnderTest):
    person = await platform.add_user()
    bot = await platform.add("traders", {"running": True, "status": "running"}, person.id)

    async with listening(client, person) as session:
        await session.set_running(TraderId(bot["_id"]), False)
        events = await heard(session, 2)

    assert {type(event) for event in events} == {TraderSeen, PodEvent}
