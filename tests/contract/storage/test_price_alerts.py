"""Price alerts: kept with what they have seen, and owed once for each time that they ring."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count

from bot.domain.chats import Link
from bot.domain.events import Kind, Origin, PriceCrossed
from bot.domain.price_alerts import MOST_ALERTS, Crossing, PriceAlert, PriceSeen, Span, looked
from bot.policy.news import decide
from storage import Store
from tests.contract.storage.given import NOW, linked

SEEN = PriceSeen(Decimal("0.00000123456789"), NOW)


def alert(chat: Link, id: str = "alert", **facts) -> PriceAlert:
    made = PriceAlert(
        id=id,
        account=chat.account,
        pair="BTC/USDT",
        what=Crossing.ABOVE,
        amount=Decimal("50000.5"),
        made_at=NOW,
    )
    return replace(made, **facts)


async def rings(store: Store, one: PriceAlert) -> tuple[int, PriceAlert]:
    """How many chats are owed it, and as it is then."""
    after, rung = looked(one, Decimal(50001), NOW)
    assert rung is not None
    origin = Origin(kind=Kind.PRICE, record=one.id, revision=str(after.rung), at=NOW)
    event = PriceCrossed(origin=origin, alert=after, rung=rung)
    ids = map(f"{one.id} {after.rung} {{}}".format, count())
    judge = partial(decide, now=NOW, new_id=lambda: next(ids), asked={})
    return (await store.inbox.ingest(one.account, (event,), judge, NOW)).told, after


async def test_it_is_kept_as_it_was_made_with_what_it_has_seen_and_removed(store: Store):
    chat = await linked(store)
    level = alert(chat, seen=SEEN, armed=False)
    move = alert(
        chat,
        "move",
        what=Crossing.FALLS,
        within=timedelta(minutes=15),
        repeats=True,
        spans=(Span(SEEN, replace_at(SEEN)),),
        made_at=NOW + timedelta(seconds=1),
    )
    alerts = store.price_alerts

    assert [await alerts.make(one) for one in (level, level, move)] == [True] * 3
    assert await alerts.of(chat.account) == [level, move]
    await alerts.keep([replace(level, armed=True), replace(move, rung=1, spans=())])
    assert await alerts.of(chat.account) == [replace(level, armed=True), move], "of another count"
    assert not await alerts.remove(chat.account, "another")
    assert await alerts.remove(chat.account, level.id)
    assert await alerts.of(chat.account) == [move]


def replace_at(seen: PriceSeen) -> PriceSeen:
    return PriceSeen(seen.price * 2, seen.at + timedelta(microseconds=1))


async def test_an_account_has_so_many_at_most(store: Store):
    chat = await linked(store)
    for number in range(MOST_ALERTS):
        assert await store.price_alerts.make(alert(chat, str(number)))

    assert not await store.price_alerts.make(alert(chat, "one more"))


async def test_it_is_owed_once_each_time_and_one_that_rings_once_is_gone(store: Store):
    chat = await linked(store)
    once, often = alert(chat), alert(chat, "often", repeats=True)
    for one in (once, often):
        await store.price_alerts.make(one)

    told, after = await rings(store, often)

    assert (await rings(store, once))[0] == told == 1
    assert (await rings(store, once))[0] == (await rings(store, often))[0] == 0
    assert await store.price_alerts.of(chat.account) == [after]
    told, later = await rings(store, replace(after, armed=True))
    assert told == 1
    assert (await rings(store, often))[0] == 0
    assert await store.price_alerts.of(chat.account) == [later], "a repeat takes nothing back"


async def test_what_was_removed_meanwhile_rings_no_more(store: Store):
    chat = await linked(store)
    await store.price_alerts.make(alert(chat))
    await store.price_alerts.remove(chat.account, "alert")

    assert (await rings(store, alert(chat)))[0] == 0
