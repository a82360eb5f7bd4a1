"""An alert that is answered in one chat, or on the platform, is closed in all others."""

from __future__ import annotations

import logging
from collections import deque
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.domain.actions import Denied
from bot.domain.chats import Channel
from bot.domain.deliveries import Attempt, Postponed, Scope, Unknown
from bot.domain.events import Kind, Origin, PodEvent, Stream, TraderSeen
from bot.domain.incoming import Reply
from bot.domain.lifetimes import AMEND_LIFE
from bot.domain.marks import shown
from bot.errors import TryLater
from bot.services.feeds import FeedRhythm
from bot.texts.outcomes import toast
from tests.fakes.messenger import FakeMessenger, ShownUnknown
from tests.harness.world import OWL, World, owl, running

PAUSE, SEEN = "Stop Night Owl", "Seen"


@pytest.fixture
def discord(now):
    return FakeMessenger(now=now, channel=Channel.DISCORD, bot="2")


@pytest.fixture
async def both(request, store, platform, chat, discord, now):
    """One account in a Telegram chat and in a Discord chat."""
    rhythm = getattr(request, "param", FeedRhythm())
    async with running(store, platform, chat, now, rhythm, others=[discord]) as world:
        await world.goes_live()
        await world.on(discord).links()
        await world.quiet()
        for one in (chat, discord):
            one.shown.clear()
        yield world


async def alarm(world: World, platform, number: int = 1) -> None:
    """Something goes wrong with the owl, and every chat is offered to pause it."""
    origin = Origin(kind=Kind.POD_EVENT, record=f"alarm-{number}", at=world.now())
    platform.store(
        Stream.POD_EVENTS,
        PodEvent(origin=origin, type="error", message=f"Balance too low: {number}", trader=OWL.id),
    )
    await world.quiet()


async def pauses(world: World) -> list[Reply]:
    """The person does, in the chat where this world's people are."""
    [asked] = await world.says("/pause night owl")
    return await world.presses(asked, PAUSE)


def buttons(card) -> list[str]:
    return [button.label for row in card.buttons for button in row]


# --- what is said -------------------------------------------------------------------------


async def test_an_alert_that_is_answered_on_discord_is_closed_on_telegram(
    both, platform, chat, discord
):
    await alarm(both, platform)
    offered = [buttons(one.screen("100")[0]) for one in (chat, discord)]

    await pauses(both.on(discord))
    at = both.now()
    await both.quiet()

    note = f"Stopped from Discord · {at:%d %b %H:%M} UTC"
    assert offered == [[PAUSE, SEEN], [PAUSE, SEEN]]
    for card in (chat.screen("100")[0], discord.screen("100")[0]):
        assert card.title == "Night Owl: error"
        assert buttons(card) == []
        assert card.notes == (note,)


async def test_the_quiet_word_of_it_says_where_it_was_asked_for(both, chat, discord):
    await pauses(both.on(discord))
    await both.quiet()

    [told] = chat.screen("100")
    assert told.title == "Night Owl was stopped"
    assert told.notes == ("Asked for in your Discord chat",)
    assert told.silent
    assert discord.shown == []


async def test_it_is_as_quiet_while_the_status_does_not_follow_yet(both, platform, chat, discord):
    await pauses(both.on(discord))
    await both.quiet(1)

    platform.put(owl(running=False, status="running"))
    await both.quiet()

    told = chat.screen("100")[-1]
    assert told.title == "Night Owl is now: running, but switched off"
    assert told.silent
    assert discord.shown == []


async def test_what_nobody_here_asked_for_was_done_meanwhile(both, platform, chat, discord):
    await alarm(both, platform)

    platform.put(owl(running=False, status="stopped"))
    at = both.now()
    await both.quiet()

    for one in (chat, discord):
        closed, told = one.screen("100")
        assert buttons(closed) == []
        assert closed.notes == (f"Stopped meanwhile · {at:%d %b %H:%M} UTC",)
        assert told.notes == ()


async def test_a_bot_that_stops_by_itself_needs_no_pause(both, platform, chat):
    await alarm(both, platform)

    platform.put(owl(running=False, status="error"))
    await both.quiet()

    assert chat.screen("100")[0].notes[0].startswith("Stopped with an error · ")


async def test_nor_does_one_that_is_deleted(both, platform, chat):
    await alarm(both, platform)

    gone = platform.bots.pop(OWL.id)
    origin = Origin(kind=Kind.TRADER, record=gone.id, at=both.now())
    platform.announce(TraderSeen(origin=origin, trader=gone, removed=True))
    await both.quiet()

    assert buttons(chat.screen("100")[0]) == []
    assert chat.screen("100")[0].notes[0].startswith("Deleted meanwhile · ")


