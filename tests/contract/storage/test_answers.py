"""The last answers of the platform: of one account, over a restart, while they help."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.answers import KEPT_FOR, LONGEST, MOST_KEPT, Answer
from bot.domain.events import Kind, Origin, PodEvent, Signal, Trade
from bot.domain.pods import Balance, Holding, Lock
from storage import Store
from storage.schema.tables import answer
from tests.contract.storage.given import NOW, linked

ORIGIN = Origin(kind=Kind.SIGNAL, record="s1", at=NOW, owner="alice")
SIGNALS = (
    Signal(
        origin=ORIGIN, pair="BTC/USDT", confidence=Decimal("0.80"), prices=(("to", Decimal(2)),)
    ),
    Signal(origin=ORIGIN),
)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (SIGNALS, tuple[Signal, ...]),
        ((), tuple[Signal, ...]),
        (("BTC/USDT", "ETH/USDT"), tuple[str, ...]),
        ((PodEvent(origin=ORIGIN, trade=Trade(origin=ORIGIN, final=True)),), tuple[PodEvent, ...]),
        ((Lock(pair="*", until=NOW, reason=None),), tuple[Lock, ...]),
        (
            Balance(
                holdings=(Holding(currency="BTC", amount=Decimal("0.10"), free=None),),
                worth=Decimal(812),
                currency="USDT",
            ),
            Balance,
        ),
    ],
)
async def test_an_answer_comes_back_as_it_was_given(store: Store, given, kind):
    chat = await linked(store)

    await store.answers.keep(chat.account, "balance owl", "an older one", NOW)
    await store.answers.keep(chat.account, "balance owl", given, NOW + timedelta(minutes=1))

    found = await store.answers.last(chat.account, "balance owl", kind, NOW)
    assert found == Answer(given, NOW + timedelta(minutes=1))


async def test_an_answer_is_of_its_account_and_question_alone(store: Store):
    mine = await linked(store, "100100", "alice")
    yours = await linked(store, "200200", "bob")

    await store.answers.keep(mine.account, "signals", SIGNALS, NOW)

    for account, question in ((yours.account, "signals"), (mine.account, "locks owl")):
        assert await store.answers.last(account, question, tuple[Signal, ...], NOW) is None


async def test_an_answer_of_another_shape_is_none(store: Store):
    chat = await linked(store)
    await store.answers.keep(chat.account, "balance owl", (("BTC", "1"),), NOW)

    for kind in (Balance, tuple[Lock, ...]):
        assert await store.answers.last(chat.account, "balance owl", kind, NOW) is None


async def test_an_answer_goes_when_it_is_old_forgotten_or_too_long(store: Store):
    chat = await linked(store)
    for question in ("one", "two", "three"):
        await store.answers.keep(chat.account, question, ("words",), NOW)

    await store.answers.forget(chat.account, "one")
    await store.answers.keep(chat.account, "two", ("x" * LONGEST,), NOW)

    async def kept(question, now=NOW):
        return await store.answers.last(chat.account, question, tuple[str, ...], now)

    assert [await kept(one) for one in ("one", "two")] == [None, None]
    assert await kept("three") == Answer(("words",), NOW)
    assert await kept("three", NOW + KEPT_FOR + timedelta(seconds=1)) is None
    await store.prune(NOW + KEPT_FOR + timedelta(seconds=1))
    assert (
        await store.database.read(lambda connection: connection.execute(answer.select()).all())
        == []
    )


async def test_only_the_latest_answers_of_an_account_are_kept(store: Store):
    chat = await linked(store)
    other = await linked(store, "200200", "bob")
    await store.answers.keep(other.account, "signals", ("kept",), NOW)

    for number in range(MOST_KEPT + 2):
        at = NOW + timedelta(minutes=1 + number)
        await store.answers.keep(chat.account, f"balance {number}", (str(number),), at)

    found = [
        await store.answers.last(chat.account, f"balance {number}", tuple[str, ...], NOW)
        for number in range(MOST_KEPT + 2)
    ]
    assert found[:2] == [None, None]
    assert None not in found[2:]
    assert await store.answers.last(other.account, "signals", tuple[str, ...], NOW) is not None


async def test_nothing_is_kept_of_an_account_that_nobody_is_linked_to(store: Store):
    chat = await linked(store)
    await store.answers.keep(chat.account, "signals", ("words",), NOW)

    await store.links.end(chat.id, NOW)
    assert await store.answers.last(chat.account, "signals", tuple[str, ...], NOW) is None
    await store.answers.keep(chat.account, "signals", ("words",), NOW)

    assert await store.answers.last(chat.account, "signals", tuple[str, ...], NOW) is None
