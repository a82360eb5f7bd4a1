"""Incidents that nobody has seen go on: each step is owed once, with what is due at that time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from bot.domain.chats import Channel, Link, Watch
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Priority, State
from bot.domain.digests import Gathered
from bot.domain.escalation import DEFAULT_CHAIN, Chain, Step, Surface, steps_of
from bot.domain.events import Kind
from bot.domain.ids import AccountId, LinkId, NewId
from bot.domain.incidents import Cause, Incident, IncidentState
from bot.domain.standing_orders import DueOrder, first_due
from bot.domain.watches import elsewhere, rung_for, seconds
from bot.policy.escalation import Alerted, planned, reminder
from storage.engine.database import Database, each, invalidate
from storage.engine.types import key
from storage.engine.upsert import insert_into
from storage.outbox.drills import acknowledged
from storage.outbox.incidents import UNSEEN, items_of
from storage.owing import Owed, owe
from storage.schema.codec import decode_card
from storage.schema.facts import FactKey, reference
from storage.schema.preferences import (
    decode_chain,
    encode_chain,
    encode_watch,
)
from storage.schema.rows import incident_of, link_of, select_active_links
from storage.schema.tables import (
    INCIDENT_IS_DUE,
    account,
    delivery,
    drill,
    drill_seen,
    incident,
    incident_fact,
    link,
    standing_deed,
    watch,
)
from storage.standing_orders import deeds_of, standing_for

LIFE = timedelta(days=30)
"""As long as texts are kept."""

ACCOUNTS_AT_ONCE = 20
"""Whose incidents one transaction takes on: it must stay short."""


class SqlIncidents:
    """Implements `bot.ports.Incidents`."""

    def __init__(self, database: Database, new_id: NewId) -> None:
        self._database = database
        self._new_id = new_id

    async def escalate(self, now: datetime) -> Gathered:
        return await self._database.write(_escalate, (now, self._new_id))

    async def chain(self, account: AccountId) -> Chain:
        return await self._database.read(_chain, account)

    async def choose(self, account: AccountId, chain: Chain, now: datetime) -> None:
        await self._database.write(_choose, (account, chain, now))

    async def watch(self, account: AccountId, person: str, watch: Watch, now: datetime) -> None:
        await self._database.write(_watch, (account, person, watch, now))

    async def unseen(self, account: AccountId) -> Sequence[Incident]:
        return await self._database.read(_unseen, account)

    async def prune(self, now: datetime) -> int:
        return await self._database.write(_prune, now)


@each
def _escalate(connection: Connection, request: tuple[datetime, NewId]) -> Gathered:
    now, new_id = request
    due = (
        select(incident.c.account)
        .where(INCIDENT_IS_DUE, or_(incident.c.due_at <= now, incident.c.since > now))
        .distinct()
        .limit(ACCOUNTS_AT_ONCE)
    )
    owed: Owed = {}
    for account_id in connection.execute(due).scalars().all():
        owed |= _Going(connection, account_id, now, new_id).on()
    soonest = select(func.min(incident.c.due_at)).where(INCIDENT_IS_DUE)
    return Gathered(owed=owed, due=connection.execute(soonest).scalar())


@dataclass(slots=True, eq=False)
class _Telling:
    """What one chat is to be told."""

    incidents: list[Incident]
    loud: bool = False
    not_shown: set[Channel] = field(default_factory=set)


class _Going:
    """One account's incidents go on, as far as they are due."""

    def __init__(
        self, connection: Connection, account_id: str, now: datetime, new_id: NewId
    ) -> None:
        self._connection = connection
        self._account = account_id
        self._now = now
        self._new_id = new_id
        rows = connection.execute(select_active_links().where(link.c.account == account_id))
        linked = map(link_of, rows)
        self._links = {one.id: one for one in linked if not one.for_followers}
        self._all = tuple(self._links.values())
        self._phones = [one.id for one in self._all if one.endpoint.address.channel is Channel.PUSH]
        self._steps = steps_of(_chain(connection, AccountId(account_id)), self._all)
        self._told: dict[tuple[LinkId, bool], _Telling] = {}
        """By chat, a drill apart from what is real."""
        self._facts: set[FactKey] = set()

    def on(self) -> Owed:
        for one, steps in self._taken():
            for step in steps:
                self._take(one, step)
        owed: Owed = {}
        for (link_id, _), telling in self._told.items():
            place = self._links[link_id].endpoint
            owed[place.id] = (place.address, Priority.URGENT)
            self._owe(self._links[link_id], telling)
        return owed

    def _taken(self) -> Iterator[tuple[Incident, Sequence[Step]]]:
        """What is due now, and soon; each step is taken by one process, once."""
        rows = self._connection.execute(
            select(incident)
            .where(incident.c.account == self._account, INCIDENT_IS_DUE)
            .order_by(incident.c.opened_at, incident.c.id)
        )
        for row in rows.all():
            one = incident_of(row)
            plan = planned(one, self._steps, self._now)
            if plan is None:
                continue
            changed = self._connection.execute(
                update(incident)
                .where(
                    incident.c.id == one.id,
                    incident.c.done == row.done,
                    incident.c.state == one.state,
                    incident.c.due_at == one.due_at,
                )
                .values(
                    state=IncidentState.OPEN,
                    since=plan.since,
                    done=int(plan.done.total_seconds()),
                    due_at=plan.due_at,
                )
            )
            if changed.rowcount:
                yield one, plan.steps

    def _take(self, one: Incident, step: Step) -> None:
        drill = one.cause is Cause.DRILL
        answered = acknowledged(self._connection, [one.id]) if drill else set()
        for link_id, not_shown in self._rung(one, step).items():
            if (one.id, link_id) in answered:
                continue
            telling = self._told.setdefault((link_id, drill), _Telling([]))
            telling.loud = telling.loud or step.to is not Surface.PHONE or step.loud
            telling.not_shown |= not_shown
            if one not in telling.incidents:
                telling.incidents.append(one)

    def _rung(self, one: Incident, step: Step) -> Mapping[LinkId, frozenset[Channel]]:
        """Where a step rings, and where that person could not be shown the alert."""
        if step.to is Surface.NEXT:
            return elsewhere(self._alerted(one), self._all, self._now)
        wanted = [self._links[link_id] for link_id in self._links_of(one, step)]
        return dict.fromkeys(
            (found.id for found in rung_for(wanted, self._all, self._now)), frozenset[Channel]()
        )

    def _links_of(self, one: Incident, step: Step) -> Sequence[LinkId]:
        match step.to:
            case Surface.PHONE:
                return self._phones
            case Surface.CHAT:
                return [step.link] if step.link in self._links else []
            case Surface.SECOND:
                return [found.id for found in seconds(self._all)]
            case _:
                return list(self._alerted(one))

    def _alerted(self, one: Incident) -> Mapping[LinkId, bool]:
        """The chats that were to be told of it, and whether one of these alerts was shown there."""
        digest = delivery.alias("digest")
        rows = self._connection.execute(
            select(
                delivery.c.link,
                or_(delivery.c.state == State.SENT, digest.c.state == State.SENT).label("shown"),
            )
            .outerjoin_from(delivery, digest, digest.c.id == delivery.c.digest)
            .where(
                delivery.c.id.in_(items_of(self._account, [one.id])),
                delivery.c.kind != Kind.ESCALATION,
                delivery.c.state != State.OFF,
            )
        )
        found: dict[LinkId, bool] = {}
        for row in rows:
            if row.link in self._links:
                found[row.link] = found.get(row.link, False) or bool(row.shown)
        return found

    def _owe(self, to: Link, telling: _Telling) -> None:
        ids = sorted(one.id for one in telling.incidents)
        fact = FactKey(self._account, Kind.ESCALATION, _record(ids), self._now.isoformat())
        name = reference(fact, to.endpoint.id)
        made = reminder(
            telling.incidents,
            to,
            self._now,
            self._new_id,
            reference=name,
            loud=telling.loud,
            alert=self._alert(to, ids[0]) if len(ids) == 1 else None,
            not_shown=sorted(telling.not_shown),
            awaits=self._awaited(telling.incidents),
        )
        owe(
            self._connection,
            fact,
            to,
            made.card,
            self._now,
            decision=Decision(Course.RING, Why.CRITICAL),
            priority=Priority.URGENT,
            actions=made.actions,
            about=made.about,
        )
        if fact not in self._facts:
            self._facts.add(fact)
            rows = [{**fact._asdict(), "incident": id} for id in ids]
            self._connection.execute(insert(incident_fact), rows)

    def _awaited(self, incidents: Sequence[Incident]) -> Sequence[DueOrder]:
        """The standing orders that are next for these."""
        orders = standing_for(self._connection, self._account)
        found = [due for one in incidents if (due := first_due(orders, one))] if orders else []
        done = deeds_of(self._connection, [due.incident.id for due in found])
        return [due for due in found if due.incident.id not in done]

    def _alert(self, to: Link, id: int) -> Alerted | None:
        """The last alert of it in that chat, with what it still offers; else as others know it."""
        told = (
            select(delivery)
            .where(
                delivery.c.id.in_(items_of(self._account, [id])),
                delivery.c.kind != Kind.ESCALATION,
                delivery.c.card.is_not(None),
            )
            .order_by(delivery.c.id.desc())
            .limit(1)
        )
        row = self._connection.execute(told.where(delivery.c.link == to.id)).first()
        if row is None:
            alike = [
                one.id for one in self._all if one.preferences.language == to.preferences.language
            ]
            other = self._connection.execute(told.where(delivery.c.link.in_(alike))).first()
            lines = () if other is None else decode_card(other.card).lines
            return Alerted(None, self._reminded(to, id), lines=lines)
        offers = row.about is not None and row.answer is None
        card = decode_card(row.card)
        rest = tuple(
            button for line in card.buttons for button in line if offers and not button.until_seen
        )
        return Alerted(row.reference, row.reference, rest, row.about if rest else None)

    def _reminded(self, to: Link, id: int) -> str:
        """The first message there that it is unseen, and nothing else besides."""
        first = (
            select(delivery.c.reference)
            .where(
                delivery.c.id.in_(items_of(self._account, [id])),
                delivery.c.kind == Kind.ESCALATION,
                delivery.c.record == _record([id]),
                delivery.c.link == to.id,
            )
            .order_by(delivery.c.id)
            .limit(1)
        )
        return self._connection.execute(first).scalar() or ""


