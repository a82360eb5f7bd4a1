"""What `ports.Session` promises, kept by the client over real servers and by the fake alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.cryptorobot.client import open_platform
from adapters.cryptorobot.settings import PlatformSettings
from bot.domain.accounts import Credential, CredentialKind, PasswordLogin
from bot.domain.events import Kind, Origin, Page, Position, Stream, Trade, Trader, TraderSeen
from bot.domain.ids import TraderId
from bot.errors import ConnectionLost, NeedsLogin, NoSuchRecord, Refused, SocketRefused
from bot.ports import Platform, Session
from tests.contract.platforms import PlatformUnderTest, feathers, simulated
from tests.fakes.platform import FakePlatform

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A platform with one user and one running bot, and what its operator can do to it."""

    platform: Platform
    credential: Credential
    bot: TraderId
    trade: Callable[[int, bool], Awaitable[None]]
    """Store trade number n, n seconds after noon; announced or not."""
    cut: Callable[[], Awaitable[None]]
    sockets: Callable[[bool], Awaitable[None]]


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the platforms live in real time


@asynccontextmanager
async def faked() -> AsyncIterator[Scene]:
    platform = FakePlatform(now=now)
    platform.put(Trader(id=TraderId("owl"), name="Owl", running=True, status="running"))

    async def trade(number: int, announce: bool) -> None:
        at = NOON + timedelta(seconds=number)
        origin = Origin(kind=Kind.TRADE, record=f"trade-{number:04}", at=at)
        platform.store(
            Stream.TRADES, Trade(origin=origin, amount=Decimal(number)), announce=announce
        )

    async def cut() -> None:
        platform.cut()

    async def sockets(granted: bool) -> None:
        platform.sockets = granted

    credential = Credential(kind=CredentialKind.TOKEN, secret="token-1")
    yield Scene(
        platform=platform,
        credential=credential,
        bot=TraderId("owl"),
        trade=trade,
        cut=cut,
        sockets=sockets,
    )


@asynccontextmanager
async def real(server: PlatformUnderTest) -> AsyncIterator[Scene]:
    person = await server.add_user()
    facts = {"name": "Owl", "running": True, "status": "running"}
    ready = {"exchangeId": "exchange-1", "strategyId": "strategy-1"}
    trader = await server.add("traders", facts | ready, person.id)

    async def trade(number: int, announce: bool) -> None:
        at = NOON + timedelta(seconds=number)
        stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"side": "buy", "symbol": "BTC/USDT", "amount": number, "createdAt": stamp}
        await server.add("trades", record, person.id, announce=announce)

    async def cut() -> None:
        await server.cut_sockets(person.id)

    async def sockets(granted: bool) -> None:
        await server.refuse_sockets(not granted)

    async with open_platform(PlatformSettings(url=server.url), now) as platform:
        login = PasswordLogin(email=person.email, password=person.password)
        grant = await platform.log_in(login)
        yield Scene(
            platform=platform,
            credential=grant.credential,
            bot=TraderId(str(trader["_id"])),
            trade=trade,
            cut=cut,
            sockets=sockets,
        )


@pytest.fixture(params=["fake", "simulator", "feathers", "feathers4"])
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    match request.param:
        case "fake":
            async with faked() as made:
                yield made
        case "simulator":
            async with simulated() as simulator, real(simulator) as made:
                yield made
        case _:
            process = request.getfixturevalue(f"{request.param}_server")
            async with feathers(process) as server, real(server) as made:
                yield made


@asynccontextmanager
async def connected(scene: Scene) -> AsyncIterator[Session]:
    session = scene.platform.session(scene.credential)
    await session.connect()
    try:
        yield session
    finally:
        await session.close()


def amounts(page: Page) -> list[Decimal | None]:
    return [event.amount for event in page.events if isinstance(event, Trade)]


async def hear(session: Session, count: int) -> list[Decimal | None]:
    """The amounts of the next trades."""
    amounts: list[Decimal | None] = []
    async with asyncio.timeout(10):
        while len(amounts) < count:
            live = await session.receive()
            amounts += [event.amount for event in live.events if isinstance(event, Trade)]
    return amounts


async def test_live_events_come_in_order_and_wait_until_they_are_taken(scene):
    async with connected(scene) as session:
        for number in range(1, 31):
            await scene.trade(number, True)

        assert await hear(session, 30) == [Decimal(number) for number in range(1, 31)]


async def test_a_lost_socket_first_gives_what_came_and_then_says_so(scene):
    async with connected(scene) as session:
        await scene.trade(1, True)
        assert await hear(session, 1) == [Decimal(1)]

        await scene.cut()

        with pytest.raises(ConnectionLost):
            await hear(session, 1)
        assert not session.connected


async def test_a_session_can_connect_again(scene):
    async with connected(scene) as session:
        await session.close()

        await session.connect()
        await scene.trade(1, True)

        assert await hear(session, 1) == [Decimal(1)]


