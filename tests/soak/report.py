"""The count after a soak: what came of everything, and whether every promise was kept."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, func, select

from bot.domain.deliveries import PENDING, Priority, State
from bot.domain.events import Kind
from bot.domain.reasons import Reason
from bot.services.phoning import CODE_REFERENCE
from storage import Store
from storage.inbox.ingest import OWN_KINDS
from storage.schema.tables import account, delivery, endpoint, incident, incident_fact
from tests.fakes.messenger import Shown
from tests.harness.judge import Owed, judged, owed
from tests.harness.troubled_database import SLOWEST
from tests.soak.people import Phone
from tests.soak.phones import Phones
from tests.soak.records import Record, user_in

ENDS = (
    State.SENT,
    State.COALESCED,
    State.EXPIRED,
    State.CANCELLED,
    State.DEAD,
    State.HELD,
    State.OFF,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a soak came to. `broken` names every promise that was not kept, with the items."""

    events: int
    incidents: int
    steps: int
    seen: int
    woken: int
    chats: int
    created: int
    states: Mapping[State, int]
    unclear: int
    duplicates: int
    out_of_order: int
    wrong_person: int
    never_owed: int
    shown: int
    rang: int
    edited_in: int
    happened: Mapping[str, int]
    broken: Sequence[str]

    def lines(self) -> list[str]:
        """Readable, one figure a line, the same for the same run."""
        pending = sum(self.states[state] for state in (*PENDING, State.GATHERED))
        figures = [
            ("events", self.events, f"in {self.chats} chats"),
            ("created", self.created, "messages owed"),
            *((state.value, self.states[state], "") for state in ENDS),
            ("pending", pending, "must be 0"),
            ("edited in", self.edited_in, "of those sent, by the message of their trade"),
            ("with a sound", self.rang, f"of {self.shown} messages shown"),
            ("duplicates", self.duplicates, f"of {self.unclear} attempts of unknown outcome"),
            ("incidents", self.incidents, f"{self.steps} steps told, {self.seen} times seen"),
            ("woken", self.woken, "by what was seen before; must be 0"),
            ("never owed", self.never_owed, "must be 0"),
            ("out of order", self.out_of_order, "must be 0"),
            ("wrong person", self.wrong_person, "must be 0"),
        ]
        troubles = [f"{count:>7}  {name}" for name, count in sorted(self.happened.items())]
        counted = [f"{name:<13}{count:>7}  {note}".rstrip() for name, count, note in figures]
        return ["what happened", *troubles, "", "what came of it", *counted]


@dataclass(frozen=True, slots=True)
class _Owner:
    """Of an item: the fact it tells, whose account it is under, and where its chat is now."""

    user: str
    kind: Kind
    record: str
    chat: str


def _owners(connection: Connection) -> dict[str, _Owner]:
    rows = connection.execute(
        select(
            delivery.c.reference,
            account.c.platform_user,
            delivery.c.kind,
            delivery.c.record,
            endpoint.c.chat,
        )
        .join(account, account.c.id == delivery.c.account)
        .join(endpoint, endpoint.c.id == delivery.c.endpoint)
    )
    return {
        row.reference: _Owner(row.platform_user, row.kind, row.record, row.chat) for row in rows
    }


async def reported(
    store: Store,
    records: Sequence[Record],
    people: Sequence[Phone],
    chats: Phones,
    push: Phones,
    seen: Sequence[str],
    happened: Mapping[str, int],
) -> Report:
    """Count, and hold what the phones showed against what was owed and what people know."""
    alerts = [one for one in push.shown if one.card.reference != CODE_REFERENCE]
    shown = sorted((*chats.shown, *alerts), key=lambda one: one.at)
    both = (*chats.changed, *push.changed)
    changed = [one for one in both if one.card.reference is not None]
    closed = chats.closed | push.closed
    items = await owed(store)
    owners = await store.database.read(_owners)
    states = await store.outbox.counts()
    moved = [
        (before, after)
        for phone in people
        for place, before in enumerate(phone.chats)
        for after in phone.chats[place + 1 :]
    ]
    findings = judged(items, shown, changed=changed, moved=moved, commits_take=SLOWEST)
    never_owed = _never_owed(records, people, owners.values())
    strangers = [*_strangers(shown, people, owners), *_mixed_up(owners)]
    unclear = sum(item.unclear for item in items)
    held = [
        f"{item.reference} is held, although {item.chat} is open"
        for item in items
        if item.state is State.HELD and item.chat not in closed
    ]
    gathered = [
        f"{item.reference} waits for a digest, although {item.chat} is open"
        for item in items
        if item.state is State.GATHERED and item.chat not in closed
    ]
    chains = await store.database.read(partial(_chains, shown=shown, seen=seen))
    broken = [
        *(*findings.all, *strangers, *never_owed, *held, *gathered),
        *(*_silenced(items, shown), *chains.broken),
    ]
    if findings.repeats > unclear:
        broken.append(f"{findings.repeats} duplicates of {unclear} attempts of unknown outcome")
    if (counted := sum(states.values())) != len(items):
        broken.append(f"{len(items)} were created, {counted} are counted")
    return Report(
        events=len(records),
        incidents=chains.incidents,
        steps=chains.steps,
        seen=len(seen),
        woken=len(chains.woken),
        chats=len(people),
        created=len(items),
        states=states,
        unclear=unclear,
        duplicates=findings.repeats,
        out_of_order=len(findings.out_of_order),
        wrong_person=len(findings.wrong_person) + len(strangers),
        never_owed=len(never_owed),
        shown=len(shown),
        rang=sum(not one.card.silent for one in shown),
        edited_in=sum(
            item.state is State.SENT and item.reason == Reason.EDITED_IN for item in items
        ),
        happened=Counter(happened),
        broken=broken,
    )


