"""`/guard`: a day that goes badly rings once, loudly, with a button that stops whom it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.cards import Card, Severity
from bot.domain.chats import Preferences
from bot.domain.events import Stream
from bot.domain.guards import Fall, Guard
from bot.domain.ids import TraderId
from bot.domain.incoming import Reply
from tests.harness.world import CHAT, HERON, OWL, World, actions_under, heron, owl, running

LIVE = {"running": True, "status": "running", "dry_run": False}


async def ask(world: World, text: str) -> Card:
    [reply] = await world.says(text)
    assert reply.card is not None
    return reply.card


async def wants(world: World) -> Preferences:
    link = await world.link()
    assert link is not None
    return link.preferences


async def closes(world: World, platform, number: int, profit: str, bot=OWL.id, **facts) -> None:
    trade = replace(
        world.trade(number),
        side="sell",
        symbol="BTC/USDT",
        trader=bot,
        profit=Decimal(profit),
        **facts,
    )
    platform.store(Stream.TRADES, trade)
    await world.quiet(6)


def rung(chat) -> list[Card]:
    return [one.card for one in chat.shown if "your limit is" in one.card.title]


@pytest.fixture
def two_bots(platform):
    platform.put(owl(**LIVE), announce=False)
    platform.put(heron(**LIVE), announce=False)
    return platform


async def test_a_loss_of_the_day_rings_once_and_stops_exactly_whom_it_names(world, two_bots, chat):
    await world.goes_live()
    said = await ask(world, "/guard day loss 50 USDT")
    await closes(world, two_bots, 1, "-30")
    before = rung(chat)
    await closes(world, two_bots, 2, "-22.3", HERON.id)
    await closes(world, two_bots, 3, "-1")

    [card] = rung(chat)
    assert before == []
    assert said.title == "A loss of 50 USDT in a day, all bots"
    assert card.title == "The day has lost 52.30 USDT: your limit is 50 USDT"
    assert card.severity is Severity.CRITICAL
    assert "Running now: Heron, Night Owl." in card.lines
    fields = {field.label: field.value for field in card.fields}
    assert fields == {
        "Day": "-52.30 USDT in 2 trades",
        "Night Owl": "-30 USDT",
        "Heron": "-22.30 USDT",
    }
    assert list(actions_under(card)) == ["Stop these 2 bots", "Seen", "I have it …"]


async def test_its_button_asks_first_and_then_stops_them(world, two_bots, chat):
    await world.goes_live()
    two_bots.put(replace(OWL, id=TraderId("gull"), name="Gull", dry_run=True), announce=False)
    await ask(world, "/guard day loss 50 USDT")
    await closes(world, two_bots, 1, "-60")
    [card] = rung(chat)

    [asked] = await world.presses(reply_of(card), "Stop these 2 bots")
    stopped = [label for label in actions_under(asked.card) if label != "Cancel"]
    await world.presses(asked, stopped[-1])

    assert two_bots.bots["owl"].running is False
    assert two_bots.bots["heron"].running is False
    assert two_bots.bots["gull"].running is True


def reply_of(card: Card) -> Reply:
    return Reply(card=card)


async def test_it_rings_through_quiet_hours_and_why_knows_it(world, two_bots, chat):
    await world.goes_live()
    await ask(world, "/quiet 0-23:59")
    await ask(world, "/guard day drawdown 30 USDT of Night Owl")
    await closes(world, two_bots, 1, "20")
    await closes(world, two_bots, 2, "-31")

    [card] = rung(chat)
    why = await ask(world, f"/why {card.reference}")

    assert card.title == "31 USDT below the day's best: your limit is 30 USDT"
    assert not card.silent
    assert list(actions_under(card)) == ["Stop Night Owl", "Seen", "I have it …"]
    assert any("guard of the day" in f"{one}" for one in (why.title, *why.lines, *why.fields))


async def test_the_next_day_by_the_clock_of_the_chat_it_rings_again(world, two_bots, chat):
    """Worlds begin at noon in UTC, which is 17:45 in Kathmandu."""
    await world.goes_live()
    await ask(world, "/timezone kathmandu")
    await ask(world, "/guard day loss 50 USDT")
    await closes(world, two_bots, 1, "-60")
    await world.quiet(6 * 3600)
    same_day = len(rung(chat))
    await closes(world, two_bots, 2, "-10")
    await world.quiet(30 * 60)
    await closes(world, two_bots, 3, "-49")
    next_day = len(rung(chat))
    await closes(world, two_bots, 4, "-41")

    assert (same_day, next_day, len(rung(chat))) == (1, 1, 2)


async def test_a_restart_and_another_process_ring_no_second_time(store, two_bots, chat, now):
    async with running(store, two_bots, chat, now) as world:
        await world.goes_live()
        await ask(world, "/guard day loss 50 USDT")
        await closes(world, two_bots, 1, "-60")
    async with running(store, two_bots, chat, now) as world:
        await world.quiet(30)
        await closes(world, two_bots, 2, "-5")
        kept = await wants(world)

    assert len(rung(chat)) == 1
    [guard] = kept.guards
    assert (guard.fall, guard.amount, guard.currency) == (Fall.LOSS, Decimal(50), "USDT")


async def test_paper_and_real_money_are_watched_apart(world, two_bots, chat):
    await world.goes_live()
    await ask(world, "/guard day loss 50 USDT")
    await closes(world, two_bots, 1, "-60", paper=True)
    real = len(rung(chat))
    await ask(world, "/guard day loss 50 USDT paper")
    await closes(world, two_bots, 2, "-1", paper=True)

    assert (real, len(rung(chat))) == (0, 1)


async def test_a_guard_of_a_bot_that_trades_paper_watches_paper(world, platform, chat):
    await world.goes_live()
    said = await ask(world, "/guard day loss 5 USDT of Night Owl")

    assert said.title == "A loss of 5 USDT in a day, Night Owl, on paper"


async def test_guards_are_listed_with_their_day_and_removed(world, two_bots, chat):
    await world.goes_live()
    none = await ask(world, "/guard")
    await ask(world, "/guard day loss 50 USDT")
    await ask(world, "/guard day drawdown 30 USDT of heron")
    await closes(world, two_bots, 1, "-12.3")
    listed = (await world.says("/guard"))[0]
    [removed] = await world.presses(listed, "Remove 2")
    after = await ask(world, "/guard")

    assert none.title == "Nothing is watched yet"
    assert listed.card.lines == (
        "1. A loss of 50 USDT in a day, all bots. Today so far: -12.30 USDT in 1 trade",
        "2. A fall of 30 USDT from the day's best, Heron. Today so far: 0 USDT in 0 trades",
    )
    assert removed.card.title == "Not watched any more"
    assert len(after.lines) == 1


async def test_undo_takes_back_what_was_set_and_brings_back_what_it_replaced(world, two_bots):
    await world.goes_live()
    await ask(world, "/guard day loss 50 USDT of heron")
    [second] = await world.says("/guard day loss 70 USDT of heron")
    replaced = (await wants(world)).guards
    await world.presses(second, "Undo")
    back = (await wants(world)).guards
    [other] = await world.says("/guard day drawdown 9 USDT")
    await world.presses(other, "Undo")

    assert [one.amount for one in replaced] == [Decimal(70)]
    assert [(one.amount, one.bots) for one in back] == [(Decimal(50), (HERON.id,))]
    assert (await wants(world)).guards == back


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("day loss 3 %", "does not tell me your balance"),
        ("day loss", "cannot read the amount"),
        ("50 USDT", "Say loss, or drawdown"),
        ("week loss 50 USDT", "days only"),
        ("day loss 50 USDT of Nobody", "I know no bot"),
    ],
)
async def test_what_is_not_understood_is_answered_with_an_example_and_not_stored(
    world, two_bots, typed, words
):
    await world.goes_live()

    card = await ask(world, f"/guard {typed}")

    said = " ".join((card.title, *card.lines, *card.notes))
    assert words in said
    assert "/guard day loss 50 USDT" in said or card.pick
    assert (await wants(world)).guards == ()


async def test_a_percent_of_a_stated_amount_is_that_much(world, two_bots):
    await world.goes_live()

    card = await ask(world, "/guard day loss 3 % of 2000 USDT")

    [guard] = (await wants(world)).guards
    assert guard.amount == Decimal(60)
    assert "That is 3 % of 2,000 USDT." in card.lines


async def test_a_new_guard_says_on_how_many_days_it_would_have_rung(world, two_bots):
    for day, profit in enumerate(("-60", "-10", "-51"), 1):
        trade = replace(
            world.trade(day, world.now() - timedelta(days=day)),
            side="sell",
            profit=Decimal(profit),
            paper=False,
        )
        two_bots.store(Stream.TRADES, trade)
    await world.goes_live()
    await world.quiet(30)

    card = await ask(world, "/guard day loss 50 USDT")

    assert "In the last 7 days it would have rung on 2 days." in card.lines


async def test_as_long_as_older_trades_are_missing_no_days_are_counted(world, two_bots):
    two_bots.store(Stream.TRADES, world.trade(1, world.now() - timedelta(hours=1)))
    await world.goes_live()

    card = await ask(world, "/guard day loss 50 USDT")

    assert "Trades from before the link may be missing in it." in card.lines
    assert not any("would have rung" in line for line in card.lines)


async def test_who_only_looks_sets_none(world, two_bots):
    await world.goes_live()
    guard = Guard(id="g", fall=Fall.LOSS, amount=Decimal(1), currency="USDT")

    await world.says("/guard day loss 50 USDT", CHAT, "999")

    assert guard not in (await wants(world)).guards
    assert (await wants(world)).guards == ()
