"""Servers: who reads along in a channel, and whether somebody is still there."""

import random
from collections.abc import AsyncIterator

import pytest

from adapters.discord.bot import open_discord
from adapters.discord.rhythm import USUAL
from adapters.discord.servers import Servers
from adapters.discord.settings import DiscordSettings
from adapters.discord.transport import open_http
from bot.domain.chats import Address, Channel
from bot.errors import Refused, TryLater, Unreachable
from tests.fakes.handles import FakeHandles
from tests.fakes.meter import FakeMeter
from tests.standins.discord import Channel as Room
from tests.standins.discord import DiscordApi, Guild, Person
from tests.standins.discord.errors import ApiError
from tests.standins.discord.faults import refused, too_many_requests
from tests.standins.faults import bad_gateway


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        yield api


@pytest.fixture
def ann(api: DiscordApi) -> Person:
    return api.world.person("Ann")


@pytest.fixture
def alpha(api: DiscordApi, ann: Person) -> Guild:
    return api.world.guild("Alpha Traders", ann, api.world.person("Bob"))


@pytest.fixture
def time() -> list[float]:
    """What the clock shows: seconds."""
    return [1000.0]


@pytest.fixture
async def servers(api: DiscordApi, time: list[float]) -> AsyncIterator[Servers]:
    def clock() -> float:
        return time[0]

    async def may_ask() -> None:
        pass

    async with open_http(api.token, api.url, clock) as http:
        yield Servers(http, clock, may_ask, USUAL.fresh)


def at(room: Room) -> Address:
    parent = room.parent or room
    thread = str(room.id) if room.parent else ""
    bot = str(room.world.bot_id)
    return Address(channel=Channel.DISCORD, bot=bot, chat=str(parent.id), thread=thread)


async def test_a_channel_is_named_with_its_server_and_its_size(servers: Servers, alpha: Guild):
    audience = await servers.of(at(alpha.channel("desk")))

    assert audience is not None
    assert audience.name == "#desk in Alpha Traders"
    assert audience.readers == (
        "everyone who can read #desk in Alpha Traders (a server of about 3 people), and whoever "
        "joins later"
    )


async def test_a_thread_is_named_by_itself(servers: Servers, alpha: Guild):
    audience = await servers.of(at(alpha.thread(alpha.channel("desk"), "grid bots")))

    assert audience is not None
    assert audience.name == "#grid bots in Alpha Traders"


async def test_what_turns_text_around_is_taken_out_of_names(
    servers: Servers, api: DiscordApi, ann: Person
):
    audience = await servers.of(at(api.world.guild("Al\u202epha", ann).channel("de\u200bsk")))

    assert audience is not None
    assert audience.name == "#desk in Alpha"


async def test_no_address_in_a_name_can_be_followed(servers: Servers, api: DiscordApi, ann: Person):
    evil = api.world.guild("Alpha: https://evil.example/login", ann)

    audience = await servers.of(at(evil.channel("desk")))

    assert audience is not None
    assert audience.name == "#desk in Alpha: https evil·example/login"


async def test_where_we_are_not_there_is_no_audience(
    servers: Servers, api: DiscordApi, ann: Person
):
    elsewhere = api.world.guild("Elsewhere", ann, with_bot=False).channel("desk")

    assert await servers.of(at(elsewhere)) is None
    assert await servers.of(at(ann.dm)) is None


@pytest.mark.parametrize("route", ["get_channel", "get_guild"])
async def test_who_reads_along_may_be_unknown_for_now(
    servers: Servers, api: DiscordApi, alpha: Guild, route: str
):
    room = alpha.channel("desk")
    api.fail(bad_gateway(), route=route)
    with pytest.raises(TryLater):
        await servers.of(at(room))
    api.fail(too_many_requests(7), route=route)
    with pytest.raises(TryLater) as asked:
        await servers.of(at(room))

    assert asked.value.retry_after is not None
    assert asked.value.retry_after.total_seconds() == 7


