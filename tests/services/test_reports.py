"""What a day or a week has come to: told when asked, or by itself, once, and nothing made up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import cast

import pytest

from bot.domain.cards import as_shown
from bot.domain.chats import Preferences
from bot.domain.digests import Gathered
from bot.domain.events import Stream
from bot.domain.feeds import FeedState, FeedStatus
from bot.domain.ids import AccountId
from bot.domain.report_plans import ReportPlan, Rhythm
from bot.domain.timetables import at_clock, zone
from bot.services.converting import Converting
from bot.services.feeds import Feeds
from bot.services.reporting import Reporting
from storage.reports import AT_ONCE
from tests.contract.storage.given import NOW, linked
from tests.fakes.pictures import blank
from tests.harness.world import owl, running
from tests.services.test_figures import earned, knows, shown

MINUTE = 60.0
HOUR = 3600.0
DAILY = ReportPlan(rhythm=Rhythm.DAILY, at=time(13))


def reports(messenger):
    return [
        as_shown(one.card)
        for one in messenger.shown
        if one.card.title.startswith(("Your ", "Nothing happened"))
    ]


async def says(world, text):
    [reply] = await world.says(text)
    return as_shown(reply.card)


async def test_a_report_says_what_was_earned_what_went_wrong_and_whether_all_was_heard(
    world, platform
):
    platform.bots["owl"] = owl(dry_run=False)
    ago = timedelta(minutes=2)
    trades = [earned(world, nth, value, ago) for nth, value in enumerate(("10", "-4", "1"))]
    await knows(world, platform, *trades, earned(world, 9, "99", timedelta(days=2)))
    await world.quiet(2 * HOUR)
    platform.put(owl(dry_run=False, running=False, status="error"))
    await world.quiet(HOUR)

    card = await says(world, "/report now")

    assert card.title.startswith("Your day, 04 Jan 1")
    assert shown(card)["Result"] == "+7 USDT"
    assert shown(card)["Trades"] == "3: 2 won, 1 lost"
    assert shown(card)["Best"].startswith("+10 USDT · BTC/USDT · Night Owl")
    assert shown(card)["Had to be seen"].startswith("Night Owl stopped with an error (05 Jan 14:")
    ran = shown(card)["Bots ran"]
    assert ran.startswith("Night Owl 67.0 % (2 h 2 min)")
    assert "Heron not at all" in ran
    assert shown(card)["Connection"] == "all the time"
    assert card.picture.alt.startswith("Profit in USDT, 3 closed trades added up: +7 USDT.")
    assert card.severity == "warning"
    assert card.silent
    unknown = "Of bots and the connection nothing is known before 05 Jan 12:"
    assert card.notes[0].startswith(unknown)


async def test_where_the_platform_was_away_it_says_for_how_long(world, platform):
    await knows(world, platform)
    await world.quiet(HOUR)
    platform.away = True
    platform.cut()
    await world.quiet(30 * MINUTE)
    platform.away = False
    await world.quiet(HOUR)

    card = await says(world, "/report now")

    share, lost = shown(card)["Connection"].removesuffix(" missing").split(" %: ")
    assert 75 < float(share) < 85
    assert lost.startswith("3")
    assert card.notes[0].startswith("No connection to the trading platform: ")


async def test_each_day_it_comes_once_without_a_sound_and_a_line_is_enough_if_nothing_happened(
    world, platform, chat
):
    await knows(world, platform)
    set_ = await says(world, "/report daily 13:00")
    await world.quiet(HOUR)
    [calm] = reports(chat)
    await world.quiet(24 * HOUR)
    platform.store(Stream.TRADES, earned(world, 1, "5"))
    await world.quiet(24 * HOUR)
    [_, _, busy] = reports(chat)
    off = await says(world, "/report off")
    await world.quiet(24 * HOUR)

    assert (set_.title, shown(set_)) == ("Reports are set", {"Each day": "13:00"})
    assert calm.title.startswith("Nothing happened from ")
    assert (calm.lines, calm.picture) == ((), None)
    assert calm.silent
    assert busy.title == "Your day, 06 Jan 13:00 UTC to 07 Jan 13:00 UTC"
    assert shown(busy)["Result"] == "+5 USDT"
    assert off.fields == ()
    assert len(reports(chat)) == 3


async def test_who_chose_silence_hears_only_of_days_in_which_something_happened(
    world, platform, chat
):
    await knows(world, platform)
    [set_] = await world.says("/report daily 13:00")
    [quiet] = await world.presses(set_, "Silence if nothing happened")
    await world.quiet(49 * HOUR)
    calm = reports(chat)
    platform.store(Stream.TRADES, earned(world, 1, "5"))
    await world.quiet(24 * HOUR)

    assert shown(quiet.card) == {"Each day": "13:00, if anything happened"}
    assert calm == []
    assert len(reports(chat)) == 1


@pytest.mark.parametrize(("hours", "late_by"), [(3, 2), (50, 1)])
async def test_what_was_missed_while_down_is_one_late_report(
    store, platform, chat, now, hours: int, late_by: int
):
    async with running(store, platform, chat, now) as world:
        await knows(world, platform)
        await says(world, "/report daily 12:30")
    await asyncio.sleep(hours * HOUR)
    platform.store(Stream.TRADES, earned(world, 1, "5", timedelta(hours=2.8 if hours < 9 else 30)))
    for nth, what in enumerate(({}, {"profit": None}), 2):  # of the next report
        platform.store(Stream.TRADES, earned(world, nth, "9", timedelta(hours=0.1), **what))
    for _ in range(2):
        async with running(store, platform, chat, now) as world:
            await world.quiet(MINUTE)

    [late] = reports(chat)
    assert late.notes[-1].startswith(f"It comes {late_by} h late: ")
    assert shown(late)["Result"] == "+5 USDT", "what happened meanwhile is read first"
    assert "1 closed trade does not say" not in str(late.notes)


class SomeConnect:
    """Feeds of which all but one never get beyond connecting."""

    def __init__(self, live: AccountId) -> None:
        self._live = live

    def status(self, account: AccountId) -> FeedStatus:
        state = FeedState.LIVE if account == self._live else FeedState.CONNECTING
        return FeedStatus(state=state, since=NOW)


@pytest.mark.parametrize("started", [NOW, NOW + timedelta(hours=4)])
async def test_who_cannot_be_heard_yet_holds_up_nobody_and_is_waited_for_once(
    store, now, started: datetime
):
    def daily(wants: Preferences) -> Preferences:
        return replace(wants, reports=(DAILY,))

    chats = [await linked(store, f"{nth}", f"user-{nth}") for nth in range(2 * AT_ONCE + 5)]
    for chat in chats:
        await store.links.prefer(chat.id, daily, NOW)
    live, due = chats[-1], max(started, at_clock(NOW.date(), DAILY.at, zone("UTC")))
    feeds = cast("Feeds", SomeConnect(live.account))
    converting = Converting(feeds, now)
    reporting = Reporting(
        store.reports, store.nights, store.ledger, store.inbox, feeds, converting, blank, now
    )

    before = await reporting.tell(started) if started < due else None
    first = await reporting.tell(due)
    nobody = [await reporting.tell(due + timedelta(minutes=minutes)) for minutes in (0, 9)]
    patient = due + timedelta(minutes=10)
    others = [await reporting.tell(patient) for _ in range(4)]

    assert before in (None, Gathered(owed={}, due=due))
    assert list(first.owed) == [live.endpoint.id]
    assert [one.owed for one in nobody] == [{}, {}]
    assert nobody[0].due == due + timedelta(seconds=15)
    assert [len(one.owed) for one in others] == [AT_ONCE, AT_ONCE, 4, 0]


async def test_what_comes_when_is_listed_with_buttons_and_what_is_not_understood_is_said(world):
    await world.links()
    [nothing] = await world.says("/report")
    [daily] = await world.presses(nothing, "Each day, 08:00")
    [both] = await world.presses(daily, "Each week, Monday 09:00")
    [less] = await world.presses(both, "No more each day")
    unclear = await says(world, "/report monthly")

    assert nothing.card.fields == ()
    assert shown(both.card) == {"Each day": "08:00", "Each week": "Monday 09:00"}
    assert shown(less.card) == {"Each week": "Monday 09:00"}
    assert unclear.title == "Which report?"
    assert "set when reports come: weekly monday 09:00" in str(await says(world, "/audit"))
