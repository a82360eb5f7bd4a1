"""Standing orders, and what they have done: at most once for each incident."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Select, delete, func, select, update

from bot.domain.actions import ActionState, Target
from bot.domain.chats import Role
from bot.domain.ids import AccountId, LinkId
from bot.domain.incidents import Cause, IncidentState
from bot.domain.standing_orders import MOST_ORDERS, Deed, DueOrder, StandingOrder, falling
from bot.ports.standing_orders import OrdersNow
from storage.engine.database import Database, each
from storage.engine.upsert import insert_into
from storage.schema.codec import decode_targets, encode_targets
from storage.schema.rows import AnyRow, incident_of
from storage.schema.tables import (
    DEED_IS_UNTOLD,
    INCIDENT_IS_UNSOLVED,
    LINK_IS_ACTIVE,
    incident,
    link,
    standing_deed,
    standing_order,
)


class _Begun(NamedTuple):
    due: DueOrder
    bot: Target
    now: datetime


class _Ended(NamedTuple):
    incident: int
    state: ActionState
    words: str
    now: datetime


class SqlStandingOrders:
    """Implements `bot.ports.StandingOrders`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, order: StandingOrder) -> bool:
        return await self._database.write(_make, order)

    async def remove(self, account: AccountId, order: str) -> bool:
        return await self._database.write(_remove, (account, order))

    async def of(self, account: AccountId) -> Sequence[StandingOrder]:
        return await self._database.read(standing_for, account)

    async def now(self) -> OrdersNow:
        return await self._database.read(_now)

    async def suspend(self, order: str, now: datetime) -> None:
        await self._database.write(_suspend, (order, now))

    async def begin(self, due: DueOrder, bot: Target, now: datetime) -> bool:
        return await self._database.write(_begin, _Begun(due, bot, now))

    async def end(self, incident: int, state: ActionState, words: str, now: datetime) -> bool:
        return await self._database.write(_end, _Ended(incident, state, words, now))

    async def untold(self) -> Sequence[Deed]:
        return await self._database.read(_untold)

    async def told(self, incidents: Sequence[int], now: datetime) -> None:
        await self._database.write(_told, (incidents, now))


@each
def _make(connection: Connection, order: StandingOrder) -> bool:
    theirs = select(func.count()).where(standing_order.c.account == order.account)
    if connection.execute(theirs).scalar_one() >= MOST_ORDERS:
        return False
    row = insert_into(standing_order, connection.dialect.name).values(
        id=order.id,
        account=order.account,
        verb=order.verb,
        causes=[str(cause) for cause in order.causes],
        bots=encode_targets(order.bots),
        every=order.every,
        after=int(order.after.total_seconds()),
        link=order.link,
        person=order.person,
        made_at=order.made_at,
    )
    connection.execute(row.on_conflict_do_nothing())
    return True


@each
def _remove(connection: Connection, request: tuple[AccountId, str]) -> bool:
    account_id, order_id = request
    gone = delete(standing_order).where(
        standing_order.c.account == account_id, standing_order.c.id == order_id
    )
    return bool(connection.execute(gone).rowcount)


def standing_for(connection: Connection, account_id: str) -> Sequence[StandingOrder]:
    rows = connection.execute(
        select(standing_order)
        .where(standing_order.c.account == account_id)
        .order_by(standing_order.c.made_at, standing_order.c.id)
    )
    return [_order_of(row) for row in rows]


def deeds_of(connection: Connection, incidents: Collection[int]) -> Collection[int]:
    """Those of these for which an order has done what it could."""
    done = select(standing_deed.c.incident).where(standing_deed.c.incident.in_(incidents))
    return frozenset(connection.execute(done).scalars()) if incidents else frozenset()


def _order_of(row: AnyRow) -> StandingOrder:
    known = set(Cause)
    return StandingOrder(
        id=row.id,
        account=AccountId(row.account),
        verb=row.verb,
        causes=tuple(Cause(each) for each in row.causes if each in known),
        bots=decode_targets(row.bots),
        every=row.every,
        after=timedelta(seconds=row.after),
        link=LinkId(row.link),
        person=row.person,
        made_at=row.made_at,
        suspended_at=row.suspended_at,
    )


