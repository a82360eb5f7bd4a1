"""Two checks of a run: nothing is unaccounted for (G4), and right person, right order (G6, G7).

They compare what people's devices showed with the outbox, whatever happened in between.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from bot.domain.chats import EndpointState
from bot.domain.decisions import Course
from bot.domain.deliveries import LOST, PENDING, State
from bot.domain.events import Kind
from bot.domain.reasons import Reason
from storage import Store
from storage.schema.tables import delivery, endpoint, link
from tests.fakes.messenger import Shown


@dataclass(frozen=True, slots=True)
class Owed:
    """A row of the outbox at the end of a run.

    `chat` is where its endpoint is now; from `unlinked_at` on nobody there may see it.
    """

    id: int
    kind: Kind
    reference: str
    account: str
    chat: str
    priority: int
    state: State
    reason: str
    unclear: int
    occurred_at: datetime
    created_at: datetime
    unlinked_at: datetime | None
    title: str
    digest: int | None = None
    """The item that tells of it, if it was coalesced."""
    untold: int = 0
    """How many items that are told within it its message does not show, though it could."""
    step: str = ""
    """Of a trade, what a message says of it that tells of more."""
    covered: bool = False
    """A rule decided that covers what is critical."""
    put_off: bool = False
    """It was owed some time after it was created: put by for a digest that it was alone in, or told
    within a message that could not be changed.
    """


@dataclass(slots=True)
class Findings:
    """What was wrong, in words that name the items; empty if nothing was."""

    unaccounted: list[str] = field(default_factory=list)
    wrong_person: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    too_often: list[str] = field(default_factory=list)
    """Shown again although no attempt had an unknown outcome, or without saying so."""
    repeats: int = 0
    """How many copies came again, allowed or not."""

    @property
    def all(self) -> list[str]:
        return [*self.unaccounted, *self.wrong_person, *self.out_of_order, *self.too_often]


async def owed(store: Store) -> list[Owed]:
    """Everything that was ever owed, oldest fact first."""
    return await store.database.read(owed_by)


def owed_by(connection: Connection) -> list[Owed]:
    """The same, out of a transaction that is open already."""
    rows = connection.execute(
        select(
            delivery,
            endpoint.c.chat,
            endpoint.c.state.label("open"),
            link.c.ended_at.label("unlinked_at"),
        )
        .join(endpoint, endpoint.c.id == delivery.c.endpoint)
        .join(link, link.c.id == delivery.c.link)
        .order_by(delivery.c.occurred_at, delivery.c.id)
    )
    return [
        Owed(
            id=row.id,
            kind=row.kind,
            reference=row.reference,
            account=row.account,
            chat=row.chat,
            priority=row.priority,
            state=row.state,
            reason=row.reason,
            unclear=row.unclear,
            occurred_at=row.occurred_at,
            created_at=row.created_at,
            unlinked_at=row.unlinked_at,
            title=row.card["title"] if row.card else "",
            digest=row.digest,
            untold=(row.untold or 0) if row.open is EndpointState.ACTIVE else 0,
            step=row.step or "",
            put_off=(row.decision or {}).get("course") == Course.HOLD
            or (row.digest is not None and row.untold is not None),
            covered=bool(((row.decision or {}).get("rule") or {}).get("covers_critical")),
        )
        for row in rows
    ]


def judged(
    items: Sequence[Owed],
    shown: Sequence[Shown],
    *,
    changed: Sequence[Shown] = (),
    created: int | None = None,
    moved: Iterable[tuple[str, str]] = (),
    merged: Collection[tuple[datetime, datetime]] = (),
    pending: bool = False,
    commits_take: timedelta = timedelta(0),
) -> Findings:
    """Hold what was shown against what was owed.

    Args:
        shown: what all devices showed, in the order of arrival.
        changed: what became of it there: no second showing, and only for who may see it.
        created: how many items there must be beside digests, if somebody counted.
        moved: chats that have another address now, from and to.
        merged: between when and when two linked chats became one: what waited has no order then.
        pending: whether some may still be on their way.
        commits_take: at most so long; till then what is ingested is not owed yet, and a chat that
            is unlinked still is linked.
    """
    findings = Findings()
    addresses = {*moved}
    by_id = {item.id: item for item in items}
    by_reference = {item.reference: item for item in items}
    copies: dict[str, list[Shown]] = defaultdict(list)
    for one in shown:
        reference = one.card.reference
        if reference is None:
            continue  # a reply
        item = by_reference.get(reference)
        if item is None:
            findings.unaccounted.append(f"{reference} was shown and never owed")
            continue
        _check_person(item, one, addresses, commits_take, findings)
        copies[reference].append(one)
    for one in changed:
        item = by_reference[one.card.reference or ""]
        _check_person(item, one, addresses, commits_take, findings)
    told = sum(item.kind is not Kind.DIGEST for item in items)
    if created is not None and created != told:
        findings.unaccounted.append(f"{created} were owed, {told} are there")
    for item in items:
        _account_for(item, copies[item.reference], findings, pending)
        _account_for_parts(item, by_id, findings, pending)
    _account_for_steps(items, by_id, [*shown, *changed], findings)
    _order(items, copies, merged, findings, commits_take)
    findings.repeats = sum(max(0, len(found) - 1) for found in copies.values())
    return findings


def _check_person(
    item: Owed,
    one: Shown,
    addresses: Collection[tuple[str, str]],
    commits_take: timedelta,
    findings: Findings,
) -> None:
    name = item.reference
    if one.chat != item.chat and (one.chat, item.chat) not in addresses:
        findings.wrong_person.append(f"{name} is {item.chat}'s and went to {one.chat}")
    if item.unlinked_at is not None and one.left > item.unlinked_at + commits_take:
        findings.wrong_person.append(f"{name} left for {one.chat} after it was unlinked")


def _account_for(item: Owed, copies: Sequence[Shown], findings: Findings, pending: bool) -> None:
    name = f"{item.reference} ({item.title!r}, {item.state}: {item.reason})"
    if item.state in PENDING and not pending:
        findings.unaccounted.append(f"{name} is still owed")
    if item.state is State.SENT and not copies and item.reason != Reason.EDITED_IN:
        findings.unaccounted.append(f"{name} was shown to nobody")
    if item.state is not State.SENT and len(copies) > item.unclear and item.state not in PENDING:
        findings.unaccounted.append(f"{name} was shown, and nobody counts it")
    if len(copies) > 1 + item.unclear:
        findings.too_often.append(f"{name} was shown {len(copies)} times")
    for copy in copies[1:]:
        if not any("possible repeat" in note for note in copy.card.notes):
            findings.too_often.append(f"{name} came again without saying so")


def _account_for_parts(
    item: Owed, by_id: Mapping[int, Owed], findings: Findings, pending: bool
) -> None:
    """What is told within another is shown there, or will be."""
    name = f"{item.reference} ({item.title!r}, {item.state}: {item.reason})"
    if item.state is State.SENT and item.untold and not pending:
        findings.unaccounted.append(f"{name} does not show {item.untold} of what it tells of")
    if item.state is not State.COALESCED:
        return
    teller = by_id.get(item.digest or 0)
    if teller is None or teller.state in LOST - {State.HELD}:
        findings.unaccounted.append(f"{name} is told by nothing that is shown")


def _account_for_steps(
    items: Sequence[Owed],
    by_id: Mapping[int, Owed],
    cards: Sequence[Shown],
    findings: Findings,
) -> None:
    """What is said to be edited into a trade's message was once seen there."""
    lines: dict[str | None, set[str]] = defaultdict(set)
    for one in cards:
        lines[one.card.reference].update(one.card.lines)
    for item in items:
        if item.state is not State.SENT or item.reason != Reason.EDITED_IN:
            continue
        teller = by_id.get(item.digest or 0)
        seen = lines[teller.reference] if teller is not None else ()
        if not any(item.step in line for line in seen):
            findings.unaccounted.append(f"{item.reference} ({item.title!r}) was edited in nowhere")


