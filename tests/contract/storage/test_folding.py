"""Items that are told within an earlier one's message: none is lost, none is told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.amendments import EDIT_EVERY, Amendment
from bot.domain.cards import as_shown
from bot.domain.chats import Channel, Link
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Declined, Delivery, Settlement, State
from bot.domain.digests import CROWD
from bot.domain.events import Event, Kind
from bot.domain.ids import TraderId
from bot.domain.ingesting import Decide, IngestResult, Known, NewsDecision
from bot.domain.lifetimes import AMEND_LIFE
from bot.domain.reasons import Reason
from bot.domain.rules import Matter, Topic
from bot.policy.folding import LIMIT
from storage import Store
from storage.outbox import digests
from storage.schema.tables import delivery
from tests.contract.storage.conftest import OpenStore, lasting
from tests.contract.storage.given import (
    GONE,
    MINUTE,
    NOW,
    SECOND,
    SENT,
    address,
    again,
    claim,
    claimed,
    drafts,
    fact,
    linked,
    settle,
    titles_sent,
    unclear,
)

GRID = Matter(topic=Topic.ENTRY, bot=TraderId("grid"), called="Grid BTC")
FAILURE = Matter(topic=Topic.ERROR, bot=TraderId("grid"), called="Grid BTC", critical=True)
DEAD = Settlement(state=State.DEAD, reason=Declined(reason="refused").reason)
AFTERWARDS = NOW + 10 * SECOND + EDIT_EVERY


def of(matter: Matter | None, decision: Decision | None = None, title: str = "") -> Decide:
    def decide(event: Event, known: Known) -> NewsDecision:
        owed = drafts(known.links, title or event.origin.record)
        return NewsDecision(
            news=True,
            reason="news",
            record=event.origin.record,
            drafts=tuple(
                replace(draft, matter=matter, decision=decision or draft.decision) for draft in owed
            ),
        )

    return decide


async def happens(
    store: Store,
    chat: Link,
    *numbers: int,
    matter: Matter | None = GRID,
    decision: Decision | None = None,
    title: str = "",
) -> IngestResult:
    """Each a second after the one before, in one transaction."""
    facts = [fact(f"r{number}", at=NOW + number * SECOND) for number in numbers]
    now = NOW + numbers[-1] * SECOND
    return await store.inbox.ingest(chat.account, facts, of(matter, decision, title), now)


async def burst(store: Store, count: int = LIMIT + 1) -> Link:
    """So many at once, all that are owed shown."""
    chat = await linked(store)
    await happens(store, chat, *range(1, count + 1))
    await titles_sent(store, chat.endpoint.id)
    return chat


async def failure(store: Store) -> Link:
    chat = await linked(store)
    await happens(store, chat, 1, matter=FAILURE, title="No balance")
    await titles_sent(store, chat.endpoint.id)
    return chat


async def fails(store: Store, chat: Link, *numbers: int) -> IngestResult:
    return await happens(store, chat, *numbers, matter=FAILURE, title="No balance")


async def owed(store: Store, now: datetime = AFTERWARDS) -> list[Amendment]:
    return list((await store.outbox.amendments(Channel.TELEGRAM, "1", now)).now)


async def states(store: Store) -> dict[State, int]:
    return {state: count for state, count in (await store.outbox.counts()).items() if count}


async def ends(store: Store) -> dict[str, tuple[State, str, int | None]]:
    """Each fact's item: its state, why, and whom it is told by."""
    rows = await store.database.read(
        lambda connection: connection.execute(
            select(delivery).where(delivery.c.kind != Kind.DIGEST).order_by(delivery.c.id)
        ).all()
    )
    return {row.record: (row.state, row.reason, row.digest) for row in rows}


def shown(card_of: Amendment | Delivery) -> list[str]:
    """The records that a message names, the oldest first."""
    delivery = card_of.delivery if isinstance(card_of, Amendment) else card_of
    return [line.rpartition(" ")[2] for line in delivery.card.lines][::-1]


# --- bursts -------------------------------------------------------------------------------


async def test_the_sixth_and_later_are_one_item_in_its_place(store: Store):
    chat = await linked(store)

    result = await happens(store, chat, *range(1, 9))
    sent = [await claimed(store, chat.endpoint.id)]
    while True:
        await settle(store, sent[-1], SENT)
        if (another := await claim(store, chat.endpoint.id)) is None:
            break
        sent.append(another)

    assert result.folded == 3
    assert [one.card.title for one in sent[:-1]] == ["r1", "r2", "r3", "r4", "r5"]
    assert sent[-1].kind is Kind.DIGEST
    assert sent[-1].card.silent
    assert shown(sent[-1]) == ["r6", "r7", "r8"]
    assert await owed(store) == []
    assert await states(store) == {State.SENT: 6, State.COALESCED: 3}


