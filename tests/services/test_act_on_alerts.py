"""Buttons under alerts: where they stand, and that an alert's like is quieter after one press."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.cards import Card
from bot.domain.chats import Preferences
from bot.domain.events import Kind, Message, Origin, PodEvent, Stream, TraderSeen
from bot.domain.incoming import Reply
from bot.domain.lifetimes import OFFER_LIFE, UNDO_LIFE
from bot.domain.rules import Mode, Topic
from tests.fakes.messenger import FakeMessenger
from tests.harness.world import CHAT, HERON, OWL, World, heron, running

LESS, MUTE = "Less like this", "Mute 1 h"
MAKE = "Make this rule"


async def closes(world: World, platform, chat: FakeMessenger, number: int, percent: str) -> Any:
    """A trade of Heron's ends with that result; gives what the chat shows of it."""
    trade = replace(
        world.trade(number),
        side="sell",
        trader=HERON.id,
        profit_ratio=Decimal(percent) / 100,
        paper=False,
    )
    platform.store(Stream.TRADES, trade)
    await world.quiet()
    return Reply(card=chat.shown[-1].card)


async def writes(world: World, platform, level: str, number: int = 1) -> None:
    """The platform does, to the person."""
    origin = Origin(kind=Kind.MESSAGE, record=f"message-{number}", at=world.now())
    message = Message(origin=origin, title="Maintenance", text="At noon.", level=level)
    platform.store(Stream.MESSAGES, message)
    await world.quiet()


async def shows(world: World, chat: FakeMessenger, reply: Any) -> Any:
    """What an adapter does with a reply: show it; gives the id of its message."""
    sent: Any = await chat.send(world.place().address, reply.card)
    await reply.shown(sent.message)
    return sent.message


async def wants(world: World) -> Preferences:
    link = await world.link()
    assert link is not None
    return link.preferences


def buttons(card: Card) -> list[str]:
    return [button.label for row in card.buttons for button in row]


# --- where they stand ---------------------------------------------------------------------------


async def test_what_rings_and_is_not_critical_can_be_muted_or_made_less(world, platform, chat):
    await world.goes_live()

    loss = await closes(world, platform, chat, 1, "-4")

    assert not loss.card.silent
    assert buttons(loss.card) == [MUTE, LESS]


async def test_what_makes_no_sound_has_nothing_to_press(world, platform, chat):
    await world.goes_live()

    small = await closes(world, platform, chat, 1, "-0.4")
    gain = await closes(world, platform, chat, 2, "4")

    assert [small.card.silent, gain.card.silent] == [True, True]
    assert buttons(small.card) == buttons(gain.card) == []


async def test_under_what_is_critical_there_is_what_stops_the_bot_and_that_it_was_seen(
    world, platform, chat
):
    await world.goes_live()

    origin = Origin(kind=Kind.POD_EVENT, record="alarm", at=world.now())
    alarm = PodEvent(origin=origin, type="error", message="No balance", trader=OWL.id)
    platform.store(Stream.POD_EVENTS, alarm)
    await world.quiet()
    of_a_bot = chat.shown[-1].card
    await writes(world, platform, "critical")
    of_the_platform = chat.shown[-1].card

    assert [of_a_bot.silent, of_the_platform.silent] == [False, False]
    assert buttons(of_a_bot) == ["Stop Night Owl", "Seen"]
    assert buttons(of_the_platform) == ["Seen", "I have it …"]


# --- less like this -----------------------------------------------------------------------------


async def test_less_like_this_shows_its_rule_stores_it_and_the_same_loss_is_silent(
    world, platform, chat
):
    await world.goes_live()
    loss = await closes(world, platform, chat, 1, "-4")

    [proposed] = await world.presses(loss, LESS)
    before = (await wants(world)).rules
    [made] = await world.presses(proposed, MAKE)
    again = await closes(world, platform, chat, 2, "-4")
    worse = await closes(world, platform, chat, 3, "-6")

    words = (
        "Exits of Heron: from a loss of 5 % on with a sound if it is bad, below that without a"
        " sound"
    )
    assert proposed.card.title == made.card.title == words
    assert "0 rings instead of 1" in " ".join(proposed.card.lines)
    assert proposed.card.notes == ("Nothing is stored yet.",)
    assert not proposed.replaces
    assert made.replaces
    assert before == ()
    assert [again.card.silent, worse.card.silent] == [True, False]


