"""What running bots are asked and told, where it is known how."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from bot.domain.events import Kind, Origin, Stream, Trade
from bot.domain.feeds import FeedState
from bot.domain.ids import TraderId
from bot.domain.pods import BotCommand, OpenTrade
from bot.errors import NotOffered, Refused, TryLater
from tests.harness.world import owl, running

TRADE = OpenTrade(
    id="5", pair="BTC/USDT", amount=Decimal("0.4"), profit_ratio=Decimal("0.02"), exiting=False
)


async def ask(world, text, **where):
    [reply] = await world.says(text, **where)
    return reply.card


@pytest.fixture
async def commanded(world, platform):
    platform.bot_commands = frozenset(BotCommand)
    platform.open["owl"] = [TRADE, replace(TRADE, id="6", pair="ETH/USDT")]
    await world.goes_live()
    return world


async def help_lists(world, name):
    card = await ask(world, "/help")
    return any(field.label.startswith(f"/{name}") for field in card.fields)


async def test_without_a_template_nothing_of_it_is_listed_and_all_say_why(world):
    await world.goes_live()

    assert not await help_lists(world, "forceexit")
    card = await ask(world, "/balance")
    assert card.title == "Bots cannot be asked that here"


@pytest.mark.parametrize(
    ("typed", "title", "shows"),
    [
        ("/balance", "Balance of Night Owl", "812.5, 400 of it free"),
        ("/whitelist", "Night Owl trades 70 pairs", "C59/USDT"),
        ("/blacklist night owl", "Night Owl never trades 1 pair", "BNB/.*"),
        ("/locks", "1 lock at Night Owl", "Cooldown"),
        ("/logs", "Log of Night Owl", "line 11"),
        ("/health", "Health of Night Owl", "4 s ago"),
    ],
)
async def test_the_only_running_bot_is_asked_without_a_name(commanded, typed, title, shows):
    card = await ask(commanded, typed)

    assert card.title == title
    assert shows in repr(card)


@pytest.mark.parametrize(("typed", "second"), [("/logs", "line 1"), ("/whitelist", "C69/USDT")])
async def test_what_is_long_comes_page_by_page(commanded, typed, second):
    [first] = await commanded.says(typed)
    [more] = await commanded.presses(first, "More")

    assert second in repr(more.card)
    assert not more.card.buttons


async def test_several_running_bots_and_mistyped_names_are_asked_back(commanded, platform):
    platform.put(owl(id=TraderId("crane"), name="Crane"))

    [which] = await commanded.says("/balance")
    [chosen] = await commanded.presses(which, "Night Owl")
    [guess] = await commanded.says("/forceexit night oul 5 100%")
    [asked] = await commanded.presses(guess, "Night Owl")

    assert [one.label for one in which.card.pick.options] == ["Night Owl", "Crane"]
    assert chosen.card.title == "Balance of Night Owl"
    assert guess.card.title == "No bot is called night oul"
    assert asked.card.title == "Close #5 BTC/USDT \u00b7 0.4?"


async def test_a_trade_is_closed_in_part_after_a_card_that_says_how_much(commanded, platform):
    [which] = await commanded.says("/forceexit night owl")
    [share] = await commanded.presses(which, "#5 BTC/USDT \u00b7 0.4")
    [asked] = await commanded.presses(share, "25 %")
    before = list(platform.open["owl"])
    replies = await commanded.presses(asked, "Close 25 %")
    [again] = await commanded.presses(asked, "Close 25 %")

    assert asked.card.lines[0].startswith("The bot places an order now over 0.1, 25 %")
    assert before[0].amount == Decimal("0.4")
    assert platform.open["owl"][0].amount == Decimal("0.3")
    assert replies[-1].card.title.startswith("Night Owl has placed the order")
    assert again.toast == "This card was used already."


@pytest.mark.parametrize(
    ("chosen", "title"),
    [("bot: Grid 2", "Which trade of Grid 2?"), ("bot: Grid, trade: 2", "How much of #2 ")],
)
async def test_a_number_that_may_belong_to_a_bots_name_is_asked_back(
    commanded, platform, chosen, title
):
    platform.put(owl(id=TraderId("grid"), name="Grid"))
    platform.put(owl(id=TraderId("grid2"), name="Grid 2"))
    await commanded.quiet(5)
    platform.open["grid2"] = [replace(TRADE, id="7")]
    platform.open["grid"] = [replace(TRADE, id="2")]

    [asked] = await commanded.says("/forceexit grid 2")
    [answer] = await commanded.presses(asked, chosen)

    assert asked.card.title == "Which one do you mean?"
    assert len(asked.card.buttons) == 2
    assert answer.card.title.startswith(title)


async def test_a_number_in_a_bots_name_is_no_trade(commanded, platform):
    platform.put(owl(id=TraderId("grid2"), name="Grid 2"))
    await commanded.quiet(5)
    platform.open["grid2"] = [replace(TRADE, id="7")]

    assert (await ask(commanded, "/forceexit grid 2")).title == "Which trade of Grid 2?"


@pytest.mark.parametrize("typed", ["#5 night owl 50%", "50 % 5 Night Owl", "50% night owl 5"])
async def test_what_is_to_be_closed_is_understood_in_any_order(commanded, typed):
    card = await ask(commanded, f"/forceexit {typed}")

    assert card.title == "Close #5 BTC/USDT \u00b7 0.4?"
    assert "50 % of the trade" in card.lines[0]


@pytest.mark.parametrize(
    ("lost", "title"),
    [
        ("loses_answers", "Night Owl has closed the trade (checked by reading back)"),
        ("loses_requests", "Night Owl: unclear"),
        ("ignores_writes", "Night Owl: unclear"),
    ],
)
async def test_what_came_of_an_exit_is_read_back_and_it_is_never_repeated(
    commanded, platform, lost, title
):
    [asked] = await commanded.says("/forceexit night owl 5 100%")
    setattr(platform, lost, True)

    replies = await commanded.presses(asked, "Close it")

    assert replies[-1].card.title == title
    assert platform.calls.count("force_exit owl 5 None") == 1


async def test_an_order_that_was_there_before_proves_no_exit(commanded, platform):
    platform.open["owl"] = [replace(TRADE, exiting=True)]
    [asked] = await commanded.says("/forceexit night owl 5 100%")
    platform.loses_requests = True

    replies = await commanded.presses(asked, "Close it")

    assert replies[-1].card.title == "Night Owl: unclear"


@pytest.mark.parametrize("amount", ["0.2", "0.5", None])
async def test_a_part_of_a_trade_that_has_changed_since_is_not_sold(commanded, platform, amount):
    [asked] = await commanded.says("/forceexit night owl 5 50%")
    platform.open["owl"] = [replace(TRADE, amount=Decimal(amount))] if amount else []

    replies = await commanded.presses(asked, "Close 50 %")

    assert replies[-1].card.lines == ("Not done: The trade has changed since: ask again.",)
    assert not any(call.startswith("force_exit") for call in platform.calls)


async def test_of_a_trade_of_nothing_no_part_is_sold(commanded, platform):
    platform.open["owl"] = [replace(TRADE, amount=Decimal())]

    card = await ask(commanded, "/forceexit night owl 5 50%")

    assert (card.title, card.buttons) == ("Which trade, and how much of it?", ())


@pytest.mark.parametrize("lost", ["loses_requests", "loses_answers"])
async def test_a_reload_without_an_answer_is_unclear_for_nothing_tells(commanded, platform, lost):
    [asked] = await commanded.says("/reload")
    setattr(platform, lost, True)

    replies = await commanded.presses(asked, "Reload it")

    assert replies[-1].card.title == "Night Owl: unclear"
    assert "cannot be seen" in replies[-1].card.lines[0]


async def test_a_bot_that_opens_no_trades_after_a_reload_is_not_called_reloaded(
    commanded, platform
):
    platform.no_entries.add("owl")
    platform.ignores_writes = True
    [asked] = await commanded.says("/reload")

    replies = await commanded.presses(asked, "Reload it")

    assert replies[-1].card.title == "Night Owl: unclear"


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("/forceexit night owl 5 30%", "I do not understand 30% here"),
        ("/forceexit night owl 9 50%", "Night Owl has no open trade 9"),
        ("/forceexit zzzz 5 50%", "No bot is called zzzz"),
        ("/stopentry heron", "Heron is not running"),
    ],
)
async def test_what_is_not_understood_does_nothing(commanded, platform, typed, title):
    card = await ask(commanded, typed)

    assert card.title == title
    assert not any(call.startswith("force_exit") for call in platform.calls)


async def test_new_trades_end_and_begin_again_each_after_a_card(commanded, platform):
    [stop] = await commanded.says("/stopentry")
    stopped = await commanded.presses(stop, "No new trades: Night Owl")
    ended = set(platform.no_entries)
    [reload] = await commanded.says("/reload")
    reloaded = await commanded.presses(reload, "Reload it")

    assert ended == {"owl"}
    assert stopped[-1].card.title.startswith("Night Owl opens no new trades")
    assert platform.no_entries == set()
    assert reloaded[-1].card.title == "Night Owl opens new trades (checked by reading back)"


async def test_what_the_platform_denies_leaves_the_help_until_it_works_again(commanded, platform):
    platform.fail("balance owl", NotOffered("You may not"))

    denied = await ask(commanded, "/balance")
    left_out = not await help_lists(commanded, "balance")
    others = await help_lists(commanded, "logs")
    await ask(commanded, "/balance")

    assert denied.title == "The platform does not let me read that"
    assert "You may not" in denied.lines[0]
    assert left_out
    assert others
    assert await help_lists(commanded, "balance")


async def test_what_is_denied_when_its_button_is_pressed_leaves_the_help_as_well(
    commanded, platform
):
    platform.fail("reload owl", NotOffered("You may not"))

    for listed in (False, True):
        [asked] = await commanded.says("/reload")
        [*_, told] = await commanded.presses(asked, "Reload it")
        assert await help_lists(commanded, "reload") is listed
        assert ("You may not" in repr(told.card)) is not listed


async def test_only_what_there_is_a_template_for_is_listed_and_offered(commanded, platform):
    platform.bot_commands = frozenset({BotCommand.BALANCE})
    platform.put(owl(dry_run=False))
    await commanded.quiet(5)

    asked = await ask(commanded, "/pause night owl")
    standing = await ask(commanded, "/standing error of all after 15 min")

    assert [await help_lists(commanded, name) for name in ("balance", "logs")] == [True, False]
    assert (await ask(commanded, "/logs")).title == "Bots cannot be asked that here"
    assert asked.title == "Stop Night Owl?"
    assert [row[0].label for row in standing.buttons] == ["Allow to stop 2 bots", "Cancel"]


@pytest.mark.parametrize("failure", [TryLater("away"), Refused("trader is not running")])
async def test_a_bot_that_does_not_say_is_told_as_that(commanded, platform, failure):
    platform.fail("health owl", failure)

    card = await ask(commanded, "/health")

    assert card.title == "I could not get that just now"
    assert str(failure) in card.lines[0]
    assert await help_lists(commanded, "health")


# --- what an account may use ----------------------------------------------------------------------


def probes(platform):
    return [call.split()[2] for call in platform.calls if call.startswith("probe")]


async def test_what_an_account_may_use_is_found_by_reads_before_anybody_asks(commanded, platform):
    platform.denied.add("balance")

    await commanded.quiet(60)

    assert sorted(probes(platform)) == sorted(BotCommand)
    moments = sorted(platform.asked_at[f"probe owl {one}"][0] for one in BotCommand)
    assert min(b - a for a, b in pairwise(moments)) >= timedelta(seconds=2)
    assert [await help_lists(commanded, one) for one in ("balance", "logs")] == [False, True]
    assert not any(call.startswith(("reload", "force", "stop")) for call in platform.calls)


async def test_older_trades_and_what_bots_can_be_asked_take_turns_and_keep_their_distance(
    world, platform
):
    platform.bot_commands = frozenset(BotCommand)
    at = world.now() - timedelta(days=20)
    for number in range(450):
        made = at + timedelta(minutes=number)
        origin = Origin(kind=Kind.TRADE, record=f"old-{number:03}", at=made)
        platform.store(Stream.TRADES, Trade(origin=origin, side="sell", symbol="BTC/USDT"))
    await world.goes_live()
    began, live_at = len(platform.calls), world.now()

    await world.quiet(90)

    calls = platform.calls[began:]
    turns = [one.split()[0] for one in calls if one.startswith("probe") or one == "page trades"]
    assert turns[:10] == ["page", "probe"] * 5
    assert sorted(probes(platform)) == sorted(BotCommand)
    asked = (when for call, when in platform.asked_at.items() if call.startswith(("probe", "page")))
    moments = sorted(one for when in asked for one in when if one > live_at)
    assert min(b - a for a, b in pairwise(moments)) >= timedelta(seconds=2)


async def test_what_is_known_outlives_a_restart_and_is_asked_again_after_a_day(
    store, platform, chat, now
):
    platform.bot_commands = frozenset(BotCommand)
    platform.denied.add("balance")
    async with running(store, platform, chat, now) as before:
        await before.goes_live()
        await before.quiet(60)
    asked = len(probes(platform))
    async with running(store, platform, chat, now) as after:
        await after.quiet(3600)
        again = len(probes(platform))
        denied = not await help_lists(after, "balance")
        platform.denied.clear()
        await after.quiet(24 * 3600)

        assert (again, denied) == (asked, True)
        assert sorted(probes(platform)[asked:]) == sorted(BotCommand)
        assert await help_lists(after, "balance")


async def test_other_templates_are_asked_anew_and_a_person_may_ask_whenever(
    store, platform, chat, now
):
    platform.bot_commands = frozenset({BotCommand.BALANCE, BotCommand.HEALTH})
    platform.denied.update(("balance", "health"))
    async with running(store, platform, chat, now) as before:
        await before.goes_live()
        await before.quiet(60)
        await ask(before, "/health")
        by_person = await help_lists(before, "health")
    platform.pod_templates, platform.denied = "two", {"health"}
    async with running(store, platform, chat, now) as after:
        await after.quiet(60)

        assert by_person
        assert [await help_lists(after, one) for one in ("balance", "health")] == [True, False]


async def test_a_denied_write_is_remembered_and_no_more_offered_for_a_day(
    commanded, platform, store, chat, now
):
    await commanded.quiet(60)
    platform.fail("stop_entries owl", NotOffered("You may not"))
    [stop] = await commanded.says("/stopentry")
    await commanded.presses(stop, "No new trades: Night Owl")

    paused = await ask(commanded, "/pause night owl")
    async with running(store, platform, chat, now) as later:
        listed = await help_lists(later, "stopentry")

    assert not listed
    assert "No new trades: Night Owl" not in [row[0].label for row in paused.buttons]
    await commanded.quiet(25 * 3600)
    assert await help_lists(commanded, "stopentry")


@pytest.mark.parametrize("trouble", [TryLater("busy"), TryLater("wait", timedelta(seconds=30))])
async def test_what_does_not_answer_keeps_no_other_from_being_asked_and_is_asked_again(
    commanded, platform, trouble
):
    platform.fail("probe owl balance", *[trouble] * 3)

    await commanded.quiet(120)
    soon = set(probes(platform))
    await commanded.quiet(2 * 3600)

    assert soon == set(BotCommand)
    assert probes(platform).count("balance") == 4
    moments = platform.asked_at["probe owl balance"]
    assert min(b - a for a, b in pairwise(moments)) > timedelta(minutes=5)
    assert await help_lists(commanded, "balance")


async def test_nothing_is_asked_while_no_bot_runs_or_nobody_knows_how(world, platform):
    platform.put(owl(running=False, status="stopped"))
    platform.bot_commands = frozenset(BotCommand)
    await world.goes_live()
    await world.quiet(3600)
    stopped = probes(platform)
    platform.bot_commands = frozenset()
    platform.put(owl())
    await world.quiet(3600)

    assert stopped == probes(platform) == []


async def test_without_a_socket_it_is_found_as_well(world, platform):
    platform.bot_commands = frozenset({BotCommand.BALANCE})
    platform.denied.add("balance")
    platform.sockets = False
    account = await world.links()
    await world.until_state(account, FeedState.POLLING)
    await world.quiet(60)

    assert not await help_lists(world, "balance")