async def test_one_that_comes_alone_is_told_the_same_way(store: Store):
    chat = await linked(store)
    for number in range(1, 9):
        await happens(store, chat, number)

    assert (await titles_sent(store, chat.endpoint.id))[-1] == "3 trades of Grid BTC in 2 s"
    assert {reason for _, reason, _ in list((await ends(store)).values())[5:]} == {Reason.FOLDED}


@pytest.mark.parametrize(
    "decision",
    [Decision(Course.HOLD, Why.QUIET_HOURS, NOW + 60 * MINUTE), Decision(Course.DROP, Why.RULE)],
)
async def test_what_is_kept_or_off_is_neither_told_so_nor_counted(store: Store, decision):
    chat = await linked(store)

    await happens(store, chat, *range(1, 9), decision=decision)
    result = await happens(store, chat, 10)

    assert result.folded == 0
    assert await titles_sent(store, chat.endpoint.id) == ["r10"]


async def test_what_tradebell_says_itself_is_always_told(store: Store):
    chat = await linked(store)

    await happens(store, chat, *range(1, 9), matter=None)

    assert len(await titles_sent(store, chat.endpoint.id)) == 8


async def test_chats_bots_and_sorts_are_told_apart(store: Store):
    chat = await linked(store)
    await linked(store, "200")
    for topic in (Topic.ENTRY, Topic.SIGNAL):
        for bot in ("grid", "scalper"):
            number = 1 + len(await ends(store)) // 2
            matter = replace(GRID, topic=topic, bot=TraderId(bot))
            result = await happens(store, chat, *range(number, number + LIMIT), matter=matter)
            assert result.folded == 0


async def test_what_comes_while_it_waits_goes_out_with_it(store: Store):
    chat = await linked(store)
    await happens(store, chat, *range(1, LIMIT + 2))
    for _ in range(LIMIT):
        await settle(store, await claimed(store, chat.endpoint.id), SENT)
    held = await claimed(store, chat.endpoint.id)
    await settle(store, held, again(NOW + MINUTE))

    await happens(store, chat, 7, 8)
    delivery = await claimed(store, chat.endpoint.id, NOW + MINUTE)

    assert shown(held) == ["r6"]
    assert shown(delivery) == ["r6", "r7", "r8"]
    await settle(store, delivery, SENT)
    assert await owed(store) == []


async def test_what_comes_while_it_is_in_flight_is_added_afterwards(store: Store):
    chat = await linked(store)
    await happens(store, chat, *range(1, LIMIT + 2))
    for _ in range(LIMIT):
        await settle(store, await claimed(store, chat.endpoint.id), SENT)
    in_flight = await claimed(store, chat.endpoint.id)

    await happens(store, chat, 7)
    await settle(store, in_flight, SENT)

    [amendment] = await owed(store)
    assert shown(amendment) == ["r6", "r7"]


async def test_a_message_is_changed_once_for_all_that_came_in_a_while(store: Store):
    chat = await burst(store)

    await happens(store, chat, 7)
    await happens(store, chat, 8)

    due = (await store.outbox.amendments(Channel.TELEGRAM, "1", NOW + 8 * SECOND)).due
    assert due == NOW + 7 * SECOND + EDIT_EVERY
    assert await owed(store, NOW + 8 * SECOND) == []
    [amendment] = await owed(store, due)
    assert shown(amendment) == ["r6", "r7", "r8"]
    await store.outbox.amended(amendment, None, due)
    assert await owed(store) == []


async def test_what_comes_while_it_is_changed_is_shown_by_the_next_change(store: Store):
    chat = await burst(store)
    await happens(store, chat, 7)
    [amendment] = await owed(store)
    await happens(store, chat, 8)

    await store.outbox.amended(amendment, None, AFTERWARDS)

    assert await owed(store) == []
    [amendment] = await owed(store, AFTERWARDS + EDIT_EVERY)
    assert shown(amendment) == ["r6", "r7", "r8"]


async def test_a_change_that_may_not_have_been_made_is_made_again(store: Store):
    chat = await burst(store)
    await happens(store, chat, 7)
    [amendment] = await owed(store)

    await store.outbox.amended(amendment, AFTERWARDS + MINUTE, AFTERWARDS)

    assert await owed(store) == []
    [again] = await owed(store, AFTERWARDS + MINUTE)
    assert again == replace(amendment, due=AFTERWARDS + MINUTE)


