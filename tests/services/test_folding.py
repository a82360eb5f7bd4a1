"""Too many alerts of one kind, and the same error again: told within one message, by editing it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from bot.domain.amendments import EDIT_EVERY
from bot.domain.cards import Card
from bot.domain.deliveries import Declined, State, Unknown
from bot.domain.events import Kind, Origin, PodEvent, Stream, Trade, Trader
from bot.domain.reasons import Reason
from bot.policy.folding import COOL_DOWN
from tests.fakes.messenger import ShownUnknown
from tests.harness.judge import assert_kept
from tests.harness.world import HERON, OWL, World, running

pytestmark = pytest.mark.both_databases


@pytest.fixture
async def world(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.quiet()
        chat.shown.clear()
        yield world


async def fills(
    world: World, platform, count: int, apart: float = 1, first: int = 1, profit: str | None = None
) -> None:
    """The owl trades so many times."""
    for number in range(first, first + count):
        origin = Origin(kind=Kind.TRADE, record=f"trade-{number:04}", at=world.now())
        trade = Trade(
            origin=origin,
            side="sell" if profit else "buy",
            symbol="BTC/USDT",
            amount=Decimal(number),
            trader=OWL.id,
            profit=Decimal(profit) if profit else None,
        )
        platform.store(Stream.TRADES, trade)
        await asyncio.sleep(apart)


async def fails(
    world: World,
    platform,
    count: int = 1,
    apart: float = 60,
    bot: Trader = OWL,
    says: str = "Insufficient balance",
    level: str = "error",
) -> None:
    for _ in range(count):
        record = f"report-{world.now().timestamp()}"
        origin = Origin(kind=Kind.POD_EVENT, record=record, at=world.now())
        report = PodEvent(origin=origin, type=level, message=says, trader=bot.id)
        platform.store(Stream.POD_EVENTS, report)
        await asyncio.sleep(apart)


def titles(cards: Sequence[Card]) -> list[str]:
    return [card.title for card in cards]


SINGLY = [f"Bought {number} BTC/USDT" for number in range(1, 6)]


# --- bursts -------------------------------------------------------------------------------


async def test_what_comes_after_five_within_a_minute_is_one_message_that_edits_itself(
    world, platform, chat
):
    await fills(world, platform, 5)
    await fills(world, platform, 12, apart=20, first=6, profit="0.4")
    await world.quiet()

    *singly, told = chat.screen("100")
    assert titles(singly) == SINGLY
    assert told.title == "12 trades of Night Owl in 3 min"
    assert told.lines[:2] == (
        "12 results on paper: +4.80 USDT",
        "12:03 UTC Sold 17 BTC/USDT: +0.40 USDT",
    )
    assert told.notes == (
        "After several within a minute, these are told together",
        "2 more: /missed",
    )
    assert told.silent
    assert (await assert_kept(world.store, chat.shown, changed=chat.changed))[State.COALESCED] == 12


async def test_it_is_edited_no_more_than_every_few_seconds_and_shows_the_last_state(
    world, platform, chat
):
    await fills(world, platform, 60, apart=0.5)
    await world.quiet(EDIT_EVERY.total_seconds() + 1)

    edits = [one.at for one in chat.changed]
    assert len(chat.shown) == 6
    assert 3 <= len(edits) <= 7
    assert all(later - one >= EDIT_EVERY for one, later in pairwise(edits))
    assert chat.screen("100")[-1].title == "55 trades of Night Owl in 27 s"


async def test_after_a_quiet_minute_it_begins_anew(world, platform, chat):
    await fills(world, platform, 7)
    await world.quiet(61)
    await fills(world, platform, 6, first=8)
    await world.quiet()

    assert titles(chat.screen("100")) == [
        *SINGLY,
        "2 trades of Night Owl in 1 s",
        *(f"Bought {number} BTC/USDT" for number in range(8, 13)),
        "1 trade of Night Owl",
    ]


async def test_what_came_at_once_is_told_as_if_it_had_come_one_by_one(world, platform, chat):
    await fills(world, platform, 9, apart=0)
    await world.quiet(10)

    assert titles(chat.screen("100")) == [*SINGLY, "4 trades of Night Owl"]
    await assert_kept(world.store, chat.shown, changed=chat.changed)


async def test_another_bots_alarm_is_not_held_up(world, platform, chat):
    platform.put(HERON)
    await world.quiet()
    chat.shown.clear()
    await fills(world, platform, 40, apart=0.2)
    at = world.now()

    await fails(world, platform, bot=HERON, apart=1)

    alarm = next(one for one in chat.shown if one.card.title == "Heron: error")
    assert alarm.at - at < timedelta(seconds=1)
    assert not alarm.card.silent


async def test_a_message_that_the_person_deleted_is_followed_by_another(world, platform, chat):
    await fills(world, platform, 8)
    await world.quiet(10)
    chat.deleted.add(chat.shown[-1].message)

    await fills(world, platform, 3, first=9)
    await world.quiet(10)

    *_, deleted, told = chat.screen("100")
    assert (deleted.title, told.title) == (
        "3 trades of Night Owl in 2 s",
        "3 trades of Night Owl in 2 s",
    )
    assert [line.rpartition("Bought ")[2] for line in told.lines] == [
        "11 BTC/USDT",
        "10 BTC/USDT",
        "9 BTC/USDT",
    ]
    assert told.silent
    await assert_kept(world.store, chat.shown, changed=chat.changed)


async def test_the_message_after_a_deleted_one_takes_what_follows(world, platform, chat):
    await fills(world, platform, 8)
    await world.quiet(10)
    chat.deleted.add(chat.shown[-1].message)
    await fills(world, platform, 2, first=9)
    await world.quiet(10)

    await fills(world, platform, 2, first=11)
    await world.quiet(10)

    assert len(chat.shown) == 7
    assert chat.screen("100")[-1].title == "4 trades of Night Owl in 13 s"


@pytest.mark.parametrize("outcome", [Unknown(reason="?"), ShownUnknown(reason="?")])
async def test_an_edit_of_which_nobody_knows_is_made_again(world, platform, chat, outcome):
    await fills(world, platform, 6)
    chat.script_change("100", outcome)
    await fills(world, platform, 2, first=7)
    await world.quiet(30)

    assert chat.screen("100")[-1].title == "3 trades of Night Owl in 2 s"
    assert len(chat.shown) == 6


@pytest.mark.parametrize("count", [4, 5, 6, 7, 8])
async def test_a_restart_between_leaves_the_same(store, platform, chat, now, count):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.quiet()
        chat.shown.clear()
        await fills(world, platform, count)
    async with running(store, platform, chat, now) as world:
        await fills(world, platform, 9 - count, first=count + 1)
        await world.quiet(20)

        told = chat.screen("100")
        assert titles(told[:5]) == SINGLY
        assert [card.title.partition(" in ")[0] for card in told[5:]] == ["4 trades of Night Owl"]
        await assert_kept(world.store, chat.shown, changed=chat.changed)


async def test_what_does_not_reach_the_chat_is_missed_with_all_that_it_tells_of(
    world, platform, chat
):
    await fills(world, platform, 5)
    chat.script("100", Declined(reason="content_refused"))
    await fills(world, platform, 2, first=6, apart=0)
    await world.quiet(10)

    missed = await world.store.outbox.missed((await world.link()).endpoint.id, 10)
    assert [(one.state, one.title) for one in missed] == [
        (State.DEAD, "Bought 7 BTC/USDT"),
        (State.DEAD, "Bought 6 BTC/USDT"),
    ]


async def test_a_chat_that_is_unlinked_is_told_no_more(world, platform, chat):
    await fills(world, platform, 8, apart=0.1)
    await world.store.links.end((await world.link()).id, world.now())
    await world.quiet(20)

    states = await assert_kept(world.store, chat.shown, changed=chat.changed)
    assert chat.changed == []
    assert states == {State.SENT: 6, State.COALESCED: 1, State.CANCELLED: 2}


async def test_a_chat_that_moved_is_told_there_what_the_old_message_does_not_say(
    world, platform, chat
):
    await fills(world, platform, 8, apart=0.1)
    chat.moved["100"] = "-200"
    await world.quiet(20)
    await fails(world, platform)

    assert chat.titles("-200") == ["2 trades of Night Owl", "Night Owl: error"]


# --- repeats ------------------------------------------------------------------------------


async def test_the_same_error_again_counts_up_in_the_first_message(world, platform, chat):
    await fails(world, platform, 14, apart=120)

    [told] = chat.screen("100")
    assert told.title == "Night Owl: error"
    assert told.lines == ("Insufficient balance", "x14, last 12:26 UTC")
    assert [one.card.silent for one in chat.shown] == [False]
    states = await assert_kept(world.store, chat.shown, changed=chat.changed)
    assert states == {State.SENT: 1, State.COALESCED: 13}


async def test_it_rings_again_after_half_an_hour(world, platform, chat):
    await fails(world, platform, 5, apart=COOL_DOWN.total_seconds() / 2)

    assert [card.lines[1:] for card in chat.screen("100")] == [
        ("x2, last 12:15 UTC",),
        ("x2, last 12:45 UTC",),
        (),
    ]
    assert [one.card.silent for one in chat.shown] == [False] * 3


async def test_what_says_something_else_or_is_of_another_bot_rings(world, platform, chat):
    platform.put(replace(HERON, name="Heron"))
    await world.quiet()
    chat.shown.clear()

    await fails(world, platform)
    await fails(world, platform, says="Insufficient margin")
    await fails(world, platform, bot=HERON)

    assert len(chat.shown) == 3
    assert chat.changed == []


async def test_what_is_the_same_but_not_shown_yet_is_told_by_itself(world, platform, chat):
    chat.seconds = 3
    await fails(world, platform, 2, apart=0.5)
    await world.quiet(10)

    assert chat.titles() == ["Night Owl: error"] * 2


async def test_what_cannot_be_counted_in_the_first_message_is_told_by_itself(world, platform, chat):
    await fails(world, platform)
    chat.deleted.add(chat.shown[0].message)

    await fails(world, platform, 3)

    assert [one.card.silent for one in chat.shown] == [False, True]
    assert chat.screen("100")[1].lines == ("Insufficient balance", "x3, last 12:03 UTC")
    await assert_kept(world.store, chat.shown, changed=chat.changed)


async def test_an_error_after_the_bot_was_stopped_from_its_message_rings(world, platform, chat):
    await fails(world, platform)
    [asked] = await world.says("/pause night owl")
    await world.presses(asked, "Stop Night Owl")
    await world.quiet()
    platform.put(OWL)
    await world.quiet()
    chat.shown.clear()

    await fails(world, platform)

    assert [(one.card.title, one.card.silent) for one in chat.shown] == [
        ("Night Owl: error", False)
    ]


async def test_why_an_item_has_no_message_of_its_own_is_kept(world, platform, chat):
    await fails(world, platform, 2)
    await fills(world, platform, 6)
    await world.quiet()

    missed = await world.store.outbox.missed((await world.link()).endpoint.id, 10)
    assert [one.reason for one in missed] == [Reason.FOLDED, Reason.COUNTED_UP]
