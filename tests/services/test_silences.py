"""A bot that runs and does nothing, unlike it: told once a silence, and not where unwanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cards import Card, Severity
from bot.domain.events import Stream
from bot.domain.incoming import Reply
from bot.domain.rules import Mode, Topic
from tests.harness.world import OWL, World, actions_under, owl, running

DAY = timedelta(days=1)
STEP = DAY / 40
LIVE = {"running": True, "status": "running", "dry_run": False}


def has_traded(world: World, platform, days: float = 16) -> None:
    """Forty times a day until now."""
    for number in range(int(days * 40)):
        at = world.now() - number * STEP
        trade = replace(world.trade(number, at), trader=OWL.id)
        platform.store(Stream.TRADES, trade, announce=False)


def trades(world: World, platform, number: int = 5000) -> None:
    platform.store(Stream.TRADES, replace(world.trade(number), trader=OWL.id))


def told(chat) -> list[Card]:
    return [one.card for one in chat.shown if "unusually quiet" in one.card.title]


@pytest.fixture
def live(platform):
    platform.put(owl(**LIVE), announce=False)
    return platform


async def test_a_bot_that_does_nothing_for_five_hours_is_told_once(world, live, chat):
    has_traded(world, live)
    await world.goes_live()
    await world.quiet(4 * 3600)
    early = told(chat)
    await world.quiet(3 * 3600)

    [card] = told(chat)
    assert early == []
    assert card.title == "Night Owl is unusually quiet"
    assert card.severity is Severity.WARNING
    assert not card.silent
    assert card.lines[1] == "By its rhythm of the last two weeks 8 trades are overdue."
    assert {one.label: one.value for one in card.fields}["Usual"] == "about 40 trades a day"
    assert list(actions_under(card)) == ["Not of this bot"]


async def test_the_next_silence_is_told_again_once_it_is_longer_than_any_before(world, live, chat):
    has_traded(world, live)
    await world.goes_live()
    await world.quiet(5.5 * 3600)
    trades(world, live)
    await world.quiet(6 * 3600)
    as_long_as_the_first = len(told(chat))
    await world.quiet(4 * 3600)

    assert as_long_as_the_first == 1
    assert len(told(chat)) == 2


async def test_it_is_off_for_one_bot_by_its_button(world, live, chat):
    has_traded(world, live)
    await world.goes_live()
    await world.quiet(5.5 * 3600)
    [card] = told(chat)
    [made] = await world.presses(Reply(card=card), "Not of this bot")

    assert made.card.title == "Idle bots of Night Owl: not told"
    link = await world.link()
    [rule] = link.preferences.rules
    assert (rule.topic, rule.bot, rule.mode) == (Topic.IDLE, OWL.id, Mode.OFF)


async def test_a_restart_tells_of_no_silence_again(store, live, chat, now):
    async with running(store, live, chat, now) as world:
        has_traded(world, live)
        await world.goes_live()
        await world.quiet(6 * 3600)
    async with running(store, live, chat, now) as world:
        await world.quiet(6 * 3600)

    assert len(told(chat)) == 1


async def test_a_bot_that_does_not_run_may_be_quiet(world, platform, chat):
    platform.put(owl(running=False, status="stopped", dry_run=False), announce=False)
    has_traded(world, platform)
    await world.goes_live()
    await world.quiet(7 * 3600)

    assert told(chat) == []


async def test_a_bot_of_which_little_is_known_is_not_told(world, live, chat):
    has_traded(world, live, days=5)
    await world.goes_live()
    await world.quiet(7 * 3600)

    assert told(chat) == []


async def test_trades_that_could_not_be_read_are_no_silence(world, live, chat):
    has_traded(world, live)
    await world.goes_live()
    await world.quiet(60)
    live.denied.add(Stream.TRADES)
    await world.quiet(7 * 3600)

    assert told(chat) == []