async def test_what_a_message_cannot_show_is_told_by_another(store: Store):
    chat = await burst(store, LIMIT + 2)
    await happens(store, chat, 8, 9)
    [amendment] = await owed(store)

    anew = await store.outbox.not_amended(amendment, AFTERWARDS)
    told = await claimed(store, chat.endpoint.id, AFTERWARDS)
    await settle(store, told, replace(SENT, message="78"))
    await happens(store, chat, 10)

    assert list(anew) == [chat.endpoint.id]
    assert told.card.silent
    assert shown(told) == ["r8", "r9"]
    [amendment] = await owed(store, AFTERWARDS + MINUTE)
    assert (amendment.message, shown(amendment)) == ("78", ["r8", "r9", "r10"])


async def test_a_message_that_shows_all_is_followed_by_none(store: Store):
    chat = await burst(store)
    await happens(store, chat, 7)
    [amendment] = await owed(store)
    await store.outbox.amended(amendment, None, AFTERWARDS)

    assert await store.outbox.not_amended(amendment, AFTERWARDS) == {}
    assert await claim(store, chat.endpoint.id, AFTERWARDS) is None


async def test_a_change_that_is_late_by_a_day_is_given_up_and_told(store: Store):
    chat = await burst(store)
    await happens(store, chat, 7)

    await store.outbox.prune(AFTERWARDS + AMEND_LIFE)

    assert await owed(store, AFTERWARDS + 2 * AMEND_LIFE) == []
    told = await claimed(store, chat.endpoint.id, AFTERWARDS + AMEND_LIFE)
    assert shown(told) == ["r7"]


async def test_a_message_that_is_full_is_followed_by_another(store: Store):
    chat = await linked(store)
    most = digests.MOST_PARTS

    facts = [fact(f"r{n}", at=NOW + n * SECOND / 100) for n in range(LIMIT + most + 3)]
    await store.inbox.ingest(chat.account, facts, of(GRID), NOW)

    titles = await titles_sent(store, chat.endpoint.id)
    assert titles[LIMIT:] == [f"{most} trades of Grid BTC in 4 s", "3 trades of Grid BTC"]


@pytest.mark.parametrize(("settlement", "state"), [(DEAD, State.DEAD), (GONE, State.HELD)])
async def test_what_is_told_in_it_ends_as_it_does(store: Store, settlement, state):
    chat = await linked(store)
    await happens(store, chat, *range(1, LIMIT + 3))
    for _ in range(LIMIT):
        await settle(store, await claimed(store, chat.endpoint.id), SENT)

    await settle(store, await claimed(store, chat.endpoint.id), settlement)

    found = [end for end, _, _ in (await ends(store)).values()][LIMIT:]
    assert found == [state if state is State.DEAD else State.COALESCED] * 2
    await store.links.end(chat.id, NOW)
    assert (await states(store)).get(State.COALESCED, 0) == 0


async def test_nothing_is_told_in_a_message_that_has_ended(store: Store):
    chat = await linked(store)
    await happens(store, chat, *range(1, LIMIT + 2))
    for _ in range(LIMIT):
        await settle(store, await claimed(store, chat.endpoint.id), SENT)
    await settle(store, await claimed(store, chat.endpoint.id), DEAD)

    await happens(store, chat, 7)

    assert await titles_sent(store, chat.endpoint.id) == ["1 trade of Grid BTC"]


async def test_a_crowd_digest_takes_all_that_it_tells_of(store: Store):
    chat = await linked(store)
    await happens(store, chat, *range(1, LIMIT + 4))
    await happens(store, chat, *range(20, 20 + CROWD), matter=None)

    told = await claimed(store, chat.endpoint.id)
    await settle(store, told, SENT)
    await happens(store, chat, 9)

    assert told.card.title.startswith(f"{LIMIT + 3 + CROWD} events")
    assert {into for _, _, into in list((await ends(store)).values())[: LIMIT + 3]} == {told.id}
    assert await titles_sent(store, chat.endpoint.id) == ["1 trade of Grid BTC"]


