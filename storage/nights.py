"""What a night has come to, counted from the rows themselves; each morning it is owed, once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, update

from bot.domain.actions import ActionState, Verb
from bot.domain.chats import Channel, Hears, Link
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Priority, State
from bot.domain.digests import Gathered
from bot.domain.events import Kind
from bot.domain.ids import LinkId
from bot.domain.incidents import Cause
from bot.domain.nights import (
    LATE_FOR,
    Fate,
    IncidentOfNight,
    Night,
    StepTaken,
    evening_before,
    next_morning,
)
from bot.domain.timetables import zone
from bot.policy.nights import ASKED_FOR, ItemOfNight, fate_of, spells_in
from bot.texts import nights as texts
from bot.texts.language import speaking
from storage.engine.database import Database, each
from storage.inbox.ingest import OWN_KINDS
from storage.outbox.incidents import items_of
from storage.outbox.sightings import whole
from storage.owing import Owed, owe
from storage.schema.codec import decode_card
from storage.schema.facts import FactKey
from storage.schema.rows import AnyRow, incident_of, link_of, select_active_links
from storage.schema.tables import (
    LINK_IS_ACTIVE,
    LINK_TELLS_NIGHTS,
    action,
    delivery,
    drill_seen,
    endpoint,
    inbox,
    incident,
    incident_fact,
    link,
    sighting,
)

AT_ONCE = 4
"""Chats that one transaction tells: it must stay short."""

SPELLS_BEFORE = timedelta(days=7)
"""How long before a night something may have begun that it still suffers from."""

MOST_INCIDENTS = 100

_Fact = tuple[Kind, str, str]


class SqlNights:
    """Implements `bot.ports.Nights`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, link: LinkId, since: datetime, until: datetime) -> Night | None:
        return await self._database.read(_of, link, since, until)

    async def tell(self, now: datetime) -> Gathered:
        return await self._database.write(_tell, now)


def _of(connection: Connection, link_id: LinkId, since: datetime, until: datetime) -> Night | None:
    row = connection.execute(select_active_links().where(link.c.id == link_id)).one_or_none()
    return None if row is None else _night(connection, link_of(row), since, until)


def _night(connection: Connection, to: Link, since: datetime, until: datetime) -> Night:
    """What an earlier link of the same chat was told is none of this one's (G7)."""
    since = min(max(since, to.linked_at), until)
    facts = connection.execute(
        select(inbox).where(
            inbox.c.account == to.account,
            inbox.c.admitted_at >= since,
            inbox.c.admitted_at < until,
            inbox.c.kind.not_in(OWN_KINDS),
        )
    ).all()
    return Night(
        since=since,
        until=until,
        events=len(facts),
        fates=_fates(connection, to, facts, since),
        incidents=_incidents(connection, to, since, until),
        spells=spells_in(_feed_records(connection, to, since, until), since, until),
    )


# --- the sum --------------------------------------------------------------------------------------


def _fates(
    connection: Connection, to: Link, facts: Sequence[AnyRow], since: datetime
) -> Mapping[Fate, int]:
    items = _items(connection, to, since)
    asked = _asked_here(connection, to, since)
    alike = Counter(fact.fingerprint for fact in facts if fact.fingerprint)
    counted: Counter[Fate] = Counter()
    for fact in facts:
        fate = fate_of(items.get((fact.kind, fact.record, fact.revision), ()))
        if fate is None and _is_known(fact, to, asked, alike):
            fate = Fate.KNOWN
        if fate is not None:  # else the sum does not add up, and says so
            counted[fate] += 1
    return counted


def _items(
    connection: Connection, to: Link, since: datetime
) -> Mapping[_Fact, Sequence[ItemOfNight]]:
    carrier = delivery.alias("carrier")
    rows = connection.execute(
        select(
            *(delivery.c.kind, delivery.c.record, delivery.c.revision),
            *(delivery.c.state, delivery.c.card, carrier.c.state.label("carrier")),
        )
        .outerjoin_from(delivery, carrier, carrier.c.id == delivery.c.digest)
        .where(delivery.c.link == to.id, delivery.c.created_at >= since)
    )
    found: dict[_Fact, list[ItemOfNight]] = defaultdict(list)
    for row in rows:
        silent = row.card is None or decode_card(row.card).silent
        item = ItemOfNight(state=row.state, silent=silent, carrier=row.carrier)
        found[row.kind, row.record, whole(row.revision)].append(item)
    return found


def _is_known(
    fact: AnyRow, to: Link, asked: Sequence[datetime], alike: Mapping[str | None, int]
) -> bool:
    """Whether it is right that the chat was told nothing: another record has told it, it is told
    less than that, or it was asked for there.
    """
    if not fact.told or to.preferences.hears is not Hears.ALL:
        return True
    for_others = fact.fingerprint and to.endpoint.id not in (fact.audience or ())
    if for_others or alike[fact.fingerprint] > 1:
        return True
    return fact.kind is Kind.TRADER and any(
        at <= fact.admitted_at <= at + ASKED_FOR for at in asked
    )


def _asked_here(connection: Connection, to: Link, since: datetime) -> Sequence[datetime]:
    """When changes of bots were asked for in this chat: who asked knows of them."""
    asked = select(action.c.finished_at, action.c.expires_at).where(
        action.c.link == to.id,
        action.c.verb.in_([Verb.PAUSE, Verb.NO_ENTRIES, Verb.RESUME]),
        action.c.state.in_([ActionState.DONE, ActionState.RUNNING, ActionState.UNCLEAR]),
        or_(action.c.finished_at.is_(None), action.c.finished_at >= since - ASKED_FOR),
    )
    # The event may come before the answer.
    return [
        (row.finished_at or row.expires_at) - ASKED_FOR / 2 for row in connection.execute(asked)
    ]


