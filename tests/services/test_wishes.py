"""A person says what they want to hear, when and how: by words and by buttons, and it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from bot.domain.cards import Card
from bot.domain.chats import Preferences
from bot.domain.events import Stream
from bot.domain.rules import Hours, Quiet
from tests.harness.world import CHAT, World, owl, running

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
    assert slip.pick is not None
    assert slip.pick.options[0].label == "Europe/Berlin"
    assert nowhere.pick is None
    assert "/timezone Berlin" in nowhere.lines[-1]
    assert (await wants(world)).zone == "America/Toronto"


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