async def test_what_the_message_in_the_old_chat_does_not_show_is_told_in_the_new_one(store: Store):
    chat = await burst(store, LIMIT + 2)
    await happens(store, chat, 8, 9)
    await happens(store, chat, 10, matter=None)
    moved = Settlement(
        state=State.READY, reason=Reason.MOVED, not_before=NOW, counts=False, moved_to="-200"
    )

    await settle(store, await claimed(store, chat.endpoint.id, AFTERWARDS), moved)

    assert await owed(store) == []
    told = await claimed(store, chat.endpoint.id, AFTERWARDS)
    assert (told.address.chat, shown(told)) == ("-200", ["r8", "r9"])


async def test_what_is_not_shown_when_the_link_ends_is_cancelled(store: Store):
    chat = await burst(store, LIMIT + 2)
    await happens(store, chat, 8, 9)

    await store.links.end(chat.id, AFTERWARDS)

    assert await states(store) == {State.SENT: 6, State.COALESCED: 2, State.CANCELLED: 2}
    assert await owed(store) == []


async def test_a_restart_finds_the_message(lasting_url: str, open_again: OpenStore):
    async with open_again(lasting_url) as store:
        chat = await burst(store, LIMIT + 1)
        await happens(store, chat, 7)
    async with open_again(lasting_url) as store:
        await happens(store, chat, 8)

        [amendment] = await owed(store)
        assert shown(amendment) == ["r6", "r7", "r8"]
        assert await claim(store, chat.endpoint.id, AFTERWARDS) is None


# --- repeats ------------------------------------------------------------------------------


async def test_a_repeat_is_counted_in_the_first_message(store: Store):
    chat = await failure(store)

    result = await fails(store, chat, 2, 3)

    assert result.folded == 2
    assert result.owed == {}
    [amendment] = await owed(store)
    assert amendment.message == SENT.message
    assert as_shown(amendment.delivery.card).lines == ("x3, last 12:00 UTC",)
    assert {reason for _, reason, _ in list((await ends(store)).values())[1:]} == {
        Reason.COUNTED_UP
    }


@pytest.mark.parametrize(
    "settlement", [again(NOW + MINUTE), unclear(NOW + MINUTE), DEAD, GONE, None]
)
async def test_it_is_told_by_itself_unless_the_first_is_certainly_shown(store: Store, settlement):
    chat = await linked(store)
    await fails(store, chat, 1)
    first = await claimed(store, chat.endpoint.id)
    if settlement is not None:
        await settle(store, first, settlement)

    result = await fails(store, chat, 2)

    assert result.folded == 0


async def test_a_repeat_that_cannot_be_counted_is_told_and_takes_the_next(store: Store):
    chat = await failure(store)
    await fails(store, chat, 2, 3)
    [amendment] = await owed(store)

    await store.outbox.not_amended(amendment, AFTERWARDS)
    told = await claimed(store, chat.endpoint.id, AFTERWARDS)
    await settle(store, told, replace(SENT, message="78"))
    await fails(store, chat, 5)

    assert (told.card.title, told.card.silent) == ("No balance", True)
    assert as_shown(told.card).lines == ("x2, last 12:00 UTC",)
    [amendment] = await owed(store)
    assert amendment.message == "78"
    assert as_shown(amendment.delivery.card).lines == ("x3, last 12:00 UTC",)


async def test_nothing_more_is_counted_in_a_message_that_cannot_be_changed(store: Store):
    chat = await failure(store)
    await fails(store, chat, 2)
    [amendment] = await owed(store)
    await store.outbox.not_amended(amendment, AFTERWARDS)

    result = await fails(store, chat, 3)

    assert result.folded == 0


async def test_one_that_is_told_anew_in_a_closed_chat_waits_for_it(store: Store):
    chat = await failure(store)
    await fails(store, chat, 2)
    [amendment] = await owed(store)
    await store.links.disable(address(), GONE.reason, NOW)

    await store.outbox.not_amended(amendment, AFTERWARDS)

    assert await states(store) == {State.SENT: 1, State.HELD: 1}


async def test_two_processes_tell_each_once(
    request: pytest.FixtureRequest, tmp_path: Path, open_again: OpenStore
):
    """Each remembers only what it has owed itself."""
    url = lasting("postgresql", request, tmp_path)
    async with open_again(url) as one, open_again(url) as other:
        chat = await linked(one)
        for number in range(1, 13):
            await happens((one, other)[number % 2], chat, number)

        titles = await titles_sent(one, chat.endpoint.id)
        into = [digest for _, _, digest in (await ends(one)).values()]

    singly = [f"r{number}" for number, digest in enumerate(into, 1) if digest is None]
    assert titles == [*singly, f"{12 - len(singly)} trades of Grid BTC in 2 s"]
    assert len(singly) < 2 * LIMIT
