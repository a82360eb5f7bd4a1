"""Chats of followers: trades and signals without amounts, later if wished, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.accounts import PasswordLogin
from bot.domain.cards import Card
from bot.domain.deliveries import Gone
from bot.domain.events import Kind, Message, Origin, PodEvent, Signal, Stream, Trade
from bot.domain.incoming import Command, Place, Press, Shared
from bot.domain.linking import Audience, SignedIn
from bot.domain.rules import Mode
from tests.fakes.readership import FakeReadership
from tests.harness.world import OWL, World, as_shown_there, code_in, owl, running

DESK, ALICE, BOB = "900", "100", "200"

AMOUNT, GAIN, FEE = Decimal("0.73119"), Decimal("913.37"), Decimal("1.0771")
SECRETS = ("0.73119", "913.37", "1.0771", "31,001", "31001", "alice", "hush")
"""Amounts, what they come to, and words that anybody could have written."""


@pytest.fixture
async def world(store, platform, chat, now) -> AsyncIterator[World]:
    platform.bots[OWL.id] = owl(dry_run=False)
    there = Audience(name="#desk in Alpha", readers="everyone who can read #desk")
    readership = FakeReadership(chats={DESK: there})
    async with running(store, platform, chat, now, readership=readership) as world:
        await world.goes_live(ALICE)
        invited = await says(world, "link")
        login = PasswordLogin(email="alice@example.com", password="right")
        signed_in = await world.linking.sign_in(code_in(invited), login, "127.0.0.1", agreed=True)
        assert isinstance(signed_in, SignedIn)
        await says(world, f"link {signed_in.digits}")
        await world.quiet()
        chat.shown.clear()
        yield world


def desk(world: World) -> Place:
    shared = Shared(name="#desk", can_manage=True)
    return Place(address=world.place(DESK).address, private=False, shared=shared)


async def says(world, text, person=ALICE):
    name, _, arguments = text.partition(" ")
    said = Command(place=desk(world), person=world.person(person), name=name, arguments=arguments)
    [reply] = [as_shown_there(reply) async for reply in world.router.hear(said)]
    return reply


async def presses(world, card, label):
    [action] = [one.action for row in card.buttons for one in row if one.label == label]
    press = Press(place=desk(world), person=world.person(ALICE), action=action)
    [reply] = [as_shown_there(reply) async for reply in world.router.hear(press)]
    return reply


def shown_in(chat, place=DESK) -> list[Card]:
    return [one.card for one in chat.shown if one.chat == place]


def words(card: Card) -> str:
    return "\n".join(
        (
            card.title,
            *card.lines,
            *card.notes,
            *(f"{one.label}: {one.value}" for one in card.fields),
        )
    )


def sale(world, record="trade-1", **facts) -> Trade:
    given: dict[str, Any] = {
        "side": "sell",
        "symbol": "BTC/USDT",
        "amount": AMOUNT,
        "price": Decimal("42400"),
        "profit": GAIN,
        "profit_ratio": Decimal("0.021"),
        "reason": "hush: sized by alice",
        "words": "hush: sold all of it",
        "fee": FEE,
        "trader": OWL.id,
    }
    origin = Origin(kind=Kind.TRADE, record=record, at=world.now())
    return Trade(origin=origin, **given | facts)


async def test_followers_see_bot_pair_price_and_percent_and_no_amount(world, platform, chat):
    await says(world, "members followers")

    platform.store(Stream.TRADES, sale(world))
    await world.quiet()

    [card] = shown_in(chat)
    assert card.title == "Sold BTC/USDT at 42,400 USDT"
    assert {one.label: one.value for one in card.fields} == {
        "Bot": "Night Owl",
        "Profit": "+2.10 %",
    }
    assert not [secret for secret in SECRETS if secret in words(card)]
    assert card.protected
    assert not card.buttons
    [mine] = shown_in(chat, ALICE)
    assert "913.37" in words(mine)
    assert not mine.protected


async def test_a_crowd_of_trades_told_together_tells_no_amounts_either(world, platform, chat):
    await says(world, "members followers")
    for number in range(30):
        platform.store(Stream.TRADES, sale(world, f"trade-{number}"))
    await world.quiet(120)

    there = "\n".join(map(words, shown_in(chat)))
    assert there.count("Sold BTC/USDT") >= 5
    assert not [secret for secret in SECRETS if secret in there]


@pytest.mark.parametrize("first", ["report", "trade"])
@pytest.mark.parametrize("plain", [False, True], ids=["says more", "says no more"])
async def test_a_fill_that_its_bot_reports_first_is_shown_to_followers_as_a_trade(
    world, platform, chat, first, plain
):
    await says(world, "members followers")
    bare = {"profit": None, "profit_ratio": None, "reason": None, "words": None, "fee": None}
    trade = sale(world, **(bare if plain else {}))
    origin = Origin(kind=Kind.POD_EVENT, record="event-1", at=world.now())
    report = PodEvent(origin=origin, type="exit_fill", trader=OWL.id, trade=trade)

    told = [(Stream.POD_EVENTS, report), (Stream.TRADES, trade)]
    for stream, event in told if first == "report" else reversed(told):
        platform.store(stream, event)
        await world.quiet()

    [card] = shown_in(chat)
    assert card.title == "Sold BTC/USDT at 42,400 USDT"


async def test_nor_is_an_error_that_its_owner_s_own_chat_cannot_show(world, platform, chat):
    await says(world, "members followers")
    chat.script(ALICE, Gone(reason="blocked"))
    failed = Origin(kind=Kind.POD_EVENT, record="event-1", at=world.now())
    report = PodEvent(origin=failed, type="error", message="hush", trader=OWL.id)
    platform.store(Stream.POD_EVENTS, report)
    await asyncio.sleep(3600)

    assert shown_in(chat) == []


async def test_errors_and_messages_are_not_for_followers(world, platform, chat):
    await says(world, "members followers")
    failed = Origin(kind=Kind.POD_EVENT, record="event-1", at=world.now())
    wrote = Origin(kind=Kind.MESSAGE, record="message-1", at=world.now())
    platform.store(
        Stream.POD_EVENTS, PodEvent(origin=failed, type="error", message="hush", trader=OWL.id)
    )
    platform.store(Stream.MESSAGES, Message(origin=wrote, title="hush", level="error"))
    await asyncio.sleep(3600)  # what nobody has seen goes on, and not there

    assert shown_in(chat) == []
    assert len(shown_in(chat, ALICE)) > 2


async def test_a_signal_is_shown_without_the_words_that_came_with_it(world, platform, chat):
    await says(world, "members followers")
    origin = Origin(kind=Kind.SIGNAL, record="signal-1", at=world.now())
    platform.store(Stream.SIGNALS, Signal(origin=origin, type="buy", pair="ETH/USDT", words="hush"))
    await world.quiet()

    [card] = shown_in(chat)
    assert card.title == "Signal: buy ETH/USDT"
    assert "hush" not in words(card)


async def test_each_comes_as_late_as_was_said_and_in_order(world, platform, chat):
    reply = await says(world, "members followers 15m")
    for number in range(25):  # so many that they would be told together
        platform.store(Stream.TRADES, sale(world, f"trade-{number}", price=Decimal(1000 + number)))
        await asyncio.sleep(10)

    await asyncio.sleep(timedelta(minutes=10).total_seconds())
    before = shown_in(chat)
    await asyncio.sleep(timedelta(minutes=2).total_seconds())
    meanwhile = len(shown_in(chat))
    await asyncio.sleep(timedelta(minutes=5).total_seconds())

    assert "Each comes 15 min late." in reply.card.lines
    assert before == []
    assert 5 < meanwhile < 20
    titles = [card.title for card in shown_in(chat)]
    assert titles == [f"Sold BTC/USDT at {1000 + number:,} USDT" for number in range(25)]

    platform.store(Stream.TRADES, sale(world, "trade-25"))  # the way is free now
    await asyncio.sleep(timedelta(minutes=14).total_seconds())
    at_once = len(shown_in(chat)) - 25
    await asyncio.sleep(timedelta(minutes=2).total_seconds())

    assert (at_once, len(shown_in(chat)) - 25) == (0, 1)


async def test_each_step_of_a_trade_is_a_message_of_its_own_at_its_own_time(world, platform, chat):
    await says(world, "members followers 15m")
    bought = sale(world, "buy", side="buy", profit=None, profit_ratio=None, trade_id="7")
    platform.store(Stream.TRADES, bought)
    await asyncio.sleep(timedelta(minutes=10).total_seconds())
    platform.store(Stream.TRADES, sale(world, "sell", trade_id="7", final=True))
    await asyncio.sleep(timedelta(minutes=6).total_seconds())
    first = [card.title for card in shown_in(chat)]
    await asyncio.sleep(timedelta(minutes=10).total_seconds())

    assert first == ["Bought BTC/USDT at 42,400 USDT"]
    assert [card.title for card in shown_in(chat)][1:] == ["Sold BTC/USDT at 42,400 USDT"]


async def test_what_waited_while_the_chat_was_closed_is_as_late_as_was_said(world, platform, chat):
    await says(world, "members followers 15m")
    chat.script(DESK, Gone(reason="blocked"))
    platform.store(Stream.TRADES, sale(world, "one"))
    await asyncio.sleep(timedelta(minutes=10).total_seconds())
    platform.store(Stream.TRADES, sale(world, "two", price=Decimal(43000)))
    await asyncio.sleep(timedelta(minutes=6).total_seconds())

    await says(world, "test")  # so it is open again
    await world.quiet()
    early = [card.title for card in shown_in(chat)]
    await asyncio.sleep(timedelta(minutes=10).total_seconds())

    assert "Sold BTC/USDT at 42,400 USDT" in early
    assert "Sold BTC/USDT at 43,000 USDT" not in early
    assert "Sold BTC/USDT at 43,000 USDT" in [card.title for card in shown_in(chat)]


async def test_a_rule_turns_off_or_silences_what_followers_see(world, platform, chat):
    await says(world, "members followers")
    await says(world, "rules exits off")
    platform.store(Stream.TRADES, sale(world))
    await world.quiet()

    assert shown_in(chat) == []
    link = await world.link(DESK)
    assert [one.mode for one in link.preferences.rules] == [Mode.OFF]


async def test_what_a_rule_would_have_changed_names_no_amounts_of_before(world, platform, chat):
    loses = sale(world, words=None, profit=-GAIN, profit_ratio=Decimal("-0.9"))
    platform.store(Stream.TRADES, loses)
    await world.quiet()
    before = shown_in(chat)
    await says(world, "members followers")

    reply = await says(world, "rules exits off")

    assert "913.37" in words(before[0])
    assert not [secret for secret in SECRETS if secret in words(reply.card)]
    assert "In the last" not in words(reply.card)


@pytest.mark.parametrize(
    "asked", ["status", "trades", "report daily 8:00", "guard 5%", "quiet 22-7"]
)
async def test_nothing_that_brings_amounts_is_asked_there(world, asked):
    await says(world, "members followers")

    mine, theirs = await says(world, asked), await says(world, asked, BOB)

    assert mine.card.title == "Followers read here"
    assert "Only the person who linked" in theirs.card.title
    wants = (await world.link(DESK)).preferences
    assert (wants.reports, wants.guards, wants.quiet) == ((), (), None)


async def test_what_was_owed_before_is_not_shown_to_followers_any_more(world, platform, chat):
    await says(world, "rules exits digest hourly")
    platform.store(Stream.TRADES, sale(world))
    await world.quiet()

    await says(world, "members followers")
    await asyncio.sleep(timedelta(days=1).total_seconds())

    assert shown_in(chat) == []


async def test_amounts_come_back_only_after_the_owner_confirms(world, platform, chat):
    await says(world, "members followers")
    asked = await says(world, "members nobody")
    still = (await world.link(DESK)).for_followers
    await presses(world, asked.card, "Allow it")
    platform.store(Stream.TRADES, sale(world))
    await world.quiet()

    assert asked.card.title == "Show others here all alerts?"
    assert still
    [card] = shown_in(chat)
    assert "913.37" in words(card)


async def test_a_delay_of_more_than_a_day_is_refused(world):
    reply = await says(world, "members followers 2 days")

    assert reply.card.title == "Followers cannot wait for 2 days"
    assert not (await world.link(DESK)).for_followers
