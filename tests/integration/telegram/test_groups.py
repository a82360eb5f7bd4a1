"""Who reads along in a group, as Telegram tells it."""

from collections.abc import AsyncIterator

import pytest

from adapters.telegram.api import BotApi as OurApi
from adapters.telegram.groups import FRESH, Groups
from adapters.telegram.transport import BotApiRequest
from bot.errors import Refused, TryLater, Unreachable
from tests.integration.telegram.bots import address
from tests.standins.bot_api import Access, BotApi, Chat, Person
from tests.standins.bot_api.faults import refused, too_many_requests
from tests.standins.faults import bad_gateway


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def groups(api: BotApi, clock: Clock) -> AsyncIterator[Groups]:
    async with BotApiRequest() as request:
        yield Groups(OurApi(api.token, base_url=f"{api.url}/bot", request=request), clock)


@pytest.fixture
def ann(api: BotApi) -> Person:
    return api.world.person("Ann")


@pytest.fixture
def desk(api: BotApi, ann: Person) -> Chat:
    """Begun by Ann, whom Ben helps; Cem only reads."""
    ben, cem = api.world.person("Ben"), api.world.person("Cem")
    group = api.world.group("Desk", ann, ben, cem)
    group.admins |= {ann.id, ben.id}
    return group


def person(chat: Chat, name: str) -> str:
    return next(str(one.id) for one in chat.members.values() if one.name == name)


async def test_a_group_says_how_many_read_along_and_who_has_a_say(groups: Groups, desk: Chat):
    audience = await groups.of(address(desk))

    assert audience is not None
    assert audience.name == "Desk"
    assert audience.readers == "everyone in Desk (4 members), and whoever joins later"
    assert audience.governors == {person(desk, "Ann"), person(desk, "Ben")}
    assert audience.private_chat == "https://t.me/tradebell_bot?start="


async def test_a_public_group_is_read_by_anyone(groups: Groups, desk: Chat):
    desk.username, desk.title = "desk", "My evil.example/login desk"

    audience = await groups.of(address(desk))

    assert audience is not None
    assert audience.readers.startswith("anyone at all, since My evil·example/login desk is public")
    assert "@desk" in audience.readers


async def test_neither_a_private_chat_nor_a_group_that_we_are_not_in_has_an_audience(
    groups: Groups, desk: Chat, ann: Person
):
    assert await groups.of(address(ann)) is None
    desk.access = Access.KICKED
    assert await groups.of(address(desk)) is None


async def test_who_leaves_is_missed_at_the_latest_a_minute_later(
    groups: Groups, desk: Chat, ann: Person, clock: Clock, api: BotApi
):
    there = await groups.has_left(address(desk), str(ann.id))
    del desk.members[ann.id]
    still = await groups.has_left(address(desk), str(ann.id))
    clock.at += FRESH.total_seconds()
    left = await groups.has_left(address(desk), str(ann.id))

    assert (there, still, left) == (False, False, True)
    assert len(api.world.calls_of("getChatMember")) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (too_many_requests(7), TryLater),
        (bad_gateway(), TryLater),
        (refused(400, "Bad Request: CHAT_ADMIN_REQUIRED"), Refused),
        (refused(403, "Forbidden: bot was kicked from the supergroup chat"), Refused),
    ],
)
async def test_what_nobody_can_tell_is_not_told(
    groups: Groups, desk: Chat, ann: Person, api: BotApi, answer, error
):
    api.fail(answer, method="getChatMember")

    with pytest.raises(error) as raised:
        await groups.has_left(address(desk), str(ann.id))

    assert type(raised.value) is error


async def test_a_telegram_that_is_away_is_away_for_all(
    groups: Groups, desk: Chat, ann: Person, api: BotApi
):
    async with api.down():
        with pytest.raises(Unreachable):
            await groups.has_left(address(desk), str(ann.id))
        with pytest.raises(Unreachable):
            await groups.of(address(desk))
