"""What nobody has seen is told again, on and on, until somebody has; on virtual time."""

from __future__ import annotations

from collections import deque
from datetime import timedelta

import pytest

from bot.domain.chats import Channel, Watch
from bot.domain.deliveries import Halted
from bot.domain.events import Kind, Origin, PodEvent, Stream
from bot.domain.incidents import SAME_AGAIN, Incident
from bot.domain.incoming import Reply
from bot.domain.reasons import Reason
from bot.texts import escalation
from tests.fakes.messenger import FakeMessenger
from tests.fakes.readership import FakeReadership
from tests.harness.world import OWL, World, owl, running

MINUTE = 60.0
REAL = {"dry_run": False}
UNSEEN = "Still unseen: Night Owl stopped with an error"


@pytest.fixture
def discord(now):
    return FakeMessenger(now=now, channel=Channel.DISCORD, bot="2")


@pytest.fixture
def phone(now):
    return FakeMessenger(now=now, channel=Channel.PUSH, bot="ntfy")


@pytest.fixture
def platform(platform):
    platform.bots["owl"] = owl(**REAL)
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


async def unseen(world: World) -> list[Incident]:
    link = await world.link()
    assert link is not None
    return list(await world.store.incidents.unseen(link.account))


async def fails(world: World, platform) -> None:
    platform.put(owl(**REAL, running=False, status="error"))
    await world.quiet()


def titles(messenger) -> list[str]:
    return [one.card.title for one in messenger.shown]


def buttons(card) -> list[str]:
    return [button.label for row in card.buttons for button in row]


async def test_the_phone_rings_after_two_minutes_and_loudly_after_five(
    all_three, platform, chat, phone
):
    await fails(all_three, platform)
    await all_three.quiet(110)
    before = titles(phone)
    await all_three.quiet(10)
    after_two = titles(phone)
    await all_three.quiet(3 * MINUTE)

    assert before == []
    assert after_two == [f"{UNSEEN} (2 min ago)"]
    assert titles(phone) == [f"{UNSEEN} (2 min ago)", f"{UNSEEN} (5 min ago)"]
    first, second = (one.card for one in phone.shown)
    assert [first.severity, second.severity] == ["warning", "critical"]
    assert first.lines == chat.shown[0].card.lines, "there nobody was told more of it before"
    assert second.follows == first.reference, "it comes in its place"
    assert len(titles(chat)) == 1
    await all_three.quiet(3600)
    assert len(titles(phone)) == 2, "that was all"


async def fails_once_more(world: World, platform) -> None:
    origin = Origin(kind=Kind.POD_EVENT, record=f"e{world.now()}", at=world.now())
    event = PodEvent(origin=origin, type="error", message=f"Boom {world.now()}", trader=OWL.id)
    platform.store(Stream.POD_EVENTS, event)
    await world.quiet(5)


async def test_a_phone_hears_at_once_what_no_step_will_ring_it_for(
    all_three, platform, chat, phone
):
    await fails_once_more(all_three, platform)
    await fails_once_more(all_three, platform)
    waited = len(titles(phone))
    await all_three.quiet(6 * MINUTE)
    rung = len(titles(phone))
    await fails_once_more(all_three, platform)
    after_the_steps = titles(phone)[rung:]
    await all_three.reacts(chat.shown[-1].message)
    await fails_once_more(all_three, platform)

    assert (waited, rung) == (0, 2)
    assert after_the_steps == ["Night Owl: error"]
    assert len(titles(phone)) == rung + 1, "somebody has seen it"


@pytest.mark.parametrize(
    "said", ["/escalate phone at once, again after 6 loud", "/escalate chats after 9 min"]
)
async def test_whose_phone_rings_at_once_hears_the_alert_itself(all_three, platform, phone, said):
    [chosen] = await all_three.says(said)
    [status] = await all_three.says("/status")
    await fails(all_three, platform)

    assert chosen.card.lines[0] == "At once: all chats and phones, as the alert."
    line = next(note for note in status.card.notes if note.startswith("If a bot fails"))
    assert line.startswith("If a bot fails: Telegram, Discord, Phone at once, ")
    assert titles(phone) == ["Night Owl stopped with an error"]
    assert phone.shown[0].card.severity == "critical"


