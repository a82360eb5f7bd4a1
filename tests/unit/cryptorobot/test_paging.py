"""A stream is read on without losing, repeating or dividing an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cryptorobot.calls import FoundPage
from adapters.cryptorobot.paging import PageReading
from bot.domain.events import Page, Position, Stream

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def record(id: object, millisecond: int) -> dict[str, Any]:
    at = NOON + timedelta(milliseconds=millisecond)
    return {"_id": id, "createdAt": at.isoformat(timespec="milliseconds")}


def find(records: list[dict[str, Any]], query: Any, cap: int, counts: bool) -> FoundPage:
    """Answer as Feathers does; equal instants in the order in which they were stored."""
    since = query["createdAt"]["$gte"].removesuffix("Z")
    matching = [one for one in records if one["createdAt"] >= since]
    matching.sort(key=lambda one: str(one["createdAt"]))
    skip, limit = query["$skip"], min(query["$limit"], cap)
    total = len(matching) if counts else None
    return FoundPage(records=tuple(matching[skip : skip + limit]), total=total)


def read(
    records: list[dict[str, Any]], since: Position, *, limit: int, cap: int, counts: bool = True
) -> Page:
    reading = PageReading(
        stream=Stream.TRADES, since=since, limit=limit, received=NOON + timedelta(hours=1)
    )
    while reading.add(find(records, reading.call().query, cap, counts)):
        pass
    return reading.page()


@settings(max_examples=200, deadline=None)
@given(
    instants=st.lists(st.integers(0, 6), max_size=30),
    order=st.randoms(use_true_random=False),
    start=st.integers(-1, 7),
    limit=st.integers(1, 10),
    cap=st.integers(1, 10),
    counts=st.booleans(),
)
def test_reading_on_gives_everything_once_and_in_order(
    instants: list[int], order: Any, start: int, limit: int, cap: int, counts: bool
):
    records = [record(number, at) for number, at in enumerate(instants)]
    order.shuffle(records)
    since = Position(at=NOON + timedelta(milliseconds=start))

    given_out: list[Position] = []
    for _ in range(100):
        page = read(records, since, limit=limit, cap=cap, counts=counts)
        given_out += [Position(at=one.origin.at, record=one.origin.record) for one in page.events]
        if page.last is None or not page.more:
            break
        assert page.last > since
        assert page.last == given_out[-1]
        since = page.last

    expected = [
        Position(at=NOON + timedelta(milliseconds=at), record=str(number))
        for number, at in enumerate(instants)
        if at >= start
    ]
    assert given_out == sorted(expected)


@settings(max_examples=100, deadline=None)
@given(instants=st.lists(st.integers(0, 6), min_size=1, max_size=30), index=st.integers(0, 29))
def test_reading_from_a_record_gives_what_is_beyond_it(instants: list[int], index: int):
    records = [record(f"{number:02}", at) for number, at in enumerate(instants)]
    whole = read(records, Position(at=NOON), limit=100, cap=100).events
    anchor = whole[index % len(whole)].origin

    page = read(records, Position(at=anchor.at, record=anchor.record), limit=100, cap=100)

    assert page.events == whole[index % len(whole) + 1 :]
    assert not page.more


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), max_size=20),
    most=st.integers(8, 30),
    counts=st.booleans(),
)
def test_what_is_too_large_is_passed_over_and_everything_else_given_once(
    sizes: list[int], most: int, counts: bool
):
    records = [record(number, number) | {"size": size} for number, size in enumerate(sizes)]
    since = Position(at=NOON)

    given_out: list[str] = []
    passed_over = 0
    for _ in range(100):
        reading = PageReading(
            stream=Stream.TRADES, since=since, limit=8, received=NOON + timedelta(hours=1)
        )
        again = True
        while again:
            found = find(records, reading.call().query, 100, counts)
            if sum(one["size"] for one in found.records) <= most:  # type: ignore[index]
                reading.portion.fitted()
                again = reading.add(found)
            elif (stand_in := reading.portion.too_large()) is not None:
                again = reading.add(stand_in)
        page = reading.page()
        given_out += [one.origin.record for one in page.events]
        passed_over += len(page.unreadable)
        if page.last is None or not page.more:
            break
        since = page.last

    fitting = [str(number) for number, size in enumerate(sizes) if size <= most]
    assert given_out == fitting
    assert passed_over >= len(sizes) - len(fitting)


def test_an_empty_stream_is_an_empty_page():
    assert read([], Position(at=NOON), limit=5, cap=5) == Page(as_of=NOON + timedelta(hours=1))


def test_one_request_is_enough_for_a_page_that_says_that_it_is_the_last():
    reading = PageReading(stream=Stream.TRADES, since=Position(at=NOON), limit=5, received=NOON)

    again = reading.add(FoundPage(records=(record("a", 0),), total=1))

    assert not again
    assert reading.page().last == Position(at=NOON, record="a")
    assert not reading.page().more


def test_a_platform_that_never_ends_is_left_alone_in_the_end():
    reading = PageReading(stream=Stream.TRADES, since=Position(at=NOON), limit=5, received=NOON)

    requests = 1
    while reading.add(FoundPage(records=(record(requests, 0),))):
        requests += 1

    assert requests == 100
    assert len(reading.page().events) == 100
    assert reading.page().more
