"""The inbox: a fact is told once, remembered rightly, and owed together with the cursor."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.actions import Action, Denied
from bot.domain.chats import Link
from bot.domain.deliveries import Priority, State
from bot.domain.events import (
    LOOKED,
    Event,
    Kind,
    Listing,
    Origin,
    Position,
    Strategy,
    StrategySeen,
    Stream,
    Trader,
    TraderSeen,
    Unreadable,
)
from bot.domain.ids import AccountId, ActionId, StrategyId, TraderId
from bot.domain.ingesting import Decide, IngestResult, Known, NewsDecision, Progress
from bot.errors import StoreAway
from storage import Store
from storage.engine.database import Database, OperationRequest, each, failed, resolve
from storage.engine.limits import Limits
from storage.inbox.cache import FINGERPRINTS, RECENTLY
from storage.inbox.ingest import SqlInbox
from storage.inbox.quarantine import QUARANTINE_LIFE
from storage.schema.tables import inbox, quarantine
from tests.contract.storage.given import (
    MINUTE,
    NOW,
    SECOND,
    UNCERTAIN,
    address,
    again,
    button,
    claim,
    claimed,
    drafts,
    fact,
    linked,
    settle,
    tell_all,
    titles_sent,
    told,
)

# --- telling once -------------------------------------------------------------------------


async def test_a_new_fact_is_owed_to_every_chat_of_the_account(store: Store):
    one = await linked(store, chat="1")
    two = await linked(store, chat="2")
    other = await linked(store, chat="3", user="bob")

    ingested = await store.inbox.ingest(one.account, [fact()], tell_all(), NOW)

    assert (ingested.new, ingested.known, ingested.told) == (1, 0, 2)
    assert ingested.owed == {
        one.endpoint.id: (address("1"), Priority.NORMAL),
        two.endpoint.id: (address("2"), Priority.NORMAL),
    }
    assert await store.outbox.pending(other.endpoint.id) == 0


async def test_the_most_urgent_of_several_items_is_what_wakes_a_lane(store: Store):
    chat = await linked(store)

    def decide(event: Event, known: Known) -> NewsDecision:
        urgent = event.origin.record == "urgent"
        priority = Priority.URGENT if urgent else Priority.INFO
        return tell_all(priority)(event, known)

    facts = [fact("quiet"), fact("urgent"), fact("quiet too")]
    ingested = await store.inbox.ingest(chat.account, facts, decide, NOW)

    assert ingested.owed == {chat.endpoint.id: (address(), Priority.URGENT)}


async def test_a_fact_that_comes_again_is_not_told_again(store: Store):
    chat = await linked(store)
    await store.inbox.ingest(chat.account, [fact()], tell_all(), NOW)

    ingested = await store.inbox.ingest(chat.account, [fact(), fact("r2")], tell_all(), NOW)

    assert (ingested.new, ingested.known, ingested.told) == (1, 1, 1)


async def test_a_fact_that_is_twice_in_one_batch_is_told_once(store: Store):
    chat = await linked(store)

    ingested = await store.inbox.ingest(chat.account, [fact(), fact(), fact()], tell_all(), NOW)

    assert (ingested.new, ingested.known, ingested.told) == (1, 2, 1)


async def test_a_fact_that_is_brought_by_many_at_once_is_told_once(store: Store):
    chat = await linked(store)

    async with asyncio.TaskGroup() as group:
        ingestions = [
            group.create_task(store.inbox.ingest(chat.account, [fact()], tell_all(), NOW))
            for _ in range(10)
        ]

    assert sorted(task.result().told for task in ingestions) == [0] * 9 + [1]
    assert await titles_sent(store, chat.endpoint.id) == ["r1"]


async def test_the_same_record_is_another_fact_in_another_kind_revision_or_account(store: Store):
    alice, bob = await linked(store, chat="1"), await linked(store, chat="2", user="bob")
    origin = Origin(kind=Kind.TRADE, record="r1", at=NOW)
    facts = [
        replace(fact(), origin=origin),
        replace(fact(), origin=replace(origin, kind=Kind.POD_EVENT)),
        replace(fact(), origin=replace(origin, revision="2")),
    ]

    of_alice = await store.inbox.ingest(alice.account, facts, tell_all(), NOW)
    of_bob = await store.inbox.ingest(bob.account, facts[:1], tell_all(), NOW)

    assert (of_alice.told, of_bob.told) == (3, 1)


async def test_accounts_that_come_at_once_get_each_their_own(store: Store):
    chats = [await linked(store, chat=str(number), user=f"user {number}") for number in range(10)]

    async with asyncio.TaskGroup() as group:
        ingestions = [
            group.create_task(told(store, chat.account, *map(str, range(number))))
            for number, chat in enumerate(chats)
        ]

    assert [task.result().told for task in ingestions] == list(range(10))
    for number, chat in enumerate(chats):
        assert await store.outbox.pending(chat.endpoint.id) == number


async def test_what_is_owed_to_a_closed_chat_is_held_and_wakes_nobody(store: Store):
    chat = await linked(store)
    await store.links.disable(address(), "blocked", NOW)

    ingested = await told(store, chat.account, "one")

    assert (ingested.told, ingested.owed) == (1, {})
    assert (await store.outbox.counts())[State.HELD] == 1


async def test_buttons_are_there_as_soon_as_their_card_is_owed(store: Store):
    chat = await linked(store)

    def decide(event: Event, known: Known) -> NewsDecision:
        return replace(tell_all()(event, known), actions=(button(chat),))

    await store.inbox.ingest(chat.account, [fact()], decide, NOW)

    assert isinstance(await press(store, chat), Action)


async def test_a_fact_that_another_service_has_told_offers_no_buttons(store: Store):
    chat = await linked(store)
    await brought(store, chat, fact("pod", Kind.POD_EVENT))

    def decide(event: Event, known: Known) -> NewsDecision:
        return replace(tell_all(fingerprint="same")(event, known), actions=(button(chat),))

    await store.inbox.ingest(chat.account, [fact("trade")], decide, NOW)

    assert await press(store, chat) is Denied.UNKNOWN


async def test_a_fact_that_comes_again_offers_no_buttons_again(store: Store):
    chat = await linked(store)

    def decide(event: Event, known: Known) -> NewsDecision:
        return replace(tell_all()(event, known), actions=(button(chat),))

    await store.inbox.ingest(chat.account, [fact()], decide, NOW)
    await press(store, chat)
    await store.inbox.ingest(chat.account, [fact()], decide, NOW)

    assert not isinstance(await press(store, chat), Action)


# --- leaving at once ----------------------------------------------------------------------


async def ingest_idle(
    store: Store, chat: Link, *records: str, decide: Decide | None = None
) -> IngestResult:
    """Ingest facts while the chat's lane has nothing to do."""
    facts = [fact(record) for record in records]
    idle = frozenset({chat.endpoint.id})
    return await store.inbox.ingest(chat.account, facts, decide or tell_all(), NOW, None, idle)


