"""What one person in a group asks and reads alone, at servers that can do that and older ones."""

import pytest

from adapters.telegram.api import BotApi as OurApi
from adapters.telegram.api import TelegramChats
from adapters.telegram.asides import Aside
from adapters.telegram.commands import everybodys, for_asides
from adapters.telegram.render import rendered
from adapters.telegram.transport import BotApiRequest
from bot.domain.cards import Card
from bot.domain.deliveries import Declined
from bot.domain.incoming import Reply
from tests.fakes.conversation import Conversation, MemoryJournal
from tests.integration.telegram.bots import NOW, address, listening, our_bot
from tests.standins.bot_api import BotApi, Chat

ALONE = Card(title="For Ann alone")


def tell(_: object) -> list[Reply]:
    return [Reply(card=ALONE)]


@pytest.fixture
def group(api: BotApi) -> Chat:
    group = api.world.group("Desk", api.world.person("Ann"), api.world.person("Ben"))
    return group


def in_groups(api: BotApi, language: str = "") -> list[dict[str, object]]:
    [kept] = [
        kept
        for (scope, tag), kept in api.world.commands.items()
        if "all_group_chats" in scope and tag == language
    ]
    return kept


@pytest.mark.parametrize("knows", [True, False])
async def test_all_that_can_be_asked_is_listed_in_groups_where_it_is_asked_alone(
    api: BotApi, knows: bool
):
    api.world.knows_asides = knows
    async with (
        our_bot(api) as bot,
        listening(bot, Conversation(tell), MemoryJournal()),
    ):
        await api.world.until(lambda: len(api.world.commands) == 10)

    expected = for_asides() if knows else everybodys(private=False)
    assert in_groups(api) == [one.to_dict() for one in expected]
    assert {"is_ephemeral": True}.items() <= in_groups(api, "de")[0].items() or not knows
    assert not any(one["command"] == "watch" for one in in_groups(api))


async def test_what_an_older_server_shows_to_all_is_taken_back(api: BotApi, group: Chat):
    ann = next(iter(group.members))
    aside = Aside(person=ann, message=5)
    async with BotApiRequest() as request:
        chats = TelegramChats(OurApi(api.token, base_url=f"{api.url}/bot", request=request))
        [part] = rendered(ALONE, NOW)
        outcome = await chats.whisper(address(group), aside, part, replaces=False)

    assert isinstance(outcome, Declined)
    assert group.shown == []
    assert [one.text for one in group.messages] == ["For Ann alone"]


async def test_who_has_not_asked_just_now_is_told_nothing_and_the_group_that_it_failed(
    api: BotApi, group: Chat
):
    api.world.knows_asides = True
    async with (
        our_bot(api) as bot,
        listening(bot, Conversation(tell), MemoryJournal()),
    ):
        await api.world.until(lambda: len(api.world.commands) == 10)
        ann = next(iter(group.members.values()))
        asked = ann.asks_alone("/status", group)
        asked.at -= 60
        await api.world.message_where(lambda one: "could not answer you alone" in one.text)
        ann.asks_alone("/status", group)
        told = await api.world.message_where(lambda one: one.reader == ann.id)

    assert told.text == ALONE.title
    assert [one.text.splitlines()[0] for one in group.shown] == [
        "I could not answer you alone here"
    ]
