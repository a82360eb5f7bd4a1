"""`/alert`: a price that is crossed rings once, also after a restart and after a silence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.domain.cards import Card
from bot.domain.price_alerts import MOST_ALERTS
from bot.errors import TryLater
from tests.harness.world import World, actions_under, running


async def ask(world: World, text: str) -> Card:
    await world.quiet(1)
    [reply] = await world.says(text)
    assert reply.card is not None
    return reply.card


def rung(chat) -> list[Card]:
    return [one.card for one in chat.shown if "BTC/USDT" in one.card.title]


async def ticks(world: World, platform, *prices: str, apart: float = 2) -> None:
    for price in prices:
        platform.tick(price)
        await world.quiet(apart)


async def test_a_price_that_is_crossed_rings_once_everywhere_and_is_gone(world, platform, chat):
    await world.goes_live()
    await world.links("200")
    said = await ask(world, "/alert BTC/USDT above 50k")
    listed = await ask(world, "/alert")
    await ticks(world, platform, "49999.9", "50012.5", "49000", "51000")

    first, second = rung(chat)
    assert said.title == "BTC/USDT above 50,000"
    assert said.lines[0] == "Now 42,400 USDT: +17.92 % to go."
    assert list(actions_under(said)) == ["Undo"]
    assert listed.lines == ("1. BTC/USDT above 50,000. Now 42,400 USDT.",)
    assert first.title == "BTC/USDT above 50,000: 50,012.5 USDT"
    assert (first.silent, first.title) == (False, second.title)
    assert list(actions_under(first)) == ["Set it again"]
    assert (await ask(world, "/alert")).title == "No price alerts yet"


async def test_one_that_repeats_rings_again_only_after_it_has_come_back(world, platform, chat):
    await world.goes_live()
    platform.last = Decimal(51000)
    said = await ask(world, "/alert every time btc/usdt above 50000")
    await ticks(world, platform, "50900", "49990", "50010", "49875", "50001", "49900", "50100")
    early = len(rung(chat))
    await ticks(world, platform, "49000", "50300")

    first, second = rung(chat)
    assert said.lines[:2] == (
        "It is there already: 51,000 USDT.",
        "It rings again once the price has been at 49,875 or below.",
    )
    assert early == 1
    assert (first.title, second.title) == (
        "BTC/USDT above 50,000: 50,001 USDT",
        "BTC/USDT above 50,000: 50,300 USDT",
    )
    assert list(actions_under(second)) == ["Ring no more"]


async def test_a_move_within_a_time_rings_and_the_next_is_measured_from_there(
    world, platform, chat
):
    await world.goes_live()
    await ask(world, "/alert BTC/USDT moves 3% in 15m, every time")
    await ticks(world, platform, "42000", "42500", *["42600"] * 6, apart=100)
    await ticks(world, platform, "43270", "44500", apart=60)
    await ticks(world, platform, "41900")

    up, down = rung(chat)
    assert up.title == "BTC/USDT +3.02 % in 13 min: 43,270 USDT"
    assert up.lines == ("From 42,000 USDT at 12:00 UTC.",)
    assert down.title.startswith("BTC/USDT -5.84 % in 1 min")


@pytest.mark.fault(91)
async def test_a_restart_and_a_gap_lose_no_crossing_and_say_so(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await ask(world, "/alert BTC/USDT below 40000 every time")
        await ticks(world, platform, "41000", apart=40)
    platform.cut()
    async with running(store, platform, chat, now) as world:
        account = await store.accounts.active()
        await world.quiet(12 * 60)
        listed = await ask(world, "/alert")
        assert account
        await ticks(world, platform, "39000", "39500", "41000", "39999")

    late, soon = rung(chat)
    assert listed.lines == (
        "1. BTC/USDT below 40,000, every time. No price for 12 min; the last was 41,000 USDT.",
    )
    assert late.title == "BTC/USDT below 40,000: 39,000 USDT"
    assert late.lines == ("No price came for 12 min before this one, so this may be late.",)
    assert soon.lines == ()


async def test_that_it_may_ring_again_is_known_after_a_crash(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await ask(world, "/alert BTC/USDT above 50000 every time")
        await ticks(world, platform, "50001", "49000")
    platform.cut()
    async with running(store, platform, chat, now) as world:
        await world.quiet(5)
        await ticks(world, platform, "50002")

    assert [card.title[-11:] for card in rung(chat)] == ["50,001 USDT", "50,002 USDT"]


async def test_that_it_may_ring_again_is_known_even_while_it_cannot_be_stored(
    world, platform, chat
):
    await world.goes_live()
    await ask(world, "/alert BTC/USDT above 50000 every time")
    await ticks(world, platform, "50001")
    world.store.price_alerts.fails("keep", *[TryLater("the database is away")] * 9)
    await ticks(world, platform, "49000")
    await ask(world, "/alert BTC/USDT above 60000")
    await ticks(world, platform, "50002")

    assert [card.title[-11:] for card in rung(chat)] == ["50,001 USDT", "50,002 USDT"]


async def test_without_a_socket_it_is_said_that_nothing_rings_until_there_is_one(
    world, platform, chat
):
    account = await world.goes_live()
    platform.pairs = ("BTC/USDT",)
    platform.sockets = False
    platform.cut()
    await world.quiet(60)
    said = await ask(world, "/alert BTC/USDT above 50000")
    unknown = await ask(world, "/alert nothing above 5")
    listed = await ask(world, "/alert")
    platform.sockets = True
    await world.until(lambda: world.is_live(account))
    await ticks(world, platform, "51000")

    assert "until it is, no price alert can ring" in said.lines[0]
    assert said.lines[0] == listed.lines[-1]
    assert unknown.title == "I hear no prices right now"
    assert [card.title for card in rung(chat)] == ["BTC/USDT above 50,000: 51,000 USDT"]


async def test_what_is_not_understood_changes_nothing_and_gets_an_example(world, platform):
    await world.goes_live()
    platform.pairs = ("BTC/USDT", "ETH/USDT", "ETH/EUR")
    several = await ask(world, "/alert eth above 5000")
    either = await ask(world, "/alert btc above 50.000")
    unknown = await ask(world, "/alert BTCC/USDT above 5")
    other = await ask(world, "/alert BTC/USDT above 5000 eur")
    vague = await ask(world, "/alert btc 50000")

    assert list(actions_under(several)) == ["ETH/USDT", "ETH/EUR"]
    assert list(actions_under(either)) == ["50", "50,000"]
    assert "BTC/USDT" in actions_under(unknown)
    assert other.lines[0] == "The prices of that pair are in another currency."
    assert vague.lines[0] == "Say above or below, one at a time."
    assert vague.lines[-1].startswith("For example: /alert BTC/USDT above 50000")
    assert (await ask(world, "/alert")).title == "No price alerts yet"


async def test_the_database_may_be_away_when_it_rings(world, platform, chat, monkeypatch):
    await world.goes_live()
    await ask(world, "/alert BTC/USDT above 50000")
    take, fails = world.store.inbox.ingest, [True, True]

    async def away(*given, **named):
        if fails and named.get("progress", given[4]) is None and fails.pop():
            raise TryLater("the database is away")
        return await take(*given, **named)

    monkeypatch.setattr(world.store.inbox, "ingest", away)
    await ticks(world, platform, "50001", "40000", apart=20)

    assert len(rung(chat)) == 1
    assert fails == []


@pytest.mark.parametrize("away", [False, True], ids=["", "while the database is away"])
async def test_what_changes_beside_it_makes_an_alert_miss_no_price(world, platform, chat, away):
    account = await world.goes_live()
    await ask(world, "/alert BTC/USDT above 50000")
    await world.quiet(1)
    if away:
        world.store.price_alerts.fails("of", *[TryLater("the database is away")] * 9)
    platform.tick("50001")
    world.feeds.change_prices(account.id)
    await world.quiet(1)

    assert len(rung(chat)) == 1


async def test_neither_a_price_that_is_watched_nor_a_new_connection_has_alerts_read(
    world, platform, chat
):
    account = await world.goes_live()
    await ask(world, "/alert BTC/USDT above 50000")
    await world.quiet(1)
    reads = []

    async def read(*given):
        reads.append(given)

    world.store.price_alerts.before("of", read)
    platform.ticking = ("ETH/USDT",)
    watched = await ask(world, "/watch ETH/USDT")
    await ask(world, "/watch stop")
    platform.cut()
    await world.quiet(1)
    await world.until(lambda: world.is_live(account))
    await ticks(world, platform, "50001")

    assert watched.title.startswith("ETH/USDT: ")
    assert len(rung(chat)) == 1
    assert reads == []


async def test_they_are_removed_by_buttons_and_an_account_has_so_many_at_most(world, platform):
    await world.goes_live()
    for number in range(MOST_ALERTS):
        await ask(world, f"/alert BTC/USDT above {50000 + number}")
    full = await ask(world, "/alert BTC/USDT below 5")
    again = await ask(world, "/alert BTC/USDT above 50000")
    [listed] = await world.says("/alert")
    [removed] = await world.presses(listed, "3. BTC/USDT above 50,002")
    [gone] = await world.presses(listed, "3. BTC/USDT above 50,002")

    assert full.title == "That is one alert too many"
    assert again.title == "That is set already"
    assert (removed.card.title, removed.card.lines) == (
        "It rings no more",
        ("BTC/USDT above 50,002",),
    )
    assert len((await ask(world, "/alert")).lines) == MOST_ALERTS - 1
    assert gone.card is None or gone.card.title == "That alert is not there any more"


# --- prices that stay away ------------------------------------------------------------------------


def told(chat) -> list[Card]:
    """What was said of gaps."""
    return [one.card for one in chat.shown if one.card.title.startswith(("No price", "Prices"))]


async def watching(world: World, platform) -> None:
    await world.goes_live()
    platform.ticking = ("BTC/USDT", "ETH/USDT")
    await ask(world, "/alert BTC/USDT above 50000")
    await ask(world, "/alert BTC/USDT below 10000")
    await ask(world, "/alert ETH/USDT below 10")


async def test_a_gap_is_told_quietly_once_for_all_pairs_and_so_is_its_end(world, platform, chat):
    await watching(world, platform)
    await world.quiet(9 * 60)
    early = told(chat)
    await world.quiet(25 * 60)
    platform.tick("42000")
    await world.quiet(20)
    platform.tick("3000", "ETH/USDT")
    await world.quiet(300)

    gap, back = told(chat)
    assert early == []
    assert (gap.title, gap.silent, back.silent) == ("No price for 10 min", True, True)
    assert gap.lines[0] == "None of BTC/USDT, ETH/USDT comes, although the platform is connected."
    assert back.title == "Prices come again"
    assert back.lines[0] == "Of BTC/USDT, ETH/USDT none had come for 34 min."


async def test_an_alert_that_rings_late_says_all_that_there_is_to_say(world, platform, chat):
    await world.goes_live()
    await ask(world, "/alert BTC/USDT above 50000")
    await world.quiet(15 * 60)
    await ticks(world, platform, "50001")
    await world.quiet(300)

    assert [card.title for card in told(chat)] == ["No price for 10 min"]
    assert "so this may be late" in rung(chat)[0].lines[0]


async def test_while_there_is_no_connection_and_just_after_it_nothing_is_told(
    world, platform, chat
):
    await watching(world, platform)
    account = (await world.store.accounts.active())[0]
    platform.away = True
    platform.cut()
    await world.quiet(30 * 60)
    platform.away = False
    await world.until(lambda: world.is_live(account))
    await world.quiet(9 * 60)
    before = told(chat)
    await world.quiet(120)

    assert before == []
    assert len(told(chat)) == 1


async def test_a_restart_within_a_gap_tells_it_no_second_time_but_its_end(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await watching(world, platform)
        await world.quiet(12 * 60)
    platform.cut()
    async with running(store, platform, chat, now) as world:
        await world.quiet(15 * 60)
        platform.tick("42000")
        await world.quiet(120)

    assert [card.title for card in told(chat)] == ["No price for 10 min", "Prices come again"]


async def test_a_pair_that_is_hardly_traded_is_told_of_now_and_then_only(world, platform, chat):
    await world.goes_live()
    await ask(world, "/alert BTC/USDT above 50000")
    for _ in range(10):
        await world.quiet(15 * 60)
        platform.tick("42000")
    await world.quiet(5 * 3600)

    assert [card.title[:8] for card in told(chat)] == ["No price", "Prices c", "No price"]


async def test_of_what_nobody_waits_for_no_gap_is_told(world, platform, chat):
    await watching(world, platform)
    await ask(world, "/alert remove 1")
    await ask(world, "/alert remove 1")
    await ask(world, "/alert remove 1")
    await world.quiet(3600)

    assert told(chat) == []


async def test_a_gap_that_could_not_be_stored_is_told_later(world, platform, chat, monkeypatch):
    await watching(world, platform)
    take = world.store.inbox.ingest
    refused: list[object] = []

    async def away(account, events, *given, **named):
        notices = [one for one in events if one.origin.record.startswith("no prices")]
        if notices and len(refused) < 3:
            refused.extend(notices)
            raise TryLater("the database is away")
        return await take(account, events, *given, **named)

    monkeypatch.setattr(world.store.inbox, "ingest", away)
    await world.quiet(20 * 60)

    assert len(refused) == 3
    assert [card.title for card in told(chat)] == ["No price for 11 min"]