async def test_a_lone_item_of_an_idle_lane_is_in_flight_at_once(store: Store):
    chat = await linked(store)

    ingested = await ingest_idle(store, chat, "one")

    (started,) = ingested.preclaimed
    assert (ingested.told, ingested.owed) == (1, {})
    assert await claim(store, chat.endpoint.id) is None
    await settle(store, started, again(NOW, counts=False))
    assert await claimed(store, chat.endpoint.id) == started


async def test_an_item_leaves_at_once_only_where_its_lane_is_idle(store: Store):
    one, two = await linked(store, chat="1"), await linked(store, chat="2")

    ingested = await ingest_idle(store, one, "one")

    assert [started.endpoint for started in ingested.preclaimed] == [one.endpoint.id]
    assert list(ingested.owed) == [two.endpoint.id]
    assert ingested.told == 2


async def test_of_several_items_none_leaves_before_its_turn(store: Store):
    chat = await linked(store)

    ingested = await ingest_idle(store, chat, "one", "two")

    assert ingested.preclaimed == ()
    assert list(ingested.owed) == [chat.endpoint.id]


async def test_nothing_overtakes_what_is_owed_already(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "before")

    while_owed = await ingest_idle(store, chat, "one")
    await claimed(store, chat.endpoint.id)
    while_in_flight = await ingest_idle(store, chat, "two")

    assert (while_owed.preclaimed, while_in_flight.preclaimed) == ((), ())


