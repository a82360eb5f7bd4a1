"""Drills: each place where one was told answers for itself, until it is over."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from bot.domain.chats import Link
from bot.domain.deliveries import State
from bot.domain.drills import Drill, PlaceReached
from bot.domain.events import Kind
from bot.domain.ids import AccountId, LinkId
from bot.domain.incidents import IncidentState
from bot.domain.sightings import Sighting, over_at
from storage.engine.upsert import insert_into
from storage.outbox.incidents import call_off, end_in_words, items_of, show
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.tables import (
    DRILL_GOES_ON,
    account,
    delivery,
    drill,
    drill_seen,
    incident,
    incident_fact,
    link,
)

_NEVER = (State.DEAD, State.HELD, State.EXPIRED, State.CANCELLED)
"""Nothing that is waited for shows it."""


def keep_drill(
    connection: Connection, account_id: str, incident_id: int, held: Drill, now: datetime
) -> None:
    row = {
        "incident": incident_id,
        "account": account_id,
        "link": held.asked_in,
        "at_once": held.at_once,
        "until": held.until,
    }
    connection.execute(insert(drill).values(row))
    connection.execute(update(account).where(account.c.id == account_id).values(drilled_at=now))


def drill_told_by(connection: Connection, item: AnyRow, revision: str) -> int | None:
    """The drill under way of which an item tells, by its incident.

    Args:
        revision: of the item's fact.
    """
    if item.kind not in (Kind.DRILL, Kind.ESCALATION):
        return None
    fact = incident_fact
    return connection.execute(
        select(drill.c.incident)
        .join(fact, fact.c.incident == drill.c.incident)
        .where(
            DRILL_GOES_ON,
            fact.c.account == item.account,
            fact.c.kind == item.kind,
            fact.c.record == item.record,
            fact.c.revision == revision,
        )
    ).scalar()


def acknowledge(
    connection: Connection, account_id: str, incident_id: int, link_id: LinkId, seen: Sighting
) -> bool:
    """A drill was seen in one chat or phone, and goes on everywhere else; gives whether that is
    new.
    """
    row = {"incident": incident_id, "link": link_id, "account": account_id, "at": seen.at}
    kept = insert_into(drill_seen, connection.dialect.name).values(row)
    if not connection.execute(kept.on_conflict_do_nothing()).rowcount:
        return False
    here = delivery.c.link == link_id
    of_it = delivery.c.id.in_(items_of(account_id, [incident_id]))
    show(connection, here & of_it & (delivery.c.seen == ""), seen.stored, seen.at)
    call_off(connection, account_id, [incident_id], seen.at, here)
    return True


def acknowledged(connection: Connection, incidents: Collection[int]) -> set[tuple[int, str]]:
    """Where which of these drills was seen."""
    rows = select(drill_seen.c.incident, drill_seen.c.link)
    found = connection.execute(rows.where(drill_seen.c.incident.in_(incidents)))
    return {(row.incident, row.link) for row in found}


def places(
    connection: Connection, account_id: str, incident_id: int, began_at: datetime
) -> Sequence[tuple[Link, PlaceReached]]:
    """Where it was to be told, the oldest link first, and what became of it there so far."""
    told: dict[str, list[AnyRow]] = defaultdict(list)
    rows = select(delivery.c.link, delivery.c.state, delivery.c.reason, delivery.c.message)
    of_it = delivery.c.id.in_(items_of(account_id, [incident_id]))
    for row in connection.execute(rows.where(of_it).order_by(delivery.c.id)):
        told[row.link].append(row)
    seen = select(drill_seen.c.link, drill_seen.c.at).where(drill_seen.c.incident == incident_id)
    seen_at = {row.link: row.at for row in connection.execute(seen)}
    linked = select_active_links().where(link.c.id.in_(told))
    return [
        (one, _reached(one, told[one.id], began_at, seen_at.get(one.id)))
        for one in map(link_of, connection.execute(linked))
    ]


def _reached(
    there: Link, items: Sequence[AnyRow], began_at: datetime, seen_at: datetime | None
) -> PlaceReached:
    shown, reason = None, items[-1].reason
    if any(item.state is State.SENT for item in items):
        shown, reason = True, ""
    elif all(item.state in _NEVER for item in items):
        shown = False
    after = None if seen_at is None else max(seen_at - began_at, timedelta(0))
    return PlaceReached(place=there.endpoint, shown=shown, reason=reason, after=after)


def end_drill(connection: Connection, account_id: str, incident_id: int, now: datetime) -> bool:
    """It is over, wherever it was told; false if it was so before."""
    ended = update(drill).where(drill.c.incident == incident_id, DRILL_GOES_ON)
    if not connection.execute(ended.values(ended_at=now)).rowcount:
        return False
    over = {"state": IncidentState.SOLVED, "due_at": None, "ended_at": now}
    connection.execute(update(incident).where(incident.c.id == incident_id).values(over))
    end_in_words(connection, AccountId(account_id), [incident_id], over_at(now), now)
    return True
