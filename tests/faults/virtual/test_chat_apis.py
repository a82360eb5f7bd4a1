"""Chat platforms that fail: rows 23 to 35 and 39 of the fault matrix, in virtual time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from adapters.chat.exchange import NoAnswer, Reached
from adapters.telegram.api import BotApi, TelegramChats
from adapters.telegram.messenger import TelegramMessenger
from adapters.telegram.settings import TelegramSettings
from bot.domain.deliveries import ONE_MARKED_REPEAT, Gone, Halted, Moved, Scope, State, Unknown
from bot.domain.incoming import Left, Returned
from tests.fakes.bot_api import Wire
from tests.fakes.platform import MALLORY
from tests.faults.alerts import link_all, numbered, owe, slow_down
from tests.harness.judge import assert_kept
from tests.harness.world import CHAT, running
from tests.standins.bot_api import TOKEN

OTHER = "200"
GROUP = "-100500"
SUPERGROUP = "-100900"


# --- outcomes that nobody knows -----------------------------------------------------------


@pytest.mark.fault(23)
async def test_no_answer_to_a_message_that_arrived_leads_to_one_marked_copy_at_most(world, chat):
    account = await world.links()
    chat.unclear_but_shown = True
    chat.script(CHAT, Unknown(reason="no_answer_in_time"))

    await owe(world, account, "first", "second")
    await world.quiet(120)

    assert chat.titles() == ["first", "first", "second"]
    assert "possible repeat" in chat.shown[1].card.notes[-1]
    assert await assert_kept(world.store, chat.shown, created=2) == {State.SENT: 2}


@pytest.mark.fault(23)
async def test_an_urgent_message_without_answers_leads_to_two_marked_copies_at_most(world, chat):
    account = await world.links()
    chat.unclear_but_shown = True
    chat.script(CHAT, *[Unknown(reason="no_answer_in_time")] * 10)

    await owe(world, account, "fire", urgent=True)
    await world.quiet(3600)
    chat.outcomes.clear()
    await owe(world, account, "all is well")
    await world.quiet()

    assert chat.titles() == ["fire"] * 3 + ["all is well"]
    assert chat.shown[-1].card.notes == ("1 message may be missing: /missed",)
    counted = await assert_kept(world.store, chat.shown, created=2)
    assert counted == {State.DEAD: 1, State.SENT: 1}


@pytest.mark.fault(77)
@pytest.mark.parametrize(("urgent", "copies"), [(False, 2), (True, 3)])
async def test_a_message_that_ends_the_process_each_time_ends_itself_and_the_lane_goes_on(
    store, platform, chat, now, urgent, copies
):
    chat.answer_seconds = 3600
    async with running(store, platform, chat, now) as world:
        account = await world.links()
        await owe(world, account, "poison", urgent=urgent)
        await owe(world, account, "after it")
        await world.quiet(100)
    for _ in range(6):
        async with running(store, platform, chat, now) as world:
            await world.until(lambda: chat.titles()[-1] == "after it" or chat.under_way, 100)
            await world.quiet(1)
            if chat.titles()[-1] == "after it":
                chat.answer_seconds = 0

    assert chat.titles().count("poison") == copies
    assert all("possible repeat" in one.card.notes[0] for one in chat.shown[1:copies])
    assert "1 message may be missing: /missed" in chat.shown[-1].card.notes
    counted = await assert_kept(store, chat.shown, created=2)
    assert counted == {State.DEAD: 1, State.SENT: 1}


@pytest.mark.fault(24)
async def test_no_answer_to_a_message_that_did_not_arrive_brings_it_all_the_same(world, chat):
    account = await world.links()
    chat.script(CHAT, Unknown(reason="no_answer_in_time"))

    await owe(world, account, "first", "second")
    await world.quiet(120)

    assert chat.titles() == ["first", "second"]
    assert await assert_kept(world.store, chat.shown, created=2) == {State.SENT: 2}


@pytest.mark.fault(27)
async def test_twenty_minutes_of_server_errors_keep_the_order_and_lose_nothing(
    store, platform, now
):
    wire = Wire(now=now)
    people = [wire.world.person(name) for name in ("Ann", "Bob", "Cid")]
    statuses = itertools.cycle((500, 502, 504, 520))
    began = None

    def failing(method):
        if began is None or now() >= began + timedelta(minutes=20):
            return None
        return NoAnswer("nobody knows", reached=Reached.ANSWERED, status=next(statuses))

    wire.fault = failing
    async with running(store, platform, telegram(wire, now), now) as world:
        account = await link_all(world, *(str(person.id) for person in people))
        before, began = len(wire.shown), now()
        for title in numbered(40):
            await owe(world, account, title)
            await world.quiet(30)
        assert len(wire.shown) == before
        calls = len([at for _, at in wire.calls if at >= began])
        await world.quiet(120)

    for person in people:
        titles = [one.card.title for one in wire.shown[before:] if one.chat == str(person.id)]
        # What nobody tried in vain waited in a crowd, and is told together.
        assert titles[0] == "alert 00" or titles[0].endswith("UTC")
        singly = [title for title in titles if title.startswith("alert")]
        assert singly == sorted(singly)
    # Each chat's first message went out before anybody knew; nothing was tried for good.
    marked = [one for one in wire.shown if "possible repeat" in "".join(one.card.notes)]
    assert len(marked) <= len(people)
    assert calls <= 40
    assert set(await assert_kept(store, wire.shown)) <= {State.SENT, State.COALESCED}


def telegram(wire, now):
    """The real client, on a wire that has neither bytes nor seconds."""
    chats, bot = TelegramChats(cast("BotApi", wire)), TelegramSettings(token=TOKEN).bot
    return TelegramMessenger(chats, bot, now, ONE_MARKED_REPEAT)


# --- asked to slow down -------------------------------------------------------------------


@pytest.mark.fault(28)
async def test_a_group_that_must_slow_down_slows_nobody_else(world, chat):
    account = await link_all(world, CHAT, GROUP)
    before = len(chat.shown)
    chat.script(GROUP, *[slow_down(20)] * 3)
    began = world.now()

    await owe(world, account, "first")
    await world.quiet(1)
    await owe(world, account, "second")
    await world.quiet(1)
    assert [one.chat for one in chat.shown[before:]] == [CHAT, CHAT]

    await world.quiet(90)
    assert chat.titles(GROUP)[-2:] == ["first", "second"]
    first = next(one for one in chat.shown[before:] if one.chat == GROUP)
    assert timedelta(seconds=60) <= first.at - began < timedelta(seconds=63)
    assert set(await assert_kept(world.store, chat.shown)) == {State.SENT}


@pytest.mark.fault(29)
async def test_a_pause_of_the_whole_bot_is_kept_and_the_rate_learns(store, platform, chat, now):
    async with running(store, platform, chat, now, rate=30) as world:
        account = await link_all(world, CHAT, OTHER, GROUP)
        before = chat.calls
        chat.script(CHAT, slow_down(35, Scope.CHANNEL))
        began = world.now()

        await owe(world, account, "first")
        await world.quiet(0.5)
        calls = chat.calls
        shown = len(chat.shown)
        await owe(world, account, "second")
        await owe(world, account, "third", urgent=True)
        await world.quiet(34)
        assert (chat.calls, len(chat.shown)) == (calls, shown)
        assert calls - before <= 3
        assert world.pace.allowed == pytest.approx(21)

        await world.quiet(20)
        assert all(one.left >= began + timedelta(seconds=35) for one in chat.shown[shown:])
        for each in (CHAT, OTHER, GROUP):
            assert {"first", "second", "third"} <= set(chat.titles(each))
        await world.quiet(240)
        assert world.pace.allowed == pytest.approx(25)
        await world.quiet(3600)
        assert world.pace.allowed == 30
    assert set(await assert_kept(store, chat.shown)) == {State.SENT}


@pytest.mark.fault(29)
async def test_three_chats_that_must_slow_down_at_once_pause_the_whole_bot(world, chat):
    chats = [CHAT, OTHER, GROUP, "300"]
    account = await link_all(world, *chats)
    for each in chats[:3]:
        chat.script(each, slow_down(10))
    chat.seconds = 0.1

    await owe(world, account, "first")
    await world.quiet(1)
    calls = chat.calls
    await owe(world, account, "second")
    await world.quiet(8)
    assert chat.calls == calls

    await world.quiet(30)
    for each in chats:
        assert chat.titles(each)[-2:] == ["first", "second"]
    assert set(await assert_kept(world.store, chat.shown)) == {State.SENT}


@pytest.mark.fault(30)
@pytest.mark.parametrize("scope", Scope)
async def test_a_wait_of_an_hour_is_kept_without_another_call(world, chat, scope):
    account = await world.links()
    chat.script(CHAT, slow_down(3600, scope))

    await owe(world, account, "first")
    await world.quiet(3599)
    assert chat.calls == 1

    await world.quiet(10)
    assert chat.titles() == ["first"]
    assert await assert_kept(world.store, chat.shown, created=1) == {State.SENT: 1}


@pytest.mark.fault(30)
@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("wait", [timedelta(0), timedelta(seconds=-100), None])
async def test_a_wait_of_no_time_neither_hammers_nor_stops_us(world, chat, wait, scope):
    account = await world.links()
    chat.script(CHAT, *[replace(slow_down(0, scope), retry_after=wait)] * 5)

    await owe(world, account, "first")
    await world.quiet(3)
    assert 2 <= chat.calls <= 5

    await world.quiet(120)
    assert chat.titles() == ["first"]
    assert await assert_kept(world.store, chat.shown, created=1) == {State.SENT: 1}


@pytest.mark.fault(31)
async def test_a_message_that_arrives_during_a_pause_does_not_end_it(world, chat):
    account = await link_all(world, CHAT, OTHER)
    other = await world.link(OTHER)
    chat.seconds = 10
    await owe(world, account, "first", without=other.endpoint.id)
    await world.quiet(1)
    chat.seconds = 0
    chat.script(OTHER, slow_down(35, Scope.CHANNEL))

    await owe(world, account, "second")
    await world.quiet(1)
    calls = chat.calls
    assert chat.under_way == 1
    await world.quiet(30)
    assert chat.titles(CHAT)[-1] == "first"
    assert chat.calls == calls

    await world.quiet(10)
    assert chat.titles(CHAT)[-2:] == ["first", "second"]
    assert chat.titles(OTHER)[-1] == "second"
    assert set(await assert_kept(world.store, chat.shown)) == {State.SENT}


# --- chats that close and move ------------------------------------------------------------


@pytest.mark.fault(32)
async def test_a_chat_that_blocked_us_is_called_once_and_all_is_held(world, chat):
    account = await world.links()
    chat.script(CHAT, Gone(reason="blocked"))

    await owe(world, account, *numbered(50))
    await world.quiet(3600)

    assert chat.calls == 1
    assert chat.shown == []
    # The one that was tried is among them: it was certainly not shown.
    counted = await assert_kept(world.store, chat.shown, created=50)
    assert counted == {State.HELD: 1, State.COALESCED: 50}
    [status] = await world.says("/missed")
    assert "50" in f"{status.card.title} {status.card.lines} {status.card.notes}"


@pytest.mark.fault(33)
async def test_a_group_that_removed_us_is_called_once_and_all_is_held(world, chat):
    account = await world.links(GROUP)
    chat.script(GROUP, Gone(reason="removed_from_group"))

    await owe(world, account, *numbered(50))
    await world.quiet(3600)

    assert chat.calls == 1
    ends = await assert_kept(world.store, chat.shown, created=50)
    assert ends == {State.HELD: 1, State.COALESCED: 50}


@pytest.mark.fault(33)
async def test_a_group_that_says_that_it_removed_us_is_not_called_at_all(world, chat):
    account = await world.links(GROUP)
    removed = Left(place=world.place(GROUP, private=False), reason="removed_from_group")

    assert [reply async for reply in world.router.hear(removed)] == []
    await owe(world, account, *numbered(50))
    await world.quiet(3600)

    assert chat.calls == 0
    assert (await assert_kept(world.store, chat.shown))[State.HELD] == 50


@pytest.mark.fault(32)
async def test_who_comes_back_after_blocking_us_gets_a_digest_of_what_was_held(world, chat):
    account = await world.links()
    chat.script(CHAT, Gone(reason="blocked"))
    await owe(world, account, *numbered(49))
    await owe(world, account, "fire", urgent=True)
    await world.quiet(3600)

    await world.says("/start")
    await world.quiet(120)

    await told_in_a_digest(world, chat)


@pytest.mark.fault(33)
async def test_a_group_that_takes_us_back_gets_a_digest_of_what_was_held(world, chat):
    account = await world.links(GROUP)
    chat.script(GROUP, Gone(reason="removed_from_group"))
    await owe(world, account, *numbered(49))
    await owe(world, account, "fire", urgent=True)
    await world.quiet(3600)

    back = Returned(place=world.place(GROUP, private=False))
    [reply] = [reply async for reply in world.router.hear(back)]
    assert reply.card.title == "I can write here again"
    await world.quiet(120)

    await told_in_a_digest(world, chat)


async def told_in_a_digest(world, chat):
    """One message stands for the 49; what is urgent comes by itself, and nothing is left over."""
    assert chat.titles().count("fire") == 1
    assert len(chat.shown) < 5
    counted = await assert_kept(world.store, chat.shown)
    assert set(counted) == {State.SENT, State.COALESCED}
    assert counted[State.COALESCED] >= 45


@pytest.mark.fault(34)
async def test_a_chat_that_moves_while_a_message_is_under_way_gets_all_at_the_new_address_once(
    world, chat
):
    account = await world.links(GROUP)
    chat.script(GROUP, Moved(chat=SUPERGROUP))
    chat.seconds = 2

    await owe(world, account, "under way", urgent=True)
    await world.quiet(1)
    await owe(world, account, *numbered(10), urgent=True)
    await world.quiet(120)

    assert chat.titles(SUPERGROUP) == ["under way", *numbered(10)]
    assert chat.titles(GROUP) == []
    assert chat.calls == 12
    counted = await assert_kept(world.store, chat.shown, created=11, moved=[(GROUP, SUPERGROUP)])
    assert counted == {State.SENT: 11}
    assert await world.link(SUPERGROUP) is not None
    assert await world.link(GROUP) is None


@pytest.mark.fault(34)
async def test_a_chat_that_moves_and_a_kill_in_between_bring_all_to_the_new_address(
    store, platform, chat, now
):
    async with running(store, platform, chat, now) as world:
        account = await world.links(GROUP)
        chat.seconds = 10
        await owe(world, account, "under way", *numbered(10), urgent=True)
        await world.quiet(1)

    chat.seconds = 0
    chat.script(GROUP, Moved(chat=SUPERGROUP))
    async with running(store, platform, chat, now) as world:
        await world.quiet(120)

    assert chat.titles(SUPERGROUP) == ["under way", *numbered(10)]
    counted = await assert_kept(store, chat.shown, created=11, moved=[(GROUP, SUPERGROUP)])
    assert counted == {State.SENT: 11}


@pytest.mark.fault(35)
async def test_two_chats_of_one_account_that_become_one_are_told_each_fact_once(world, chat):
    account = await link_all(world, SUPERGROUP, GROUP)
    before = len(chat.shown)
    chat.script(SUPERGROUP, slow_down(20))
    chat.script(GROUP, Moved(chat=SUPERGROUP))

    await owe(world, account, *numbered(10), urgent=True)
    await world.quiet(300)

    assert chat.titles(SUPERGROUP)[-10:] == numbered(10)
    assert len(chat.shown) == before + 10
    counted = await assert_kept(world.store, chat.shown, moved=[(GROUP, SUPERGROUP)])
    assert counted[State.CANCELLED] == 10
    assert [link.endpoint.address.chat for link in await world.store.links.of(account.id)] == [
        SUPERGROUP
    ]


@pytest.mark.fault(35)
async def test_a_chat_that_becomes_one_with_a_strangers_tells_nothing_there(world, chat):
    account = await world.links(GROUP)
    stranger = await world.links(SUPERGROUP, MALLORY)
    chat.script(GROUP, Moved(chat=SUPERGROUP))

    await owe(world, account, *numbered(10), urgent=True)
    await world.quiet(300)
    await owe(world, stranger, "the stranger's own")
    await world.quiet(60)

    assert chat.titles() == ["the stranger's own"]
    counted = await assert_kept(world.store, chat.shown, created=11)
    assert counted == {State.CANCELLED: 10, State.SENT: 1}


@pytest.mark.fault(39)
async def test_a_token_that_is_revoked_stops_the_sending_and_keeps_everything(world, chat):
    account = await link_all(world, CHAT, OTHER)
    before, shown = chat.calls, len(chat.shown)
    for each in (CHAT, OTHER):
        chat.script(each, *[Halted(reason="token_refused")] * 1000)

    await owe(world, account, *numbered(10), urgent=True)
    await world.quiet(3600)
    assert len(chat.shown) == shown
    assert chat.calls - before <= 2 + 2 * 60
    assert world.meter.alarms["channel_halted"] >= 1
    assert (await assert_kept(world.store, chat.shown, pending=True))[State.READY] == 20

    chat.outcomes.clear()
    await world.quiet(90)
    assert chat.titles(CHAT)[-10:] == chat.titles(OTHER)[-10:] == numbered(10)
    assert set(await assert_kept(world.store, chat.shown)) == {State.SENT}