async def test_an_item_that_has_to_mention_a_missing_one_waits_for_its_turn(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "lost")
    await settle(store, await claimed(store, chat.endpoint.id), UNCERTAIN)

    ingested = await ingest_idle(store, chat, "one")

    assert ingested.preclaimed == ()
    assert (await claimed(store, chat.endpoint.id)).doubtful == 1


async def test_nothing_leaves_to_a_closed_chat(store: Store):
    chat = await linked(store)
    await store.links.disable(address(), "blocked", NOW)

    ingested = await ingest_idle(store, chat, "one")

    assert (ingested.preclaimed, ingested.owed) == ((), {})
    assert (await store.outbox.counts())[State.HELD] == 1


async def test_nothing_leaves_that_is_too_old_or_of_another_epoch(store: Store):
    chat = await linked(store)

    def decide(event: Event, known: Known) -> NewsDecision:
        if event.origin.record == "old":
            return tell_all(expires_at=NOW)(event, known)
        stale = tuple(replace(link, epoch=link.epoch - 1) for link in known.links)
        return tell_all()(event, replace(known, links=stale))

    old = await ingest_idle(store, chat, "old", decide=decide)
    assert await claim(store, chat.endpoint.id) is None
    stale = await ingest_idle(store, chat, "stale", decide=decide)
    assert await claim(store, chat.endpoint.id) is None

    assert (old.preclaimed, stale.preclaimed) == ((), ())
    counts = await store.outbox.counts()
    assert (counts[State.EXPIRED], counts[State.CANCELLED]) == (1, 1)


async def test_a_fact_that_another_service_has_told_does_not_leave(store: Store):
    chat = await linked(store)
    await brought(store, chat, fact("pod", Kind.POD_EVENT))
    await titles_sent(store, chat.endpoint.id)

    ingested = await ingest_idle(store, chat, "trade", decide=tell_all(fingerprint="same"))

    assert ingested.preclaimed == ()


async def test_what_nobody_waits_for_any_more_goes_back_to_its_lane(store: Store):
    chat = await linked(store)

    async with asyncio.TaskGroup() as group:
        ingesting = group.create_task(ingest_idle(store, chat, "one"))
        await asyncio.sleep(0)
        ingesting.cancel()

    assert ingesting.cancelled()
    assert (await claimed(store, chat.endpoint.id)).attempts == 1


