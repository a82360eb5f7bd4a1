"""What a person asks and what comes back, for every state of the world."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from bot.domain.accounts import PasswordLogin
from bot.domain.actions import Action, Target, Verb
from bot.domain.cards import Field, Severity, as_shown
from bot.domain.charts import profits
from bot.domain.chats import Role
from bot.domain.deliveries import Declined
from bot.domain.events import (
    Kind,
    Notice,
    NoticeText,
    Origin,
    PodEvent,
    Signal,
    Strategy,
    Stream,
    Trader,
    TraderSeen,
)
from bot.domain.feeds import FeedState
from bot.domain.ids import ActionId, StrategyId, TraderId
from bot.domain.incoming import Command, Left, Press, Ranked, Reply, Returned, Wordless, Words
from bot.domain.lifetimes import CODE_LIFE, CONFIRM_LIFE
from bot.domain.linking import Invitation
from bot.domain.pods import BotCommand
from bot.domain.typed import command_in
from bot.errors import NeedsLogin, NotOffered, OutcomeUnknown, Refused, StoreAway, TryLater
from bot.services.commands import registry
from bot.services.commands.registry import SPECS
from bot.services.commands.throttle import BURST
from bot.texts.charts import chart
from bot.texts.language import offering
from tests.fakes.pictures import blank_picture, undrawable
from tests.harness.pseudo import PSEUDO
from tests.harness.world import CHAT, HERON, actions_under, owl, running


async def ask(world, text, **where):
    [reply] = await world.says(text, **where)
    return as_shown(reply.card)


async def linked(world):
    account = await world.links()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.LIVE)
    return account


# --- before linking -----------------------------------------------------------------------


async def test_a_stranger_is_greeted_and_shown_the_next_step(world):
    card = await ask(world, "/start")

    assert "/link" in " ".join(card.lines)


async def test_help_lists_every_command_of_the_menu(world):
    card = await ask(world, "/help")

    words = {field.label.split()[0].removeprefix("/") for field in card.fields}
    assert words == {spec.name for spec in SPECS if spec.menu and not spec.pods}


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.least], ids=lambda s: s.name)
async def test_without_a_link_every_account_command_says_how_to_link(world, spec):
    card = await ask(world, f"/{spec.name}")

    assert card.title == "This chat is not linked yet"


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
async def test_every_declared_command_is_answered(world, spec):
    await linked(world)

    card = await ask(world, f"/{spec.name} BTC/USDT" if spec.name == "price" else f"/{spec.name}")

    assert card.title != "Something went wrong on my side"


async def test_a_mistyped_command_gets_the_nearest(world):
    card = await ask(world, "/staus")

    assert "/status" in card.lines[0]


@pytest.mark.parametrize("text", ["/traders Alpha", "/test 5", "/help pause"])
async def test_words_behind_a_command_that_takes_none_are_not_passed_over(world, text):
    await linked(world)
    command, _, words = text.partition(" ")

    plain, more = await ask(world, command), await ask(world, text)

    assert more.notes == (
        *plain.notes,
        f"{command} takes nothing more: I left out \u201c{words}\u201d.",
    )
    assert (await ask(world, f"{command} .")).notes == plain.notes


async def test_other_words_get_a_hint(world):
    card = await ask(world, "how are you?")

    assert "/link" in card.lines[0]


async def test_an_address_that_carries_what_nobody_knows_is_answered_kindly(world):
    stranger = await ask(world, "/start from-a-friend_42")
    await linked(world)
    known = await ask(world, "/start from-a-friend_42")

    assert stranger.title == "Hello, I am Tradebell"
    assert known.title == "Welcome back"
    assert {card.lines[0] for card in (stranger, known)} == {
        "What your address carried means nothing to me: it may be old."
    }


async def test_digits_may_come_with_start(world):
    await sign_in(world, await ask(world, "/link"))

    card = await ask(world, "/start 482913")

    assert card.title == "Linked to a***@example.com"


async def test_what_can_be_set_is_told_before_linking(world):
    card = await ask(world, "/settings")

    assert card.title == "What can be set"
    assert "/unlink" in card.fields[0].value


async def test_something_without_words_is_answered_once_in_a_while(world):
    sent = Wordless(place=world.place(), person=world.person())

    async def answered():
        return [reply.card.title async for reply in world.router.hear(sent)]

    album = [await answered() for _ in range(BURST + 5)]
    await asyncio.sleep(timedelta(hours=1).total_seconds())
    later = await answered()

    assert album == [["I only understand text"], *[[]] * (BURST + 4)]
    assert later == ["I only understand text"]
    assert (await ask(world, "/help")).title == "What you can ask me"


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.least], ids=lambda s: s.name)
async def test_a_group_is_told_at_once_that_linking_is_private(world, spec):
    card = await ask(world, f"/{spec.name}", chat="-500", person="7", private=False)

    if spec.answers_privately:
        assert card.title == f"/{spec.name} works in a private chat only"
    else:
        assert card.title == "I show no account here"
        assert "private chat" in card.lines[0]


async def test_whoever_adds_us_to_a_group_is_told_what_works_there(world):
    added = Returned(place=world.place("-500", private=False), added=True)

    [reply] = [reply async for reply in world.router.hear(added)]
    start = await ask(world, "/start", chat="-500", person="7", private=False)
    help = await ask(world, "/help", chat="-500", person="7", private=False)

    assert as_shown(reply.card) == start
    assert "private chat" in start.lines[1]
    assert [field.label for field in help.fields] == [
        "/help",
        "/link [digits]",
        "/settings [words]",
    ]


# --- linking --------------------------------------------------------------------------------


async def test_linking_is_refused_in_a_group(world):
    card = await ask(world, "/link", chat="-500", person="7", private=False)

    assert "private chat" in card.title
    assert card.buttons == ()


async def test_an_address_that_no_phone_can_open_says_so_and_only_then(store, platform, chat, now):
    async with running(store, platform, chat, now, cut_off=[chat.channel]) as world:
        cut_off = await ask(world, "/link")
    async with running(store, platform, chat, now) as world:
        reached = await ask(world, "/link")

    assert cut_off.lines[1] == (
        "It opens only on the computer that runs me, not on a phone."
        " TRADEBELL_PUBLIC_URL changes that (docs/reaching-it.md)."
    )
    assert "phone" not in " ".join(reached.lines)


async def test_the_address_alone_links_nothing(world):
    await ask(world, "/link")

    assert await world.link() is None


async def test_six_digits_without_a_login_link_nothing(world):
    card = await ask(world, "482913")

    assert card.title == "I am not waiting for digits"


async def test_digits_may_be_typed_with_a_space(world):
    card = await ask(world, "/link")
    await sign_in(world, card)

    card = await ask(world, "482 913")

    assert card.title == "Linked to a***@example.com"


@pytest.mark.parametrize(
    "typed",
    [
        "\u0664\u0668\u0662\u0669\u0661\u0663",
        "4 8 2 9 1 3",
        "4-8-2 9.1.3",
        "\uff14\uff18\uff12\uff19\uff11\uff13",
        "\u096a\u096e\u0968\u096f\u0967\u0969",
        "482913.",
        "/482913",
        "/link 482\u00a0913",
    ],
)
async def test_digits_may_be_typed_as_a_keyboard_has_them(world, typed):
    await sign_in(world, await ask(world, "/link"))

    card = await ask(world, typed)

    assert card.title == "Linked to a***@example.com"


@pytest.mark.parametrize("typed", ["48291", "4829134", "what digits?", "/link 48", "\u00b2"])
async def test_what_cannot_be_the_digits_costs_no_try(world, typed):
    await sign_in(world, await ask(world, "/link"))

    said = [await ask(world, typed) for _ in range(4)]
    card = await ask(world, "482913")

    assert {one.lines[0] for one in said} == {
        "Type just those here, such as 123 456. No try is lost."
    }
    assert card.title == "Linked to a***@example.com"


async def test_a_command_is_understood_while_digits_are_waited_for(world):
    await sign_in(world, await ask(world, "/link"))

    card = await ask(world, "help")

    assert card.title == "What you can ask me"


@pytest.mark.parametrize("typed", ["status", "Status", " STATUS! ", "/Status.", "/status\u00a0"])
async def test_a_command_is_understood_without_its_slash_and_in_any_case(world, typed):
    await linked(world)

    card = await ask(world, typed)

    assert card.title == "1 of 2 bots running"


async def test_a_sentence_that_begins_like_a_command_is_none(world):
    await linked(world)

    card = await ask(world, "test whether you are there")

    assert card.title == "I only understand commands"


async def test_three_wrong_digits_end_the_attempt(world):
    await sign_in(world, await ask(world, "/link"))

    titles = [(await ask(world, "000000")).title for _ in range(3)]
    await asyncio.sleep(10)
    right = await ask(world, "482913")

    assert titles[:2] == ["Those are not the digits"] * 2
    assert titles[2] == "Too many wrong digits"
    assert right.severity is not Severity.GOOD
    assert await world.link() is None


async def test_digits_expire_after_two_minutes(world):
    await sign_in(world, await ask(world, "/link"))
    await asyncio.sleep(121)

    card = await ask(world, "482913")

    assert card.title == "Those digits have expired"
    assert await world.link() is None


async def test_digits_typed_in_another_chat_link_nothing(world):
    await sign_in(world, await ask(world, "/link"))

    await ask(world, "482913", chat="666")

    assert await world.link("666") is None
    assert await world.link() is None


async def sign_in(world, card):
    code = card.buttons[0][0].url.rpartition("/")[2]
    return await world.linking.sign_in(
        code, PasswordLogin(email="alice@example.com", password="right"), "127.0.0.1"
    )


async def test_a_second_chat_is_told_to_the_first_and_not_to_itself(world, chat):
    await linked(world)

    await world.links("200")
    await world.quiet()

    assert chat.titles(CHAT) == ["A new Telegram chat was linked to your account"]
    assert chat.titles("200") == []


async def test_unlinking_asks_first_and_then_forgets_the_login(world, platform):
    account = await linked(world)
    [asked] = await world.says("/unlink")

    [done] = await world.presses(asked, "Unlink this chat")

    assert done.card.title == "Unlinked"
    assert await world.link() is None
    assert await world.store.accounts.credential(account.id) is None
    assert platform.sessions == []


async def test_cancelling_an_unlink_changes_nothing(world):
    await linked(world)
    [asked] = await world.says("/unlink")

    [reply] = await world.presses(asked, "Cancel")

    assert reply.card.title == "Nothing was changed"
    assert await world.link() is not None


# --- looking --------------------------------------------------------------------------------


async def test_status_shows_every_bot_the_connection_and_the_last_event(world, platform):
    await linked(world)
    platform.put(owl(open_trades=2))

    card = await ask(world, "/status")

    assert card.title == "1 of 2 bots running"
    assert Field("Night Owl", "running · paper · 2 open trades") in card.fields
    assert Field("Heron", "stopped · real money") in card.fields
    assert any(field.label == "Connection" and "live" in field.value for field in card.fields)


async def test_status_is_loud_when_a_bot_has_an_error(world, platform):
    await linked(world)
    platform.put(owl(status="error"))

    card = await ask(world, "/status")

    assert card.severity is Severity.CRITICAL
    assert Field("Night Owl", "ERROR · paper") in card.fields


async def test_status_counts_a_bot_in_a_state_that_nobody_knows_as_that(world, platform):
    await linked(world)
    platform.put(owl(status="OOMKilled"))

    card = await ask(world, "/status")

    assert card.title == "0 of 2 bots running, 1 in an unknown state"
    assert card.severity is Severity.WARNING
    assert Field("Night Owl", "OOMKilled · paper") in card.fields


async def test_status_shows_the_last_known_state_when_the_platform_is_away(world, platform):
    await linked(world)
    await world.quiet()
    platform.away = True

    card = await ask(world, "/status")

    assert Field("Night Owl", "running · paper") in card.fields
    assert card.notes[0] == "As of 5 s ago: the platform gives me nothing newer just now."


@pytest.mark.parametrize(
    ("asked", "shown"), [("/traders", "Night Owl"), ("/strategies", "Mean reversion")]
)
async def test_lists_show_the_last_known_state_when_the_platform_is_away(
    world, platform, asked, shown
):
    platform.plans["s1"] = Strategy(id=StrategyId("s1"), name="Mean reversion", pair="ETH/USDT")
    await linked(world)
    await world.quiet()
    platform.away = True

    card = await ask(world, asked)

    assert shown in [field.label for field in card.fields]
    assert card.notes[0] == "As of 5 s ago: the platform gives me nothing newer just now."


async def test_status_after_the_login_ran_out_says_that_and_nothing_else(world, platform):
    account = await linked(world)
    platform.accepts.clear()
    platform.cut()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.NEEDS_LOGIN)

    card = await ask(world, "/status")

    assert Field("Connection", "needs a new login: /link") in card.fields
    assert card.notes[0] == "This is the last known state, from 0 s ago."
    assert not any("did not answer" in note or "could not" in note for note in card.notes)


async def test_status_without_bots_says_what_to_do(world, platform):
    platform.bots.clear()
    await linked(world)

    card = await ask(world, "/status")

    assert card.title == "No bots yet"


def many_bots(platform, count):
    for number in range(count):
        bot = Trader(id=TraderId(f"t{number}"), name=f"Bot {number:02}", running=True)
        platform.put(bot)
    return [f"Bot {number:02}" for number in range(count)]


@pytest.mark.parametrize("command", ["/status", "/traders"])
async def test_every_bot_has_its_row_however_many_there_are(world, platform, command):
    names = many_bots(platform, 60)
    await linked(world)

    card = await ask(world, command)

    states = {field.label: field.value for field in card.fields}
    assert [states[name] for name in names] == ["running"] * 60


async def test_every_strategy_has_its_row_however_many_there_are(world, platform):
    for number in range(20):
        id = StrategyId(f"s{number}")
        platform.plans[id] = Strategy(id=id, name=f"Plan {number}")
    await linked(world)

    card = await ask(world, "/strategies")

    assert [field.label for field in card.fields] == [f"Plan {number}" for number in range(20)]


async def test_a_strategy_is_shown_with_the_bots_that_trade_by_it(world, platform):
    for id, name in (("s1", "Momentum"), ("s2", "Momentum slow"), ("s3", "Grid")):
        platform.plans[id] = Strategy(id=StrategyId(id), name=name, pair="ETH/USDT")
    platform.put(owl(strategy=StrategyId("s1")))
    await linked(world)

    one = await ask(world, "/strategies momentum")
    several = await ask(world, "/strategies mom")
    unused = await ask(world, "/strategies grid")
    none = await ask(world, "/strategies gird")
    everything = await ask(world, "/strategies all")

    assert (one.title, one.fields) == ("Momentum", (Field("Night Owl", "running · paper"),))
    assert [field.label for field in several.fields] == ["Momentum", "Momentum slow"]
    assert unused.lines == ("ETH/USDT", "No bot uses it.")
    assert [button.label for [button] in none.buttons] == ["Grid"]
    assert len(everything.fields) == 3


async def test_strategies_trades_and_signals_are_listed(world, platform):
    await linked(world)
    platform.plans["s"] = Strategy(id=StrategyId("s"), name="Momentum", pair="ETH/USDT")
    platform.store(Stream.TRADES, world.trade(3))
    origin = Origin(kind=Kind.SIGNAL, record="signal-1", at=world.now())
    platform.store(Stream.SIGNALS, Signal(origin=origin, type="buy", pair="ETH/USDT"))

    strategies = await ask(world, "/strategies")
    trades = await ask(world, "/trades")
    signals = await ask(world, "/signals")

    assert strategies.fields == (Field("Momentum", "ETH/USDT"),)
    assert trades.fields[0].value == "Bought 3 BTC/USDT"
    assert signals.fields[0].value == "buy ETH/USDT"


async def test_strategies_of_a_type_and_signals_of_a_pair_or_type_are_found(world, platform):
    await linked(world)
    for number, kind in enumerate(("momentum", "grid", "momentum")):
        id = StrategyId(f"s{number}")
        platform.plans[id] = Strategy(id=id, name=f"Plan {number}", type=kind)
    for number, (kind, pair) in enumerate((("buy", "ETH/USDT"), ("sell", "BTC/USDT"))):
        origin = Origin(kind=Kind.SIGNAL, record=f"signal-{number}", at=world.now())
        platform.store(Stream.SIGNALS, Signal(origin=origin, type=kind, pair=pair))

    of_type = await ask(world, "/strategies Momentum")
    of_pair = await ask(world, "/signals eth")
    sells = await ask(world, "/signals sell")
    none = await ask(world, "/signals doge")

    assert [field.label for field in of_type.fields] == ["Plan 0", "Plan 2"]
    assert [field.value for field in of_pair.fields] == ["buy ETH/USDT"]
    assert [field.value for field in sells.fields] == ["sell BTC/USDT"]
    assert (none.title, none.lines[0]) == ("No signals of doge", "Of the latest 2 signals.")


async def closes(world, platform, *ratios):
    """A trade for each, an hour apart, closed with that profit, as was heard."""
    for number, ratio in enumerate(ratios):
        at = world.now() - timedelta(hours=len(ratios) - number)
        trade = replace(world.trade(number, at), side="sell", profit_ratio=Decimal(ratio))
        platform.store(Stream.TRADES, trade)
    await world.quiet(2)


async def test_the_latest_profits_come_as_a_picture_too_with_its_words(world, platform):
    await linked(world)
    await closes(world, platform, "0.01", "-0.005", "0.02")

    card = await ask(world, "/trades")

    earned = profits(platform.streams[Stream.TRADES], {})
    assert earned is not None
    assert card.picture == blank_picture(chart(earned))
    assert card.picture.alt == (
        "Profit of the latest 3 closed trades, oldest first: +1.00 %, -0.50 %, +2.00 %."
    )


async def test_two_profits_are_not_worth_a_picture(world, platform):
    await linked(world)
    await closes(world, platform, "0.01", "-0.005")

    assert (await ask(world, "/trades")).picture is None


async def test_a_picture_that_cannot_be_drawn_costs_no_answer(store, platform, chat, now, caplog):
    async with running(store, platform, chat, now, draw=undrawable) as world:
        await linked(world)
        await closes(world, platform, "0.01", "-0.005", "0.02")

        card = await ask(world, "/trades")

    assert card.title == "Latest 3 trades"
    assert card.picture is None
    assert "a picture could not be drawn" in caplog.text


async def test_what_belongs_to_another_user_is_shown_to_nobody(world, platform):
    await linked(world)
    platform.put(owl(id="strange", name="Strange", owner="user-2"), announce=False)
    platform.plans["s"] = Strategy(id=StrategyId("s"), name="Strange", owner="user-2")
    trade = world.trade(99)
    strange = replace(trade.origin, owner="user-2")
    platform.store(Stream.TRADES, replace(trade, origin=strange), announce=False)
    signal = Signal(origin=replace(strange, kind=Kind.SIGNAL), type="buy", pair="STRANGE/USDT")
    platform.store(Stream.SIGNALS, signal, announce=False)

    for asked in ("/status", "/traders", "/strategies", "/trades", "/signals"):
        before = world.meter.alarms["foreign_record"]
        card = await ask(world, asked)

        assert "strange" not in repr(card).lower()
        assert "99" not in repr(card)
        assert world.meter.alarms["foreign_record"] == before + 1, asked


async def test_a_price_is_shown_or_honestly_not_known(world):
    await linked(world)

    assert (await ask(world, "/price btc/usdt")).title == "BTC/USDT: 42,400 USDT"
    assert (await ask(world, "/price DOGE/USDT")).title == "No price for DOGE/USDT came by"
    assert (await ask(world, "/price")).title == "Which pair?"


@pytest.mark.parametrize(
    "typed", ["BTCUSDT", "btc-usdt", "BTC_USDT", "BTC usdt", "BTC", "xbt/usdt"]
)
@pytest.mark.parametrize("heard", [(), ("ETH/USDT", "BTC/USDT")], ids=["at first", "later"])
async def test_a_pair_is_found_however_it_is_typed(world, platform, typed, heard):
    platform.pairs = heard
    await linked(world)

    card = await ask(world, f"/price {typed}")

    assert card.title == "BTC/USDT: 42,400 USDT"


async def test_a_pair_that_does_not_come_is_answered_at_once_with_the_nearest(world, platform, now):
    platform.pairs = ("ETH/USDT", "BTC/USDT", "SOL/USDT", "ADA/EUR")
    await linked(world)
    asked_at = now()

    [nothing] = await world.says("/price BTC/USD")
    waited = now() - asked_at
    [pressed] = await world.presses(nothing, "BTC/USDT")

    assert waited < timedelta(seconds=1)
    assert nothing.card.title == "No price for BTC/USD came by"
    assert "BTC/USDT" in nothing.card.lines[0]
    assert pressed.card.title == "BTC/USDT: 42,400 USDT"


async def test_a_coin_of_several_pairs_is_asked_back(world, platform):
    platform.pairs = platform.ticking = ("BTC/USDT", "BTC/EUR", "ETH/EUR")
    await linked(world)

    [choice] = await world.says("/price btc")
    [pressed] = await world.presses(choice, "BTC/EUR")

    assert [option.label for option in choice.card.pick.options] == ["BTC/USDT", "BTC/EUR"]
    assert pressed.card.title.startswith("BTC/EUR")


async def test_a_pair_that_only_a_strategy_trades_is_known_too(world, platform):
    platform.plans["s1"] = Strategy(id=StrategyId("s1"), name="Momentum", pair="SOL/USDT")
    platform.ticking = ("SOL/BTC", "SOL/USDT")
    await linked(world)

    assert (await ask(world, "/price sol")).title.startswith("SOL/USDT")


async def test_a_service_that_is_denied_is_explained(world, platform):
    await linked(world)
    platform.fail("strategies", NotOffered("You are not permitted"))

    card = await ask(world, "/strategies")

    assert "You are not permitted" in card.lines[0]


async def test_a_test_alert_goes_through_the_whole_chain(world, chat):
    await linked(world)

    await ask(world, "/test")
    await world.quiet()

    assert chat.titles() == ["Test alert"]


async def misses(world, chat, account, count):
    """Refuse so many alerts, titled by their number, a minute apart."""
    chat.script(CHAT, *[Declined(reason="refused")] * count)
    for number in range(count):
        origin = Origin(kind=Kind.TEST, record=f"miss {number}", at=world.now())
        notice = Notice(origin=origin, say=partial(NoticeText, f"alert {number}"), bad=True)
        await world.ingest.take(account, (notice,))
        await world.quiet(60)


def alerts_in(card):
    return [field.value.partition(" (")[0] for field in card.fields]


async def test_all_that_was_missed_is_shown_page_by_page(world, chat):
    account = await linked(world)
    await misses(world, chat, account, 45)
    youngest_first = [f"alert {number}" for number in reversed(range(45))]

    [first] = await world.says("/missed")
    second = await ask(world, "/missed 2")
    last = await ask(world, "/missed 3")

    assert first.card.title == "45 alerts did not reach you"
    assert [*alerts_in(first.card), *alerts_in(second), *alerts_in(last)] == youngest_first
    assert first.card.notes == ("1 to 20 of 45. Older ones: /missed 2",)
    assert last.notes == ("41 to 45 of 45.",)
    assert last.buttons == ()


async def test_a_button_turns_the_page_of_what_was_missed(world, chat):
    account = await linked(world)
    await misses(world, chat, account, 45)

    [first] = await world.says("/missed")
    [second] = await world.presses(first, "Older")
    [third] = await world.presses(second, "Older")

    assert second.replaces
    assert alerts_in(second.card)[0] == "alert 24"
    assert alerts_in(third.card)[-1] == "alert 0"


@pytest.mark.parametrize("page", ["4", "999999"])
async def test_a_page_of_what_was_missed_that_there_is_not_is_explained(world, chat, page):
    account = await linked(world)
    await misses(world, chat, account, 45)

    card = await ask(world, f"/missed {page}")

    assert card.title == "There is no such page"
    assert card.lines == ("45 alerts did not reach you: /missed 1 to /missed 3 show them.",)


@pytest.mark.parametrize("page", ["0", "-1", "two", "9" * 5000])
async def test_what_is_no_page_at_all_is_answered_with_what_it_takes(world, chat, page):
    account = await linked(world)
    await misses(world, chat, account, 1)

    card = await ask(world, f"/missed {page}")

    assert card.title.startswith(f"I do not understand {page[:30]}")
    takes, example = card.lines
    assert takes == "/missed [page] takes page: 2 for the older ones, and so on."
    assert example == "As in /missed 2."


async def test_status_counts_all_that_was_missed(world, chat):
    account = await linked(world)
    await misses(world, chat, account, 2)

    assert "2 alerts did not reach you: /missed" in (await ask(world, "/status")).notes


async def test_nothing_missed_is_said_too(world):
    await linked(world)

    assert (await ask(world, "/missed")).title == "Nothing was missed"


# --- the trail --------------------------------------------------------------------------------


async def deeds(world, words="/audit", **where):
    return [field.value for field in (await ask(world, words, **where)).fields]


async def test_a_person_sees_what_they_asked_pressed_and_did(world):
    await linked(world)
    [asked] = await world.says("/pause night owl")
    await world.presses(asked, "Stop Night Owl")
    await world.presses(asked, "Stop Night Owl")
    await ask(world, "/help")

    assert await deeds(world) == [
        "asked /audit · you on Telegram",
        "asked /help · you on Telegram",
        "pressed a button, refused: used · you on Telegram",
        "stop Night Owl: done · you on Telegram",
        "stop Night Owl: asked · you on Telegram",
        "pressed stop · you on Telegram",
        "asked /pause · you on Telegram",
        "linked a chat · you on Telegram",
    ]


async def test_the_trail_is_read_page_by_page(world):
    await linked(world)
    for _ in range(20):
        await ask(world, "/help")
        await asyncio.sleep(2)

    [first] = await world.says("/trail")
    [second] = await world.presses(first, "Older")

    assert len(first.card.fields) == 15
    assert first.card.notes == ("Older ones: /audit 2",)
    assert second.card.title == "What was done, page 2"
    assert second.card.fields[-1].value == "linked a chat · you on Telegram"
    assert "There is no such page" in (await ask(world, "/audit 9")).lines[0]
    assert "/audit [page] takes page" in (await ask(world, "/audit two")).lines[0]


async def test_strangers_leave_no_trail_and_see_none(world, store):
    await linked(world)
    await ask(world, "/status", chat="666")

    assert "/link" in " ".join((await ask(world, "/audit", chat="666")).lines)
    assert await deeds(world) == [
        "asked /audit · you on Telegram",
        "linked a chat · you on Telegram",
    ]


async def test_who_cannot_be_audited_is_answered_all_the_same(world, store):
    await linked(world)
    store.audit.fails("note", StoreAway("disk full"), StoreAway("disk full"))

    assert (await ask(world, "/status")).title == "1 of 2 bots running"


# --- pausing and resuming --------------------------------------------------------------------


async def test_pausing_states_the_effect_and_does_nothing_before_the_press(world, platform):
    await linked(world)

    card = await ask(world, "/pause night owl")

    assert card.title == "Stop Night Owl?"
    assert [row[0].label for row in card.buttons] == ["Stop Night Owl", "Cancel"]
    assert platform.bots["owl"].running


async def test_a_press_pauses_once_and_is_not_echoed_to_the_same_chat(world, platform, chat):
    await linked(world)
    [asked] = await world.says("/pause night owl")

    replies = await world.presses(asked, "Stop Night Owl")
    await world.quiet()

    assert [reply.card.title for reply in replies] == [
        "Stopping Night Owl …",
        "Night Owl is stopped",
    ]
    assert all(reply.replaces for reply in replies)
    assert platform.calls.count("set_running owl False") == 1
    assert chat.shown == []


@pytest.mark.parametrize(
    ("message", "level", "told"),
    [
        ("Bot stopped", "info", []),
        ("Bot stopped", None, []),
        ("Stopped: margin call", None, [Severity.CRITICAL]),
        ("Bot started", None, [Severity.INFO]),
        ("Bot stopped", "critical", [Severity.CRITICAL]),
    ],
)
async def test_what_a_bot_reports_of_a_pause_is_told_where_more_than_that_was_reported(
    world, platform, chat, message, level, told
):
    await linked(world)
    [asked] = await world.says("/pause night owl")
    await world.presses(asked, "Stop Night Owl")
    origin = Origin(kind=Kind.POD_EVENT, record="report", at=world.now())
    report = PodEvent(
        origin=origin, type="status", message=message, level=level, trader=TraderId("owl")
    )

    platform.store(Stream.POD_EVENTS, report)
    await world.quiet()

    assert [shown.card.severity for shown in chat.shown] == told


async def test_an_error_right_after_a_pause_is_told_to_who_paused(world, platform, chat):
    await world.links()
    [card] = await world.says("/pause owl")
    await world.presses(card, "Stop Night Owl")

    platform.put(owl(running=False, status="error"))
    await world.quiet()

    assert chat.titles() == ["Night Owl stopped with an error"]
    assert not chat.shown[0].card.silent


async def test_the_other_chats_of_the_account_hear_of_it(world, chat):
    await linked(world)
    await world.links("200")
    await world.quiet()
    chat.shown.clear()
    [asked] = await world.says("/pause night owl")

    await world.presses(asked, "Stop Night Owl")
    await world.quiet()

    assert [(one.chat, one.card.title) for one in chat.shown] == [("200", "Night Owl was stopped")]


async def test_pressing_twice_acts_once(world, platform):
    await linked(world)
    [asked] = await world.says("/pause night owl")

    await world.presses(asked, "Stop Night Owl")
    [again] = await world.presses(asked, "Stop Night Owl")

    assert again == Reply(toast="This card was used already.", passing=True)
    assert platform.calls.count("set_running owl False") == 1


async def test_pressing_while_it_is_being_done_acts_once(world, platform):
    await linked(world)
    await world.quiet(10)
    [asked] = await world.says("/pause night owl")

    async with asyncio.TaskGroup() as group:
        presses = [group.create_task(world.presses(asked, "Stop Night Owl")) for _ in range(4)]

    toasts = [press.result()[0].toast for press in presses]
    assert sum(toast is None for toast in toasts) == 1
    assert platform.calls.count("set_running owl False") == 1


async def test_cancel_closes_the_card_for_good(world, platform):
    await linked(world)
    [asked] = await world.says("/pause night owl")

    await world.presses(asked, "Cancel")
    [late] = await world.presses(asked, "Stop Night Owl")

    assert late.toast == "This card was used already."
    assert platform.bots["owl"].running


async def test_another_person_cannot_press(world, platform):
    await linked(world)
    [asked] = await world.says("/pause night owl")

    [reply] = await world.presses(asked, "Stop Night Owl", person="666")

    assert reply.toast == "Only the person who asked may press this."
    assert platform.bots["owl"].running


async def test_a_card_expires_after_a_minute(world, platform):
    await linked(world)
    [asked] = await world.says("/pause night owl")
    await asyncio.sleep(61)

    [reply] = await world.presses(asked, "Stop Night Owl")

    assert "ended" in reply.toast
    assert platform.bots["owl"].running


async def test_a_card_works_after_a_restart(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await linked(world)
        [asked] = await world.says("/pause night owl")

    async with running(store, platform, chat, now) as world:
        replies = await world.presses(asked, "Stop Night Owl")

    assert [reply.card and reply.card.title for reply in replies][-1] == "Night Owl is stopped"


async def test_a_button_of_an_unlinked_chat_is_dead(world, platform):
    await linked(world)
    [asked] = await world.says("/pause night owl")
    await world.linking.end(await world.link())

    [reply] = await world.presses(asked, "Stop Night Owl")

    assert "no longer linked" in reply.toast
    assert platform.bots["owl"].running


async def test_a_refusal_gives_the_platforms_reason(world, platform):
    await linked(world)
    [asked] = await world.says("/resume heron")
    del platform.bots["heron"]

    replies = await world.presses(asked, "Resume Heron")

    assert replies[-1].card.title == "Heron was not changed"
    assert "No record found" in replies[-1].card.lines[0]


async def test_another_users_bot_cannot_be_paused(world, platform):
    await linked(world)
    platform.put(owl(id="strange", name="Strange", owner="user-2"), announce=False)

    one = await ask(world, "/pause strange")
    everything = await ask(world, "/pause all")

    assert one.title == "No bot is called strange"
    assert "Strange" not in repr(everything)


async def test_an_answer_about_another_users_bot_is_not_reported_as_done(world, platform):
    account = await linked(world)
    [asked] = await world.says("/pause night owl")
    platform.put(owl(name="Strange", owner="user-2"), announce=False)

    replies = await world.presses(asked, "Stop Night Owl")

    assert replies[-1].card.title == "Night Owl: unclear"
    assert "Strange" not in repr(replies)
    known = await world.store.inbox.traders(account.id)
    assert "Strange" not in {bot.name for bot in known}
    assert world.meter.alarms["foreign_record"] > 0


async def test_a_lost_answer_is_reported_reconciled_and_never_repeated(world, platform):
    await linked(world)
    platform.loses_answers = True
    [asked] = await world.says("/pause night owl")

    replies = await world.presses(asked, "Stop Night Owl")

    assert [reply.card.title for reply in replies] == [
        "Stopping Night Owl …",
        "Unclear so far: stopping Night Owl",
        "Night Owl is stopped (checked by reading back)",
    ]
    assert platform.calls.count("set_running owl False") == 1


async def test_a_lost_request_is_reported_as_not_done_and_not_repeated(world, platform):
    await linked(world)
    platform.loses_requests = True
    [asked] = await world.says("/pause night owl")

    replies = await world.presses(asked, "Stop Night Owl")

    assert replies[-1].card.title == "Night Owl: unclear"
    assert "still running" in replies[-1].card.lines[0]
    assert platform.calls.count("set_running owl False") == 1


async def test_a_yes_that_changes_nothing_is_not_reported_as_done(world, platform):
    await linked(world)
    platform.ignores_writes = True
    [asked] = await world.says("/pause night owl")

    replies = await world.presses(asked, "Stop Night Owl")

    assert titles(replies) == [
        "Stopping Night Owl …",
        "The platform accepted it; Night Owl does not show it yet",
        "The platform accepted it; Night Owl does not show it yet",
        "Night Owl: unclear",
    ]
    assert replies[-1].card.lines == (
        "Night Owl is still running, 3 min after the platform accepted the change."
        " Look with /status, or ask again.",
    )
    assert "did not answer" not in repr(replies)
    assert platform.calls.count("set_running owl False") == 1


@pytest.mark.parametrize("seconds", [2, 10, 90])
async def test_what_the_platform_accepted_is_told_once_it_shows(world, platform, seconds):
    await linked(world)
    platform.ignores_writes = True
    [asked] = await world.says("/pause night owl")

    async with asyncio.TaskGroup() as group:
        pressing = group.create_task(world.presses(asked, "Stop Night Owl"))
        await asyncio.sleep(seconds)
        platform.put(owl(running=False, status="stopped"), announce=False)

    told = titles(pressing.result())
    assert told[1] == "The platform accepted it; Night Owl does not show it yet"
    assert told[-1] == "Night Owl is stopped (checked by reading back)"


async def test_of_several_bots_only_what_does_not_show_yet_is_looked_at_again(world, platform):
    crane = owl(id=TraderId("crane"), name="Crane")
    platform.put(crane)
    await linked(world)
    platform.ignores_writes = True
    [asked] = await world.says("/pause all")

    async with asyncio.TaskGroup() as group:
        pressing = group.create_task(world.presses(asked, "Stop 2 bots"))
        await asyncio.sleep(2)
        platform.put(replace(crane, running=False, status="stopped"), announce=False)

    replies = pressing.result()
    assert replies[-2].card.title == "1 of 2 bots stopped"
    assert {one.label: one.value for one in replies[-2].card.fields} == {
        "Crane": "is stopped (checked by reading back)",
        "Night Owl": "accepted, not shown yet: it is still running",
    }
    assert "3 min after" in {one.label: one.value for one in replies[-1].card.fields}["Night Owl"]


async def test_a_login_that_is_refused_is_called_that_before_and_after_the_write(world, platform):
    await linked(world)
    [asked] = await world.says("/pause night owl")
    platform.fail("set_running owl False", NeedsLogin("jwt expired"))
    [_, refused] = await world.presses(asked, "Stop Night Owl")

    platform.loses_answers = True
    platform.fail("trader", NeedsLogin("jwt expired"))
    [asked] = await world.says("/pause night owl")
    replies = await world.presses(asked, "Stop Night Owl")

    assert refused.card.title == "Night Owl was not changed"
    assert refused.card.lines == ("Not done: the platform refused my login, send /link.",)
    assert replies[-1].card.lines == (
        "Night Owl is UNCLEAR. no answer in time, and then the platform refused my login:"
        " send /link, then /status.",
    )


async def test_stopping_says_that_open_trades_are_not_managed_before_and_after(world, platform):
    await linked(world)

    [asked] = await world.says("/pause night owl")
    replies = await world.presses(asked, "Stop Night Owl")

    assert asked.card.title == "Stop Night Owl?"
    assert "its open trades are not managed until you resume it" in asked.card.lines[0]
    assert replies[-1].card.notes == ("Open trades are not managed until you /resume.",)


async def test_no_new_trades_is_offered_first_where_bots_can_be_told(world, platform):
    platform.bot_commands = frozenset(BotCommand)
    await linked(world)

    [asked] = await world.says("/pause night owl")
    replies = await world.presses(asked, "No new trades: Night Owl")
    [again] = await world.presses(asked, "Stop Night Owl")

    assert asked.card.title == "Stop Night Owl, or only new trades?"
    assert [row[0].label for row in asked.card.buttons] == [
        "No new trades: Night Owl",
        "Stop Night Owl",
        "Cancel",
    ]
    assert replies[-1].card.title == (
        "Night Owl opens no new trades, and manages those it has (checked by reading back)"
    )
    assert again.toast == "This card was used already."
    assert platform.bots["owl"].running
    assert platform.calls.count("stop_entries owl") == 1


async def test_no_new_trades_is_unclear_where_the_answer_is_lost_and_it_cannot_be_read(
    world, platform
):
    platform.bot_commands = frozenset(BotCommand)
    platform.loses_answers = True
    await linked(world)
    platform.fail("opens_trades owl", *[TryLater("away")] * 3)

    [asked] = await world.says("/pause night owl")
    replies = await world.presses(asked, "No new trades: Night Owl")

    assert replies[-1].card.title == "Night Owl: unclear"
    assert platform.calls.count("stop_entries owl") == 1


async def test_no_new_trades_is_refused_with_the_platforms_reason(world, platform):
    platform.bot_commands = frozenset(BotCommand)
    await linked(world)
    platform.fail("stop_entries owl", Refused("trader is not running"))

    [asked] = await world.says("/pause night owl")
    replies = await world.presses(asked, "No new trades: Night Owl")

    assert replies[-1].card.lines == ("Not done, the platform says: trader is not running.",)


@pytest.mark.parametrize(
    ("text", "age", "note"),
    [
        ("/status", timedelta(seconds=59), None),
        ("/status", timedelta(hours=3), "You asked this 3 h ago."),
        ("traders", timedelta(minutes=12), "You asked this 12 min ago."),
        ("/help", timedelta(days=3), "You asked this 3 days ago."),
    ],
)
async def test_a_command_that_comes_late_says_so(world, text, age, note):
    await linked(world)

    card = await asks_late(world, text, age)

    assert (note in card.notes) is (note is not None)
    assert card.title


@pytest.mark.parametrize("text", ["/pause night owl", "/resume heron", "/unlink", "/pause"])
async def test_a_dangerous_command_that_comes_late_asks_again(world, platform, text):
    await linked(world)

    card = await asks_late(world, text, timedelta(hours=3))
    [now] = await world.presses(Reply(card=card), "Ask it now")

    assert card.title == f"Still want to {text}?"
    assert card.notes == ("You asked this 3 h ago.",)
    assert (now.card.title, now.card.notes) != (card.title, card.notes)
    assert now.card == replace(
        (await ask(world, text)), buttons=now.card.buttons, pick=now.card.pick
    )
    assert not any(call.startswith("set_running") for call in platform.calls)


async def asks_late(world, text, age):
    place, person, at = world.place(), world.person(), world.now() - age
    typed = command_in(text)
    said = (
        Words(place=place, person=person, text=text, at=at)
        if typed is None
        else Command(place=place, person=person, name=typed.name, arguments=typed.arguments, at=at)
    )
    [reply] = [reply async for reply in world.router.hear(said)]
    return as_shown(reply.card)


def titles(replies):
    return [reply.card.title for reply in replies]


async def test_all_under_a_partial_name_means_only_those_it_shows(world, platform):
    for name in ("Grey Owl", "Crane"):
        platform.put(Trader(id=TraderId(name), name=name, running=True, status="running"))
    await linked(world)

    [picking] = await world.says("/pause ow")
    [confirm] = await world.presses(picking, "All 2")

    assert confirm.card.title == "Stop 2 bots?"
    assert [field.label for field in confirm.card.fields] == ["Night Owl", "Grey Owl"]


async def test_a_confirm_card_names_every_bot_that_it_means(world, platform):
    names = many_bots(platform, 20)
    await linked(world)

    card = await ask(world, "/pause all")

    shown = " ".join(f"{field.label} {field.value}" for field in card.fields)
    assert all(name in shown for name in names)


async def test_a_stranger_that_linked_a_chat_is_ended_from_any_other(world):
    await linked(world)
    await world.links("200")
    await world.quiet(10)
    [asked] = await world.says("/unlink others")

    [done] = await world.presses(asked, "Unlink 1 other chat")

    assert asked.card.title == "Unlink 1 other chat?"
    assert done.card.title == "1 other chat unlinked"
    assert await world.link("200") is None
    assert await world.link() is not None
    assert (await ask(world, "/unlink others")).title.startswith("No other chat")


async def test_prices_are_not_promised_without_a_socket(world, platform):
    platform.sockets = False
    account = await world.links()
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.POLLING)

    card = await ask(world, "/price BTC/USDT")

    assert card.title == "I hear no prices right now"


async def test_without_a_socket_the_other_chats_hear_of_it_all_the_same(world, platform, chat):
    platform.sockets = False
    account = await world.links()
    await world.links("200")
    await world.until(lambda: world.feeds.status(account.id).state is FeedState.POLLING)
    await world.quiet()
    chat.shown.clear()
    [asked] = await world.says("/pause night owl")

    await world.presses(asked, "Stop Night Owl")
    await world.quiet(2)

    assert chat.titles("200") == ["Night Owl was stopped"]


async def link_as_viewer(world):
    place = world.place("300")
    invitation = Invitation(
        endpoint=await world.store.links.endpoint(place.address, private=True),
        address=place.address,
        person="300",
        role=Role.VIEWER,
        expires_at=world.now() + CODE_LIFE,
    )
    await world.store.codes.invite("hash", invitation, world.now())
    grant = await world.platform.log_in(PasswordLogin(email="a@example.com", password="right"))
    await world.store.codes.sign_in("hash", grant, "111222", world.now())
    await world.says("111222", chat="300")
    return await world.link("300")


async def test_a_viewer_may_look_but_not_act(world):
    await link_as_viewer(world)

    assert (await ask(world, "/status", chat="300")).title == "1 of 2 bots running"
    assert "may look" in (await ask(world, "/pause all", chat="300")).title


async def test_a_viewer_cannot_press_even_a_button_made_for_them(world, platform):
    """A role may be taken away between the card and the press."""
    link = await link_as_viewer(world)
    action = Action(
        id=ActionId("made-before"),
        card="card",
        account=link.account,
        link=link.id,
        endpoint=link.endpoint.id,
        person="300",
        verb=Verb.PAUSE,
        targets=(Target(id="owl", name="Night Owl"),),
        expires_at=world.now() + CONFIRM_LIFE,
    )
    await world.store.actions.offer((action,))
    press = Press(place=world.place("300"), person=world.person("300"), action=action.id)

    [reply] = [reply async for reply in world.router.hear(press)]

    assert reply.toast is not None
    assert platform.bots["owl"].running


async def test_what_cannot_be_read_back_stays_unclear(world, platform):
    await linked(world)
    platform.loses_answers = True
    platform.fail("trader", *[TryLater("away")] * 3)
    [asked] = await world.says("/pause night owl")

    replies = await world.presses(asked, "Stop Night Owl")

    assert replies[-1].card.title == "Night Owl: unclear"
    assert platform.calls.count("set_running owl False") == 1


async def test_without_a_name_a_pick_list_leads_to_a_confirm_card(world, platform):
    platform.bots["crane"] = owl(id=TraderId("crane"), name="Crane", dry_run=None)
    await linked(world)

    [picking] = await world.says("/pause")
    [confirm] = await world.presses(picking, "Crane")

    assert picking.card.title == "Stop which bot?"
    assert [(one.label, one.hint) for one in picking.card.pick.options] == [
        ("Night Owl", "running · paper"),
        ("Crane", "running"),
        ("All 2", ""),
    ]
    assert picking.card.notes == ("Or name one: /pause NAME",)
    assert confirm.card.title == "Stop Crane?"
    assert platform.bots["crane"].running


async def test_all_may_be_picked_too(world, platform):
    platform.bots["crane"] = owl(id=TraderId("crane"), name="Crane")
    await linked(world)

    [picking] = await world.says("/pause")
    [confirm] = await world.presses(picking, "All 2")

    assert confirm.card.title == "Stop 2 bots?"


async def test_a_pick_list_that_would_be_too_long_says_how_to_name_the_others(world, platform):
    names = many_bots(platform, 22)
    await linked(world)

    picking = await ask(world, "/pause")
    confirm = await ask(world, "/pause bot 21")

    labels = [option.label for option in picking.pick.options]
    [rest] = picking.fields
    assert labels == ["Night Owl", *names[:14], "All 23"]
    assert rest == Field("and 8 more", ", ".join(names[14:]))
    assert picking.notes == ("These are the first 15 of 23. Or name one: /pause NAME",)
    assert confirm.title == "Stop Bot 21?"


async def test_a_wrong_name_among_many_bots_says_where_all_are_listed(world, platform):
    many_bots(platform, 22)
    await linked(world)

    card = await ask(world, "/pause zzzzzz")

    assert card.lines[0].endswith("and 9 more: /traders")


async def test_all_names_every_bot_and_acts_on_just_those(world, platform):
    platform.bots["crane"] = owl(id=TraderId("crane"), name="Crane", dry_run=None)
    await linked(world)
    [asked] = await world.says("/pause all")
    platform.put(owl(id=TraderId("late"), name="Latecomer"))

    replies = await world.presses(asked, "Stop 2 bots")

    assert asked.card.title == "Stop 2 bots?"
    assert replies[-1].card.title == "2 of 2 bots stopped"
    assert platform.bots["late"].running


async def test_a_bot_that_does_not_answer_keeps_no_other_from_being_stopped(world, platform):
    for name in ("Crane", "Gull", "Rook"):
        platform.put(owl(id=TraderId(name.lower()), name=name))
    await linked(world)
    [asked] = await world.says("/pause all")
    platform.slow["set_running crane False"] = 15
    platform.fail("set_running crane False", OutcomeUnknown("no answer in time"))
    platform.fail("set_running gull False", Refused("Trader is not configured"))

    async with asyncio.TaskGroup() as group:
        pressing = group.create_task(world.presses(asked, "Stop 4 bots"))
        await asyncio.sleep(1)
        running_still = {one.name for one in platform.bots.values() if one.running}
    replies = pressing.result()
    [confirm] = await world.presses(replies[-1], "Again: 2 bots")

    assert running_still == {"Crane", "Gull"}
    assert "Unclear so far: stopping Crane" in titles(replies)
    assert replies[-1].card.title == "2 of 4 bots stopped"
    assert replies[-1].card.lines[0].startswith("What is not stopped may trade on: ask again")
    ended = {one.label: one.value for one in replies[-1].card.fields}
    assert ended["Gull"] == "not done, the platform says: Trader is not configured"
    assert ended["Crane"].startswith("is still running: it did not take effect.")
    assert [one.label for one in confirm.card.fields] == ["Crane", "Gull"]


# --- other names, and strategies ----------------------------------------------------------

GRID = Strategy(id=StrategyId("s1"), name="Grid", type="momentum", pair="ETH/USDT")

CHANGES = [
    ("/rename night owl to Day Owl", "Rename it", "Day Owl is called Day Owl"),
    ("/rename grid to \u201cGrid to go\u201d", "Rename it", "Grid is called Grid to go"),
    ("/newstrategy Dip Buyer momentum eth/usdt", "Create it", "Dip Buyer is there"),
    ("/removestrategy grid", "Delete it", "Grid is not there any more"),
]


def things(platform):
    return {one.name for one in (*platform.bots.values(), *platform.plans.values())}


@pytest.mark.parametrize(("typed", "button", "done"), CHANGES, ids=lambda one: one[:14])
async def test_what_is_renamed_created_or_deleted_asks_first_and_works_once(
    world, platform, typed, button, done
):
    platform.plans[GRID.id] = GRID
    await linked(world)
    before = things(platform)

    [asked] = await world.says(typed)
    unchanged = things(platform) == before
    replies = await world.presses(asked, button)
    [again] = await world.presses(asked, button)

    assert unchanged
    assert replies[-1].card.title.partition(" (checked")[0] in (
        done,
        done.replace("Day Owl is", "Night Owl is"),
        done.replace(" any more", ""),
    )
    assert things(platform) != before
    assert again.toast == "This card was used already."


@pytest.mark.parametrize(("typed", "button", "done"), CHANGES, ids=lambda one: one[:14])
@pytest.mark.parametrize("lost", ["loses_answers", "loses_requests", "ignores_writes"])
async def test_what_came_of_it_is_read_back_and_never_repeated(
    world, platform, typed, button, done, lost
):
    platform.plans[GRID.id] = GRID
    await linked(world)
    before = things(platform)
    [asked] = await world.says(typed)
    setattr(platform, lost, True)

    replies = await world.presses(asked, button)

    assert (things(platform) != before) is (lost == "loses_answers")
    assert ("(checked by reading back)" in titles(replies)[-1]) is (lost == "loses_answers")
    writes = ("rename_", "create_", "remove_")
    assert sum(call.startswith(writes) for call in platform.calls) == 1


@pytest.mark.parametrize(
    ("typed", "title", "line"),
    [
        ("/rename", "What should be called what?", "As in /rename Grid BTC to Grid 2."),
        ("/rename night owl", "What should be called what?", "As in /rename Grid BTC to Grid 2."),
        ("/rename zzz to Owl", "Nothing is called zzz", "/traders and /strategies list what is."),
        ("/rename night owl to all", "all is no name for it", "A name has at most 60 characters"),
        ("/rename night owl to Night Owl", "It is called Night Owl already", "Nothing to do."),
        ("/newstrategy", "Say its name, its type and its pair", "As in /newstrategy Dip Buyer"),
        ("/newstrategy Dips x/y BTC/USDT", "Say its name, its type and its pair", "As in "),
        ("/newstrategy Dips momentum BTC", "BTC is no pair", "It is written like BTC/USDT"),
        ("/newstrategy grid momentum ETH/USDT", "There is a strategy called grid already", ""),
        ("/removestrategy zzzzzz", "No strategy is called zzzzzz", "Your strategies: Grid."),
    ],
)
async def test_what_is_not_understood_gets_an_example_and_does_nothing(
    world, platform, typed, title, line
):
    platform.plans[GRID.id] = GRID
    await linked(world)
    await world.quiet(10)

    card = await ask(world, typed)

    assert card.title == title
    assert card.lines[0].startswith(line)
    assert not any(one.label in ("Rename it", "Create it", "Delete it") for [one] in card.buttons)


@pytest.mark.parametrize(
    ("typed", "example"),
    [
        (f"/rename owl to {'x' * 61}", "As in /rename Grid BTC to Grid 2."),
        (
            f"/newstrategy {'x' * 61} momentum BTC/USDT",
            "As in /newstrategy Dip Buyer momentum BTC/USDT.",
        ),
    ],
)
async def test_a_name_that_is_too_long_gets_an_example_too(world, typed, example):
    await linked(world)
    await world.quiet(10)

    card = await ask(world, typed)

    assert card.title == f"{'x' * 29}… is no name for it"
    assert card.lines[-1] == example
    assert not card.buttons


async def test_rename_alone_lists_what_can_be_renamed(world, platform):
    platform.plans[GRID.id] = GRID
    await linked(world)
    await world.quiet(10)

    card = await ask(world, "/rename")

    shown = {one.label: one.value for one in card.fields}
    assert shown == {"Night Owl": "a bot", "Heron": "a bot", GRID.name: "a strategy"}


@pytest.mark.parametrize(
    ("typed", "options", "chosen", "title"),
    [
        ("/rename nite owl to Oscar", ["Night Owl"], "Night Owl", "Rename Night Owl?"),
        ("/rename o to Oscar", ["Night Owl", "Heron", "Momentum"], "Heron", "Rename Heron?"),
        ("/newstrategy Dips grid ETHUSD", ["ETH/USDT"], "ETH/USDT", "Create Dips?"),
        ("/removestrategy", ["Momentum"], "Momentum", "Delete Momentum?"),
        ("/removestrategy all", ["Momentum"], "Momentum", "Delete Momentum?"),
        ("/removestrategy momentun", ["Momentum"], "Momentum", "Delete Momentum?"),
    ],
)
async def test_a_name_that_may_mean_several_or_none_is_asked_back(
    world, platform, typed, options, chosen, title
):
    platform.plans["s1"] = replace(GRID, name="Momentum")
    await linked(world)
    await world.quiet(10)

    [asked] = await world.says(typed)
    [confirm] = await world.presses(asked, chosen)

    assert list(actions_under(asked.card)) == options
    assert confirm.card.title == title


@pytest.mark.parametrize(
    ("typed", "asks"),
    [
        ("eth/usdt Dips momentum", ()),
        ("Dips ETH/USDT momentum", ()),
        ("momentum Dips grid ETH/USDT", ("name: momentum Dips, type: grid",)),
        ("ETH/USDT momentum Dips", ("name: momentum, type: Dips", "name: Dips, type: momentum")),
    ],
)
async def test_the_words_of_a_new_strategy_may_stand_in_any_order_that_is_clear(
    world, platform, typed, asks
):
    platform.plans[GRID.id] = GRID
    await linked(world)
    await world.quiet(10)

    [reply] = await world.says(f"/newstrategy {typed}")
    if asks:
        assert reply.card.title == "Which one do you mean?"
        [reply] = await world.presses(reply, asks[-1])

    assert reply.card.title in ("Create Dips?", "Create momentum Dips?")
    assert ("grid" if "grid" in typed else "momentum") in repr(reply.card.fields)


async def test_two_cards_for_one_name_create_one_strategy(world, platform):
    await linked(world)
    cards = [(await world.says("/newstrategy Dips momentum eth/usdt"))[0] for _ in range(2)]

    [*_, first] = await world.presses(cards[0], "Create it")
    [*_, second] = await world.presses(cards[1], "Create it")

    assert first.card.title.startswith("Dips is there")
    assert second.card.lines == ("Not done: There is one of that name already.",)
    assert [one.name for one in platform.plans.values()].count("Dips") == 1


@pytest.mark.parametrize("typed", ["/removestrategy all", "/removestrategy (all)"])
async def test_of_several_strategies_none_is_taken_for_all(world, platform, typed):
    platform.plans |= {"s2": replace(GRID, id=StrategyId("s2"), name="Alpha"), GRID.id: GRID}
    await linked(world)

    card = await ask(world, typed)

    assert {one.label for one in card.pick.options} == {"Alpha", "Grid"}


@pytest.mark.parametrize(
    "asked",
    [
        {"arguments": "Back to Base to Moon"},
        {"arguments": "x", "options": {"what": "Back to Base", "name": "Moon"}},
    ],
)
async def test_a_name_with_a_to_in_it_is_that_name(world, platform, asked):
    platform.put(owl(name="Back to Base"))
    if "options" in asked:
        platform.put(owl(id=TraderId("back"), name="Back"))
    await linked(world)
    command = Command(place=world.place(), person=world.person(), name="rename", **asked)

    [reply] = [reply async for reply in world.router.hear(command)]

    assert reply.card.title == "Rename Back to Base?"
    assert "Moon" in repr(reply.card)
    assert "Base to Moon" not in repr(reply.card)


async def test_a_strategy_that_a_bot_uses_says_so_before_it_is_deleted(world, platform):
    platform.plans[GRID.id] = GRID
    platform.put(owl(strategy=GRID.id))
    await linked(world)

    card = await ask(world, "/removestrategy grid")

    assert card.lines[-1] == "This bot uses it, and cannot trade by it then:"
    assert [(one.label, one.value) for one in card.fields] == [("Night Owl", "running · paper")]


async def test_a_wrong_name_suggests_the_nearest(world):
    await linked(world)

    [guess] = await world.says("/pause nite owl")
    [confirm] = await world.presses(guess, "Night Owl")

    assert guess.card.title == "No bot is called nite owl"
    assert guess.card.lines == ("As in /pause Grid BTC.",)
    assert confirm.card.title == "Stop Night Owl?"
    assert confirm.replaces


async def test_a_guessed_strategy_is_a_button_too(world, platform):
    platform.plans["s1"] = Strategy(id=StrategyId("s1"), name="Momentum", pair="ETH/USDT")
    await linked(world)

    [guess] = await world.says("/strategies momentun")
    [shown] = await world.presses(guess, "Momentum")

    assert shown.card.title == "Momentum"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Bob's bot", "Bob\u2019s bot"),
        ("Bob\u2019s bot", "bob's bot"),
        ("Cafe\u0301 Grid", "Caf\u00e9 Grid"),
        ("Caf\u00e9 Grid", "cafe grid"),
        ("\U0001f989\ufe0f Owl", "\U0001f989 owl"),
        ("Grid \u2014 BTC", "grid -- btc"),
        ("Al\u200bpha", "\u201cAlpha\u201d."),
        ("Alpha\u00a0One", "ALPHA  ONE"),
        ("Long " * 17 + "A", "Long " * 17 + "A"),
        ("Long " * 17 + "A", " ".join(["Long"] * 12)[:58] + "\u2026"),
        ("Dr. Who?", "dr. who?"),
    ],
)
async def test_a_bot_is_found_however_its_name_is_typed(world, platform, name, typed):
    platform.put(owl(name=name))
    await linked(world)

    [confirm] = await world.says(f"/pause {typed}")

    assert confirm.card.title.startswith("Stop ")
    assert confirm.card.title.endswith("?")
    assert confirm.card.buttons


async def test_two_bots_of_one_name_are_told_apart_wherever_one_is_named(world, platform, chat):
    for id, exchange in (("t1", "binance"), ("t2", "kraken")):
        bot = Trader(id=TraderId(id), name="Twin", running=True, exchange=exchange)
        platform.put(bot)
    account = await linked(world)
    apart = ["Twin (binance)", "Twin (kraken)"]

    [choice] = await world.says("/pause twin")
    [confirm] = await world.presses(choice, "Twin (kraken)")
    [typed] = await world.says("/pause Twin (kraken)")
    [listed] = await world.says("/traders")
    [status] = await world.says("/status")
    offered = await world.router.suggest(world.place(), world.person(), "pause", "bot", "tw")
    await world.ingest.take(account, [replace(world.trade(1), trader=TraderId("t2"))])
    await world.quiet()

    assert [option.label for option in choice.card.pick.options][:2] == apart
    assert confirm.card.title == typed.card.title == "Stop Twin (kraken)?"
    assert [one.label for one in listed.card.fields if "Twin" in one.label] == apart
    assert [one.label for one in status.card.fields if "Twin" in one.label] == apart
    assert list(offered) == apart
    assert Field("Bot", "Twin (kraken)") in chat.shown[-1].card.fields


async def test_an_alert_calls_a_bot_as_it_was_last_seen_among_the_others(world, platform, chat):
    account = await linked(world)
    trades = itertools.count(1)

    async def called(*seen: Trader, gone: bool = False) -> str:
        """What a trade of Heron says after these were seen."""
        for one in seen:
            origin = Origin(kind=Kind.TRADER, record=one.id, at=world.now())
            event = TraderSeen(origin=origin, trader=one, removed=gone)
            await world.ingest.take(account, [event])
        trade = replace(world.trade(next(trades)), trader=HERON.id)
        await world.ingest.take(account, [trade])
        await world.quiet()
        return str(next(one.value for one in chat.shown[-1].card.fields if one.label == "Bot"))

    renamed = replace(HERON, name="Crane", exchange="binance")
    twin = Trader(id=TraderId("twin"), name="Crane", running=True, exchange="kraken")

    assert await called() == "Heron"
    assert await called(renamed) == "Crane"
    assert await called(twin) == "Crane (binance)"
    assert await called(twin, gone=True) == "Crane"


async def test_what_is_paused_already_needs_no_card(world):
    await linked(world)

    card = await ask(world, "/pause heron")

    assert card.title == "Heron is stopped already"


async def test_an_interrupted_action_is_reported_after_the_restart(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await linked(world)
        await interrupt(world, platform)

    async with running(store, platform, chat, now) as world:
        await world.router.recover()
        await world.quiet()

    assert chat.shown[-1].card.title == "I was interrupted while stopping a bot"
    assert chat.shown[-1].card.lines == ("Night Owl is stopped.",)
    assert platform.calls.count("set_running owl False") == 1


async def interrupt(world, platform):
    """A press whose process is killed while the platform does not answer."""
    [asked] = await world.says("/pause night owl")
    platform.loses_answers = True
    async with asyncio.TaskGroup() as group:
        pressing = group.create_task(world.presses(asked, "Stop Night Owl"))
        await asyncio.sleep(0.5)
        pressing.cancel()
    platform.loses_answers = False
    return asked


@pytest.mark.parametrize("outage", [TryLater("disk full"), OutcomeUnknown("broke during a commit")])
@pytest.mark.parametrize(
    ("port", "method"),
    [
        ("actions", "interrupted"),
        ("accounts", "get"),
        ("inbox", "ingest"),
        ("actions", "finish"),
        ("audit", "note"),
    ],
)
async def test_a_database_that_is_away_puts_off_the_report_of_an_interrupted_action(
    store, platform, chat, now, port, method, outage
):
    async with running(store, platform, chat, now) as world:
        await linked(world)
        await interrupt(world, platform)

    async with running(store, platform, chat, now) as world:
        await world.quiet(60)
        getattr(store, port).fails(method, *([outage] * 5))
        await world.router.recover()
        await world.quiet()

    assert chat.titles() == ["I was interrupted while stopping a bot"]
    assert await store.actions.interrupted() == []


async def test_the_report_waits_longer_each_time_but_not_for_ever(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await linked(world)
        await interrupt(world, platform)

    async with running(store, platform, chat, now) as world:
        await world.quiet(60)
        store.actions.fails("interrupted", *([TryLater("disk full")] * 30))
        began = now()
        await world.router.recover()
        waited = now() - began
        await world.quiet()

    assert timedelta(minutes=10) < waited < timedelta(minutes=30)
    assert chat.titles() == ["I was interrupted while stopping a bot"]


async def test_what_is_pressed_while_the_report_waits_is_not_interrupted(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await linked(world)
        [asked] = await world.says("/pause night owl")
        store.actions.fails("interrupted", *([TryLater("disk full")] * 2))
        platform.loses_requests = True
        async with asyncio.TaskGroup() as group:
            pressing = group.create_task(world.presses(asked, "Stop Night Owl"))
            group.create_task(world.router.recover())
        await world.quiet()

    outcome = pressing.result()[-1].card
    assert outcome is not None
    assert outcome.title == "Night Owl: unclear"
    assert chat.titles() == []


async def test_a_press_that_comes_again_after_a_crash_does_not_keep_the_report_back(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await linked(world)
        asked = await interrupt(world, platform)

    async with running(store, platform, chat, now) as world:
        store.actions.fails("interrupted", TryLater("disk full"))
        async with asyncio.TaskGroup() as group:
            group.create_task(world.router.recover())
            [again] = await world.presses(asked, "Stop Night Owl")
        await world.quiet()

    assert again.toast == "Already on it. One moment."
    assert chat.titles() == ["I was interrupted while stopping a bot"]
    assert await store.actions.interrupted() == []


async def test_an_unlinking_that_was_interrupted_is_not_taken_for_done(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await linked(world)
        [asked] = await world.says("/unlink")
        link = await world.link()
        assert asked.card is not None
        assert link is not None
        button = asked.card.buttons[0][0].action
        assert button is not None
        await store.actions.claim(button, CHAT, link.endpoint.id, now())

    async with running(store, platform, chat, now) as world:
        await world.router.recover()
        await world.quiet()

    assert chat.titles() == ["I was interrupted while unlinking"]
    assert await store.actions.interrupted() == []


async def test_an_alert_offers_to_pause_its_bot_through_a_confirm_card(world, platform, chat):
    from bot.domain.events import PodEvent
    from bot.domain.incoming import Reply

    await linked(world)
    platform.store(
        Stream.POD_EVENTS,
        PodEvent(
            origin=Origin(kind=Kind.POD_EVENT, record="event-1", at=world.now()),
            type="error",
            message="Insufficient balance",
            trader=TraderId("owl"),
        ),
    )
    await world.quiet()

    [confirm] = await world.presses(Reply(card=chat.shown[0].card), "Stop Night Owl")

    assert confirm.card.title == "Stop Night Owl?"
    assert not confirm.replaces
    assert platform.bots["owl"].running


# --- people and chats --------------------------------------------------------------------------


async def test_only_the_person_who_linked_may_ask(world):
    await linked(world)

    card = await ask(world, "/status", person="666")

    assert card.title == "Only the person who linked this chat can do that"


async def test_a_flood_is_answered_once_and_then_ignored_for_that_person_alone(world):
    await linked(world)
    await world.quiet(10)

    answers = [await world.says("/help") for _ in range(50)]
    other = await world.says("/help", chat="200")

    assert sum(len(one) for one in answers) == BURST + 1
    assert other[0].card.title == "What you can ask me"


async def test_a_closed_chat_is_told_on_the_others_and_reopens(world, chat):
    await linked(world)
    await world.links("200")
    await world.quiet()
    chat.shown.clear()

    left = Left(place=world.place("200"), reason="blocked")
    assert [reply async for reply in world.router.hear(left)] == []
    await world.quiet()
    assert chat.titles(CHAT) == ["Your Telegram chat is closed to me"]
    assert chat.titles("200") == []

    back = Returned(place=world.place("200"))
    assert [reply async for reply in world.router.hear(back)] == []
    await world.quiet()
    assert chat.titles("200") == []


async def test_an_unforeseen_error_ends_in_an_apology(world, platform):
    await linked(world)
    platform.fail("strategies", RuntimeError("nobody thought of this"))

    card = await ask(world, "/strategies")

    assert card.title == "Something went wrong on my side"


async def hears(world, said) -> list[str]:
    return [reply.card.title for reply in [one async for one in world.router.hear(said)]]


async def test_a_linked_group_hears_what_our_bot_may_do_there_and_that_it_is_open(world):
    await world.links("-500")
    await world.quiet()
    place = world.place("-500", private=False)
    promoted = Ranked(place=place, administrator=True, makes_topics=True)
    demoted = Ranked(place=place, administrator=False)

    assert await hears(world, promoted) == ["I am an administrator here now"]
    assert await hears(world, promoted) == []
    assert await hears(world, demoted) == ["I am no administrator here any more"]
    assert await hears(world, Left(place=place, reason="no_right")) == []
    assert await hears(world, Returned(place=place)) == ["I can write here again"]


@pytest.mark.parametrize("broken", [False, True])
async def test_a_reply_says_which_language_it_is_in(world, platform, broken: bool):
    await linked(world)
    link = await world.store.links.at(world.place().address)
    await world.store.links.prefer(link.id, partial(replace, language=PSEUDO.code), world.now())
    if broken:
        platform.fail("strategies", RuntimeError("nobody thought of this"))

    with offering(PSEUDO):
        [reply] = await world.says("/strategies")

    assert reply.language == "qps"
    assert reply.card is not None
    assert reply.card.title.startswith("«")


# --- what completes what is typed ---------------------------------------------------------


async def suggested(world, typed, command="pause", person=CHAT, chat=CHAT):
    place = world.place(chat)
    found = registry.find(command)
    argument = found.spec.arguments[0].name if found and found.spec.arguments else ""
    return await world.router.suggest(place, world.person(person), command, argument, typed)


async def test_a_bot_s_name_is_completed_without_asking_the_platform(world, platform):
    await linked(world)
    platform.calls.clear()

    assert sorted(await suggested(world, "")) == ["Heron", "Night Owl", "all"]
    assert await suggested(world, "her") == ("Heron",)
    assert platform.calls == []


async def test_a_strategy_s_name_is_completed_too(world, platform):
    platform.plans["s"] = Strategy(id=StrategyId("s"), name="Momentum")
    await linked(world)
    platform.calls.clear()

    assert await suggested(world, "mo", "strategies") == ("Momentum",)
    assert platform.calls == []


async def test_only_a_command_about_a_bot_or_a_strategy_is_completed(world):
    await linked(world)

    for command in ("price", "missed", "audit", "nonsense"):
        assert await suggested(world, "", command) == ()


async def test_others_are_told_no_names(world):
    await linked(world)

    assert await suggested(world, "", person="666") == ()
    assert await suggested(world, "", chat="666", person="666") == ()


async def test_a_viewer_is_completed_nothing_that_they_may_not_use(world):
    await link_as_viewer(world)
    await world.until(lambda: world.feeds.states())

    assert (await ask(world, "/pause", chat="300")).title.startswith("You may look")
    assert await suggested(world, "", chat="300", person="300") == ()
