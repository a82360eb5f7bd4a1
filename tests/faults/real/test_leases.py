"""Processes that share a database and stop at the wrong moment, or have the wrong time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import partial

import pytest

from bot.app.sources import new_id, now
from bot.domain.deliveries import State
from bot.domain.ids import AccountId
from storage import Store, open_store
from tests.contract.storage.given import fact, linked, tell_all
from tests.fakes.messenger import Shown
from tests.faults.real.workers import PATIENCE, TERM, Start, Worker
from tests.harness import waiting
from tests.harness.judge import assert_kept_at_last

until = partial(waiting.until, within=PATIENCE)

LIFE = TERM.life
LONGER = 2.4
"""Seconds that are enough for a lease to lapse and for another process to notice."""


@pytest.fixture
async def store(postgres_without_rows: str, secret_key: str) -> AsyncIterator[Store]:
    async with open_store(postgres_without_rows, [secret_key], now, new_id) as opened:
        yield opened


@pytest.fixture
async def account(store: Store) -> AccountId:
    return (await linked(store)).account


@pytest.fixture
def shown() -> list[Shown]:
    """What the device shows, whichever process sent it."""
    return []


@pytest.fixture
def worker(postgres_without_rows: str, secret_key: str, shown: list[Shown]) -> Iterator[Start]:
    started: list[Worker] = []

    def start(name: str, **facts: object) -> Worker:
        one = Worker(name, postgres_without_rows, secret_key, shown, **facts)  # type: ignore[arg-type]
        started.append(one.start())
        return one

    yield start
    for one in started:
        one.kill()


async def owe(store: Store, account: AccountId, *records: str) -> None:
    """Each ingested by itself, as events come."""
    for record in records:
        await store.inbox.ingest(account, [fact(record, at=now())], tell_all(), now())


async def sent(store: Store, many: int) -> None:
    """Wait until so many are."""
    async with asyncio.timeout(PATIENCE):
        while (await store.outbox.counts())[State.SENT] < many:  # noqa: ASYNC110 as above
            await asyncio.sleep(0.02)


def titles(shown: list[Shown]) -> list[str]:
    return [one.card.title for one in shown]


@pytest.mark.fault(53)
async def test_a_process_whose_loop_was_blocked_past_its_lease_ends_and_another_goes_on(
    store: Store, account, shown, worker: Start
):
    first = worker("first")
    await until(first.works.is_set)
    second = worker("second")
    await owe(store, account, "a", "b")
    await sent(store, 2)

    first.stop_for(LONGER)
    await owe(store, account, "c", "d")
    await until(second.works.is_set)
    await owe(store, account, "e", "f")
    await until(first.ended.is_set)
    await owe(store, account, "g")
    await sent(store, 7)

    assert first.superseded.is_set()
    assert not second.superseded.is_set()
    assert titles(shown) == list("abcdefg")
    assert (await assert_kept_at_last(store, shown))[State.SENT] == 7


@pytest.mark.fault(60)
async def test_a_process_that_is_stopped_while_a_message_is_out_sends_no_third_copy(
    store: Store, account, shown, worker: Start
):
    first = worker("first", seconds=0.3)
    await until(first.works.is_set)
    await owe(store, account, "a", "b")
    await until(lambda: len(shown) == 1)
    first.stop_for(LONGER)
    second = worker("second")

    await until(second.works.is_set)
    await until(first.ended.is_set)
    await owe(store, account, "c")
    await sent(store, 3)

    assert first.superseded.is_set()
    assert titles(shown) == ["a", "a", "b", "c"]
    assert (await assert_kept_at_last(store, shown))[State.SENT] == 3


@pytest.mark.fault(60)
async def test_a_process_that_is_stopped_between_claim_and_send_does_not_send_on_an_old_claim(
    store: Store, account, shown, worker: Start
):
    first = worker("first", stops_after_claim=LONGER)
    await until(first.works.is_set)
    await owe(store, account, "a", "b")
    second = worker("second")

    await until(second.works.is_set)
    await until(first.ended.is_set)
    await owe(store, account, "c")
    await sent(store, 3)

    assert first.superseded.is_set()
    assert titles(shown) == ["a", "b", "c"]
    assert (await assert_kept_at_last(store, shown))[State.SENT] == 3


@pytest.mark.fault(61)
@pytest.mark.parametrize("minutes", [5, -5])
async def test_of_two_processes_with_clocks_far_apart_one_works_and_the_other_stands_by(
    store: Store, account, shown, worker: Start, minutes: int
):
    first = worker("first")
    await until(first.works.is_set)
    second = worker("second", skew=timedelta(minutes=minutes))
    for record in "abcdef":
        await owe(store, account, record)
        await asyncio.sleep(LIFE.total_seconds() / 3)
    stood_by = not second.works.is_set()

    first.kill()
    await until(second.works.is_set)
    await owe(store, account, "g", "h")
    await sent(store, 8)

    assert stood_by
    assert not first.superseded.is_set()
    assert titles(shown) == list("abcdefgh")
    assert (await assert_kept_at_last(store, shown))[State.SENT] == 8