async def test_a_member_is_there_until_they_leave(
    servers: Servers, alpha: Guild, ann: Person, time: list[float]
):
    room = at(alpha.channel("desk"))
    [bob] = [one for one in alpha.members.values() if one is not ann]

    there = await servers.has_left(room, str(bob.id))
    alpha.remove(bob)
    time[0] += USUAL.fresh.total_seconds()
    left = await servers.has_left(room, str(bob.id))

    assert (there, left) == (False, True)


async def test_one_look_is_good_for_a_minute(
    servers: Servers, api: DiscordApi, alpha: Guild, ann: Person, time: list[float]
):
    room = at(alpha.channel("desk"))

    for _ in range(3):
        await servers.has_left(room, str(ann.id))
        time[0] += USUAL.fresh.total_seconds() / 3 - 0.1

    assert len(api.world.calls_of("get_member")) == 1
    assert len(api.world.calls_of("get_channel")) == 1


async def test_who_has_left_is_looked_for_each_time(
    servers: Servers, api: DiscordApi, alpha: Guild
):
    stranger = api.world.person("Carol")
    room = at(alpha.channel("desk"))

    looks = [await servers.has_left(room, str(stranger.id)) for _ in range(2)]

    assert looks == [True, True]
    assert len(api.world.calls_of("get_member")) == 2


async def test_where_we_are_not_nobody_tells_us_who_has_left(
    servers: Servers, alpha: Guild, ann: Person
):
    room = at(alpha.channel("desk"))
    alpha.remove_bot()

    with pytest.raises(Refused):
        await servers.has_left(room, str(ann.id))


async def test_whether_somebody_has_left_may_be_unknown_for_now(
    servers: Servers, api: DiscordApi, alpha: Guild, ann: Person
):
    api.fail(bad_gateway(), route="get_member")

    with pytest.raises(TryLater):
        await servers.has_left(at(alpha.channel("desk")), str(ann.id))


@pytest.mark.parametrize(("status", "code"), [(403, 0), (404, 0), (403, 40333), (400, 50035)])
async def test_a_no_that_says_nothing_of_the_server_is_no_answer(
    servers: Servers, api: DiscordApi, alpha: Guild, ann: Person, status: int, code: int
):
    room = at(alpha.channel("desk"))
    for route in ("get_channel", "get_channel", "get_member"):
        api.fail(refused(ApiError(status, code, "no")), route=route)

    for ask in (servers.of(room), servers.has_left(room, str(ann.id))):
        with pytest.raises(TryLater):
            await ask


async def test_each_look_takes_its_place_in_the_bot_s_rate(
    api: DiscordApi, alpha: Guild, ann: Person
):
    asked = []

    async def may_ask() -> None:
        asked.append(len(api.world.calls))

    room = at(alpha.channel("desk"))
    async with open_http(api.token, api.url, lambda: 0.0) as http:
        servers = Servers(http, lambda: 0.0, may_ask, USUAL.fresh)
        for _ in range(2):
            await servers.has_left(room, str(ann.id))

    assert asked == [0, 1], "before the channel and the member, and not for what is remembered"


async def test_a_discord_that_is_away_is_told_from_one_that_does_not_say(
    servers: Servers, api: DiscordApi, alpha: Guild, ann: Person
):
    room = at(alpha.channel("desk"))
    async with api.down():
        with pytest.raises(Unreachable):
            await servers.has_left(room, str(ann.id))
    api.fail(bad_gateway(), route="get_channel")
    with pytest.raises(TryLater) as unknown:
        await servers.has_left(room, str(ann.id))

    assert not isinstance(unknown.value, Unreachable)


async def test_our_bot_tells_who_reads_along(api: DiscordApi, alpha: Guild):
    async def may_send(_: Address) -> None:
        pass

    settings = DiscordSettings(token=api.token, api_url=api.url)
    async with open_discord(
        settings,
        FakeHandles(api.clock),
        now=api.clock,
        chance=random.Random(1),
        meter=FakeMeter(),
        may_send=may_send,
    ) as bot:
        assert await bot.readership.of(at(alpha.channel("desk"))) is not None