async def test_the_event_alone_leads_to_the_same_end_as_the_answer(both, platform, chat, discord):
    """The platform's answer to the request is lost; its event is not."""
    await alarm(both, platform)
    platform.loses_answers = True

    await pauses(both.on(discord))
    await both.quiet()

    assert chat.screen("100")[0].notes[0].startswith("Stopped from Discord · ")


async def test_so_does_the_answer_alone(both, platform, chat, discord):
    await alarm(both, platform)
    platform.is_mute = True

    await pauses(both.on(discord))
    await both.quiet()

    assert chat.screen("100")[0].notes[0].startswith("Stopped from Discord · ")


async def test_an_alert_after_the_bot_runs_again_offers_to_pause_it_again(
    both, platform, chat, discord
):
    await alarm(both, platform)
    await pauses(both.on(discord))
    await both.quiet()
    platform.put(owl())
    await both.quiet()

    await alarm(both, platform, 2)

    first, *_, second = chat.screen("100")
    assert buttons(first) == []
    assert buttons(second) == [PAUSE, SEEN]
    assert second.notes == ()


async def test_a_press_that_comes_too_late_is_told_kindly(both, platform, chat, discord):
    await alarm(both, platform)
    offered = Reply(card=chat.shown[0].card)
    await pauses(both.on(discord))

    [reply] = await both.presses(offered, PAUSE)

    assert reply.toast == shown(toast(Denied.ANSWERED))
    assert "/traders" in (reply.toast or "")


async def test_a_late_alert_is_still_as_late_as_it_was(both, platform, chat, discord):
    chat.script("100", Postponed(reason="busy", retry_after=timedelta(minutes=14)))
    await alarm(both, platform)
    await both.quiet(15 * 60)

    await both.quiet(3600)
    await pauses(both.on(discord))
    await both.quiet()

    late, answered = chat.screen("100")[0].notes
    assert late == "delayed 14 min"
    assert answered.startswith("Stopped from Discord")


async def test_what_waits_meanwhile_goes_out_closed(both, platform, chat, discord):
    chat.script("100", Postponed(reason="busy", retry_after=timedelta(minutes=1)))
    await alarm(both, platform)
    await pauses(both.on(discord))

    await both.quiet(120)

    [card] = [one.card for one in chat.shown if one.card.title == "Night Owl: error"]
    assert buttons(card) == []
    assert any(note.startswith("Stopped from Discord") for note in card.notes)
    assert chat.change_calls == 0


async def test_what_is_in_flight_meanwhile_is_closed_soon_after(both, platform, chat, discord):
    chat.seconds = 3
    await alarm(both, platform)  # and is shown in the moment in which it ends

    await pauses(both.on(discord))
    await both.quiet(10)

    assert buttons(chat.screen("100")[0]) == []


# --- what goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)  # a day of statements
async def test_a_chat_platform_that_is_away_shows_it_when_it_is_back(both, platform, chat, discord):
    await alarm(both, platform)
    chat.away = True
    await pauses(both.on(discord))
    await both.quiet(6 * 3600)
    before = buttons(chat.screen("100")[0])
    tries = chat.change_calls + chat.calls

    chat.away = False
    await both.quiet(90)

    assert before == [PAUSE, SEEN]
    assert buttons(discord.screen("100")[0]) == []
    assert buttons(chat.screen("100")[0]) == []
    assert tries < 6 * 90


async def test_a_message_alone_brings_a_bot_back_that_owes_nothing_else(
    both, platform, chat, discord
):
    """No alert is owed that could find out that the platform is back."""
    await alarm(both, platform)
    chat.change_outcomes["100"] = deque([Postponed(reason="no_connection", scope=Scope.CHANNEL)])
    await pauses(both.on(discord))

    await both.quiet(60)

    assert buttons(chat.screen("100")[0]) == []


async def test_a_change_that_nobody_answers_is_made_again(both, platform, chat, discord):
    await alarm(both, platform)
    chat.change_outcomes["100"] = deque([Unknown(reason="lost"), ShownUnknown(reason="lost")])
    await pauses(both.on(discord))

    await both.quiet(60)

    assert chat.change_calls == 3
    assert buttons(chat.screen("100")[0]) == []
    assert chat.titles("100").count("Night Owl: error") == 1


async def test_a_chat_that_wants_it_slower_is_left_alone_so_long(both, platform, chat, discord):
    await alarm(both, platform)
    slower = Postponed(reason="too many", retry_after=timedelta(seconds=25))
    chat.change_outcomes["100"] = deque([slower])
    await pauses(both.on(discord))

    await both.quiet(20)
    early = chat.change_calls
    await both.quiet(30)

    assert early == 1
    assert chat.change_calls == 2
    assert buttons(chat.screen("100")[0]) == []