async def test_whose_chats_are_all_closed_has_the_phone_ring_at_once(
    two_people, platform, chat, phone
):
    chat.closed.add("100")
    await two_people.says("/test")
    await two_people.quiet()
    phone.shown.clear()
    await fails(two_people, platform)

    assert rung(phone) == [("100", "Night Owl stopped with an error")], "Ben has a chat"


async def test_seen_anywhere_ends_it_and_takes_the_buttons_away_everywhere(
    all_three, platform, chat, discord, phone
):
    await fails(all_three, platform)
    await all_three.quiet(2 * MINUTE)
    reminder = phone.shown[-1].card
    assert buttons(reminder) == ["Seen", "I have it 2 h"]

    [answer] = await all_three.on(phone).presses(Reply(card=reminder), "Seen")
    await all_three.quiet(10)

    assert answer.toast == "Noted. Everybody who was told of it sees that."
    for one in (chat, discord, phone):
        for card in one.screen("100"):
            assert "Seen" not in buttons(card), card
            assert any(note.startswith("Seen ") for note in card.notes)
    await all_three.quiet(3600)
    assert [len(titles(one)) for one in (chat, discord, phone)] == [1, 1, 1]


async def test_the_alert_s_own_button_counts_as_much(all_three, platform, chat, phone):
    await fails(all_three, platform)
    await all_three.presses(Reply(card=chat.shown[0].card), "Seen")
    await all_three.quiet(3600)

    assert titles(phone) == []


async def test_who_has_it_is_asked_again_if_it_is_not_solved_by_then(
    all_three, platform, chat, discord, phone
):
    await fails(all_three, platform)
    await all_three.quiet(2 * MINUTE)
    [answer] = await all_three.on(phone).presses(Reply(card=phone.shown[-1].card), "I have it 2 h")
    until = all_three.now() + timedelta(hours=2)
    await all_three.quiet(2 * 3600 - 20)

    assert answer.toast == f"Noted. I ask again at {until:%H:%M} UTC if it is not solved."
    assert any(f"in hand until {until:%H:%M} UTC" in note for note in chat.screen("100")[0].notes)
    assert [len(titles(one)) for one in (chat, discord, phone)] == [1, 1, 1]
    await all_three.quiet(40)
    again = chat.shown[-1].card
    assert again.title == f"{UNSEEN} (2 h ago)"
    assert again.lines == (f"Somebody had it until {until:%H:%M} UTC. It is not solved.",)
    assert again.reference is not None
    assert f"Alert {chat.shown[0].card.reference}" in again.notes
    await all_three.quiet(2 * MINUTE)
    assert len(titles(phone)) == 2, "the chain begins anew"


async def in_hand(world: World, messenger) -> list[str]:
    """What alerts in a chat say of who has them."""
    notes = [note for card in messenger.screen("100") for note in card.notes]
    return [note for note in notes if "in hand" in note]


async def test_who_has_it_says_in_a_chat_until_when_by_their_own_clock(
    all_three, platform, chat, discord, phone
):
    await all_three.says("/timezone berlin")
    await all_three.says("/escalate phone at once")
    await fails(all_three, platform)
    offered = buttons(chat.shown[-1].card)
    [asked] = await all_three.presses(Reply(card=chat.shown[-1].card), "I have it …")
    before = await in_hand(all_three, chat)
    [said] = await all_three.presses(asked, "until 08:00")
    await all_three.quiet(10)

    assert offered == ["Seen", "I have it …"]
    assert buttons(asked.card) == ["30 min", "2 h", "until 08:00"]
    assert before == [], "to ask changes nothing"
    assert said.card.lines == ("Noted. I ask again at 08:00 if it is not solved.",)
    told = [await in_hand(all_three, one) for one in (chat, discord, phone)]
    assert [[note.rpartition("in hand ")[2] for note in one] for one in told] == [
        ["until 08:00"],
        ["until 07:00 UTC"],
        ["until 07:00 UTC"],
    ]
    count = len(titles(discord))
    await all_three.quiet(18 * 3600)
    assert len(titles(discord)) == count
    await all_three.quiet(3600)
    assert titles(discord)[count:] == [f"{UNSEEN} (18 h ago)"]
    assert discord.shown[-1].card.lines == ("Somebody had it until 07:00 UTC. It is not solved.",)


