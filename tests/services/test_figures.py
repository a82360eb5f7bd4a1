"""What people ask about their results, and that nothing in the answers is made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.cards import Look, as_shown
from bot.domain.events import Kind, Origin, Stream, Trade
from bot.domain.feeds import FeedState
from bot.domain.ids import TraderId
from tests.harness.world import HERON, OWL, actions_under

DAY = timedelta(days=1)


async def ask(world, text):
    await world.quiet(2)
    [reply] = await world.says(text)
    return as_shown(reply.card)


def earned(world, nth, value, ago=timedelta(), **what):
    """A real trade that has earned so much, which the platform stores."""
    at = world.now() - ago
    origin = Origin(kind=Kind.TRADE, record=f"done-{nth:05}", at=at)
    trade = Trade(
        origin=origin,
        side="sell",
        symbol="BTC/USDT",
        amount=Decimal(1),
        profit=Decimal(value),
        closed_at=at,
        opened_at=at - timedelta(hours=2),
        trader=OWL.id,
        paper=False,
    )
    return replace(trade, **what)


async def knows(world, platform, *trades):
    """Live, with these in the ledger."""
    for trade in trades:
        platform.store(Stream.TRADES, trade, announce=False)
    account = await world.links()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    await world.quiet(120)


def shown(card):
    return {field.label: field.value for field in card.fields}


async def test_profit_stands_by_day_week_month_year_and_in_all(world, platform):
    await knows(
        world,
        platform,
        earned(world, 1, "10"),
        earned(world, 2, "-4", DAY * 300),
        earned(world, 3, "0.5", paper=True),
    )

    [reply] = await world.says("/profit")
    card = as_shown(reply.card)
    [week] = await world.presses(reply, "This week")

    assert shown(card)["Today"] == "+10 USDT, 1 trade · +0.50 USDT paper, 1 trade"
    assert shown(card)["In all"] == "+6 USDT, 2 trades · +0.50 USDT paper, 1 trade"
    assert "3 closed trades, since" in card.lines[0]
    assert card.notes == ()
    assert week.card.title == "Profit this week"


async def test_one_span_says_what_made_it_so(world, platform):
    await knows(
        world,
        platform,
        earned(world, 1, "10"),
        earned(world, 2, "-4", trader=HERON.id, symbol="ETH/USDT"),
        earned(world, 3, "1", DAY * 40),
    )

    card = await ask(world, "/profit week")
    heron = await ask(world, "/profit heron week")

    told = shown(card)
    assert told["Result"] == "+6 USDT"
    assert told["Trades"] == "2: 1 won, 1 lost"
    assert told["Worst"].startswith("-4 USDT · ETH/USDT · Heron")
    assert told["By bot"] == "Night Owl +10 USDT · Heron -4 USDT"
    assert heron.title == "Profit this week · Heron"
    assert shown(heron)["Result"] == "-4 USDT"


async def test_days_come_newest_first_and_none_is_left_out(world, platform):
    await knows(
        world, platform, earned(world, 1, "10"), earned(world, 2, "2"), earned(world, 3, "-4", DAY)
    )

    card = await ask(world, "/daily 3")
    picture = (await ask(world, "/weekly")).picture

    assert card.title == "The last 3 days"
    assert [row[1:] for row in card.table.rows] == [
        ("+12 USDT", "2"),
        ("-4 USDT", "1"),
        ("0 USDT", "0"),
    ]
    assert shown(card)["Together"] == "+8 USDT, 3 trades"
    assert picture is not None
    assert "+8 USDT" in picture.alt or "-4 USDT" in picture.alt


async def test_the_best_and_the_worst_are_told_apart_by_money(world, platform):
    await knows(
        world,
        platform,
        earned(world, 1, "10", reason="roi"),
        earned(world, 2, "-4", symbol="ETH/USDT", reason="stop_loss"),
        earned(world, 3, "3", symbol="SOL/EUR", paper=True),
    )

    pairs = await ask(world, "/performance")
    reasons = await ask(world, "/performance reason")

    assert pairs.table.rows == (
        ("BTC/USDT", "+10 USDT", "1/1"),
        ("ETH/USDT", "-4 USDT", "0/1"),
        ("SOL/EUR", "+3 EUR paper", "1/1"),
    )
    assert [row[0] for row in reasons.table.rows][:2] == ["profit target (ROI)", "stop loss"]


async def test_statistics_say_how_deep_it_fell(world, platform):
    values = ("5", "-1", "-2", "4")
    trades = [
        earned(world, number, value, timedelta(minutes=10 - number))
        for number, value in enumerate(values)
    ]
    await knows(world, platform, *trades)

    told = shown(await ask(world, "/stats"))

    assert told["Won"] == "50 %"
    assert told["Average win"] == "+4.50 USDT"
    assert told["Expectancy"] == "+1.50 USDT a trade"
    assert told["Deepest fall"].startswith("-3 USDT (")
    assert told["Longest losing run"] == "2 in a row"
    assert told["Winners were open"] == "2 h"


async def test_fees_are_told_in_the_currency_that_they_were_paid_in(world, platform):
    cost = {"fee": Decimal("0.25"), "fee_currency": "USDT"}
    await knows(
        world,
        platform,
        earned(world, 1, "10", **cost),
        earned(world, 2, "1", fee=Decimal("0.001"), fee_currency="BNB"),
        earned(world, 3, "1", **cost),
    )

    card = await ask(world, "/fees")

    assert shown(card) == {"USDT": "0.50 USDT, 2 trades", "BNB": "0.001 BNB, 1 trade"}


async def test_where_nothing_was_sold_nothing_is_said_to_lack_its_result(world, platform):
    bought = earned(world, 1, "0", side="buy", price=Decimal(100), fee=Decimal("0.1"))
    fees = {"profit": None, "closed_at": None, "opened_at": None, "fee_currency": "USDT"}
    await knows(world, platform, replace(bought, **fees))

    for text in ("/fees", "/profit"):
        assert (await ask(world, text)).notes == ()


async def test_without_results_they_are_computed_and_the_answer_says_how(world, platform):
    def fill(number, side, price, ago):
        trade = earned(world, number, "0", ago, side=side, price=Decimal(price))
        return replace(trade, profit=None, closed_at=None, opened_at=None)

    await knows(
        world,
        platform,
        fill(0, "sell", "90", DAY * 4),
        fill(1, "buy", "100", DAY * 3),
        fill(2, "sell", "130", timedelta(minutes=5)),
    )

    card = await ask(world, "/profit")

    assert shown(card)["In all"] == "+30 USDT, 1 trade"
    assert "first in, first out" in card.notes[0]
    assert card.notes[1] == "1 sale of what was bought before that is left out."


async def test_what_does_not_say_its_result_is_counted_and_left_out(world, platform):
    await knows(world, platform, earned(world, 1, "10"), earned(world, 2, "1", profit=None))

    card = await ask(world, "/profit day")

    assert shown(card)["Trades"] == "1: 1 won, 0 lost"
    assert "1 closed trade does not say what it earned" in card.notes[0]


async def test_figures_come_while_the_platform_is_away_and_say_so(world, platform):
    await knows(world, platform, earned(world, 1, "10"))
    account = (await world.link()).account
    platform.away = True
    platform.cut()
    await world.until(lambda: world.feeds.status(account).state is FeedState.CONNECTING)

    card = await ask(world, "/profit all")

    assert shown(card)["Result"] == "+10 USDT"
    assert "The platform is away" in card.notes[-1]


@pytest.mark.parametrize("command", ["profit", "daily", "performance", "stats", "fees"])
async def test_nothing_known_is_said_and_nothing_made_up(world, platform, command):
    await knows(world, platform)

    card = await ask(world, f"/{command}")

    assert len(card.lines) == 1
    assert not card.fields
    assert card.table is None


async def test_a_name_that_fits_nothing_or_several_gets_a_choice(world, platform):
    await knows(world, platform, earned(world, 1, "10"))

    nearly = await ask(world, "/profit night oul")
    strange = await ask(world, "/stats zzzzzz")

    assert [button.label for [button] in nearly.buttons] == ["Night Owl"]
    assert "Night Owl" in strange.lines[0]


async def test_a_bot_is_shown_with_what_it_holds_and_how_today_goes(world, platform):
    held = earned(world, 3, "0", profit=None, side="buy", closed_at=None)
    await knows(world, platform, earned(world, 1, "10"), earned(world, 2, "-4", DAY), held)

    [reply] = await world.says("/status owl")
    [confirm] = await world.presses(reply, "Stop")
    [trades] = await world.presses(reply, "Its trades")

    told = shown(as_shown(reply.card))
    assert reply.card.title == "Night Owl"
    assert told["State"] == "running · paper"
    assert told["Today"] == "+10 USDT, 1 trade"
    [open_for] = [label for label in told if label.startswith("Open for 2 h")]
    assert told[open_for].startswith("Bought 1 BTC/USDT")
    assert confirm.card.title == "Stop Night Owl?"
    assert trades.card.title == "Latest 3 trades · Night Owl"


async def test_a_bot_is_shown_with_what_was_told_of_it_last(world, platform):
    await knows(world, platform, earned(world, 1, "10"))
    platform.put(replace(OWL, running=False, status="error"))
    await world.quiet()
    await world.quiet(3 * 3600)

    [reply] = await world.says("/status owl")

    told = shown(as_shown(reply.card))
    assert told["Last event"] == "Night Owl stopped with an error · 3 h ago"
    assert told["Last trade"].startswith("Sold 1 BTC/USDT")


async def test_the_status_of_all_bots_opens_the_card_of_each(world, platform):
    await knows(world, platform, earned(world, 1, "10"))

    [reply] = await world.says("/status")
    [one] = await world.presses(reply, "Night Owl")

    assert one.card.title == "Night Owl"
    assert shown(as_shown(one.card))["Today"] == "+10 USDT, 1 trade"


async def test_of_many_bots_those_in_trouble_can_be_opened_first(world, platform):
    await knows(world, platform)
    for number in range(20):
        platform.put(replace(OWL, id=TraderId(f"t{number}"), name=f"Bot {number}"), announce=False)
    broken = replace(OWL, id=TraderId("x"), name="Zebra", running=False, status="error")
    platform.put(broken, announce=False)

    [reply] = await world.says("/status")

    labels = [option.label for option in reply.card.pick.options]
    assert len(labels) == 15
    assert labels[0] == "Zebra"
    assert "For any other bot: /status NAME" in reply.card.notes


async def test_positions_are_what_nothing_has_closed_and_a_bot_that_counts_others_is_heard(
    world, platform
):
    platform.put(replace(OWL, open_trades=2), announce=False)
    held = earned(world, 1, "0", profit=None, side="buy", closed_at=None, number="7")
    closed = replace(held, origin=replace(held.origin, record="b"), number="8")
    end = earned(world, 2, "5", number="8")
    await knows(world, platform, held, closed, end)

    card = await ask(world, "/positions")

    assert card.title == "1 open trade"
    assert card.fields[0].value.startswith("Bought 1 BTC/USDT")
    assert card.notes == ("Night Owl itself counts 2 open trades.",)


async def test_trades_are_found_by_bot_and_pair_page_by_page(world, platform):
    await knows(
        world,
        platform,
        *(earned(world, number, "1", timedelta(hours=number)) for number in range(1, 6)),
        earned(world, 9, "2", trader=HERON.id, symbol="ETH/USDT"),
    )

    [first] = await world.says("/trades owl 3")
    [second] = await world.presses(first, "Older")
    pair = await ask(world, "/trades eth/usdt")
    none = await ask(world, "/trades heron page 7")

    assert first.card.title == "Latest 3 trades · Night Owl"
    assert second.card.title == "2 older trades · Night Owl"
    assert actions_under(second.card) == {}
    assert pair.title == "Latest 1 trade · ETH/USDT"
    assert none.title == "No trades"


async def test_the_bot_that_was_asked_back_is_asked_about_for_the_same_time(world, platform):
    platform.put(replace(OWL, id=TraderId("owl-2"), name="Night Hawk"), announce=False)
    await knows(world, platform, earned(world, 1, "10"))

    [which] = await world.says("/profit night month")
    [told] = await world.presses(which, "Night Owl")

    assert told.card.title == "Profit this month · Night Owl"


# --- pictures -------------------------------------------------------------------------------------


async def test_what_was_earned_comes_as_a_picture_with_its_words_and_the_way_to_others(
    world, platform
):
    await knows(
        world,
        platform,
        earned(world, 1, "10", DAY * 2),
        earned(world, 2, "-4", DAY),
        earned(world, 3, "1", symbol="ETH/USDT"),
        earned(world, 4, "7", paper=True),
    )

    [reply] = await world.says("/chart")
    [by_pair] = await world.presses(reply, "By pair")
    by_day = await ask(world, "/chart daily")
    of_today = await ask(world, "/chart today")

    assert reply.card.picture.alt == (
        "Profit in USDT, 3 closed trades added up: +7 USDT. Highest +10 USDT (03 Jan), lowest "
        "0 USDT (03 Jan)."
    )
    assert reply.card.notes[0] == "Not in the picture: USDT on paper."
    assert by_pair.card.picture.alt == (
        "Profit in USDT, the best first: BTC/USDT +6 USDT, ETH/USDT +1 USDT."
    )
    assert "03 Jan +10 USDT, 04 Jan -4 USDT, 05 Jan +1 USDT." in by_day.picture.alt
    assert of_today.picture is None
    assert of_today.lines == ("There are too few trades yet for a picture: it takes three.",)


async def test_the_trades_of_a_pair_are_shown_at_their_prices(world, platform):
    def filled(number, side, price, **what):
        at = DAY * (4 - number)
        return earned(world, number, "1", at, side=side, price=Decimal(price), **what)

    await knows(
        world,
        platform,
        filled(1, "buy", "41000"),
        filled(2, "sell", "42000"),
        filled(3, "buy", "40500.5"),
        filled(4, "buy", "9", paper=True),
    )

    card = await ask(world, "/chart BTC/USDT")

    assert card.title == "Your trades of BTC/USDT"
    assert card.picture.alt.startswith(
        "The prices of your trades of BTC/USDT from 02 Jan to 04 Jan: 2 bought, 1 sold, between "
        "40,500.5 and 42,000. The last was bought at 40,500.5."
    )


async def test_the_prices_of_a_pair_that_somebody_waits_for_are_drawn_with_its_trades(
    world, platform
):
    await knows(world, platform, earned(world, 1, "1", DAY, side="buy", price=Decimal("41000")))
    await ask(world, "/alert BTC/USDT above 99999")
    for minute in range(10):
        platform.tick(str(42_000 + 10 * minute))
        await world.quiet(60)
    bought = earned(world, 2, "1", timedelta(0), side="buy", price=Decimal("42090"))
    platform.store(Stream.TRADES, bought)
    await world.quiet(5)

    [reply] = await world.says("/chart BTC/USDT")
    [trades] = await world.presses(reply, "All its trades")

    assert reply.card.title == "Prices of BTC/USDT"
    assert "10 prices of BTC/USDT that I heard since " in reply.card.picture.alt
    assert "between 42,000 and 42,090, the last 42,090 at" in reply.card.picture.alt
    assert reply.card.picture.alt.endswith("Your trades since: 1 bought, 0 sold.")
    assert trades.card.lines == ("There are too few trades yet for a picture: it takes three.",)


async def test_pictures_look_as_a_chat_has_chosen(world, platform):
    await knows(world, platform, *(earned(world, nth, "1") for nth in range(3)))

    dark = await ask(world, "/chart")
    light = await ask(world, "/chart light")
    later = await ask(world, "/chart pairs")
    [reply] = await world.says("/chart")
    [back] = await world.presses(reply, "In dark")

    assert dark.picture.png != light.picture.png == later.picture.png
    assert back.card.picture.png == dark.picture.png
    assert (await world.link()).preferences.look is Look.DARK
    assert "set how pictures look: dark" in str(await ask(world, "/audit"))
