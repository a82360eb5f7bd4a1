"""Cards whose buttons end while something else goes wrong: row 68 of the fault matrix."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.deliveries import Attempt, Sent
from bot.domain.incoming import Reply
from bot.domain.lifetimes import CONFIRM_LIFE, END_LIFE
from bot.domain.shown import Ending
from bot.texts.answered import ending
from tests.fakes.messenger import FakeMessenger
from tests.faults.alerts import owe
from tests.harness.world import CHAT, World, running

LIFE = CONFIRM_LIFE.total_seconds()
STOP = "Stop Night Owl"


async def asks_to_stop(world: World, chat: FakeMessenger) -> Reply:
    """A confirm card, shown as an adapter shows it."""
    [reply] = await world.says("/pause night owl")
    assert reply.card is not None
    assert reply.shown is not None
    sent = await chat.send(world.place().address, reply.card)
    assert isinstance(sent, Sent)
    await reply.shown(sent.message)
    return reply


class SlowlyChanging(FakeMessenger):
    """Takes its time over a change: before it shows, or with saying so."""

    seconds_before_change: float = 0
    seconds_after_change: float = 0

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        await asyncio.sleep(self.seconds_before_change)
        outcome = await super().amend(address, message, card)
        await asyncio.sleep(self.seconds_after_change)
        return outcome


def closed(chat: FakeMessenger) -> bool:
    """Whether the chat's first card shows its end and nothing to press."""
    card = chat.screen(CHAT)[0]
    return not card.buttons and ending(Ending.EXPIRED) in card.notes


@pytest.mark.fault(68)
async def test_a_card_that_expires_while_its_platform_is_away_is_closed_afterwards(world, chat):
    await world.goes_live()
    await asks_to_stop(world, chat)

    chat.away = True
    await world.quiet(LIFE + 1800)
    meanwhile = closed(chat)
    chat.away = False
    await world.quiet(600)

    assert not meanwhile
    assert closed(chat)
    assert len(chat.changed) == 1


@pytest.mark.fault(68)
@pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)  # a day of statements
async def test_one_that_nobody_could_change_for_a_day_is_given_up(world, chat):
    await world.goes_live()
    asked = await asks_to_stop(world, chat)

    chat.away = True
    await world.quiet(LIFE + END_LIFE.total_seconds() + 600)
    await world.store.prune(world.now())
    chat.away = False
    await world.quiet(1800)
    [late] = await world.presses(asked, STOP)

    assert chat.changed == []
    assert late.toast is not None


@pytest.mark.fault(68)
@pytest.mark.parametrize("shows", [True, False])
async def test_a_kill_between_the_end_and_what_is_noted_of_it_leaves_a_closed_card(
    store, platform, now, shows
):
    chat = SlowlyChanging(now=now)
    chat.seconds_after_change, chat.seconds_before_change = (60, 0) if shows else (0, 60)
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await asks_to_stop(world, chat)
        await world.quiet(LIFE + 5)
        killed_with = len(chat.changed)

    chat.seconds_after_change = chat.seconds_before_change = 0
    async with running(store, platform, chat, now) as world:
        await world.quiet(1800)

    assert killed_with == (1 if shows else 0)
    assert closed(chat)
    assert len(chat.changed) == killed_with + 1
    assert len(chat.screen(CHAT)) == 1


@pytest.mark.fault(68)
async def test_alerts_go_before_cards_that_have_ended(store, platform, chat, now):
    async with running(store, platform, chat, now, rate=1) as world:
        account = await world.goes_live()
        await asks_to_stop(world, chat)
        await world.quiet(LIFE - 1)

        await owe(world, account, *(f"alert {number}" for number in range(10)), urgent=True)
        await world.quiet(120)

    [change] = chat.changed
    assert change.at >= max(one.at for one in chat.shown)
    assert closed(chat)
