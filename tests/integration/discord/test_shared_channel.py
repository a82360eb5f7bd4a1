"""A server's channel with the whole core behind it: linked, rung in, asked and left."""

import asyncio
import itertools
import random
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from adapters.discord.bot import open_discord
from adapters.discord.listening import DiscordListener
from adapters.discord.settings import DiscordSettings
from bot.domain.accounts import PasswordLogin
from bot.domain.chats import Address
from bot.domain.chats import Channel as Platform
from bot.domain.linking import SignedIn
from storage import Store, open_memory
from tests.fakes.meter import FakeMeter
from tests.fakes.platform import FakePlatform
from tests.harness.world import World, heron, owl, running
from tests.standins.discord import Channel, DiscordApi, Guild, Message, Permission, Person
from tests.standins.discord.world import USUAL


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        yield api


@pytest.fixture
def ann(api: DiscordApi) -> Person:
    return api.world.person("Ann")


@pytest.fixture
def bob(api: DiscordApi) -> Person:
    """A member without a say. In the server's settings all may see the commands."""
    return api.world.person("Bob")


@pytest.fixture
def alpha(api: DiscordApi, ann: Person, bob: Person) -> Guild:
    return api.world.guild("Alpha Traders", ann, bob)


@pytest.fixture
def desk(alpha: Guild) -> Channel:
    return alpha.channel("desk")


@pytest.fixture
def store(api: DiscordApi) -> Iterator[Store]:
    ids = itertools.count()
    with open_memory(api.clock, lambda: f"row-{next(ids)}") as store:
        yield store


@pytest.fixture
async def world(api: DiscordApi, store: Store) -> AsyncIterator[World]:
    async with process(api, store) as world:
        yield world


@asynccontextmanager
async def process(api: DiscordApi, store: Store) -> AsyncIterator[World]:
    """One process from its start to a kill; the next one has the same store."""
    platform = FakePlatform(now=api.clock)
    for bot in (owl(), heron()):
        platform.bots[bot.id] = bot

    async def may_send(_: Address) -> None:
        pass

    async with (
        open_discord(
            DiscordSettings(token=api.token, api_url=api.url, gateway_url=api.gateway_url),
            store.handles,
            now=api.clock,
            chance=random.Random(1),
            meter=FakeMeter(),
            may_send=may_send,
        ) as ours,
        running(store, platform, ours.messenger, api.clock, readership=ours.readership) as world,
        listening(ours.listener, world),
    ):
        await api.gateway.connected()
        await api.world.until(lambda: api.world.commands[None])
        yield world


@asynccontextmanager
async def listening(listener: DiscordListener, world: World) -> AsyncIterator[None]:
    talk = world.router
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listener.listen(talk.hear, talk.suggest))
        yield
        task.cancel()


async def digits_for(world: World, address: Message, email: str = "alice@example.com") -> str:
    """What the page behind the address shows once somebody has agreed and logged in."""
    found = re.search(r"/link/([\w-]+)", address.text)
    assert found is not None
    login = PasswordLogin(email=email, password="right")
    signed_in = await world.linking.sign_in(found[1], login, "127.0.0.1", agreed=True)
    assert isinstance(signed_in, SignedIn)
    return signed_in.digits


async def links(world: World, person: Person, channel: Channel) -> Message:
    """Link a channel, the digits in the form."""
    address = await person.runs("bell link", channel).answered()
    digits = await digits_for(world, address)
    form = await person.presses(address, "Type the six digits").opened()
    [label] = form.labels
    return await person.submits(form, {label: digits}).answered()


def place(channel: Channel) -> Address:
    parent = channel.parent or channel
    bot = str(channel.world.bot_id)
    thread = str(channel.id) if channel.parent else ""
    return Address(channel=Platform.DISCORD, bot=bot, chat=str(parent.id), thread=thread)


def title(message: Message) -> str:
    return str(message.embeds[0]["title"])


async def test_a_channel_is_linked_by_who_agrees_that_others_read_along(
    world: World, ann: Person, bob: Person, desk: Channel
):
    address = await ann.runs("bell link", desk).answered()

    assert address.ephemeral
    assert "a server of about 3 people" in address.text
    linked = await links(world, ann, desk)
    assert linked.ephemeral
    assert "Linked to" in title(linked)
    assert bob.screen(desk) == [], "neither the address nor the digits are anybody else's"


async def test_the_digits_may_come_with_the_command(world: World, ann: Person, desk: Channel):
    address = await ann.runs("bell link", desk).answered()
    digits = await digits_for(world, address)

    answer = await ann.runs("bell link", desk, digits=digits).answered()

    assert "Linked to" in title(answer)


@pytest.mark.parametrize("in_thread", [False, True])
async def test_alerts_ring_where_it_was_linked(
    world: World, api: DiscordApi, ann: Person, bob: Person, alpha: Guild, in_thread: bool
):
    channel = alpha.channel("desk")
    if in_thread:
        channel = alpha.thread(channel, "bots")
    await links(world, ann, channel)

    await ann.runs("bell test", channel).answered()
    alert = await api.world.message_where(lambda m: m.embeds and not m.ephemeral)

    assert alert.channel is channel
    assert title(alert).endswith("Test alert")
    assert alert in bob.screen(channel)
    assert alert.pinged == ()


