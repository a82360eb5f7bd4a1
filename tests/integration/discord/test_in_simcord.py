"""Our client, and the conversation behind it, in a world of simcord: a second judge of both.

It judges by its own reading of Discord's rules what our stand-in judges too: who is offered a
command and with which options, what a message and a form may hold, who sees an answer, and when
an interaction can be answered. It knows neither rate limits, nor keys against repeats, nor the
gateway's sessions, nor who installed the bot for themselves, nor closed threads; and it takes
commands, offered choices and empty fields that Discord refuses. For these our stand-in stands.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord
import pytest
from hypothesis import example, given, settings
from simcord import (
    ChannelHandle,
    Env,
    InteractionResult,
    MemberActor,
    OptionError,
    SetupError,
    UserHandle,
)

from adapters.discord.render import called, rendered
from adapters.discord.rhythm import DiscordRhythm
from bot.domain.accounts import Account, PasswordLogin
from bot.domain.cards import Button, Card, Field, Picture
from bot.domain.chats import Address, Channel, Person
from bot.domain.deliveries import Sent
from bot.domain.events import Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Place, Reply
from bot.domain.lifetimes import CONFIRM_LIFE
from bot.domain.linking import SignedIn
from bot.services.commands.registry import SPECS
from storage import open_memory
from tests.fakes.conversation import Conversation
from tests.fakes.platform import FakePlatform
from tests.harness.world import World, heron, owl, running
from tests.standins.in_simcord import InSimcord, in_simcord, outside
from tests.unit.discord.test_render import cards

DIGITS = "482913"
"""What the page shows in `tests.harness.world`."""


@pytest.fixture
async def sim() -> AsyncIterator[InSimcord]:
    async with in_simcord() as sim:
        yield sim


@pytest.fixture
async def outer() -> AsyncIterator[InSimcord]:
    """For answers that take a while: soon announced, and simcord does not wait for them."""
    rhythm = DiscordRhythm(answer_within=timedelta(seconds=0.02))
    async with in_simcord(owned=False, rhythm=rhythm) as sim:
        yield sim


@dataclass(frozen=True, kw_only=True)
class Story:
    """The whole core behind our client, and Ann, who talks with it in her direct chat."""

    env: Env
    world: World
    platform: FakePlatform
    ann: UserHandle

    async def asks(self, line: str, **options: Any) -> InteractionResult:
        answer: InteractionResult = await self.ann.slash(f"bell {line}", **options)
        return answer

    async def presses(self, answer: InteractionResult, label: str) -> InteractionResult:
        assert answer.response is not None
        pressed: InteractionResult = await self.ann.click(answer.response, label=label)
        return pressed

    async def signs_in(self) -> InteractionResult:
        """Ask for the page and log in there; gives the answer with the page's address."""
        return await self.logs_in(await self.asks("link"))

    async def logs_in(self, invited: InteractionResult) -> InteractionResult:
        """Log in at the page of that answer, and agree that others read along where they do."""
        code = buttons_of(invited)["Open the page"]["url"].rpartition("/")[2]
        login = PasswordLogin(email="alice@example.com", password="right")
        signed_in = await self.world.linking.sign_in(code, login, "127.0.0.1", agreed=True)
        assert isinstance(signed_in, SignedIn)
        assert signed_in.digits == DIGITS
        return invited

    async def links(self) -> Account:
        """Link Ann's direct chat, and wait until her account is listened to."""
        form = await self.presses(await self.signs_in(), "Type the six digits")
        await self.ann.submit_modal(form, {"typed": DIGITS})
        link = await self.world.link(str(self.ann.dm_channel.id))
        assert link is not None
        account = await self.world.store.accounts.get(link.account)
        assert account is not None
        await self.world.until_state(account, FeedState.LIVE, within=5)
        return account


@pytest.fixture
async def story(sim: InSimcord) -> AsyncIterator[Story]:
    ids = itertools.count()
    platform = FakePlatform(now=sim.env.now)
    platform.bots = {trader.id: trader for trader in (owl(), heron())}
    with open_memory(sim.env.now, lambda: f"row-{next(ids)}") as store:
        async with (
            running(
                store, platform, sim.bot.messenger, sim.env.now, readership=sim.bot.readership
            ) as world,
            outside(world.router.hear) as hear,
        ):
            await sim.listen(hear, world.router.suggest)
            ann = sim.env.create_user("Ann")
            yield Story(env=sim.env, world=world, platform=platform, ann=ann)


