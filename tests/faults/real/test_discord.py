"""Discord's rows of the fault matrix: the real core and adapter against a Discord over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest

from adapters.discord.bot import DiscordBot, open_discord
from adapters.discord.limits import MOST_REFUSALS
from adapters.discord.settings import DiscordSettings
from bot.domain.accounts import Account, PasswordLogin
from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.chats import Channel as Platform
from bot.domain.chats import Person as Someone
from bot.domain.deliveries import PENDING, Gone, Postponed, Repeats, Scope, State
from bot.domain.events import Kind, Notice, NoticeText, Origin
from bot.domain.incoming import Command, Place, Words
from bot.domain.linking import SignedIn
from storage import Store, open_memory
from tests.fakes.handles import FakeHandles
from tests.fakes.messenger import Shown
from tests.fakes.meter import FakeMeter
from tests.fakes.platform import FakePlatform
from tests.harness.judge import assert_kept_at_last
from tests.harness.world import World, code_in, owl, running
from tests.standins.discord import DiscordApi, Message, Person
from tests.standins.discord.faults import internal_error
from tests.standins.faults import Drop, Fault, Slow, bad_gateway

SOON = tuple(timedelta(seconds=0.1) for _ in range(5))
"""Waits before repeats: as many as a test needs, and none that it would feel."""


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        yield api


@pytest.fixture
def ann(api: DiscordApi) -> Person:
    return api.world.person("Ann")


@pytest.fixture
def store(api: DiscordApi) -> Iterator[Store]:
    ids = itertools.count()
    with open_memory(api.clock, lambda: f"row-{next(ids)}") as store:
        yield store


@asynccontextmanager
async def our_bot(api: DiscordApi) -> AsyncIterator[DiscordBot]:
    async def may_send(_: Address) -> None:
        pass

    async with open_discord(
        DiscordSettings(token=api.token, api_url=api.url, gateway_url=api.gateway_url),
        FakeHandles(api.clock),
        now=api.clock,
        chance=random.Random(1),
        meter=FakeMeter(),
        may_send=may_send,
    ) as bot:
        await bot.listener.begin()
        bot.messenger.repeats = Repeats(waits=SOON, urgent_waits=SOON, marked=False)
        yield bot


@asynccontextmanager
async def process(api: DiscordApi, store: Store) -> AsyncIterator[World]:
    """One process from its start to a kill."""
    async with our_bot(api) as bot, working(api, store, bot) as world:
        yield world


@asynccontextmanager
async def working(api: DiscordApi, store: Store, bot: DiscordBot) -> AsyncIterator[World]:
    """The core with our bot, which sends and does not listen."""
    platform = FakePlatform(now=api.clock)
    platform.bots[owl().id] = owl()
    async with running(store, platform, bot.messenger, api.clock) as world:
        yield world


def place(person: Person) -> Place:
    bot = str(person.world.bot_id)
    address = Address(channel=Platform.DISCORD, bot=bot, chat=str(person.dm.id))
    return Place(address=address, private=True)


async def links(world: World, person: Person) -> Account:
    """Go through the whole linking of a person's direct chat."""
    where, who = place(person), Someone(channel=Platform.DISCORD, id=str(person.id))
    asked = Command(place=where, person=who, name="link")
    [invited] = [reply async for reply in world.router.hear(asked)]
    login = PasswordLogin(email="alice@example.com", password="right")
    signed_in = await world.linking.sign_in(code_in(invited), login, "127.0.0.1")
    assert isinstance(signed_in, SignedIn)
    digits = Words(place=where, person=who, text=signed_in.digits)
    [_] = [reply async for reply in world.router.hear(digits)]
    link = await world.store.links.at(where.address)
    assert link is not None
    account = await world.store.accounts.get(link.account)
    assert account is not None
    return account


async def owe(world: World, account: Account, *titles: str) -> None:
    await world.ingest.take(
        account,
        [
            Notice(
                origin=Origin(kind=Kind.TEST, record=title, at=world.now()),
                say=partial(NoticeText, title),
                bad=True,
            )
            for title in titles
        ],
    )


async def all_ended(store: Store) -> dict[State, int]:
    """How many items came to which end, once none is pending any more."""
    async with asyncio.timeout(8):
        while True:
            counts = await store.outbox.counts()
            found = {state: count for state, count in counts.items() if count}
            if not PENDING & set(found):
                return found
            await asyncio.sleep(0.02)


def shown(api: DiscordApi) -> list[Shown]:
    """The ledger of all devices, what was deleted since too."""
    return [
        Shown(str(message.channel.id), Card(title=title_of(message), reference=ref), at, at)
        for message in api.world.messages
        if (ref := reference_of(message)) and (at := message.at)
    ]


def title_of(message: Message) -> str:
    return str(message.embeds[0].get("title", "")).rpartition(" · ")[2]


def reference_of(message: Message) -> str:
    footer = str(message.embeds[0].get("footer", {}).get("text", ""))
    return footer.removeprefix("ref ").partition("\n")[0]


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "fault",
    [
        bad_gateway(executes=True),
        internal_error(executes=True),
        Drop(executes=True),
        Drop(executes=True, midway=True),
    ],
    ids=["502", "500", "reset", "half an answer"],
)
async def test_an_error_after_the_message_was_created_shows_it_once(
    api: DiscordApi, ann: Person, store: Store, fault: Fault
):
    async with process(api, store) as world:
        account = await links(world, ann)
        api.fail(fault, route="create_message", times=2)

        await owe(world, account, "first", "second", "third")
        ended = await all_ended(store)

    assert ended == {State.SENT: 3}
    assert [one.card.title for one in shown(api)] == ["first", "second", "third"]
    await assert_kept_at_last(store, shown(api), created=3)


