"""What an owner allowed beforehand is done once, and no more, when nobody sees an alert."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.actions import ActionState, Target
from bot.domain.cards import Card
from bot.domain.chats import Channel
from bot.domain.events import Kind, Origin, PodEvent, Stream
from bot.domain.ids import TraderId
from bot.domain.incoming import Reply
from bot.domain.pods import BotCommand
from bot.errors import NotOffered, OutcomeUnknown, Refused, TryLater
from bot.services.standing import GIVE_UP
from tests.fakes.messenger import FakeMessenger
from tests.fakes.readership import FakeReadership
from tests.harness.world import CHAT, OWL, World, heron, owl, running

pytestmark = pytest.mark.both_databases

MINUTE = 60.0
REAL = {"dry_run": False}
BEN = "200"
"""On Discord, linked to the same account."""

STOPPED = "Stopped Night Owl: nobody had seen its alert for 15 min"


@pytest.fixture
def discord(now):
    return FakeMessenger(now=now, channel=Channel.DISCORD, bot="2")


@pytest.fixture
def platform(platform):
    platform.bots["owl"] = owl(**REAL)
    platform.bots["heron"] = heron(running=True, status="running")
    return platform


@pytest.fixture
async def world(store, platform, chat, discord, now):
    async with running(
        store, platform, chat, now, others=[discord], readership=FakeReadership()
    ) as world:
        await world.goes_live()
        await world.on(discord).links(BEN)
        await world.quiet(70)
        chat.shown.clear()
        discord.shown.clear()
        yield world


async def asks(world: World, text: str, chat: str = CHAT) -> Card:
    [reply] = await world.says(text, chat)
    assert reply.card is not None
    return reply.card


async def allows(world: World, words: str) -> Card:
    """Go through the confirm card; gives it."""
    card = await asks(world, f"/standing {words}")
    label = card.buttons[0][0].label
    [done] = await world.presses(Reply(card=card), label)
    assert done.card is not None
    assert done.card.title == "That holds from now on"
    return card


async def errs(world: World, platform, bot: str = "owl", number: int = 1) -> None:
    """A bot reports an error, and runs on."""
    origin = Origin(kind=Kind.POD_EVENT, record=f"{bot} {number}", at=world.now())
    event = PodEvent(origin=origin, type="error", message="Order rejected", trader=TraderId(bot))
    platform.store(Stream.POD_EVENTS, event)
    await world.quiet(5)


def writes(platform) -> int:
    return sum(call.startswith("set_running") for call in platform.calls)


def titles(messenger) -> list[str]:
    return [one.card.title for one in messenger.shown]


def labels(card: Card) -> list[str]:
    return [button.label for row in card.buttons for button in row]


async def test_the_card_names_the_bot_and_the_effect_and_nothing_holds_before_it_is_pressed(
    world, platform
):
    card = await asks(world, "/standing error of night owl after 15 min")
    before = await asks(world, "/standing")
    [done] = await world.presses(Reply(card=card), "Allow to stop Night Owl")
    after = await asks(world, "/standing")

    assert card.title == "Stop a bot if nobody sees what happens to it?"
    assert card.lines == (
        "If an error of Night Owl is unseen for 15 min, I stop that bot: once, and only if it runs"
        " then, with real money.",
        "No other bot, and none that you add later.",
        "What is stopped manages its open trades no more, until somebody says /resume.",
        "It holds as long as this chat is linked by you. /standing lists and removes it.",
    )
    assert before.title == "Nothing is done without you"
    order = "An error of Night Owl, unseen for 15 min: it is stopped"
    assert done.card.lines == (order,)
    assert (after.title, after.lines) == ("1 standing order", (f"1. {order}",))
    assert f"Standing order: {order}." in (await asks(world, "/escalate")).lines
    assert f"Standing order: {order}." in (await asks(world, "/status")).notes


async def test_a_bot_whose_error_nobody_sees_is_stopped_once_and_everybody_is_told(
    world, platform, chat, discord
):
    await allows(world, "error of night owl after 15 min")
    opened = world.now()
    await errs(world, platform)
    alert = chat.shown[0].card
    await world.quiet(14 * MINUTE)
    before = writes(platform)
    listed = await asks(world, "/escalate")
    await world.quiet(2 * MINUTE)

    [word] = [line for line in alert.lines if "is stopped" in line]
    due = f"{opened + timedelta(minutes=15):%H:%M} UTC"
    assert word == f"If nobody sees this by {due}, Night Owl is stopped."
    assert listed.fields[0].value == f"nobody has seen it; {due} its bot is stopped"
    assert before == 0
    assert writes(platform) == 1
    assert platform.bots["owl"].running is False
    for one in (chat, discord):
        told = next(shown.card for shown in one.shown if shown.card.title == STOPPED)
        assert told.lines == (
            "Nobody had seen for 15 min: Night Owl reports an error. You had allowed it beforehand,"
            " see /standing.",
            "Its open trades are not managed now. /resume Night Owl starts it again.",
        )
        assert labels(told) == ["Resume Night Owl", "Seen"]
        assert "nobody asked for it" not in str(titles(one))
    reminder = next(one.card for one in chat.shown if one.card.title.startswith("Still unseen"))
    assert word in reminder.lines
    await errs(world, platform, number=2)
    await world.quiet(3600)
    assert writes(platform) == 1
    trail = str((await asks(world, "/audit")).fields)
    assert "by a standing order: stop Night Owl: asked" in trail
    assert "by a standing order: stop Night Owl: done" in trail


async def test_where_bots_can_be_told_it_may_be_that_they_only_open_no_more_trades(
    world, platform, chat
):
    platform.bot_commands = frozenset(BotCommand)
    card = await asks(world, "/standing error of all after 15 min")
    milder = "Allow to end new trades of 2 bots"
    [done] = await world.presses(Reply(card=card), milder)
    await errs(world, platform)
    alert = chat.shown[0].card
    await world.quiet(16 * MINUTE)
    await errs(world, platform, "heron")
    platform.fail("stop_entries heron", Refused("busy"))
    await world.quiet(16 * MINUTE)

    assert labels(card) == ["Allow to stop 2 bots", milder, "Cancel"]
    assert done.card.lines[0].endswith("unseen for 15 min: it opens no more trades")
    assert any("Night Owl opens no more trades." in line for line in alert.lines)
    assert writes(platform) == 0
    assert platform.no_entries == {"owl"}
    ended, refused = (
        next(one.card for one in chat.shown if one.card.title == title)
        for title in (
            "Night Owl opens no more trades: nobody had seen its alert for 15 min",
            "Heron may still open trades",
        )
    )
    assert (
        ended.lines[-1] == "It manages those it has. /pause and /resume let it open trades again."
    )
    assert labels(ended) == ["Seen"]
    assert refused.lines[1] == "Not done, the platform says: busy."
    trail = str((await asks(world, "/audit")).fields)
    assert "by a standing order: no new trades of Night Owl: done" in trail


async def test_the_button_starts_it_again(world, platform, chat):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    await world.quiet(16 * MINUTE)
    told = next(shown.card for shown in chat.shown if shown.card.title == STOPPED)

    [confirm] = await world.presses(Reply(card=told), "Resume Night Owl")
    await world.presses(confirm, "Resume Night Owl")
    await world.quiet()

    assert platform.bots["owl"].running is True


@pytest.mark.parametrize("saw", ["seen", "held", "solved"])
async def test_what_somebody_has_seen_is_left_alone(world, platform, chat, discord, saw):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    await world.quiet(14 * MINUTE)
    match saw:
        case "seen":
            await world.on(discord).reacts(discord.shown[0].message, BEN)
        case "held":
            reminder = chat.shown[-1].card
            [asked] = await world.presses(Reply(card=reminder), "I have it …")
            await world.presses(asked, "2 h")
        case "solved":
            platform.put(owl(**REAL, running=False, status="stopped"))
            await world.quiet()
            platform.put(owl(**REAL))
    await world.quiet(30 * MINUTE)

    assert writes(platform) == 0
    assert STOPPED not in titles(chat)


@pytest.mark.parametrize(
    "how", [owl(**REAL, running=False, status="stopped"), owl(dry_run=True), None]
)
async def test_a_bot_that_does_not_run_or_trades_on_paper_is_left_alone(world, platform, chat, how):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    # Not told: only the platform itself says so now.
    if how is None:
        del platform.bots["owl"]
    else:
        platform.bots["owl"] = how
    await world.quiet(16 * MINUTE)
    platform.bots["owl"] = owl(**REAL)
    await world.quiet(14 * MINUTE)

    assert writes(platform) == 0
    assert "Night Owl was not stopped" not in titles(chat)


async def test_no_more_than_the_card_said(world, platform, chat):
    await allows(world, "error of night owl after 15 min")
    platform.put(replace(OWL, dry_run=False, name="Renamed", id=OWL.id))
    await errs(world, platform)
    await errs(world, platform, "heron")
    platform.put(owl(id=TraderId("new"), name="New", **REAL))
    await world.quiet()
    await errs(world, platform, "new")
    await world.quiet(60 * MINUTE)

    stopped = {one.id for one in platform.bots.values() if not one.running}
    assert stopped == {OWL.id}, "the same bot under its new name, and no other"
    assert "Stopped Renamed: nobody had seen its alert for 15 min" in titles(chat)


async def test_all_bots_are_later_ones_too_and_the_card_says_so_and_many_are_one_message(
    world, platform, chat
):
    card = await allows(world, "error of all after 15 min")
    platform.put(owl(id=TraderId("new"), name="New", **REAL))
    await world.quiet()
    async with asyncio.TaskGroup() as group:
        for bot in ("owl", "heron", "new"):
            group.create_task(errs(world, platform, bot))
    await world.quiet(20 * MINUTE)

    assert "Now these are: Night Owl, Heron. Bots that you add later count, too." in card.lines
    assert not any(one.running for one in platform.bots.values())
    [told] = [one.card for one in chat.shown if one.card.title.startswith("Stopped")]
    assert told.title == "Stopped 3 of 3 bots that nobody looked after"
    assert labels(told) == ["Resume 3 bots", "Seen"]


async def test_another_kind_of_alert_is_not_meant(world, platform):
    await allows(world, "liquidation of night owl after 15 min")
    await errs(world, platform)
    await world.quiet(60 * MINUTE)

    assert writes(platform) == 0


async def test_a_refusal_is_told_as_one_and_not_repeated(world, platform, chat):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    platform.fail("set_running owl False", Refused("The bot is locked"))
    await world.quiet(60 * MINUTE)

    assert writes(platform) == 1
    [told] = [one.card for one in chat.shown if one.card.title == "Night Owl was not stopped"]
    assert told.lines[1:] == (
        "Not done, the platform says: The bot is locked.",
        "I do not try again: /pause Night Owl stops it.",
    )


@pytest.mark.parametrize("why", [Refused("Plan too small"), NotOffered("Forbidden")])
async def test_a_bot_that_may_not_be_looked_at_is_told_as_not_stopped(world, platform, chat, why):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    await world.quiet(14 * MINUTE)
    platform.fail("trader", why)
    await world.quiet(60 * MINUTE)

    assert writes(platform) == 0
    [told] = [one.card for one in chat.shown if one.card.title == "Night Owl was not stopped"]
    assert told.lines[1] == f"Not done, the platform says: {why}."


@pytest.mark.parametrize(
    ("port", "method", "committed", "told"),
    [
        ("links", "called", False, STOPPED),
        ("accounts", "get", False, STOPPED),
        ("standing_orders", "begin", True, "Night Owl: unclear whether it is stopped"),
    ],
)
async def test_a_database_that_is_away_in_the_middle_leaves_nothing_untold(
    world, platform, chat, port, method, committed, told
):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    await world.quiet(14 * MINUTE)
    begun = await world.store.standing_orders.untold()
    hooked = getattr(world.store, port)
    asked = len(platform.calls)
    broken = False

    async def breaks(*given, **named):
        nonlocal broken
        if not broken and any(call == "trader" for call in platform.calls[asked:]):
            broken = True
            if committed:
                await getattr(hooked._port, method)(*given, **named)
            raise OutcomeUnknown("broke in a commit")

    hooked.before(method, breaks)
    await world.quiet(10 * MINUTE)

    assert begun == []
    assert broken
    assert writes(platform) == (told == STOPPED)
    assert titles(chat).count(told) == 1
    assert await world.store.standing_orders.untold() == []


async def test_what_nobody_knows_is_told_as_that_and_not_repeated(world, platform, chat):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    await world.quiet(14 * MINUTE)
    platform.fail("set_running owl False", OutcomeUnknown("no answer"))
    await world.quiet(60 * MINUTE)

    assert writes(platform) == 1
    [told] = [one.card for one in chat.shown if one.card.title.startswith("Night Owl: unclear")]
    assert "I do not try again" in told.lines[-1]


async def test_a_platform_that_is_away_is_waited_for_and_at_last_it_is_said(world, platform, chat):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    await world.quiet(14 * MINUTE)
    platform.fail("trader", *[TryLater("away")] * 3)
    await world.quiet(4 * MINUTE)
    late = writes(platform)
    platform.put(owl(**REAL))
    await errs(world, platform, number=2)
    platform.fail("trader", *[TryLater("away")] * 100)
    await world.quiet(15 * MINUTE + GIVE_UP.total_seconds() + 2 * MINUTE)

    assert late == 1
    assert writes(platform) == 1
    assert "Night Owl was not stopped" in titles(chat)


async def test_who_may_not_any_more_has_it_suspended_and_the_account_hears_so_once(
    world, platform, chat, discord
):
    await allows(world, "error of night owl after 15 min")
    await errs(world, platform)
    mine = await world.link()
    assert mine is not None
    await world.store.links.end(mine.id, world.now())
    await world.quiet(120 * MINUTE)
    listed = await asks(world.on(discord), "/standing", chat=BEN)

    assert writes(platform) == 0
    assert titles(discord).count("A standing order is suspended") == 1
    assert listed.lines[0].startswith("1. Suspended, as whoever made it may not any more:")


async def test_it_is_removed_by_a_button(world, platform):
    await allows(world, "error of night owl after 15 min")
    card = await asks(world, "/standing")

    [done] = await world.presses(Reply(card=card), "Remove 1")
    await errs(world, platform)
    await world.quiet(60 * MINUTE)

    assert done.card.title == "That holds no more"
    assert writes(platform) == 0


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("error of night owl", "Unseen for how long?"),
        ("error of night owl after 1 min", "From 5 min to 12 h, please"),
        ("error of nobody after 15 min", "I know no bot, pair or kind called nobody"),
        ("error after 15 min", "Which one do you mean?"),
        ("remove 7", "There is no such standing order"),
        ("error of paper after 15 min", "That bot trades on paper: nothing of it has to be seen"),
    ],
)
async def test_what_is_not_understood_changes_nothing(world, platform, said, title):
    platform.put(owl(id=TraderId("paper"), name="Paper", dry_run=True))
    await world.quiet()

    card = await asks(world, f"/standing {said}")

    assert card.title == title
    assert (await asks(world, "/standing")).title == "Nothing is done without you"


async def test_a_bot_is_picked_where_none_was_named(world):
    card = await asks(world, "/standing error after 15 min")

    [confirm] = await world.presses(Reply(card=card), "Heron")

    assert confirm.card.lines[0].startswith("If an error of Heron is unseen for 15 min")


async def test_two_processes_never_do_it_twice(store, platform, chat, discord, now):
    async with running(store, platform, chat, now, others=[discord]) as one:
        await one.goes_live()
        await allows(one, "error of night owl after 15 min")
        async with running(store, platform, chat, now, others=[discord]):
            await asyncio.sleep(70)
            await errs(one, platform)
            await one.quiet(60 * MINUTE)

            assert writes(platform) == 1
            assert titles(chat).count(STOPPED) == 1


async def test_what_was_due_while_we_were_down_waits_until_presses_have_been_heard(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await allows(world, "error of night owl after 15 min")
        await errs(world, platform)
        alert = chat.shown[-1].message
    await asyncio.sleep(3600)
    async with running(store, platform, chat, now) as world:
        await world.quiet(20)
        await world.reacts(alert)
        await world.quiet(3600)

        assert writes(platform) == 0


async def test_what_was_begun_before_a_crash_is_reported_as_unclear_and_not_repeated(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await allows(world, "error of night owl after 15 min")
        await errs(world, platform)
        await world.quiet(10 * MINUTE)
    [due] = (await store.standing_orders.now()).falling
    bot = Target(id="owl", name="Night Owl")
    assert await store.standing_orders.begin(due, bot, due.at)
    async with running(store, platform, chat, now) as world:
        await world.quiet(3600)

        assert writes(platform) == 0
        [told] = [one.card for one in chat.shown if one.card.title.startswith("Night Owl: unclear")]
        assert told.lines[1] == (
            "Night Owl was being stopped when I was interrupted. Now it is running."
        )
        assert [one.state for one in await store.standing_orders.untold()] == []
        assert not await store.standing_orders.end(due.incident.id, ActionState.DONE, "", now())
