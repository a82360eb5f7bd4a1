"""Incidents that somebody has seen, or that are over: wherever they were told, it shows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    null,
    select,
    update,
)

from bot.domain.amendments import LESS
from bot.domain.deliveries import State
from bot.domain.events import Kind
from bot.domain.incidents import IncidentState, Solving
from bot.domain.reasons import Reason
from bot.domain.sightings import Sighting, solved_at
from storage.engine.types import Instant
from storage.outbox.amendments import MAY_SHOW
from storage.schema.tables import (
    INCIDENT_IS_UNSOLVED,
    LINK_IS_ACTIVE,
    delivery,
    incident,
    incident_fact,
    is_one_of,
    link,
)

UNSEEN = (IncidentState.OPEN, IncidentState.HELD)

_MOST_PARTS = 5
"""Of one alert: its text is bounded."""


_item = delivery.alias("item")


def is_of(revision: ColumnElement[str], fact: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an item's revision is that of a fact, or of a part of its alert."""
    parts = (fact + f" part {number}" for number in range(2, _MOST_PARTS + 1))
    return revision.in_([fact, *parts])


def items_of(account: str, incidents: Collection[int]) -> Select[int]:
    """All that has told of these, in the account's chats."""
    fact = incident_fact
    same = and_(
        fact.c.kind == _item.c.kind,
        fact.c.record == _item.c.record,
        is_of(_item.c.revision, fact.c.revision),
    )
    return (
        select(_item.c.id)
        .join_from(fact, link, link.c.account == fact.c.account)
        .join(_item, (_item.c.link == link.c.id) & same)
        .where(fact.c.account == account, fact.c.incident.in_(incidents), LINK_IS_ACTIVE)
    )


def show(
    connection: Connection, which: ColumnElement[bool], seen: ColumnElement[str] | str, at: datetime
) -> int:
    """Let alerts say who has seen them, or that it is over; gives how many."""
    changed = update(delivery).where(which)
    return connection.execute(
        changed.values(
            seen=seen,
            # Where nothing else is offered, nothing is left that could expire.
            about=case((delivery.c.about == LESS, null()), else_=delivery.c.about),
            answered_at=at,
            amend_at=case((MAY_SHOW, bindparam("due", at, Instant())), else_=delivery.c.amend_at),
        )
    ).rowcount


def see(
    connection: Connection, account: str, facts: Sequence[Mapping[str, Any]], seen: Sighting
) -> bool:
    """Somebody has seen facts: so they have what these are about; gives whether that is new.

    See `take`.
    """
    found: set[int] = set()
    for fact in facts:
        where = [incident_fact.c[name] == value for name, value in fact.items()]
        mine = select(incident_fact.c.incident).where(incident_fact.c.account == account, *where)
        found |= set(connection.execute(mine).scalars())
    return bool(take(connection, account, found, seen))


def take(
    connection: Connection, account: str, incidents: Collection[int], seen: Sighting
) -> Collection[int]:
    """Somebody has seen these; gives for which of them that is new.

    Who says that they have it has it until then, unless somebody has it for longer; that shows
    instead of who has seen it before.
    """
    state = incident.c.state
    may = state == IncidentState.OPEN
    asks = delivery.c.seen == ""
    values: dict[str, Any] = {"state": IncidentState.SEEN, "due_at": None}
    if seen.until is not None:
        for_less = (state == IncidentState.HELD) & (incident.c.held_until < seen.until)
        may = state.in_([IncidentState.OPEN, IncidentState.SEEN]) | for_less
        asks = delivery.c.seen.is_not(None)
        values = {"state": IncidentState.HELD, "due_at": seen.until, "held_until": seen.until}
    taken = connection.execute(
        update(incident)
        .where(incident.c.id.in_(incidents), may)
        .values(**values, seen_at=seen.at)
        .returning(incident.c.id)
    )
    ids = set(taken.scalars())
    if ids:
        show(
            connection,
            delivery.c.id.in_(items_of(account, ids)) & asks,
            seen.stored,
            seen.at,
        )
        call_off(connection, account, ids, seen.at)
    return ids


def solve(connection: Connection, account: str, solving: Solving, now: datetime) -> int:
    """These are over; gives how many messages are to say so."""
    ended = connection.execute(
        update(incident)
        .where(
            incident.c.account == account,
            incident.c.key.in_(solving.keys),
            INCIDENT_IS_UNSOLVED,
        )
        .values(state=IncidentState.SOLVED, due_at=None, ended_at=now)
        .returning(incident.c.id)
    )
    ids = set(ended.scalars())
    if not ids:
        return 0
    return end_in_words(connection, account, ids, solved_at(now), now)


def end_in_words(
    connection: Connection, account: str, ids: Collection[int], words: str, now: datetime
) -> int:
    """Wherever these were told, let it show that they are over; gives how many messages are to."""
    noted = case((delivery.c.seen == "", words), else_=delivery.c.seen + f";{words}")
    asks = delivery.c.seen.is_not(None) & ~_is_open_too(account, ids)
    changed = show(connection, delivery.c.id.in_(items_of(account, ids)) & asks, noted, now)
    call_off(connection, account, ids, now)
    return changed


def _is_open_too(account: str, incidents: Collection[int]) -> ColumnElement[bool]:
    """Of an item: whether it tells of another incident that is not over."""
    fact = incident_fact
    return exists().where(
        fact.c.account == account,
        fact.c.kind == delivery.c.kind,
        fact.c.record == delivery.c.record,
        is_of(delivery.c.revision, fact.c.revision),
        fact.c.incident == incident.c.id,
        incident.c.id.not_in(incidents),
        INCIDENT_IS_UNSOLVED,
    )


def call_off(
    connection: Connection,
    account: str,
    incidents: Collection[int],
    now: datetime,
    at: ColumnElement[bool] | None = None,
) -> None:
    """What was to say that nobody has seen it is not sent any more.

    Args:
        at: which items only.
    """
    waits = is_one_of(delivery.c.state, State.READY, State.HELD) & (delivery.c.unclear == 0)
    connection.execute(
        update(delivery)
        .where(
            delivery.c.id.in_(items_of(account, incidents)),
            delivery.c.kind == Kind.ESCALATION,
            waits,
            ~_is_open_too(account, incidents),
            *(() if at is None else (at,)),
        )
        .values(state=State.CANCELLED, reason=Reason.SEEN, not_before=null(), ended_at=now)
    )
