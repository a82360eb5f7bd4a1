"""Each bot in a topic of its own: made, renamed, found again, given up when somebody deletes it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.deliveries import State
from bot.domain.events import Kind, Origin, Stream, Trade
from bot.domain.ids import TraderId
from bot.errors import OutcomeUnknown, Refused, TryLater
from bot.texts.errors import Sentence
from tests.fakes.messenger import FakeTopics
from tests.harness.judge import owed
from tests.harness.world import World, owl, running

NAMES = ["Heron", "Night Owl"]


@pytest.fixture
def topics(chat) -> FakeTopics:
    return FakeTopics(chat)


@pytest.fixture
def process(store, platform, chat, now, topics):
    """A process of the product; a second one is a restart."""
    return lambda: running(store, platform, chat, now, topics=topics)


async def trade(world: World, platform, record: str, bot: str = "owl", **says) -> None:
    origin = Origin(kind=Kind.TRADE, record=record, at=world.now())
    facts = {"side": "buy", "symbol": "BTC/USDT", "amount": Decimal(1), "price": Decimal(42400)}
    traded = Trade(origin=origin, trader=TraderId(bot), **{**facts, **says})
    platform.store(Stream.TRADES, traded)
    await world.quiet(10)


def placed(chat) -> list[tuple[str, str]]:
    """What shows, with the name of the topic that it is in."""
    return [(chat.topics.get(one.topic, one.topic), one.card.title) for one in chat.shown]


async def test_each_bot_gets_a_topic_and_what_is_of_none_stays_in_the_chat(
    process, platform, chat, topics
):
    async with process() as world:
        await world.goes_live()
        [answer] = await world.says("/topics on")
        await world.quiet(400)
        chat.shown.clear()
        await trade(world, platform, "trade-1")
        await trade(world, platform, "trade-2", "heron")
        await world.says("/test")
        await world.quiet(10)

    assert answer.card.title == "Each bot is told of in its own topic"
    assert sorted(chat.topics.values()) == NAMES
    assert [place for place, _ in placed(chat)] == ["Night Owl", "Heron", ""]


async def test_a_bot_s_own_topic_is_its_chat_for_questions_and_buttons(process, platform, chat):
    async with process() as world:
        await world.goes_live()
        await world.says("/topics on")
        await world.quiet(400)
        there = next(thread for thread, name in chat.topics.items() if name == "Heron")
        general = world.place()
        place = replace(general, address=replace(general.address, thread=there))
        link = await world.store.links.at(place.address)
        other = replace(place.address, thread="9999")

        assert link is not None
        assert link == await world.link()
        assert await world.store.links.at(other) is None


async def test_topics_are_found_again_after_a_restart_and_follow_a_new_name(
    process, platform, chat, topics
):
    async with process() as world:
        await world.goes_live()
        await world.says("/topics on")
        await world.quiet(400)
    platform.bots["owl"] = owl(name="Day Owl")
    async with process() as again:
        await again.quiet(900)
        chat.shown.clear()
        await trade(again, platform, "trade-1")

    assert sorted(call[0] for call in topics.calls) == ["make", "make", "rename"]
    assert sorted(chat.topics.values()) == ["Day Owl", "Heron"]
    assert [place for place, _ in placed(chat)] == ["Day Owl"]


async def test_a_deleted_topic_gives_way_to_the_chat_which_says_so_once_until_made_anew(
    process, platform, chat, topics, store
):
    async with process() as world:
        await world.goes_live()
        await world.says("/topics on")
        await world.quiet(400)
        owls = next(thread for thread, name in chat.topics.items() if name == "Night Owl")
        del chat.topics[owls]
        chat.shown.clear()
        await trade(world, platform, "trade-1")
        await trade(world, platform, "trade-2", price=Decimal(50000))
        await trade(world, platform, "trade-3", "heron")
        deleted = placed(chat)
        [told] = await world.says("/topics")
        await world.says("/topics on")
        await world.quiet(400)
        chat.shown.clear()
        await trade(world, platform, "trade-4", price=Decimal(60000))

    titles = [title for place, title in deleted if place == ""]
    assert sum(title == "The topic Night Owl is gone" for title in titles) == 1
    assert len(titles) == 3
    assert [place for place, _ in deleted if place] == ["Heron"]
    assert "Night Owl: the topic is gone, so it comes here." in told.card.lines
    assert [place for place, _ in placed(chat)] == ["Night Owl"]
    assert {one.state for one in await owed(store)} == {State.SENT}


async def test_what_the_platform_refuses_is_said_and_nothing_is_wanted(process, topics, chat):
    topics.faults.append(Refused(Sentence.MAY_MAKE_NO_TOPICS))
    async with process() as world:
        await world.goes_live()
        [refused] = await world.says("/topics on")
        await world.quiet(7200)
        [after] = await world.says("/topics")

    assert refused.card.title == "I could not make a topic"
    assert "administrator who may manage topics" in refused.card.lines[0]
    assert after.card.title == "All bots are told of here together"
    assert len(topics.calls) == 1


@pytest.mark.parametrize("fault", [TryLater("away"), OutcomeUnknown("nobody knows")])
async def test_what_could_not_be_made_is_made_later_and_its_alerts_do_not_wait(
    process, platform, chat, topics, fault
):
    topics.faults.extend([None, fault])
    async with process() as world:
        await world.goes_live()
        await world.says("/topics on")
        await world.quiet(20)
        made = set(chat.topics.values())
        chat.shown.clear()
        await trade(world, platform, "trade-1", "owl" if made == {"Heron"} else "heron")
        meanwhile = placed(chat)
        await world.quiet(900)

    assert [place for place, _ in meanwhile] == [""]
    assert sorted(chat.topics.values()) == NAMES


async def test_without_topics_nothing_is_made_and_off_ends_it(process, platform, chat, topics):
    async with process() as world:
        await world.goes_live()
        await world.quiet(900)
        none = list(topics.calls)
        await world.says("/topics on")
        await world.quiet(400)
        [off] = await world.says("/topics off")
        chat.shown.clear()
        await trade(world, platform, "trade-1")

    assert none == []
    assert off.card.title == "All bots are told of here together"
    assert [place for place, _ in placed(chat)] == [""]


async def test_where_chats_have_no_topics_it_is_said(world):
    await world.goes_live()

    [answer] = await world.says("/topics on")

    assert answer.card.title == "This chat has no topics"


async def test_unlinking_forgets_the_topics(process, chat, store):
    async with process() as world:
        await world.goes_live()
        await world.says("/topics on")
        await world.quiet(400)
        link = await world.link()
        await store.links.end(link.id, world.now())

        assert await store.topics.of(link.endpoint.id) == {}
        assert await store.topics.wanted() == []
