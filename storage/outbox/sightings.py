"""Who has seen which facts; their alerts are changed wherever they ask for that."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, literal, or_, select, update

from bot.domain.actions import ActionState
from bot.domain.chats import Address
from bot.domain.events import Kind
from bot.domain.ids import AccountId, ActionId, LinkId
from bot.domain.incidents import Cause
from bot.domain.sightings import AlertShown, Noted, Sighting
from storage.engine.database import Database, each
from storage.engine.upsert import insert_into
from storage.outbox.drills import acknowledge, drill_told_by
from storage.outbox.incidents import UNSEEN, is_of, see, show, take
from storage.schema.rows import AnyRow, address_of
from storage.schema.tables import (
    DELIVERY_IS_COALESCED,
    LINK_IS_ACTIVE,
    action,
    delivery,
    endpoint,
    incident,
    incident_fact,
    link,
    sighting,
    topic,
)

LIFE = timedelta(days=30)
"""As long as texts are kept (`guarantees.md` 3.8)."""

_PART = re.compile(r" part \d+$")
"""How the revision ends of an item that is a further part of its fact's alert."""


class _Seen(NamedTuple):
    link: LinkId
    reference: str
    sighting: Sighting
    button: ActionId | None


class SqlSightings:
    """Implements `bot.ports.Sightings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def shown_by(self, address: Address, message: str) -> AlertShown | None:
        return await self._database.read(_shown_by, address, message)

    async def note(
        self, link: LinkId, reference: str, sighting: Sighting, button: ActionId | None = None
    ) -> Noted:
        return await self._database.write(_note, _Seen(link, reference, sighting, button))

    async def take_in_hand(self, account: AccountId, sighting: Sighting) -> int:
        return await self._database.write(_take_in_hand, (account, sighting))

    async def of(
        self, account: AccountId, kind: Kind, record: str, revision: str
    ) -> Sequence[Sighting]:
        return await self._database.read(_of, account, kind, record, whole(revision))

    async def prune(self, now: datetime) -> int:
        return await self._database.write(_prune, now)


def whole(revision: str) -> str:
    """The revision of the fact, of an item that may be a part of its alert."""
    return _PART.sub("", revision)


def _shown_by(connection: Connection, address: Address, message: str) -> AlertShown | None:
    found = connection.execute(
        select(
            delivery.c.reference,
            endpoint.c.channel,
            endpoint.c.bot,
            endpoint.c.chat,
            endpoint.c.thread,
        )
        .join_from(endpoint, delivery, delivery.c.endpoint == endpoint.c.id)
        .join(link, link.c.id == delivery.c.link)
        .where(
            endpoint.c.channel == address.channel,
            endpoint.c.bot == address.bot,
            or_(
                endpoint.c.chat == address.chat,
                endpoint.c.thread == address.chat,
                endpoint.c.id.in_(select(topic.c.endpoint).where(topic.c.thread == address.chat)),
            ),
            delivery.c.message == message,
            delivery.c.card.is_not(None),
            LINK_IS_ACTIVE,
            link.c.endpoint == endpoint.c.id,
        )
        .limit(1)
    ).first()
    return found and AlertShown(address_of(found), found.reference)


@each
def _note(connection: Connection, request: _Seen) -> Noted:
    link_id, reference, seen, button = request
    if button is not None and not _use_up(connection, button, seen.at):
        return Noted.BEFORE
    alert = connection.execute(
        select(delivery)
        .join(link, link.c.id == delivery.c.link)
        .where(
            delivery.c.link == link_id,
            delivery.c.reference == reference,
            delivery.c.card.is_not(None),
            LINK_IS_ACTIVE,
        )
        .order_by(delivery.c.created_at.desc())
        .limit(1)
    ).first()
    if alert is None:
        return Noted.BEFORE
    connection.execute(update(link).where(link.c.id == link_id).values(proven_at=seen.at))
    drill = drill_told_by(connection, alert, whole(alert.revision))
    if drill is not None:
        is_new = acknowledge(connection, alert.account, drill, link_id, seen)
        return Noted.IN_A_DRILL if is_new else Noted.BEFORE
    within = (delivery.c.digest == alert.id, DELIVERY_IS_COALESCED)
    facts = [alert, *connection.execute(select(delivery).where(*within))]
    new = [fact for fact in facts if _keep(connection, fact, seen)]
    for fact in new:
        _show(connection, fact, seen)
    taken = see(connection, alert.account, [_fact(fact) for fact in facts], seen)
    if taken and seen.until is not None:
        return Noted.HELD
    return Noted.NEW if new or taken else Noted.BEFORE


@each
def _take_in_hand(connection: Connection, request: tuple[AccountId, Sighting]) -> int:
    account_id, seen = request
    mine = (incident.c.account == account_id, incident.c.cause != Cause.DRILL)
    unseen = select(incident.c.id).where(*mine, incident.c.state.in_(UNSEEN))
    ids = take(connection, account_id, connection.execute(unseen).scalars().all(), seen)
    facts = select(incident_fact).where(incident_fact.c.incident.in_(ids))
    for fact in connection.execute(facts).all():
        _keep(connection, fact, seen)
    return len(ids)


def _use_up(connection: Connection, button: ActionId, now: datetime) -> bool:
    used = update(action).where(action.c.id == button, action.c.state == ActionState.OPEN)
    used = used.values(state=ActionState.DONE, finished_at=now)
    return bool(connection.execute(used).rowcount)


def _fact(row: AnyRow) -> dict[str, Any]:
    return {"kind": row.kind, "record": row.record, "revision": whole(row.revision)}


def _keep(connection: Connection, row: AnyRow, seen: Sighting) -> bool:
    """Whether this person had not seen it."""
    values = {"channel": seen.channel, "person": seen.person, "at": seen.at}
    kept = insert_into(sighting, connection.dialect.name).values(
        account=row.account, **_fact(row), **values
    )
    return bool(connection.execute(kept.on_conflict_do_nothing()).rowcount)


def _show(connection: Connection, row: AnyRow, seen: Sighting) -> None:
    """Let the alerts of a fact that nobody had seen say that somebody has."""
    fact = _fact(row)
    links = select(link.c.id).where(link.c.account == row.account, LINK_IS_ACTIVE)
    of_it = and_(
        delivery.c.link.in_(links),
        delivery.c.kind == fact["kind"],
        delivery.c.record == fact["record"],
        is_of(delivery.c.revision, literal(fact["revision"])),
        delivery.c.seen == "",
    )
    show(connection, of_it, seen.stored, seen.at)


def _of(
    connection: Connection, account: AccountId, kind: Kind, record: str, revision: str
) -> Sequence[Sighting]:
    rows = connection.execute(
        select(sighting)
        .where(
            sighting.c.account == account,
            sighting.c.kind == kind,
            sighting.c.record == record,
            sighting.c.revision == revision,
        )
        .order_by(sighting.c.at, sighting.c.channel, sighting.c.person)
    )
    return [Sighting(channel=row.channel, person=row.person, at=row.at) for row in rows]


@each
def _prune(connection: Connection, now: datetime) -> int:
    return connection.execute(delete(sighting).where(sighting.c.at < now - LIFE)).rowcount
