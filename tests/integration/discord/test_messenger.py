"""What Discord alone has of showing cards, over HTTP: see the contract for the rest."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.discord.bot import DiscordBot, open_discord
from adapters.discord.rhythm import USUAL, DiscordRhythm
from adapters.discord.settings import DiscordSettings
from bot.domain.cards import Button, Card, Picture, Severity
from bot.domain.chats import Address
from bot.domain.chats import Channel as Platform
from bot.domain.deliveries import Declined, Gone, Postponed, Scope, Sent, Unknown
from bot.domain.ids import ActionId
from tests.fakes.handles import FakeHandles
from tests.fakes.meter import FakeMeter
from tests.standins.discord import Channel, DiscordApi, Permission, Person
from tests.standins.discord.errors import bad_field
from tests.standins.discord.faults import (
    banned,
    channel_gone,
    dms_too_fast,
    internal_error,
    no_access,
    no_permission,
    overloaded,
    refused,
    too_many_requests,
)
from tests.standins.faults import Drop, Fault, bad_gateway

CARD = Card(title="Bought BTC", severity=Severity.WARNING, reference="A1B2C3")
CHART = Picture(png=b"\x89PNG...", alt="Profit of 3 trades: +1 %", width=640, height=320)
PICTURED = Card(title="Latest trades", picture=CHART, reference="A1B2C3")
LONG = Card(title="Report", lines=("y" * 90,) * 60, reference="A1B2C3")


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    async with DiscordApi() as api:
        yield api


@asynccontextmanager
async def our_bot(api: DiscordApi, rhythm: DiscordRhythm = USUAL) -> AsyncIterator[DiscordBot]:
    async def may_send(_: Address) -> None:
        pass

    async with open_discord(
        DiscordSettings(token=api.token, api_url=api.url),
        FakeHandles(api.clock),
        now=api.clock,
        chance=random.Random(1),
        meter=FakeMeter(),
        may_send=may_send,
        rhythm=rhythm,
    ) as bot:
        await bot.listener.begin()
        yield bot


def address(of: Channel | Person) -> Address:
    channel = of.dm if isinstance(of, Person) else of
    chat, thread = (channel.parent, channel) if channel.parent else (channel, None)
    return Address(
        channel=Platform.DISCORD,
        bot="1100000000000000001",
        chat=str(chat.id),
        thread=str(thread.id) if thread else "",
    )


def titles(person: Person) -> list[str]:
    return [message.embeds[0].get("title", "") for message in person.screen()]


# --- showing cards ------------------------------------------------------------------------


async def test_a_card_arrives_with_its_sound_and_its_buttons(api: DiscordApi):
    ann = api.world.person("Ann")
    button = Button(label="Pause", action=ActionId("a1"))
    quiet = Card(title="Bought", lines=("@everyone",), buttons=((button,),))

    async with our_bot(api) as bot:
        outcomes = [await bot.messenger.send(address(ann), card) for card in (quiet, CARD)]

    first, second = ann.screen()
    assert outcomes == [Sent(message=str(first.id)), Sent(message=str(second.id))]
    assert (first.rang, second.rang) == ((), (ann,))
    assert first.part("Pause")["custom_id"] == "a1"
    assert first.pinged == ()


async def test_a_picture_is_inside_its_card_with_the_words_for_who_does_not_see_it(
    api: DiscordApi,
):
    ann = api.world.person("Ann")

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), PICTURED)

    (message,) = ann.screen()
    (picture,) = message.pictures_in_embeds
    assert isinstance(outcome, Sent)
    assert (picture.data, picture.alt) == (CHART.png, CHART.alt)
    assert message.rang == ()


async def test_a_card_with_a_picture_leaves_once_even_if_it_is_tried_again(api: DiscordApi):
    ann = api.world.person("Ann")
    api.fail(Drop(executes=True), route="create_message")

    async with our_bot(api) as bot:
        outcomes = [await bot.messenger.send(address(ann), PICTURED) for _ in range(2)]

    first, second = outcomes
    assert isinstance(first, Unknown)
    assert isinstance(second, Sent)
    assert len(ann.screen()) == 1


async def test_where_no_file_may_be_attached_the_words_come_alone(api: DiscordApi):
    ann = api.world.person("Ann")
    guild = api.world.guild("Desk", ann)
    channel = guild.channel("alerts")
    channel.denied[api.world.bot_id] = Permission.ATTACH_FILES

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(channel), PICTURED)

    (message,) = ann.screen(channel)
    assert isinstance(outcome, Sent)
    assert message.pictures == ()
    assert CHART.alt in message.text


async def test_a_card_goes_to_a_channel_or_into_a_thread(api: DiscordApi):
    ann = api.world.person("Ann")
    guild = api.world.guild("Desk", ann)
    channel = guild.channel("alerts")
    thread = guild.thread(channel, "grid")

    async with our_bot(api) as bot:
        await bot.messenger.send(address(channel), CARD)
        await bot.messenger.send(address(thread), replace(CARD, reference="D4E5F6"))

    assert [len(ann.screen(one)) for one in (channel, thread)] == [1, 1]


async def test_a_closed_thread_is_never_answered_by_writing_into_its_channel(api: DiscordApi):
    """More people may read along there."""
    ann = api.world.person("Ann")
    guild = api.world.guild("Desk", ann)
    channel = guild.channel("alerts")
    thread = guild.thread(channel, "grid")
    guild.delete(thread)

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(thread), CARD)

    assert outcome == Gone(reason="channel_gone")
    assert ann.screen(channel) == []


async def test_a_card_that_broke_off_goes_on_where_it_did(api: DiscordApi):
    ann = api.world.person("Ann")
    api.fail(too_many_requests(0.05), route="create_message", skip=1)

    async with our_bot(api) as bot:
        cut = await bot.messenger.send(address(ann), LONG)
        await asyncio.sleep(0.1)
        done = await bot.messenger.send(address(ann), LONG, tried_since=api.clock())

    assert cut == Unknown(reason="broke_off: after part 1 of 2")
    assert isinstance(done, Sent)
    assert len(ann.screen()) == 2


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (
            too_many_requests(7, everything=True),
            Postponed(
                reason="slow_down",
                retry_after=timedelta(seconds=7),
                scope=Scope.CHANNEL,
            ),
        ),
        (
            banned(),
            Postponed(
                reason="turned_away_before",
                retry_after=timedelta(minutes=10),
                scope=Scope.CHANNEL,
            ),
        ),
        (
            too_many_requests(7, via=False),
            Postponed(
                reason="turned_away_before",
                retry_after=timedelta(minutes=10),
                scope=Scope.CHANNEL,
            ),
        ),
        (
            dms_too_fast(),
            Postponed(
                reason="open_slower",
                retry_after=timedelta(minutes=10),
                scope=Scope.CHANNEL,
            ),
        ),
        (overloaded(), Unknown(reason="server_error: HTTP 503")),
        (channel_gone(), Gone(reason="channel_gone")),
        (no_access(), Gone(reason="no_access")),
        (no_permission(), Gone(reason="no_right")),
    ],
)
async def test_what_discord_says_has_its_outcome_and_one_request(
    api: DiscordApi, fault: Fault, outcome: object
):
    ann = api.world.person("Ann")
    api.fail(fault, route="create_message")

    async with our_bot(api) as bot:
        found = await bot.messenger.send(address(ann), CARD)

    assert found == outcome
    assert ann.screen() == []
    assert len(api.world.calls_of("create_message")) == 1


async def test_a_kept_connection_that_was_hung_up_is_not_written_to(api: DiscordApi):
    ann = api.world.person("Ann")

    async with our_bot(api) as bot:
        api.hang_up()  # in one turn of the loop: our side has not seen it yet
        outcome = await bot.messenger.send(address(ann), CARD)

    assert isinstance(outcome, Sent)
    assert len(api.world.calls_of("create_message")) == 1


async def test_people_and_servers_that_are_closed_to_us_are_gone(api: DiscordApi):
    ann, bob = api.world.person("Ann"), api.world.person("Bob", installed=False)
    guild = api.world.guild("Desk", ann)
    silenced, hidden = guild.channel("silenced"), guild.channel("hidden")
    ann.dms_open = False
    silenced.denied[api.world.bot_id] = Permission.SEND_MESSAGES
    hidden.denied[api.world.bot_id] = Permission.VIEW_CHANNEL

    async with our_bot(api) as bot:
        outcomes = [
            await bot.messenger.send(address(one), CARD) for one in (ann, bob, silenced, hidden)
        ]

    assert outcomes == [
        Gone(reason="no_messages"),
        Gone(reason="no_server_shared"),
        Gone(reason="no_right"),
        Gone(reason="no_access"),
    ]


async def test_where_nothing_may_be_replied_to_a_card_is_shown_by_itself(api: DiscordApi):
    ann = api.world.person("Ann")
    channel = api.world.guild("Desk", ann).channel("trades")

    async with our_bot(api) as bot:
        first = await bot.messenger.send(address(channel), CARD)
        assert isinstance(first, Sent)
        channel.denied[api.world.bot_id] = Permission.READ_MESSAGE_HISTORY
        sold = Card(title="Sold BTC", reference="D4E5F6")
        outcome = await bot.messenger.send(address(channel), sold, replies_to=first.message)

    assert isinstance(outcome, Sent)
    assert [one.reply_to for one in channel.messages] == [None, None]


async def test_a_card_whose_buttons_are_refused_goes_out_without_them(api: DiscordApi):
    ann = api.world.person("Ann")
    card = replace(CARD, buttons=((Button(label="Pause", action=ActionId("a1")),),))
    problem = bad_field("components", "BUTTON_COMPONENT_EMPTY", "no")
    api.fail(refused(problem), route="create_message")

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), card)

    (message,) = ann.screen()
    assert outcome == Sent(message=str(message.id))
    assert message.labels == ()


async def test_a_card_that_is_refused_without_buttons_too_is_declined(api: DiscordApi):
    ann = api.world.person("Ann")
    problem = bad_field("embeds", "BASE_TYPE_REQUIRED", "no")
    api.fail(refused(problem), route="create_message", times=None)

    async with our_bot(api) as bot:
        outcome = await bot.messenger.send(address(ann), CARD)

    assert outcome == Declined(reason="content_refused")


async def test_a_message_in_a_thread_that_sleeps_stays_and_the_next_one_wakes_it(api: DiscordApi):
    ann = api.world.person("Ann")
    alpha = api.world.guild("Alpha", ann)
    thread = alpha.thread(alpha.channel("desk"), "bots")

    async with our_bot(api) as bot:
        first = await bot.messenger.send(address(thread), CARD)
        assert isinstance(first, Sent)
        alpha.archive(thread)
        amended = await bot.messenger.amend(
            address(thread), first.message, replace(CARD, title="Closed")
        )
        second = await bot.messenger.send(address(thread), replace(CARD, reference="D4E5F6"))

    assert isinstance(amended, Declined), "the chat is not closed for all that"
    assert isinstance(second, Sent)


# --- limits -------------------------------------------------------------------------------


async def test_an_empty_bucket_is_left_alone_until_it_refills(api: DiscordApi):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    api.limit("create_message", 2, per=0.3)

    async with our_bot(api) as bot:
        for number in range(2):
            await bot.messenger.send(address(ann), replace(CARD, reference=f"R{number}"))
        held = await bot.messenger.send(address(ann), CARD)
        other = await bot.messenger.send(address(bob), CARD)
        await asyncio.sleep(0.3)
        later = await bot.messenger.send(address(ann), CARD)

    assert isinstance(held, Postponed)
    assert held.scope is Scope.ENDPOINT
    assert isinstance(other, Sent)
    assert isinstance(later, Sent)
    assert api.limiter.invalid == 0, "nothing was asked that had to be refused"


async def test_a_chat_that_was_asked_to_rest_is_left_alone(api: DiscordApi):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    api.fail(too_many_requests(0.2), route="create_message")

    async with our_bot(api) as bot:
        await bot.messenger.send(address(ann), CARD)
        held = await bot.messenger.send(address(ann), CARD)
        other = await bot.messenger.send(address(bob), CARD)

    assert isinstance(held, Postponed)
    assert isinstance(other, Sent)
    assert len(api.world.calls_of("create_message")) == 2


async def test_a_pause_of_everything_is_kept_for_everybody(api: DiscordApi):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    api.fail(too_many_requests(0.2, everything=True), route="create_message")

    async with our_bot(api) as bot:
        await bot.messenger.send(address(ann), CARD)
        held = await bot.messenger.send(address(bob), CARD)
        await asyncio.sleep(0.25)
        later = await bot.messenger.send(address(bob), CARD)

    assert isinstance(held, Postponed)
    assert held.scope is Scope.CHANNEL
    assert isinstance(later, Sent)
    assert len(api.world.calls_of("create_message")) == 2


# --- repeats ------------------------------------------------------------------------------


async def test_the_key_is_the_same_on_every_attempt_and_after_a_restart(api: DiscordApi):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")

    for _ in range(2):
        async with our_bot(api) as bot:
            await bot.messenger.send(address(ann), CARD)
    async with our_bot(api) as bot:
        await bot.messenger.send(address(bob), CARD)
        await bot.messenger.send(address(bob), replace(CARD, reference="D4E5F6"))

    keys = [call.payload["nonce"] for call in api.world.calls_of("create_message")]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3, "another chat or another card has another key"
    assert all(len(key) == 24 for key in keys)
    assert all(call.payload["enforce_nonce"] for call in api.world.calls_of("create_message"))
    assert len(ann.screen()) == 1


async def test_a_message_found_in_the_chat_is_not_sent_again(api: DiscordApi):
    ann = api.world.person("Ann")
    api.fail(bad_gateway(executes=True), route="create_message", skip=110)

    async with our_bot(api) as bot:
        since = api.clock()
        for number in range(110):
            await bot.messenger.send(address(ann), Card(title=str(number)))
        first = await bot.messenger.send(address(ann), CARD)
        api.clock.advance(minutes=10)
        again = await bot.messenger.send(address(ann), CARD, tried_since=since)

    assert isinstance(first, Unknown)
    assert again == Sent(message=str(ann.screen()[-1].id))
    assert len(api.world.calls_of("get_messages")) == 2, "a page holds a hundred"
    assert titles(ann).count("🟠 Warning · Bought BTC") == 1


async def test_a_message_that_the_chat_does_not_show_is_sent(api: DiscordApi):
    ann = api.world.person("Ann")
    api.fail(bad_gateway(), route="create_message")

    async with our_bot(api) as bot:
        since = api.clock()
        await bot.messenger.send(address(ann), CARD)
        ann.types("ref A1B2C3")
        api.clock.advance(minutes=10)
        again = await bot.messenger.send(address(ann), CARD, tried_since=since)

    assert isinstance(again, Sent)
    assert titles_of_bot(ann) == ["🟠 Warning · Bought BTC"]


async def test_of_a_long_card_only_the_missing_part_is_sent_again(api: DiscordApi):
    ann = api.world.person("Ann")
    api.fail(bad_gateway(), route="create_message", skip=1)

    async with our_bot(api) as bot:
        since = api.clock()
        await bot.messenger.send(address(ann), LONG)
        api.clock.advance(minutes=10)
        again = await bot.messenger.send(address(ann), LONG, tried_since=since)

    assert isinstance(again, Sent)
    marks = [message.embeds[0]["footer"]["text"] for message in ann.screen()]
    assert marks == ["ref A1B2C3 part 1 · 1/2", "ref A1B2C3 part 2 · 2/2"]


async def test_as_long_as_the_chat_cannot_be_read_nothing_is_sent_again(api: DiscordApi):
    ann = api.world.person("Ann")
    api.fail(bad_gateway(executes=True), route="create_message")
    api.fail(internal_error(), route="get_messages")

    async with our_bot(api) as bot:
        since = api.clock()
        await bot.messenger.send(address(ann), CARD)
        api.clock.advance(minutes=10)
        blind = await bot.messenger.send(address(ann), CARD, tried_since=since)
        again = await bot.messenger.send(address(ann), CARD, tried_since=since)

    assert blind == Unknown(reason="history_unreadable")
    assert isinstance(again, Sent)
    assert len(ann.screen()) == 1


async def test_more_history_than_can_be_read_leaves_it_unclear(api: DiscordApi):
    ann = api.world.person("Ann")
    since = api.clock()
    for number in range(101):
        ann.types(str(number))
    api.clock.advance(minutes=10)

    async with our_bot(api, DiscordRhythm(pages=1)) as bot:
        outcome = await bot.messenger.send(address(ann), CARD, tried_since=since)

    assert outcome == Unknown(reason="history_unreadable")
    assert api.world.calls_of("create_message") == []


async def test_a_first_attempt_asks_for_no_history(api: DiscordApi):
    ann = api.world.person("Ann")

    async with our_bot(api) as bot:
        await bot.messenger.send(address(ann), CARD)
        await bot.messenger.send(address(ann), CARD, tried_since=api.clock())

    assert api.world.calls_of("get_messages") == []


def titles_of_bot(person: Person) -> list[str]:
    return [message.embeds[0]["title"] for message in person.screen() if message.author is None]
