"""Owed cards: what lanes ask for, what came of it, and what may be forgotten."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, null, or_, select, union_all, update

from bot.domain.amendments import Amendment, Amendments
from bot.domain.chats import Address, Channel, EndpointState
from bot.domain.deliveries import MISSED, PENDING, Delivery, Priority, State
from bot.domain.digests import Gathered
from bot.domain.events import Kind
from bot.domain.ids import EndpointId, LinkId
from bot.domain.lanes import LaneRequest, LaneResult, Missed
from bot.domain.reasons import Reason
from bot.domain.told import Told
from storage.engine.database import Database, each
from storage.outbox import told
from storage.outbox.amendments import (
    expire_offers,
    give_up,
    select_amendments,
    select_shown,
    settle,
    stop,
)
from storage.outbox.claims import hand_back, select_interrupted, serve_lanes
from storage.outbox.digests import follow
from storage.outbox.gathered import gather
from storage.schema.rows import address_of
from storage.schema.tables import (
    DELIVERY_HAS_ENDED,
    DELIVERY_IS_ERASABLE,
    DELIVERY_IS_MISSED,
    DELIVERY_IS_PENDING,
    LINK_IS_ACTIVE,
    delivery,
    endpoint,
    is_one_of,
    link,
)

HELD_LIFE = timedelta(days=7)
"""How long items wait for a closed chat (`guarantees.md` 2.2)."""

TEXT_LIFE = timedelta(days=30)
"""How long after its end an item's text is kept (`guarantees.md` 3.8)."""

_ERASED = ("card", "message", "about", "amend_at", "decision", "matter", "seen", "step")
"""What goes with the text: why it was told as it was says what it was about, too."""

PRUNE_BATCH = 500

AGED = timedelta(minutes=10)
"""How long an item waits before it rises a lane (`guarantees.md` 2.7)."""


class SqlOutbox:
    """Implements `bot.ports.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def serve(self, request: LaneRequest, now: datetime) -> LaneResult:
        serving = self._database.submit(serve_lanes, (request, now))
        try:
            return await serving
        except asyncio.CancelledError:
            if not serving.exception() and (claimed := serving.result().delivery):
                await hand_back(self._database, [claimed], now)
            raise

    async def gather(self, now: datetime) -> Gathered:
        return await self._database.write(_gather, now)

    async def amendments(self, channel: Channel, bot: str, now: datetime) -> Amendments:
        return await self._database.read(select_amendments, channel, bot, now)

    async def shown(self, link: LinkId, most: int) -> Sequence[Amendment]:
        return await self._database.read(select_shown, link, most)

    async def amended(self, amendment: Amendment, again: datetime | None, now: datetime) -> None:
        await self._database.write(settle, (amendment, again, now))

    async def not_amended(
        self, amendment: Amendment, now: datetime
    ) -> Mapping[EndpointId, tuple[Address, Priority]]:
        return await self._database.write(stop, (amendment, now))

    async def pending_endpoints(self) -> Mapping[EndpointId, Address]:
        return await self._database.read(_pending_endpoints)

    async def interrupted(self) -> Sequence[Delivery]:
        return await self._database.read(select_interrupted)

    async def missed(self, endpoint: EndpointId, limit: int, skip: int = 0) -> Sequence[Missed]:
        return await self._database.read(_missed, endpoint, limit, skip)

    async def missed_count(self, endpoint: EndpointId, states: Collection[State] = MISSED) -> int:
        return await self._database.read(_missed_count, endpoint, states)

    async def told(self, link: LinkId, reference: str) -> Told | None:
        return await self._database.read(told.called, link, reference)

    async def told_by(self, link: LinkId, message: str) -> Told | None:
        return await self._database.read(told.shown_by, link, message)

    async def lately(self, link: LinkId, since: datetime, most: int) -> Sequence[Told]:
        return await self._database.read(told.lately, link, since, most)

    async def counts(self) -> Mapping[State, int]:
        return await self._database.read(_counts)

    async def missed_by_reason(self) -> Mapping[tuple[State, str], int]:
        return await self._database.read(_missed_by_reason)

    async def oldest_pending(self, priority: Priority | None = None) -> datetime | None:
        return await self._database.read(_oldest_pending, priority)

    async def pending(self, endpoint: EndpointId) -> int:
        return await self._database.read(_pending, endpoint)

    async def age(self, now: datetime) -> int:
        aged = await self._database.read(_aged, now - AGED)
        return await self._database.write(_raise, aged) if aged else 0

    async def prune(self, now: datetime) -> int:
        """Give up what was held too long and erase old texts; gives how many items changed.

        Many small transactions: deliveries go on in between.
        """
        pruned = 0
        while changed := await self._database.write(_prune, now):
            pruned += changed
        return pruned


@each
def _gather(connection: Connection, now: datetime) -> Gathered:
    return gather(connection, now)


@each
def _prune(connection: Connection, now: datetime) -> int:
    too_long = select(delivery.c.id).where(
        is_one_of(delivery.c.state, State.HELD, State.GATHERED),
        delivery.c.ended_at < now - HELD_LIFE,
        or_(delivery.c.not_before.is_(None), delivery.c.not_before < now - HELD_LIFE),
    )
    given_up = connection.execute(
        update(delivery)
        .where(delivery.c.id.in_(too_long.limit(PRUNE_BATCH)))
        .values(state=State.EXPIRED, reason=Reason.STAYED_CLOSED, ended_at=now)
    )
    follow(connection, now)
    old = select(delivery.c.id).where(DELIVERY_IS_ERASABLE, delivery.c.ended_at < now - TEXT_LIFE)
    erased = connection.execute(
        update(delivery)
        .where(delivery.c.id.in_(old.limit(PRUNE_BATCH)))
        .values(**dict.fromkeys(_ERASED, null()))
    )
    expire_offers(connection, now)
    return given_up.rowcount + erased.rowcount + give_up(connection, now)


def _aged(connection: Connection, before: datetime) -> Sequence[int]:
    """What is owed since then, and what happened before that and was owed later: in one order."""
    aged = (
        select(
            delivery.c.endpoint,
            delivery.c.priority,
            func.max(delivery.c.occurred_at).label("until"),
        )
        .where(
            DELIVERY_IS_PENDING,
            delivery.c.created_at <= before,
            delivery.c.priority > Priority.URGENT,
        )
        .group_by(delivery.c.endpoint, delivery.c.priority)
        .subquery()
    )
    waits = (
        select(delivery.c.id)
        .join(
            aged,
            (aged.c.endpoint == delivery.c.endpoint) & (aged.c.priority == delivery.c.priority),
        )
        .where(
            DELIVERY_IS_PENDING,
            delivery.c.rank == delivery.c.priority,
            delivery.c.occurred_at <= aged.c.until,
        )
    )
    return connection.execute(waits.limit(PRUNE_BATCH)).scalars().all()


@each
def _raise(connection: Connection, aged: Sequence[int]) -> int:
    rising = update(delivery).where(
        delivery.c.id.in_(aged), DELIVERY_IS_PENDING, delivery.c.rank == delivery.c.priority
    )
    return connection.execute(rising.values(rank=delivery.c.rank - 1)).rowcount


def _select_pending_endpoints() -> Select[*tuple[Any, ...]]:
    """From one endpoint in the lanes' index on to the next: however much each of them is owed."""
    first = select(func.min(delivery.c.endpoint).label("id")).where(DELIVERY_IS_PENDING)
    pending = first.cte("pending", recursive=True)
    other = delivery.alias("other")
    following = select(func.min(other.c.endpoint)).where(
        is_one_of(other.c.state, *PENDING), other.c.endpoint > pending.c.id
    )
    pending = pending.union_all(
        select(following.scalar_subquery()).where(pending.c.id.is_not(None))
    )
    return (
        select(endpoint)
        .join(pending, pending.c.id == endpoint.c.id)
        .where(endpoint.c.state == EndpointState.ACTIVE)
    )