@pytest.mark.fault(44)
async def test_what_was_under_way_at_a_kill_shows_once_after_the_restart(
    api: DiscordApi, ann: Person, store: Store
):
    async with process(api, store) as world:
        account = await links(world, ann)
        api.fail(Slow(seconds=30), route="create_message")
        await owe(world, account, "first", "second")
        await api.world.call_where(lambda call: call.route == "create_message")
        await asyncio.sleep(0.05)

    async with process(api, store):
        ended = await all_ended(store)

    assert ended == {State.SENT: 2}
    assert len(api.world.calls_of("create_message")) == 3
    assert [one.card.title for one in shown(api)] == ["first", "second"]
    await assert_kept_at_last(store, shown(api), created=2)


@pytest.mark.fault(45)
@pytest.mark.parametrize("created", [True, False], ids=["it was shown", "it was not"])
async def test_after_ten_minutes_the_chat_is_looked_at_before_a_repeat(
    api: DiscordApi, ann: Person, store: Store, created: bool
):
    async with process(api, store) as world:
        account = await links(world, ann)
        api.fail(bad_gateway(executes=created), route="create_message")
        await owe(world, account, "first", "second")
        await api.world.call_where(lambda call: call.route == "create_message")
        api.clock.advance(minutes=10)

        ended = await all_ended(store)

    assert ended == {State.SENT: 2}
    assert [one.card.title for one in shown(api)] == ["first", "second"]
    assert len(api.world.calls_of("create_message")) == (2 if created else 3)
    await assert_kept_at_last(store, shown(api), created=2)


@pytest.mark.fault(46)
async def test_a_repeat_of_what_the_person_has_deleted_is_no_error_and_shows_nothing(
    api: DiscordApi, ann: Person, store: Store
):
    async with process(api, store) as world:
        account = await links(world, ann)
        api.fail(bad_gateway(executes=True), route="create_message")
        await owe(world, account, "first", "second")
        api.world.delete(await api.world.message_where(lambda m: title_of(m) == "first"))

        ended = await all_ended(store)

    assert ended == {State.SENT: 2}
    assert [title_of(message) for message in ann.screen()] == ["second"]
    await assert_kept_at_last(store, shown(api), created=2)


@pytest.mark.fault(47)
async def test_a_crowd_whose_chats_are_closed_does_not_get_us_banned(api: DiscordApi):
    crowd = [api.world.person(f"Person {number}") for number in range(12_000)]
    for person in crowd:
        person.dms_open = False
    card = Card(title="Bought", reference="A1B2C3")

    async with our_bot(api) as bot:
        outcomes = [await bot.messenger.send(place(person).address, card) for person in crowd]

        assert sum(isinstance(one, Gone) for one in outcomes) == MOST_REFUSALS
        rest = outcomes[MOST_REFUSALS:]
        assert all(isinstance(one, Postponed) and one.scope is Scope.CHANNEL for one in rest)
        assert api.limiter.invalid == MOST_REFUSALS <= 10_000 / 5
        assert not any(one.counts for one in rest if isinstance(one, Postponed))


@pytest.mark.fault(48)
@pytest.mark.parametrize("forgotten", ["told so", "when resuming"])
async def test_a_session_that_cannot_be_resumed_is_begun_anew_and_commands_are_answered(
    api: DiscordApi, ann: Person, store: Store, forgotten: str
):
    async with (
        our_bot(api) as bot,
        working(api, store, bot) as world,
        asyncio.TaskGroup() as group,
    ):
        hearing = bot.listener.listen(world.router.hear, world.router.suggest)
        listening = group.create_task(hearing)
        await api.gateway.connected()
        await api.world.until(lambda: api.world.commands[None])
        await links(world, ann)

        if forgotten == "told so":
            api.gateway.invalidate()
        else:
            api.gateway.forget()
            api.gateway.cut()
        lost = ann.runs("bell status")
        await api.world.until(lambda: api.gateway.identifies == 2, within=10)
        await api.gateway.connected()
        answer = await ann.runs("bell status").answered()

        assert title_of(answer) == "1 of 1 bot running"
        assert api.gateway.identifies == 2
        api.clock.advance(seconds=4)
        assert lost.failed, "what nobody heard is seen to have failed"
        listening.cancel()


async def test_a_closed_direct_chat_costs_one_call_and_what_was_held_comes_when_it_opens(
    api: DiscordApi, ann: Person, store: Store
):
    """As row 32 on Telegram; only here nobody tells us that it is open again but the person."""
    async with process(api, store) as world:
        account = await links(world, ann)
        ann.dms_open = False

        await owe(world, account, *"abcde")
        assert await all_ended(store) == {State.HELD: 5}
        assert len(api.world.calls_of("create_message")) == 1
        ann.dms_open = True
        who = Someone(channel=Platform.DISCORD, id=str(ann.id))
        start = Command(place=place(ann), person=who, name="start")
        [_] = [reply async for reply in world.router.hear(start)]

        digest = await api.world.message_where(lambda message: "5 events" in message.text)
        assert await all_ended(store) == {State.SENT: 1, State.COALESCED: 5}

    lines = digest.text.splitlines()
    assert all(any(line.endswith(f" {title}") for line in lines) for title in "abcde")
    await assert_kept_at_last(store, shown(api), created=5)