async def test_a_message_that_the_person_has_deleted_is_not_shown_again(
    both, platform, chat, discord
):
    await alarm(both, platform)
    chat.deleted.add(chat.shown[0].message)

    await pauses(both.on(discord))
    await both.quiet(3600)

    assert chat.change_calls == 1
    assert chat.titles("100") == ["Night Owl: error", "Night Owl was stopped"]


@pytest.mark.parametrize("store", ["sqlite memory"], indirect=True)  # a day of statements
# Looks around would be most of a day's work.
@pytest.mark.parametrize("both", [FeedRhythm(look_every=timedelta(days=2))], indirect=True)
async def test_a_message_that_cannot_be_changed_for_a_day_is_given_up(
    both, platform, chat, discord, caplog
):
    await alarm(both, platform)
    chat.away = True
    await pauses(both.on(discord))
    caplog.set_level(logging.WARNING, "bot.services.amending")

    await both.quiet(AMEND_LIFE.total_seconds() + 60)
    chat.away = False
    await both.quiet(3600)

    assert chat.changed == []
    assert "a message keeps a button that does nothing any more" in caplog.text


async def test_a_chat_that_is_unlinked_is_shown_nothing_more(both, platform, chat, discord):
    await alarm(both, platform)
    chat.change_outcomes["100"] = deque([Postponed(reason="b", retry_after=timedelta(minutes=1))])
    await pauses(both.on(discord))
    await both.quiet(2)
    [asked] = await both.says("/unlink")
    await both.presses(asked, "Unlink this chat")

    await both.quiet(3600)

    assert chat.changed == []


async def test_a_process_that_dies_leaves_it_to_the_next(store, platform, chat, discord, now):
    async with running(store, platform, chat, now, others=[discord]) as world:
        await world.goes_live()
        await world.on(discord).links()
        await alarm(world, platform)
        chat.seconds = 2
        await pauses(world.on(discord))
        await world.quiet(1)
    before = buttons(chat.screen("100")[-1])

    chat.seconds = 0
    async with running(store, platform, chat, now, others=[discord]) as world:
        await world.quiet()

    alarmed = [card for card in chat.screen("100") if card.title == "Night Owl: error"]
    assert before == [PAUSE, SEEN]
    assert buttons(*alarmed) == []


async def test_a_database_that_is_away_holds_it_up_no_longer_than_it_is(
    both, platform, chat, discord
):
    await alarm(both, platform)
    outages = [TryLater("away")] * 3

    async def fail(*_):
        if outages:
            raise outages.pop()

    for method in ("amendments", "amended"):
        both.store.outbox.before(method, fail)

    await pauses(both.on(discord))
    await both.quiet(120)

    assert outages == []
    assert buttons(chat.screen("100")[0]) == []
    assert buttons(discord.screen("100")[0]) == []


# --- alerts first -------------------------------------------------------------------------


async def test_alerts_go_first_and_the_chat_gets_no_more_than_its_rate(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        world.pace.chat_rate = lambda address: 1
        await world.goes_live()
        for number in range(3):
            await alarm(world, platform, number)
        offered = len(chat.shown)

        platform.put(owl(running=False, status="stopped"))
        for number in range(6):
            platform.store(Stream.TRADES, world.trade(number))
        await world.quiet(30)

    alerts = [one.at for one in chat.shown[offered:]]
    changes = [one.at for one in chat.changed]
    moments = [*alerts, *changes]
    assert (len(alerts), len(changes)) == (7, 3)
    assert max(alerts) < min(changes)
    assert moments == sorted(moments)
    apart = [later - earlier for earlier, later in pairwise(moments)]
    assert min(apart) >= timedelta(seconds=1)


# --- who else waits for a change --------------------------------------------------------------


@pytest.mark.parametrize("scope", [Scope.CHANNEL, Scope.ENDPOINT])
async def test_what_an_old_change_is_asked_to_wait_keeps_alerts_back_no_longer(
    both, platform, chat, discord, scope
):
    """Its own back-off is minutes by then; the platform asks for a second."""
    await alarm(both, platform)
    outcomes: deque[Attempt | None] = deque([Unknown(reason="no_answer_in_time")] * 11)
    chat.change_outcomes["100"] = outcomes
    await pauses(both.on(discord))
    await both.quiet(620)
    outcomes.clear()
    outcomes.append(Postponed(reason="slow_down", retry_after=timedelta(seconds=1), scope=scope))
    await both.until(lambda: not outcomes)
    at = both.now()
    chat.shown.clear()

    await both.says("/test")
    await both.until(lambda: "Test alert" in chat.titles("100"))

    assert (both.now() - at).total_seconds() < 3
