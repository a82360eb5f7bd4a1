"""Drills go on until each place has answered or their time is up; then what came of them is owed,
once. After a month without any the word that it is time for one is, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from bot.domain.accounts import AccountState
from bot.domain.actions import Action, Verb, life_of
from bot.domain.amendments import LESS
from bot.domain.cards import Button, Card
from bot.domain.changes import condition
from bot.domain.chats import Link, Role
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Priority
from bot.domain.digests import Gathered
from bot.domain.drills import (
    REMIND_AFTER,
    Drilling,
    DrillUnderWay,
    PlaceReached,
    can_be_told,
    is_over,
    told_in,
)
from bot.domain.events import Kind, Trader
from bot.domain.ids import AccountId, ActionId, NewId
from bot.domain.lifetimes import ALERT_LIFE
from bot.texts import drills as texts
from bot.texts.language import speaking
from storage.engine.database import Database, each
from storage.outbox.drills import end_drill, places
from storage.owing import Owed, owe
from storage.schema.codec import decode_record
from storage.schema.facts import FactKey
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.states import KnownKind
from storage.schema.tables import (
    DRILL_GOES_ON,
    LINK_IS_ACTIVE,
    account,
    drill,
    incident,
    known,
    link,
)

LOOK_AGAIN = timedelta(days=1)
"""After a look at an account of which no bot runs, or that nobody can be told anything of."""

AT_ONCE = 50
"""Accounts that one transaction looks at: it must stay short."""


class SqlDrills:
    """Implements `bot.ports.Drills`."""

    def __init__(self, database: Database, new_id: NewId) -> None:
        self._database = database
        self._new_id = new_id

    async def of(self, account: AccountId) -> Drilling:
        return await self._database.read(_of, account)

    async def end(self, account: AccountId, now: datetime) -> bool:
        return await self._database.write(_end, (account, now))

    async def remind(self, account: AccountId, wanted: bool) -> None:
        await self._database.write(_remind, (account, wanted))

    async def tell(self, now: datetime) -> Gathered:
        return await self._database.write(_tell, (now, self._new_id))


def _of(connection: Connection, account_id: AccountId) -> Drilling:
    row = connection.execute(select(account).where(account.c.id == account_id)).one()
    going_on = _going_on(connection, drill.c.account == account_id)
    under_way = None
    for one in going_on:
        reached = places(connection, account_id, one.incident, one.opened_at)
        under_way = DrillUnderWay(
            began_at=one.opened_at, until=one.until, places=tuple(place for _, place in reached)
        )
    return Drilling(now=under_way, last_at=row.drilled_at, reminds=row.rehearses)


def _going_on(connection: Connection, *which: ColumnElement[bool]) -> Sequence[AnyRow]:
    rows = select(drill, incident.c.opened_at).join(incident, incident.c.id == drill.c.incident)
    return connection.execute(rows.where(DRILL_GOES_ON, *which).order_by(drill.c.until)).all()


@each
def _end(connection: Connection, request: tuple[AccountId, datetime]) -> bool:
    """Its time is up: what came of it is told as at any other end."""
    account_id, now = request
    ended = update(drill).where(drill.c.account == account_id, DRILL_GOES_ON)
    return bool(connection.execute(ended.values(until=now)).rowcount)


@each
def _remind(connection: Connection, request: tuple[AccountId, bool]) -> None:
    account_id, wanted = request
    chosen = update(account).where(account.c.id == account_id)
    connection.execute(chosen.values(rehearses=wanted, rehearse_at=None))


@each
def _tell(connection: Connection, request: tuple[datetime, NewId]) -> Gathered:
    now, new_id = request
    owed: Owed = {}
    for one in _going_on(connection):
        reached = places(connection, one.account, one.incident, one.opened_at)
        found = tuple(place for _, place in reached)
        # A clock that was set back must not make it longer.
        if now >= one.until or now < one.opened_at or is_over(found):
            owed |= _tell_result(connection, one, found, now)
    for row in _to_look_at(connection, now):
        owed |= _look(connection, row, now, new_id)
    until = connection.execute(select(func.min(drill.c.until)).where(DRILL_GOES_ON)).scalar()
    look = connection.execute(select(func.min(account.c.rehearse_at)).where(_MAY_HEAR)).scalar()
    return Gathered(owed=owed, due=min(filter(None, (until, look)), default=None))


def _tell_result(
    connection: Connection, one: AnyRow, found: tuple[PlaceReached, ...], now: datetime
) -> Owed:
    if not end_drill(connection, one.account, one.incident, now):
        return {}
    to = told_in(one.link, _links(connection, one.account))
    if to is None:
        return {}
    private = to.endpoint.private
    fact = FactKey(one.account, Kind.DRILL, f"result {one.incident}", "")
    return _owe(connection, fact, to, lambda: texts.result(found, private=private), now)


def _owe(
    connection: Connection,
    fact: FactKey,
    to: Link,
    say: Callable[[], Card],
    now: datetime,
    actions: Sequence[Action] = (),
) -> Owed:
    with speaking(to.preferences.language, to.preferences.zone):
        card = say()
    owe(
        connection,
        fact,
        to,
        replace(card, at=now),
        now,
        decision=Decision(Course.SILENT if card.silent else Course.SEND, Why.LOUDNESS),
        priority=Priority.NORMAL,
        actions=actions,
        about=LESS if actions else None,
        expires_at=now + ALERT_LIFE,
    )
    return {to.endpoint.id: (to.endpoint.address, Priority.NORMAL)}


def _links(connection: Connection, account_id: str) -> Sequence[Link]:
    return [
        link_of(row)
        for row in connection.execute(select_active_links().where(link.c.account == account_id))
    ]


# --- it is time for one ---------------------------------------------------------------------------

_MAY_HEAR = and_(
    account.c.state == AccountState.ACTIVE,
    account.c.rehearses,
    account.c.id.in_(select(link.c.account).where(LINK_IS_ACTIVE)),
)


def _to_look_at(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    due = or_(account.c.rehearse_at.is_(None), account.c.rehearse_at <= now)
    rows = select(account).where(_MAY_HEAR, due).order_by(account.c.id)
    return connection.execute(rows.limit(AT_ONCE)).all()


def _look(connection: Connection, row: AnyRow, now: datetime, new_id: NewId) -> Owed:
    linked = _links(connection, row.id)
    proven = max(filter(None, (row.drilled_at, *(one.proven_at for one in linked))), default=None)
    quiet_since = max((proven or row.created_at), min(one.linked_at for one in linked))
    private = [one for one in linked if one.endpoint.private and can_be_told(one.endpoint)]
    to = next((one for one in private if one.role.covers(Role.OPERATOR)), None)
    then = quiet_since + REMIND_AFTER
    tells = then <= now and to is not None and _has_running_bots(connection, row.id)
    if tells:
        then = now + REMIND_AFTER
    elif then <= now:
        then = now + LOOK_AGAIN
    before = account.c.rehearse_at
    same = before.is_(None) if row.rehearse_at is None else before == row.rehearse_at
    looked = update(account).where(account.c.id == row.id, same).values(rehearse_at=then)
    if not connection.execute(looked).rowcount or not tells or to is None:
        return {}
    actions = _buttons(to, now, new_id)
    start, off = (one.id for one in actions)

    def say() -> Card:
        buttons = (
            Button(label=texts.start_label(), action=start),
            Button(label=texts.off_label(), action=off),
        )
        return texts.time_for_one(row.drilled_at, now, buttons)

    fact = FactKey(row.id, Kind.DRILL, f"reminder {now.isoformat()}", "")
    return _owe(connection, fact, to, say, now, actions)


def _has_running_bots(connection: Connection, account_id: str) -> bool:
    bots = select(known.c.value).where(
        known.c.account == account_id, known.c.kind == KnownKind.TRADER
    )
    traders = (decode_record(Trader, value) for value in connection.execute(bots).scalars())
    return any(condition(one).running for one in traders)


def _buttons(to: Link, now: datetime, new_id: NewId) -> Sequence[Action]:
    together = new_id()
    return [
        Action(
            id=ActionId(new_id()),
            card=together,
            account=to.account,
            link=to.id,
            endpoint=to.endpoint.id,
            person=None,
            verb=Verb.ASK,
            arguments=words,
            repeatable=True,
            expires_at=now + life_of(Verb.ASK),
        )
        for words in ("drill", "drill off")
    ]
