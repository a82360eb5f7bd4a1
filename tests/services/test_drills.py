"""A drill goes where a critical alert would, says that it is one, and tells who saw it where."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.chats import Channel
from bot.domain.incidents import Incident
from bot.domain.incoming import Reply
from bot.domain.lifetimes import UNDO_LIFE
from tests.fakes.messenger import FakeMessenger
from tests.fakes.readership import FakeReadership
from tests.harness.world import World, owl, running

MINUTE = 60.0
ALARM = "Drill: nothing is wrong"


@pytest.fixture
def discord(now):
    return FakeMessenger(now=now, channel=Channel.DISCORD, bot="2")


@pytest.fixture
def phone(now):
    return FakeMessenger(now=now, channel=Channel.PUSH, bot="ntfy")


@pytest.fixture
def platform(platform):
    platform.bots["owl"] = owl(dry_run=False)
    return platform


@pytest.fixture
async def all_three(store, platform, chat, discord, phone, now):
    """One account in a Telegram chat, in a Discord chat, and on a phone."""
    async with running(
        store, platform, chat, now, others=[discord, phone], readership=FakeReadership()
    ) as world:
        await world.goes_live()
        for one in (discord, phone):
            await world.on(one).links()
        await world.quiet()
        for one in (chat, discord, phone):
            one.shown.clear()
        yield world


def titles(messenger) -> list[str]:
    return [one.card.title for one in messenger.shown]


async def unseen(world: World) -> list[Incident]:
    link = await world.link()
    assert link is not None
    return list(await world.store.incidents.unseen(link.account))


def buttons(card) -> list[str]:
    return [button.label for row in card.buttons for button in row]


def became(card) -> dict[str, str]:
    return {field.label: field.value for field in card.fields}


def drilled(messenger) -> list[str]:
    return [title for title in titles(messenger) if title.startswith("Drill: n")]


async def sees(world: World, messenger) -> None:
    card = next(one.card for one in messenger.shown if one.card.title == ALARM)
    await world.on(messenger).presses(Reply(card=card), "Seen")
    await world.quiet(1)


async def test_each_place_answers_for_itself_and_the_result_says_how_fast(
    all_three, chat, discord, phone
):
    [begun] = await all_three.says("/drill")
    await all_three.quiet(12)
    alarms = [one.shown[-1].card for one in (chat, discord, phone)]
    [answer] = await all_three.presses(Reply(card=chat.shown[-1].card), "Seen")
    await all_three.quiet(8)
    await all_three.on(discord).reacts(discord.shown[-1].message)
    await all_three.quiet(2 * MINUTE)
    again = titles(phone)[1:]
    await sees(all_three, phone)
    await all_three.quiet(5)

    assert begun.card.title == "A drill has begun: nothing is wrong"
    assert begun.card.lines[0] == "It goes to 3 chats and phones now, all at once."
    assert begun.card.lines[-1] == "The result is told here at the end."
    for alarm in alarms:
        assert alarm.title == ALARM
        assert alarm.severity == "critical"
        assert "nothing is wrong" in alarm.on_lock_screen
        assert buttons(alarm) == ["Seen"]
    assert answer.toast == "Noted for this place. The others are still waited for."
    assert again == ["Drill: not seen here for 2 min. Nothing is wrong."], "its step came there"
    assert len(titles(discord)) == 1
    result = chat.shown[-1].card
    assert result.title == "Drill: seen in all 3 places"
    assert became(result) == {
        "Telegram chat": "seen after 12 s",
        "Discord chat": "seen after 20 s",
        "Phone by ntfy": "seen after 2 min",
    }
    for one in (chat, discord, phone):
        for card in one.screen("100"):
            assert "Seen" not in buttons(card), card
    notes = [note for note in discord.screen("100")[0].notes if "Seen in" in note]
    assert "The drill is over" in notes[0]
    await all_three.quiet(3600)
    assert [len(titles(one)) for one in (chat, discord, phone)] == [2, 1, 2], "that was all"


async def test_what_nobody_sees_and_what_cannot_be_shown_is_told_when_its_time_is_up(
    all_three, chat, discord, phone
):
    discord.closed.add("100")
    await all_three.says("/drill")
    await all_three.quiet(14 * MINUTE)
    before = titles(chat).count("Drill: seen in 0 of 3 places")
    await all_three.quiet(MINUTE + 5)

    assert drilled(phone) == [
        ALARM,
        "Drill: not seen here for 2 min. Nothing is wrong.",
        "Drill: not seen here for 5 min. Nothing is wrong.",
    ]
    assert before == 0
    result = chat.shown[-1].card
    assert result.title == "Drill: seen in 0 of 3 places"
    assert became(result) == {
        "Telegram chat": "shown, not seen",
        "Discord chat": "could not be shown: Forbidden: bot was blocked by the user",
        "Phone by ntfy": "shown, not seen",
    }
    assert result.notes[0] == "/link there brings a chat back that is closed to me."
    assert any("The drill is over" in note for note in chat.screen("100")[0].notes)


async def test_now_tells_each_place_once_and_the_end_does_not_wait_for_what_is_closed(
    all_three, chat, discord, phone
):
    discord.closed.add("100")
    [begun] = await all_three.says("/drill now")
    await all_three.quiet(4 * MINUTE)
    await sees(all_three, phone)
    await sees(all_three, chat)

    assert "Each is told once." in begun.card.lines[1]
    assert drilled(phone) == [ALARM]
    assert chat.shown[-1].card.title == "Drill: seen in 2 of 3 places"


async def test_it_is_ended_by_a_button_and_another_begins_only_later(all_three, chat, phone):
    [begun] = await all_three.says("/drill")
    await all_three.quiet(10)
    [there] = await all_three.on(phone).says("/drill")
    [ended] = await all_three.presses(begun, "End the drill")
    await all_three.quiet(5)
    [none] = await all_three.says("/drill end")
    [soon] = await all_three.says("/drill")
    rung = len(titles(phone))
    await all_three.quiet(5 * MINUTE)
    [again] = await all_three.says("/drill")

    assert there.card.title == "A drill is under way: nothing is wrong"
    assert became(there.card)["Phone by ntfy"] == "shown, not seen"
    assert ended.card.title == "The drill ends"
    assert chat.shown[-2].card.title == "Drill: seen in 0 of 3 places"
    assert none.card.title == "No drill is under way"
    assert soon.card.lines == ("Phones ring by it. Ask for another in 4 min.",)
    assert rung == 1, "nothing follows once it is over"
    assert again.card.title == begun.card.title


async def test_two_who_ask_at_once_begin_one(all_three, chat, phone):
    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(all_three.says(f"/drill {how}")) for how in ("", "now")]
    await all_three.quiet(5)

    assert titles(chat) == titles(phone) == [ALARM]
    assert sorted(one.result()[0].card.title for one in answers) == [
        "A drill has begun: nothing is wrong",
        "A drill is under way: nothing is wrong",
    ]


async def test_a_restart_in_the_middle_changes_nothing_of_it(store, platform, chat, phone, now):
    async with running(store, platform, chat, now, others=[phone]) as world:
        await world.goes_live()
        await world.on(phone).links()
        await world.quiet()
        chat.shown.clear()
        phone.shown.clear()
        await world.says("/drill")
        await world.quiet(30)
        await sees(world, chat)
    await asyncio.sleep(3 * MINUTE)
    async with running(store, platform, chat, now, others=[phone]) as world:
        await world.quiet(30)
        await sees(world, phone)
        await world.quiet(3600)

    assert titles(phone) == [ALARM, "Drill: not seen here for 3 min. Nothing is wrong."]
    assert titles(chat) == [ALARM, "Drill: seen in all 2 places"]
    assert became(chat.shown[-1].card)["Telegram chat"] == "seen after 30 s"


async def test_what_is_real_meanwhile_is_told_apart_and_goes_its_own_way(
    all_three, platform, chat, phone
):
    await all_three.says("/drill")
    platform.put(owl(dry_run=False, running=False, status="error"))
    await all_three.quiet(2 * MINUTE)
    [listed] = await all_three.says("/escalate")
    [before] = await unseen(all_three)
    await sees(all_three, phone)
    [after] = await unseen(all_three)
    await all_three.quiet(3 * MINUTE)

    assert listed.card.title == "1 alert is unseen", "of which the drill is none"
    real = "Still unseen: Night Owl stopped with an error"
    assert titles(phone)[-1] == f"{real} (5 min ago)"
    assert f"{real} (2 min ago)" in titles(phone)
    assert before == after, "to have seen a drill is to have seen nothing real"
    assert drilled(phone) == [ALARM, "Drill: not seen here for 2 min. Nothing is wrong."]


async def test_the_word_that_one_is_due_is_turned_off_and_for_a_while_that_is_taken_back(all_three):
    [off] = await all_three.says("/drill off")
    [on] = await all_three.presses(off, "Undo")
    await all_three.quiet(UNDO_LIFE.total_seconds() + 1)
    [late] = await all_three.presses(off, "Undo")

    assert on.card.title == "I tell you when a drill is due"
    assert late.toast.startswith("Too late to undo that")
