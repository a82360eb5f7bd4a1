"""What a night has come to: told when asked, or each morning, with a sum that adds up."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import delete

from bot.domain.cards import Card
from bot.domain.chats import Channel
from bot.domain.events import Kind
from storage.schema.tables import delivery
from tests.fakes.messenger import FakeMessenger
from tests.harness.world import World, heron, owl, running

MINUTE = 60.0
HOUR = 3600.0
REAL = {"dry_run": False}


@pytest.fixture
def phone(now):
    return FakeMessenger(now=now, channel=Channel.PUSH, bot="ntfy")


@pytest.fixture
def platform(platform):
    platform.bots["owl"] = owl(**REAL)
    return platform


@pytest.fixture
async def world(store, platform, chat, phone, now):
    async with running(store, platform, chat, now, others=[phone]) as world:
        await world.goes_live()
        await world.on(phone).links()
        await world.quiet()
        chat.shown.clear()
        phone.shown.clear()
        yield world


async def night(world: World, words: str = "1h") -> Card:
    [reply] = await world.says(f"/night {words}")
    assert reply.card is not None
    return reply.card


def figures(card: Card) -> dict[str, int]:
    """Of the line that adds up."""
    [line] = [line for line in card.lines if re.match(r"\d+ events?: ", line)]
    total, _, parts = line.rstrip(".").partition(": ")
    found = {"events": int(total.split()[0])}
    return found | {
        what: int(number) for number, _, what in (one.partition(" ") for one in parts.split(", "))
    }


def adds_up(card: Card) -> bool:
    numbers = figures(card)
    return numbers.pop("events") == sum(numbers.values())


async def test_a_night_in_which_nothing_happened_is_one_calm_line(world):
    await world.quiet(10 * MINUTE)

    card = await night(world, "5 min")

    assert card.title.startswith("A calm night: nothing happened from 12:0")
    assert (card.lines, card.fields, card.notes) == ((), (), ())


async def test_what_had_to_be_seen_is_told_with_its_steps_who_saw_it_and_its_end(
    world, platform, chat, phone
):
    began = world.now()
    platform.put(owl(**REAL, running=False, status="error"))
    await world.quiet(3 * MINUTE)
    await world.reacts(chat.shown[0].message)
    seen = world.now()
    await world.quiet(4 * MINUTE)
    platform.put(owl(**REAL))
    await world.quiet(MINUTE)

    card = await night(world)

    [line, sum_] = card.lines
    assert line.startswith(f"{began:%H:%M} UTC Night Owl stopped with an error; rang again ")
    again = began + timedelta(minutes=2)
    assert f"rang again {again:%H:%M} UTC (Phone); seen {seen:%H:%M} UTC (Telegram); over " in line
    assert sum_ == "2 events: 1 told, 1 quietly, 0 together with others, 0 open."
    assert card.severity == "info"


async def test_every_event_is_in_the_sum_once_whatever_became_of_it(world, platform, chat):
    await world.says("/rules entries off")
    await world.says("/rules exits digest")
    for number in range(3):
        await world.ingest.take(await account(world), (world.trade(number, alone=True),))
    platform.put(owl(**REAL, running=False, status="error"))
    await world.quiet(5)
    chat.away = True
    platform.put(heron(running=True, status="running"))
    await world.quiet(5)
    waiting = await night(world)
    chat.away = False
    await world.quiet(2 * MINUTE)
    after = await night(world)

    assert figures(waiting) == {
        **{"events": 5, "told": 1, "quietly": 0, "together with others": 0},
        **{"not wanted": 3, "open": 1},
    }
    assert figures(after) == {
        **{"events": 5, "told": 1, "quietly": 1, "together with others": 0},
        **{"not wanted": 3, "open": 0},
    }
    assert adds_up(waiting)
    assert adds_up(after)


async def account(world: World):
    link = await world.link()
    assert link is not None
    found = await world.store.accounts.get(link.account)
    assert found is not None
    return found


async def test_what_was_asked_for_here_is_known_here(world, platform, chat):
    [asks] = await world.says("/resume heron")
    await world.presses(asks, "Resume Heron")
    await world.quiet(30)

    card = await night(world)

    assert figures(card)["known already"] == figures(card)["events"] > 0
    assert adds_up(card)


async def test_an_event_whose_message_is_nowhere_is_unaccounted_and_said_to_be(
    store, world, platform
):
    platform.put(owl(**REAL, running=False, status="error"))
    await world.quiet(5)
    link = await world.link()
    lost = delete(delivery).where(delivery.c.link == link.id, delivery.c.kind == Kind.TRADER)
    await store.database.write(lambda connection, calls: [connection.execute(lost)], None)

    card = await night(world)

    assert figures(card)["unaccounted"] == 1
    assert card.severity == "warning"
    assert card.notes[0].startswith("This sum should add up and does not")


async def test_where_the_platform_was_away_and_tradebell_down_is_told_from_when_to_when(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.quiet(MINUTE)
        platform.away = True
        platform.cut()
        down = world.now()
        await world.quiet(9 * MINUTE)
        platform.away = False
        await world.quiet(10 * MINUTE)
        card = await night(world)

    [_, spell, _] = card.lines
    assert spell.startswith(
        f"No connection to the trading platform: {down:%H:%M} UTC to {down.hour}:"
    )


async def test_each_morning_it_comes_once_without_a_sound(world, chat):
    [set_] = await world.says("/night at 13:30")
    await world.quiet(89 * MINUTE)
    before = nights(chat)
    await world.quiet(3 * MINUTE)
    first = nights(chat)
    await world.quiet(20 * HOUR)
    [again] = await world.says("/night at 13:30")
    [off] = await world.says("/night off")
    await world.quiet(8 * HOUR)

    assert set_.card.title == "Each night is told at 13:30"
    assert before == []
    assert len(first) == 1
    assert first[0].silent
    assert again.card.title == set_.card.title
    assert off.card.title == "No night is told by itself"
    assert len(nights(chat)) == 1


def nights(messenger) -> list[Card]:
    return [one.card for one in messenger.shown if " night" in one.card.title.lower()]


@pytest.mark.parametrize(("hours", "told"), [(3, ["It comes 3 h late"]), (6, [])])
async def test_after_an_outage_it_is_late_and_says_so_or_is_passed_over(
    store, platform, chat, now, hours: int, told: list[str]
):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.says("/night at 13:30")
        await world.quiet()
    await asyncio.sleep(1.5 * HOUR + hours * HOUR)
    async with running(store, platform, chat, now) as world:
        await world.quiet(MINUTE)
    async with running(store, platform, chat, now) as world:
        await world.quiet(MINUTE)

    late = [note.partition(":")[0] for card in nights(chat) for note in card.notes]
    assert late == told


async def test_what_it_takes_is_said_where_it_is_not_understood(world):
    [unclear] = await world.says("/night tomorrow")
    [no_time] = await world.says("/night at noonish")
    [report] = await world.says("/night")
    [set_] = await world.presses(report, "Each morning at 07:30")
    [undone] = await world.presses(set_, "Undo")

    assert unclear.card.title == no_time.card.title == "Which night?"
    assert set_.card.title == "Each night is told at 07:30"
    assert undone.card.title == "No night is told by itself"
