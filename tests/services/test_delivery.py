"""Lanes: in order, one at a time, every outcome with its consequence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot import errors
from bot.domain.chats import EndpointState
from bot.domain.deliveries import (
    Declined,
    Gone,
    Halted,
    Moved,
    Postponed,
    Priority,
    Scope,
    State,
    Unknown,
)
from bot.domain.events import Kind, Notice, NoticeText, Origin
from bot.errors import TryLater
from bot.policy.news import decide
from bot.services.steady import steady
from bot.texts.language import offering
from tests.harness.pseudo import PSEUDO
from tests.harness.world import CHAT, running

pytestmark = pytest.mark.both_databases


async def owe(world, account, *titles, urgent=False):
    """Owe one card for each title, in this order."""
    notices = [
        Notice(
            origin=Origin(kind=Kind.TEST, record=title, at=world.now()),
            say=partial(NoticeText, title),
            bad=True,
            urgent=urgent,
        )
        for title in titles
    ]
    await world.ingest.take(account, notices)


async def counts(world):
    return {state: count for state, count in (await world.store.outbox.counts()).items() if count}


async def test_what_is_owed_is_sent_in_order(world, chat):
    account = await world.links()

    await owe(world, account, *"abcdefgh")
    await world.quiet()

    assert chat.titles() == list("abcdefgh")
    assert await counts(world) == {State.SENT: 8}


async def test_a_card_goes_out_in_its_chat_s_language_also_what_its_platform_adds(
    store, platform, chat, now
):
    with offering(PSEUDO):
        async with running(store, platform, chat, now) as world:
            account = await world.links()
            (link,) = await store.links.of(account.id)
            await store.links.prefer(link.id, partial(replace, language=PSEUDO.code), now())
            await owe(world, account, "a")
            await world.quiet()

    assert [tried.language for tried in chat.tried] == ["qps"]


async def test_the_delay_counts_from_the_fact_and_our_own_from_its_ingestion(world, chat):
    account = await world.links()
    chat.seconds = 2
    an_hour_ago = world.now() - timedelta(hours=1)

    await world.ingest.take(account, [world.trade(1, at=an_hour_ago)])
    await world.quiet()

    assert len(chat.shown) == 1
    assert world.meter.delays[-1] == world.meter.own_delays[-1] + timedelta(hours=1)
    assert timedelta(seconds=2) <= world.meter.own_delays[-1] < timedelta(seconds=3)


async def test_one_message_is_in_flight_per_chat(world, chat):
    account = await world.links()
    chat.seconds = 1
    most = 0

    await owe(world, account, *"abcd")
    for _ in range(40):
        await asyncio.sleep(0.1)
        most = max(most, chat.under_way)

    assert most == 1
    assert chat.titles() == list("abcd")


async def test_a_certain_failure_is_tried_again_and_nothing_overtakes(world, chat):
    account = await world.links()
    chat.script(CHAT, *[Postponed(reason="no_connection")] * 3)

    await owe(world, account, "first", "second")
    await world.quiet(120)

    assert chat.titles() == ["first", "second"]


async def test_an_urgent_card_overtakes_one_that_waits(world, chat):
    account = await world.links()
    chat.script(CHAT, Postponed(reason="x", counts=True), Postponed(reason="x", counts=True))
    await owe(world, account, "quiet")
    await world.quiet(0.5)

    await owe(world, account, "fire", urgent=True)
    await world.quiet(300)

    assert chat.titles() == ["fire", "quiet"]


async def test_a_wait_that_the_platform_asks_for_is_kept_to_the_second(world, chat):
    account = await world.links()
    chat.script(CHAT, Postponed(reason="429", retry_after=timedelta(seconds=35)))
    began = world.now()

    await owe(world, account, "a")
    await world.until(lambda: chat.shown)

    waited = chat.shown[0].at - began
    assert timedelta(seconds=35) <= waited < timedelta(seconds=37)
    assert chat.calls == 2


async def test_a_pause_of_the_whole_bot_holds_other_chats_too(world, chat):
    account = await world.links()
    await world.links("200")
    chat.script(
        CHAT, Postponed(reason="429", retry_after=timedelta(seconds=60), scope=Scope.CHANNEL)
    )
    await owe(world, account, "a")
    await world.quiet(1)
    shown_before = len(chat.titles("200"))

    await owe(world, account, "b")
    await world.quiet(30)
    assert len(chat.titles("200")) == shown_before

    await world.quiet(60)
    assert chat.titles(CHAT)[-2:] == ["a", "b"]
    assert chat.titles("200")[-1] == "b"


async def test_an_attempt_without_an_answer_is_repeated_once_and_says_so(world, chat):
    account = await world.links()
    chat.unclear_but_shown = True
    chat.script(CHAT, Unknown(reason="no_answer_in_time"))

    await owe(world, account, "a")
    await world.quiet(60)

    first, second = (one.card for one in chat.shown)
    assert first.reference == second.reference
    assert second.notes[-1] == f"possible repeat of {first.reference}"
    assert await counts(world) == {State.SENT: 1}


async def test_a_repeat_says_since_when_it_may_have_been_shown(world, chat):
    account = await world.links()
    first_call = len(chat.tried_since)
    chat.script(CHAT, Postponed(reason="slow down"), Unknown(reason="no answer"))
    owed_at = world.now()

    await owe(world, account, "a", "b")
    await world.quiet(60)

    assert chat.tried_since[first_call:] == [None, None, owed_at, None]


async def test_two_attempts_without_an_answer_end_uncertain_and_the_next_card_says_so(world, chat):
    account = await world.links()
    chat.script(CHAT, Unknown(reason="no answer"), Unknown(reason="no answer"))

    await owe(world, account, "lost", "next", "last")
    await world.quiet(60)

    assert chat.titles() == ["next", "last"]
    assert chat.shown[0].card.notes[-1] == "1 message may be missing: /missed"
    assert chat.shown[1].card.notes == ()
    assert await counts(world) == {State.SENT: 2, State.DEAD: 1}
    [missed] = await world.store.outbox.missed((await world.link()).endpoint.id, 10)
    assert (missed.title, missed.reason) == ("lost", "uncertain: no answer")


async def test_a_refused_card_dies_and_the_lane_moves_on(world, chat):
    account = await world.links()
    chat.script(CHAT, Declined(reason="cannot be shown"))

    await owe(world, account, "poison", "next")
    await world.quiet()

    assert chat.titles() == ["next"]
    assert await counts(world) == {State.SENT: 1, State.DEAD: 1}


async def test_a_blocked_chat_is_asked_once_and_its_cards_come_in_a_digest_on_return(world, chat):
    account = await world.links()
    chat.script(CHAT, Gone(reason="blocked"))

    await owe(world, account, *[f"alert {number}" for number in range(15)])
    await world.quiet(3600)
    assert chat.calls == 1
    assert await counts(world) == {State.HELD: 15}

    await world.says("/start")
    await world.quiet()
    [title] = chat.titles()
    assert title.startswith("15 events, ")
    assert await counts(world) == {State.SENT: 1, State.COALESCED: 15}


async def test_a_chat_that_is_found_closed_is_told_of_in_the_others_once(world, chat):
    account = await world.links()
    await world.links("200")
    await world.quiet()
    chat.shown.clear()
    chat.script(CHAT, Gone(reason="blocked"))

    await owe(world, account, "a", "b")
    await world.quiet(3600)

    title = "Your Telegram chat is closed to me"
    assert sorted(chat.titles("200")) == sorted([title, "a", "b"])
    assert chat.titles(CHAT) == []
    # It waits with the others, and the one who returns does not hear of it as news.
    await world.says("/start")
    await world.quiet()
    assert len(chat.titles(CHAT)) == 1


@pytest.mark.parametrize("spoken", ["/status", "/start", "hello", "/pause night owl"])
async def test_a_person_who_speaks_in_a_closed_chat_opens_it_and_gets_what_was_kept(
    world, chat, spoken
):
    account = await world.links()
    await world.quiet()
    chat.script(CHAT, Gone(reason="blocked"))
    await owe(world, account, "a")
    await world.quiet(3600)
    closed = await world.link()

    await world.says(spoken)
    [status] = await world.says("/status")
    await world.quiet()

    assert closed.endpoint.state is EndpointState.DISABLED
    assert (await world.link()).endpoint.state is EndpointState.ACTIVE
    assert not any("kept from writing" in note for note in status.card.notes)
    assert chat.titles(CHAT) == ["a"]


async def test_a_press_in_a_closed_chat_opens_it_too(world, chat):
    account = await world.goes_live()
    [asked] = await world.says("/pause night owl")
    chat.script(CHAT, Gone(reason="blocked"))
    await owe(world, account, "a")
    await world.quiet(5)

    await world.presses(asked, "Cancel")
    await world.quiet()

    assert chat.titles(CHAT) == ["a"]


async def test_an_attempt_that_began_before_a_person_spoke_does_not_close_their_chat(world, chat):
    account = await world.links()
    await world.links("200")
    await world.quiet()
    chat.shown.clear()
    chat.script(CHAT, Gone(reason="blocked"))
    chat.seconds = 3
    await owe(world, account, "a")
    await world.quiet(1)

    await world.says("/status")
    await world.quiet(60)

    assert chat.titles(CHAT) == ["a"]
    assert chat.titles("200") == ["a"]
    assert (await world.link()).endpoint.state is EndpointState.ACTIVE


async def test_whoever_spoke_before_an_attempt_has_proven_nothing_about_it(world, chat):
    account = await world.links()
    await world.says("/status")
    await world.quiet()
    chat.script(CHAT, Gone(reason="blocked"))

    await owe(world, account, "a")
    await world.quiet(60)

    assert (await world.link()).endpoint.state is EndpointState.DISABLED


async def test_a_crowd_that_waits_is_told_in_one_message_and_all_is_listed(world, chat):
    account = await world.links()
    chat.seconds = 1

    await owe(world, account, *[f"alert {number}" for number in range(50)])
    await world.quiet(60)

    [title] = chat.titles()
    assert title.startswith("50 events, ")
    assert await counts(world) == {State.SENT: 1, State.COALESCED: 50}
    [reply] = await world.says("/missed")
    assert reply.card is not None
    assert reply.card.title == "50 alerts came in digests"
    assert not any("did not reach" in note for note in (await world.says("/status"))[0].card.notes)


async def test_what_is_held_up_for_long_is_told_together_sooner(world, chat):
    account = await world.links()
    chat.script(CHAT, Postponed(reason="429", retry_after=timedelta(seconds=45)))

    await owe(world, account, *[f"alert {number}" for number in range(7)])
    await world.quiet(60)

    [title] = chat.titles()
    assert title.startswith("7 events, ")


async def test_what_is_held_up_for_seconds_goes_one_by_one(world, chat):
    account = await world.links()
    chat.script(CHAT, Postponed(reason="429", retry_after=timedelta(seconds=20)))

    await owe(world, account, *[f"alert {number}" for number in range(7)])
    await world.quiet(60)

    assert chat.titles() == [f"alert {number}" for number in range(7)]


async def test_a_digest_that_is_refused_dies_with_all_its_parts_visibly(world, chat):
    account = await world.links()
    chat.script(CHAT, Declined(reason="cannot be shown"))

    await owe(world, account, *[f"alert {number}" for number in range(30)])
    await world.quiet(60)

    assert chat.shown == []
    assert await counts(world) == {State.DEAD: 31}
    [reply] = await world.says("/missed")
    assert reply.card.title == "30 alerts did not reach you"


async def test_ageing_that_broke_off_stops_no_delivery(world, store, chat):
    """It may have been done or not: the next look does what is left."""
    account = await world.links()
    tries = []

    async def broken(now):
        tries.append(now)
        raise errors.OutcomeUnknown("the connection broke")

    store.outbox.before("age", broken)
    await world.quiet(600)
    await owe(world, account, "still sent")
    await world.quiet()

    assert len(tries) > 1
    assert chat.titles() == ["still sent"]


async def test_what_waits_behind_urgent_cards_rises_in_time(world, chat):
    account = await world.links()
    chat.seconds = 61
    await world.ingest.take(account, [world.trade(1)])

    for number in range(15):
        await owe(world, account, f"fire {number}", urgent=True)
        await world.quiet(60)
    await world.ingest.take(account, [world.trade(2)])
    for number in range(15, 40):
        await owe(world, account, f"fire {number}", urgent=True)
        await world.quiet(60)

    titles = chat.titles()
    assert "Bought 2 BTC/USDT" in titles
    assert titles.index("Bought 2 BTC/USDT") < len(titles) - 5


async def test_a_moved_chat_gets_its_cards_at_the_new_address(world, chat):
    account = await world.links()
    chat.script(CHAT, Moved(chat="-100200"))

    await owe(world, account, "a", "b")
    await world.quiet()

    assert chat.titles("-100200") == ["a", "b"]


async def test_a_refused_bot_keeps_everything_and_raises_an_alarm(world, chat):
    account = await world.links()
    chat.script(CHAT, *[Halted(reason="token revoked")] * 3)

    await owe(world, account, "a", "b")
    await world.quiet(60)
    assert world.meter.alarms["channel_halted"] >= 1

    await world.quiet(300)
    assert chat.titles() == ["a", "b"]


NO_CONNECTION = Postponed(reason="no_connection", scope=Scope.CHANNEL)


async def test_a_platform_that_is_away_for_long_is_asked_ever_more_rarely(world, chat):
    account = await world.links()
    chat.script(CHAT, *[NO_CONNECTION] * 1000)

    await owe(world, account, "a")
    await world.quiet(600)
    assert 10 <= chat.calls <= 25

    chat.outcomes.clear()
    await world.quiet(61)
    assert chat.titles() == ["a"]


async def test_while_a_platform_is_away_one_chat_asks_for_all(world, chat):
    account = await world.links()
    chats = [CHAT, *(str(number) for number in range(200, 220))]
    for other in chats[1:]:
        await world.quiet(300)  # one account may not be linked more often
        await world.links(other)
    await world.quiet()
    before, shown = chat.calls, len(chat.shown)
    chat.seconds = 5  # as long as a connection is waited for
    for each in chats:
        chat.script(each, *[NO_CONNECTION] * 1000)

    await owe(world, account, "a")
    await world.quiet(600)
    assert chat.calls - before <= len(chats) + 25

    chat.outcomes.clear()
    chat.seconds = 0
    await world.quiet(65)
    assert sorted(one.chat for one in chat.shown[shown:]) == sorted(chats)


async def test_a_platform_that_is_back_and_gone_again_is_soon_asked_again(world, chat):
    account = await world.links()
    chat.script(CHAT, *[NO_CONNECTION] * 8, None, NO_CONNECTION)

    await owe(world, account, "a", "b")
    await world.until(lambda: chat.titles() == ["a"])
    await world.quiet(3)

    assert chat.titles() == ["a", "b"]


async def test_what_a_kill_left_half_sent_is_repeated_once_and_marked(store, platform, chat, now):
    chat.seconds = 10
    async with running(store, platform, chat, now) as world:
        account = await world.links()
        await owe(world, account, "a", "b")
        await world.quiet(1)

    chat.seconds = 0
    async with running(store, platform, chat, now) as world:
        await world.quiet(60)

    assert chat.titles() == ["a", "b"]
    assert chat.shown[0].card.notes[-1].startswith("possible repeat")
    assert chat.shown[1].card.notes == ()


async def test_a_clean_stop_leaves_nothing_half_sent(world, chat):
    account = await world.links()
    chat.seconds = 1
    await owe(world, account, *"abc")
    await world.quiet(0.5)

    drained = await world.delivering.drain(timedelta(seconds=10))

    assert drained
    assert chat.titles() == ["a"]
    assert await counts(world) == {State.SENT: 1, State.READY: 2}


async def test_a_stop_does_not_wait_for_ever(world, chat):
    account = await world.links()
    chat.seconds = 3600
    await owe(world, account, "a")
    await world.quiet(1)

    assert not await world.delivering.drain(timedelta(seconds=5))


async def test_unlinking_cancels_what_is_owed(world, chat):
    account = await world.links()
    chat.script(CHAT, Postponed(reason="429", retry_after=timedelta(seconds=600)))
    await owe(world, account, *[f"alert {number}" for number in range(20)])
    await world.quiet(1)

    await world.linking.end(await world.link())
    await world.quiet(3600)

    assert chat.shown == []
    assert await counts(world) == {State.CANCELLED: 20}


async def test_old_cards_expire_visibly(unswept, chat):
    account = await unswept.links()
    chat.script(CHAT, Postponed(reason="x", retry_after=timedelta(hours=80)))

    await owe(unswept, account, "old")
    await unswept.quiet(timedelta(hours=81).total_seconds())

    assert chat.shown == []
    assert await counts(unswept) == {State.EXPIRED: 1}


async def test_an_item_claimed_at_once_waits_if_the_chat_is_paused_meanwhile(world, chat):
    account = await world.links()
    await owe(world, account, "first")
    await world.quiet()
    claimed = await claimed_at_once(world, account, "second")

    world.pace.pause((await world.link()).endpoint.address, 60)
    world.delivering.send_preclaimed([claimed], steady())
    await world.quiet(59)
    assert chat.titles() == ["first"]

    await world.quiet(5)
    assert chat.titles() == ["first", "second"]
    assert chat.shown[-1].card.notes == ()


async def claimed_at_once(world, account, title):
    """Have a card claimed in the transaction that owes it, and keep it from being sent."""
    link = await world.link()
    origin = Origin(kind=Kind.TEST, record=title, at=world.now())
    ingested = await world.store.inbox.ingest(
        account.id,
        [Notice(origin=origin, say=partial(NoticeText, title), bad=True)],
        partial(decide, now=world.now(), new_id=lambda: "an-id", asked={}),
        world.now(),
        idle=frozenset({link.endpoint.id}),
    )
    (claimed,) = ingested.preclaimed
    return claimed


class Flaky:
    """An outbox whose database is away for the first turns."""

    def __init__(self, outbox, failures):
        self._outbox = outbox
        self.failures = failures

    def __getattr__(self, name):
        return getattr(self._outbox, name)

    async def serve(self, request, now):
        if self.failures:
            self.failures -= 1
            raise TryLater("the database cannot do it now")
        return await self._outbox.serve(request, now)


async def test_a_database_that_is_away_delays_and_loses_nothing(store, platform, chat, now):
    flaky = replace(store, outbox=Flaky(store.outbox, 0))
    async with running(flaky, platform, chat, now) as world:
        account = await world.links()
        await owe(world, account, "first")
        await asyncio.sleep(0)
        flaky.outbox.failures = 5

        await owe(world, account, "second")
        await world.quiet(60)

    assert chat.titles() == ["first", "second"]
    assert chat.calls == 2


async def test_another_chat_does_not_wait_for_a_slow_one(world, chat):
    account = await world.links()
    await world.links("200")
    await world.quiet()
    before = len(chat.shown)
    chat.script(CHAT, Postponed(reason="x", retry_after=timedelta(hours=1)))

    await owe(world, account, "a")
    await world.quiet()

    assert [one.chat for one in chat.shown[before:]] == ["200"]


def test_urgent_comes_first():
    assert Priority.URGENT < Priority.NORMAL < Priority.INFO
