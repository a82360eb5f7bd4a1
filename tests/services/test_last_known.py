"""While the platform is slow or away: what it said last, with its age, and soon."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.events import Kind, Message, Origin, PodEvent, Signal, Strategy, Stream
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pods import BotCommand
from bot.errors import NotOffered, TryLater
from bot.services.commands.desk import READ_LIMIT
from storage import Store
from tests.fakes.messenger import FakeMessenger
from tests.fakes.platform import FakePlatform
from tests.harness.world import World, running

ASKED = {
    "/status": "Night Owl",
    "/status night owl": "State",
    "/traders": "Heron",
    "/strategies": "Dip Buyer",
    "/strategies dip buyer": "ETH/USDT",
    "/strategies momentum": "Dip Buyer",
    "/signals": "BTC/USDT",
    "/signals btc": "BTC/USDT",
    "/events": "went to sleep",
    "/events night owl": "went to sleep",
    "/messages": "Invoice",
    "/balance": "812.5",
    "/whitelist": "C59/USDT",
    "/blacklist": "BNB/",
    "/locks": "Cooldown",
    "/logs": "line 11",
    "/health": "Last looked",
}
"""What each shows."""

BOTH = ("/events", "/messages")


async def ask(world: World, text: str):
    [reply] = await world.says(text)
    return reply.card


@pytest.fixture
def stocked(platform: FakePlatform, now) -> FakePlatform:
    """A platform that has something to say to everything."""
    platform.bot_commands = frozenset(BotCommand)
    plan = StrategyId("s1")
    platform.plans[plan] = Strategy(id=plan, name="Dip Buyer", type="momentum", pair="ETH/USDT")

    def origin(kind: Kind) -> Origin:
        return Origin(kind=kind, record=str(kind), at=now())

    signal = Signal(origin=origin(Kind.SIGNAL), type="buy", pair="BTC/USDT", confidence=Decimal(1))
    owl = TraderId("owl")
    event = PodEvent(origin=origin(Kind.POD_EVENT), message="went to sleep", trader=owl)
    message = Message(origin=origin(Kind.MESSAGE), title="Invoice")
    platform.store(Stream.SIGNALS, signal, announce=False)
    platform.store(Stream.POD_EVENTS, event, announce=False)
    platform.store(Stream.MESSAGES, message, announce=False)
    return platform


@pytest.mark.parametrize("asked", ASKED)
async def test_after_a_restart_without_the_platform_what_it_said_last_comes_with_its_age(
    store: Store, stocked: FakePlatform, chat: FakeMessenger, now, asked: str
):
    async with running(store, stocked, chat, now) as world:
        await world.goes_live()
        first = await ask(world, asked)
    stocked.away = True
    await asyncio.sleep(12 * 60)
    async with running(store, stocked, chat, now) as world:
        again = await ask(world, asked)

    assert ASKED[asked] in repr(first)
    assert ASKED[asked] in repr(again)
    assert not any("the platform" in note for note in first.notes)
    if asked.startswith(BOTH):
        assert "Of that you see what it said until 05 Jan 12:00 UTC" in again.notes[0]
    else:
        assert again.notes[0].startswith("As of 12 min ago: the platform")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("asked", [*ASKED, "/stopentry", "/forceexit", "/pause night owl"])
async def test_however_many_reads_hang_the_answer_comes_within_one_limit(
    world: World, stocked: FakePlatform, asked: str, known: bool
):
    await world.goes_live()
    if known:
        await ask(world, asked)
    stocked.seconds = 60
    began = asyncio.get_running_loop().time()

    await ask(world, asked)

    took = timedelta(seconds=asyncio.get_running_loop().time() - began)
    assert took <= READ_LIMIT + timedelta(milliseconds=1)


async def test_what_was_never_said_is_not_made_up(world: World, stocked: FakePlatform):
    await world.goes_live()
    stocked.away = True

    card = await ask(world, "/balance")

    assert card.title == "I could not get that just now"


async def test_what_changes_a_bot_is_never_asked_of_its_last_known_state(
    world: World, stocked: FakePlatform
):
    await world.goes_live()
    await ask(world, "/balance")
    stocked.away = True

    for asked in ("/stopentry", "/reload", "/forceexit", "/pause night owl", "/rename owl to Uhu"):
        assert (await ask(world, asked)).title == "I could not get that just now", asked


async def test_what_is_denied_meanwhile_is_not_shown_any_more(world: World, stocked: FakePlatform):
    await world.goes_live()
    await ask(world, "/balance")
    stocked.fail("balance owl", NotOffered("Forbidden"))
    await ask(world, "/balance")
    stocked.away = True

    card = await ask(world, "/balance")

    assert card.title == "I could not get that just now"


async def test_who_may_not_ask_sees_no_last_answer_either(world: World, stocked: FakePlatform):
    await world.goes_live()
    await ask(world, "/balance")
    stocked.away = True

    [refused] = await world.says("/balance", person="999")

    assert refused.card is not None
    assert refused.card.title == "Only the person who linked this chat can do that"


async def test_a_disk_that_is_full_does_not_keep_an_answer_back(
    world: World, stocked: FakePlatform, store
):
    await world.goes_live()
    store.answers.fails("keep", TryLater("disk full"))

    assert "812.5" in repr(await ask(world, "/balance"))
