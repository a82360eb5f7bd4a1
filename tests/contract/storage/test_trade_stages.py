"""A trade's record that changes: its fact is kept and told once for each stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from bot.domain.events import Trade
from bot.domain.ids import AccountId
from bot.domain.ingesting import IngestResult
from bot.policy.news import decide
from storage import Store
from storage.schema.tables import inbox
from tests.contract.storage.given import MINUTE, NOW, fact, linked

DAY = timedelta(days=1)


async def taken(store: Store, account: AccountId, *trades: Trade) -> IngestResult:
    ids = (f"id-{number}" for number in range(100))
    judge = partial(decide, now=NOW, new_id=lambda: next(ids), asked={})
    return await store.inbox.ingest(account, trades, judge, NOW)


PLACED = replace(fact(), side="buy", order="placed")
FILLED = replace(fact(), side="buy", changed=True, changed_at=NOW + MINUTE)
CLOSED = replace(FILLED, side="exit", final=True, changed_at=NOW + 2 * MINUTE)


async def test_each_stage_is_told_once_in_its_order(store: Store):
    account = (await linked(store)).account

    counts = [await taken(store, account, one) for one in (PLACED, FILLED, FILLED, PLACED, CLOSED)]
    again = await taken(store, account, PLACED, FILLED, CLOSED)

    assert [one.new for one in counts] == [1, 1, 0, 0, 1]
    assert (again.new, again.known) == (0, 3)
    kept = await store.database.read(
        lambda connection: [*connection.execute(select(inbox.c.at, inbox.c.told))]
    )
    assert sorted(kept) == [(NOW, True), (NOW + MINUTE, True), (NOW + 2 * MINUTE, True)]


async def test_stages_that_come_together_are_compared_with_each_other(store: Store):
    account = (await linked(store)).account

    assert (await taken(store, account, PLACED, CLOSED, FILLED)).new == 2


async def test_stages_of_one_account_are_none_of_another(store: Store):
    first = (await linked(store)).account
    second = (await linked(store, "200", "bob")).account

    assert (await taken(store, first, CLOSED)).new == 1
    assert (await taken(store, second, FILLED, CLOSED)).new == 2


@pytest.mark.parametrize(("closed", "new"), [(None, 0), (NOW - 2 * DAY, 0), (NOW - MINUTE, 1)])
async def test_an_old_trade_that_was_never_told_is_news_only_if_it_has_just_closed(
    store: Store, closed, new
):
    account = (await linked(store)).account
    old = replace(CLOSED, origin=replace(CLOSED.origin, at=NOW - 9 * DAY), closed_at=closed)

    assert (await taken(store, account, old)).new == new
