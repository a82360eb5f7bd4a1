"""The contract of `ports.MakeTopics`, and of messages in what it makes, for every chat platform."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from adapters.discord.bot import open_discord
from adapters.discord.settings import DiscordSettings
from adapters.telegram.bot import open_telegram
from adapters.telegram.settings import TelegramSettings
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Sent, TopicGone
from bot.errors import OutcomeUnknown, Refused, TryLater
from bot.ports import MakeTopics, Messenger
from bot.texts.errors import Sentence
from tests.contract.messengers import NOW, as_read
from tests.fakes.handles import FakeHandles
from tests.fakes.messenger import FakeMessenger, FakeTopics
from tests.fakes.meter import FakeMeter
from tests.standins.bot_api import BotApi
from tests.standins.bot_api.faults import too_many_requests
from tests.standins.discord import DiscordApi
from tests.standins.discord import faults as discord_faults
from tests.standins.discord.world import USUAL, Permission
from tests.standins.faults import Drop


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A chat that may have topics. `shown` has the topic's name, if it is in one, and the text of
    all messages, as they are now. `forbid` takes away what it takes to make topics,
    `none` makes it a chat that has none.
    """

    makes: MakeTopics
    messenger: Messenger
    address: Address
    shown: Callable[[], Sequence[tuple[str, str]]]
    delete: Callable[[str], object]
    forbid: Callable[[], object]
    refusal: str
    none: Callable[[], object]
    no_topics: str
    fail: Callable[[Exception], None]


async def at_once(_: Address) -> None:
    pass


@asynccontextmanager
async def telegram() -> AsyncIterator[Stage]:
    async with (
        BotApi() as api,
        open_telegram(
            TelegramSettings(token=api.token, api_url=api.url),
            now=lambda: NOW,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=at_once,
        ) as bot,
    ):
        group = api.world.group("Desk", api.world.person("Ann"))
        group.forum = group.bot_may_manage_topics = True

        def name(thread: int | None) -> str:
            topic = group.topics.get(thread or 0)
            return "" if topic is None else topic.name

        def fail(trouble: Exception) -> None:
            fault = too_many_requests(7) if isinstance(trouble, TryLater) else Drop()
            api.fail(fault, method="createForumTopic")

        yield Stage(
            makes=bot.topics,
            messenger=bot.messenger,
            address=Address(channel=Channel.TELEGRAM, bot=bot.messenger.bot, chat=str(group.id)),
            shown=lambda: [(name(one.thread), one.text) for one in group.shown],
            delete=lambda thread: group.topics.pop(int(thread)),
            forbid=lambda: setattr(group, "bot_may_manage_topics", False),
            refusal=Sentence.MAY_MAKE_NO_TOPICS,
            none=lambda: setattr(group, "forum", False),
            no_topics=Sentence.NO_TOPICS_HERE,
            fail=fail,
        )


@asynccontextmanager
async def discord() -> AsyncIterator[Stage]:
    async with (
        DiscordApi() as api,
        open_discord(
            DiscordSettings(token=api.token, api_url=api.url),
            FakeHandles(api.clock),
            now=api.clock,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=at_once,
        ) as bot,
    ):
        server = api.world.guild("Alpha", api.world.person("Ann"))
        server.add_bot(USUAL | Permission.CREATE_PUBLIC_THREADS)
        desk = server.channel("desk")

        def shown() -> list[tuple[str, str]]:
            return [
                (one.name if one.is_thread else "", as_read(message))
                for one in server.channels
                for message in one.messages
            ]

        def fail(trouble: Exception) -> None:
            slow_down = discord_faults.too_many_requests(7)
            api.fail(slow_down if isinstance(trouble, TryLater) else Drop(), route="start_thread")

        yield Stage(
            makes=bot.topics,
            messenger=bot.messenger,
            address=Address(channel=Channel.DISCORD, bot=bot.messenger.bot, chat=str(desk.id)),
            shown=shown,
            delete=lambda thread: server.delete(
                next(one for one in server.channels if str(one.id) == thread)
            ),
            forbid=lambda: server.add_bot(USUAL),
            refusal=Sentence.MAY_MAKE_NO_THREADS,
            none=lambda: setattr(desk, "parent", server.channel("general")),
            no_topics=Sentence.NO_THREADS_HERE,
            fail=fail,
        )


@asynccontextmanager
async def fake() -> AsyncIterator[Stage]:
    messenger = FakeMessenger(now=lambda: NOW)
    topics = FakeTopics(messenger)

    def shown() -> list[tuple[str, str]]:
        changed = {one.message: one.card for one in messenger.changed}
        return [
            (messenger.topics.get(one.topic, ""), changed.get(one.message, one.card).title)
            for one in messenger.shown
        ]

    yield Stage(
        makes=topics,
        messenger=messenger,
        address=Address(channel=messenger.channel, bot=messenger.bot, chat="100"),
        shown=shown,
        delete=messenger.topics.pop,
        forbid=lambda: topics.faults.append(Refused("no")),
        refusal="no",
        none=lambda: topics.faults.append(Refused("none")),
        no_topics="none",
        fail=topics.faults.append,
    )


Platform = Callable[[], AbstractAsyncContextManager[Stage]]

PLATFORMS: Sequence[Platform] = (telegram, discord, fake)


@pytest.fixture(params=PLATFORMS, ids=lambda one: one.__name__)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with request.param() as stage:
        yield stage


async def test_what_is_sent_and_changed_in_a_topic_shows_there(stage: Stage):
    thread = await stage.makes.make(stage.address, "Grid BTC")
    there = replace(stage.address, topic=thread)

    sent = await stage.messenger.send(there, Card(title="Bought"))
    assert isinstance(sent, Sent)
    await stage.messenger.amend(there, sent.message, Card(title="Sold"))
    await stage.messenger.send(stage.address, Card(title="To all"))
    await stage.makes.rename(stage.address, thread, "Grid ETH")
    await stage.makes.rename(stage.address, thread, "Grid ETH")

    named = {name: text for name, text in stage.shown()}
    assert sorted(named) == ["", "Grid ETH"]
    assert "Sold" in named["Grid ETH"]
    assert "To all" in named[""]


async def test_a_deleted_topic_is_told_from_a_closed_chat_and_shows_nothing_elsewhere(
    stage: Stage,
):
    thread = await stage.makes.make(stage.address, "Grid BTC")
    stage.delete(thread)

    attempt = await stage.messenger.send(replace(stage.address, topic=thread), Card(title="Bought"))

    assert isinstance(attempt, TopicGone)
    assert stage.shown() == []
    assert isinstance(await stage.messenger.send(stage.address, Card(title="Here")), Sent)


async def test_who_may_make_none_is_told_what_it_takes(stage: Stage):
    stage.forbid()

    with pytest.raises(Refused) as refused:
        await stage.makes.make(stage.address, "Grid BTC")

    assert str(refused.value) == stage.refusal


@pytest.mark.parametrize("trouble", [TryLater("wait"), OutcomeUnknown("nobody knows")])
async def test_what_came_of_it_is_told_truly(stage: Stage, trouble: Exception):
    stage.fail(trouble)

    with pytest.raises(type(trouble)):
        await stage.makes.make(stage.address, "Grid BTC")


async def test_a_chat_without_topics_says_so(stage: Stage):
    stage.none()

    with pytest.raises(Refused) as refused:
        await stage.makes.make(stage.address, "Grid BTC")

    assert str(refused.value) == stage.no_topics