class Leaving(Database):
    """Does one thing more and is away then."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner.dialect)
        self._inner = inner
        self._away = False

    def _write(self, request: OperationRequest) -> None:
        if self._away:
            resolve(failed([request], StoreAway("gone")))
        else:
            self._away = True
            self._inner._write(request)

    def _read(self, request: OperationRequest) -> None:
        self._inner._read(request)


async def test_whoever_is_cancelled_ends_although_the_database_is_away(store: Store):
    chat = await linked(store)
    leaving = replace(store, inbox=SqlInbox(Leaving(store.database)))

    async with asyncio.TaskGroup() as group:
        ingesting = group.create_task(ingest_idle(leaving, chat, "one"))
        await asyncio.sleep(0)
        ingesting.cancel()

    assert ingesting.cancelled()
    assert [left.attempts for left in await store.outbox.interrupted()] == [1]


# --- what is kept at hand -----------------------------------------------------------------


async def test_a_chat_hears_from_when_it_is_linked_to_when_it_is_not(store: Store):
    one = await linked(store, chat="1")
    alone = await told(store, one.account, "a")

    two = await linked(store, chat="2")
    both = await told(store, one.account, "b")
    await store.links.end(one.id, NOW)
    left = await told(store, one.account, "c")

    assert list(alone.owed) == [one.endpoint.id]
    assert list(both.owed) == [one.endpoint.id, two.endpoint.id]
    assert list(left.owed) == [two.endpoint.id]


async def test_a_chat_is_owed_or_held_as_it_opens_and_closes(store: Store):
    chat = await linked(store)

    await store.links.disable(address(), "blocked", NOW)
    closed = await told(store, chat.account, "one")
    await store.links.enable(address(), NOW)
    opened = await told(store, chat.account, "two")

    assert closed.owed == {}
    assert list(opened.owed) == [chat.endpoint.id]


async def test_what_a_failed_batch_would_have_changed_is_not_remembered(store: Store):
    chat = await linked(store)
    await store.inbox.ingest(chat.account, [seen(trader(name="Old"))], tell_changes, NOW)

    with pytest.raises(ZeroDivisionError):
        await store.inbox.ingest(
            chat.account, [seen(trader(name="New")), fact("poison")], tell_or_stumble, NOW
        )
    after = await store.inbox.ingest(chat.account, [seen(trader(name="New"))], tell_changes, NOW)

    assert after.told == 1
    assert await titles_sent(store, chat.endpoint.id) == ["Old True", "New True"]


async def test_what_was_taken_back_with_others_is_not_remembered(sqlite_url: str, open_again):
    # The writer's thread does everything.
    limits = Limits(quick=timedelta(seconds=-1), apart=timedelta(hours=1))
    async with open_again(sqlite_url, limits=limits) as store:
        chat = await linked(store)
        await store.inbox.ingest(chat.account, [seen(trader(name="Old"))], tell_changes, NOW)
        gate = threading.Event()

        # While the writer waits, both go into the transaction that follows. That fails, and then
        # each has one of its own.
        async with asyncio.TaskGroup() as group:
            waiting = each(lambda connection, _: gate.wait())
            store.database.submit(waiting, None)
            ingestion = group.create_task(
                store.inbox.ingest(chat.account, [seen(trader(name="New"))], tell_changes, NOW)
            )
            await asyncio.sleep(0)
            failing = store.database.submit(each(fail), None)
            gate.set()

        assert isinstance(failing.exception(), ZeroDivisionError)
        assert ingestion.result().told == 1


def fail(connection: Any, _: None) -> None:
    raise ZeroDivisionError


async def test_who_links_again_starts_with_nothing_known(store: Store):
    chat = await linked(store)
    await store.inbox.ingest(chat.account, [seen(trader())], tell_changes, NOW)
    await store.links.end(chat.id, NOW)
    chat = await linked(store)
    known: list[int] = []

    def look(event: Event, state: Known) -> NewsDecision:
        known.append(len(state.traders) + len(state.revisions))
        return NewsDecision(news=False, reason="")

    await store.inbox.ingest(chat.account, [fact()], look, NOW)

    assert known == [0]


# --- all or nothing -----------------------------------------------------------------------


async def test_nothing_of_a_batch_stays_if_one_of_its_facts_cannot_be_decided(store: Store):
    chat = await linked(store)
    progress = Progress(stream=Stream.TRADES, position=Position(at=NOW, record="r2"))

    with pytest.raises(ZeroDivisionError):
        await store.inbox.ingest(chat.account, [fact("r1"), fact("poison")], stumble, NOW, progress)

    assert await store.inbox.cursors(chat.account) == {}
    assert await store.outbox.pending(chat.endpoint.id) == 0


async def test_a_batch_that_cannot_be_decided_harms_no_other(store: Store):
    alice, bob = await linked(store, chat="1"), await linked(store, chat="2", user="bob")

    async def ingest(account: AccountId, record: str) -> bool:
        try:
            await store.inbox.ingest(account, [fact(record)], stumble, NOW)
        except ZeroDivisionError:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        wishes = [(alice, "a"), (bob, "poison"), (bob, "b"), (alice, "poison"), (alice, "c")]
        done = [group.create_task(ingest(who.account, record)) for who, record in wishes]

    assert [task.result() for task in done] == [True, False, True, False, True]
    assert await store.outbox.pending(alice.endpoint.id) == 2
    assert await store.outbox.pending(bob.endpoint.id) == 1


def tell_or_stumble(event: Event, known: Known) -> NewsDecision:
    return tell_changes(event, known) if isinstance(event, TraderSeen) else stumble(event, known)


def stumble(event: Event, known: Known) -> NewsDecision:
    if event.origin.record == "poison":
        raise ZeroDivisionError
    return tell_all()(event, known)


# --- cursors ------------------------------------------------------------------------------


async def advance(store: Store, chat: Link, stream: Stream, position: Position) -> None:
    progress = Progress(stream=stream, position=position)
    await store.inbox.ingest(chat.account, [], tell_all(), NOW, progress)


async def test_a_cursor_moves_forward_and_never_back(store: Store):
    chat = await linked(store)
    earlier = Position(at=NOW, record="r9")
    later = Position(at=NOW + timedelta(microseconds=1), record="r1")

    reached = []
    for position in (earlier, later, earlier):
        await advance(store, chat, Stream.TRADES, position)
        reached.append((await store.inbox.cursors(chat.account))[Stream.TRADES].position)

    assert reached == [earlier, later, later]


async def test_of_two_records_of_one_instant_the_cursor_takes_the_later(store: Store):
    chat = await linked(store)

    for record in ("r2", "r3", "r1"):
        await advance(store, chat, Stream.MESSAGES, Position(at=NOW, record=record))

    cursors = await store.inbox.cursors(chat.account)
    assert cursors[Stream.MESSAGES].position == Position(at=NOW, record="r3")


async def test_a_cursor_knows_where_its_reading_began(store: Store):
    chat = await linked(store)

    for minutes in (1, 3, 0):
        await advance(store, chat, Stream.TRADES, Position(at=NOW + minutes * MINUTE))

    cursors = await store.inbox.cursors(chat.account)
    assert cursors[Stream.TRADES].began == NOW + MINUTE


async def test_each_account_and_stream_has_its_own_cursor(store: Store):
    alice, bob = await linked(store, chat="1"), await linked(store, chat="2", user="bob")
    await advance(store, alice, Stream.TRADES, Position(at=NOW))
    await advance(store, alice, Stream.SIGNALS, Position(at=NOW + SECOND))
    await advance(store, bob, Stream.TRADES, Position(at=NOW + MINUTE))

    cursors = await store.inbox.cursors(alice.account)

    assert {stream: cursor.position.at for stream, cursor in cursors.items()} == {
        Stream.TRADES: NOW,
        Stream.SIGNALS: NOW + SECOND,
    }


async def test_a_look_is_noted_with_what_it_saw_and_apart_from_the_streams(store: Store):
    chat = await linked(store)
    await advance(store, chat, Stream.TRADES, Position(at=NOW))
    owed = Progress(stream=Listing.TRADERS, position=Position(at=NOW))
    looked = Progress(stream=Listing.TRADERS, position=Position(at=NOW, record=LOOKED))

    await store.inbox.ingest(chat.account, [], tell_changes, NOW, owed)
    await store.inbox.ingest(chat.account, [seen(trader())], tell_changes, NOW, looked)

    cursors = await store.inbox.cursors(chat.account)
    assert set(cursors) == {Stream.TRADES, Listing.TRADERS}
    assert cursors[Listing.TRADERS].position == Position(at=NOW, record=LOOKED)
    assert await store.inbox.traders(chat.account) == (trader(),)


# --- last known states --------------------------------------------------------------------


def trader(name: str | None = "Alpha", running: bool = True) -> Trader:
    return Trader(id=TraderId("t1"), name=name, running=running, updated_at=NOW)


def seen(trader: Trader, revision: str = "") -> TraderSeen:
    origin = Origin(kind=Kind.TRADER, record=trader.id, at=NOW, revision=revision)
    return TraderSeen(origin=origin, trader=trader)


async def test_what_is_no_news_is_remembered_all_the_same(store: Store):
    chat = await linked(store)

    def decide(event: Event, known: Known) -> NewsDecision:
        assert isinstance(event, TraderSeen)
        return NewsDecision(news=False, reason="no change", remember=event.trader)

    ingested = await store.inbox.ingest(chat.account, [seen(trader())], decide, NOW)

    assert (ingested.new, ingested.known, ingested.told) == (0, 0, 0)
    assert await store.inbox.traders(chat.account) == (trader(),)


async def test_bots_and_strategies_are_kept_apart_and_by_account(store: Store):
    alice, bob = await linked(store, chat="1"), await linked(store, chat="2", user="bob")
    strategy = Strategy(id=StrategyId("t1"), name="Grid", pair="BTC/USDT", updated_at=NOW)
    event = StrategySeen(origin=Origin(kind=Kind.STRATEGY, record="t1", at=NOW), strategy=strategy)

    def decide(event: Event, known: Known) -> NewsDecision:
        assert isinstance(event, TraderSeen | StrategySeen)
        record = event.trader if isinstance(event, TraderSeen) else event.strategy
        return NewsDecision(news=False, reason="", remember=record)

    await store.inbox.ingest(alice.account, [seen(trader()), event], decide, NOW)

    assert await store.inbox.traders(alice.account) == (trader(),)
    assert await store.inbox.strategies(alice.account) == (strategy,)
    assert await store.inbox.traders(bob.account) == ()


def tell_changes(event: Event, known: Known) -> NewsDecision:
    """News is what differs from the last known state; a revision follows from the one before."""
    assert isinstance(event, TraderSeen)
    if known.traders.get(event.trader.id) == event.trader:
        return NewsDecision(news=False, reason="no change", remember=event.trader)
    before = known.revisions.get(event.trader.id, "0")
    return NewsDecision(
        news=True,
        reason="news",
        record=event.trader.id,
        revision=str(int(before) + 1),
        drafts=drafts(known.links, f"{event.trader.name} {event.trader.running}"),
        remember=event.trader,
    )


async def test_each_change_is_compared_with_the_one_before_it_in_the_same_batch(store: Store):
    chat = await linked(store)
    sightings = [trader(running=running) for running in (True, True, False, False, True)]

    await store.inbox.ingest(chat.account, [seen(each) for each in sightings], tell_changes, NOW)

    titles = await titles_sent(store, chat.endpoint.id)
    assert titles == ["Alpha True", "Alpha False", "Alpha True"]
    assert await store.inbox.traders(chat.account) == (trader(running=True),)


async def test_changes_are_compared_with_those_of_earlier_batches_too(store: Store):
    chat = await linked(store)

    for running in (True, False, False, True):
        await store.inbox.ingest(chat.account, [seen(trader(running=running))], tell_changes, NOW)

    titles = await titles_sent(store, chat.endpoint.id)
    assert titles == ["Alpha True", "Alpha False", "Alpha True"]


async def test_changes_that_come_at_once_are_compared_with_each_other(store: Store):
    chat = await linked(store)

    async with asyncio.TaskGroup() as group:
        for running in (True, False, False, True):
            group.create_task(
                store.inbox.ingest(chat.account, [seen(trader(running=running))], tell_changes, NOW)
            )

    titles = await titles_sent(store, chat.endpoint.id)
    assert titles == ["Alpha True", "Alpha False", "Alpha True"]


async def test_a_fact_that_is_known_changes_no_state(store: Store):
    chat = await linked(store)
    rename = seen(trader(name="Old"), revision="1")

    def decide(event: Event, known: Known) -> NewsDecision:
        assert isinstance(event, TraderSeen)
        return replace(tell_all()(event, known), remember=event.trader)

    await store.inbox.ingest(chat.account, [rename], decide, NOW)
    await store.inbox.ingest(chat.account, [seen(trader(name="New"), revision="2")], decide, NOW)
    again = await store.inbox.ingest(chat.account, [rename], decide, NOW)

    assert again.known == 1
    assert await store.inbox.traders(chat.account) == (trader(name="New"),)


async def test_a_bot_that_is_gone_is_forgotten(store: Store):
    chat = await linked(store)
    await store.inbox.ingest(chat.account, [seen(trader())], tell_changes, NOW)

    def decide(event: Event, known: Known) -> NewsDecision:
        return replace(tell_all()(event, known), forget=known.traders["t1"])

    await store.inbox.ingest(chat.account, [fact("gone")], decide, NOW)

    assert await store.inbox.traders(chat.account) == ()


# --- one fact from several services -------------------------------------------------------


async def brought(store: Store, chat: Link, *facts: Event, by: Decide | None = None) -> list[int]:
    """How many deliveries each of these facts makes; all have one fingerprint."""
    decide = by or tell_all(fingerprint="same")
    return [(await store.inbox.ingest(chat.account, [each], decide, NOW)).told for each in facts]


async def test_what_was_told_before_a_restart_is_not_told_by_another_service(
    lasting_url: str, open_again
):
    async with open_again(lasting_url) as store:
        chat = await linked(store)
        before = await brought(store, chat, fact("a"))
    async with open_again(lasting_url) as store:
        after = await brought(store, chat, fact("b", Kind.POD_EVENT, NOW + SECOND))

    assert (before, after) == ([1], [0])


async def test_an_old_fact_is_compared_with_what_is_not_kept_at_hand(lasting_url: str, open_again):
    old = NOW - 3 * RECENTLY
    async with open_again(lasting_url) as store:
        chat = await linked(store)
        before = await brought(store, chat, fact("a", Kind.TRADE, old))
    async with open_again(lasting_url) as store:
        after = await brought(store, chat, fact("b", Kind.POD_EVENT, old + SECOND))

    assert (before, after) == ([1], [0])


async def test_a_wild_account_is_compared_with_what_is_not_kept_at_hand(store: Store):
    def unlike_any_other(event: Event, known: Known) -> NewsDecision:
        return NewsDecision(
            news=True, reason="news", record=event.origin.record, fingerprint=event.origin.record
        )

    chat = await linked(store)
    first = await brought(store, chat, fact("a"))
    others = [fact(f"other {number}") for number in range(FINGERPRINTS)]
    await store.inbox.ingest(chat.account, others, unlike_any_other, NOW)

    echo = await brought(store, chat, fact("b", Kind.POD_EVENT, NOW + SECOND))

    assert (first, echo) == ([1], [0])


async def test_a_fact_that_another_service_has_told_is_not_told_again(store: Store):
    chat = await linked(store)

    counts = await brought(store, chat, fact("a"), fact("b", Kind.POD_EVENT, NOW + SECOND))

    assert counts == [1, 0]
    assert await reasons(store) == {"a": (True, "news"), "b": (False, "same fact as trade")}


async def test_a_fact_that_says_more_is_told_after_another_and_instead_of_a_later_one(store: Store):
    chat = await linked(store)
    more = tell_all(fingerprint="same", says_more=True)

    first = await brought(store, chat, fact("a", Kind.POD_EVENT))
    richer = await brought(store, chat, fact("b", Kind.TRADE, NOW + SECOND), by=more)
    last = await brought(store, chat, fact("c", Kind.MESSAGE, NOW + SECOND))

    assert (first, richer, last) == ([1], [1], [0])


async def test_it_does_not_matter_which_service_is_first(store: Store):
    chat = await linked(store)

    counts = await brought(store, chat, fact("b", Kind.POD_EVENT, NOW + SECOND), fact("a"))

    assert counts == [1, 0]


async def test_two_facts_that_look_alike_are_two_however_many_services_bring_them(store: Store):
    chat = await linked(store)
    trades = [fact(f"trade {number}") for number in range(2)]
    pods = [fact(f"pod {number}", Kind.POD_EVENT) for number in range(2)]
    messages = [fact(f"message {number}", Kind.MESSAGE) for number in range(3)]

    counts = await brought(store, chat, trades[0], *pods, trades[1], *messages)

    # One trade and its echo, a second event of the pod and its echo, a third of the messages.
    assert counts == [1, 0, 1, 0, 0, 0, 1]


async def test_facts_of_one_batch_are_matched_with_each_other(store: Store):
    chat = await linked(store)
    facts = [fact("a"), fact("b", Kind.POD_EVENT), fact("c", Kind.POD_EVENT)]

    ingested = await store.inbox.ingest(chat.account, facts, tell_all(fingerprint="same"), NOW)

    assert (ingested.new, ingested.told) == (3, 2)
    assert await titles_sent(store, chat.endpoint.id) == ["a", "c"]


async def test_facts_far_apart_in_time_are_two(store: Store):
    chat = await linked(store)

    counts = await brought(
        store,
        chat,
        fact("a"),
        fact("at the edge", Kind.POD_EVENT, NOW + timedelta(seconds=15)),
        fact("beyond", Kind.POD_EVENT, NOW + timedelta(seconds=31)),
    )

    assert counts == [1, 0, 1]


async def test_facts_with_other_fingerprints_or_of_other_accounts_are_two(store: Store):
    alice, bob = await linked(store, chat="1"), await linked(store, chat="2", user="bob")

    counts = [
        await brought(store, alice, fact("a")),
        await brought(store, bob, fact("b", Kind.POD_EVENT)),
        await brought(store, alice, fact("c", Kind.POD_EVENT), by=tell_all(fingerprint="other")),
    ]

    assert counts == [[1], [1], [1]]


async def test_a_chat_that_does_not_hear_one_kind_hears_of_the_fact_from_the_other(store: Store):
    hears_all, hears_pods = await linked(store, chat="1"), await linked(store, chat="2")

    def decide(event: Event, known: Known) -> NewsDecision:
        listeners = known.links
        if event.origin.kind is Kind.TRADE:
            listeners = tuple(link for link in listeners if link.id == hears_all.id)
        return replace(
            tell_all(fingerprint="same")(event, known),
            drafts=drafts(listeners, event.origin.record),
        )

    counts = await brought(store, hears_all, fact("trade"), fact("pod", Kind.POD_EVENT), by=decide)

    assert counts == [1, 1]
    assert await titles_sent(store, hears_all.endpoint.id) == ["trade"]
    assert await titles_sent(store, hears_pods.endpoint.id) == ["pod"]


# --- the rest -----------------------------------------------------------------------------


async def test_the_last_event_is_the_platforms_and_not_ours(store: Store):
    chat = await linked(store)
    assert await store.inbox.last_event_at(chat.account) is None
    await told(store, chat.account, "one", at=NOW - MINUTE)
    await store.inbox.ingest(chat.account, [fact("test", Kind.TEST)], tell_all(), NOW)

    last = await store.inbox.last_event_at(chat.account)

    assert last == NOW - MINUTE


async def test_what_nobody_can_read_is_counted_by_its_shape(store: Store):
    chat = await linked(store)
    shape = Unreadable(service="trades", reason="no id", fields=("a", "b"), size=10)

    await store.inbox.set_aside(chat.account, [shape, replace(shape, size=30)], NOW)
    await store.inbox.set_aside(chat.account, [shape], NOW + MINUTE)
    await store.inbox.set_aside(chat.account, [replace(shape, fields=("a",))], NOW)

    assert await set_aside(store) == [(("a",), 1, 10), (("a", "b"), 3, 30)]


async def test_what_nobody_could_read_is_forgotten_when_it_stays_away(store: Store):
    chat = await linked(store)
    await store.inbox.set_aside(chat.account, [Unreadable(service="trades", reason="x")], NOW)

    await store.inbox.prune(NOW + QUARANTINE_LIFE)
    kept = await set_aside(store)
    await store.inbox.prune(NOW + QUARANTINE_LIFE + SECOND)

    assert len(kept) == 1
    assert await set_aside(store) == []


@pytest.mark.parametrize(
    "text",
    ["\0", "\ud800", "x" * 100_000, "Ω≈ç√ \u202e\U0001f600", "'; DROP TABLE inbox; --", ""],
    ids=["zero", "half a surrogate pair", "huge", "unicode", "SQL", "empty"],
)
async def test_any_text_of_the_platform_can_be_kept(store: Store, text: str):
    chat = await linked(store)
    event = TraderSeen(
        origin=Origin(kind=Kind.TRADER, record=text, at=NOW),
        trader=Trader(id=TraderId(text), name=text),
    )
    progress = Progress(stream=Stream.TRADES, position=Position(at=NOW, record=text))

    def decide(event: Event, known: Known) -> NewsDecision:
        assert isinstance(event, TraderSeen)
        return replace(tell_all(fingerprint=text)(event, known), remember=event.trader)

    first = await store.inbox.ingest(chat.account, [event], decide, NOW, progress)
    second = await store.inbox.ingest(chat.account, [event], decide, NOW, progress)
    await store.inbox.set_aside(
        chat.account, [Unreadable(service=text, reason=text, fields=(text,))], NOW
    )

    assert (first.told, second.known) == (1, 1)
    assert await store.inbox.traders(chat.account) == (event.trader,)
    assert (await claimed(store, chat.endpoint.id)).card.title == text


async def reasons(store: Store) -> dict[str, tuple[bool, str]]:
    def read(connection: Any) -> dict[str, tuple[bool, str]]:
        rows = connection.execute(select(inbox.c.record, inbox.c.told, inbox.c.reason))
        return {record: (is_told, reason) for record, is_told, reason in rows}

    return await store.database.read(read)


async def set_aside(store: Store) -> list[tuple[tuple[str, ...], int, int]]:
    def read(connection: Any) -> list[tuple[tuple[str, ...], int, int]]:
        rows = connection.execute(select(quarantine))
        return sorted((tuple(row.fields), row.count, row.size) for row in rows)

    return await store.database.read(read)


async def press(store: Store, chat: Link, now: datetime = NOW) -> object:
    return await store.actions.claim(ActionId("pause"), chat.person, chat.endpoint.id, now)