def _now(connection: Connection) -> OrdersNow:
    holding = select(standing_order).where(standing_order.c.suspended_at.is_(None))
    orders = [_order_of(row) for row in connection.execute(holding)]
    lapsed = [one for one in orders if connection.execute(_may_order(one)).first() is None]
    soonest: dict[int, DueOrder] = {}
    for one in orders:
        if one in lapsed:
            continue
        open_ones = select(incident).where(
            incident.c.account == one.account,
            incident.c.state == IncidentState.OPEN,
            INCIDENT_IS_UNSOLVED,
            incident.c.id.not_in(
                select(standing_deed.c.incident).where(standing_deed.c.account == one.account)
            ),
        )
        for due in falling(one, map(incident_of, connection.execute(open_ones))):
            before = soonest.get(due.incident.id)
            if before is None or due.at < before.at:
                soonest[due.incident.id] = due
    return OrdersNow(sorted(soonest.values(), key=lambda due: due.at), lapsed)


def _may_order(order: StandingOrder) -> Select[str]:
    """The link of who made it, as long as they are the owner there who linked it."""
    return select(link.c.id).where(
        link.c.id == order.link,
        link.c.account == order.account,
        link.c.person == order.person,
        link.c.role == Role.OWNER,
        LINK_IS_ACTIVE,
    )


@each
def _suspend(connection: Connection, request: tuple[str, datetime]) -> None:
    order_id, now = request
    connection.execute(
        update(standing_order)
        .where(standing_order.c.id == order_id, standing_order.c.suspended_at.is_(None))
        .values(suspended_at=now)
    )


@each
def _begin(connection: Connection, begun: _Begun) -> bool:
    order, one = begun.due.order, begun.due.incident
    holds = select(standing_order.c.id).where(
        standing_order.c.id == order.id, standing_order.c.suspended_at.is_(None)
    )
    # Who sees it now has to wait until it is known that nobody had.
    unseen = (
        select(incident)
        .where(
            incident.c.id == one.id, incident.c.state == IncidentState.OPEN, INCIDENT_IS_UNSOLVED
        )
        .with_for_update()
    )
    for condition in (holds, _may_order(order)):
        if connection.execute(condition).first() is None:
            return False
    row = connection.execute(unseen).first()
    if row is None or order.due_at(incident_of(row)) > begun.now:
        return False
    taken = insert_into(standing_deed, connection.dialect.name).values(
        incident=one.id,
        account=order.account,
        standing_order=order.id,
        verb=order.verb,
        bot=begun.bot.id,
        called=begun.bot.name,
        cause=one.cause,
        after=int(order.after.total_seconds()),
        begun_at=begun.now,
        state=ActionState.RUNNING,
        words="",
    )
    return bool(connection.execute(taken.on_conflict_do_nothing()).rowcount)


@each
def _end(connection: Connection, ended: _Ended) -> bool:
    changed = connection.execute(
        update(standing_deed)
        .where(
            standing_deed.c.incident == ended.incident,
            standing_deed.c.state == ActionState.RUNNING,
        )
        .values(state=ended.state, words=ended.words)
    )
    return bool(changed.rowcount)


def _untold(connection: Connection) -> Sequence[Deed]:
    rows = connection.execute(
        select(standing_deed).where(DEED_IS_UNTOLD).order_by(standing_deed.c.begun_at)
    )
    return [
        Deed(
            incident=row.incident,
            account=AccountId(row.account),
            order=row.standing_order,
            verb=row.verb,
            bot=Target(id=row.bot, name=row.called),
            cause=row.cause,
            after=timedelta(seconds=row.after),
            begun_at=row.begun_at,
            state=row.state,
            words=row.words,
        )
        for row in rows
    ]


@each
def _told(connection: Connection, request: tuple[Sequence[int], datetime]) -> None:
    incidents, now = request
    connection.execute(
        update(standing_deed).where(standing_deed.c.incident.in_(incidents)).values(told_at=now)
    )