_PENDING_ENDPOINTS = _select_pending_endpoints()


def _pending_endpoints(connection: Connection) -> Mapping[EndpointId, Address]:
    return {EndpointId(row.id): address_of(row) for row in connection.execute(_PENDING_ENDPOINTS)}


_MISSED_HERE = (
    delivery.c.endpoint == bindparam("here"),
    DELIVERY_IS_MISSED,
    LINK_IS_ACTIVE,
    delivery.c.card.is_not(None),
    # A digest that ended unseen: all that it told of is listed.
    or_(delivery.c.kind != Kind.DIGEST, is_one_of(delivery.c.state, State.HELD)),
)
"""Only what was meant for whom the chat is linked to now (G7)."""


def _missed(
    connection: Connection, endpoint: EndpointId, limit: int, skip: int
) -> Sequence[Missed]:
    rows = connection.execute(
        select(
            delivery.c.reference,
            delivery.c.state,
            delivery.c.reason,
            delivery.c.card,
            delivery.c.occurred_at,
        )
        .join(link, link.c.id == delivery.c.link)
        .where(*_MISSED_HERE)
        .order_by(delivery.c.occurred_at.desc(), delivery.c.id.desc())
        .limit(limit)
        .offset(skip),
        {"here": endpoint},
    )
    return [
        Missed(
            reference=row.reference,
            state=row.state,
            reason=row.reason,
            title=row.card["title"],
            occurred_at=row.occurred_at,
        )
        for row in rows
    ]


def _missed_count(connection: Connection, endpoint: EndpointId, states: Collection[State]) -> int:
    items = select(func.count()).select_from(delivery).join(link, link.c.id == delivery.c.link)
    wanted = items.where(*_MISSED_HERE, delivery.c.state.in_(states))
    return connection.execute(wanted, {"here": endpoint}).scalar_one()


def _counts(connection: Connection) -> Mapping[State, int]:
    """In two halves, each out of an index alone."""
    halves = [
        select(delivery.c.state, func.count().label("items")).where(half).group_by(delivery.c.state)
        for half in (DELIVERY_IS_PENDING, DELIVERY_HAS_ENDED)
    ]
    rows = connection.execute(union_all(*halves)).all()
    return {state: 0 for state in State} | {row.state: row.items for row in rows}


def _missed_by_reason(connection: Connection) -> Mapping[tuple[State, str], int]:
    rows = connection.execute(
        select(delivery.c.state, delivery.c.reason, func.count().label("items"))
        .where(DELIVERY_IS_MISSED)
        .group_by(delivery.c.state, delivery.c.reason)
    )
    return {(row.state, row.reason): row.items for row in rows}


def _oldest_pending(connection: Connection, priority: Priority | None) -> datetime | None:
    oldest = select(func.min(delivery.c.created_at)).where(DELIVERY_IS_PENDING)
    if priority is not None:
        oldest = oldest.where(delivery.c.priority == priority)
    return connection.execute(oldest).scalar()


def _pending(connection: Connection, endpoint: EndpointId) -> int:
    items = select(func.count()).where(delivery.c.endpoint == endpoint, DELIVERY_IS_PENDING)
    return connection.execute(items).scalar_one()