def _never_owed(
    records: Sequence[Record], people: Sequence[Phone], owners: Iterable[_Owner]
) -> list[str]:
    """Records that happened while a chat was linked, and that it was never owed (G2)."""
    present = {(owner.record, owner.chat) for owner in owners}
    return [
        f"{record.id} of {record.at} was never owed to {phone.chat}"
        for record in records
        for phone in people
        if any(span.demands(record.user, record.at) for span in phone.spans)
        and (record.id, phone.chat) not in present
    ]


def _strangers(
    shown: Sequence[Shown], people: Sequence[Phone], owners: Mapping[str, _Owner]
) -> list[str]:
    """What a phone showed although its person had not linked it to that user's account (G7)."""
    phones = {chat: phone for phone in people for chat in (*phone.chats, *phone.push)}
    return [
        f"{one.card.reference} of {owner.user} left for {one.chat}, whose person had not asked"
        for one in shown
        if (owner := owners.get(one.card.reference or "")) is not None
        and not any(span.allows(owner.user, one.left) for span in phones[one.chat].spans)
    ]


NO_ONES = OWN_KINDS | {Kind.TRADER, Kind.DIGEST}
"""Kinds whose record does not say whose it is."""


def _mixed_up(owners: Mapping[str, _Owner]) -> list[str]:
    """Records that are under another user's account (G7)."""
    return [
        f"{owner.record} is under {owner.user}'s account"
        for owner in owners.values()
        if owner.kind not in OWN_KINDS | {Kind.TRADER, Kind.DIGEST}
        and user_in(owner.record) != owner.user
    ]


def _silenced(items: Sequence[Owed], shown: Sequence[Shown]) -> list[str]:
    """What is urgent has rung, unless a rule covers it."""
    uncovered = {
        item.reference for item in items if item.priority == Priority.URGENT and not item.covered
    }
    return [
        f"{one.card.reference} is urgent and came without a sound"
        for one in shown
        if one.card.reference in uncovered and one.card.silent and not _is_known(one)
    ]


def _is_known(one: Shown) -> bool:
    """Whether it says that somebody has seen it, or that it is over: then it wakes nobody."""
    return any(note.startswith(("Seen ", "Solved ")) for note in one.card.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chains:
    """What became of all that somebody had to see."""

    incidents: int
    steps: int
    woken: Sequence[str]
    broken: Sequence[str]


STEPS_APART = timedelta(seconds=30)
"""Two steps that are due sooner are told as one (`bot.policy.escalation.TOGETHER`)."""


def _chains(connection: Connection, shown: Sequence[Shown], seen: Sequence[str]) -> _Chains:
    """Each step once, nobody rung by what was seen, nothing noted and forgotten, none stuck."""
    rows = connection.execute(select(delivery)).all()
    by_reference = {row.reference: row for row in rows}
    steps = [row for row in rows if row.kind is Kind.ESCALATION]
    told = connection.execute(
        select(incident_fact.c.incident, delivery.c.link, delivery.c.created_at)
        .join(incident_fact, incident_fact.c.record == delivery.c.record)
        .where(
            delivery.c.kind == Kind.ESCALATION,
            incident_fact.c.kind == Kind.ESCALATION,
            incident_fact.c.revision == delivery.c.revision,
        )
        .order_by(incident_fact.c.incident, delivery.c.link, delivery.c.created_at)
    ).all()
    twice = [
        f"incident {one.incident} was told twice in {one.link}: {one.created_at}, {two.created_at}"
        for one, two in itertools.pairwise(told)
        if (one.incident, one.link) == (two.incident, two.link)
        and two.created_at - one.created_at < STEPS_APART
    ]
    woken = [
        f"{one.card.reference} rang at {one.left}, seen at {since}"
        for one in shown
        if (row := by_reference.get(one.card.reference or "")) is not None
        and (since := _known_since(row.seen)) is not None
        and one.left > since + 2 * SLOWEST
        and not one.card.silent
    ]
    forgotten = [
        f"{reference} was noted as seen and is not"
        for reference in seen
        if (row := by_reference.get(reference)) is not None and row.seen == ""
    ]
    now = max((one.at for one in shown), default=None)
    stuck = [
        f"incident {row.id} waits since {row.due_at}"
        for row in connection.execute(select(incident).where(incident.c.due_at.is_not(None)))
        if now is not None and row.due_at < now - timedelta(minutes=10)
    ]
    count = connection.execute(select(func.count()).select_from(incident)).scalar_one()
    broken = [*twice, *woken, *forgotten, *stuck]
    return _Chains(incidents=count, steps=len(steps), woken=woken, broken=broken)


def _known_since(stored: str | None) -> datetime | None:
    """When the first had seen it, or it was over, as `Sighting.stored` and `solved_at` say it."""
    return datetime.fromisoformat(stored.split(";")[0].split()[1]) if stored else None
