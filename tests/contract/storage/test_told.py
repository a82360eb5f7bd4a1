"""How alerts were told, and why: found again by their reference, their message and their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from bot.domain.cards import Severity
from bot.domain.chats import Link
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import State
from bot.domain.events import Event, Kind
from bot.domain.ingesting import Decide, Known, NewsDecision
from bot.domain.rules import Matter, Mode, Rule, Topic
from bot.domain.told import Duplicate
from storage import Store
from storage.outbox.deliveries import TEXT_LIFE
from storage.schema.tables import delivery
from tests.contract.storage.given import (
    MINUTE,
    NOW,
    SECOND,
    SENT,
    claimed,
    drafts,
    fact,
    linked,
    settle,
    tell_all,
    told,
)

SILENT = Decision(Course.SILENT, Why.RULE, rule=Rule(id="1", mode=Mode.SILENT, pair="BTC/USDT"))
HELD = Decision(Course.HOLD, Why.QUIET_HOURS, NOW + MINUTE)
MATTER = Matter(topic=Topic.EXIT, result=Decimal("-3.5"), currency="USDT", bad=True)


def telling(decision: Decision, matter: Matter | None = MATTER) -> Decide:
    def decide(event: Event, known: Known) -> NewsDecision:
        owed = drafts(known.links, event.origin.record)
        return NewsDecision(
            news=True,
            reason="news",
            record=event.origin.record,
            drafts=tuple(replace(draft, decision=decision, matter=matter) for draft in owed),
        )

    return decide


async def decided(store: Store, account, record: str, decision: Decision, at=NOW) -> None:
    await store.inbox.ingest(account, [fact(record, at=at)], telling(decision), at)


async def test_it_is_found_by_its_reference_with_all_that_was_decided(store: Store):
    chat = await linked(store)
    await decided(store, chat.account, "r1", SILENT)
    one = await claimed(store, chat.endpoint.id)
    await settle(store, one, SENT, NOW + SECOND)

    found = await store.outbox.told(chat.id, one.reference)

    assert found is not None
    assert (found.reference, found.title, found.kind) == (one.reference, "r1", Kind.TRADE)
    assert (found.decision, found.matter) == (SILENT, MATTER)
    assert (found.state, found.attempts, found.severity) == (State.SENT, 1, Severity.INFO)
    assert (found.occurred_at, found.created_at, found.ended_at) == (NOW, NOW, NOW + SECOND)
    assert await store.outbox.told(chat.id, "222222") is None


async def test_it_is_found_by_the_message_that_shows_it_in_that_chat(store: Store):
    here, there = await linked(store), await linked(store, "200")
    await told(store, here.account, "r1")
    for chat in (here, there):
        await settle(store, await claimed(store, chat.endpoint.id), SENT)

    mine = await store.outbox.told_by(here.id, "77")
    yours = await store.outbox.told_by(there.id, "77")

    assert mine is not None
    assert yours is not None
    assert mine.reference != yours.reference
    assert await store.outbox.told_by(here.id, "78") is None


async def test_what_is_put_by_says_which_digest_tells_of_it(store: Store):
    chat = await linked(store)
    for record in ("r1", "r2"):
        await decided(store, chat.account, record, HELD)
    await store.outbox.gather(NOW + MINUTE)

    parts = await store.outbox.lately(chat.id, NOW, 9)
    assert parts[0].within is not None
    digest = await store.outbox.told(chat.id, parts[0].within)

    assert [(part.title, part.state) for part in parts] == [
        ("r2", State.COALESCED),
        ("r1", State.COALESCED),
    ]
    assert digest is not None
    assert (digest.kind, digest.decision) == (Kind.DIGEST, None)


async def test_the_latest_come_first_and_only_so_many_of_that_time(store: Store):
    chat = await linked(store)
    for number in range(4):
        at = NOW + number * MINUTE
        await decided(store, chat.account, f"r{number}", SILENT, at)

    found = await store.outbox.lately(chat.id, NOW + MINUTE, 2)
    whole = await store.outbox.lately(chat.id, NOW + MINUTE, 9)

    assert [one.title for one in found] == ["r3", "r2"]
    assert [one.title for one in whole] == ["r3", "r2", "r1"]


async def test_nothing_is_told_of_another_link_or_of_one_that_has_ended(store: Store):
    before = await linked(store)
    await decided(store, before.account, "r1", SILENT)
    one = await claimed(store, before.endpoint.id)
    await settle(store, one, SENT)
    await store.links.end(before.id, NOW)
    after = await linked(store, user="bob")

    for link in (before, after):
        assert await store.outbox.told(link.id, one.reference) is None
        assert await store.outbox.told_by(link.id, "77") is None
        assert await store.outbox.lately(link.id, NOW, 9) == []


async def test_why_is_kept_as_long_as_the_text_and_not_longer(store: Store):
    chat = await linked(store)
    await decided(store, chat.account, "r1", SILENT)
    one = await claimed(store, chat.endpoint.id)
    await settle(store, one, SENT)

    await store.outbox.prune(NOW + TEXT_LIFE)
    assert await store.outbox.told(chat.id, one.reference) is not None
    await store.outbox.prune(NOW + TEXT_LIFE + timedelta(seconds=1))

    assert await store.outbox.told(chat.id, one.reference) is None
    kept = await store.database.read(_kept)
    assert kept == [(None, None, None)]


def _kept(connection):
    columns = (delivery.c.card, delivery.c.decision, delivery.c.matter)
    return [tuple(row) for row in connection.execute(select(*columns))]


async def test_an_ingestion_says_how_often_each_thing_was_decided(store: Store):
    chat = await linked(store)
    await linked(store, "200")
    facts = [fact("r1"), fact("r2")]

    result = await store.inbox.ingest(chat.account, facts, telling(SILENT), NOW)
    again = await store.inbox.ingest(chat.account, facts, telling(SILENT), NOW)

    assert result.decisions == {(Course.SILENT, Why.RULE): 4}
    assert again.decisions == {}


async def test_a_fact_that_another_kind_has_told_is_a_duplicate_where_it_would_be_heard(
    store: Store,
):
    chat = await linked(store)
    decide = tell_all(fingerprint="buy 1 BTC")
    await store.inbox.ingest(chat.account, [fact("t1")], decide, NOW)
    report = fact("p1", Kind.POD_EVENT, NOW + SECOND)
    await store.inbox.ingest(chat.account, [report], decide, NOW)
    later = await linked(store, "200")

    async def found(link: Link, since: datetime = NOW) -> Sequence[Duplicate]:
        return await store.inbox.duplicates(link.account, link.endpoint.id, since, 9)

    assert await found(chat) == [
        Duplicate(kind=Kind.POD_EVENT, of=Kind.TRADE, occurred_at=NOW + SECOND)
    ]
    assert await found(later) == []
    assert await found(chat, NOW + 2 * SECOND) == []
