"""What chat platforms have in common of hearing people and answering them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bot.domain.cards import Button, Card
from bot.domain.deliveries import Sent
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Incoming, Press, Reaction, Reply, Words
from bot.ports import Hear
from tests.contract.listeners import ALL, Listening, Talk
from tests.fakes.conversation import Conversation
from tests.harness.waiting import until
from tests.standins.faults import Drop

every_platform = pytest.mark.parametrize("platform", ALL)


@asynccontextmanager
async def listening(platform: Listening, hear: Hear) -> AsyncIterator[Talk]:
    async with platform() as talk, talk.listening(hear):
        await talk.ready()
        yield talk


def says(*titles: str) -> Callable[[Incoming], list[Reply]]:
    return lambda said: [Reply(card=Card(title=title)) for title in titles]


def echoes(said: Incoming) -> list[Reply]:
    return [Reply(card=Card(title=words_of(said)))]


def words_of(said: Incoming) -> str:
    assert isinstance(said, Words)
    return said.text


@every_platform
async def test_a_command_is_heard_with_its_person_and_answered_in_their_chat(
    platform: Listening,
):
    hear = Conversation(says("All is well", "Really"))

    async with listening(platform, hear) as talk:
        talk.ann.types("/status now")
        await until(lambda: len(talk.ann.titles()) == 2)

    (said,) = hear.heard
    assert isinstance(said, Command)
    assert (said.name, said.arguments, said.person.id) == ("status", "now", talk.ann.id)
    assert (said.place.address, said.place.private) == (talk.ann.address, True)
    assert talk.ann.titles() == ["All is well", "Really"]
    assert talk.asked == [talk.ann.address] * 2, "an answer keeps to the rates"


@every_platform
async def test_each_chat_is_answered_in_order_while_others_do_not_wait(platform: Listening):
    hear = Conversation(echoes)
    hear.may_answer.clear()

    async with listening(platform, hear) as talk:
        for text in ("one", "two", "three"):
            talk.ann.types(text)
        await until(lambda: hear.heard)
        talk.bob.types("four")
        await until(lambda: words_of(hear.heard[-1]) == "four")
        hear.may_answer.set()
        await until(lambda: len(talk.ann.titles()) == 3 and talk.bob.titles())

    assert talk.ann.titles() == ["one", "two", "three"]
    assert talk.bob.titles() == ["four"]


@every_platform
async def test_one_slow_answer_holds_up_nothing_in_its_own_chat(platform: Listening):
    trading = asyncio.Event()

    async def hear(said: Incoming) -> AsyncIterator[Reply]:
        if words_of(said) == "slow":
            yield Reply(card=Card(title="Pausing Alpha"))
            await trading.wait()
            yield Reply(card=Card(title="Alpha is paused"))
        else:
            yield Reply(card=Card(title=words_of(said)))

    async with listening(platform, hear) as talk:
        for text in ("slow", "slow", "status", "pause Heron"):
            talk.ann.types(text)
        await until(lambda: len(talk.ann.titles()) == 4)
        before = talk.ann.titles()
        trading.set()
        await until(lambda: len(talk.ann.titles()) == 6)

    assert before == ["Pausing Alpha", "Pausing Alpha", "status", "pause Heron"]
    assert talk.ann.titles()[4:] == ["Alpha is paused"] * 2


@every_platform
async def test_who_waits_for_an_answer_sees_that_it_is_being_written(platform: Listening):
    hear = Conversation(says("All is well"))
    hear.may_answer.clear()

    async with listening(platform, hear) as talk:
        talk.ann.types("/status")
        await until(talk.typing)
        hear.may_answer.set()
        await until(talk.ann.titles)

    assert talk.typing() == 1


@every_platform
async def test_an_answer_waits_as_long_as_the_platform_asks(platform: Listening):
    async with listening(platform, Conversation(says("All is well"))) as talk:
        talk.fail(talk.slow_down)
        began = asyncio.get_running_loop().time()
        talk.ann.types("/status")
        await until(talk.ann.titles)
        waited = asyncio.get_running_loop().time() - began

    assert waited >= 1
    assert talk.requests() == 2
    assert talk.ann.titles() == ["All is well"]


@every_platform
async def test_an_answer_that_may_have_been_shown_is_not_repeated(platform: Listening):
    async with listening(platform, Conversation(echoes)) as talk:
        talk.fail(Drop(executes=True))
        talk.ann.types("one")
        talk.ann.types("two")
        await until(lambda: len(talk.ann.titles()) == 2)

    assert talk.ann.titles() == ["one", "two"]
    assert talk.requests() == 2


ALERT = Card(title="Grid BTC: error", buttons=((Button(label="Pause", action=ActionId("a1")),),))


@every_platform
async def test_a_press_changes_the_card_that_it_was_under(platform: Listening):
    steps = [Reply(card=Card(title=title), replaces=True) for title in ("Pausing", "Paused")]
    hear = Conversation(lambda said: steps)

    async with listening(platform, hear) as talk:
        await talk.messenger.send(talk.ann.address, ALERT)
        talk.ann.presses("Pause")
        await until(lambda: talk.ann.titles() == ["Paused"])

    (said,) = hear.heard
    assert isinstance(said, Press)
    assert (said.action, said.person.id) == ("a1", talk.ann.id)
    assert said.place.address == talk.ann.address


@every_platform
async def test_a_press_may_be_answered_below_its_card(platform: Listening):
    async with listening(platform, Conversation(says("Pause Grid BTC?"))) as talk:
        await talk.messenger.send(talk.ann.address, ALERT)
        talk.ann.presses("Pause")
        await until(lambda: len(talk.ann.titles()) == 2)

    assert talk.ann.titles() == ["Grid BTC: error", "Pause Grid BTC?"]


@every_platform
async def test_a_reaction_is_heard_with_its_message_and_answered_nothing(platform: Listening):
    hear = Conversation(lambda said: echoes(said) if isinstance(said, Words) else [])

    async with listening(platform, hear) as talk:
        talk.ann.types("hello")
        await until(lambda: hear.heard)  # from here on they are told
        sent = await talk.messenger.send(talk.ann.address, ALERT)
        talk.ann.reacts()
        talk.ann.takes_back()
        talk.ann.types("one")
        await until(lambda: len(hear.heard) == 3)

    assert isinstance(sent, Sent)
    reaction = hear.heard[1]
    assert isinstance(reaction, Reaction)
    assert (reaction.message, reaction.person.id) == (sent.message, talk.ann.id)
    assert (reaction.place.address, reaction.place.private) == (talk.ann.address, True)
    assert words_of(hear.heard[2]) == "one", "one that is taken away says nothing"


@every_platform
async def test_who_begins_while_the_platform_is_away_listens_once_it_is_back(
    platform: Listening,
):
    async with AsyncExitStack() as stack:
        talk = await stack.enter_async_context(platform())
        async with talk.down():
            await talk.begin()
            await stack.enter_async_context(talk.listening(Conversation(says("Welcome"))))
            away = talk.trouble()
        await talk.ready()
        talk.ann.types("/start")
        await until(talk.ann.titles)

        assert away == "not listening yet"
        assert talk.trouble() is None


@every_platform
async def test_a_token_that_is_refused_while_listening_is_told_and_alarmed(platform: Listening):
    async with listening(platform, Conversation()) as talk:
        await until(lambda: talk.trouble() is None)
        talk.revoke()
        await until(talk.trouble)

        assert talk.trouble() == f"{talk.name} refuses the bot's token"
    assert talk.meter.alarms == {f"{talk.name.lower()}_not_listening": 1}
