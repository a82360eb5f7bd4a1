"""Reports that come each day or week: who is owed one now, once, and what bots did meanwhile."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, func, select, update

from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Priority
from bot.domain.events import Kind
from bot.domain.ids import AccountId, EndpointId, LinkId, TraderId
from bot.domain.report_plans import ToldUpTo, due_up_to, next_due
from bot.domain.reports import LONGEST, DueReport
from bot.domain.timetables import zone
from bot.domain.uptimes import Turn, read_turn
from storage.engine.database import Database, each
from storage.owing import owe
from storage.schema.facts import FactKey
from storage.schema.preferences import decode_told, encode_told
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.tables import LINK_TELLS_REPORTS, inbox, link

AT_ONCE = 20
"""Chats that are looked at together."""

Owing = tuple[DueReport, Card | None, datetime]


class SqlReports:
    """Implements `bot.ports.Reports`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(
        self, now: datetime, without: Collection[LinkId] = ()
    ) -> tuple[Sequence[DueReport], datetime | None]:
        while True:
            found, then, idle = await self._database.read(_due, now, without)
            if not idle:
                return found, then
            await self._database.write(_plan_anew, (idle, now))
            without = {*without, *idle}

    async def owe(
        self, report: DueReport, card: Card | None, now: datetime
    ) -> Mapping[EndpointId, tuple[Address, Priority]]:
        return await self._database.write(_owe, (report, card, now))

    async def turns(self, account: AccountId, since: datetime) -> Mapping[TraderId, Sequence[Turn]]:
        return await self._database.read(_turns, account, since)


def _due(
    connection: Connection, now: datetime, without: Collection[LinkId]
) -> tuple[Sequence[DueReport], datetime | None, Sequence[LinkId]]:
    """Gives also the links that look due but owe none: they would stand in the way of others."""
    rows = select_active_links().where(LINK_TELLS_REPORTS, link.c.report_due_at <= now)
    rows = rows.where(link.c.id.not_in(without)).add_columns(link.c.reports_told)
    rows = rows.order_by(None).order_by(link.c.report_due_at, link.c.id).limit(AT_ONCE)
    found = {LinkId(row.link): _reports_of(row, now) for row in connection.execute(rows).all()}
    idle = [one for one, reports in found.items() if not reports]
    later = select(func.min(link.c.report_due_at)).where(
        LINK_TELLS_REPORTS, link.c.report_due_at > now
    )
    return [*chain(*found.values())], connection.execute(later).scalar(), idle


def _reports_of(row: AnyRow, now: datetime) -> Sequence[DueReport]:
    """Of what was missed meanwhile one is told, late, about all of it."""
    to = link_of(row)
    told, there = decode_told(row.reports_told, to.preferences), zone(to.preferences.zone)
    found = []
    for plan in to.preferences.reports:
        before = told.get(plan.rhythm)
        if before is not None and (due := due_up_to(plan, before, now, there)) is not None:
            since = max(before.until, due.until - LONGEST)
            report = DueReport(link=to, plan=plan, day=due.day, since=since, until=due.until)
            found.append(report)
    return found


@each
def _plan_anew(connection: Connection, request: tuple[Sequence[LinkId], datetime]) -> None:
    links, now = request
    looked_due = select_active_links().where(link.c.id.in_(links), link.c.report_due_at <= now)
    looked_due = looked_due.with_for_update(of=link).add_columns(link.c.reports_told)
    for row in connection.execute(looked_due).all():
        wants = link_of(row).preferences
        due = next_due(wants.reports, decode_told(row.reports_told, wants), zone(wants.zone))
        connection.execute(update(link).where(link.c.id == row.link).values(report_due_at=due))


@each
def _owe(connection: Connection, request: Owing) -> Mapping[EndpointId, tuple[Address, Priority]]:
    """Nothing if it is owed already, is not wanted any more, or nobody is linked."""
    report, card, now = request
    rhythm = report.plan.rhythm
    wanted = select_active_links().where(link.c.id == report.link.id).with_for_update(of=link)
    row = connection.execute(wanted.add_columns(link.c.reports_told)).one_or_none()
    if row is None:
        return {}
    to = link_of(row)
    told, plans = dict(decode_told(row.reports_told, to.preferences)), to.preferences.reports
    if report.plan not in plans or rhythm not in told or told[rhythm].day >= report.day:
        return {}
    told[rhythm] = ToldUpTo(report.day, report.until)
    due = next_due(plans, told, zone(to.preferences.zone))
    taken = {"reports_told": encode_told(told), "report_due_at": due}
    connection.execute(update(link).where(link.c.id == to.id).values(taken))
    if card is None:
        return {}
    owe(
        connection,
        FactKey(to.account, Kind.SUMMARY, to.id, f"{rhythm} {report.until.isoformat()}"),
        to,
        replace(card, sound=False),
        now,
        decision=Decision(Course.SILENT, Why.LOUDNESS),
        priority=Priority.INFO,
        expires_at=max(report.until, now) + rhythm.span,
    )
    return {to.endpoint.id: (to.endpoint.address, Priority.INFO)}


def _turns(
    connection: Connection, account: AccountId, since: datetime
) -> Mapping[TraderId, Sequence[Turn]]:
    rows = connection.execute(
        select(inbox.c.record, inbox.c.at, inbox.c.reason)
        .where(inbox.c.account == account, inbox.c.kind == Kind.TRADER, inbox.c.at >= since)
        .order_by(inbox.c.at)
    )
    found: dict[TraderId, list[Turn]] = defaultdict(list)
    for row in rows:
        found[TraderId(row.record)].append(read_turn(row.at, row.reason))
    return found