async def test_who_has_seen_it_may_have_it_too_and_for_longer_but_not_for_less(
    all_three, platform, chat, discord
):
    [nothing] = await all_three.says("/ihaveit 2h")
    await fails(all_three, platform)
    await all_three.presses(Reply(card=chat.shown[-1].card), "Seen")
    [gone] = await all_three.says("/ihaveit 2h")
    [one] = await all_three.says(f"/ihaveit {chat.shown[0].card.reference} for 10 min")
    [longer] = await all_three.says("have it until 15:00")
    [less] = await all_three.says("/ihaveit 30 min")
    [asked] = await all_three.says("/ihaveit")
    [too_long] = await all_three.says("/ihaveit for 3 days")
    await all_three.quiet(10)
    [listed] = await all_three.says("/escalate")

    assert nothing.card.title == gone.card.title == "Nothing is unseen"
    assert one.card.title == longer.card.title == "You have it"
    assert less.card.title == "Nothing was changed"
    assert asked.card.title == too_long.card.title == "Until when do you have it?"
    assert too_long.card.lines[0] == "From 1 min to 24 h, please"
    assert [field.value for field in listed.card.fields] == ["in hand until 15:00 UTC"]
    for there in (chat, discord):
        [note] = await in_hand(all_three, there)
        assert note.startswith("Seen in Telegram")
        assert note.endswith("in hand until 15:00 UTC")


async def test_a_bot_that_runs_again_ends_it_and_nobody_is_rung_for_that(
    all_three, platform, chat, discord, phone
):
    await fails(all_three, platform)
    await all_three.quiet(2 * MINUTE)
    platform.put(owl(**REAL))
    await all_three.quiet(10)

    for one in (chat, discord, phone):
        alarm, recovery = one.screen("100")
        assert buttons(alarm) == []
        assert any(note.startswith("Solved · ") for note in alarm.notes)
        assert recovery.silent
    await all_three.quiet(3600)
    assert not any(title.startswith(UNSEEN) and "5 min" in title for title in titles(phone))


@pytest.mark.fault(87)
async def test_seen_twice_by_somebody_else_or_after_it_is_solved_changes_nothing(
    all_three, platform, chat, discord, phone
):
    await fails(all_three, platform)
    first, second = chat.shown[0], discord.shown[0]
    await all_three.quiet(2 * MINUTE)
    await all_three.reacts(first.message)
    await all_three.on(discord).reacts(second.message)
    await all_three.reacts(first.message)
    await all_three.quiet(10)
    notes = [note for note in chat.screen("100")[0].notes if note.startswith("Seen")]
    assert len(notes) == 1
    assert notes[0].startswith("Seen in Telegram")
    platform.put(owl(**REAL))
    await all_three.quiet(10)
    await all_three.on(phone).reacts(phone.shown[0].message)
    rung = len(titles(phone))
    await all_three.quiet(3600)

    assert await unseen(all_three) == []
    assert len(titles(phone)) == rung


async def test_what_happens_again_soon_after_it_was_seen_stays_seen_and_later_it_does_not(
    all_three, platform, chat, phone
):
    await fails(all_three, platform)
    await all_three.reacts(chat.shown[0].message)
    await all_three.quiet(5)
    await fails_once_more(all_three, platform)
    await all_three.reacts(chat.shown[-1].message)
    await fails_once_more(all_three, platform)
    assert await unseen(all_three) == []
    await all_three.quiet(SAME_AGAIN.total_seconds())
    await fails_once_more(all_three, platform)
    [one] = await unseen(all_three)
    assert one.count == 3


async def test_paper_money_is_no_incident(all_three, platform, chat, phone):
    platform.put(owl(dry_run=True))
    await all_three.quiet()
    platform.put(owl(dry_run=True, running=False, status="error"))
    await all_three.quiet(3600)

    assert not any(title.startswith("Still") for title in titles(chat) + titles(phone))


async def test_a_bot_that_begins_to_trade_real_money_is_told_again_as_that(
    all_three, platform, phone
):
    platform.put(owl(dry_run=True))
    await all_three.quiet()
    phone.shown.clear()
    platform.put(owl(**REAL))
    await all_three.quiet(3 * MINUTE)

    assert titles(phone)[-1] == "Still unseen: Night Owl now trades real money (2 min ago)"


