"""The message of a trade: what it costs to find it, and what becomes of what it tells of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.cards import as_shown
from bot.domain.chats import Channel, Link
from bot.domain.deliveries import Priority, State
from bot.domain.events import Event, Trade
from bot.domain.ids import TraderId
from bot.domain.reasons import Reason
from bot.policy.news import decide
from storage import Store
from storage.schema.tables import delivery
from tests.contract.storage.given import (
    MINUTE,
    NOW,
    SECOND,
    SENT,
    claimed,
    fact,
    linked,
    settle,
)
from tests.contract.storage.test_schema import explained, tracing

FIRST = replace(
    fact(),
    side="buy",
    order="placed",
    symbol="BTC/USDT",
    amount=Decimal(1),
    trader=TraderId("owl"),
    trade_id="7",
)
FILLED = replace(FIRST, order=None, changed=True, changed_at=NOW + MINUTE)
CLOSED = replace(FILLED, side="exit", final=True, changed_at=NOW + 2 * MINUTE)
LOSS = replace(CLOSED, profit=Decimal(-50), profit_ratio=Decimal("-0.05"))


async def taken(store: Store, chat: Link, *events: Event, at=NOW) -> None:
    ids = (f"id-{number}" for number in range(100))
    judge = partial(decide, now=at, new_id=lambda: next(ids), asked={})
    await store.inbox.ingest(chat.account, events, judge, at)


async def sent(store: Store, chat: Link, message: str = "77") -> None:
    item = await claimed(store, chat.endpoint.id)
    await settle(store, item, replace(SENT, message=message))


async def rows(store: Store) -> list[tuple[Any, ...]]:
    """State, reason, what it goes on with, and how much its own message does not show."""
    wanted = select(delivery.c.state, delivery.c.reason, delivery.c.digest, delivery.c.untold)
    found = await store.database.read(
        lambda connection: connection.execute(wanted.order_by(delivery.c.id)).all()
    )
    return [tuple(row) for row in found]


async def test_a_step_is_told_once_the_message_shows_it(store: Store):
    chat = await linked(store)
    await taken(store, chat, FIRST)
    await sent(store, chat)
    await taken(store, chat, FILLED)
    before = await rows(store)

    [amendment] = (await store.outbox.amendments(Channel.TELEGRAM, "1", NOW + MINUTE)).now
    await taken(store, chat, CLOSED)
    await store.outbox.amended(amendment, None, NOW + MINUTE)

    assert [row[0] for row in before] == [State.SENT, State.COALESCED]
    assert [row[:2] for row in await rows(store)] == [
        (State.SENT, "sent"),
        (State.SENT, Reason.EDITED_IN),
        (State.COALESCED, Reason.EDITED_IN),
    ]
    assert (await rows(store))[0][3] == 1


async def test_steps_that_a_waiting_message_took_are_told_with_it(store: Store):
    chat = await linked(store)
    await taken(store, chat, FIRST)
    await taken(store, chat, FILLED)
    item = await claimed(store, chat.endpoint.id)
    await taken(store, chat, CLOSED)

    await settle(store, item, SENT)

    assert [row[0] for row in await rows(store)] == [State.SENT, State.SENT, State.COALESCED]
    assert item.card.title.startswith("Bought 1 BTC/USDT")


async def test_what_rings_replies_to_the_first_message(store: Store):
    chat = await linked(store)
    await taken(store, chat, FIRST)
    await sent(store, chat, "77")
    await taken(store, chat, LOSS)

    item = await claimed(store, chat.endpoint.id)

    assert item.replies_to == "77"
    assert item.card.title == "Closed 1 BTC/USDT"


async def test_what_leaves_at_once_replies_to_it_too(store: Store):
    chat = await linked(store)
    await taken(store, chat, FIRST)
    await sent(store, chat, "77")
    idle = frozenset({chat.endpoint.id})
    judge = partial(decide, now=NOW, new_id=iter("abcdef").__next__, asked={})

    ingested = await store.inbox.ingest(chat.account, [LOSS], judge, NOW, None, idle)

    assert [one.replies_to for one in ingested.preclaimed] == ["77"]


async def test_what_cannot_be_shown_there_goes_on_in_reply_to_it(store: Store):
    chat = await linked(store)
    await taken(store, chat, FIRST)
    await sent(store, chat, "77")
    await taken(store, chat, FILLED, CLOSED)
    [amendment] = (await store.outbox.amendments(Channel.TELEGRAM, "1", NOW + MINUTE)).now

    await store.outbox.not_amended(amendment, NOW + MINUTE)
    item = await claimed(store, chat.endpoint.id, NOW + MINUTE)

    assert item.replies_to == "77"
    assert as_shown(item.card).lines[-2:] == ("12:01 UTC Bought 1", "12:02 UTC Closed 1")
    assert item.card.silent


async def test_steps_in_a_crowd_are_told_by_its_digest(store: Store):
    chat = await linked(store)
    await taken(store, chat, FIRST)
    await taken(store, chat, FILLED)
    for number in range(21):
        other = replace(fact(f"other-{number}"), side="buy", trader=TraderId(f"bot-{number}"))
        await taken(store, chat, other)

    item = await claimed(store, chat.endpoint.id)
    await settle(store, item, SENT)

    assert item.card.title.startswith("23 events")
    told = [row for row in await rows(store) if row[0] is State.COALESCED]
    assert {row[1:3] for row in told} == {(Reason.IN_A_DIGEST, item.id)}
    assert len(told) == 23


async def test_another_link_of_the_chat_is_told_by_a_message_of_its_own(store: Store):
    chat = await linked(store)
    await taken(store, chat, FIRST)
    await sent(store, chat)
    await store.links.end(chat.id, NOW + SECOND)
    chat = await linked(store)

    await taken(store, chat, FILLED, at=NOW + MINUTE)

    assert (await rows(store))[-1][:3] == (State.READY, "new", None)


def another() -> Trade:
    return replace(fact("r2"), side="buy", symbol="BTC/USDT", trader=TraderId("owl"))


@pytest.mark.parametrize(
    ("event", "looks"),
    [
        (replace(another(), symbol="ETH/USDT"), 0),
        (replace(another(), parent="r1"), 1),
        (FILLED, 1),
        (LOSS, 1),
    ],
)
async def test_a_message_is_looked_for_once_by_indexes_where_one_may_be(
    sqlite_url: str, open_again, event: Trade, looks: int
):
    async with open_again(sqlite_url) as store:
        chat = await linked(store)
        await taken(store, chat, FIRST)
        await sent(store, chat)
        statements: list[str] = []
        await store.database.write(tracing, statements.append)

        await taken(store, chat, event, at=NOW + timedelta(hours=1))

        await store.database.write(tracing, None)
        looked = [one for one in statements if "of_signal" in one]
        plans = await store.database.write(explained, tuple(looked))
    assert len(looked) == looks
    searched: list[Any] = [plan for plan in plans if "SEARCH delivery" in plan]
    assert len(searched) == 3 * looks
    assert all("link=? AND kind=? AND record=?" in one or "trade=?" in one for one in searched)


async def test_as_long_as_a_step_is_worth_sending_its_message_is(store: Store):
    chat = await linked(store)
    await taken(store, chat, FIRST)
    later = NOW + timedelta(days=2)
    await taken(store, chat, replace(FILLED, changed_at=later), at=later)

    item = await claimed(store, chat.endpoint.id, later + timedelta(days=2))

    assert item.priority is Priority.NORMAL
    assert item.card.title.startswith("Bought 1 BTC/USDT")