async def test_undo_brings_the_sound_back(world, platform, chat):
    await world.goes_live()
    loss = await closes(world, platform, chat, 1, "-4")
    [proposed] = await world.presses(loss, LESS)
    [made] = await world.presses(proposed, MAKE)
    await world.quiet(UNDO_LIFE.total_seconds() - 60)

    [undone] = await world.presses(made, "Undo")
    again = await closes(world, platform, chat, 2, "-4")

    assert undone.card.title == "Rule removed"
    assert not again.card.silent


async def test_after_ten_minutes_undo_says_that_the_rule_stands_and_where_it_is(
    world, platform, chat
):
    await world.goes_live()
    loss = await closes(world, platform, chat, 1, "-4")
    [proposed] = await world.presses(loss, LESS)
    [made] = await world.presses(proposed, MAKE)
    message = await shows(world, chat, made)
    await world.quiet(UNDO_LIFE.total_seconds() + 5)

    [late] = await world.presses(made, "Undo")
    shown = next(one.card for one in chat.changed if one.message == message)

    assert late.toast == "Too late to undo that with a button. /rules lists what holds."
    assert shown.title == made.card.title
    assert shown.notes[-1] == "That stands. /rules lists what holds."
    assert buttons(shown) == []
    assert len((await wants(world)).rules) == 1


async def test_a_rule_of_the_person_s_is_followed_by_a_narrower_one(world, platform, chat):
    await world.goes_live()
    await world.says("/rules exits on BTC/USDT on")
    gain = await closes(world, platform, chat, 1, "0.4")

    [proposed] = await world.presses(gain, LESS)
    await world.presses(proposed, MAKE)
    again = await closes(world, platform, chat, 2, "0.4")
    more = await closes(world, platform, chat, 3, "0.6")

    assert proposed.card.title == (
        "Exits of Heron on BTC/USDT: from a result of 0.5 % on with a sound, below that without a"
        " sound"
    )
    assert [again.card.silent, more.card.silent] == [True, False]
    assert len((await wants(world)).rules) == 2


async def test_a_rule_about_a_pair_is_followed_though_no_strategy_trades_it_any_more(
    world, platform, chat
):
    await world.goes_live()
    await world.says("/rules exits on BTC/USDT on")
    platform.pairs = ("ETH/USDT", "SOL/USDT")
    gain = await closes(world, platform, chat, 1, "0.4")

    [proposed] = await world.presses(gain, LESS)

    assert proposed.card.title.startswith("Exits of Heron on BTC/USDT")


async def test_of_two_alerts_the_second_says_that_its_rule_holds_already(world, platform, chat):
    await world.goes_live()
    first = await closes(world, platform, chat, 1, "-4")
    second = await closes(world, platform, chat, 2, "-4.5")
    [proposed] = await world.presses(first, LESS)
    await world.presses(proposed, MAKE)

    [answer] = await world.presses(second, LESS)

    assert answer.card.title == "This rule holds already"
    assert buttons(answer.card) == []


async def test_where_nothing_is_measured_all_of_the_kind_is_silent(world, platform, chat):
    await world.goes_live()
    await writes(world, platform, "warning")
    rang: Any = Reply(card=chat.shown[-1].card)

    [proposed] = await world.presses(rang, LESS)
    await world.presses(proposed, MAKE)
    await writes(world, platform, "warning", 2)
    again = chat.shown[-1].card
    await writes(world, platform, "critical", 3)

    assert proposed.card.title == "Messages: without a sound"
    assert "What is critical among it rings all the same" in proposed.card.lines[-1]
    assert [again.silent, chat.shown[-1].card.silent] == [True, False]