async def test_without_a_phone_the_chats_are_told_once_more_after_five_minutes(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.quiet()
        chat.shown.clear()
        await fails(world, platform)
        await world.quiet(5 * MINUTE)
        await world.quiet(3600)

    assert titles(chat)[1:] == [f"{UNSEEN} (5 min ago)"]
    assert chat.shown[-1].card.severity == "critical"


@pytest.mark.fault(90)
async def test_hundreds_of_bots_that_fail_at_once_are_one_message_for_each_step(
    store, platform, chat, phone, now
):
    bots = [owl(id=f"bot-{n}", name=f"Bot {n:03}", dry_run=False) for n in range(500)]
    for one in bots:
        platform.bots[one.id] = one
    async with running(store, platform, chat, now, others=[phone]) as world:
        await world.goes_live()
        await world.on(phone).links()
        await world.quiet()
        for n in range(500):
            platform.put(owl(id=f"bot-{n}", name=f"Bot {n:03}", dry_run=False, status="error"))
        await world.quiet(10)
        told = len(titles(phone))
        await world.quiet(6 * MINUTE)

        assert titles(phone)[told:] == ["Still unseen: 500 things"] * 2
        lines = phone.shown[-1].card.lines
        assert lines[1] == "497 more: /escalate lists them."
        await world.on(phone).presses(Reply(card=phone.shown[-1].card), "Seen")
        await world.quiet(600)
        assert await unseen(world) == []


async def test_what_no_chat_could_show_goes_to_the_phone_after_a_minute(
    all_three, platform, chat, discord, phone
):
    on_phone = await all_three.on(phone).link()
    assert on_phone is not None
    await all_three.store.links.end(on_phone.id, all_three.now())
    chat.away = discord.away = True
    await fails(all_three, platform)
    await all_three.on(phone).links()
    phone.shown.clear()
    await all_three.quiet(70)

    assert titles(phone) == [f"{UNSEEN} (1 min ago)"]
    assert phone.shown[0].card.lines == (
        "It could not be shown in Discord.",
        "It could not be shown in Telegram.",
    )


async def test_who_alone_was_not_shown_it_is_told_elsewhere_after_a_minute(
    two_people, platform, chat, discord, phone
):
    link = await two_people.on(phone).link()
    assert link is not None
    await two_people.store.links.end(link.id, two_people.now())
    chat.closed.add("100")
    await fails(two_people, platform)
    await two_people.on(phone).links()
    phone.shown.clear()
    await two_people.quiet(70)

    assert rung(phone) == [("100", f"{UNSEEN} (1 min ago)")], "Ben has it, in his own chat"
    assert phone.shown[0].card.lines == ("It could not be shown in Telegram.",)


async def test_a_platform_that_is_away_with_trades_open_wakes_and_is_over_once_it_is_back(
    store, platform, chat, phone, now
):
    platform.bots["owl"] = owl(**REAL, open_trades=3)
    async with running(store, platform, chat, now, others=[phone]) as world:
        await world.goes_live()
        await world.on(phone).links()
        await world.says("/quiet 00:00-23:59")
        await world.quiet()
        chat.shown.clear()
        platform.away = True
        platform.cut()
        await world.quiet(9 * MINUTE)
        before = titles(chat)
        await world.quiet(2 * MINUTE)
        [alarm] = [one.card for one in chat.shown if one.card.severity == "critical"]
        await world.quiet(2 * MINUTE)
        platform.away = False
        await world.quiet(5 * MINUTE)

        assert before == [], "what is not urgent waits for the end of quiet hours"
        assert alarm.title == "I cannot reach the trading platform for 10 min now"
        assert alarm.lines[0] == "3 trades were open when I last saw them."
        told = "Still unseen: the trading platform cannot be reached, and trades are open"
        assert any(title.startswith(told) for title in titles(phone))
        assert await unseen(world) == []


async def test_without_open_trades_that_it_is_away_is_only_told(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await world.quiet()
        chat.shown.clear()
        platform.away = True
        platform.cut()
        await world.quiet(3600)

    assert titles(chat) == ["No connection to the trading platform"]


async def test_the_chain_is_said_in_words_changed_and_taken_back(
    all_three, platform, chat, discord, phone
):
    [shown] = await all_three.says("/escalate")
    [done] = await all_three.says("/escalate phone after 3 min, again after 6 loud, discord in 10")
    await fails(all_three, platform)
    count = len(titles(phone))
    await all_three.quiet(11 * MINUTE)
    [listed] = await all_three.says("/escalate")
    [again] = await all_three.says("/escalate off")
    [undone] = await all_three.presses(again, "Undo")
    [unclear] = await all_three.says("/escalate Bob after 3 min")

    assert shown.card.title == "If nobody sees a critical alert"
    assert shown.card.lines[:4] == (
        "At once: all chats, as the alert.",
        "After 1 min: elsewhere, for those whose chats could not show it.",
        "After 2 min: the phone.",
        "After 5 min: the phone, loudly.",
    )
    assert done.card.lines[2:5] == (
        "After 3 min: the phone.",
        "After 6 min: the phone, loudly.",
        "After 10 min: Discord chat.",
    )
    assert titles(phone)[count:] == [f"{UNSEEN} (3 min ago)", f"{UNSEEN} (6 min ago)"]
    assert titles(discord)[-1] == f"{UNSEEN} (10 min ago)"
    assert listed.card.title == "1 alert is unseen"
    assert undone.card.lines == done.card.lines
    assert unclear.card.title == "No linked chat is called so"


async def test_off_means_the_alert_alone(all_three, platform, chat, phone):
    await all_three.says("/escalate off")
    await fails(all_three, platform)
    count = len(titles(phone))
    await all_three.quiet(3600)

    assert len(titles(phone)) == count


async def test_status_says_what_would_ring_tonight_and_where_that_was_proven(
    all_three, platform, chat, phone
):
    [before] = await all_three.says("/status")
    await fails(all_three, platform)
    await all_three.quiet(2 * MINUTE)
    await all_three.on(phone).reacts(phone.shown[0].message)
    await all_three.quiet(3600)
    await all_three.reacts(chat.shown[0].message)
    await all_three.quiet(3600)
    [after] = await all_three.says("/status")
    platform.away = True
    platform.cut()
    await all_three.quiet(30)
    [deaf] = await all_three.says("/status")

    told = "If a bot fails: Telegram, Discord at once, the phone after 2 min, the phone after 5 min"
    assert f"{told}; not proven by anybody so far: /drill" in before.card.notes
    proven = "last proven: Telegram 1 h ago, Phone 2 h ago; never: Discord (/drill)"
    assert f"{told}; {proven}" in after.card.notes
    assert "I hear nothing of the platform now, so nothing would ring." in deaf.card.notes


def would_ring(reply: Reply) -> list[str]:
    assert reply.card is not None
    return [note for note in reply.card.notes if "ring" in note]


async def test_status_warns_of_each_place_where_nothing_would_ring(
    all_three, platform, chat, discord, phone
):
    discord.outcomes["100"] = deque([Halted(reason=Reason.TOKEN_REFUSED)] * 99)
    await fails(all_three, platform)
    await all_three.quiet(30)
    [revoked] = await all_three.says("/status")
    discord.outcomes.clear()
    phone.closed.add("100")
    await all_three.quiet(3 * MINUTE)
    [phone_gone] = await all_three.says("/status")
    chat.closed.add("100")
    discord.closed.add("100")
    platform.put(owl(**REAL))
    await all_three.quiet(5)
    platform.put(owl(**REAL, running=False, status="error"))
    await all_three.quiet(5)
    link = await all_three.link()
    linked = await all_three.store.links.of(link.account)
    chat.closed.clear()
    [all_closed] = escalation.warnings(linked, (), deaf=False)

    assert would_ring(revoked) == ["I cannot reach Discord now, so nothing would ring there."]
    line = next(note for note in revoked.card.notes if note.startswith("If a bot fails"))
    assert line.startswith("If a bot fails: Telegram at once, ")
    assert would_ring(phone_gone) == [
        "Your phone cannot be reached any more, so only the chats would ring."
    ]
    assert all_closed == "All your chats are closed to me, so nothing would ring."


BEN = "200"
"""On Discord, and on a phone of his own; Ann is whoever linked the other chats."""


@pytest.fixture
async def two_people(store, platform, chat, discord, phone, now):
    async with running(store, platform, chat, now, others=[discord, phone]) as world:
        await world.goes_live()
        await world.on(discord).links(BEN)
        await world.on(phone).links()
        await world.on(phone).links(BEN)
        await world.quiet()
        for one in (chat, discord, phone):
            one.shown.clear()
        yield world


def rung(phone) -> list[tuple[str, str]]:
    """Whose phone was told what, silently or not."""
    return [
        (one.chat, one.card.title if not one.card.silent else f"(silently) {one.card.title}")
        for one in phone.shown
    ]


async def test_off_watch_the_second_person_s_phone_rings_and_on_watch_one_s_own(
    two_people, platform, chat, phone
):
    [said] = await two_people.says("/escalate watch 12:04-20:00, else discord")
    [listed] = await two_people.says("/escalate")
    [status] = await two_people.says("/status")
    await fails(two_people, platform)
    await two_people.quiet(6 * MINUTE)

    assert said.card.title == "Who is on watch"
    line = (
        "Telegram chat is on watch Every day 12:04-20:00 (UTC). Otherwise Discord chat is rung"
        " instead."
    )
    assert said.card.lines == (line,)
    assert line in listed.card.lines
    assert any(
        "; Telegram chat Every day 12:04-20:00 (UTC), otherwise Discord chat" in note
        for note in status.card.notes
    )
    assert chat.shown[0].card.silent
    assert rung(phone) == [
        (BEN, f"{UNSEEN} (2 min ago)"),
        # At 12:05 Ann is on watch.
        ("100", f"{UNSEEN} (5 min ago)"),
        (BEN, f"{UNSEEN} (5 min ago)"),
    ]


async def test_the_second_person_is_told_after_ten_minutes_in_the_chat_and_on_the_phone(
    two_people, platform, discord, phone
):
    await two_people.says("/escalate second discord")
    await fails(two_people, platform)
    await two_people.quiet(9 * MINUTE)
    before = len(titles(discord)), len(titles(phone))
    await two_people.quiet(2 * MINUTE)

    assert (len(titles(discord)) - before[0], len(titles(phone)) - before[1]) == (1, 1)
    assert titles(discord)[-1] == titles(phone)[-1] == f"{UNSEEN} (10 min ago)"
    assert phone.shown[-1].chat == BEN


async def test_where_nobody_else_is_there_the_phone_rings_all_the_same(
    two_people, platform, chat, discord, phone
):
    [said] = await two_people.says("/escalate watch 13:00-20:00, else discord")
    for one in (phone, discord):
        link = await two_people.on(one).link(BEN)
        assert link is not None
        await two_people.store.links.end(link.id, two_people.now())
    [alone] = await two_people.says("/escalate")
    await fails(two_people, platform)
    await two_people.quiet(5 * MINUTE)

    assert "Otherwise" in said.card.lines[0]
    assert (
        "Telegram chat is on watch Every day 13:00-20:00 (UTC). Nobody stands in, so it rings at"
        " any time, unless somebody else on watch is rung." in alone.card.lines
    )
    assert rung(phone) == [
        ("100", f"{UNSEEN} (2 min ago)"),
        ("100", f"{UNSEEN} (5 min ago)"),
    ]


async def test_the_watch_is_taken_back_and_nobody_stands_in_for_themselves(two_people, phone):
    [first] = await two_people.says("/escalate watch 8-20")
    [second] = await two_people.says("/escalate watch 9-10 weekdays, else discord")
    [undone] = await two_people.presses(second, "Undo")
    [own] = await two_people.says("/escalate second telegram")
    [hours] = await two_people.says("/escalate watch sometimes")
    [trail] = await two_people.says("/audit")

    assert undone.card.lines == first.card.lines
    assert own.card.title == "That chat is your own: name one of somebody else"
    assert hours.card.title == "On watch from when to when?"
    assert any("set when they are on watch: watch" in field.value for field in trail.card.fields)


async def test_a_watch_survives_a_restart_and_ends_with_the_last_chat_of_its_person(
    store, platform, chat, discord, phone, now
):
    async with running(store, platform, chat, now, others=[discord, phone]) as world:
        await world.goes_live()
        await world.on(discord).links(BEN)
        await world.on(phone).links(BEN)
        await world.says("/escalate watch 13:00-20:00, else discord")
        await world.quiet()
        await fails(world, platform)
        await world.quiet(MINUTE)
    phone.shown.clear()
    async with running(store, platform, chat, now, others=[discord, phone]) as world:
        await world.quiet(2 * MINUTE)
        assert rung(phone) == [(BEN, f"{UNSEEN} (2 min ago)")]
        before = await world.link()
        assert before is not None
        await store.links.end(before.id, now())
        await world.links()
        after = await world.link()
        assert after is not None
        assert after.watch == Watch()