def _record(incidents: Sequence[int]) -> str:
    """Of the fact that these are unseen."""
    return key(",".join(map(str, incidents)))


def _chain(connection: Connection, account_id: AccountId) -> Chain:
    chosen = select(account.c.chain).where(account.c.id == account_id)
    return decode_chain(connection.execute(chosen).scalar())


@each
def _choose(connection: Connection, request: tuple[AccountId, Chain, datetime]) -> None:
    """What is under way goes on by it at once."""
    account_id, chain, now = request
    plain = None if chain == DEFAULT_CHAIN else encode_chain(chain)
    connection.execute(update(account).where(account.c.id == account_id).values(chain=plain))
    _look_again(connection, account_id, now)


@each
def _watch(connection: Connection, request: tuple[AccountId, str, Watch, datetime]) -> None:
    account_id, person, on_watch, now = request
    invalidate(connection)
    row = insert_into(watch, connection.dialect.name).values(
        account=account_id, person=person, **encode_watch(on_watch)
    )
    connection.execute(
        row.on_conflict_do_update(
            index_elements=[watch.c.account, watch.c.person],
            set_={"hours": row.excluded.hours, "second": row.excluded.second},
        )
    )
    _look_again(connection, account_id, now)


def _look_again(connection: Connection, account_id: AccountId, now: datetime) -> None:
    """What is under way may have something to do that it had not."""
    under_way = (
        incident.c.account == account_id,
        incident.c.state == IncidentState.OPEN,
        incident.c.cause != Cause.DRILL,
    )
    connection.execute(update(incident).where(*under_way).values(due_at=now))


def _unseen(connection: Connection, account_id: AccountId) -> Sequence[Incident]:
    rows = connection.execute(
        select(incident)
        .where(incident.c.account == account_id, incident.c.state.in_(UNSEEN))
        .where(incident.c.cause != Cause.DRILL)
        .order_by(incident.c.opened_at.desc(), incident.c.id.desc())
    )
    return [incident_of(row) for row in rows]


@each
def _prune(connection: Connection, now: datetime) -> int:
    old = select(incident.c.id).where(incident.c.last_at < now - LIFE, ~INCIDENT_IS_DUE)
    ids = connection.execute(old).scalars().all()
    for table in (drill_seen, drill, standing_deed, incident_fact):
        connection.execute(delete(table).where(table.c.incident.in_(ids)))
    connection.execute(delete(incident).where(incident.c.id.in_(ids)))
    return len(ids)
