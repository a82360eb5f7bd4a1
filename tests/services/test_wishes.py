"""A person says what they want to hear, when and how: by words and by buttons, and it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from bot.domain.cards import Card, Severity
from bot.domain.chats import Preferences
from bot.domain.events import Stream, Trader
from bot.domain.ids import TraderId
from bot.domain.incoming import Command
from bot.domain.rules import Every, Hours, Mode, Quiet, Topic
from bot.texts.language import offering
from tests.harness.pseudo import PSEUDO
from tests.harness.world import CHAT, OWL, World, heron, owl, running

NIGHT = Hours(time(22), time(7))


async def ask(world: World, text: str, chat: str = CHAT, person: str = "") -> Card:
    [reply] = await world.says(text, chat, person)
    assert reply.card is not None
    return reply.card


async def wants(world: World) -> Preferences:
    link = await world.link()
    assert link is not None
    return link.preferences


async def until(world: World, at: datetime) -> None:
    await world.quiet((at - world.now()).total_seconds())


def there(day: int, hour: int, minute: int = 0) -> datetime:
    """January 2026 by the clock of Berlin; the 5th is a Monday, on which worlds begin at 13:00."""
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


async def closes(world: World, platform, number: int, result: str, symbol="BTC/USDT") -> None:
    """A trade of real money ends with a result of that many percent."""
    trade = replace(
        world.trade(number),
        side="sell",
        symbol=symbol,
        profit_ratio=Decimal(result) / 100,
        paper=False,
    )
    platform.store(Stream.TRADES, trade)
    await world.quiet()


# --- quiet hours ------------------------------------------------------------------------------


async def test_a_loss_at_night_is_told_in_the_morning(world, platform, chat):
    await world.goes_live()
    await ask(world, "/timezone berlin")
    said = await ask(world, "/quiet 22-7")
    await until(world, there(5, 21, 59))
    await closes(world, platform, 1, "-4")
    before = len(chat.shown)

    await until(world, there(5, 22, 30))
    await closes(world, platform, 2, "-3")
    await closes(world, platform, 3, "-2")
    await until(world, there(6, 6, 59))
    held = len(chat.shown)
    await until(world, there(6, 7, 1))

    assert said.title == "Every day 22:00-07:00"
    assert "By the clock of Europe/Berlin, where it is 13:00." in said.lines
    assert held == before
    [digest] = [one.card for one in chat.shown[before:]]
    assert "2" in digest.title
    assert not digest.silent


async def test_hours_hold_after_a_restart(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await ask(world, "/timezone berlin")
        await ask(world, "/quiet weekdays 22-7, weekends 0-10")
        await ask(world, "/digest daily 9")
        kept = await wants(world)
    async with running(store, platform, chat, now) as world:
        await until(world, there(5, 23))
        before = len(chat.shown)
        await closes(world, platform, 1, "-4")
        after = await wants(world)
        shown = len(chat.shown)

    assert kept == after
    assert after.quiet == Quiet(weekdays=NIGHT, weekend=Hours(time(0), time(10)))
    assert (after.zone, after.digest_at) == ("Europe/Berlin", time(9))
    assert shown == before


async def test_without_a_zone_hours_are_stored_and_it_is_asked_for_once(world):
    await world.links()

    first = await ask(world, "/quiet 22-7")
    second = await ask(world, "/quiet 23-7")
    zone = await ask(world, "/timezone new york")
    third = await ask(world, "/quiet")

    assert (await wants(world)).quiet is not None
    assert "Where do you live?" in first.lines[-1]
    assert "by UTC, where it is 12:00" in first.lines[-1]
    assert "Where do you live?" not in second.lines[-1]
    assert "hours are by UTC" in second.lines[-1]
    assert zone.title == "America/New_York: it is 07:00 there"
    assert zone.lines[-1] == "Every day 23:00-07:00"
    assert third.lines[-1] == "By the clock of America/New_York, where it is 07:00."


async def test_quiet_alone_shows_and_offers(world):
    await world.links()
    [shown] = await world.says("/quiet")

    [pressed] = await world.presses(shown, "22:00-07:00")
    [again] = await world.says("/quiet")
    [ended] = await world.presses(again, "No quiet hours")

    assert shown.card.title == ended.card.title == "No quiet hours"
    assert pressed.card.title == again.card.title == "Every day 22:00-07:00"
    assert (await wants(world)).quiet is None


async def test_what_was_kept_comes_when_the_hours_are_ended(world, platform, chat):
    await world.goes_live()
    await ask(world, "/quiet 11-20")
    before = len(chat.shown)
    await closes(world, platform, 1, "-4")
    kept = len(chat.shown)

    await ask(world, "/quiet off")
    await world.quiet()

    assert kept == before
    assert len(chat.shown) == before + 1


@pytest.mark.parametrize("given", ["22", "nights", "22-25", "22-7 tuesdays", "0-24"])
async def test_what_are_no_hours_is_answered_with_an_example_and_not_stored(world, given):
    await world.links()
    await ask(world, "/quiet 22-7")

    card = await ask(world, f"/quiet {given}")

    assert "othing was changed" in " ".join(card.lines)
    assert "/quiet 22:00-07:00" in card.lines[-1] or "/mute" in card.lines[-1]
    assert (await wants(world)).quiet == Quiet(weekdays=NIGHT, weekend=NIGHT)


# --- time zones -------------------------------------------------------------------------------


async def test_a_zone_is_told_by_a_city_or_chosen_from_several(world):
    await world.links()

    unknown = await ask(world, "/timezone")
    [several] = await world.says("/timezone est")
    [chosen] = await world.presses(several, "America/Toronto")
    slip = await ask(world, "/timezone berlim")
    nowhere = await ask(world, "/timezone gotham city")
    known = await ask(world, "/timezone")

    assert unknown.title == "I do not know your time zone"
    assert several.card.pick is not None
    assert [one.hint for one in several.card.pick.options] == ["07:00", "07:00"]
    assert chosen.card.title == known.title == "America/Toronto: it is 07:00 there"
    assert slip.buttons[0][0].label == "Europe/Berlin"
    assert not nowhere.buttons
    assert "/timezone Berlin" in nowhere.lines[-1]
    assert (await wants(world)).zone == "America/Toronto"


async def test_a_chat_is_answered_in_the_language_that_is_chosen_until_it_is_taken_back(world):
    await world.links()

    with offering(PSEUDO):
        unknown = await ask(world, "/language klingon")
        chosen = await ask(world, "/language qps")
        [asked] = await world.says("/language")
        here = (await wants(world)).language
        [back] = await world.presses(asked, "English")

    assert unknown.pick is not None
    assert unknown.title == "I do not speak klingon yet"
    assert chosen.title == "«I WRITE Qps HERE NOW»"
    assert asked.card.title == "«I WRITE Qps HERE»"
    assert (here, (await wants(world)).language) == ("qps", "en")
    assert back.card.title == "I write English here now"


# --- digests ----------------------------------------------------------------------------------


async def test_the_time_of_the_daily_digest_is_set_by_words(world):
    await world.links()
    await ask(world, "/timezone berlin")

    said = await ask(world, "/digest daily 7 pm")
    wrong = await ask(world, "/digest hourly")
    alone = await ask(world, "/digest")

    assert said.lines == (
        "The next one: 05 Jan 19:00.",
        "What waits already comes when it was to come.",
        "In the last 7 days nothing came to try it on.",
    )
    assert said.title == "A daily digest comes at 19:00."
    assert "Nothing was changed" in wrong.lines[0]
    assert (alone.title, alone.lines) == ("Nothing waits for a digest", (said.title,))
    assert (await wants(world)).digest_at == time(19)


async def test_digest_alone_lists_what_waits_and_until_when(world, platform):
    await world.goes_live()
    await ask(world, "/quiet 11-20")
    await closes(world, platform, 1, "-4")
    await closes(world, platform, 2, "-3")

    card = await ask(world, "/digest")

    assert card.title == "The next digest: 05 Jan 20:00 UTC"
    assert card.lines[0] == "2 alerts wait:"
    assert [line[:6] for line in card.lines[1:3]] == ["- Sold", "- Sold"]


# --- who may, and what is kept of it ----------------------------------------------------------


async def test_changes_are_in_the_trail(world):
    await world.links()
    for text in ("/timezone berlin", "/quiet weekdays 22-7", "/digest 9"):
        await ask(world, text)

    deeds = " ".join(field.value for field in (await ask(world, "/audit")).fields)

    assert "set the time zone: Europe/Berlin" in deeds
    assert "set the quiet hours: weekdays 22:00-07:00" in deeds
    assert "set the time of the daily digest: 09:00" in deeds


# --- recoveries -------------------------------------------------------------------------------


async def test_what_was_told_at_night_as_an_alarm_is_told_as_over(world, platform, chat):
    await world.goes_live()
    await ask(world, "/timezone berlin")
    await ask(world, "/quiet 22-7")
    await until(world, there(5, 23))

    platform.put(owl(running=False, status="error"))
    await world.quiet()
    platform.put(owl(running=True, status="running"))
    await world.quiet()

    alarm, over = [one.card for one in chat.shown[-2:]]
    assert (alarm.title, alarm.silent) == ("Night Owl stopped with an error", False)
    assert (over.title, over.silent) == ("Night Owl is running", True)


async def test_what_was_no_alarm_is_over_in_the_morning(world, platform, chat):
    await world.goes_live()
    await ask(world, "/timezone berlin")
    await ask(world, "/quiet 22-7")
    await until(world, there(5, 21))
    platform.put(owl(running=False, status="stopped"))
    await world.quiet()
    before = len(chat.shown)
    await until(world, there(5, 23))

    platform.put(owl(running=True, status="running"))
    await until(world, there(6, 6, 59))
    at_night = len(chat.shown)
    await until(world, there(6, 7, 1))

    assert at_night == before
    assert [one.card.title for one in chat.shown[before:]] == ["Night Owl is running"]


# --- mutes ------------------------------------------------------------------------------------


async def test_a_mute_takes_the_sound_until_it_ends(world, platform, chat):
    await world.goes_live()
    await ask(world, "/timezone berlin")
    said = await ask(world, "/mute exits 2h")
    await closes(world, platform, 1, "-4")
    muted = chat.shown[-1].card
    await world.quiet(2 * 3600)
    await closes(world, platform, 2, "-4")
    after = chat.shown[-1].card

    assert said.title == "Muted"
    assert said.lines[0] == "Exits: until 05 Jan 15:00."
    assert "critical rings all the same" in said.lines[1]
    assert (muted.silent, after.silent) == (True, False)


async def test_what_is_critical_rings_through_a_mute(world, platform, chat):
    await world.goes_live()
    await ask(world, "/mute 1 day")
    platform.put(heron(status="error"))
    await world.quiet()

    assert "Heron" in chat.shown[-1].card.title
    assert not chat.shown[-1].card.silent


async def test_unmute_by_its_button_and_by_words(world, platform, chat):
    await world.goes_live()
    [said] = await world.says("/mute BTC/USDT 8h")
    [ended] = await world.presses(said, "Unmute")
    [again] = await world.presses(said, "Unmute")
    await ask(world, "/mute heron 1d")
    await ask(world, "/mute exits until tomorrow")
    [which] = await world.says("/unmute")
    await world.quiet(10)
    for nonsense in ("l", "!!"):
        assert (await ask(world, f"/unmute {nonsense}")).title != "It has a sound again"
    named = await ask(world, "/unmute heron")
    left = (await wants(world)).mutes
    await closes(world, platform, 1, "-4")
    [everything] = await world.says("/unmute all")

    assert said.card.lines[0].startswith("Everything on BTC/USDT: until")
    assert ended.card.title == named.title == everything.card.title == "It has a sound again"
    assert again.card.title == "Nothing is muted"
    assert which.card.pick is not None
    assert [one.label for one in which.card.pick.options] == [
        "Everything of Heron",
        "Exits",
        "All of it",
    ]
    assert [one.topic for one in left] == [Topic.EXIT]
    assert chat.shown[-1].card.silent
    assert (await wants(world)).mutes == ()


async def test_mute_alone_offers_times_and_lists_what_is_muted(world):
    await world.goes_live()
    await ask(world, "/timezone berlin")
    [offer] = await world.says("/mute")
    for_an_hour = (await world.presses(offer, "1 h"))[0].card
    till_morning = (await world.presses(offer, "Until tomorrow 08:00"))[0].card
    await ask(world, "/mute heron 2h")
    listed = await ask(world, "/mute")

    assert offer.card.title == "Nothing is muted"
    assert for_an_hour.lines[0] == "Everything: until 05 Jan 14:00."
    assert till_morning.lines[0] == "Everything: until 06 Jan 08:00."
    assert listed.lines[:2] == (
        "- Everything: until 06 Jan 08:00",
        "- Everything of Heron: until 05 Jan 15:00",
    )
    assert [one.label for one in listed.buttons[1]] == [
        "Unmute Everything",
        "Unmute Everything of Heron",
    ]


async def test_a_mute_without_a_time_asks_for_how_long(world):
    await world.goes_live()

    [asked] = await world.says("/mute exits of heron")
    [pressed] = await world.presses(asked, "8 h")

    assert asked.card.lines[0] == "Exits of Heron"
    assert pressed.card.lines[0] == "Exits of Heron: until 05 Jan 20:00 UTC."


async def test_ended_mutes_are_dropped_at_the_next_change(world):
    await world.goes_live()
    await ask(world, "/mute 1h")
    await world.quiet(3700)
    alone = await ask(world, "/mute")
    kept = (await wants(world)).mutes
    await ask(world, "/mute heron 1h")

    assert alone.title == "Nothing is muted"
    assert len(kept) == 1
    assert [one.bot for one in (await wants(world)).mutes] == ["heron"]


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("forever", "A mute ends"),
        ("heron for good", "A mute ends"),
        ("2", "I know no bot, pair or kind called 2"),
        ("heran 2h", "I know no bot, pair or kind called heran"),
        ("DOGE/XYZ 2h", "I know no bot, pair or kind called DOGE/XYZ"),
        ("paper 2h", "I do not quite understand"),
        ("exits entries 2h", "I do not quite understand"),
    ],
)
async def test_what_cannot_be_muted_is_answered_and_not_stored(world, platform, given, answer):
    platform.pairs = ("BTC/USDT", "ETH/USDT")
    await world.goes_live()

    card = await ask(world, f"/mute {given}")

    assert card.title == answer
    assert (await wants(world)).mutes == ()


# --- rules ------------------------------------------------------------------------------------


async def test_a_rule_by_words_decides(world, platform, chat):
    await world.goes_live()
    said = await ask(world, "/rule exits silent under 5%")
    await closes(world, platform, 1, "-4")
    under = chat.shown[-1].card
    await closes(world, platform, 2, "-6")
    over = chat.shown[-1].card
    await ask(world, "/rules exits off")
    await closes(world, platform, 3, "-6")
    last = chat.shown[-1].card

    assert said.title == (
        "Exits: from a result of 5 % on with a sound if it is bad, below that without a sound"
    )
    assert (under.silent, over.silent) == (True, False)
    assert last == over


async def test_a_rule_of_a_bot_is_undone_by_its_button(world):
    await world.goes_live()
    [said] = await world.says("/rules exits of Heron digest hourly")
    made = (await wants(world)).rules
    [undone] = await world.presses(said, "Undo")
    [again] = await world.presses(said, "Undo")

    assert said.card.title == "Exits of Heron: in the hourly digest"
    assert said.card.lines[0].startswith("In the last 7 days")
    assert [(one.topic, one.bot, one.every) for one in made] == [(Topic.EXIT, "heron", Every.HOUR)]
    assert undone.card.title == "Rule removed"
    assert again.card.title == "There is no such rule any more"
    assert (await wants(world)).rules == ()


async def test_a_rule_takes_the_place_of_one_of_equal_scope_and_undo_brings_it_back(world):
    await world.goes_live()
    await ask(world, "/rules exits of Heron on from 50 USDT")
    first = (await wants(world)).rules
    [said] = await world.says("/rules exits of Heron off")
    second = (await wants(world)).rules
    await world.presses(said, "Undo")
    third = (await wants(world)).rules

    assert said.card.lines[0] == (
        "In place of: Exits of Heron: from a result of 50 USDT on with a sound, below that without"
        " a sound."
    )
    assert [one.mode for one in second] == [Mode.OFF]
    assert [replace(one, id="") for one in third] == [replace(one, id="") for one in first]


async def test_rules_are_listed_as_they_are_tried_and_removed_there(world):
    await world.goes_live()
    for words in ("signals off", "exits of Heron on", "paper on", "BTC/USDT silent"):
        await ask(world, f"/rules {words}")
    [listed] = await world.says("/rules")
    [removed] = await world.presses(listed, "Remove 2")
    await ask(world, "/rules remove 1")

    assert listed.card.lines == (
        "1. Exits of Heron: with a sound",
        "2. Everything on BTC/USDT: without a sound",
        "3. Signals: not told",
        "4. Everything with paper money: with a sound",
        "Where none of yours fits:",
        "- Everything with paper money: without a sound",
        "- Exits: from a loss of 1 % on with a sound if it is bad, below that without a sound",
        "- Everything: with a sound if it is bad",
        "What is critical rings all the same.",
    )
    assert removed.card.lines[0] == "Everything on BTC/USDT: without a sound"
    assert [one.topic for one in (await wants(world)).rules] == [Topic.SIGNAL, None]


async def test_many_rules_are_paged_and_removed_by_a_list(world):
    await world.goes_live()
    for number in range(17):
        await world.quiet(2)
        await ask(world, f"/rules P{number:02}/USDT silent")
    [first] = await world.says("/rules")
    [second] = await world.presses(first, "Older")
    assert first.card.pick is not None
    [removed] = await world.presses(first, first.card.pick.options[0].label)

    assert len(first.card.pick.options) == 15
    assert second.card.lines[0].startswith("16. ")
    assert removed.card.lines[0] == "Everything on P16/USDT: without a sound"
    assert len((await wants(world)).rules) == 16


async def test_paper_bots_are_told_loudly_if_a_person_wants_it(world, platform, chat):
    await world.goes_live()
    await ask(world, "/rules paper on")
    platform.store(Stream.TRADES, replace(world.trade(1), trader=OWL.id))
    await world.quiet()

    assert not chat.shown[-1].card.silent


@pytest.mark.parametrize("words", ["errors off", "starts and stops silent", "everything digest"])
async def test_what_is_critical_is_quietened_only_by_a_card_that_says_so(
    world, platform, chat, words
):
    await world.goes_live()
    [said] = await world.says(f"/rules {words}")
    [warned] = await world.presses(said, "Also what is critical")
    before = (await wants(world)).rules
    [done] = await world.presses(warned, "Do not ring for it")

    assert "rings all the same" in said.card.lines[-1]
    assert warned.card.severity is Severity.WARNING
    assert any("will not ring any more" in line for line in warned.card.lines)
    assert [one.covers_critical for one in before] == [False]
    assert [one.covers_critical for one in (await wants(world)).rules] == [True]
    assert "also what is critical" in done.card.title


async def test_a_bot_that_fails_rings_until_that_is_confirmed(world, platform, chat):
    await world.goes_live()
    [said] = await world.says("/rules starts and stops off")
    platform.put(heron(status="error"))
    await world.quiet()
    rang = chat.shown[-1].card
    platform.put(heron())
    await world.quiet()
    [warned] = await world.presses(said, "Also what is critical")
    await world.presses(warned, "Do not ring for it")
    count = len(chat.shown)
    platform.put(heron(status="error"))
    await world.quiet()

    assert not rang.silent
    assert "Heron" in rang.title
    assert len(chat.shown) == count


async def test_a_routine_rule_offers_nothing_about_what_is_critical(world):
    await world.goes_live()

    card = await ask(world, "/rules signals off")

    assert [button.label for button in card.buttons[0]] == ["Undo"]


@pytest.mark.parametrize(
    ("words", "is_told"),
    [
        ("exits off", True),
        ("exits of heron off", False),
        ("paper off", False),
        ("signals off", False),
    ],
)
async def test_a_rule_that_is_about_real_money_says_so(world, words, is_told):
    await world.goes_live()

    card = await ask(world, f"/rules {words}")

    assert any("real money" in note for note in card.notes) is is_told


async def test_a_rule_that_does_not_say_how_is_asked_back(world):
    await world.goes_live()

    [asked] = await world.says("/rule exits of heron")
    [chosen] = await world.presses(asked, "digest")

    assert asked.card.lines == ("Exits of Heron",)
    assert chosen.card.title == "Exits of Heron: in the daily digest"


async def test_of_several_that_are_meant_one_is_chosen(world, platform):
    platform.bots["grid"] = Trader(id=TraderId("grid"), name="Grid BTC", running=True)
    platform.pairs = ("BTC/USDT", "BTC/EUR", "ETH/USDT")
    await world.goes_live()

    [several] = await world.says("/rules exits of btc silent under 1,5 %")
    [bot] = await world.presses(several, "Grid BTC")
    [pair] = await world.presses(several, "BTC/EUR")

    assert several.card.pick is not None
    assert [one.label for one in several.card.pick.options] == ["Grid BTC", "BTC/USDT", "BTC/EUR"]
    assert bot.card.title.startswith("Exits of Grid BTC: from a result of 1.5 % on")
    assert pair.card.title.startswith("Exits on BTC/EUR: from a result of 1.5 % on")


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ("hello", "I know no bot, pair or kind called hello"),
        ("exits of heran off", "I know no bot, pair or kind called heran"),
        ("BTC/UDST off", "I know no bot, pair or kind called BTC/UDST"),
        ("trades off", "I do not quite understand"),
        ("exits silent off", "I do not quite understand"),
        ("exits silent under 1.000 USDT", "I do not quite understand"),
        ("exits silent under 1,500 %", "I do not quite understand"),
        ("remove 7", "There is no such rule any more"),
        ("critical 7", "There is no such rule any more"),
        ("9", "There is no such page"),
    ],
)
async def test_what_is_no_rule_is_answered_and_not_stored(world, platform, given, title):
    platform.pairs = ("BTC/USDT", "ETH/USDT")
    await world.goes_live()

    card = await ask(world, f"/rules {given}")

    assert card.title == title
    assert (await wants(world)).rules == ()


async def test_a_platform_that_asks_for_each_part_makes_the_same_rule(world):
    await world.goes_live()
    options = {"kind": "exits", "mode": "digest hourly", "bot": "heron", "limit": "under 2 %"}
    command = Command(
        place=world.place(), person=world.person(), name="rules", options=options, arguments="x"
    )

    [reply] = [reply async for reply in world.router.hear(command)]

    assert reply.card.title == (
        "Exits of Heron: from a result of 2 % on without a sound, below that in the hourly digest"
    )


async def test_words_that_are_typed_are_completed(world, platform):
    platform.pairs = ("BTC/USDT", "ETH/USDT")
    await world.goes_live()

    async def completed(command: str, argument: str, typed: str):
        suggest = world.router.suggest
        return [*await suggest(world.place(), world.person(), command, argument, typed)]

    assert await completed("rules", "bot", "her") == ["Heron"]
    assert await completed("rules", "pair", "eth") == ["ETH/USDT"]
    assert await completed("mute", "what", "e") == [
        "Heron",
        "entries",
        "exits",
        "errors",
        "ETH/USDT",
    ]


# --- who may, and for how long -----------------------------------------------------------------


async def test_rules_and_mutes_hold_after_a_restart(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await ask(world, "/rules exits of Heron silent under 1,5 %")
        await ask(world, "/mute signals 1 week")
        before = await wants(world)
    async with running(store, platform, chat, now) as world:
        after = await wants(world)
        listed = await ask(world, "/rules")

    assert before == after
    assert listed.lines[0].startswith("1. Exits of Heron: from a result of 1.5 % on")


async def test_deeds_are_in_the_trail(world):
    await world.goes_live()
    for text in ("/rules exits of Heron off", "/rules remove 1", "/mute heron 2h", "/unmute all"):
        await ask(world, text)

    deeds = " ".join(field.value for field in (await ask(world, "/audit")).fields)

    assert "made a rule: exits off of Heron" in deeds
    assert "removed a rule: exits off of Heron" in deeds
    assert "muted: everything of Heron until 2026-01-05 14:00" in deeds
    assert "ended a mute: Everything of Heron" in deeds