async def nothing(
    place: Place, person: Person, command: str, argument: str, typed: str
) -> Sequence[str]:
    """Implements `ports.Suggest`."""
    return ()


def says(*titles: str) -> Conversation:
    replies = [Reply(card=Card(title=title, private=True)) for title in titles]
    return Conversation(lambda said: replies)


def room(env: Env) -> tuple[ChannelHandle, MemberActor, MemberActor]:
    """A server's channel, who manages channels there, and who does not."""
    guild = env.create_guild("Desk")
    managers = guild.create_role("ops", permissions=discord.Permissions(manage_channels=True))
    manager = guild.add_member(env.create_user("Ann"), roles=[managers])
    member = guild.add_member(env.create_user("Bob"))
    return guild.create_text_channel("alerts"), manager, member


def title_of(answer: InteractionResult | None) -> str:
    assert answer is not None
    assert answer.response is not None
    return read(answer.response.embeds[0].title)


def text_of(message: discord.Message) -> str:
    [embed] = message.embeds
    return read(f"{embed.title}\n{embed.description}")


def read(text: str | None) -> str:
    """What a person reads of it."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", text or "")


def buttons_of(answer: InteractionResult) -> Mapping[str, Mapping[str, Any]]:
    assert answer.response is not None
    rows = answer.response.components
    return {one["label"]: one for row in rows for one in row["components"]}


# --- commands -----------------------------------------------------------------------------


async def test_every_command_is_offered_in_a_direct_chat_and_to_who_manages_channels(
    sim: InSimcord,
):
    await sim.listen(says("Hello"), nothing)
    channel, manager, member = room(sim.env)
    names = tuple(called(spec.name).removeprefix("/") for spec in SPECS)

    assert sorted(sim.env.create_user("Cay").available_commands()) == sorted(names)
    assert sorted(manager.available_commands(channel)) == sorted(names)
    assert member.available_commands(channel) == ()


@pytest.mark.parametrize(
    ("line", "options", "heard"),
    [
        ("status", {}, ""),
        ("unlink", {"others": "others"}, "others"),
        ("pause", {"bot": "Night Owl"}, "Night Owl"),
        ("price", {"pair": "BTC/USDT"}, "BTC/USDT"),
        ("missed", {"page": 2}, "2"),
    ],
)
async def test_an_option_is_heard_as_it_was_filled_in(
    sim: InSimcord, line: str, options: Mapping[str, Any], heard: str
):
    conversation = says("Hello")
    await sim.listen(conversation, nothing)
    ann = sim.env.create_user("Ann")

    answer = await ann.slash(f"bell {line}", **options)

    [said] = conversation.heard
    assert isinstance(said, Command)
    assert (said.name, said.arguments) == (line, heard)
    assert (said.person.id, said.place.private) == (str(ann.id), True)
    assert title_of(answer) == "Hello"


@pytest.mark.parametrize(
    ("line", "options"),
    [("price", {}), ("missed", {"page": 0}), ("unlink", {"others": "some"}), ("status", {"x": 1})],
)
async def test_what_no_command_takes_cannot_be_filled_in(
    sim: InSimcord, line: str, options: Mapping[str, Any]
):
    await sim.listen(says("Hello"), nothing)

    with pytest.raises(OptionError):
        await sim.env.create_user("Ann").slash(f"bell {line}", **options)


async def test_what_is_typed_is_completed_with_the_person_s_bots(story: Story):
    await story.links()

    offered = await story.ann.autocomplete("bell resume", "bot", "ni")
    none = await story.ann.autocomplete("bell resume", "bot", "x")

    assert offered == [{"name": "Night Owl", "value": "Night Owl"}]
    assert none == []


# --- messages -----------------------------------------------------------------------------


FULL = Card(
    title="t" * 600,
    lines=("l" * 9000,),
    fields=(Field("n" * 300, "v" * 3000), *(Field(f"{n}", "v") for n in range(60))),
    buttons=tuple(
        tuple(Button(label="b" * 200, action=ActionId(f"{row}-{n}")) for n in range(9))
        for row in range(8)
    ),
    notes=("s" * 5000,),
)


@given(card=cards)
@example(card=FULL)
@settings(max_examples=30, deadline=None)
def test_any_card_is_taken_as_it_is(card: Card):
    asyncio.run(is_taken(card))


async def is_taken(card: Card) -> None:
    parts = rendered(card)
    async with in_simcord() as sim:
        channel = sim.env.create_user("Ann").dm_channel
        address = Address(channel=Channel.DISCORD, bot=sim.bot.messenger.bot, chat=str(channel.id))

        attempt = await sim.bot.messenger.send(address, card)

        assert isinstance(attempt, Sent)
        # A refused one would have gone out once more, without its buttons.
        asked = [one.method for one in sim.env.http_requests if one.path.endswith("/messages")]
        assert asked == ["POST"] * len(parts)
        shown = channel.history()
        assert [len(message.components) for message in shown] == [len(p.components) for p in parts]
        assert [message.flags.suppress_notifications for message in shown] == [
            part.silent for part in parts
        ]
        assert not any(message.mentions or message.mention_everyone for message in shown)


# --- answers ------------------------------------------------------------------------------


async def test_on_a_server_an_answer_is_for_who_asked_and_what_follows_too(sim: InSimcord):
    await sim.listen(says("1 of 2 bots running", "Night Owl is stopped"), nothing)
    channel, ann, bob = room(sim.env)

    answer = await ann.slash(channel, "bell status")

    [more] = answer.followups
    assert (title_of(answer), more.embeds[0].title) == (
        "1 of 2 bots running",
        "Night Owl is stopped",
    )
    assert (answer.ephemeral, more.ephemeral) == (True, True)
    assert len(channel.history(viewer=ann)) == 2
    assert channel.history(viewer=bob) == []


async def test_a_picture_arrives_whole_with_its_words_in_an_answer_and_in_an_alert(sim: InSimcord):
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    picture = Picture(png=png, alt="Profit of the latest 3 trades: +1 %", width=4, height=2)
    card = Card(title="Latest trades", picture=picture)
    await sim.listen(Conversation(lambda said: [Reply(card=card)]), nothing)
    ann = sim.env.create_user("Ann")
    chat = Address(channel=Channel.DISCORD, bot=sim.bot.messenger.bot, chat=str(ann.dm_channel.id))

    answer = await ann.slash("bell trades")
    await sim.bot.messenger.send(chat, card)

    assert answer.response is not None
    alert = ann.dm_channel.last_message
    assert alert is not None
    for [attached] in (answer.response.attachments, alert.attachments):
        assert attached.description == picture.alt
        assert await attached.read() == png
    [embed] = answer.response.embeds
    assert embed.image.url == f"attachment://{answer.response.attachments[0].filename}"


async def test_a_slow_answer_fills_in_what_was_announced_and_stays_private(outer: InSimcord):
    conversation = says("1 of 2 bots running")
    conversation.may_answer.clear()
    await outer.listen(conversation, nothing)
    channel, ann, bob = room(outer.env)

    answer = await ann.slash(channel, "bell status")
    await outer.until(lambda: answer.deferred)
    conversation.may_answer.set()
    await outer.until(lambda: answer.response is not None and answer.response.embeds)

    assert title_of(answer) == "1 of 2 bots running"
    assert answer.ephemeral
    assert answer.followups == []
    assert channel.history(viewer=bob) == []


async def test_an_announced_answer_that_never_comes_is_taken_back(outer: InSimcord):
    conversation = says()
    conversation.may_answer.clear()
    await outer.listen(conversation, nothing)
    ann = outer.env.create_user("Ann")

    answer = await ann.slash("bell status")
    await outer.until(lambda: answer.deferred)
    conversation.may_answer.set()
    await outer.until(lambda: answer.response is None)

    assert ann.dm_channel.history(viewer=ann) == []


async def test_a_server_error_at_the_first_answer_costs_nothing(outer: InSimcord):
    await outer.listen(says("1 of 2 bots running"), nothing)
    outer.env.inject_error("POST", "/interactions/*/callback", status=502)
    ann = outer.env.create_user("Ann")

    answer = await ann.slash("bell status")
    await outer.until(lambda: answer.response)

    assert title_of(answer) == "1 of 2 bots running"
    assert len(ann.dm_channel.history(viewer=ann)) == 1


# --- the whole conversation ---------------------------------------------------------------


async def test_a_chat_is_linked_with_the_form(story: Story):
    invited = await story.signs_in()
    form = await story.presses(invited, "Type the six digits")

    with pytest.raises(SetupError):
        await story.ann.submit_modal(form, {"typed": DIGITS[:-1]})
    linked = await story.ann.submit_modal(form, {"typed": f"{DIGITS[:3]} {DIGITS[3:]}"})

    assert form.modal is not None
    assert form.modal["title"] == "Link your trading account"
    assert title_of(linked) == "🟢 Linked to a***@example.com"
    assert await story.world.link(str(story.ann.dm_channel.id)) is not None


async def test_a_chat_is_linked_by_the_digits_alone(story: Story):
    await story.signs_in()

    await story.ann.send_dm(DIGITS)

    last = story.ann.dm_channel.last_message
    assert last is not None
    assert "Linked to a***@example.com" in text_of(last)


async def test_a_bot_is_paused_by_its_button_and_by_it_alone(story: Story):
    await story.links()

    status = await story.asks("status")
    question = await story.asks("pause", bot="Night Owl")
    before = story.platform.bots["owl"].running
    await story.presses(question, "Stop Night Owl")

    assert title_of(status) == "1 of 2 bots running"
    assert before
    assert not story.platform.bots["owl"].running
    assert title_of(question) == "🟢 Night Owl is stopped", "the question became the answer"
    assert buttons_of(question) == {}
    with pytest.raises(SetupError):
        await story.presses(question, "Stop Night Owl")
    assert story.platform.calls.count("set_running owl False") == 1


async def test_one_of_several_bots_is_chosen_from_a_list(story: Story):
    story.platform.bots["heron"] = heron(running=True, status="running")
    await story.links()

    which = await story.asks("pause")
    assert which.response is not None
    [row] = which.response.components
    [chosen] = [one["value"] for one in row["components"][0]["options"] if one["label"] == "Heron"]
    await story.ann.select(which.response, [chosen])
    question = title_of(which)
    await story.presses(which, "Stop Heron")

    assert "Stop Heron?" in question, "the list became the question"
    assert not story.platform.bots["heron"].running
    assert story.platform.bots["owl"].running


async def test_a_button_that_was_left_too_long_does_nothing(story: Story):
    await story.links()
    question = await story.asks("pause", bot="Night Owl")

    await story.env.advance_time(CONFIRM_LIFE.total_seconds() + 1)
    await story.presses(question, "Stop Night Owl")

    [*_, last] = story.ann.dm_channel.history(viewer=story.ann)
    assert "Too late" in text_of(last)
    assert story.platform.bots["owl"].running


async def test_an_alert_shows_in_the_linked_chat(story: Story):
    await story.links()

    story.platform.store(Stream.TRADES, story.world.trade(7))
    chat = story.ann.dm_channel
    await story.world.until(
        lambda: any("Bought 7 BTC/USDT" in text_of(message) for message in chat.history()), within=5
    )


async def test_a_server_s_channel_is_linked_and_shows_to_others_only_what_is_asked_for_them(
    story: Story,
):
    channel, ann, bob = room(story.env)

    invited = await story.logs_in(await ann.slash(channel, "bell link"))
    assert invited.response is not None
    form = await ann.click(invited.response, label="Type the six digits")
    linked = await ann.submit_modal(form, {"typed": DIGITS})
    alone = await ann.slash(channel, "bell status")
    for_all = await ann.slash(channel, "bell status", public=True)

    assert "Linked to" in title_of(linked)
    assert all(one.ephemeral for one in (invited, linked, alone))
    assert title_of(alone) == title_of(for_all)
    assert for_all.response is not None
    assert [message.id for message in channel.history(viewer=bob)] == [for_all.response.id]