# --- what had to be seen --------------------------------------------------------------------------


def _incidents(
    connection: Connection, to: Link, since: datetime, until: datetime
) -> tuple[IncidentOfNight, ...]:
    """The oldest first."""
    rows = connection.execute(
        select(incident)
        .where(
            incident.c.account == to.account,
            incident.c.opened_at < until,
            or_(incident.c.opened_at >= since, incident.c.last_at >= since),
        )
        .order_by(incident.c.opened_at, incident.c.id)
        .limit(MOST_INCIDENTS)
    ).all()
    return tuple(_incident(connection, to, row, since, until) for row in rows)


def _incident(
    connection: Connection, to: Link, row: AnyRow, since: datetime, until: datetime
) -> IncidentOfNight:
    steps = connection.execute(
        select(delivery.c.created_at.label("at"), endpoint.c.channel)
        .join(endpoint, endpoint.c.id == delivery.c.endpoint)
        .where(
            delivery.c.id.in_(items_of(to.account, [row.id])),
            delivery.c.kind == Kind.ESCALATION,
            delivery.c.created_at >= since,
            delivery.c.created_at < until,
            delivery.c.state != State.CANCELLED,
        )
        .order_by(delivery.c.created_at, endpoint.c.channel)
    )
    return IncidentOfNight(
        incident=incident_of(row),
        steps=_once(steps),
        seen=_once(connection.execute(_seen(row))),
        ended_at=row.ended_at,
    )


def _seen(row: AnyRow) -> Select[*tuple[Any, ...]]:
    if row.cause is Cause.DRILL:
        return (
            select(drill_seen.c.at, endpoint.c.channel)
            .join(link, link.c.id == drill_seen.c.link)
            .join(endpoint, endpoint.c.id == link.c.endpoint)
            .where(drill_seen.c.incident == row.id)
            .order_by(drill_seen.c.at)
        )
    fact = incident_fact
    same = and_(
        sighting.c.account == fact.c.account,
        sighting.c.kind == fact.c.kind,
        sighting.c.record == fact.c.record,
        sighting.c.revision == fact.c.revision,
    )
    return (
        select(sighting.c.at, sighting.c.channel)
        .join(fact, same)
        .where(fact.c.incident == row.id)
        .order_by(sighting.c.at, sighting.c.channel)
    )


def _once(rows: Iterable[AnyRow]) -> tuple[StepTaken, ...]:
    """Of what several items say, or several presses, each moment and app once."""
    found: dict[tuple[datetime, Channel], StepTaken] = {}
    for row in rows:
        step = StepTaken(at=row.at, on=row.channel)
        found.setdefault((row.at.replace(second=0, microsecond=0), row.channel), step)
    return tuple(found.values())


def _feed_records(
    connection: Connection, to: Link, since: datetime, until: datetime
) -> Sequence[tuple[str, datetime]]:
    rows = connection.execute(
        select(inbox.c.record, inbox.c.at)
        .where(
            inbox.c.account == to.account,
            inbox.c.kind == Kind.FEED,
            inbox.c.at >= since - SPELLS_BEFORE,
        )
        .order_by(inbox.c.at)
    )
    return [(row.record, row.at) for row in rows]


# --- each morning ---------------------------------------------------------------------------------


@each
def _tell(connection: Connection, now: datetime) -> Gathered:
    due = select_active_links().where(LINK_TELLS_NIGHTS, link.c.night_due_at <= now)
    due = due.add_columns(link.c.night_due_at, link.c.night_of).limit(AT_ONCE)
    owed: Owed = {}
    for row in connection.execute(due).all():
        to = link_of(row)
        if _is_taken(connection, row, to, now) and now - row.night_due_at <= LATE_FOR:
            _owe(connection, to, row.night_due_at, now)
            owed[to.endpoint.id] = (to.endpoint.address, Priority.INFO)
    soonest = select(func.min(link.c.night_due_at)).where(LINK_TELLS_NIGHTS, LINK_IS_ACTIVE)
    return Gathered(owed=owed, due=connection.execute(soonest).scalar())


def _is_taken(connection: Connection, row: AnyRow, to: Link, now: datetime) -> bool:
    """Each day's is taken by one process, once."""
    there, at = zone(to.preferences.zone), to.preferences.night_at
    day = row.night_due_at.astimezone(there).date()
    following = None
    if at is not None:
        following, _ = next_morning(max(now, row.night_due_at), at, there, day)
    taken = update(link).where(link.c.id == to.id, link.c.night_due_at == row.night_due_at)
    told = {"night_due_at": following, "night_of": day.isoformat()}
    if not connection.execute(taken.values(told)).rowcount:
        return False
    before = None if row.night_of is None else date.fromisoformat(row.night_of)
    return at is not None and (before is None or day > before)


def _owe(connection: Connection, to: Link, due_at: datetime, now: datetime) -> None:
    there = zone(to.preferences.zone)
    night = _night(connection, to, evening_before(due_at, there), now)
    with speaking(to.preferences.language, to.preferences.zone):
        card = texts.report(replace(night, due_at=due_at), now)
    owe(
        connection,
        FactKey(to.account, Kind.NIGHT, to.id, due_at.astimezone(there).date().isoformat()),
        to,
        replace(card, sound=False),
        now,
        decision=Decision(Course.SILENT, Why.LOUDNESS),
        priority=Priority.INFO,
        expires_at=due_at + LATE_FOR,
    )
