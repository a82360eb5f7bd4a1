"""`/currency`: amounts in another currency too, by a price that was heard, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.domain.cards import as_shown
from bot.services import converting
from tests.services.test_figures import ask, earned, knows, shown

BTC_AT = Decimal("40000")


async def hears_prices(world, platform, *trades):
    """Live, with these in the ledger, and the price of Bitcoin heard."""
    platform.last, platform.pairs = BTC_AT, ("BTC/USDT",)
    await knows(world, platform, *trades)


async def test_amounts_are_shown_in_it_too_with_the_rate_and_its_age(world, platform):
    await hears_prices(world, platform, earned(world, 1, "20"), earned(world, 2, "-4"))

    chosen = await ask(world, "/currency btc")
    every_span = await ask(world, "/profit")
    today = await ask(world, "/profit today")
    one_bot = await ask(world, "/status owl")
    report = await ask(world, "/report now")

    assert chosen.title == "Amounts are shown in BTC too"
    assert shown(every_span)["Today"] == "+16 USDT (≈ +0.0004 BTC), 2 trades"
    assert shown(today)["Result"] == "+16 USDT (≈ +0.0004 BTC)"
    assert shown(today)["Worst"].startswith("-4 USDT (≈ -0.0001 BTC) · BTC/USDT")
    assert shown(one_bot)["Today"].startswith("+16 USDT (≈ +0.0004 BTC)")
    assert shown(report)["Result"] == "+16 USDT (≈ +0.0004 BTC)"
    for card in (every_span, today, one_bot, report):
        [note] = [one for one in card.notes if "BTC/USDT" in one]
        assert note.startswith("In BTC by the platform's BTC/USDT, ")
        assert note.endswith("ago: 1 USDT = 0.000025 BTC.")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("daily 2", "+16 USDT (≈ +0.0004 BTC)"),
        ("weekly", "+16 USDT (≈ +0.0004 BTC)"),
        ("monthly", "+16 USDT (≈ +0.0004 BTC), 2 trades"),
        ("performance", "+16 USDT (≈ +0.0004 BTC)"),
        ("stats", "+8 USDT (≈ +0.0002 BTC) a trade"),
        ("fees", "2 USDT (≈ 0.00005 BTC), 2 trades"),
        ("trades", "Loss -4 USDT (≈ -0.0001 BTC)"),
        ("positions", "Profit +8 USDT (≈ +0.0002 BTC)"),
    ],
)
async def test_every_answer_about_results_is_in_it_too(world, platform, command, told):
    cost = {"fee": Decimal(1), "fee_currency": "USDT"}
    running = earned(world, 3, "8", number="7", side="buy", closed_at=None)
    trades = earned(world, 1, "20", **cost), earned(world, 2, "-4", **cost)
    await hears_prices(world, platform, *trades, *([running] if command == "positions" else []))

    await ask(world, "/currency btc")
    card = await ask(world, f"/{command}")

    assert told in str(card)
    assert [one.startswith("In BTC by") for one in card.notes] == [True]


async def test_only_so_many_prices_are_remembered(world, platform, monkeypatch):
    monkeypatch.setattr(converting, "MOST", 1)
    await hears_prices(
        world,
        platform,
        earned(world, 1, "20", fee=Decimal(1), fee_currency="USDT"),
        earned(world, 2, "-4", fee=Decimal(2), fee_currency="EUR"),
    )
    platform.pairs = platform.ticking = ("BTC/USDT", "BTC/EUR")
    await ask(world, "/currency btc")
    both = await ask(world, "/fees")
    platform.ticking = ()

    await world.quiet(600)
    last_alone = await ask(world, "/fees")

    assert [note[:9] for note in both.notes] == ["In BTC by", "In BTC by"]
    assert sorted(note[:9] for note in last_alone.notes) == ["In BTC by", "No price "]


async def test_without_a_pair_amounts_stay_as_they_are_and_why_is_said_once(world, platform):
    await hears_prices(world, platform, earned(world, 1, "20"), earned(world, 2, "-4"))

    chosen = await ask(world, "/currency EUR")
    card = await ask(world, "/profit today")

    assert "I hear no price of EUR yet: amounts stay as they are." in chosen.lines
    assert shown(card)["Result"] == "+16 USDT"
    assert [one for one in card.notes if "EUR" in one] == [
        "I hear no price between USDT and EUR, so amounts in USDT are not converted."
    ]


async def test_a_price_that_came_before_is_used_for_an_hour_and_its_age_is_said(world, platform):
    await hears_prices(world, platform, earned(world, 1, "20"))
    await ask(world, "/currency btc")
    await ask(world, "/profit")
    platform.ticking = ()

    await world.quiet(600)
    ten_minutes = await ask(world, "/profit")
    await world.quiet(3600)
    too_old = await ask(world, "/profit")

    assert any("10 min ago" in note for note in ten_minutes.notes)
    assert shown(too_old)["In all"] == "+20 USDT, 1 trade"
    assert (
        "No price of BTC/USDT came just now, so amounts in USDT are not converted." in too_old.notes
    )


async def test_off_ends_it_and_so_does_taking_it_back(world, platform):
    await hears_prices(world, platform, earned(world, 1, "20"))

    [chosen] = await world.says("/currency btc")
    await world.presses(chosen, "Undo")
    taken_back = await ask(world, "/profit")
    await ask(world, "/currency btc")
    off = await ask(world, "/currency off")

    assert shown(taken_back)["In all"] == "+20 USDT, 1 trade"
    assert off.title == "Amounts are shown as the platform tells them"
    assert (await ask(world, "/profit")).notes == taken_back.notes


async def test_what_is_no_currency_changes_nothing(world, platform):
    await hears_prices(world, platform)
    await ask(world, "/currency btc")

    card = await ask(world, "/currency my money")

    assert "Nothing was changed." in card.lines
    assert (await world.link()).preferences.currency == "BTC"


async def test_those_that_prices_come_of_are_offered(world, platform):
    await hears_prices(world, platform)

    [reply] = await world.says("/currency")

    pick = as_shown(reply.card).pick
    assert pick is not None
    offered = {one.label for one in pick.options}
    assert {"BTC", "USDT", "None"} <= offered


async def test_a_report_that_comes_by_itself_is_in_it_too(world, platform, chat):
    await hears_prices(world, platform, earned(world, 1, "20"))
    await ask(world, "/currency btc")
    await ask(world, "/report daily 13:00")

    await world.quiet(2 * 3600)

    [report] = [one.card for one in chat.shown if one.card.title.startswith("Your day")]
    assert shown(as_shown(report))["Result"] == "+20 USDT (≈ +0.0005 BTC)"