async def test_a_rule_is_tried_by_words_too(world):
    await world.goes_live()

    [proposed] = await world.says("/rules try exits of heron silent under 2 %")
    [which] = await world.says("/rules try exits of heron")
    [chosen] = await world.presses(which, "off")
    before = (await wants(world)).rules
    await world.presses(proposed, MAKE)

    assert chosen.card.notes == proposed.card.notes == ("Nothing is stored yet.",)
    assert before == ()
    assert [(one.mode, one.bot) for one in (await wants(world)).rules] == [(Mode.AUTO, HERON.id)]


# --- mute ---------------------------------------------------------------------------------------


async def test_mute_silences_this_bot_s_kind_for_an_hour_and_says_until_when(world, platform, chat):
    await world.goes_live()
    await world.says("/timezone berlin")
    loss = await closes(world, platform, chat, 1, "-4")

    [muted] = await world.presses(loss, MUTE)
    [mute] = (await wants(world)).mutes
    again = await closes(world, platform, chat, 2, "-4")
    await world.quiet(3600)
    later = await closes(world, platform, chat, 3, "-4")

    assert muted.card.lines[0] == "Exits of Heron: until 05 Jan 14:00."
    assert (mute.topic, mute.bot, mute.pair) == (Topic.EXIT, HERON.id, None)
    assert [again.card.silent, later.card.silent] == [True, False]


async def test_unmute_brings_the_sound_back(world, platform, chat):
    await world.goes_live()
    loss = await closes(world, platform, chat, 1, "-4")
    [muted] = await world.presses(loss, MUTE)

    await world.presses(muted, "Unmute")
    again = await closes(world, platform, chat, 2, "-4")

    assert not again.card.silent


# --- who, and how long --------------------------------------------------------------------------


@pytest.mark.parametrize("label", [MUTE, LESS])
async def test_a_button_about_a_bot_that_is_gone_touches_no_other(world, platform, chat, label):
    await world.goes_live()
    loss = await closes(world, platform, chat, 1, "-4")
    origin = Origin(kind=Kind.TRADER, record=HERON.id, at=world.now())
    platform.announce(TraderSeen(origin=origin, trader=HERON, removed=True))
    await world.quiet()

    [answer] = await world.presses(loss, label)

    assert answer.card.title == "That bot is not there any more"
    assert await wants(world) == Preferences()


async def test_what_becomes_of_the_bot_leaves_these_buttons_where_they_are(world, platform, chat):
    await world.goes_live()
    platform.put(heron(running=True, status="running"))
    await world.quiet()
    loss = await closes(world, platform, chat, 1, "-4")
    platform.put(heron())
    await world.quiet(60)

    [proposed] = await world.presses(loss, LESS)

    assert chat.changed == []
    assert proposed.card.title.startswith("Exits of Heron")


async def test_all_of_it_works_over_restarts(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        loss = await closes(world, platform, chat, 1, "-4")
    async with running(store, platform, chat, now) as world:
        [proposed] = await world.presses(loss, LESS)
    async with running(store, platform, chat, now) as world:
        [made] = await world.presses(proposed, MAKE)
    async with running(store, platform, chat, now) as world:
        await world.quiet(60)
        again = await closes(world, platform, chat, 2, "-4")
        [undone] = await world.presses(made, "Undo")
        last = await closes(world, platform, chat, 3, "-4")

    assert undone.card is not None
    assert undone.card.title == "Rule removed"
    assert [again.card.silent, last.card.silent] == [True, False]


async def test_after_a_day_the_buttons_go(world, platform, chat, store):
    await world.goes_live()
    loss = await closes(world, platform, chat, 1, "-4")

    await store.prune(world.now() + OFFER_LIFE)
    await world.quiet(3600)

    shown = chat.screen(CHAT)[-1]
    assert shown.title == loss.card.title
    assert buttons(shown) == []