def _order(
    items: Sequence[Owed],
    copies: dict[str, list[Shown]],
    merged: Collection[tuple[datetime, datetime]],
    findings: Findings,
    commits_take: timedelta,
) -> None:
    """Whatever was owed before a younger item left must have been shown before it."""
    lanes: dict[tuple[str, int], list[Owed]] = defaultdict(list)
    for item in items:
        # A digest goes with the rank of its parts, whatever its own priority.
        if copies[item.reference] and item.kind is not Kind.DIGEST and not item.put_off:
            lanes[item.chat, item.priority].append(item)
    for lane in lanes.values():
        for place, older in enumerate(lane):
            first = copies[older.reference][0].at
            if any(older.created_at <= until and since <= first for since, until in merged):
                continue
            for younger in lane[place + 1 :]:
                left = copies[younger.reference][0].left
                if older.created_at + commits_take < left < first:
                    findings.out_of_order.append(
                        f"{younger.reference} ({younger.title!r}) before {older.reference}"
                        f" ({older.title!r}) in {older.chat}"
                    )


async def assert_kept(
    store: Store,
    shown: Sequence[Shown],
    *,
    changed: Sequence[Shown] = (),
    created: int | None = None,
    moved: Iterable[tuple[str, str]] = (),
    pending: bool = False,
    commits_take: timedelta = timedelta(0),
) -> Counter[State]:
    """Fail with all that is wrong; else give how many items came to which end."""
    items = await owed(store)
    findings = judged(
        items,
        shown,
        changed=changed,
        created=created,
        moved=moved,
        pending=pending,
        commits_take=commits_take,
    )
    assert not findings.all, "\n".join(findings.all)
    return Counter(item.state for item in items)


async def assert_kept_at_last(
    store: Store, shown: Sequence[Shown], *, within: float = 10, **expected: Any
) -> Counter[State]:
    """Judge a run on real time: what was shown a moment ago may not have been settled yet."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            while any(item.state in PENDING or item.untold for item in await owed(store)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    return await assert_kept(store, shown, **expected)