async def test_without_a_socket_reading_and_writing_work_all_the_same(scene):
    await scene.sockets(False)
    session = scene.platform.session(scene.credential)
    with pytest.raises(SocketRefused):
        await session.connect()

    paused = await session.set_running(scene.bot, False)
    await session.close()

    assert paused.running is False


async def test_a_page_begins_at_the_position_and_says_whether_there_is_more(scene):
    for number in range(1, 26):
        await scene.trade(number, False)
    async with connected(scene) as session:
        pages: list[Page] = []
        since = Position(at=NOON)
        for _ in range(3):
            pages.append(await session.page(Stream.TRADES, since, limit=10))
            since = pages[-1].last or since

        events = [event for page in pages for event in page.events]
        amounts = [event.amount for event in events if isinstance(event, Trade)]
        assert amounts == [Decimal(number) for number in range(1, 26)]
        assert [page.more for page in pages[:2]] == [True, True]


async def test_a_position_without_a_record_includes_its_own_instant(scene):
    await scene.trade(5, False)
    async with connected(scene) as session:
        at = NOON + timedelta(seconds=5)
        including = await session.page(Stream.TRADES, Position(at=at))
        assert including.last is not None
        excluding = await session.page(Stream.TRADES, including.last)

        assert len(including.events) == 1
        assert excluding.events == ()
        assert not excluding.more


async def test_the_newest_position_is_that_of_the_youngest_record(scene):
    async with connected(scene) as session:
        assert (await session.latest(Stream.TRADES)).last is None
        await scene.trade(3, False)
        await scene.trade(9, False)

        newest = (await session.latest(Stream.TRADES)).last

        assert newest is not None
        assert newest.at == NOON + timedelta(seconds=9)


async def test_the_latest_records_come_oldest_first_and_say_whether_there_are_older_ones(scene):
    async with connected(scene) as session:
        for number in range(1, 13):
            await scene.trade(number, False)
            if number == 3:
                few = await session.latest(Stream.TRADES)
        many = await session.latest(Stream.TRADES)
        eleven = await session.latest(Stream.TRADES, 11)

        assert amounts(few) == [1, 2, 3]
        assert not few.more
        assert amounts(many) == [*range(3, 13)]
        assert many.more
        assert amounts(eleven) == [*range(2, 13)]


@pytest.mark.parametrize("ahead", [90, 20 * 3600])
async def test_a_record_from_the_future_is_given_and_moves_no_position(scene, ahead):
    async with connected(scene) as session:
        start = Position(at=NOON)
        await scene.trade(1, False)
        await scene.trade(int((now() - NOON).total_seconds()) + ahead, False)

        page = await session.page(Stream.TRADES, start)
        latest = await session.latest(Stream.TRADES)

        assert [event.origin.dated for event in page.events] == [True, False]
        assert page.last is not None
        assert page.last.at == NOON + timedelta(seconds=1)
        assert latest.last == page.last
        assert abs(page.as_of - now()) < timedelta(seconds=5)


async def test_a_write_is_seen_in_the_answer_in_the_event_and_when_read_again(scene):
    async with connected(scene) as session:
        answer = await session.set_running(scene.bot, False)

        async with asyncio.timeout(10):
            live = await session.receive()
        [seen] = [event for event in live.events if isinstance(event, TraderSeen)][:1]
        read = await session.trader(scene.bot)
        assert (answer.running, seen.trader.running, read.running) == (False, False, False)


async def test_bots_and_strategies_are_renamed_created_and_deleted(scene):
    async with connected(scene) as session:
        made = await session.create_strategy("Dips", "momentum", "BTC/USDT")
        renamed = await session.rename_strategy(made.id, "Dip buyer")
        [listed] = await session.strategies()
        await session.remove_strategy(made.id)
        left = await session.strategies()
        bot = await session.rename_bot(scene.bot, "Day Owl")
        with pytest.raises(Refused):
            await session.remove_strategy(made.id)

        assert (made.name, made.type, made.pair) == ("Dips", "momentum", "BTC/USDT")
        assert (renamed.id, renamed.name, listed.name) == (made.id, "Dip buyer", "Dip buyer")
        assert left == ()
        assert (bot.name, (await session.trader(scene.bot)).name) == ("Day Owl", "Day Owl")


async def test_what_does_not_exist_is_refused(scene):
    async with connected(scene) as session:
        with pytest.raises(NoSuchRecord):
            await session.trader(TraderId("nobody"))


async def test_a_refused_credential_needs_a_login(scene):
    forged = Credential(kind=CredentialKind.TOKEN, secret="forged.token.value")
    session = scene.platform.session(forged)

    with pytest.raises(NeedsLogin):
        await session.connect()
    with pytest.raises(NeedsLogin):
        await session.traders()
    await session.close()