async def test_who_has_no_say_there_links_nothing(
    world: World, api: DiscordApi, bob: Person, desk: Channel
):
    answer = await bob.runs("bell link", desk).answered()

    assert "You cannot link" in title(answer)
    assert await world.store.links.at(place(desk)) is None


async def test_a_channel_in_which_we_may_not_write_is_not_linked(
    world: World, api: DiscordApi, ann: Person, alpha: Guild, desk: Channel
):
    alpha.permissions[api.world.bot_id] = USUAL & ~Permission.EMBED_LINKS

    answer = await ann.runs("bell link", desk).answered()

    assert "Embed Links" in answer.text


async def test_a_server_in_which_we_are_not_is_not_linked(
    world: World, api: DiscordApi, ann: Person
):
    room = api.world.guild("Elsewhere", ann, with_bot=False).channel("desk")

    answer = await ann.runs("bell link", room).answered()

    assert "I am not in \\#desk" in answer.text
    assert "/link/" not in answer.text


async def test_others_ask_and_act_as_far_as_they_are_allowed_to(
    world: World, ann: Person, bob: Person, desk: Channel
):
    await links(world, ann, desk)

    before = await bob.runs("bell status", desk).answered()
    await ann.runs("bell members", desk, role="viewer").answered()
    confirm = ann.screen(desk)[-1]
    await ann.presses(confirm, "Allow it").answered()
    after = await bob.runs("bell status", desk).answered()
    pause = await bob.runs("bell pause", desk, bot="Night Owl").answered()

    assert "Only the person who linked" in title(before)
    assert "1 of 2 bots running" in title(after)
    assert after.ephemeral
    assert "You may look but not use" in title(pause)


async def test_an_answer_for_everybody_is_seen_by_everybody(
    world: World, ann: Person, bob: Person, desk: Channel
):
    await links(world, ann, desk)

    await ann.runs("bell status", desk).answered()
    quiet = bob.screen(desk)
    answer = await ann.runs("bell status", desk, public=True).answered()

    assert quiet == []
    assert bob.screen(desk) == [answer]


async def test_once_who_linked_it_has_left_the_channel_is_told_nothing(
    world: World, api: DiscordApi, ann: Person, bob: Person
):
    alpha = api.world.guild("Alpha Traders", bob, ann)
    alpha.permissions[ann.id] = USUAL | Permission.MANAGE_CHANNELS
    desk = alpha.channel("desk")
    await links(world, ann, desk)
    link = await world.store.links.at(place(desk))
    assert link is not None
    account = await world.store.accounts.get(link.account)
    assert account is not None
    alpha.remove(ann)

    await world.ingest.take(account, (world.trade(1),))
    async with asyncio.timeout(5):
        while await world.store.outbox.pending(link.endpoint.id):  # noqa: ASYNC110 it is a query
            await asyncio.sleep(0.01)

    assert bob.screen(desk) == []
    [missed] = await world.store.outbox.missed(link.endpoint.id, 10)
    assert missed.reason == "host_left"


async def noted(store: Store, message: Message) -> Message:
    """It is known what the message shows: what is left to do there survives a kill."""
    bot, later = str(message.channel.world.bot_id), message.at + timedelta(days=2)
    async with asyncio.timeout(5):
        while True:
            ended = await store.shown_cards.ended(Platform.DISCORD, bot, later)
            if str(message.id) in {one.shown.message for one in ended.now}:
                return message
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("asked", "minutes"),
    [
        pytest.param({"bot": "Night Owl"}, 1, id="its buttons have expired"),
        pytest.param({}, 14, id="soon nobody could change it any more"),
    ],
)
async def test_what_one_person_sees_loses_its_buttons_after_a_restart_too(
    api: DiscordApi, store: Store, ann: Person, desk: Channel, asked: dict[str, str], minutes: int
):
    async with process(api, store) as world:
        await links(world, ann, desk)
        card = await noted(store, await ann.runs("bell pause", desk, **asked).answered())
    offered = card.components
    api.clock.advance(minutes=minutes)

    async with process(api, store):
        await api.world.until(lambda: not card.components)

    assert card.ephemeral
    assert offered
    assert "Ask again." in card.text


async def test_a_watched_price_moves_in_its_message_until_its_button_is_pressed(
    world: World, api: DiscordApi, ann: Person, desk: Channel, monkeypatch: pytest.MonkeyPatch
):
    for module in ("live_cards", "amending", "commands.watch"):
        monkeypatch.setattr(f"bot.services.{module}.CHANGE_EVERY", 0.1)
    await links(world, ann, desk)
    link = await world.store.links.at(place(desk))
    assert link is not None
    account = await world.store.accounts.get(link.account)
    assert account is not None
    await world.until(lambda: world.is_live(account))

    live = await ann.runs("alerts watch", desk, pair="BTC/USDT").answered()
    begun = title(live)
    assert isinstance(world.platform, FakePlatform)
    world.platform.tick("43000")
    await api.world.until(lambda: title(live) != begun)
    moved = title(live)
    ann.presses(live, "Stop")
    await api.world.until(lambda: "Stopped." in live.text)

    assert (begun, moved) == ("BTC/USDT: 42,400 USDT", "BTC/USDT: 43,000 USDT")
    assert not live.components
