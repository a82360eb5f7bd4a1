"""`/events` and `/messages`: what was told lately, read again or as it was heard."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.cards import Severity, as_shown
from bot.domain.events import Kind, Message, Origin, PodEvent, Stream, SystemEvent
from bot.domain.ids import TraderId
from bot.errors import TryLater
from tests.fakes.platform import FakePlatform
from tests.harness.world import World
from tests.services.test_commands import ask, linked


@pytest.fixture
def said(world: World, platform: FakePlatform):
    """Something is told, a moment after what was told before."""
    told = 0

    def say(stream: Stream, text: str, bot: str = "owl", announce: bool = True) -> None:
        nonlocal told
        told += 1
        at = world.now() + timedelta(milliseconds=told)

        def origin(kind: Kind) -> Origin:
            return Origin(kind=kind, record=f"said-{told}", at=at)

        event: PodEvent | Message | SystemEvent
        match stream:
            case Stream.POD_EVENTS:
                event = PodEvent(
                    origin=origin(Kind.POD_EVENT),
                    type="info",
                    message=text,
                    trader=TraderId(bot),
                )
            case Stream.MESSAGES:
                event = Message(origin=origin(Kind.MESSAGE), title=text)
            case _:
                event = SystemEvent(origin=origin(Kind.SYSTEM_EVENT), title=text, level="error")
        platform.store(stream, event, announce=announce)

    return say


def values(card) -> list[str]:
    return [field.value for field in card.fields]


async def test_the_latest_events_of_all_come_newest_first(world, said):
    await linked(world)
    said(Stream.POD_EVENTS, "went to sleep")
    said(Stream.SYSTEM_EVENTS, "Exchange down")
    said(Stream.POD_EVENTS, "woke up", bot="heron")
    said(Stream.MESSAGES, "Invoice")

    card = await ask(world, "/events")

    assert card.title == "Latest 3 events"
    assert values(card) == [
        "Heron: info · woke up",
        "Critical · Exchange down",
        "Night Owl: info · went to sleep",
    ]
    assert card.severity is Severity.INFO
    assert not card.notes


@pytest.mark.parametrize(
    ("title", "type", "shown"),
    [
        ("Vote for a pair", "community_poll", "community poll · Vote for a pair"),
        ("Vote for a pair", None, "Vote for a pair"),
        ("Привет", "community_poll", "community poll · Привет"),
        ("Maintenance", "community_poll", "Warning · Maintenance"),
    ],
)
async def test_what_nobody_can_grade_is_called_as_the_platform_calls_it(
    world, platform, title, type, shown
):
    await linked(world)
    origin = Origin(kind=Kind.MESSAGE, record="poll", at=world.now())
    platform.store(Stream.MESSAGES, Message(origin=origin, title=title, type=type))

    assert values(await ask(world, "/messages")) == [shown]


async def test_events_of_one_bot_are_its_own(world, said):
    await linked(world)
    said(Stream.POD_EVENTS, "went to sleep")
    said(Stream.POD_EVENTS, "woke up", bot="heron")
    said(Stream.SYSTEM_EVENTS, "Exchange down")

    card = await ask(world, "/events heron")

    assert (card.title, values(card)) == ("Latest 1 event · Heron", ["Heron: info · woke up"])


async def test_older_events_are_a_button_away_of_the_same_bot(world, said):
    await linked(world)
    for number in range(12):
        said(Stream.POD_EVENTS, f"step {number}")
        said(Stream.POD_EVENTS, "woke up", bot="heron")

    [first] = await world.says("/events owl")
    [second] = await world.presses(first, "Older")

    assert values(as_shown(second.card)) == ["Night Owl: info · step 1", "Night Owl: info · step 0"]
    assert second.card.title == "2 older events · Night Owl"
    assert not second.card.buttons


async def test_messages_are_the_platform_s_own_page_by_page(world, said):
    await linked(world)
    for number in range(11):
        said(Stream.MESSAGES, f"Invoice {number}")
    said(Stream.POD_EVENTS, "woke up")

    [first] = await world.says("/messages")
    [second] = await world.presses(first, "Older")
    third = await ask(world, "/messages 3")

    assert values(as_shown(first.card))[0] == "Invoice 10"
    assert values(as_shown(second.card)) == ["Invoice 0"]
    assert third.lines[0] == "There is no such page. /messages shows the newest."


async def test_what_the_platform_lets_nobody_read_is_shown_as_it_was_heard(world, platform, said):
    await linked(world)
    said(Stream.POD_EVENTS, "went to sleep")
    said(Stream.SYSTEM_EVENTS, "Exchange down")
    await world.quiet(10)
    platform.denied.add(Stream.POD_EVENTS)

    card = await ask(world, "/events owl")
    of_all = await ask(world, "/events")

    assert values(card) == ["Night Owl: info"]
    assert card.notes == (
        "The platform does not let me read: traders/pods/events. Of that you see what I have told "
        "in this chat within 30 days.",
    )
    assert values(of_all) == ["Critical · Exchange down", "Night Owl: info"]


async def test_while_the_platform_is_away_what_was_heard_is_shown(world, platform, said):
    await linked(world)
    said(Stream.MESSAGES, "Invoice")
    await world.quiet(10)
    platform.fail(f"latest {Stream.MESSAGES}", TryLater("away"))

    card = await ask(world, "/messages")

    assert values(card) == ["Invoice"]
    assert card.notes[0].startswith("The platform does not answer for: messages.")


async def test_before_anything_was_told_that_is_said(world, said):
    await linked(world)

    assert (await ask(world, "/events")).title == "No events yet"
    assert (await ask(world, "/messages")).title == "No messages yet"
    assert (await ask(world, "/events heron")).title == "No events"


async def test_where_the_platform_has_more_than_is_looked_through_that_is_said(world, said):
    await linked(world)
    for number in range(101):
        said(Stream.MESSAGES, f"Invoice {number}", announce=False)

    card = await ask(world, "/messages 10")

    assert values(card)[-1] == "Invoice 1"
    assert card.notes == ("Older ones are on the platform only.",)
