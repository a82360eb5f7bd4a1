"""Our bot on Discord's gateway: what people ask, in every way there is, and what they see."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.discord.bot import DiscordBot, open_discord
from adapters.discord.gateway import Gateway
from adapters.discord.rhythm import RECONNECT, DiscordRhythm
from adapters.discord.settings import DiscordSettings
from adapters.discord.transport import open_http
from bot.domain.cards import Button, Card, Option, PickList, Picture, Question, Severity
from bot.domain.chats import Address
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Incoming, Press, Reply, Words
from bot.ports import Hear
from bot.texts.language import Language, offering
from tests.fakes.conversation import Conversation, Names
from tests.fakes.handles import FakeHandles
from tests.fakes.meter import FakeMeter
from tests.harness.pseudo import PSEUDO, Pseudo
from tests.harness.waiting import until
from tests.standins.discord import DiscordApi, Message, Permission, Person
from tests.standins.discord.errors import UNKNOWN_INTERACTION, ApiError, refusal
from tests.standins.discord.faults import internal_error, refused, too_many_requests
from tests.standins.faults import Drop, bad_gateway

SOON = replace(RECONNECT, first=timedelta(seconds=0.02), ceiling=timedelta(seconds=0.02))

QUICK = DiscordRhythm(answer_within=timedelta(seconds=0.2), register_again=timedelta(seconds=0.05))
"""Nobody has to wait here for what takes a while."""


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        yield api


@pytest.fixture
def ann(api: DiscordApi) -> Person:
    return api.world.person("Ann", locale="de")


@asynccontextmanager
async def listening(
    api: DiscordApi,
    hear: Hear,
    suggest: Names | None = None,
    meter: FakeMeter | None = None,
    gateway_url: str | None = None,
    rhythm: DiscordRhythm = QUICK,
) -> AsyncIterator[DiscordBot]:
    """The bot with its commands registered, answering in the background."""

    async def may_send(_: Address) -> None:
        pass

    async with (
        open_discord(
            DiscordSettings(token=api.token, api_url=api.url, gateway_url=gateway_url),
            FakeHandles(api.clock),
            now=api.clock,
            chance=random.Random(1),
            meter=meter or FakeMeter(),
            may_send=may_send,
            rhythm=rhythm,
        ) as bot,
        asyncio.TaskGroup() as group,
    ):
        task = group.create_task(bot.listener.listen(hear, suggest or Names()))
        await api.gateway.connected()
        await api.world.until(lambda: api.world.commands[None])
        yield bot
        task.cancel()


def says(*titles: str, private: bool = True) -> Callable[[Incoming], list[Reply]]:
    return lambda said: [Reply(card=Card(title=title, private=private)) for title in titles]


def title(message: object) -> str:
    return str(getattr(message, "embeds")[0]["title"])  # noqa: B009


# --- commands -----------------------------------------------------------------------------


async def test_a_command_is_heard_with_its_person_and_answered_at_once(
    api: DiscordApi, ann: Person
):
    hear = Conversation(says("1 of 2 bots running"))

    async with listening(api, hear):
        answer = await ann.runs("bell pause", bot="Night Owl").answered()

    (said,) = hear.heard
    assert isinstance(said, Command)
    assert (said.name, said.arguments) == ("pause", "Night Owl")
    assert (said.person.id, said.person.language) == (str(ann.id), "de")
    assert said.place.private
    assert title(answer) == "1 of 2 bots running"
    assert not answer.ephemeral, "in a direct chat nobody else reads along"
    assert [call.route for call in api.world.calls].count("answer") == 1


@pytest.mark.parametrize("private", [True, False])
async def test_on_a_server_what_is_private_is_for_the_person_only(
    api: DiscordApi, ann: Person, private: bool
):
    room = api.world.guild("Desk", ann).channel("general")
    hear = Conversation(says("BTC/USDT: 60,000", "more", private=private))

    async with listening(api, hear):
        asked = ann.runs("bell price", room, pair="BTC/USDT")
        shown = [await asked.answered(), await asked.followed_up()]

    assert [message.ephemeral for message in shown] == [private, private]


@pytest.mark.parametrize("slow", [False, True])
async def test_only_what_one_person_sees_is_to_be_changed_soon(
    api: DiscordApi, ann: Person, slow: bool
):
    room = api.world.guild("Desk", ann).channel("general")
    due: dict[str, datetime | None] = {}

    async def shown(message: str, until: datetime | None = None) -> None:
        due[message] = until

    cards = [Card(title="Stop which bot?", private=private) for private in (True, False)]
    hear = Conversation(lambda said: [Reply(card=card, shown=shown) for card in cards])
    if slow:
        hear.may_answer.clear()

    async with listening(api, hear):
        asked = ann.runs("bell pause", room)
        if slow:
            await asked.deferred()
            hear.may_answer.set()
        private, public = await asked.answered(), await asked.followed_up()
        await until(lambda: len(due) == 2)

    assert (private.ephemeral, public.ephemeral) == (True, False)
    last_change = due[str(private.id)]
    assert last_change is not None
    assert timedelta(minutes=13) < last_change - private.at < timedelta(minutes=15)
    assert due[str(public.id)] is None


@pytest.mark.parametrize("private", [True, False])
async def test_a_card_that_takes_the_place_of_another_is_seen_by_the_same_people(
    api: DiscordApi, ann: Person, private: bool
):
    room = api.world.guild("Desk", ann).channel("general")
    due: dict[str, datetime | None] = {}

    async def shown(message: str, until: datetime | None = None) -> None:
        due[message] = until

    def talk(said: Incoming) -> list[Reply]:
        button = Button(label="Pause", action=ActionId("a1"))
        asked = Card(title="Sure?", private=private, buttons=((button,),))
        if isinstance(said, Press):
            return [Reply(card=Card(title="Done"), replaces=True, shown=shown)]
        return [Reply(card=asked)]

    async with listening(api, Conversation(talk)):
        card = await ann.runs("bell pause", room).answered()
        await ann.presses(card, "Pause").answered()
        await until(lambda: due)

    assert due.keys() == {str(card.id)}
    assert (due[str(card.id)] is not None) is private


async def test_a_slow_answer_is_announced_and_then_shown_to_the_person_only(
    api: DiscordApi, ann: Person
):
    room = api.world.guild("Desk", ann).channel("general")
    hear = Conversation(says("Your bots", "and more"))
    hear.may_answer.clear()

    async with listening(api, hear):
        asked = ann.runs("bell status", room)
        await asked.deferred()
        thinking = asked.thinking
        hear.may_answer.set()
        answer = await asked.answered()
        await asked.followed_up()

    assert thinking
    assert title(answer) == "Your bots"
    assert answer.ephemeral


async def test_a_slow_answer_for_everybody_is_announced_to_the_person_only_and_then_shown_to_all(
    api: DiscordApi, ann: Person
):
    """What will be in it is not known when it is announced."""
    bob = api.world.person("Bob")
    room = api.world.guild("Desk", ann, bob).channel("general")
    hear = Conversation(says("Your bots", "and more", private=False))
    hear.may_answer.clear()

    async with listening(api, hear):
        asked = ann.runs("bell status", room, public=True)
        await asked.deferred()
        hear.may_answer.set()
        await asked.followed_up(2)

    assert [(title(one), one.ephemeral) for one in ann.screen(room)] == [
        ("Shown to everybody here", True),
        ("Your bots", False),
        ("and more", False),
    ]
    assert [title(one) for one in bob.screen(room)] == ["Your bots", "and more"]
    (said,) = hear.heard
    assert isinstance(said, Command)
    assert said.public


async def test_who_gets_no_answer_is_not_left_waiting(api: DiscordApi, ann: Person):
    hear = Conversation(lambda said: [])
    hear.may_answer.clear()

    async with listening(api, hear):
        asked = ann.runs("bell status")
        await asked.deferred()
        hear.may_answer.set()
        await until(lambda: api.world.calls_of("delete_answer"))

    assert ann.screen() == []


async def test_who_is_refused_an_answer_is_not_left_waiting(api: DiscordApi, ann: Person):
    room = api.world.guild("Desk", ann).channel("general")
    hear = Conversation(says("Your bots"))
    hear.may_answer.clear()
    api.fail(refused(ApiError(400, 50035, "no")), route="edit_answer")

    async with listening(api, hear):
        asked = ann.runs("bell status", room)
        await asked.deferred()
        hear.may_answer.set()
        await until(lambda: api.world.calls_of("delete_answer"))

    assert ann.screen(room) == []


async def test_an_answer_of_several_messages_is_shown_whole(api: DiscordApi, ann: Person):
    hear = Conversation(lambda said: [Reply(card=Card(title="Long", lines=("y" * 90,) * 60))])

    async with listening(api, hear):
        asked = ann.runs("bell help")
        await asked.answered()
        await asked.followed_up()

    assert len(ann.screen()) == 2


async def test_a_toast_is_a_message_here(api: DiscordApi, ann: Person):
    hear = Conversation(lambda said: [Reply(toast="Too late.")])

    async with listening(api, hear):
        answer = await ann.runs("bell status").answered()

    assert title(answer) == "Too late."


async def test_an_answer_after_the_interaction_is_over_comes_as_a_message(
    api: DiscordApi, ann: Person
):
    hear = Conversation(says("Your bots"))
    hear.may_answer.clear()

    async with listening(api, hear):
        asked = ann.runs("bell status")
        await asked.deferred()
        api.clock.advance(minutes=16)
        hear.may_answer.set()
        message = await api.world.message_where(lambda m: m.embeds)

    assert title(message) == "Your bots"
    assert api.world.calls_of("create_message")


async def test_on_a_server_a_late_answer_is_not_written_for_all_to_read(
    api: DiscordApi, ann: Person
):
    room = api.world.guild("Desk", ann).channel("general")
    hear = Conversation(says("Your bots"))
    hear.may_answer.clear()

    async with listening(api, hear):
        asked = ann.runs("bell status", room)
        await asked.deferred()
        api.clock.advance(minutes=16)
        hear.may_answer.set()
        await until(lambda: api.world.calls_of("edit_answer"))
        await asyncio.sleep(0.05)

    assert not any(message.embeds for message in ann.screen(room))


async def test_an_answer_is_made_again_when_it_was_lost_and_shown_once(
    api: DiscordApi, ann: Person
):
    api.fail(Drop(executes=True), route="answer")
    api.fail(internal_error(), route="answer", skip=1)

    async with listening(api, Conversation(says("first", "second"))):
        asked = ann.runs("bell status")
        await asked.followed_up()

    assert [title(message) for message in ann.screen()] == ["first", "second"]


async def test_a_followup_that_may_have_been_shown_is_not_repeated(api: DiscordApi, ann: Person):
    api.fail(Drop(executes=True), route="follow_up")

    async with listening(api, Conversation(says("first", "second", "third"))):
        asked = ann.runs("bell status")
        await asked.followed_up(2)

    assert [title(message) for message in ann.screen()] == ["first", "second", "third"]


async def test_a_followup_does_not_go_out_on_a_connection_that_was_hung_up(
    api: DiscordApi, ann: Person
):
    async def hear(said: Incoming) -> AsyncIterator[Reply]:
        yield Reply(card=Card(title="first"))
        api.hang_up()  # in one turn of the loop: our side has not seen it yet
        yield Reply(card=Card(title="second"))

    async with listening(api, hear):
        asked = ann.runs("bell status")
        shown = [await asked.answered(), await asked.followed_up()]

    assert [title(message) for message in shown] == ["first", "second"]
    assert len(api.world.calls_of("follow_up")) == 1


@pytest.mark.parametrize("private", [True, False])
async def test_where_only_the_person_has_the_bot_they_are_answered_as_on_any_server(
    api: DiscordApi, ann: Person, private: bool
):
    bob = api.world.person("Bob")
    room = api.world.guild("Foreign", bob, ann, with_bot=False).channel("general")
    hear = Conversation(says("Your bots", "more", private=private))

    async with listening(api, hear):
        asked = ann.runs("bell status", room)
        shown = [await asked.answered(), await asked.followed_up()]

    [said] = hear.heard
    assert isinstance(said, Command)
    assert (said.person.id, said.place.address.chat) == (str(ann.id), str(room.id))
    assert not said.place.private
    assert [message.ephemeral for message in shown] == [private, private]
    assert bob.screen(room) == ([] if private else shown)


async def test_a_long_answer_where_only_the_person_has_the_bot_shows_each_part_once(
    api: DiscordApi, ann: Person
):
    long = Card(title="Your bots", lines=tuple(f"{number} " + "x" * 4000 for number in range(8)))

    async with listening(api, Conversation(lambda said: [Reply(card=long)])):
        ann.runs("bell traders")
        await until(lambda: len(ann.screen()) >= 8)

    footers = [message.embeds[0]["footer"]["text"] for message in ann.screen()]
    assert footers == [f"{number}/8" for number in range(1, 9)]
    assert len(api.world.calls_of("follow_up")) == 6, "the sixth was one too many"


@pytest.mark.parametrize(("shown", "numbers"), [(True, [1, 2, 3, 4]), (False, [1, 3, 4])])
async def test_a_part_of_an_answer_that_may_have_been_shown_keeps_no_other_back(
    api: DiscordApi, ann: Person, shown: bool, numbers: list[int]
):
    long = Card(title="Your bots", lines=tuple(f"{number} " + "x" * 4000 for number in range(4)))
    api.fail(Drop(executes=shown), route="follow_up")

    async with listening(api, Conversation(lambda said: [Reply(card=long)])):
        ann.runs("bell traders")
        await until(lambda: len(ann.screen()) == len(numbers))

    footers = [message.embeds[0]["footer"]["text"] for message in ann.screen()]
    assert footers == [f"{number}/4" for number in numbers], "who reads it sees what is missing"


async def test_an_answer_waits_as_long_as_discord_asks(api: DiscordApi, ann: Person):
    api.fail(too_many_requests(0.1), route="answer")

    async with listening(api, Conversation(says("Your bots"))):
        answer = await ann.runs("bell status").answered()

    assert title(answer) == "Your bots"


@pytest.mark.parametrize("route", ["answer", "follow_up"])
async def test_an_answer_that_cannot_be_shown_is_logged_without_any_token(
    api: DiscordApi, ann: Person, caplog: pytest.LogCaptureFixture, route: str
):
    caplog.set_level(logging.INFO)
    api.fail(bad_gateway(), route=route, times=None)

    async with listening(api, Conversation(says("one", "two"))):
        asked = ann.runs("bell status")
        await until(lambda: [one for one in caplog.records if "answer" in one.getMessage()])

    logged = "\n".join(f"{one.getMessage()} {vars(one)}" for one in caplog.records)
    assert "502" in logged
    assert not [token for token in (api.token, asked.token) if token in logged]


async def test_what_is_too_much_at_once_is_seen_to_fail(api: DiscordApi, ann: Person):
    hear = Conversation(says("Your bots"))
    hear.may_answer.clear()

    async with listening(api, hear, rhythm=replace(QUICK, at_once=1)):
        first, second = ann.runs("bell status"), ann.runs("bell status")
        await first.deferred()
        await asyncio.sleep(0.1)  # in which the second one would be deferred too
        api.clock.advance(seconds=4)
        hear.may_answer.set()
        await first.answered()
        third = await ann.runs("bell status").answered()

    assert second.failed
    assert title(third) == "Your bots"


# --- pictures -----------------------------------------------------------------------------

CHART = Picture(png=b"\x89PNG...", alt="Profit of 3 trades: +1 %", width=640, height=320)
PICTURED = Card(title="Latest trades", picture=CHART)


def described(message: Message) -> list[str]:
    return [one.alt for one in message.pictures_in_embeds]


@pytest.mark.parametrize("slow", [False, True], ids=["at once", "after thinking"])
async def test_a_picture_comes_with_its_words_as_first_answer_and_as_a_later_one(
    api: DiscordApi, ann: Person, slow: bool
):
    hear = Conversation(lambda said: [Reply(card=PICTURED)] * 2)
    if slow:
        hear.may_answer.clear()

    async with listening(api, hear):
        asked = ann.runs("bell trades")
        if slow:
            await asked.deferred()
            hear.may_answer.set()
        shown = [await asked.answered(), await asked.followed_up()]

    assert [described(message) for message in shown] == [[CHART.alt]] * 2
    assert [message.pictures[0].data for message in shown] == [CHART.png] * 2


async def test_what_takes_the_place_of_a_picture_leaves_nothing_of_it(api: DiscordApi, ann: Person):
    asking = replace(PICTURED, buttons=PAUSE.buttons)
    hear = Conversation(
        lambda said: [
            Reply(card=Card(title="Paused"), replaces=True)
            if isinstance(said, Press)
            else Reply(card=asking)
        ]
    )

    async with listening(api, hear):
        card = await ann.runs("bell trades").answered()
        await ann.presses(card, "Pause").deferred()
        await until(lambda: title(card) == "Paused")

    assert card.pictures == ()


@pytest.mark.parametrize("route", ["answer", "edit_answer", "follow_up"])
async def test_an_answer_whose_picture_is_refused_comes_with_its_words(
    api: DiscordApi, ann: Person, route: str
):
    hear = Conversation(lambda said: [Reply(card=Card(title="first")), Reply(card=PICTURED)])
    if route != "follow_up":
        hear.answer = lambda said: [Reply(card=PICTURED)]
    if route == "edit_answer":
        hear.may_answer.clear()
    too_large = ApiError(413, 40005, "Request entity too large")
    api.fail(refused(too_large), route=route)

    async with listening(api, hear):
        asked = ann.runs("bell trades")
        if route == "edit_answer":
            await asked.deferred()
            hear.may_answer.set()
        shown = await api.world.message_where(lambda one: CHART.alt in one.text)

    assert title(shown) == "Latest trades"
    assert shown.pictures == ()


# --- buttons ------------------------------------------------------------------------------

PAUSE = Card(title="Pause?", buttons=((Button(label="Pause", action=ActionId("a1")),),))


def pressed(*replies: Reply) -> Callable[[Incoming], list[Reply]]:
    """Answers a command with a card to press, a press with these."""
    return lambda said: list(replies) if isinstance(said, Press) else [Reply(card=PAUSE)]


async def test_a_press_changes_the_card_that_it_was_under(api: DiscordApi, ann: Person):
    steps = [Reply(card=Card(title=words), replaces=True) for words in ("Pausing", "Paused")]
    hear = Conversation(pressed(*steps))

    async with listening(api, hear):
        card = await ann.runs("bell pause").answered()
        await ann.presses(card, "Pause").deferred()
        await until(lambda: title(card) == "Paused")

    assert isinstance(hear.heard[1], Press)
    assert hear.heard[1].action == "a1"
    assert card.labels == ()
    assert [title(message) for message in ann.screen()] == ["Paused"]


async def test_a_card_that_became_too_long_for_its_message_goes_on_below(
    api: DiscordApi, ann: Person
):
    long = Card(title="Paused", lines=tuple("x" * 4000 for _ in range(3)))
    hear = Conversation(pressed(Reply(card=long, replaces=True)))

    async with listening(api, hear):
        card = await ann.runs("bell pause").answered()
        await ann.presses(card, "Pause").followed_up(2)

    footers = [message.embeds[0]["footer"]["text"] for message in ann.screen()]
    assert footers == ["1/3", "2/3", "3/3"]
    assert ann.screen()[0] is card


async def test_what_is_chosen_from_a_list_is_heard_as_a_press(api: DiscordApi, ann: Person):
    owl = Option(label="Night Owl", action=ActionId("a7"), hint="running")
    heron = Option(label="Heron", action=ActionId("a8"), hint="running")
    picking = Card(title="Pause?", pick=PickList(prompt="Choose a bot", options=(owl, heron)))
    hear = Conversation(
        lambda said: [
            Reply(card=Card(title="Pause Heron?"), replaces=True)
            if isinstance(said, Press)
            else Reply(card=picking)
        ]
    )

    async with listening(api, hear):
        card = await ann.runs("bell pause").answered()
        ann.selects(card, "Choose a bot", "Heron")
        await until(lambda: title(card) == "Pause Heron?")

    assert isinstance(hear.heard[1], Press)
    assert hear.heard[1].action == "a8"
    assert card.components == []


async def test_who_may_not_press_is_told_alone(api: DiscordApi, ann: Person):
    bob = api.world.person("Bob")
    room = api.world.guild("Desk", ann, bob).channel("general")
    hear = Conversation(pressed(Reply(toast="Only the person who asked may press this.")))

    async with listening(api, hear) as bot:
        chat = Address(channel=bot.messenger.channel, bot=bot.messenger.bot, chat=str(room.id))
        await bot.messenger.send(chat, PAUSE)
        told = await bob.presses(bob.screen(room)[0], "Pause").followed_up()

    assert told.ephemeral
    assert title(ann.screen(room)[0]) == "Pause?"


async def test_a_press_that_the_person_sees_failing_does_nothing(api: DiscordApi, ann: Person):
    hear = Conversation(pressed())

    async with listening(api, hear) as bot:
        chat = Address(channel=bot.messenger.channel, bot=bot.messenger.bot, chat=str(ann.dm.id))
        await bot.messenger.send(chat, PAUSE)
        api.fail(refused(refusal(UNKNOWN_INTERACTION)), route="answer")
        ann.presses(ann.screen()[0], "Pause")
        await until(lambda: api.world.calls_of("answer"))
        answer = await ann.runs("bell status").answered()

    assert title(answer) == "Pause?"
    assert not any(isinstance(said, Press) for said in hear.heard)


# --- linking ------------------------------------------------------------------------------


async def test_the_digits_can_be_typed_into_a_form_under_the_address(api: DiscordApi, ann: Person):
    page = Button(label="Open the page", url="https://bell.example.org/link/abc")
    log_in = Card(title="Log in", buttons=((page,),), asks_digits=True)
    hear = Conversation(
        lambda said: [Reply(card=Card(title="Linked") if isinstance(said, Words) else log_in)]
    )

    async with listening(api, hear):
        card = await ann.runs("bell link").answered()
        form = await ann.presses(card, "Type the six digits").opened()
        answer = await ann.submits(form, {form.labels[0]: "482913"}).answered()

    assert isinstance(hear.heard[1], Words)
    assert hear.heard[1].text == "482913"
    assert title(answer) == "Linked"


async def test_what_a_question_asks_is_typed_into_a_form_and_changes_the_card(api: DiscordApi):
    ann = api.world.person("Ann", locale="en-GB")
    room = api.world.guild("Desk", ann).channel("general")
    question = Question(what="quiet", action=ActionId("a1"))
    hear = Conversation(
        lambda said: [
            Reply(card=Card(title="Every day 22:00-07:00"), replaces=True)
            if isinstance(said, Press)
            else Reply(card=Card(title="No quiet hours", question=question))
        ]
    )

    async with listening(api, hear):
        card = await ann.runs("alerts quiet", room).answered()
        form = await ann.presses(card, "Other hours").opened()
        await ann.submits(form, {form.labels[0]: "22-7"}).answered()

    assert (form.title, form.labels) == ("Other hours", ("From when to when",))
    _, pressed = hear.heard
    assert isinstance(pressed, Press)
    assert (pressed.action, pressed.words, pressed.person.id) == ("a1", "22-7", str(ann.id))
    assert [title(message) for message in ann.screen(room)] == ["Every day 22:00-07:00"]


async def test_the_form_is_in_the_language_of_who_opens_it(api: DiscordApi):
    ann = api.world.person("Ann", locale="qps")
    hear = Conversation(lambda said: [Reply(card=Card(title="Log in", asks_digits=True))])

    with offering(PSEUDO):
        async with listening(api, hear):
            card = await ann.runs("bell link").answered()
            form = await ann.presses(card, "Type the six digits").opened()

    assert form.title == "«LINK YOUR TRADING ACCOUNT»"
    assert form.labels == ("«THE SIX DIGITS THAT THE PAGE SHOWS»",)


async def test_what_discord_s_cards_add_is_in_the_language_of_the_answer(
    api: DiscordApi, ann: Person
):
    room = api.world.guild("Desk", ann).channel("general")
    card = Card(title="X", severity=Severity.CRITICAL, private=False, asks_digits=True)
    hear = Conversation(lambda said: [Reply(card=card, language="qps")])
    hear.may_answer.clear()

    with offering(PSEUDO):
        async with listening(api, hear):
            ann.types("link")
            asked = ann.runs("bell status", room, public=True)
            await asked.deferred()
            hear.may_answer.set()
            await asked.followed_up(1)
            await until(lambda: len(ann.screen()) == 2)

    written = ann.screen()[-1]
    assert title(written) == "🔴 «CRITICAL» · X"
    assert written.labels == ("«TYPE THE SIX DIGITS»",)
    assert [title(one) for one in ann.screen(room)] == [
        "«SHOWN TO EVERYBODY HERE»",
        "🔴 «CRITICAL» · X",
    ]


async def test_words_in_a_direct_chat_are_heard_and_answered_there(api: DiscordApi, ann: Person):
    hear = Conversation(says("Linked"))

    async with listening(api, hear):
        ann.types("482 913")
        ann.types("/bell status")
        await until(lambda: len(ann.screen()) == 4)

    words, command = hear.heard
    assert isinstance(words, Words)
    assert words.text == "482 913"
    assert isinstance(command, Command)
    assert command.name == "status"


# --- completing what is typed -------------------------------------------------------------


async def test_what_is_typed_is_completed(api: DiscordApi, ann: Person):
    names = Names(["Night Owl", "Night Heron"])

    async with listening(api, Conversation(), names):
        asked = ann.types_into_autocomplete("bell pause", "bot", "ni")
        offered = await asked.completed()

    assert names.asked == [("pause", "bot", "ni")]
    assert [choice.name for choice in offered] == ["Night Owl", "Night Heron"]


async def test_what_stands_in_a_group_is_asked_and_completed_like_all_else(
    api: DiscordApi, ann: Person
):
    names, hear = Names(["Night Owl"]), Conversation(says("Muted"))

    async with listening(api, hear, names):
        offered = await ann.types_into_autocomplete("alerts mute", "what", "ni").completed()
        await ann.runs("alerts mute", what=offered[0].value, time="2h").answered()

    assert names.asked == [("mute", "what", "ni")]
    (said,) = hear.heard
    assert isinstance(said, Command)
    assert (said.name, said.options) == ("mute", {"what": "Night Owl", "time": "2h"})


# --- registering --------------------------------------------------------------------------


async def test_commands_are_written_only_when_the_set_has_changed(api: DiscordApi):
    for _ in range(2):
        async with listening(api, Conversation()):
            await until(lambda: api.world.calls_of("get_commands"))
            await asyncio.sleep(0.05)
        assert len(api.world.calls_of("overwrite_commands")) == 1
    api.world.commands[None][0]["description"] = "of an older version"

    async with listening(api, Conversation()):
        await until(lambda: len(api.world.calls_of("overwrite_commands")) == 2)

    assert api.world.commands[None][0]["description"] != "of an older version"


async def test_what_discord_has_in_all_languages_is_not_written_again(api: DiscordApi):
    with offering(Language("de", Pseudo())):
        for _ in range(2):
            async with listening(api, Conversation()):
                await until(lambda: api.world.calls_of("get_commands"))
                await asyncio.sleep(0.05)

    assert len(api.world.calls_of("overwrite_commands")) == 1
    described = api.world.commands[None][0]["description_localizations"]
    assert described["de"] == "«YOUR TRADING BOTS: SEE, PAUSE AND RESUME THEM»"


async def test_commands_are_registered_as_soon_as_discord_lets_us(api: DiscordApi):
    api.fail(internal_error(), route="overwrite_commands", times=2)

    async with listening(api, Conversation()):
        await until(lambda: len(api.world.calls_of("overwrite_commands")) == 3)

    names = [command["name"] for command in api.world.commands[None]]
    assert names == ["bell", "alerts", "bot", "results"]


# --- the gateway --------------------------------------------------------------------------


async def test_a_cut_connection_is_taken_up_again_and_nothing_is_missed(
    api: DiscordApi, ann: Person
):
    hear = Conversation(says("Your bots"))

    async with listening(api, hear):
        api.gateway.cut()
        ann.types("/status")  # while nobody listens
        await until(lambda: hear.heard)

    assert (api.gateway.identifies, api.gateway.resumes) == (1, 1)


async def test_when_discord_asks_us_to_reconnect_we_do(api: DiscordApi, ann: Person):
    hear = Conversation(says("Your bots"))

    async with listening(api, hear):
        api.gateway.ask_to_reconnect()
        await until(lambda: api.gateway.resumes)
        answer = await ann.runs("bell status").answered()

    assert title(answer) == "Your bots"
    assert api.gateway.identifies == 1


async def test_the_gateway_may_be_another_than_the_api_says(api: DiscordApi, ann: Person):
    async with listening(api, Conversation(says("x")), gateway_url=api.gateway_url):
        await ann.runs("bell status").answered()

    assert api.world.calls_of("get_gateway") == []


@pytest.mark.parametrize("nonsense", ["[]", "{", '{"op": 10, "d": {}}', '{"op": 0, "t": "READY"}'])
async def test_nonsense_from_the_gateway_is_a_lost_connection(api: DiscordApi, nonsense: str):
    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(nonsense)
        async for _ in socket:
            pass
        return socket

    app = web.Application()
    app.router.add_get("/", talk)
    clock = asyncio.get_running_loop().time
    async with TestServer(app) as server, open_http(api.token, api.url, clock) as http:
        addresses = [api.gateway_url, str(server.make_url("/")).replace("http", "ws")]

        async def address() -> str:
            return addresses.pop()

        told: list[str | None] = []
        following = Gateway(http, lambda frame: None, told.append, random.Random(1), SOON)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(following.follow(address))
            await until(lambda: told)
            task.cancel()

    assert told == [None], "the second address was a good one"


async def test_a_gateway_that_stays_away_is_told_and_found_again(api: DiscordApi, ann: Person):
    hear = Conversation(says("Your bots"))

    async with listening(api, hear, rhythm=replace(QUICK, reconnect=SOON)) as bot:
        async with api.down():
            await until(lambda: bot.listener.trouble)
        await until(lambda: bot.listener.trouble is None)
        answer = await ann.runs("bell status").answered()

    assert title(answer) == "Your bots"


async def test_who_may_link_a_channel_sees_the_commands_and_others_do_not(
    api: DiscordApi, ann: Person
):
    bob = api.world.person("Bob", installed=False)
    guild = api.world.guild("Desk", ann, bob)
    room = guild.channel("general")

    async with listening(api, Conversation(says("x"))):
        await ann.runs("bell status", room).answered()
        with pytest.raises(AssertionError):
            bob.runs("bell status", room)
        guild.permissions[bob.id] |= Permission.MANAGE_CHANNELS
        await bob.runs("bell status", room).answered()
