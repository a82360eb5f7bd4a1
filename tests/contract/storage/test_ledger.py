"""The ledger: one row for each trade, exact, and what is not known stays unknown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import select

from bot.domain.chats import Link
from bot.domain.events import WHOLE, Event, Kind, Position, Stream, Sweep, Trade, Trader, TraderSeen
from bot.domain.figures import Detail
from bot.domain.ids import AccountId, TraderId
from bot.domain.ingesting import Decide, Known, NewsDecision, Progress
from bot.domain.ledger import Entry
from bot.domain.results import Money, Results, sums
from bot.policy.news import decide, remember_only
from bot.services.earnings import earned as figures
from storage import Store
from storage.engine.database import each
from storage.ledger.entries import keep_entries
from storage.schema.rows import AnyRow
from storage.schema.tables import ledger
from tests.contract.storage.given import MINUTE, NOW, fact, linked

HOUR = timedelta(hours=1)
OPENED = replace(
    fact(),
    side="entry long",
    symbol="BTC/USDT",
    amount=Decimal("0.5"),
    price=Decimal(42000),
    trader=TraderId("owl"),
    opened_at=NOW,
)
CLOSED = replace(
    OPENED,
    side="exit long",
    price=Decimal("42400.123456789012"),
    profit=Decimal("200.10"),
    profit_ratio=Decimal("0.0095"),
    reason="roi",
    final=True,
    changed=True,
    changed_at=NOW + HOUR,
    closed_at=NOW + HOUR,
)


def judged() -> Decide:
    ids = (f"id-{number}" for number in range(1000))
    return partial(decide, now=NOW + HOUR, new_id=lambda: next(ids), asked={})


async def take(store: Store, account: AccountId, *events: Event) -> None:
    await store.inbox.ingest(account, events, judged(), NOW + HOUR)


async def rows(store: Store) -> Sequence[AnyRow]:
    return await store.database.read(
        lambda connection: connection.execute(select(ledger).order_by(ledger.c.record)).all()
    )


async def earned(store: Store, account: AccountId, since: datetime = NOW) -> Results:
    return await store.ledger.results(account, since)


async def test_a_trade_is_one_row_that_says_all_that_was_told_of_it(store: Store):
    account = (await linked(store)).account

    await take(store, account, OPENED)
    await take(store, account, CLOSED)

    [row] = await rows(store)
    assert (row.account, row.record, row.trader, row.pair) == (account, "r1", "owl", "BTC/USDT")
    assert (row.side, row.amount, row.price) == ("exit long", Decimal("0.5"), CLOSED.price)
    assert (row.result, row.currency, row.ratio) == (CLOSED.profit, "USDT", CLOSED.profit_ratio)
    assert (row.reason, row.opened_at, row.closed_at) == ("roi", NOW, NOW + HOUR)
    assert row.at == NOW + HOUR
    assert row.at.utcoffset() == timedelta(0)


async def test_what_is_not_told_is_not_known_and_no_nought(store: Store):
    account = (await linked(store)).account

    await take(store, account, fact())

    [row] = await rows(store)
    unknown = "number trader pair side amount price fee fee_currency result ratio reason paper"
    assert {name: getattr(row, name) for name in unknown.split()} == dict.fromkeys(unknown.split())
    assert (await earned(store, account)).entries == ()


async def test_an_older_record_takes_the_place_of_no_newer_one(store: Store):
    account = (await linked(store)).account
    stale = replace(OPENED, changed=True, changed_at=NOW + MINUTE, amount=Decimal(9))

    await take(store, account, CLOSED)
    await store.inbox.ingest(account, [OPENED, stale], remember_only, NOW + HOUR)

    [row] = await rows(store)
    assert (row.side, row.amount, row.result) == ("exit long", Decimal("0.5"), CLOSED.profit)


async def test_of_two_records_of_one_age_the_one_that_goes_further_stays(store: Store):
    account = (await linked(store)).account
    undated = replace(CLOSED, changed_at=None, closed_at=None)

    await take(store, account, undated, OPENED)
    await store.inbox.ingest(account, [OPENED], remember_only, NOW + HOUR)

    [row] = await rows(store)
    assert row.result == CLOSED.profit


async def test_a_newer_record_that_says_less_forgets_nothing(store: Store):
    account = (await linked(store)).account
    bare = replace(fact(), final=True, changed=True, changed_at=NOW + 2 * HOUR, rest="cancelled")

    await take(store, account, CLOSED, bare)

    [row] = await rows(store)
    assert (row.result, row.trader) == (CLOSED.profit, "owl")


async def test_an_order_without_a_fill_is_no_trade(store: Store):
    account = (await linked(store)).account

    await take(store, account, replace(OPENED, order="placed"))

    assert await rows(store) == []


async def test_whose_money_it_is_the_bot_says_where_the_trade_does_not(store: Store):
    account = (await linked(store)).account
    bot = Trader(id=TraderId("owl"), dry_run=True)

    await take(
        store, account, TraderSeen(origin=replace(fact().origin, kind=Kind.TRADER), trader=bot)
    )
    await take(store, account, CLOSED)

    assert sums((await earned(store, account)).entries) == {Money("USDT", True): CLOSED.profit}


async def test_what_fails_leaves_no_row(store: Store):
    account = (await linked(store)).account

    def fail(event: Event, known: Known) -> NewsDecision:
        if event is OPENED:
            return judged()(event, known)
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await store.inbox.ingest(account, [OPENED, CLOSED], fail, NOW)

    assert await rows(store) == []


async def test_results_say_from_when_on_they_are_whole(store: Store):
    account = (await linked(store)).account
    before = (await earned(store, account)).whole_from

    begun = Progress(stream=Stream.TRADES, position=Position(at=NOW))
    await store.inbox.ingest(account, (), remember_only, NOW, begun)
    linked_from = (await earned(store, account)).whole_from
    part = Progress(stream=Sweep.LEDGER, position=Position(at=NOW - HOUR, record="r0"))
    await store.inbox.ingest(account, (), remember_only, NOW, part)
    partly = (await earned(store, account)).whole_from
    done = Progress(stream=Sweep.LEDGER, position=Position(at=NOW, record=WHOLE))
    await store.inbox.ingest(account, (), remember_only, NOW, done)
    whole = (await earned(store, account)).whole_from

    assert (before, linked_from, partly) == (None, NOW, NOW)
    assert whole == datetime.min.replace(tzinfo=UTC)


async def test_what_was_closed_later_is_no_part_of_a_record_that_ends(store: Store):
    account = (await linked(store)).account
    origin = replace(CLOSED.origin, record="r2")
    await take(store, account, CLOSED, replace(CLOSED, origin=origin, profit=None))

    async def counted(until: datetime | None) -> list[tuple[int, int]]:
        of_owl = frozenset([TraderId("owl")])
        found = [await store.ledger.record(account, NOW, of, until) for of in (None, of_owl)]
        return [(len(one.trades), one.untold) for one in found]

    assert await counted(NOW + HOUR) == [(0, 0)] * 2
    assert await counted(NOW + HOUR + MINUTE) == await counted(None) == [(1, 1)] * 2


@pytest.mark.parametrize("detail", Detail)
async def test_of_each_trade_only_what_is_asked_is_told(store: Store, detail: Detail):
    account = (await linked(store)).account
    await take(store, account, CLOSED)

    [whole] = (await store.ledger.record(account, NOW)).trades
    [told] = (await store.ledger.record(account, NOW, details=(detail,))).trades

    assert all(getattr(whole, each) is not None for each in Detail)
    unasked = set(Detail) - {detail}
    assert told._asdict() == whole._asdict() | dict.fromkeys(unasked)


async def test_fills_after_its_end_are_no_part_of_a_record_that_is_computed_of_them(store: Store):
    account = (await linked(store)).account
    for hours, side in enumerate(("buy", "sell", "sell")):
        at = NOW + hours * HOUR
        origin = replace(OPENED.origin, record=f"r{hours}", at=at)
        await take(store, account, replace(OPENED, origin=origin, side=side, opened_at=None))

    record = await figures(store.ledger, account, NOW, until=NOW + 2 * HOUR)
    whole = await figures(store.ledger, account, NOW)

    assert (len(record.trades), record.method.unmatched) == (1, 0)
    assert (len(whole.trades), whole.method.unmatched) == (1, 1)


async def test_what_is_judged_knows_what_was_earned_today_with_what_came_just_before(store: Store):
    link = await linked(store)
    seen: list[list[Decimal]] = []

    def look(event: Event, known: Known) -> NewsDecision:
        seen.append([] if known.results is None else [one.value for one in known.results.entries])
        return judged()(event, known)

    async def come(*trades: Trade) -> None:
        await store.inbox.ingest(link.account, trades, look, NOW + HOUR)

    await come(OPENED)
    await come(CLOSED, closed("r2", "-3"))
    await come(closed("r3", "1"))

    assert seen == [[], [], [Decimal("200.10")], [Decimal("200.10"), Decimal(-3)]]


def closed(record: str, profit: str) -> Trade:
    return replace(CLOSED, origin=replace(CLOSED.origin, record=record), profit=Decimal(profit))


@each
def _fill(connection, account: AccountId) -> None:
    """Three hundred trades a day, for eleven months."""
    entries = [
        (
            account,
            Entry(
                record=f"r{number}",
                at=(at := NOW - number * timedelta(minutes=4.8)),
                as_of=at,
                step=3,
                trader=TraderId(f"bot-{number % 10}"),
                result=Decimal(number % 7 - 3) / 10,
                currency="USDT",
                paper=False,
            ),
        )
        for number in range(100_000)
    ]
    keep_entries(connection, entries)


async def test_a_day_out_of_a_hundred_thousand_trades_is_there_at_once(lasting_url, open_again):
    """The limit is ten times what it takes, for a machine that is busy."""
    async with open_again(lasting_url) as store:
        link: Link = await linked(store)
        await store.database.write(_fill, link.account)

        begun = time.perf_counter()
        day = await earned(store, link.account, NOW - timedelta(days=1))
        took = time.perf_counter() - begun

    assert len(day.entries) == 301
    assert sum(sums(day.entries).values()) == sum(one.value for one in day.entries)
    assert took < 0.1
